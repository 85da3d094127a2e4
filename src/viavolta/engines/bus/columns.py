"""A whole day planned by column generation: relaxation, bound, dive, and polishing by windows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.bus.day_graph import DayGraph
from viavolta.engines.bus.generation import Relaxation, dive, proven, relax
from viavolta.engines.bus.labels import VehicleDay, days_alone
from viavolta.engines.bus.polish import Windows, plan_cost, polish
from viavolta.engines.bus.shared import NO_DEPOT, Places, left_out, no_limit
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

_THIN_WAYS = 10
_THIN_GAP = 1e-5
_LEFT_OUT_VEHICLES = 10.0
"""What leaving a trip out costs in the search, in vehicles: no plan does it without need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thoroughness:
    """How hard to look: `gap` ends the relaxation, dive_rounds are pricings after each fixing."""

    gap: float
    max_rounds: int
    dive_rounds: int
    windows: Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """A plan and its proof: `bound` (-inf where none was reached) follows from `duals` (N,).

    duals: what each trip is worth, in the order of the problem's rows; the graph holds all. tolls
    (D,): what a place in each depot is worth beside that, 0 where depots have no limit. left_out:
    trips that found no vehicle within the limits; cost counts the others.
    """

    days: list[VehicleDay]
    cost: float
    bound: float
    duals: Floats
    tolls: Floats
    left_out: tuple[int, ...]
    was_stopped: bool


def column_plan(
    graph: DayGraph,
    first: Sequence[VehicleDay],
    vehicle_cost: float,
    thoroughness: Thoroughness,
    *,
    limits: Places | None = None,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
    stop_relaxing: StopRule | None = None,
) -> ColumnPlan:
    """Plan all trips of a graph; every trip must have a day that serves it alone.

    `first` is a plan to begin with; the result is never dearer. Costs are in the unit of ways.
    limits: what depots send out at most. The plan keeps within them, where need be by leaving
    trips out; the bound is one of all plans within them.
    Told to stop, linear programs and pricings are left where they are. `stop_relaxing` ends the
    relaxation alone, so that time is left to make a plan of it; by default both are one.

    Raises
    ------
    PeerError: the solver fails.
    """
    pool = [*(day for day in days_alone(graph) if day is not None), *first]
    limits = limits or no_limit()
    plan = list(first)
    if limits.left.size:
        plan = limits.fitting(first)
        served = {trip for day in plan for trip in day.trips}
        none = _LEFT_OUT_VEHICLES * vehicle_cost
        pool += [left_out(trip, none) for trip in graph.trips.tolist()]
        plan += [left_out(trip, none) for trip in graph.trips.tolist() if trip not in served]
    stop_early = stop if stop_relaxing is None else stop_relaxing
    relaxation = _relaxed(
        graph, pool, vehicle_cost, thoroughness, limits, progress=progress, stop=stop_early
    )
    was_stopped = stop_early() and not (relaxation and relaxation.is_done)
    duals, tolls, bound = np.zeros(graph.n_trips), np.zeros(graph.n_depots), -np.inf
    if relaxation is not None:
        progress(text("fixing blocks"), 0.0)
        rounds = thoroughness.dive_rounds
        dived = dive(graph, relaxation, vehicle_cost, max_rounds=rounds, limits=limits, stop=stop)
        plan = min(plan, dived or plan, key=lambda days: plan_cost(days, vehicle_cost))
        relaxation = proven(graph, relaxation, vehicle_cost, limits=limits, stop=stop)
        plan = polish(
            graph,
            plan,
            relaxation,
            vehicle_cost,
            thoroughness.windows,
            limits=limits,
            rng=rng,
            progress=progress,
            stop=stop,
        )
        duals[graph.trips] = relaxation.duals
        tolls = limits.of_depots(relaxation.tolls, graph.n_depots)
        bound = relaxation.bound if graph.is_complete else bound
    days = sorted(day for day in plan if day.depot != NO_DEPOT)
    return ColumnPlan(
        days=days,
        cost=plan_cost(days, vehicle_cost),
        bound=bound,
        duals=duals,
        tolls=tolls,
        left_out=tuple(sorted(day.trips[0] for day in plan if day.depot == NO_DEPOT)),
        was_stopped=was_stopped or stop(),
    )


def _relaxed(
    graph: DayGraph,
    pool: Sequence[VehicleDay],
    vehicle_cost: float,
    thoroughness: Thoroughness,
    limits: Places,
    *,
    progress: Progress,
    stop: StopRule,
) -> Relaxation | None:
    """First on a thin graph, whose pricing is quick, then on the whole.

    Stopped before the whole has a solution, that of the thin graph stands for it, without a bound.
    """
    progress(text("relaxation with few ways"), 0.0)
    thin = graph.thin(_THIN_WAYS, _THIN_WAYS, graph.arrays.cost)
    first = relax(
        thin,
        pool,
        vehicle_cost,
        gap=max(_THIN_GAP, thoroughness.gap),
        max_rounds=thoroughness.max_rounds,
        limits=limits,
        stop=stop,
    )
    if first is None:
        return None
    progress(text("relaxation with all ways"), 0.0)
    whole = relax(
        graph,
        first.days,
        vehicle_cost,
        gap=thoroughness.gap,
        max_rounds=thoroughness.max_rounds,
        centre=first.duals,
        limits=limits,
        stop=stop,
    )
    return whole or replace(first, bound=-np.inf, is_done=False)
