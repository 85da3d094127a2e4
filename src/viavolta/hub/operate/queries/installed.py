"""Reservations and charging profiles that hold at a station, by the commands that it accepted."""

import datetime as dt

from django.db.models import QuerySet

from viavolta.services.central_system.installed import (
    Accepted,
    InstalledProfile,
    Reservation,
    profiles,
    reservations,
)
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import Command, CommandState, Session, Station

_MOST = 2_000
"""Commands that are looked at, the last ones."""


def reservations_at(station: Station, now: dt.datetime) -> list[Reservation]:
    """The reservations that hold at a station."""
    told = _told(station, "ReserveNow", "CancelReservation")
    if not told:
        return []
    said = Notice.objects.filter(station=station, action="ReservationStatusUpdate")
    since = Session.objects.filter(station=station, started_at__gte=told[0].at)
    return reservations(
        told,
        gone=[n for n in said.values_list("request_id", flat=True) if n is not None],
        starts=list(since.values_list("token", "started_at")),
        now=now,
    )


def profiles_at(station: Station) -> list[InstalledProfile]:
    """The charging profiles that a station holds."""
    opened = Session.objects.filter(station=station, ended_at=None)
    return profiles(
        _told(station, "SetChargingProfile", "ClearChargingProfile"),
        open_transactions=set(opened.values_list("transaction", flat=True)),
    )


def _told(station: Station, *actions: str) -> list[Accepted]:
    rows: QuerySet[Command] = Command.objects.filter(
        station=station, action__in=actions, state=CommandState.ANSWERED
    )
    return [
        Accepted(action=row.action, payload=row.payload, answer=row.answer or {}, at=row.asked_at)
        for row in reversed(rows[:_MOST])
    ]
