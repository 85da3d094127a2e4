"""Energy by the hour, from readings of a register."""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from viavolta.model.session import Reading

HOUR = dt.timedelta(hours=1)
MOST_HOURS = 24 * 14
"""A rise over a longer time than this is counted in its last hour."""


@dataclass(slots=True, kw_only=True)
class Hour:
    """What passed within an hour: energy in and out (kWh), and the highest power (kW)."""

    energy_kwh: float = 0.0
    discharged_kwh: float = 0.0
    max_kw: float | None = None

    def add(self, other: "Hour") -> None:
        """Add what passed within the same hour."""
        self.energy_kwh += other.energy_kwh
        self.discharged_kwh += other.discharged_kwh
        powers = [p for p in (self.max_kw, other.max_kw) if p is not None]
        self.max_kw = max(powers, default=None)


Hours = dict[dt.datetime, Hour]


def hour_of(moment: dt.datetime) -> dt.datetime:
    """The beginning of the hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hours_of(readings: Iterable[Reading]) -> Hours:
    """Hours from readings in order; falls of a register count for nothing, as in `fold`."""
    found: Hours = defaultdict(Hour)
    known = list(readings)
    for earlier, later in itertools.pairwise(r for r in known if r.import_wh is not None):
        rise = (later.import_wh or 0.0) - (earlier.import_wh or 0.0)
        for hour, kwh in spread(earlier.at, later.at, rise / 1000.0):
            found[hour].energy_kwh += kwh
    for earlier, later in itertools.pairwise(r for r in known if r.export_wh is not None):
        rise = (later.export_wh or 0.0) - (earlier.export_wh or 0.0)
        for hour, kwh in spread(earlier.at, later.at, rise / 1000.0):
            found[hour].discharged_kwh += kwh
    for reading in known:
        if reading.power_w is not None:
            found[hour_of(reading.at)].add(Hour(max_kw=reading.power_w / 1000.0))
    return dict(found)


def spread(
    start: dt.datetime, end: dt.datetime, energy_kwh: float
) -> list[tuple[dt.datetime, float]]:
    """Spread energy evenly over a time, by the hour (kWh); nothing where there is none."""
    if energy_kwh <= 0:
        return []
    first, last = hour_of(start), hour_of(end)
    if first == last or (end - start) > MOST_HOURS * HOUR:
        return [(last, energy_kwh)]
    kw = energy_kwh / ((end - start) / HOUR)
    parts = []
    hour = first
    while hour < end:
        within = min(end, hour + HOUR) - max(start, hour)
        parts.append((hour, kw * (within / HOUR)))
        hour += HOUR
    return parts
