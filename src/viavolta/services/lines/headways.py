"""From stated headways to departures, and from a path to the times along it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from viavolta.catalogue import Assumptions
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text

MAX_HEADWAY_MIN = 1440.0
_LATEST_S = 30 * 3600
_PERIOD = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})=(\d{1,4}(?:\.\d{1,4})?)")
_MINUTES = re.compile(r"\d{1,4}(?:\.\d{1,4})?")
_EXAMPLE = "--headway 10, --headway 5=20, --headway 1=06:00-09:00=8,09:00-20:00=12, --headway 7=off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A part of the day with one headway; half-open, in seconds of the service day."""

    start_s: int
    end_s: int
    headway_s: float


Plan = tuple[Period, ...]
"""Periods of one line in order; empty: the line is left out on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headways:
    """Stated headways: `by_ref` for single lines, `others` for the rest (None: not stated)."""

    by_ref: Mapping[str, Plan]
    others: Plan | None

    def plan(self, ref: str) -> Plan | None:
        """Get the periods of a line; empty where it is off, None where nothing was stated."""
        return self.by_ref.get(ref, self.others)


def read_headways(values: Sequence[str], assumptions: Assumptions) -> Headways:
    """Read `--headway` values; without any, the catalogue's day of a town line.

    Each value is `[REF=]MINUTES`, `[REF=]HH:MM-HH:MM=MINUTES[,...]` or `REF=off`.

    Raises
    ------
    UsageError: a value that is none of these, overlapping periods, one line stated twice.
    """
    if not values:
        return Headways(by_ref={}, others=_usual_day(assumptions))
    by_ref: dict[str, Plan] = {}
    others: Plan | None = None
    for value in values:
        ref, plan = _read_value(value, assumptions)
        if ref in by_ref or (ref is None and others is not None):
            raise _bad(value, text("stated twice"))
        if ref is None:
            others = plan
        else:
            by_ref[ref] = plan
    return Headways(by_ref=by_ref, others=others)


def departures(plan: Plan) -> list[int]:
    """Departure times in seconds: the first period opens, each bus follows after its headway.

    A headway is that of the period in which the bus before left; after a pause the next period
    opens anew.
    """
    times: list[int] = []
    next_s = 0.0
    for period in plan:
        next_s = max(next_s, float(period.start_s))
        while next_s < period.end_s:
            times.append(math.floor(next_s + 0.5))
            next_s += period.headway_s
    return times


def leg_times(
    call_km: Sequence[float], *, speed_kmh: float, dwell_s: float, max_driving_kmh: float
) -> list[tuple[int, int]]:
    """Arrival and departure at each call, in seconds after the first departure.

    The whole trip takes length / speed, dwells at the stops between included, but no leg is driven
    faster than max_driving_kmh. Times grow by at least one second from stop to stop.
    """
    total_s = call_km[-1] / speed_kmh * 3600
    dwells_s = dwell_s * (len(call_km) - 2)
    fastest_s = call_km[-1] / max_driving_kmh * 3600
    s_per_km = max(total_s - dwells_s, fastest_s) / call_km[-1]
    times = [(0, 0)]
    exact_s = 0.0
    for i in range(1, len(call_km)):
        exact_s += (call_km[i] - call_km[i - 1]) * s_per_km
        arrival = max(math.floor(exact_s + 0.5), times[-1][1] + 1)
        exact_s += dwell_s if i < len(call_km) - 1 else 0.0
        times.append((arrival, max(arrival, math.floor(exact_s + 0.5))))
    last = times[-1][0]
    return [*times[:-1], (last, last)]


def clock(seconds: int) -> str:
    """HH:MM:SS as GTFS writes it, past 24:00 where the service day goes on."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _read_value(value: str, assumptions: Assumptions) -> tuple[str | None, Plan]:
    ref: str | None = None
    rest = value.strip()
    if "=" in rest and not _PERIOD.match(rest):
        ref, rest = (part.strip() for part in rest.split("=", 1))
        if not ref:
            raise _bad(value, text("no line before ="))
    if rest == "off" and ref is not None:
        return ref, ()
    if _MINUTES.fullmatch(rest):
        return ref, _whole_day(value, rest, assumptions)
    return ref, _periods(value, rest)


def _whole_day(value: str, minutes: str, assumptions: Assumptions) -> Plan:
    first_s = round(assumptions.number("lines.first_departure_h") * 3600)
    last_s = round(assumptions.number("lines.last_departure_h") * 3600)
    return (Period(start_s=first_s, end_s=last_s, headway_s=_headway_s(value, minutes)),)


def _periods(value: str, rest: str) -> Plan:
    plan: list[Period] = []
    for part in rest.split(","):
        found = _PERIOD.fullmatch(part.strip())
        if found is None:
            raise _bad(value, text("{part!r} is not a period with minutes", part=part[:40]))
        h1, m1, h2, m2, minutes = found.groups()
        start_s, end_s = (int(h) * 3600 + int(m) * 60 for h, m in ((h1, m1), (h2, m2)))
        if max(int(m1), int(m2)) > 59 or not start_s < end_s <= _LATEST_S:  # noqa: PLR2004 - clock
            raise _bad(value, text("{part!r} does not end after it begins, by 30:00", part=part))
        if plan and start_s < plan[-1].end_s:
            raise _bad(value, text("{part!r} begins before the period before it ends", part=part))
        headway_s = _headway_s(value, minutes)
        plan.append(Period(start_s=start_s, end_s=end_s, headway_s=headway_s))
    return tuple(plan)


def _headway_s(value: str, minutes: str) -> float:
    if not 1 <= float(minutes) <= MAX_HEADWAY_MIN:
        raise _bad(value, text("a headway is 1 to 1440 minutes"))
    return float(minutes) * 60


def _usual_day(assumptions: Assumptions) -> Plan:
    peak, day, evening = (
        assumptions.number(f"lines.headway_{part}_min") * 60 for part in ("peak", "day", "evening")
    )
    hours = ((6, 9, peak), (9, 16, day), (16, 19, peak), (19, 22, evening))
    return tuple(Period(start_s=a * 3600, end_s=b * 3600, headway_s=h) for a, b, h in hours)


def _bad(value: str, why: str) -> UsageError:
    return UsageError(
        code="bad-headway",
        message=text("--headway {value} cannot be read: {why}", value=value[:200], why=why),
        where=Where(field="--headway", value=value[:200]),
        expected=text("MINUTES, or HH:MM-HH:MM=MINUTES,..., for one line with REF= before it"),
        hint=text("for instance {example}", example=_EXAMPLE),
    )
