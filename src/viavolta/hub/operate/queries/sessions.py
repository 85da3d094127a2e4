"""Sessions of a tenant: as rows, and one with its power over time."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, QuerySet

from viavolta.hub.people.models import Organisation
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.live import Order
from viavolta.storage.tables.stations import Session


def sessions_of(tenant: Organisation) -> QuerySet[Session]:
    """All sessions at a tenant's stations, with `energy_kwh`, `discharged_kwh` and `power_kw`."""
    return (
        Session.objects.filter(station__tenant_id=tenant.pk)
        .select_related("station")
        .annotate(
            energy_kwh=F("energy_wh") / 1000.0,
            discharged_kwh=F("discharged_wh") / 1000.0,
            power_kw=F("power_w") / 1000.0,
        )
    )


def order_of(session: Session) -> Order | None:
    """What the last plan gives a session; None where it was never planned."""
    return Order.objects.filter(session=session).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the meter said at a moment: power (kW), charged so far (kWh), state of charge 0..1."""

    at: dt.datetime
    power_kw: float | None
    soc: float | None


def course_of(session: Session) -> list[Moment]:
    """The readings of a session by time, of each moment one."""
    found = {
        reading.at: Moment(
            at=reading.at,
            power_kw=None if reading.power_w is None else reading.power_w / 1000.0,
            soc=reading.soc,
        )
        for event in events_of_session(session)
        for reading in event.readings
        if reading.power_w is not None or reading.soc is not None
    }
    return [found[at] for at in sorted(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourBeside:
    """An hour of a session (kWh): what the plan gave it first, and what happened."""

    hour: dt.datetime
    planned_kwh: float | None
    happened_kwh: float | None


def hours_of(session: Session) -> list[HourBeside]:
    """The plan as it was made first beside what happened, by the hour; fed back below zero."""
    planned = dict(session.planned_hours.values_list("hour", "energy_kwh"))
    told = session.hours.values_list("hour", "energy_kwh", "discharged_kwh")
    happened = {hour: drawn - given for hour, drawn, given in told}
    return [
        HourBeside(hour=hour, planned_kwh=planned.get(hour), happened_kwh=happened.get(hour))
        for hour in sorted({*planned, *happened})
    ]
