"""An operator lowers a transformer in a real browser: the setpoints and the powers follow."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from live import Live, live_hub
from plugged_in import plugged_in

from viavolta.protocols.ocpp.schemas import Version

pytestmark = pytest.mark.browser
PASSWORD = "a-password-of-the-station"
VERSIONS = {"cp-16": Version.V16, "cp-201": Version.V201, "cp-21": Version.V21}
FULL_KW, LOWERED_KW = 33.0, 12.0
SEED = f"""
from pathlib import Path
from viavolta.hub.site.start import set_up
set_up()
import os
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from viavolta.hub.people.models import Membership, Organisation, Role, User
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.live import SiteLimit
from viavolta.storage.tables.stations import Outlet, Station, Token
from django.utils import timezone
city = Organisation.objects.create(name="Sampleton", slug="sampleton", kind="cpo", country="AT")
user = User.objects.create_user("operator@example.org")
Membership.objects.create(organisation=city, user=user, role=Role.EDITOR)
SiteLimit.objects.create(tenant_id=city.pk, limit_id="transformer", import_kw=60.0)
Token.objects.create(tenant_id=city.pk, token="card")
key = gateway_key(Path(os.environ["VIAVOLTA_DATA"]))
for name in {list(VERSIONS)!r}:
    station = Station.objects.create(tenant_id=city.pk, identity=name, limit_id="transformer",
        key_hash=key_hash(key, name, "{PASSWORD}"))
    Outlet.objects.create(station=station, evse=1, connector=1, status="Available",
        status_at=timezone.now(), max_kw=11.0)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session["is_strong"] = True
session.save()
print(session.session_key)
"""
SUM = """name => {
    const cells = [...document.querySelectorAll(`[data-${name}]`)];
    const sum = cells.reduce((total, cell) => total + parseFloat(cell.textContent), 0);
    return cells.length === 3 && !isNaN(sum) ? sum : null;
}"""
MOVE = """(slider, kw) => {
    slider.value = kw;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    slider.dispatchEvent(new Event("change", {bubbles: true}));
}"""


@pytest.fixture(scope="module")
def live(assets: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A hub with all of its parts, and the session of an operator."""
    with live_hub(tmp_path_factory.mktemp("live"), assets) as hub:
        command = [sys.executable, "-c", SEED]
        told = subprocess.run(
            command, env=hub.surroundings, check=True, timeout=240, capture_output=True, text=True
        )
        yield hub, told.stdout.strip()


def test_setpoints_follow_the_slider(live: tuple[Live, str], chromium: Any) -> None:
    """Three cars draw 33 kW; the slider goes down to 12, and the meters do, without a reload."""
    hub, key = live
    context = chromium.new_context(base_url=hub.address, locale="en-GB")
    context.set_default_timeout(120_000)
    context.add_cookies([{"name": "session", "value": key, "url": hub.address}])
    window = context.new_page()

    def until(name: str, low_kw: float, high_kw: float) -> None:
        for _ in range(240):
            total = window.evaluate(SUM, name)
            if total is not None and low_kw <= total <= high_kw:
                return
            window.wait_for_timeout(500)
        pytest.fail(f"{name} is {total} kW; {window.locator('#now').inner_text()}")

    with plugged_in(hub.stations_url, VERSIONS, password=PASSWORD, token="card"):
        window.goto("/stations/sampleton/limits/")
        until("measured", FULL_KW - 0.3, FULL_KW + 0.3)
        until("ordered", FULL_KW - 0.3, FULL_KW + 0.3)
        window.locator("input[type=range]").evaluate(MOVE, LOWERED_KW)
        until("ordered", 4.1, LOWERED_KW + 0.1)
        until("measured", 4.1, LOWERED_KW + 0.1)
        assert window.get_by_text("The limit transformer binds").count() > 0
    context.close()
