"""Bills: one per session, whatever is repeated, reordered or done at once; nothing billed twice."""

import datetime as dt
import itertools
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journalled import T0, bring_in, told

from viavolta.model.errors import UsageError
from viavolta.services.billing.tariff import Component, Per, Tariff, content_of
from viavolta.storage.billing import close_bill, close_bills, standing_of
from viavolta.storage.tables import billing as tables
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station

LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
PRICES = Tariff(
    zone="UTC",
    vat_share=Decimal("0.2"),
    components=tuple(
        Component(per=per, eur=Decimal(eur)) for per, eur in ((Per.KWH, "0.50"), (Per.BOOST, "2"))
    ),
)
_tenants = itertools.count(10)
pytestmark = pytest.mark.django_db


def new_station(**terms: Any) -> Station:
    """A station of a tenant of its own, with a tariff."""
    tenant = next(_tenants)
    tables.ChargingTerms.objects.create(tenant_id=tenant, **{"payment": "invoiced"} | terms)
    tables.Tariff.objects.create(
        tenant_id=tenant,
        version=1,
        valid_from=T0 - dt.timedelta(days=1),
        content=content_of(PRICES),
    )
    return Station.objects.create(tenant_id=tenant, identity=f"billed-{tenant}")


def only_bill(station: Station) -> tables.Bill:
    """The one bill of the one session of a station."""
    return tables.Bill.objects.get(session__station=station)


def test_an_ended_session_has_one_bill(tmp_path: Path) -> None:
    """4 kWh at half a euro; looked at as often as one likes."""
    station = new_station()
    bring_in(tmp_path, *(told(station, "t", k, 4) for k in range(5)))
    assert close_bills(LATER) == 1
    assert close_bills(LATER) == 0
    session = Session.objects.get(station=station)
    close_bill(session.pk, LATER)
    bill = only_bill(station)
    assert (bill.number, bill.cents, bill.vat_cents, bill.energy_wh) == (1, 200, 33, 4000.0)
    payment = bill.payments.get()
    assert (payment.state, payment.cents) == ("invoiced", 200)
    assert bill.corrections.count() == 0


def test_a_session_under_way_has_none(tmp_path: Path) -> None:
    """Whatever is asked."""
    station = new_station()
    bring_in(tmp_path, told(station, "t", 0, 3), told(station, "t", 1, 3))
    session = Session.objects.get(station=station)
    assert close_bill(session.pk, LATER) is None
    assert close_bills(LATER) == 0


def test_late_news_is_a_credit_note_or_a_supplement_of_its_own(tmp_path: Path) -> None:
    """A bill stays as it was; what comes late is corrected once, with a number of its own."""
    station = new_station()
    bring_in(tmp_path, told(station, "t", 0, 4), told(station, "t", 4, 4))
    assert close_bills(T0) == 0  # numbers are missing: it may still come
    assert close_bills(LATER) == 1
    reset = told(station, "t", 2, 4)
    assert reset.payload is not None
    reset.payload["meterValue"][0]["sampledValue"][0]["value"] = 9000
    bring_in(tmp_path, reset)
    for _ in range(2):
        close_bills(LATER)
    bill = only_bill(station)
    (correction,) = bill.corrections.all()
    assert (bill.cents, correction.cents, correction.credit_cents) == (200, 450, -250)
    assert (bill.number, correction.number) == (1, 2)
    assert sum(p.cents for p in bill.payments.all()) == standing_of(bill).cents == 450


def test_a_boost_is_on_the_bill(tmp_path: Path) -> None:
    """Also when the driver took it back later."""
    station = new_station()
    bring_in(tmp_path, *(told(station, "t", k, 1) for k in range(2)))
    Wish.objects.create(
        tenant_id=station.tenant_id,
        station=station,
        evse=1,
        session=Session.objects.get(station=station),
        is_boosted=True,
        is_withdrawn=True,
    )
    close_bills(LATER)
    assert only_bill(station).cents == 250


