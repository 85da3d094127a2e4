"""Somebody at a post, told in a real browser: price, start, why, stop, receipt; no account."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, live_hub
from sound import PHONE, Watch, faults
from told_station import told_station

pytestmark = pytest.mark.browser
PAGE = "/c/AT-SAM-E1/1"
PASSWORD = "a-password-of-the-station"
SEED = f"""
from pathlib import Path
from viavolta.hub.site.start import set_up
set_up()
import datetime as dt, os
from decimal import Decimal
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.tariff import *
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.billing import ChargingTerms, Tariff as Row
from viavolta.storage.tables.stations import Station
city = Organisation.objects.create(name="Sampleton", slug="sampleton", kind="city", country="AT")
ChargingTerms.objects.create(tenant_id=city.pk, payment="invoiced", zone="Europe/Vienna")
prices = Tariff(zone="Europe/Vienna", vat_share=Decimal("0.2"), components=(
    Component(per=Per.KWH, eur=Decimal("0.50")), Component(per=Per.BOOST, eur=Decimal("1"))))
Row.objects.create(tenant_id=city.pk, version=1, content=content_of(prices),
    valid_from=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
key = gateway_key(Path(os.environ["VIAVOLTA_DATA"]))
Station.objects.create(tenant_id=city.pk, identity="AT-SAM-E1", name="Market square",
    key_hash=key_hash(key, "AT-SAM-E1", "{PASSWORD}"))
"""


@pytest.fixture(scope="module")
def live(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A hub with gateway and worker, and a station on the line."""
    with live_hub(tmp_path_factory.mktemp("live"), assets) as hub:
        command = [sys.executable, "-c", SEED]
        subprocess.run(command, env=hub.surroundings, check=True, timeout=240)
        yield hub


def test_a_driver_charges_without_an_account(live: Live, chromium: Any, axe: str) -> None:
    """The station does as the phone says; each state of the page is sound in both themes."""
    context = chromium.new_context(base_url=live.address, locale="en-GB", viewport=PHONE)
    context.set_default_timeout(60_000)
    window = context.new_page()
    watch = Watch(window, live.address)
    wrong: list[str] = []

    def look(address: str) -> None:
        watch.requested.clear()
        watch.errors.clear()
        answer = window.goto(address)
        wrong.extend(f"{address}: {fault}" for fault in faults(watch, answer, axe))
        window.set_viewport_size(PHONE)

    def press(name: str) -> None:
        window.locator("main").get_by_role("button", name=name).first.click()

    def reads(text: str) -> None:
        window.locator("main").get_by_text(text).first.wait_for()

    with told_station(live.stations_url, "AT-SAM-E1", PASSWORD):
        for _ in range(120):
            if window.goto(PAGE).status == 200 and window.get_by_text("Start charging").count():
                break
            window.wait_for_timeout(500)
        look(PAGE)
        reads("0.50")
        window.get_by_label("Ready by").fill("07:00")
        window.get_by_label("Charge to").fill("80")
        window.get_by_label("Remember this").check()
        press("Start charging")
        reads("1.50")  # kWh: it has begun, and the page told so by itself
        look(PAGE)
        reads("42")
        press("Boost")
        reads("You have the boost.")
        press("Stop charging")
        window.get_by_role("link", name="Receipt of your last session here").click()
        reads("2.00")  # 2 kWh at half a euro, and the boost
        reads("0.33")  # value added tax
        look(window.url.removeprefix(live.address))
        look("/c/")
        press("Delete all of it")
        reads("Nothing is kept of you.")
    context.close()
    assert not wrong, "\n".join(wrong)


def test_it_works_without_scripts(live: Live, chromium: Any) -> None:
    """A phone that runs no script starts and stops all the same."""
    context = chromium.new_context(
        base_url=live.address, locale="de-AT", viewport=PHONE, java_script_enabled=False
    )
    context.set_default_timeout(60_000)
    window = context.new_page()
    with told_station(live.stations_url, "AT-SAM-E1", PASSWORD):
        for _ in range(120):
            window.goto(PAGE)
            if window.get_by_text("Laden starten").count():
                break
            window.wait_for_timeout(500)
        window.get_by_role("button", name="Laden starten").click()
        for _ in range(120):
            if window.get_by_role("button", name="Laden beenden").count():
                break
            window.wait_for_timeout(500)
            window.goto(PAGE)
        window.get_by_role("button", name="Laden beenden").click()
        for _ in range(120):
            if window.get_by_role("link", name="Beleg Ihres letzten Ladevorgangs hier").count():
                break
            window.wait_for_timeout(500)
            window.goto(PAGE)
        window.get_by_role("link", name="Beleg Ihres letzten Ladevorgangs hier").click()
        window.get_by_text("Darin").or_(window.get_by_text("Mehrwertsteuer")).first.wait_for()
    context.close()
