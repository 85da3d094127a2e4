"""A plan improved window by window: some of its days at a time are planned anew by exact means.

The reduced cost of a plan's day is its share of the distance to the bound. So windows begin at the
days that lose most, and grow by those with which the cheap days of the pool share trips. Each is
relaxed by column generation of its own and then solved as an integer program over all days that can
be part of a better plan, or the likely ones where they are too many.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.engines.bus.day_graph import DayGraph
from viavolta.engines.bus.enumeration import every_day
from viavolta.engines.bus.generation import Relaxation, relax
from viavolta.engines.bus.labels import VehicleDay, days_alone
from viavolta.engines.bus.problem import Longs
from viavolta.engines.bus.shared import Places, no_limit
from viavolta.engines.kit.milp import Program, solve
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

_LEAST_GAIN = 1e-3
_WINDOW_GAP = 1e-7
_WINDOW_ROUNDS = 60
_MIP_GAP = 1e-8
_MOST_DAYS = 3_000
_MOST_HALVINGS = 5
_UNEVENNESS = 0.5
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How many windows for 100 trips, of how many at most, with how many nodes of a search tree."""

    per_100_trips: int
    max_trips: int
    max_nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """What days are held against: a trip's worth, and the tolls (R,) of the limits."""

    of_trip: dict[int, float]
    tolls: Floats
    limits: Places
    vehicle_cost: float

    def lost_by(self, day: VehicleDay) -> float:
        """Reduced cost of a day, the vehicle included."""
        earned = sum(self.of_trip[trip] for trip in day.trips)
        return self.vehicle_cost + day.cost + self.limits.toll(day, self.tolls) - earned


def plan_cost(days: Iterable[VehicleDay], vehicle_cost: float) -> float:
    """Cost of vehicles and ways together."""
    return float(sum(vehicle_cost + day.cost for day in days))


def polish(
    graph: DayGraph,
    plan: Sequence[VehicleDay],
    relaxation: Relaxation,
    vehicle_cost: float,
    windows: Windows,
    *,
    limits: Places | None = None,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
) -> list[VehicleDay]:
    """Plan windows of a plan anew; the result is never dearer, and within the limits if it was.

    `relaxation`: of the whole graph; its pool links days and its duals tell which days lose.

    Raises
    ------
    PeerError: the solver fails.
    """
    days = list(plan)
    limits = limits or no_limit()
    worth = _Worth(
        of_trip=dict(zip(graph.trips.tolist(), relaxation.duals.tolist(), strict=True)),
        tolls=relaxation.tolls,
        limits=limits,
        vehicle_cost=vehicle_cost,
    )
    tried: set[frozenset[VehicleDay]] = set()
    starts: Counter[VehicleDay] = Counter()
    count = math.ceil(windows.per_100_trips * graph.n_trips / 100.0)
    for k in range(count):
        loss = plan_cost(days, vehicle_cost) - relaxation.objective
        if stop() or loss <= _LEAST_GAIN:
            break
        progress(text("polishing"), k / count)
        cheap = [day for day in relaxation.days if worth.lost_by(day) < loss]
        window = _window(
            days, cheap, worth, max_trips=windows.max_trips, tried=tried, starts=starts, rng=rng
        )
        if window is None:
            break
        tried.add(window)
        taken = [day for day in days if day in window]
        better = _planned_anew(
            graph,
            taken,
            cheap,
            worth,
            limits=limits.without(day for day in days if day not in window),
            max_nodes=windows.max_nodes,
            stop=stop,
        )
        if plan_cost(better, vehicle_cost) < plan_cost(taken, vehicle_cost) - _LEAST_GAIN:
            days = [day for day in days if day not in window] + better
    return days


def _window(
    days: list[VehicleDay],
    cheap: list[VehicleDay],
    worth: _Worth,
    *,
    max_trips: int,
    tried: set[frozenset[VehicleDay]],
    starts: Counter[VehicleDay],
    rng: np.random.Generator,
) -> frozenset[VehicleDay] | None:
    """Days to plan anew together, not tried before; None where there is no other choice.

    starts: how many windows began at a day; fewest come first, then those that lose most.
    """
    losses = np.array([worth.lost_by(day) for day in days])
    links = _links(days, cheap)
    links *= rng.uniform(1.0 - _UNEVENNESS, 1.0 + _UNEVENNESS, links.shape)
    n_starts = np.array([starts[day] for day in days])
    for start in np.lexsort((-losses, n_starts)).tolist():
        starts[days[start]] += 1
        window = _grown(start, days, links, max_trips)
        if window not in tried:
            return window
    return None


def _links(days: list[VehicleDay], cheap: list[VehicleDay]) -> Floats:
    """How many cheap days hold trips of both, for each two days of the plan (K, K)."""
    owner = {trip: k for k, day in enumerate(days) for trip in day.trips}
    links = np.zeros((len(days), len(days)))
    for day in cheap:
        rows = np.array(sorted({owner[trip] for trip in day.trips}))
        links[np.ix_(rows, rows)] += 1.0
    return links


