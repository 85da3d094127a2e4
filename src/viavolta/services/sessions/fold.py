"""A session from its events: the same whatever order they came in and however often.

The events are first brought into the order of their own numbers and times; what is doubtful is
told. So a projector may store events as they come, each once, and read the session off them after
each: replays, repeats and offline stations need no special path.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import TypeVar

from viavolta.model.session import Doubt, EventKind, Reading, Session, SessionEvent

CLOCK_TOLERANCE = dt.timedelta(seconds=60)
"""How far a station's clock may be ahead of the arrival of its message."""

MOST_MISSING = 1000
"""Missing numbers that are listed; a station that jumps to a huge number fills no memory."""

_Value = TypeVar("_Value")

_RANK = {EventKind.STARTED: 0, EventKind.UPDATED: 1, EventKind.ENDED: 2}


def session_of(events: Iterable[SessionEvent]) -> Session:
    """What the events of one session amount to.

    Raises
    ------
    ValueError: there is no event.
    """
    kept, has_conflict = _one_per_key(events)
    if not kept:
        msg = "a session needs an event"
        raise ValueError(msg)
    doubts: set[Doubt] = {Doubt.CONFLICT} if has_conflict else set()
    start = next((e for e in kept if e.kind is EventKind.STARTED), None)
    end = next((e for e in kept if e.kind is EventKind.ENDED), None)
    if start is None:
        doubts.add(Doubt.NO_START)
    if end is not None and kept[-1] is not end:
        doubts.add(Doubt.AFTER_END)
    missing = _missing(kept, has_ended=end is not None)
    if missing:
        doubts.add(Doubt.GAP)
    if _has_clock_error(kept):
        doubts.add(Doubt.CLOCK)
    readings = readings_of(kept)
    energy_wh = _rise([r.import_wh for r in readings if r.import_wh is not None], doubts)
    discharged_wh = _rise([r.export_wh for r in readings if r.export_wh is not None], doubts)
    if energy_wh is None:
        doubts.add(Doubt.NO_METER)
    return Session(
        started_at=(start or kept[0]).at,
        ended_at=None if end is None else end.at,
        evse=_first(e.evse for e in kept),
        connector=_first(e.connector for e in kept),
        token=_first(e.token or None for e in kept) or "",
        stop_reason="" if end is None else end.reason,
        energy_wh=energy_wh,
        discharged_wh=discharged_wh,
        last_power_w=_last([r.power_w for r in readings]),
        last_soc=_last([r.soc for r in readings]),
        is_complete=end is not None and not missing,
        missing=missing,
        doubts=frozenset(doubts),
        signed=tuple(dict.fromkeys(r.signed for r in readings if r.signed)),
    )


def in_order(events: Iterable[SessionEvent]) -> list[SessionEvent]:
    """The events that count, each once, in the session's own order."""
    return _one_per_key(events)[0]


def _one_per_key(events: Iterable[SessionEvent]) -> tuple[list[SessionEvent], bool]:
    """Each key once, in the session's own order; whether two different events shared a key.

    Of two that differ the smaller by content stays, so that the choice is the same in any order;
    when they arrived is no content.
    """
    kept: dict[str, SessionEvent] = {}
    has_conflict = False
    for event in events:
        other = kept.setdefault(event.key, event)
        if other is event:
            continue
        has_conflict |= _content(other) != _content(event)
        kept[event.key] = min(other, event, key=lambda e: (_content(e), e.received_at))
    return sorted(kept.values(), key=_order), has_conflict


def _content(event: SessionEvent) -> str:
    parts = (event.kind, event.seq, event.at, event.evse, event.connector, event.token)
    return repr((*parts, event.reason, event.state, event.is_offline, event.readings))


def _order(event: SessionEvent) -> tuple[int, dt.datetime, int, str]:
    """By number where there is one, else by time, start first and end last among equals."""
    if event.seq is not None:
        return (event.seq, event.at, _RANK[event.kind], event.key)
    return (0, event.at, _RANK[event.kind], event.key)


def readings_of(kept: Iterable[SessionEvent]) -> list[Reading]:
    """The readings of all events, in the order of their times."""
    return sorted((r for e in kept for r in e.readings), key=reading_order)


def reading_order(reading: Reading) -> tuple[dt.datetime, float, float]:
    """By time; among equals a register that rises comes in order."""
    return (reading.at, reading.import_wh or 0.0, reading.export_wh or 0.0)


def _missing(kept: Sequence[SessionEvent], *, has_ended: bool) -> tuple[int, ...]:
    """Numbers that did not come: from 0 to the highest one, up to the end where it is known."""
    numbers = {e.seq for e in kept if e.seq is not None}
    if not numbers:
        return ()
    ends = [e.seq for e in kept if e.kind is EventKind.ENDED and e.seq is not None]
    last = max(ends) if has_ended and ends else max(numbers)
    found = []
    for number in range(last):
        if number not in numbers:
            found.append(number)
            if len(found) == MOST_MISSING:
                break
    return tuple(found)


def _has_clock_error(kept: Sequence[SessionEvent]) -> bool:
    from_future = any(e.at > e.received_at + CLOCK_TOLERANCE for e in kept)
    numbered = [e for e in kept if e.seq is not None]
    backwards = any(b.at < a.at for a, b in itertools.pairwise(numbered))
    return from_future or backwards


def _rise(values: Sequence[float], doubts: set[Doubt]) -> float | None:
    """The sum of the rises of a register; a fall is told and counts for nothing."""
    if len(values) < 2:  # noqa: PLR2004 - a rise needs two readings
        return None
    total = 0.0  # one after the other, as `tail` does: the same to the last bit
    for step in (b - a for a, b in itertools.pairwise(values)):
        if step < 0:
            doubts.add(Doubt.METER_FELL)
        else:
            total += step
    return total


def _first(values: Iterable[_Value | None]) -> _Value | None:
    return next((v for v in values if v is not None), None)


def _last(values: Sequence[float | None]) -> float | None:
    return next((v for v in reversed(values) if v is not None), None)
