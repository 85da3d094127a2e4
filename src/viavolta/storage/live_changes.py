"""Whether anything has changed that a plan goes by: a few sums over the tables, for all tenants."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from viavolta.storage.live_facts import gateways_alive
from viavolta.storage.tables.live import (
    EnergyPrice,
    LimitChange,
    Order,
    SiteLimit,
    VehicleNeeds,
    Wish,
)
from viavolta.storage.tables.stations import CommandState, Session, Station

Marks = tuple[Any, ...]
_LATELY = dt.timedelta(days=2)


@dataclass(slots=True, kw_only=True)
class Seen:
    """How things stand for a tenant: equal marks mean that nothing has changed.

    `urgent` are those of limits: they are not kept waiting. `turned_down` counts orders that a
    station did not take and that no plan has heard of yet.
    """

    urgent: Marks = ()
    other: Marks = ()
    turned_down: int = 0


def look(now: dt.datetime) -> dict[int, Seen]:
    """How things stand for every tenant with a session under way or a station on the line."""
    found: defaultdict[int, Seen] = defaultdict(Seen)
    running = Session.objects.filter(ended_at=None)
    there = Station.objects.filter(gateway__in=gateways_alive(now))
    newest, number = Max("pk"), Count("pk")
    for tenant, marks in _marks(running, "station__tenant_id", n=number, last=newest):
        found[tenant].other += ("sessions", *marks)
    for tenant, marks in _marks(
        there, "tenant_id", n=number, came=Max("connected_at"), changed=Max("changed_at")
    ):
        found[tenant].other += ("stations", *marks)
    for tenant, marks in _of_limits():
        if tenant in found:
            found[tenant].urgent += marks
    for tenant, marks in (*_of_wishes(now), *_of_needs(now), *_of_prices(now)):
        if tenant in found:
            found[tenant].other += marks
    for tenant, (n_down,) in _marks(_turned_down(), "session__station__tenant_id", n=number):
        if tenant in found:
            found[tenant].turned_down = n_down
    return dict(found)


def _marks(rows: "QuerySet[Any, Any]", tenant: str, **sums: Any) -> list[tuple[int, Marks]]:
    """Sums over the rows of each tenant."""
    grouped = rows.order_by().values(tenant=F(tenant)).annotate(**sums)
    return [(row[0], tuple(row[1:])) for row in grouped.values_list("tenant", *sums)]


def _of_limits() -> list[tuple[int, Marks]]:
    tree = _marks(
        SiteLimit.objects.all(),
        "tenant_id",
        n=Count("pk"),
        changed=Max("changed_at"),
        load=Sum("base_load_kw"),
        told=Max("base_load_at"),
    )
    changes = _marks(
        LimitChange.objects.all(),
        "limit__tenant_id",
        n=Count("pk"),
        last=Max("pk"),
        changed=Max("changed_at"),
        gone=Count("pk", filter=Q(is_withdrawn=True)),
    )
    return [*tree, *changes]


def _of_wishes(now: dt.datetime) -> list[tuple[int, Marks]]:
    lately = Wish.objects.filter(given_at__gt=now - _LATELY)
    gone = Count("pk", filter=Q(is_withdrawn=True))
    return _marks(lately, "tenant_id", n=Count("pk"), last=Max("pk"), gone=gone)


def _of_needs(now: dt.datetime) -> list[tuple[int, Marks]]:
    lately = VehicleNeeds.objects.filter(told_at__gt=now - _LATELY)
    return _marks(lately, "station__tenant_id", n=Count("pk"), last=Max("pk"))


def _of_prices(now: dt.datetime) -> list[tuple[int, Marks]]:
    ahead = EnergyPrice.objects.filter(starts_at__gt=now - _LATELY)
    return _marks(
        ahead,
        "tenant_id",
        n=Count("pk"),
        last=Max("pk"),
        buy=Sum("buy_eur_per_kwh"),
        sell=Sum("sell_eur_per_kwh"),
    )


def _turned_down() -> "QuerySet[Order]":
    down = Q(command__state__in=(CommandState.REFUSED, CommandState.MISUNDERSTOOD)) | (
        Q(command__state=CommandState.ANSWERED) & ~Q(command__answer__status="Accepted")
    )
    return Order.objects.filter(down, session__ended_at=None, is_taken=True)
