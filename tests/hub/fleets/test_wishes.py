"""A fleet's departures become wishes of its sessions; a driver's own wish counts more."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cast import Cast
from django.utils import timezone

from viavolta.hub.fleets.actions import (
    DepartureFacts,
    VehicleFacts,
    change_vehicle,
    remove_vehicle,
    set_departure,
)
from viavolta.storage.fleets import give_fleet_wishes
from viavolta.storage.tables.fleets import FleetVehicle
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session

VIENNA = ZoneInfo("Europe/Vienna")


def give(moment: dt.datetime | None = None) -> int:
    """One round."""
    return give_fleet_wishes(moment or timezone.now(), lambda _tenant: VIENNA)


def wish_of(session: Session, **more: Any) -> Wish:
    """A wish that somebody gave."""
    station = session.station
    return Wish.objects.create(
        tenant_id=station.tenant_id, station=station, evse=1, session=session, **more
    )


def test_a_departure_becomes_a_wish_once(van: FleetVehicle, plug: Any) -> None:
    """With all that the vehicle says, and at seven by local clocks."""
    session = plug()
    assert (give(), give()) == (1, 0)
    wish = Wish.objects.get()
    assert (wish.session, wish.given_by, wish.mode) == (session, "fleet", "smart")
    assert (wish.target_soc, wish.min_soc, wish.capacity_kwh) == (0.9, 0.3, 60.0)
    assert wish.may_discharge
    assert wish.ready_at is not None
    assert wish.ready_at > timezone.now()
    local = wish.ready_at.astimezone(VIENNA)
    assert (local.hour, local.minute) == (7, 0)
    assert van.token == session.token


@pytest.mark.parametrize(("giver", "counts"), [("driver", False), ("partner", False)])
def test_a_drivers_own_wish_counts_more(
    van: FleetVehicle, plug: Any, giver: str, counts: bool
) -> None:
    """Before and after the fleet's."""
    session = plug()
    wish_of(session, given_by=giver)
    assert give() == int(counts)
    assert Wish.objects.first().given_by == giver  # type: ignore[union-attr] # there is one
    assert van.pk


def test_a_departure_counts_more_than_a_habit(van: FleetVehicle, plug: Any) -> None:
    """What is kept for a card is for any day; where the fleet knows no departure it stays."""
    session = plug()
    wish_of(session, given_by="preference", target_soc=0.5)
    van.usual.all().delete()
    assert give() == 0
    change = DepartureFacts(day=timezone.now().date() + dt.timedelta(days=2), minute=600)
    van.departures.create(leaves_at=timezone.now() + dt.timedelta(hours=5))
    assert give() == 1
    assert change.minute == 600


def test_a_change_by_hand_reaches_the_session(cast: Cast, van: FleetVehicle, plug: Any) -> None:
    """A new wish with the new time; the old one stays as it was given."""
    plug()
    give()
    owner = cast.users["owner"]
    tomorrow = timezone.now().astimezone(VIENNA).date() + dt.timedelta(days=1)
    today = tomorrow - dt.timedelta(days=1)
    for day in (today, tomorrow):
        set_departure(owner, cast.organisation, van, DepartureFacts(day=day, minute=None))
    facts = DepartureFacts(day=tomorrow, minute=9 * 60, energy_kwh=12.0)
    set_departure(owner, cast.organisation, van, facts)
    assert give() == 1
    wish = Wish.objects.first()
    assert wish is not None
    assert wish.ready_at is not None
    local = wish.ready_at.astimezone(VIENNA)
    assert (local.date(), local.hour) == (tomorrow, 9)
    assert (wish.energy_kwh, wish.target_soc) == (12.0, None)
    assert van.departures.count() == 2


@pytest.mark.parametrize("how", ["removed", "another card"])
def test_a_vehicle_that_is_no_more_wants_nothing(
    cast: Cast, van: FleetVehicle, plug: Any, how: str
) -> None:
    """Its wish is withdrawn from the session under way."""
    plug()
    give()
    owner = cast.users["owner"]
    if how == "removed":
        remove_vehicle(owner, cast.organisation, van)
    else:
        facts = VehicleFacts(name="Van 1", token="VAN-2")
        change_vehicle(owner, cast.organisation, van, facts)
    assert give() == 0
    assert not Wish.objects.filter(is_withdrawn=False).exists()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"token": "van-1"}, "VAN-1"),
        ({"contract_id": "DE8ACC123456789"}, "DE-8AC-C12345678-9"),
        ({"contract_id": "DE8ACC123456789"}, "DE8ACC123456789"),
        ({"mac": "001122AABBCC"}, "00:11:22:aa:bb:cc"),
    ],
)
def test_stations_may_write_its_names_differently(
    van: FleetVehicle, plug: Any, keys: dict[str, str], told: str
) -> None:
    """Separators and capitals make no difference."""
    FleetVehicle.objects.update(**{"token": ""} | keys)
    plug(told)
    assert give() == 1
    assert van.pk


def test_another_tenants_card_is_not_ours(cast: Cast, van: FleetVehicle, plug: Any) -> None:
    """A vehicle is known at its own tenant's stations alone."""
    FleetVehicle.objects.update(tenant_id=cast.organisation.pk + 1)
    plug()
    assert give() == 0
    assert van.pk


def test_a_tenant_that_is_no_more_wants_nothing(van: FleetVehicle, plug: Any) -> None:
    """And holds up nobody else."""
    plug()
    assert give_fleet_wishes(timezone.now(), lambda _tenant: None) == 0
    assert van.pk