def test_the_test_provider_closes_nothing_where_it_is_not_allowed(
    tmp_path: Path, settings: Any
) -> None:
    """No bill and no number is left behind; allowed, it says that it was a test."""
    station = new_station(payment="test")
    bring_in(tmp_path, *(told(station, "t", k, 1) for k in range(2)))
    settings.TEST_PAYMENTS = False
    assert close_bills(LATER) == 0
    with pytest.raises(UsageError):
        close_bill(Session.objects.get(station=station).pk, LATER)
    assert not tables.Bill.objects.filter(session__station=station).exists()
    settings.TEST_PAYMENTS = True
    close_bills(LATER)
    assert only_bill(station).payments.get().state == "paid-in-test"
    assert only_bill(station).number == 1


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), n=st.integers(2, 6))
def test_order_and_repeats_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, n: int
) -> None:
    """Events in any order, some twice, bills closed in between: one bill, the right sum."""
    station, folder = new_station(), tmp_path_factory.mktemp("any")
    keys = list(range(n))
    repeats = data.draw(st.lists(st.sampled_from(keys), max_size=4))
    for key in data.draw(st.permutations(keys + repeats)):
        bring_in(folder, told(station, "t", key, n - 1))
        if data.draw(st.booleans()):
            close_bills(LATER)
    close_bills(LATER)
    bill = only_bill(station)
    assert standing_of(bill).cents == 50 * (n - 1)
    assert sum(p.cents for p in bill.payments.all()) == 50 * (n - 1)
    numbers = [bill.number, *bill.corrections.values_list("number", flat=True)]
    assert numbers == list(range(1, len(numbers) + 1))


SEED = """
from viavolta.hub.site.start import migrate, set_up
set_up(); migrate()
import datetime as dt
from django.utils import timezone
from viavolta.storage.tables.billing import Tariff
from viavolta.storage.tables.stations import *
t0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
station = Station.objects.create(tenant_id=1, identity="s")
for n in range(40):
    session = Session.objects.create(station=station, transaction=str(n), started_at=t0,
        ended_at=t0 + dt.timedelta(hours=1), is_complete=True)
    for seq, kind in enumerate(("started", "ended")):
        at = (t0 + dt.timedelta(hours=seq)).isoformat()
        SessionEvent.objects.create(session=session, key=str(seq), digest=str(seq), content={
            "kind": kind, "key": str(seq), "seq": seq, "at": at, "received_at": at, "readings": []})
"""
CLOSE = """
import random, sys
from viavolta.hub.site.start import set_up
set_up()
from django.utils import timezone
from viavolta.storage.billing import close_bill, close_bills
from viavolta.storage.tables.stations import Session
keys = list(Session.objects.values_list("pk", flat=True))
random.Random(int(sys.argv[1])).shuffle(keys)
for key in keys: close_bill(key, timezone.now())
close_bills(timezone.now())
"""
COUNT = """
from viavolta.hub.site.start import set_up
set_up()
from viavolta.storage.tables.billing import Bill, Correction, Payment
numbers = sorted(Bill.objects.values_list("number", flat=True))
print(numbers == list(range(1, 41)), Correction.objects.count(), Payment.objects.count())
"""


def test_processes_at_once_close_each_session_once(tmp_path: Path) -> None:
    """Three processes, each in an order of its own: 40 bills, 40 numbers, none left out."""
    dropped = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    around = {k: v for k, v in os.environ.items() if k not in dropped}
    around["VIAVOLTA_DATA"] = str(tmp_path)

    def words(code: str, *more: str) -> list[str]:
        return [sys.executable, "-c", code, *more]

    subprocess.run(words(SEED), env=around, check=True, timeout=120)
    closing = [subprocess.Popen(words(CLOSE, str(seed)), env=around) for seed in range(3)]
    assert [process.wait(120) for process in closing] == [0, 0, 0]
    told = subprocess.run(words(COUNT), env=around, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["True", "0", "40"]
