"""A partner made of extrawest-ocpi, in an environment of its own, over real sockets."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone
from roaming import CDR, LOCATION, PARTY, SESSION, TARIFF, TOKEN

from viavolta.hub.ocpi.models import (
    Exchange,
    ForeignObject,
    ForeignToken,
    Partner,
    Place,
    Pull,
    Push,
)
from viavolta.hub.ocpi.own.refreshing import refresh_all
from viavolta.hub.ocpi.partners import connect, set_party
from viavolta.hub.ocpi.pulling import read_due
from viavolta.hub.ocpi.pushing import send_due
from viavolta.hub.ocpi.results import conclude
from viavolta.protocols.ocpi.envelope import authorization
from viavolta.storage.billing import close_bills
from viavolta.storage.tables.stations import Command, Outlet, Station, Token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]
STORY = Path(__file__).parent / "stories" / "extrawest_partner.py"
PATIENCE_S = 300
TOKEN_C = "extrawest-token-c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extrawest:
    """The partner's process."""

    base: str

    def state(self) -> Any:
        """What it was told."""
        return _asked(f"{self.base}/story/state")

    def push(self, module: str, object_id: str, details: str, token: str) -> Any:
        """Have it tell us one of its objects."""
        body = {
            "module_id": module,
            "object_id": object_id,
            "receivers": [{"endpoints_url": details, "auth_token": token}],
        }
        return _asked(f"{self.base}/push/2.2.1", body)


def _asked(url: str, body: Any = None, token: str = TOKEN_C) -> Any:
    request = urllib.request.Request(  # noqa: S310 - loopback
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": authorization(token)},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def _has() -> dict[str, Any]:
    """What the partner has: a location, a tariff, a session, a record, a card."""
    return {
        "locations": [LOCATION],
        "tariffs": [TARIFF],
        "sessions": [SESSION],
        "cdrs": [CDR],
        "tokens": [TOKEN],
    }


def _settings(port: int) -> dict[str, str]:
    return {
        "OCPI_HOST": f"127.0.0.1:{port}",
        "PROTOCOL": "http",
        "COUNTRY_CODE": "NL",
        "PARTY_ID": "PRT",
        "CI_STRING_LOWERCASE_PREFERENCE": "false",
    }


@pytest.fixture
def extrawest(foreign_client: Callable[[str], Path], tmp_path: Path) -> Iterator[Extrawest]:
    """The partner, listening."""
    python = foreign_client("extrawest-ocpi")
    (tmp_path / "has.json").write_text(json.dumps(_has()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(python), str(STORY), str(port), str(tmp_path / "has.json")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=os.environ | _settings(port))
    found = Extrawest(base=f"http://127.0.0.1:{port}")
    try:
        for _ in range(PATIENCE_S * 10):
            with contextlib.suppress(urllib.error.URLError):
                found.state()
                break
            assert process.poll() is None, (tmp_path / "log").read_text()[-2000:]
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture
def registered(cast: Cast, extrawest: Extrawest, address: str) -> Partner:
    """The city has registered with it."""
    del address
    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    return connect(
        owner,
        cast.organisation,
        name="Extrawest",
        versions_url=f"{extrawest.base}/ocpi/versions",
        token="extrawest-token-a",
    )


def test_what_it_has_is_read(registered: Partner) -> None:
    """Versions, credentials, and every list; its card charges at our stations.

    Its records have no evse_uid, which OCPI 2.2.1 requires: they are left out, and said to be.
    """
    assert registered.parties == "NL*PRT (CPO), NL*PRT (EMSP)"
    read_due(timezone.now())
    assert list(Pull.objects.exclude(error="").values_list("module", flat=True)) == ["cdrs"]
    told = {row.module: row.object_id for row in ForeignObject.objects.all()}
    assert told == {"locations": "LOC1", "tariffs": "12", "sessions": "S1"}
    assert Token.objects.get().status == "Accepted"


def test_what_we_publish_is_taken(
    registered: Partner, extrawest: Extrawest, station: Station, charge: Callable[..., None]
) -> None:
    """Tariff, location, session and one record, by the library's own checks."""
    read_due(timezone.now())
    card = ForeignToken.objects.get()
    assert card.partner == registered
    charge(station, "CARD-1", range(3))
    refresh_all(timezone.now())
    send_due(timezone.now())
    Outlet.objects.filter(evse=2).update(status="Faulted")
    charge(station, "CARD-1", range(3, 6))
    close_bills(timezone.now())
    for minutes in (5, 10):
        refresh_all(timezone.now() + timezone.timedelta(minutes=minutes))
        send_due(timezone.now())
    assert list(Push.objects.filter(sent_at=None).values_list("object_id", "error")) == []
    state = extrawest.state()["told"]
    place = Place.objects.get()
    location = state[f"locations/L{place.pk}"]
    assert {evse["status"] for evse in location["evses"]} == {"AVAILABLE", "OUTOFORDER"}
    session = next(one for name, one in state.items() if name.startswith("sessions/"))
    assert (session["status"], session["total_cost"]["incl_vat"]) == ("COMPLETED", 3.0)
    cdr = next(one for name, one in state.items() if name.startswith("cdrs/"))
    assert (cdr["total_cost"]["incl_vat"], cdr["total_energy"]) == (3.0, 5.0)
    assert state["n"]["cdrs"] == 1


def test_it_tells_us_its_objects(registered: Partner, extrawest: Extrawest, address: str) -> None:
    """With its own way of pushing: it finds our modules and writes to them."""
    token = extrawest.state()["called"]["token"]
    details = f"{address.removesuffix('versions')}2.2.1"
    for module, name in (("locations", "LOC1"), ("tariffs", "12"), ("sessions", "S1")):
        told = extrawest.push(module, name, details, token)
        assert told["receiver_responses"][0]["response"]["status_code"] == 1000
    extrawest.push("cdrs", "CDR1", details, token)
    refused = Exchange.objects.get(what="cdrs", is_ours=False)
    assert (refused.status, "evse_uid: is required" in refused.error) == (2001, True)
    assert ForeignObject.objects.filter(partner=registered).count() == 3


def test_the_result_of_a_command_reaches_it(
    registered: Partner, extrawest: Extrawest, station: Station, address: str
) -> None:
    """A command with its token; what the station did comes to its address for results."""
    asked = {
        "response_url": f"{extrawest.base}/ocpi/emsp/2.2.1/commands/77",
        "token": TOKEN,
        "location_id": Place.objects.get().location_id,
        "evse_uid": f"{station.pk}-1",
    }
    told = _asked(
        f"{address.removesuffix('versions')}cpo/2.2.1/commands/START_SESSION",
        asked,
        extrawest.state()["called"]["token"],
    )
    assert told["data"]["result"] == "ACCEPTED"
    Command.objects.update(state="answered", answer={"status": "Accepted"})
    conclude(timezone.now())
    send_due(timezone.now())
    assert extrawest.state()["told"]["commands/77"]["result"] == "ACCEPTED"
    assert registered.pk