def _grown(
    start: int, days: list[VehicleDay], links: Floats, max_trips: int
) -> frozenset[VehicleDay]:
    """Grow a window from one day by the day most linked to it, while there is room."""
    inside, n_trips = [start], len(days[start].trips)
    while True:
        pull = links[inside].sum(axis=0)
        pull[inside] = -1.0
        room = np.array([n_trips + len(day.trips) <= max_trips for day in days])
        pull[~room] = -1.0
        nearest = int(np.argmax(pull))
        if pull[nearest] < 0.0:
            return frozenset(days[k] for k in inside)
        inside.append(nearest)
        n_trips += len(days[nearest].trips)


def _planned_anew(
    graph: DayGraph,
    taken: list[VehicleDay],
    cheap: list[VehicleDay],
    worth: _Worth,
    *,
    limits: Places,
    max_nodes: int,
    stop: StopRule,
) -> list[VehicleDay]:
    """Plan the trips of some days anew; returns those days where nothing better is found.

    limits: what the days outside leave.
    """
    vehicle_cost = worth.vehicle_cost
    trips = {trip for day in taken for trip in day.trips}
    part = graph.only(np.array([k for k, trip in enumerate(graph.trips.tolist()) if trip in trips]))
    pool = [*taken, *(day for day in days_alone(part) if day is not None)]
    pool += [day for day in cheap if trips.issuperset(day.trips)]
    relaxation = relax(
        part,
        pool,
        vehicle_cost,
        gap=_WINDOW_GAP,
        max_rounds=_WINDOW_ROUNDS,
        centre=np.array([worth.of_trip[trip] for trip in part.trips.tolist()]),
        limits=limits,
        stop=stop,
    )
    if relaxation is None:
        return taken
    loss = plan_cost(taken, vehicle_cost) - relaxation.bound
    if not _LEAST_GAIN < loss < np.inf:
        return taken
    inside = _Worth(
        of_trip=dict(zip(part.trips.tolist(), relaxation.duals.tolist(), strict=True)),
        tolls=relaxation.tolls,
        limits=limits,
        vehicle_cost=vehicle_cost,
    )
    known = [day for day in relaxation.days if inside.lost_by(day) <= loss]
    all_below = _all_below(loss, part, relaxation, inside)
    candidates = list(dict.fromkeys([*taken, *all_below, *known]))
    return _chosen(part.trips, candidates, taken, inside, max_nodes=max_nodes, stop=stop)


def _all_below(
    loss: float, part: DayGraph, relaxation: Relaxation, worth: _Worth
) -> list[VehicleDay]:
    """Every day with a reduced cost below the loss, or below the half, the quarter and so on of it.

    The first of these with not too many days counts. Of a plan that gains, at most one day is above
    the half.
    """
    tolls = None
    if worth.tolls.size:
        tolls = worth.limits.of_depots(worth.tolls, part.n_depots)
    for halving in range(_MOST_HALVINGS):
        days = every_day(
            part,
            relaxation.duals,
            worth.vehicle_cost,
            loss * 0.5**halving,
            at_most=_MOST_DAYS,
            tolls=tolls,
        )
        if days is not None:
            return days
    return []


def _chosen(
    trips: Longs,
    days: list[VehicleDay],
    start: list[VehicleDay],
    worth: _Worth,
    *,
    max_nodes: int,
    stop: StopRule,
) -> list[VehicleDay]:
    """Choose days that serve every trip once, at least cost, from a choice `start` that does.

    The days chosen keep within the limits of `worth`, as `start` does.
    """
    row = {trip: k for k, trip in enumerate(trips.tolist())}
    n, limits = len(trips), worth.limits
    held = [
        [*(row[trip] for trip in day.trips), *(n + at for at in limits.rows_of(day))]
        for day in days
    ]
    rows = np.array([at for own in held for at in own])
    columns = np.repeat(np.arange(len(days)), [len(own) for own in held])
    order = np.argsort(rows, kind="stable")
    n_rows = n + limits.left.size
    chosen = set(start)
    program = Program(
        cost=np.array([worth.vehicle_cost + day.cost for day in days]),
        lower=np.zeros(len(days)),
        upper=np.ones(len(days)),
        row_lower=np.concatenate([np.ones(n), np.full(n_rows - n, -np.inf)]),
        row_upper=np.concatenate([np.ones(n), limits.left]),
        row_start=np.searchsorted(rows[order], np.arange(n_rows + 1)).astype(np.int32),
        column=columns[order].astype(np.int32),
        value=np.ones(rows.size),
        is_integer=np.ones(len(days), dtype=bool),
    )
    solution = solve(
        program,
        gap=_MIP_GAP,
        max_nodes=max_nodes,
        start=np.array([float(day in chosen) for day in days]),
        stop=stop,
    )
    if not solution.has_values:
        return start
    return [day for day, x in zip(days, solution.x, strict=True) if x > _HALF]
