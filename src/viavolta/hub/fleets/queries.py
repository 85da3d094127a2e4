"""A fleet at this moment, and what single vehicles did."""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.shortcuts import get_object_or_404

from viavolta.hub.operate.tenants import zone_of
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.measures import Measures, measures_of
from viavolta.services.fleets.departures import Leaving
from viavolta.services.fleets.readiness import (
    OVERDUE_FOR,
    Cause,
    Plan,
    Plugged,
    State,
    cause_of,
    state_of,
)
from viavolta.storage.fleets import (
    DRIVERS_OWN,
    counting_wishes,
    plugged_in,
    sessions_of_vehicle,
    timetable_of,
    with_departures,
)
from viavolta.storage.rewards import taken_of
from viavolta.storage.tables.fleets import FleetVehicle
from viavolta.storage.tables.live import Order, SiteLimit, Wish
from viavolta.storage.tables.stations import Session

DAYS_SHOWN = 14
MEASURED = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleNow:
    """A vehicle as it stands: its state, next departure, session under way and its plan.

    `cause` and `limit_name` say why it will lack energy; None and "" where it will not.
    """

    row: FleetVehicle
    state: State
    due: Leaving | None
    last: Leaving | None
    session: Session | None
    order: Order | None
    wish: Wish | None
    cause: Cause | None
    limit_name: str

    @property
    def name(self) -> str:
        """The vehicle's."""
        return self.row.name

    @property
    def due_at(self) -> dt.datetime | None:
        """When it leaves next."""
        return None if self.due is None else self.due.at

    @property
    def missing_kwh(self) -> float | None:
        """What it will lack at its departure by its plan."""
        return None if self.order is None else self.order.missing_kwh


def fleet_now(tenant: Organisation, now: dt.datetime) -> list[VehicleNow]:
    """All vehicles of a tenant, exceptions first, then by departure."""
    found = _now(tenant, list(with_departures(tenant.pk, now)), now)
    far = now + dt.timedelta(days=365)
    return sorted(found, key=lambda one: (one.state, one.due_at or far, one.name.casefold()))


def vehicle_now(tenant: Organisation, number: int, now: dt.datetime) -> VehicleNow:
    """One of them.

    Raises
    ------
    Http404: the tenant has none of that number.
    """
    row = get_object_or_404(with_departures(tenant.pk, now), pk=number)
    return _now(tenant, [row], now)[0]


def _now(tenant: Organisation, rows: list[FleetVehicle], now: dt.datetime) -> list[VehicleNow]:
    zone = zone_of(tenant)
    sessions = plugged_in(tenant.pk, rows)
    wishes = counting_wishes(sessions.values())
    orders = {
        one.session_id: one
        for one in Order.objects.filter(session__in=[s.pk for s in sessions.values()])
    }
    names = _limit_names(tenant, orders.values())
    found = []
    for row in rows:
        times, session = timetable_of(row, zone), sessions.get(row.pk)
        order = None if session is None else orders.get(session.pk)
        wish = None if session is None else wishes.get(session.pk)
        due, last = times.next(now), times.last(now, within=OVERDUE_FOR)
        state = state_of(now, _plugged(session, order, wish), due, last)
        lacks = state is State.WILL_LACK and order is not None
        found.append(
            VehicleNow(
                row=row,
                state=state,
                due=due,
                last=last,
                session=session,
                order=order,
                wish=wish,
                cause=cause_of(_plan(order)) if lacks and order is not None else None,
                limit_name=names.get(order.limit_id, "") if order is not None else "",
            )
        )
    return found


def _plugged(session: Session | None, order: Order | None, wish: Wish | None) -> Plugged | None:
    if session is None:
        return None
    is_drivers = wish is not None and wish.given_by in DRIVERS_OWN
    return Plugged(
        since=session.started_at,
        is_online=bool(session.station.gateway),
        plan=None if order is None else _plan(order),
        is_drivers_wish=is_drivers,
        ready_at=wish.ready_at if wish is not None else None,
    )


def _plan(order: Order) -> Plan:
    return Plan(
        why=order.why,
        limit_id=order.limit_id,
        missing_kwh=order.missing_kwh,
        served_at=order.served_at,
        departure_at=order.departure_at,
    )


def _limit_names(tenant: Organisation, orders: Iterable[Order]) -> dict[str, str]:
    wanted = {order.limit_id for order in orders} - {""}
    rows = SiteLimit.objects.filter(tenant_id=tenant.pk, limit_id__in=wanted)
    known = {row.limit_id: row.name or row.limit_id for row in rows}
    return {limit_id: known.get(limit_id, limit_id) for limit_id in wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A departure of a vehicle, and the number of the row where it was set for its day."""

    vehicle: FleetVehicle
    at: dt.datetime
    stays: bool
    target_soc: float | None
    energy_kwh: float | None
    single: int | None


def departures_of(tenant: Organisation, row: FleetVehicle, now: dt.datetime) -> list[Planned]:
    """The departures of the next two weeks, in order; days on which it stays are among them."""
    zone = zone_of(tenant)
    until = now + dt.timedelta(days=DAYS_SHOWN)
    singles = {one.leaves_at: one for one in row.departures.all()}
    found = [
        Planned(
            vehicle=row,
            at=one.at,
            stays=False,
            target_soc=one.target_soc,
            energy_kwh=one.energy_kwh,
            single=None if one.is_usual else singles[one.at].pk,
        )
        for one in timetable_of(row, zone).between(now, until)
    ]
    today = now.astimezone(zone).date()
    found += [
        Planned(
            vehicle=row,
            at=one.leaves_at,
            stays=True,
            target_soc=None,
            energy_kwh=None,
            single=one.pk,
        )
        for one in singles.values()
        if one.stays and today <= one.leaves_at.astimezone(zone).date() and one.leaves_at < until
    ]
    return sorted(found, key=lambda one: one.at)


def all_departures(tenant: Organisation, now: dt.datetime) -> list[Planned]:
    """The departures of the whole fleet in the next two weeks."""
    rows = with_departures(tenant.pk, now)
    found = [one for row in rows for one in departures_of(tenant, row, now)]
    return sorted(found, key=lambda one: (one.at, one.vehicle.name))


def history_of(row: FleetVehicle) -> "QuerySet[Session, Session]":
    """The sessions of a vehicle, with `energy_kwh` and `discharged_kwh`."""
    return sessions_of_vehicle(row).annotate(
        energy_kwh=F("energy_wh") / 1000.0, discharged_kwh=F("discharged_wh") / 1000.0
    )


def kept_wishes(sessions: Iterable[Any]) -> dict[int, bool | None]:
    """Whether what was promised for sessions was kept, by their numbers."""
    return {number: wish.is_kept for number, wish in counting_wishes(sessions).items()}


def measures_of_vehicle(row: FleetVehicle, now: dt.datetime) -> Measures:
    """How much a vehicle was plugged in and took part in the last 30 days."""
    start = now - MEASURED
    mine = sessions_of_vehicle(row).filter(Q(ended_at=None) | Q(ended_at__gte=start))
    taken = [dataclasses.replace(one, driver=row.name) for one in taken_of(mine)]
    return measures_of(taken, start, now)
