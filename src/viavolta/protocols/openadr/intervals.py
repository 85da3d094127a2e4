"""When the intervals of an event begin and end, and whom an event is for."""

import datetime as dt
import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viavolta.protocols.openadr.duration import ENDLESS, duration_of

FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)
NO_PRIORITY = 2**31
NOW = frozenset(
    f"{day}{time}"
    for day in ("0000-00-00", "0000-01-01", "0001-01-01")
    for time in ("", "T00:00:00", "T00:00:00Z")
)
"""What OpenADR 3 writes for a start at once, in its versions."""

_AT_ONCE = dt.timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval with its times (UTC, half-open) and its payloads."""

    start: dt.datetime
    end: dt.datetime
    payloads: tuple[Mapping[str, Any], ...]


def spans_of(
    event: Mapping[str, Any], *, received_at: dt.datetime, target: str = ""
) -> Iterator[Span]:
    """Each interval with its own times, or with those that follow the one before.

    `received_at` (UTC) stands for a start that says "now". A duration of zero, the standard's
    default, has no end. Where the event asks for a random start, it begins later by a share of that
    time which is always the same for this event and `target`.

    Raises
    ------
    ValueError: a time or duration that is none; a duration of the event itself, which is not read.
    """
    if event.get("duration") is not None:
        msg = "an event's own duration is not understood; give durations to its intervals"
        raise ValueError(msg)
    common = event.get("intervalPeriod") or {}
    start = _start(common, received_at)
    delay = random_delay(event, target)
    for interval in event.get("intervals") or ():
        own = interval.get("intervalPeriod") or {}
        begin = _start(own, received_at) if own else start
        if begin is None:
            msg = "an interval has no start, neither of its own nor of the event"
            raise ValueError(msg)
        length = duration_of(own.get("duration") or common.get("duration") or ENDLESS)
        start = _later(begin, length) if length else FOREVER
        yield Span(
            start=_later(begin, delay),
            end=_later(start, delay),
            payloads=tuple(interval.get("payloads") or ()),
        )


def speaks_of(event: Mapping[str, Any], kinds: Container[str]) -> bool:
    """Whether an event has a payload of one of some types."""
    return any(
        payload.get("type") in kinds
        for interval in event.get("intervals") or ()
        for payload in interval.get("payloads") or ()
    )


def random_delay(event: Mapping[str, Any], target: str) -> dt.timedelta:
    """How much later an event with `randomizeStart` begins for a target.

    Raises
    ------
    ValueError: a duration that is none, or one without end or below zero.
    """
    words = (event.get("intervalPeriod") or {}).get("randomizeStart")
    longest = _AT_ONCE if words is None else duration_of(words)
    if longest is None or longest < _AT_ONCE:
        msg = f"randomizeStart of {str(words)[:40]!r}; expected a duration of zero or more"
        raise ValueError(msg)
    digest = hashlib.sha256(f"{event.get('id', '')}\0{target}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return dt.timedelta(seconds=int(longest.total_seconds() * share))


def targets_of(content: Mapping[str, Any]) -> list[str]:
    """Names, from lists of names (3.1) or of types with values (3.0); none for everybody."""
    names: list[str] = []
    for target in content.get("targets") or ():
        if isinstance(target, str):
            names.append(target)
        else:
            names += [str(value) for value in target.get("values", ())]
    return names


def priority_of(event: Mapping[str, Any]) -> int:
    """The number of an event's priority, 0 the highest; an event without one comes last."""
    priority = event.get("priority")
    return NO_PRIORITY if priority is None else int(priority)


def value_of(payload: Mapping[str, Any]) -> float:
    """The one number of a payload.

    Raises
    ------
    ValueError: not one number.
    """
    values: Sequence[Any] = payload.get("values") or ()
    if len(values) != 1 or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        msg = f"{payload.get('type')} holds {str(list(values))[:40]}; expected one number"
        raise ValueError(msg)
    return float(values[0])


def _later(moment: dt.datetime, by: dt.timedelta) -> dt.datetime:
    if moment == FOREVER:
        return FOREVER
    try:
        return moment + by
    except OverflowError as error:
        msg = "a time beyond the year 9999; an end without end is P9999Y"
        raise ValueError(msg) from error


def _start(period: Mapping[str, Any], received_at: dt.datetime) -> dt.datetime | None:
    words = period.get("start")
    return None if words is None else moment_of(words, received_at)


def moment_of(words: Any, received_at: dt.datetime) -> dt.datetime:
    """A time of ISO 8601 in UTC; without a zone it is UTC; "now" is when it was received.

    Raises
    ------
    ValueError: it is none.
    """
    if words in NOW:
        return received_at
    try:
        moment = dt.datetime.fromisoformat(words)
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{str(words)[:40]!r} is no time of ISO 8601"
        raise ValueError(msg) from error
