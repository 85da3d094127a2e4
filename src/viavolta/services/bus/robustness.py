"""How sure the plan is: each block driven through many drawn days, and what its chance hangs on.

The blocks, points and powers are those of the plan. `engines/bus/robustness.py` says what is drawn.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.engines.bus.blocks import Kind
from viavolta.engines.bus.points import points_needed
from viavolta.engines.bus.problem import BlockArrays, Longs
from viavolta.engines.bus.robustness import (
    NO_POINT_FAILED,
    BlockDraws,
    DayShape,
    DayTemperatures,
    DrawnDays,
    HeldPoint,
    Outcome,
    Spread,
    block_draws,
    day_needs,
    day_shape,
    drawn_days,
    outcome,
    waits_s,
)
from viavolta.engines.energy.cabin import cooling_kw, heating_kw
from viavolta.engines.energy.climate import service_means_c
from viavolta.engines.energy.driving import deadhead_energy_kwh
from viavolta.formats.weather import read_weather
from viavolta.model.climate import DesignDays
from viavolta.model.trip import Floats
from viavolta.services.bus.fleet import Bus, FleetPlan, Planner, trip_energies_kwh
from viavolta.services.bus.request import BusRequest
from viavolta.services.bus.tables import block_id, vehicle_id

Bools = NDArray[np.bool_]
EFFORT_SHARE = {"low": 0.25, "normal": 1.0, "high": 4.0}
LEAST_DRAWS, MOST_DRAWS = 10, 100_000
KNOT_STEP_C = 2.5
"""Energies are worked out at temperatures this far apart, and interpolated between them."""
LOW_QUANTILE = 0.05
FELT_SHARE = 0.001
"""Of the capacity: what a driver of risk must change to be named."""
HOUR_S = 3600.0
AT_REST = (Kind.LAYOVER, Kind.CHARGE)
SCHEMA = {
    "block_id": pl.String,
    "vehicle_id": pl.String,
    "draws": pl.Int64,
    "finished": pl.Int64,
    "chance": pl.Float64,
    "standard_error": pl.Float64,
    "not_empty": pl.Int64,
    "finished_design_day": pl.Int64,
    "chance_design_day": pl.Float64,
    "lowest_p05_kwh": pl.Float64,
    "lowest_planned_kwh": pl.Float64,
    "reserve_kwh": pl.Float64,
    "driver": pl.String,
    "driver_design_day": pl.String,
    "first_short_seq": pl.Int64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """How sure the plan is: a row per block, and the fleet as a whole."""

    table: pl.DataFrame
    fleet: dict[str, Any]


def standard_error(successes: int, draws: int) -> float:
    """Standard error of a chance found by drawing; never zero.

    The standard deviation of the chance after `successes` of `draws`, when every chance was as
    likely before (Laplace): that of Beta(successes + 1, draws - successes + 1).
    """
    p = (successes + 1) / (draws + 2)
    return math.sqrt(p * (1.0 - p) / (draws + 3))


def year_temperatures(request: BusRequest, climate: DesignDays) -> DayTemperatures:
    """The days of the weather file, or a year drawn through the design days of the climate.

    Without a file: the design days are the ends, and each of the three days of the year lies in
    the middle of the days that it stands for.
    """
    if request.weather is not None:
        days = np.sort(service_means_c(read_weather(request.weather).temperature_c))
        return DayTemperatures(levels=(np.arange(days.size) + 0.5) / days.size, temperature_c=days)
    total = climate.days_winter + climate.days_mean + climate.days_summer
    middles = [
        climate.days_winter / 2.0,
        climate.days_winter + climate.days_mean / 2.0,
        total - climate.days_summer / 2.0,
    ]
    temperatures = [
        climate.winter_design_c,
        climate.winter_c,
        climate.mean_c,
        climate.summer_c,
        climate.summer_design_c,
    ]
    return DayTemperatures(
        levels=np.array([0.0, *middles, total]) / total,
        temperature_c=np.maximum.accumulate(temperatures),
    )


def robustness_of(
    planner: Planner,
    plan: FleetPlan,
    *,
    seed: int,
    year: DayTemperatures,
    added_reserve_share: float = 0.0,
) -> Robustness:
    """Drive every block of the plan through drawn days of `year`.

    added_reserve_share: of the capacity, what the plan kept back beside the reserve that counts.
    """
    spread = Spread(
        driving_share=planner.number("robustness.driving_spread_share"),
        trip_share=planner.number("robustness.trip_spread_share"),
        delay_share=planner.number("robustness.delay_share"),
        day_share=planner.number("robustness.day_spread_share"),
    )
    share = EFFORT_SHARE[planner.effort]
    n = round(min(max(planner.number("robustness.draws") * share, LEAST_DRAWS), MOST_DRAWS))
    points = _points(plan) if planner.number("robustness.failed_points") >= 1.0 else []
    days = drawn_days(seed, n, points)
    energies = _Energies(planner, plan, year.drawn_c(days.day_u), float(np.dot(*_weights(year))))
    rows, found = [], []
    for k, (bus, waits) in enumerate(zip(plan.buses, _waits(planner, plan), strict=True)):
        driven = _Driven(
            planner,
            plan,
            bus,
            waits,
            days=days,
            spread=spread,
            energies=energies,
            added_reserve_share=added_reserve_share,
        )
        rows.append(driven.row(k))
        found.append(driven.outcomes)
    return Robustness(
        table=pl.DataFrame(rows, schema=SCHEMA), fleet=_fleet(found, n, has_failed=bool(points))
    )


def _weights(year: DayTemperatures) -> tuple[Floats, Floats]:
    """Shares of the year and their mean temperatures, whose product is the mean of the year."""
    at = np.concatenate([[0.0], year.levels, [1.0]])
    c = year.drawn_c(at)
    return np.diff(at), (c[1:] + c[:-1]) / 2.0


def _points(plan: FleetPlan) -> list[tuple[int, int]]:
    """Points of each place where buses of the plan charge: (node, how many)."""
    at: dict[int, list[tuple[float, float]]] = {}
    for bus in plan.buses:
        for stay in bus.block.stays:
            at.setdefault(stay.node, []).append((stay.arrival_s, stay.departure_s))
    return [(node, points_needed(held)) for node, held in sorted(at.items())]


def _waits(planner: Planner, plan: FleetPlan) -> list[list[float]]:
    """How long each stay of each bus waits while one point of its place is out of order."""
    plug_s = planner.number("planning.plug_s")
    waits = [[0.0] * len(bus.block.stays) for bus in plan.buses]
    for node, n in _points(plan):
        where = [
            (k, s)
            for k, bus in enumerate(plan.buses)
            for s, stay in enumerate(bus.block.stays)
            if stay.node == node
        ]
        held = []
        for k, s in where:
            stay = plan.buses[k].block.stays[s]
            full_s = plug_s + stay.energy_kwh / max(stay.allowed_kw, 1e-9) * HOUR_S
            held.append(
                HeldPoint(
                    arrival_s=stay.arrival_s,
                    departure_s=stay.departure_s,
                    charging_s=min(full_s, stay.departure_s - stay.arrival_s),
                    name=_key(planner, plan, plan.buses[k]),
                )
            )
        for (k, s), wait in zip(where, waits_s(held, n - 1), strict=True):
            waits[k][s] = wait
    return waits


def _key(planner: Planner, plan: FleetPlan, bus: Bus) -> str:
    """Name a block by the trips it drives."""
    ids = planner.network.trips.trip_id
    return "\n".join(ids[plan.rows[trip]] for trip in bus.chain.trips)


class _Energies:
    """Energies of activities at a few temperatures, interpolated to those of the drawn days."""

    def __init__(self, planner: Planner, plan: FleetPlan, drawn_c: Floats, mean_c: float) -> None:
        low, high = min(drawn_c.min(), mean_c), max(drawn_c.max(), mean_c)
        n_knots = max(2, math.ceil((high - low) / KNOT_STEP_C) + 1)
        self._knots_c = np.linspace(low, high, n_knots)
        self.drawn_c, self.mean_c = drawn_c, np.full(drawn_c.size, mean_c)
        self._network, self._rows = planner.network, plan.rows
        types = {bus.driver.bus.vehicle_type: bus.driver.bus for bus in plan.buses}
        self._trips_kwh = {
            name: np.array(
                [trip_energies_kwh(planner.network, bus, float(c)) for c in self._knots_c]
            )
            for name, bus in types.items()
        }

    def at_knots_kwh(self, bus: Bus) -> Floats:
        """Energy of each activity of a block at each of the temperatures worked out (K, A)."""
        rows = [row for row in bus.block.activities if row.kind not in AT_REST]
        trip = np.array([row.trip for row in rows], dtype=np.int64)
        here = np.array([row.from_node for row in rows], dtype=np.int64)
        there = np.array([row.to_node for row in rows], dtype=np.int64)
        ways, kind = self._network.deadheads, bus.driver.bus
        km, seconds = ways.distance_km[here, there], ways.duration_s[here, there]
        drives = np.array([row.kind not in AT_REST for row in bus.block.activities])
        trips_kwh = self._trips_kwh[kind.vehicle_type][:, self._rows[trip]]
        at = np.zeros((self._knots_c.size, drives.size))
        for knot, c in enumerate(self._knots_c):
            way_kwh = deadhead_energy_kwh(
                kind,
                temperature_c=float(c),
                distance_km=km,
                duration_s=seconds,
                climb_m=ways.climb_m[here, there],
                descent_m=ways.descent_m[here, there],
            )
            at[knot, drives] = np.where(trip >= 0, trips_kwh[knot], way_kwh)
        return at

    def on_days_kwh(self, at_knots_kwh: Floats, days_c: Floats) -> Floats:
        """The same on days of these temperatures (N, A)."""
        place = np.interp(days_c, self._knots_c, np.arange(self._knots_c.size, dtype=np.float64))
        below = np.minimum(place.astype(np.int64), self._knots_c.size - 2)
        part = (place - below)[:, None]
        return np.asarray(at_knots_kwh[below] * (1.0 - part) + at_knots_kwh[below + 1] * part)

    def idle_kw(self, bus: Bus, days_c: Floats) -> Floats:
        """What a bus draws at a standstill on days of these temperatures (N,)."""
        return np.interp(days_c, self._knots_c, [_idle_kw(bus, float(c)) for c in self._knots_c])


def _idle_kw(bus: Bus, temperature_c: float) -> float:
    kind = bus.driver.bus
    cabin_kw = heating_kw(kind, temperature_c) + cooling_kw(kind, temperature_c)
    return kind.auxiliary_kw + float(cabin_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcomes:
    """Whether a block keeps its reserve, and never runs empty, on each of N drawn days (N,)."""

    finished: Bools
    not_empty: Bools
    finished_design_day: Bools


class _Driven:
    """One block on all drawn days."""

    def __init__(
        self,
        planner: Planner,
        plan: FleetPlan,
        bus: Bus,
        waits: Sequence[float],
        *,
        days: DrawnDays,
        spread: Spread,
        energies: _Energies,
        added_reserve_share: float,
    ) -> None:
        problem = bus.driver.problem
        self._bus, self._days, self._spread, self._energies = bus, days, spread, energies
        arrays = problem.arrays(bus.driver.battery)
        added = added_reserve_share * bus.driver.bus.capacity_kwh
        self._arrays: BlockArrays = arrays._replace(soc_min_kwh=arrays.soc_min_kwh - added)
        self._shape: DayShape = day_shape(
            bus.block, waits_s=waits, plug_s=problem.plug_s, arrays=self._arrays
        )
        self._draws: BlockDraws = block_draws(
            days, _key(planner, plan, bus), len(bus.block.activities)
        )
        self._at_knots_kwh = energies.at_knots_kwh(bus)
        self._sizing_kwh = np.array([row.energy_kwh for row in bus.block.activities])
        self._sizing_idle_kw = _idle_kw(bus, plan.sizing_c)
        self.year = self._on(energies.drawn_c)
        self.design_day = self._on(None)
        self.outcomes = _Outcomes(
            finished=self.year.first_short < 0,
            not_empty=self.year.lowest_kwh >= 0.0,
            finished_design_day=self.design_day.first_short < 0,
        )

    def _on(
        self,
        days_c: Floats | None,
        spread: Spread | None = None,
        failed_node: Longs | None = None,
    ) -> Outcome:
        """The drawn days at these temperatures; None: each as cold or hot as the sizing day."""
        n = self._days.n
        if days_c is None:
            energy: Floats = np.broadcast_to(self._sizing_kwh, (n, self._sizing_kwh.size))
            idle = np.full(n, self._sizing_idle_kw)
        else:
            energy = self._energies.on_days_kwh(self._at_knots_kwh, days_c)
            idle = self._energies.idle_kw(self._bus, days_c)
        need = day_needs(
            self._shape,
            self._draws,
            self._days,
            self._spread if spread is None else spread,
            energy_kwh=energy,
            idle_kw=idle,
        )
        failed = self._days.failed_node if failed_node is None else failed_node
        return outcome(self._shape, need, failed, self._arrays)

    def _without(self, days_c: Floats | None) -> Iterator[tuple[str, Outcome]]:
        """The same days with one driver of risk taken away at a time."""
        if days_c is not None:
            yield "cold", self._on(self._energies.mean_c)
        yield "driving", self._on(days_c, replace(self._spread, driving_share=0.0))
        yield "traffic", self._on(days_c, replace(self._spread, trip_share=0.0, delay_share=0.0))
        nothing = np.full(self._days.n, NO_POINT_FAILED, dtype=np.int64)
        yield "failed_point", self._on(days_c, None, nothing)

    def _driver(self, here: Outcome, days_c: Floats | None) -> str | None:
        """What lifts the chance most when it is taken away; where none does, the lowest charge."""
        felt_kwh = FELT_SHARE * self._bus.driver.bus.capacity_kwh
        best, best_gain = None, (0, felt_kwh)
        for name, other in self._without(days_c):
            finished = int((other.first_short < 0).sum() - (here.first_short < 0).sum())
            gain = (finished, _low(other) - _low(here))
            if gain > best_gain:
                best, best_gain = name, gain
        return best

    def row(self, k: int) -> dict[str, object]:
        """The block's row of the table."""
        n, finished = self._days.n, int(self.outcomes.finished.sum())
        first = Counter(self.year.first_short[~self.outcomes.finished].tolist())
        at_design = int(self.outcomes.finished_design_day.sum())
        return {
            "block_id": block_id(k),
            "vehicle_id": vehicle_id(k),
            "draws": n,
            "finished": finished,
            "chance": finished / n,
            "standard_error": standard_error(finished, n),
            "not_empty": int(self.outcomes.not_empty.sum()),
            "finished_design_day": at_design,
            "chance_design_day": at_design / n,
            "lowest_p05_kwh": _low(self.year),
            "lowest_planned_kwh": min(
                min(row.soc_start_kwh, row.soc_end_kwh) for row in self._bus.block.activities
            ),
            "reserve_kwh": self._arrays.soc_min_kwh,
            "driver": self._driver(self.year, self._energies.drawn_c),
            "driver_design_day": self._driver(self.design_day, None),
            "first_short_seq": min(first, key=lambda at: (-first[at], at)) + 1 if first else None,
        }


def _low(outcome_: Outcome) -> float:
    return float(np.quantile(outcome_.lowest_kwh, LOW_QUANTILE))


def _fleet(found: Sequence[_Outcomes], n: int, *, has_failed: bool) -> dict[str, Any]:
    """The fleet on the same days: on how many all buses finish, and how many fall short."""
    short = np.sum([~one.finished for one in found], axis=0)
    short_design = np.sum([~one.finished_design_day for one in found], axis=0)
    empty = np.sum([~one.not_empty for one in found], axis=0)
    all_finish = int((short == 0).sum())
    return {
        "draws": n,
        "failed_points": int(has_failed),
        "days_all_finish": all_finish,
        "chance_all": all_finish / n,
        "standard_error_all": standard_error(all_finish, n),
        "chance_all_design_day": float((short_design == 0).mean()),
        "chance_none_empty": float((empty == 0).mean()),
        "blocks_short_mean": float(short.mean()),
        "blocks_short_design_day_mean": float(short_design.mean()),
        "blocks_empty_mean": float(empty.mean()),
    }
