"""What a gateway knows of transactions: their cost as it is billed, and their limits, told once."""

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path

import pytest
from journalled import T0, bring_in, told

from viavolta.gateway.prices import Place
from viavolta.gateway.transactions import Transactions
from viavolta.services.billing.tariff import Component, Per, Tariff, content_of
from viavolta.services.central_system.record import Record
from viavolta.services.central_system.world import Limits, Standing
from viavolta.storage.billing import close_bill
from viavolta.storage.session_rows import Told
from viavolta.storage.tables import billing as tables
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
PRICES = Tariff(
    zone="UTC",
    components=(
        Component(per=Per.KWH, eur=Decimal("0.5"), from_min=8 * 60, until_min=8 * 60 + 2),
        Component(per=Per.KWH, eur=Decimal("0.333")),
        Component(per=Per.BOOST, eur=Decimal(2)),
    ),
)
_tenants = itertools.count(500)


def new_place(payment: str = "invoiced") -> tuple[Station, Place]:
    """A station of a tenant of its own, with a tariff."""
    tenant = next(_tenants)
    tables.ChargingTerms.objects.create(tenant_id=tenant, payment=payment)
    tables.Tariff.objects.create(
        tenant_id=tenant, version=1, valid_from=T0, content=content_of(PRICES)
    )
    station = Station.objects.create(tenant_id=tenant, identity=f"place-{tenant}")
    return station, Place(station=station.pk, tenant_id=tenant, site="")


def hears(known: Transactions, place: Place, record: Record) -> Standing:
    """What the gateway would say to an event."""
    found = Told.of(record)
    assert found is not None
    return known.heard(place, found.transaction, found.event)


def fresh() -> Transactions:
    """A gateway that has just begun."""
    known = Transactions()
    known.refresh(NOW, None)
    return known


def test_the_last_event_is_told_what_is_billed(tmp_path: Path) -> None:
    """A kWh a minute, the first two at another price, the boost bought on the way."""
    station, place = new_place()
    known = fresh()
    records = [told(station, "t", k, 5) for k in range(6)]
    cents = [hears(known, place, record).cents for record in records[:5]]
    assert cents == [0, 50, 100, 133, 167]
    bring_in(tmp_path, *records[:5])
    session = Session.objects.get(station=station)
    Wish.objects.create(
        tenant_id=place.tenant_id, station=station, evse=1, session=session, is_boosted=True
    )
    known.refresh(NOW, T0)
    assert hears(known, place, records[5]).cents == 400
    assert hears(known, place, records[5]).cents == 400
    bring_in(tmp_path, *records[5:])
    bill = close_bill(session.pk, NOW)
    assert bill is not None
    assert bill.cents == 400


def test_what_another_gateway_heard_is_read_from_the_tables(tmp_path: Path) -> None:
    """Nothing is said until then, and nothing while events are missing."""
    station, place = new_place()
    records = [told(station, "t", k, 9) for k in range(6)]
    bring_in(tmp_path, *records[:3])
    known = fresh()
    assert hears(known, place, records[3]).cents is None
    known.refresh(NOW, NOW)
    assert hears(known, place, records[4]).cents is None  # the tables did not have number 3 yet
    bring_in(tmp_path, *records[3:5])
    known.refresh(NOW + dt.timedelta(minutes=2), NOW)
    assert hears(known, place, records[5]).cents == 200


def test_a_station_that_comes_brings_its_sessions_to_mind(tmp_path: Path) -> None:
    """The next event is answered at once."""
    station, place = new_place()
    bring_in(tmp_path, *(told(station, "t", k, 9) for k in range(3)))
    known = fresh()
    known.expect(place)
    known.refresh(NOW, NOW)
    assert hears(known, place, told(station, "t", 3, 9)).cents == 133


def test_charging_that_is_given_away_costs_nothing_and_without_a_tariff_nobody_knows() -> None:
    """0 is said, or nothing."""
    station, place = new_place("free")
    known = fresh()
    assert [hears(known, place, told(station, "t", k, 5)).cents for k in range(2)] == [0, 0]
    other = Station.objects.create(tenant_id=next(_tenants), identity="no-tariff")
    nowhere = Place(station=other.pk, tenant_id=other.tenant_id, site="")
    assert hears(known, nowhere, told(other, "t", 0, 5)) == Standing()


def test_a_limit_is_told_once_and_again_to_a_repeat() -> None:
    """Given before the session; raised on the way; not for the next one."""
    station, place = new_place()
    evse = {"evse": {"id": 1, "connectorId": 1}}
    Wish.objects.create(
        tenant_id=place.tenant_id, station=station, evse=1, most_cents=1000, most_min=30
    )
    known = fresh()
    first = Limits(max_cents=1000, max_s=1800)
    start = told(station, "t", 0, 9, **evse)
    assert [hears(known, place, start).limits for _k in range(2)] == [first, first]
    assert hears(known, place, told(station, "t", 1, 9)).limits is None
    session = Session.objects.create(station=station, transaction="t", started_at=T0)
    Wish.objects.create(
        tenant_id=place.tenant_id, station=station, evse=1, session=session, most_kwh=15
    )
    known.refresh(NOW, T0)
    assert hears(known, place, told(station, "t", 2, 9)).limits == Limits(max_wh=15000.0)
    assert hears(known, place, told(station, "t", 3, 9)).limits is None
    assert hears(known, place, told(station, "u", 0, 9, **evse)).limits is None


def test_a_limit_of_another_card_is_not_taken() -> None:
    """The token that was named must begin the session."""
    station, place = new_place()
    Wish.objects.create(
        tenant_id=place.tenant_id, station=station, evse=1, most_cents=1000, token="mine"
    )
    known = fresh()
    evse = {"evse": {"id": 1, "connectorId": 1}}
    card = {"idToken": {"idToken": "other", "type": "ISO14443"}}
    assert hears(known, place, told(station, "t", 0, 9, **evse, **card)).limits is None
    card["idToken"]["idToken"] = "mine"
    assert hears(known, place, told(station, "u", 0, 9, **evse, **card)).limits is not None
