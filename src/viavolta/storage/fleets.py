"""Vehicles of fleets at the stations of their tenant: whose session it is, and what it should get.

A vehicle's next departure becomes a wish of its session. What a driver asked for at the post, or
through a partner, counts more; what is kept for a card counts less, since a departure is said for
one day and a habit for all.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from viavolta.services.fleets.departures import Leaving, Single, Timetable
from viavolta.services.fleets.keys import spellings
from viavolta.storage.tables.fleets import Departure, FleetVehicle
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session

DRIVERS_OWN = (Wish.Giver.DRIVER, Wish.Giver.PARTNER)
"""Givers of wishes that a fleet does not change."""

_WANTED = ("ready_at", "target_soc", "energy_kwh", "min_soc", "capacity_kwh", "may_discharge")


LOOK_BACK = dt.timedelta(days=2)
"""Departures that were longer ago than this count for nothing that is planned or shown."""


def with_departures(tenant_id: int, now: dt.datetime) -> QuerySet[FleetVehicle]:
    """The vehicles of a tenant with their departures, those that are long over left out."""
    lately = Departure.objects.filter(leaves_at__gt=now - LOOK_BACK)
    rows = FleetVehicle.objects.filter(tenant_id=tenant_id)
    return rows.prefetch_related("usual", Prefetch("departures", lately))


def timetable_of(vehicle: FleetVehicle, zone: ZoneInfo) -> Timetable:
    """When a vehicle leaves, by the local days of a zone."""
    return Timetable(
        usual={row.weekday: row.minute for row in vehicle.usual.all()},
        singles=tuple(
            Single(
                day=row.leaves_at.astimezone(zone).date(),
                leaves_at=None if row.stays else row.leaves_at,
                target_soc=row.target_soc,
                energy_kwh=row.energy_kwh,
            )
            for row in vehicle.departures.all()
        ),
        zone=zone,
        target_soc=vehicle.target_soc,
    )


def spellings_of(vehicle: FleetVehicle) -> frozenset[str]:
    """What stations may call a vehicle."""
    return spellings(token=vehicle.token, contract_id=vehicle.contract_id, mac=vehicle.mac)


def sessions_of_vehicle(vehicle: FleetVehicle) -> QuerySet[Session]:
    """The sessions of a vehicle at its tenant's stations, newest first."""
    return (
        Session.objects.filter(
            station__tenant_id=vehicle.tenant_id, token__in=spellings_of(vehicle)
        )
        .select_related("station")
        .order_by("-started_at", "-pk")
    )


def plugged_in(tenant_id: int, vehicles: Iterable[FleetVehicle]) -> dict[int, Session]:
    """The session under way of each vehicle that has one, by the vehicle's number."""
    whose = {text: row.pk for row in vehicles for text in spellings_of(row)}
    under_way = Session.objects.filter(station__tenant_id=tenant_id, ended_at=None)
    found = {}
    for session in under_way.exclude(token="").select_related("station").order_by("started_at"):
        vehicle = whose.get(session.token)
        if vehicle is not None:
            found[vehicle] = session  # of two that were never ended the later one
    return found


def counting_wishes(sessions: Iterable[Session]) -> dict[int, Wish]:
    """The wish that counts for each session, by the session's number."""
    rows = Wish.objects.filter(session__in=[s.pk for s in sessions], is_withdrawn=False)
    return {row.session_id: row for row in rows.order_by("pk") if row.session_id is not None}


def give_fleet_wishes(now: dt.datetime, zone_of: Callable[[int], ZoneInfo | None]) -> int:
    """Bring wishes of sessions in line with the next departures of their vehicles; how many.

    `zone_of` tells the zone of a tenant, None for one that is no more: it wants nothing.
    """
    given = 0
    busy = Session.objects.filter(ended_at=None).exclude(token="")
    tenants = FleetVehicle.objects.filter(tenant_id__in=busy.values("station__tenant_id"))
    for tenant_id in tenants.order_by().values_list("tenant_id", flat=True).distinct():
        zone = zone_of(tenant_id)
        if zone is None:
            continue
        vehicles = list(with_departures(tenant_id, now))
        sessions = plugged_in(tenant_id, vehicles)
        wishes = counting_wishes(sessions.values())
        for vehicle in vehicles:
            session = sessions.get(vehicle.pk)
            if session is not None and session.evse is not None:
                due = timetable_of(vehicle, zone).next(now)
                wanted = _wanted(vehicle, due)
                if _is_news(wishes.get(session.pk), wanted):
                    given += _give(session, wanted, now)
    return given


def withdraw_wishes(vehicle: FleetVehicle) -> None:
    """Take back what a fleet wanted of a session under way whose vehicle is its own no more."""
    mine = sessions_of_vehicle(vehicle).filter(ended_at=None)
    Wish.objects.filter(session__in=mine, given_by=Wish.Giver.FLEET).update(is_withdrawn=True)


def _wanted(vehicle: FleetVehicle, due: Leaving | None) -> dict[str, object]:
    return {
        "ready_at": None if due is None else due.at,
        "target_soc": vehicle.target_soc if due is None else due.target_soc,
        "energy_kwh": None if due is None else due.energy_kwh,
        "min_soc": vehicle.min_soc,
        "capacity_kwh": vehicle.capacity_kwh,
        "may_discharge": vehicle.may_discharge,
    }


def _is_news(wish: Wish | None, wanted: dict[str, object]) -> bool:
    if wish is None:
        return any(wanted.values())
    if wish.given_by == Wish.Giver.PREFERENCE:
        return wanted["ready_at"] is not None
    is_ours = wish.given_by == Wish.Giver.FLEET
    return is_ours and any(getattr(wish, name) != wanted[name] for name in _WANTED)


@transaction.atomic
def _give(session: Session, wanted: dict[str, object], now: dt.datetime) -> bool:
    Session.objects.select_for_update().get(pk=session.pk)
    if not _is_news(counting_wishes([session]).get(session.pk), wanted):
        return False  # somebody was faster
    Wish.objects.create(
        tenant_id=session.station.tenant_id,
        station=session.station,
        evse=session.evse or 0,
        session=session,
        token=session.token,
        mode=Wish.Mode.SMART,
        given_by=Wish.Giver.FLEET,
        given_at=now,
        **wanted,
    )
    return True
