"""What was decided, into the tables: orders, commands, the plan of the day, promises."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from viavolta.services.live.control import Decided, Decision
from viavolta.services.live.orders import is_same
from viavolta.services.live.promise import is_kept
from viavolta.services.live.wire import ACTION, levels_to, session_call
from viavolta.storage import leases
from viavolta.storage.bulk import write
from viavolta.storage.driver_wishes import TIE_WITHIN
from viavolta.storage.live_facts import is_held, sessions_under_way, wish_facts
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.live import Order, PlannedHour, Wish
from viavolta.storage.tables.stations import Command, CommandState, Session
from viavolta.storage.wake import wake

BY = "control"
"""Who asks stations to follow the plan."""

TAKES_AT_MOST = dt.timedelta(minutes=1)
"""A profile that did not reach its station by then is old: the next plan sends another."""

_PROMISE_MOVES = dt.timedelta(minutes=1)
_AT_ONCE = 500

_WRITTEN = (
    "planned_at",
    "power_kw",
    "why",
    "limit_id",
    "until_at",
    "served_at",
    "missing_kwh",
    "departure_at",
    "departure_source",
    "leaves_from_at",
    "leaves_until_at",
    "share",
    "is_taken",
    "energy_kwh",
    "plan",
    "command",
)


def carry_out(tenant_id: int, decision: Decision, holder: str) -> int | None:
    """Write a decision down and have the changed profiles sent; how many. Blocking.

    All or nothing, and nothing where the lease was lost meanwhile: then it is None. Orders that
    are not to be changed keep the command that told their station.
    """
    pks = [int(one.plug.session_id) for one in decision.sessions]
    with transaction.atomic():
        if not leases.is_held(tenant_id, holder):
            return None
        open_pks = set(
            Session.objects.filter(pk__in=pks, ended_at=None).values_list("pk", flat=True)
        )
        there = [one for one in decision.sessions if int(one.plug.session_id) in open_pks]
        known = {
            row.session_id: row
            for row in Order.objects.filter(session__in=pks).select_related("command")
        }
        new = [one for one in there if _is_news(one, known, decision.now)]
        commands = _commands(new)
        Order.objects.bulk_create(
            (_order(one, decision.now, known, commands) for one in there),
            update_conflicts=True,
            unique_fields=("session",),
            update_fields=_WRITTEN,
        )
        _note_hours(there)
        _note_promises(there)
        if commands:
            wake()
    return len(commands)


def tie_wishes(tenant_id: int) -> None:
    """Tie wishes that were given before their session to it; a token that was named must fit."""
    waiting = Wish.objects.filter(
        tenant_id=tenant_id,
        session=None,
        is_withdrawn=False,
        given_at__gt=timezone.now() - TIE_WITHIN,
    )
    wishes = list(waiting)
    if not wishes:
        return
    by_place = {(row.station_id, row.evse): row for row in sessions_under_way(tenant_id)}
    for wish in wishes:
        session = by_place.get((wish.station_id, wish.evse))
        if session is not None and wish.token in {"", session.token}:
            Wish.objects.filter(pk=wish.pk, session=None).update(session=session)


def judge_promises(tenant_id: int) -> int:
    """Tell of wishes whose sessions have ended whether they were kept; how many were told."""
    since = timezone.now() - TIE_WITHIN
    rows = Wish.objects.filter(
        tenant_id=tenant_id, is_withdrawn=False, is_kept=None, session__ended_at__gt=since
    ).filter(Q(target_soc__isnull=False) | Q(energy_kwh__isnull=False))
    told = []
    for row in rows.select_related("session").order_by("pk"):
        session = row.session
        if session is None or session.ended_at is None:
            continue
        readings = [r for event in events_of_session(session) for r in event.readings]
        row.is_kept = is_kept(
            wish_facts(row), readings, started_at=session.started_at, ended_at=session.ended_at
        )
        if row.is_kept is not None:
            told.append(row)
    write(told, ("is_kept",))
    return len(told)


def _is_news(one: Decided, known: Mapping[int, Order], now: dt.datetime) -> bool:
    """Whether a station is to be told: it does not have this profile, or has lost its memory."""
    if one.profile is None:
        return False
    row = known.get(int(one.plug.session_id))
    if row is None or row.command is None or not is_held(row):
        return True
    came = one.plug.connected_at
    if came is not None and row.command.asked_at < came:
        return True
    return not is_same(one.plug.held, one.levels, now=now)


def _commands(new: Iterable[Decided]) -> dict[str, Command]:
    """Commands by session; those of earlier plans that still wait are not sent any more."""
    told = list(new)
    now = timezone.now()
    sessions = [int(one.plug.session_id) for one in told]
    for k in range(0, len(sessions), _AT_ONCE):
        Command.objects.filter(
            order__session__in=sessions[k : k + _AT_ONCE], state=CommandState.QUEUED
        ).update(state=CommandState.EXPIRED, ended_at=now)
    rows = [
        Command(
            station_id=one.plug.station_id,
            action=ACTION,
            payload=session_call(one.plug, one.profile),
            asked_by=BY,
            asked_at=now,
            expires_at=now + TAKES_AT_MOST,
        )
        for one in told
        if one.profile is not None
    ]
    made = Command.objects.bulk_create(rows)
    return {one.plug.session_id: row for one, row in zip(told, made, strict=True)}


def _order(
    one: Decided, now: dt.datetime, known: Mapping[int, Order], commands: Mapping[str, Command]
) -> Order:
    pk = int(one.plug.session_id)
    before, command = known.get(pk), commands.get(one.plug.session_id)
    if command is None and before is not None:
        command = before.command
    return Order(
        session_id=pk,
        planned_at=now,
        power_kw=one.power_kw,
        why=one.why,
        limit_id=one.limit_id[:120],
        until_at=one.until,
        served_at=one.served_at,
        missing_kwh=one.missing_kwh,
        departure_at=one.leaves.at,
        departure_source=one.leaves.source,
        leaves_from_at=one.leaves.earliest,
        leaves_until_at=one.leaves.latest,
        share=one.share,
        is_taken=one.is_taken,
        energy_kwh=max(one.energy_kwh, 0.0),
        plan=levels_to(one.levels),
        command=command,
    )


def _note_hours(decided: Iterable[Decided]) -> None:
    """The plan by the hour, where no earlier plan of the session said anything of that hour."""
    rows = [
        PlannedHour(session_id=int(one.plug.session_id), hour=hour, energy_kwh=kwh)
        for one in decided
        if one.profile is not None
        for hour, kwh in hours_of(one).items()
    ]
    PlannedHour.objects.bulk_create(rows, ignore_conflicts=True)


def hours_of(one: Decided) -> dict[dt.datetime, float]:
    """Energy of a plan in each hour that it reaches into (kWh)."""
    found: dict[dt.datetime, float] = {}
    for (start, kw), (end, _) in zip(one.levels, one.levels[1:], strict=False):
        at = start
        while at < end:
            hour = at.replace(minute=0, second=0, microsecond=0)
            until = min(end, hour + dt.timedelta(hours=1))
            found[hour] = found.get(hour, 0.0) + kw * (until - at).total_seconds() / 3600
            at = until
    return found


def _note_promises(decided: Iterable[Decided]) -> None:
    """Keep `promised_at` of the wish that counts as the last plan has it."""
    served = {int(one.plug.session_id): one.served_at for one in decided}
    rows = Wish.objects.filter(session__in=served, is_withdrawn=False).order_by("pk")
    newest = {row.session_id: row for row in rows}
    moved = []
    for row in newest.values():
        at = served[row.session_id or 0]
        if _has_moved(row.promised_at, at):
            row.promised_at = at
            moved.append(row)
    write(moved, ("promised_at",))


def _has_moved(before: dt.datetime | None, now: dt.datetime | None) -> bool:
    if before is None or now is None:
        return before is not now
    return abs(before - now) >= _PROMISE_MOVES
