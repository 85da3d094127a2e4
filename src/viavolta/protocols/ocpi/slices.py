"""Periods of a session, cut where another element of a tariff may begin to hold."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_US = dt.timedelta(microseconds=1)
_FINEST_KWH = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A stretch of a session in which energy flows evenly.

    Attributes
    ----------
    start, end : UTC. energy_kwh : what the vehicle took; 0 or more.
    is_charging : else time at the plug without charging.
    power_kw, current_a : mean power, and current summed over phases; None where not known: then
        an element that asks for it does not hold.
    reservation : "RESERVATION", or "RESERVATION_EXPIRES" where nobody came; empty for a session.
    used_kwh, lasted_s : energy and seconds of the session before it; set by `sliced`.
    """

    start: dt.datetime
    end: dt.datetime
    energy_kwh: Decimal = Decimal(0)
    is_charging: bool = True
    power_kw: Decimal | None = None
    current_a: Decimal | None = None
    reservation: str = ""
    used_kwh: Decimal = Decimal(0)
    lasted_s: Decimal = Decimal(0)

    @property
    def seconds(self) -> Decimal:
        """How long it lasts, exact."""
        return Decimal((self.end - self.start) // _US) / 1_000_000

    def matching(self, elements: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Iterator[int]:
        """The indexes of the elements that hold at its start, in the order in which they count."""
        kinds = [self.reservation]
        if self.reservation == "RESERVATION_EXPIRES":
            kinds.append("RESERVATION")
        for kind in kinds:
            for index, element in enumerate(elements):
                rules = element.get("restrictions") or {}
                if (rules.get("reservation") or "") == kind and self._holds(rules, zone):
                    yield index

    def _holds(self, rules: Mapping[str, Any], zone: ZoneInfo) -> bool:
        local = self.start.astimezone(zone)
        days = rules.get("day_of_week") or _DAYS
        return (
            _DAYS[local.weekday()] in days
            and _in_hours(rules.get("start_time"), rules.get("end_time"), f"{local:%H:%M}")
            and (rules.get("start_date") or "") <= f"{local:%Y-%m-%d}"
            and f"{local:%Y-%m-%d}" < (rules.get("end_date") or "9999")
            and _between(self.used_kwh, rules, "kwh")
            and _between(self.lasted_s, rules, "duration")
            and _between(self.power_kw, rules, "power")
            and _between(self.current_a, rules, "current")
        )

    def cut(self, edge: "Edge") -> tuple["Slice", "Slice"]:
        """The parts before and after an edge within it; energy by time where the edge has none."""
        before = edge.energy_kwh
        if before is None:
            share = (edge.at - self.start) / (self.end - self.start)
            before = (self.energy_kwh * Decimal(share)).quantize(_FINEST_KWH)
        return (
            replace(self, end=edge.at, energy_kwh=before),
            replace(self, start=edge.at, energy_kwh=self.energy_kwh - before),
        )


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A moment within a slice, with the energy until then where the edge is one of energy."""

    at: dt.datetime
    energy_kwh: Decimal | None = field(default=None, compare=False)


def sliced(
    periods: Sequence[Slice], elements: Sequence[Mapping[str, Any]], *, zone: ZoneInfo
) -> Iterator[Slice]:
    """Periods in order of time, cut at hours, days, durations and energies of the elements."""
    rules = [element.get("restrictions") or {} for element in elements]
    used, lasted = Decimal(0), Decimal(0)
    for period in sorted(periods, key=lambda p: p.start):
        rest: Slice | None = replace(period, used_kwh=used, lasted_s=lasted)
        while rest is not None:
            edges = [e for e in _edges(rest, rules, zone) if rest.start < e.at < rest.end]
            part, rest = rest.cut(min(edges)) if edges else (rest, None)
            yield part
            if not part.reservation:
                used, lasted = used + part.energy_kwh, lasted + part.seconds
            if rest is not None:
                rest = replace(rest, used_kwh=used, lasted_s=lasted)


def _edges(part: Slice, rules: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Iterator[Edge]:
    """Moments at which the rules may say something else."""
    for moment in _times_of_day(part, rules, zone):
        yield Edge(moment)
    if part.reservation:
        return
    for seconds in _bounds(rules, "duration"):
        yield Edge(part.start + _span(seconds - part.lasted_s))
    for kwh in _bounds(rules, "kwh"):
        missing = kwh - part.used_kwh
        if 0 < missing < part.energy_kwh:
            at = part.start + _span(missing / part.energy_kwh * part.seconds)
            yield Edge(min(max(at, part.start + _US), part.end - _US), missing)


def _times_of_day(
    part: Slice, rules: Sequence[Mapping[str, Any]], zone: ZoneInfo
) -> Iterator[dt.datetime]:
    """Midnight and the hours of the rules; what comes twice when clocks go back, both times."""
    named = {rule.get(name) for rule in rules for name in ("start_time", "end_time")}
    day, last = part.start.astimezone(zone).date(), part.end.astimezone(zone).date()
    while day <= last:
        for clock in {"00:00", *named} - {None}:
            for fold in (0, 1):
                wall = dt.time.fromisoformat(str(clock)).replace(fold=fold)
                yield dt.datetime.combine(day, wall, tzinfo=zone).astimezone(dt.UTC)
        day += dt.timedelta(days=1)


def _bounds(rules: Sequence[Mapping[str, Any]], what: str) -> set[Decimal]:
    found = {rule.get(f"{end}_{what}") for rule in rules for end in ("min", "max")}
    return {Decimal(str(bound)) for bound in found - {None}}


def _span(seconds: Decimal) -> dt.timedelta:
    return dt.timedelta(microseconds=int((seconds * 1_000_000).to_integral_value()))


def _in_hours(start: str | None, end: str | None, clock: str) -> bool:
    """Whether a time of day lies between; a window that ends before it starts spans midnight."""
    if start is None or end is None:
        return (start or "00:00") <= clock < (end or "24:00")
    return start <= clock < end if start < end else clock >= start or clock < end


def _between(value: Decimal | None, rules: Mapping[str, Any], what: str) -> bool:
    least, most = rules.get(f"min_{what}"), rules.get(f"max_{what}")
    if least is None and most is None:
        return True
    if value is None:
        return False
    is_enough = least is None or value >= Decimal(str(least))
    return is_enough and (most is None or value < Decimal(str(most)))
