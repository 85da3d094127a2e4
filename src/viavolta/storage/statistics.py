"""Statistics of months that are over, made once for every tenant that publishes and for all."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from viavolta.services.statistics.anonymity import (
    UNKNOWN,
    Cut,
    Entry,
    cut_of_all,
    cut_of_operator,
    figures_of,
)
from viavolta.storage.billing import standing_of
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.fleets import counting_wishes
from viavolta.storage.tables.billing import Bill, Visit
from viavolta.storage.tables.stations import Session
from viavolta.storage.tables.statistics import PublishedMonth

ALL = 0
"""The `tenant_id` of the whole hub."""

SETTLE = dt.timedelta(days=3)
"""A month is counted so long after its end: stations that were offline send late."""

MOST_MONTHS = 24
"""Months that are looked back upon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A tenant who publishes: the zone of its months, and the region in which the hub counts it."""

    zone: ZoneInfo
    region: str


def publish_months(now: dt.datetime, k: int, publishers: Mapping[int, Publisher]) -> int:
    """Publish the months that are over and were not published yet; how many.

    A month is made for all tenants at once, by those who publish at that time, and never again.
    """
    done = set(PublishedMonth.objects.filter(tenant_id=ALL).values_list("month", flat=True))
    ended = Session.objects.filter(station__tenant_id__in=publishers, ended_at__isnull=False)
    first = ended.order_by("ended_at").values_list("ended_at", flat=True).first()
    if first is None:
        return 0
    n = 0
    month = (now - SETTLE).date().replace(day=1)
    for _ in range(MOST_MONTHS):
        month = (month - dt.timedelta(days=1)).replace(day=1)
        if month < first.date().replace(day=1):
            break
        if month not in done:
            n += _publish(month, k, publishers, now)
    return n


def _publish(month: dt.date, k: int, publishers: Mapping[int, Publisher], now: dt.datetime) -> bool:
    month_h = (_after(month) - month).days * 24.0
    cuts = {
        tenant: cut_of_operator(entries_of(tenant, month, one.zone), k)
        for tenant, one in sorted(publishers.items())
    }
    whole = cut_of_all(cuts, {tenant: one.region for tenant, one in publishers.items()}, k)
    try:
        with transaction.atomic():
            for tenant, cut in [*cuts.items(), (ALL, whole)]:
                PublishedMonth.objects.create(
                    tenant_id=tenant, month=month, k=k, made_at=now, **_content(cut, month_h)
                )
    except IntegrityError:
        return False  # another worker was faster
    return True


def _content(cut: Cut, month_h: float) -> dict[str, Any]:
    return {
        "cells": [
            {"area": part.area, **dataclasses.asdict(figures_of([part], month_h))}
            for part in cut.parts
        ],
        "total": dataclasses.asdict(figures_of(cut.parts, month_h)),
        "withheld": cut.withheld_areas,
    }


def entries_of(tenant_id: int, month: dt.date, zone: ZoneInfo) -> list[Entry]:
    """The sessions of a tenant that ended in a month by local days, by site."""
    start, end = _midnight(month, zone), _midnight(_after(month), zone)
    rows = list(
        Session.objects.filter(
            station__tenant_id=tenant_id, ended_at__gte=start, ended_at__lt=end
        ).select_related("station")
    )
    bills = Bill.objects.filter(session__in=[row.pk for row in rows])
    figures = {b.session_id: standing_of(b) for b in bills.prefetch_related("corrections")}
    phones = dict(
        Visit.objects.filter(session__in=[row.pk for row in rows]).values_list(
            "session_id", "key_hash"
        )
    )
    wishes = counting_wishes(rows)
    found = []
    for row in rows:
        bill, wish = figures.get(row.pk), wishes.get(row.pk)
        is_kept = None if wish is None else wish.is_kept
        until = row.ended_at or row.started_at
        hours = (until - max(row.started_at, start)).total_seconds() / 3600
        found.append(
            Entry(
                operator=tenant_id,
                area=row.station.site or row.station.identity,
                card=_who(row, phones),
                energy_wh=row.energy_wh or 0.0,
                flexible_wh=0.0 if bill is None else bill.flexible_wh,
                plugged_h=max(hours, 0.0),
                judged=is_kept is not None,
                is_kept=bool(is_kept),
            )
        )
    return found


def _who(row: Session, phones: Mapping[int, str]) -> str:
    """What tells drivers apart: a card, or the phone of a visitor; the rest counts as one."""
    if row.token.startswith(VISIT_PREFIX):
        phone = phones.get(row.pk)
        return f"phone:{phone}" if phone else UNKNOWN
    return row.token


def _after(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)
