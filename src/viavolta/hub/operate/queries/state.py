"""How a station stands, read from what it and its sessions told last."""

from enum import StrEnum

from django.db.models import (
    Case,
    CharField,
    Exists,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from viavolta.storage.tables.stations import Outlet, Session, Station

_SOME_W = 50.0
"""Below this a vehicle counts as paused."""


class StationState(StrEnum):
    """How a station stands, from what matters most to what matters least."""

    PENDING = "pending"
    REJECTED = "rejected"
    OFFLINE = "offline"
    FAULTED = "faulted"
    GIVING_BACK = "giving-back"
    CHARGING = "charging"
    PLUGGED = "plugged"
    UNAVAILABLE = "unavailable"
    FREE = "free"


def with_state(stations: QuerySet[Station]) -> QuerySet[Station]:
    """Stations with their `state`, the power of their open sessions (`power_kw`) and their number.

    `power_kw` is below zero where more is fed back than charged; None without an open session.
    """
    opened = Session.objects.filter(station=OuterRef("pk"), ended_at=None).order_by()
    sums = opened.values("station").annotate(w=Sum("power_w"))
    outlets = Outlet.objects.filter(station=OuterRef("pk"))
    found = stations.annotate(
        power_kw=Subquery(sums.values("w"), output_field=FloatField()) / 1000.0,
        is_plugged=Exists(opened),
        is_faulted=Exists(outlets.filter(Q(status="Faulted"))),
        is_open=Exists(outlets.exclude(status__in=("Unavailable", "Faulted"))),
        is_shut=Exists(outlets.filter(status="Unavailable")),
    )
    some_kw = _SOME_W / 1000.0
    return found.annotate(
        state=Case(
            When(admission=Station.Admission.PENDING, then=Value(StationState.PENDING)),
            When(admission=Station.Admission.REJECTED, then=Value(StationState.REJECTED)),
            When(gateway="", then=Value(StationState.OFFLINE)),
            When(is_faulted=True, then=Value(StationState.FAULTED)),
            When(power_kw__lt=-some_kw, then=Value(StationState.GIVING_BACK)),
            When(power_kw__gt=some_kw, then=Value(StationState.CHARGING)),
            When(is_plugged=True, then=Value(StationState.PLUGGED)),
            When(is_shut=True, is_open=False, then=Value(StationState.UNAVAILABLE)),
            default=Value(StationState.FREE),
            output_field=CharField(),
        )
    )
