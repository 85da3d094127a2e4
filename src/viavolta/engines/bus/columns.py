"""A whole day planned by column generation: relaxation, bound, dive, and polishing by windows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.engines.bus.day_graph import DayGraph
from viavolta.engines.bus.generation import Relaxation, dive, proven, relax
from viavolta.engines.bus.labels import VehicleDay, days_alone
from viavolta.engines.bus.polish import Windows, plan_cost, polish
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

_THIN_WAYS = 10
_THIN_GAP = 1e-5


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

    duals: what each trip is worth, in the order of the problem's rows; the graph holds all.
    """

    days: list[VehicleDay]
    cost: float
    bound: float
    duals: Floats
    was_stopped: bool


def column_plan(
    graph: DayGraph,
    first: Sequence[VehicleDay],
    vehicle_cost: float,
    thoroughness: Thoroughness,
    *,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
) -> ColumnPlan:
    """Plan all trips of a graph; every trip must have a day that serves it alone.

    `first` is a plan to begin with; the result is never dearer. Costs are in the unit of ways.

    Raises
    ------
    PeerError: the solver fails.
    """
    pool = [*(day for day in days_alone(graph) if day is not None), *first]
    relaxation = _relaxed(graph, pool, vehicle_cost, thoroughness, progress=progress, stop=stop)
    relaxation = proven(graph, relaxation, vehicle_cost)
    progress(text("fixing blocks"), 0.0)
    plan = list(first)
    dived = dive(graph, relaxation, vehicle_cost, max_rounds=thoroughness.dive_rounds, stop=stop)
    plan = min(plan, dived, key=lambda days: plan_cost(days, vehicle_cost))
    plan = polish(
        graph,
        plan,
        relaxation,
        vehicle_cost,
        thoroughness.windows,
        rng=rng,
        progress=progress,
        stop=stop,
    )
    duals = np.empty(graph.n_trips)
    duals[graph.trips] = relaxation.duals
    return ColumnPlan(
        days=sorted(plan),
        cost=plan_cost(plan, vehicle_cost),
        bound=relaxation.bound if graph.is_complete else -np.inf,
        duals=duals,
        was_stopped=stop(),
    )


def _relaxed(
    graph: DayGraph,
    pool: Sequence[VehicleDay],
    vehicle_cost: float,
    thoroughness: Thoroughness,
    *,
    progress: Progress,
    stop: StopRule,
) -> Relaxation:
    """First on a thin graph, whose pricing is quick, then on the whole."""
    progress(text("relaxation with few ways"), 0.0)
    thin = graph.thin(_THIN_WAYS, _THIN_WAYS, graph.arrays.cost)
    first = relax(
        thin,
        pool,
        vehicle_cost,
        gap=max(_THIN_GAP, thoroughness.gap),
        max_rounds=thoroughness.max_rounds,
        stop=stop,
    )
    progress(text("relaxation with all ways"), 0.0)
    return relax(
        graph,
        first.days,
        vehicle_cost,
        gap=thoroughness.gap,
        max_rounds=thoroughness.max_rounds,
        centre=first.duals,
        stop=stop,
    )
