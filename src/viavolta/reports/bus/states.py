"""What each bus does in each step of the repeating day, counted from the tables."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.numbers import DAY_S, HOUR_S

STEP_S = 300
"""Length of a step, seconds; divides the day."""

STATES = ("parked", "charging", "waiting", "empty", "driving")
"""In the order of precedence: where two touch the same step, the later one counts."""

_PARKED, _CHARGING, _WAITING, _EMPTY, _DRIVING = range(5)
_STATE_OF_KIND = {
    "charge": _CHARGING,
    "layover": _WAITING,
    "deadhead": _EMPTY,
    "pull_out": _EMPTY,
    "pull_in": _EMPTY,
    "trip": _DRIVING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDay:
    """Buses by state and step; `counts[state]` has shape (DAY_S / STEP_S,)."""

    first_s: int
    n_vehicles: int
    counts: dict[str, NDArray[np.int64]]


def fleet_day(facts: BusFacts) -> FleetDay | None:
    """Count the states of all vehicles, from an hour before the first pull-out on for 24 hours.

    The plan repeats daily, so activities beyond the window are folded back by whole days. Where
    the schedule is there, charging is what it draws; otherwise the charge activities of the blocks.
    """
    blocks, vehicles = facts.table("blocks"), facts.table("vehicles")
    if blocks is None or vehicles is None:
        return None
    row = {v: i for i, v in enumerate(vehicles["vehicle_id"].to_list())}
    first_s = (int(blocks["start_s"].to_numpy().min()) // HOUR_S - 1) * HOUR_S
    state = np.full((len(row), DAY_S // STEP_S), _PARKED, dtype=np.int8)
    drawn = _drawn_power(facts)
    for vehicle, start_s, end_s in drawn:
        if vehicle in row:
            _paint(state[row[vehicle]], start_s - first_s, end_s - first_s, _CHARGING)
    activities = blocks.select("vehicle_id", "kind", "start_s", "end_s").iter_rows()
    for vehicle, kind, start_s, end_s in activities:
        code = _STATE_OF_KIND.get(str(kind), _WAITING)
        if vehicle in row and not (code == _CHARGING and drawn):
            _paint(state[row[vehicle]], start_s - first_s, end_s - first_s, code)
    return FleetDay(
        first_s=first_s,
        n_vehicles=len(row),
        counts={name: (state == code).sum(axis=0) for code, name in enumerate(STATES)},
    )


def _paint(steps: NDArray[np.int8], start_s: float, end_s: float, code: int) -> None:
    """Set a state where it is stronger, for steps whose middle lies in [start, end)."""
    n = len(steps)
    first = int(np.ceil(start_s / STEP_S - 0.5))
    last = int(np.ceil(end_s / STEP_S - 0.5))
    places = np.arange(first, min(last, first + n)) % n
    steps[places] = np.maximum(steps[places], code)


def _drawn_power(facts: BusFacts) -> list[tuple[str, float, float]]:
    """Intervals in which a vehicle draws power: vehicle_id, start and end on the service day."""
    stays, schedule = facts.table("stays"), facts.table("schedule")
    day_start = _day_start(facts)
    step_s = facts.number("step_s")
    if stays is None or schedule is None or day_start is None or step_s is None:
        return []
    zero = pl.lit(day_start).dt.replace_time_zone(None)
    start = pl.col("start").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    rows = (
        schedule.filter(pl.col("power_kw") > 0)
        .join(stays.select("stay_id", "vehicle_id").unique("stay_id"), on="stay_id")
        .select("vehicle_id", ((start - zero).dt.total_seconds()).alias("s"))
        .sort("vehicle_id", "s")
    )
    return [(str(v), float(s), float(s) + step_s) for v, s in rows.iter_rows()]


def _day_start(facts: BusFacts) -> dt.datetime | None:
    """00:00 of the service day as an aware time in UTC."""
    value = facts.study.summary.get("day_start_utc")
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, dt.datetime):
        return None
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
