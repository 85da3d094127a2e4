"""Blocks by column generation: a linear program over vehicle days, its bound, and plans by diving.

The master chooses among days found so far so that every trip is served once; its duals say what
each trip is worth, and pricing (`labels`) finds the days that are worth more than they cost. The
bound needs no end of that: for any duals pi, no plan of K vehicles costs less than
sum(pi) - K |c|, c being the least reduced cost of any day, and K is at most cost / vehicle cost. So
sum(pi) / (1 + |c| / vehicle cost) bounds every plan from below, as soon as c is exact on the
complete graph. After Lübbecke and Desrosiers (2005), "Selected topics in column generation",
Operations Research 53; the dive after Parmentier, Martinelli and Vidal (2023).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.bus.day_graph import DayGraph
from viavolta.engines.bus.labels import VehicleDay, price
from viavolta.engines.kit.growing import GrowingProgram
from viavolta.model.progress import StopRule
from viavolta.model.trip import Floats

MAX_DAYS_A_ROUND = 300
_SMOOTHING = 0.5
_NEXT_THRESHOLD = 0.6
_LEAST_REDUCED_COST = 1e-3
"""Reduced costs nearer to zero are noise: a ten-millionth of a vehicle."""

_ROUNDING = 1e-6
_WHOLE, _LIKELY, _LIKELY_SHARE = 0.999, 0.65, 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """The linear program where column generation left it.

    days, values (C,): the pool and how much of each day is used. duals (N,): of the trips in the
    graph's order, those of the best bound. bound: proven where the graph is complete, else of that
    graph's plans only. objective: of the program over the pool. is_done: nothing improves it.
    """

    days: list[VehicleDay]
    values: Floats
    duals: Floats
    bound: float
    objective: float
    is_done: bool


def relax(
    graph: DayGraph,
    days: Sequence[VehicleDay],
    vehicle_cost: float,
    *,
    gap: float,
    max_rounds: int,
    centre: Floats | None = None,
    stop: StopRule,
) -> Relaxation:
    """Solve the linear program over all days of the graph, from a pool that covers every trip.

    Ends when the bound is within `gap` (a share) of the objective, when no day improves it, after
    `max_rounds` pricings, or when told to stop. centre (N,): duals to look near at first.

    Raises
    ------
    PeerError: the solver fails.
    """
    master = _Master(graph, days, vehicle_cost)
    best = replace(master.solved(), duals=np.zeros(graph.n_trips) if centre is None else centre)
    latest = best.duals if centre is not None else master.duals
    least = -vehicle_cost
    is_smooth = True
    for _ in range(max_rounds):
        if stop():
            break
        share = _SMOOTHING if is_smooth else 0.0
        duals = share * latest + (1.0 - share) * master.duals
        threshold = min(-_LEAST_REDUCED_COST, _NEXT_THRESHOLD * least)
        found = price(graph, duals, vehicle_cost, threshold)
        bound = bound_of(duals, found.least, vehicle_cost)
        if bound > best.bound:
            best = replace(best, duals=duals, bound=bound)
        latest = best.duals
        n_new = master.add(found.days[:MAX_DAYS_A_ROUND])
        if n_new:
            solved = master.solved()
            best = replace(solved, duals=best.duals, bound=best.bound)
            least, is_smooth = found.least, True
        elif is_smooth:
            is_smooth = False
        elif threshold < -_LEAST_REDUCED_COST:
            least = found.least * 0.25
        else:
            return replace(best, is_done=True)
        if best.objective - best.bound <= gap * best.objective:
            return replace(best, is_done=True)
    return best


def proven(graph: DayGraph, relaxation: Relaxation, vehicle_cost: float) -> Relaxation:
    """The relaxation with all that its duals prove: the bound by their exact least reduced cost."""
    found = price(graph, relaxation.duals, vehicle_cost, -_ROUNDING)
    return replace(relaxation, bound=bound_of(relaxation.duals, found.least, vehicle_cost))


def bound_of(duals: Floats, least: float, vehicle_cost: float) -> float:
    """Bound of every plan's cost that any duals (N,) prove with the least reduced cost of a day."""
    return float(duals.sum()) / (1.0 + max(0.0, -least) / vehicle_cost)


def dive(
    graph: DayGraph,
    relaxation: Relaxation,
    vehicle_cost: float,
    *,
    max_rounds: int,
    stop: StopRule,
) -> list[VehicleDay]:
    """Make a plan: fix days the program all but takes, solve it anew for the rest, and so on.

    `graph` may be thin; `relaxation` gives the pool, its values and the duals to start from.

    Raises
    ------
    PeerError: the solver fails.
    """
    plan: list[VehicleDay] = []
    while True:
        fixed = _fixed(relaxation.days, relaxation.values)
        plan += fixed
        served = {trip for day in fixed for trip in day.trips}
        left = np.array(
            [k for k, trip in enumerate(graph.trips.tolist()) if trip not in served], dtype=np.int64
        )
        if not left.size:
            return plan
        graph = graph.only(left)
        relaxation = relax(
            graph,
            [day for day in relaxation.days if served.isdisjoint(day.trips)],
            vehicle_cost,
            gap=1e-6,
            max_rounds=max_rounds,
            centre=relaxation.duals[left],
            stop=stop,
        )


def _fixed(days: list[VehicleDay], values: Floats) -> list[VehicleDay]:
    """Days to fix: all that are whole, some of those that nearly are, or else the one that most is.

    No two of them share a trip: each trip is served once, and each of these takes more than half.
    """
    order = np.argsort(-values, kind="stable")
    n_whole = int((values > _WHOLE).sum())
    n_likely = int((values > _LIKELY).sum()) - n_whole
    n_more = min(n_likely, int(np.ceil(_LIKELY_SHARE * float(values.sum()))))
    return [days[k] for k in order[: max(1, n_whole + n_more)]]


class _Master:
    """The linear program over a pool of days: each trip of the graph once."""

    def __init__(self, graph: DayGraph, days: Iterable[VehicleDay], vehicle_cost: float) -> None:
        n = graph.n_trips
        self._place = np.full(int(graph.trips.max()) + 1, -1, dtype=np.int64)
        self._place[graph.trips] = np.arange(n)
        self._vehicle_cost = vehicle_cost
        self._program = GrowingProgram(np.ones(n), np.ones(n))
        self._days: list[VehicleDay] = []
        self._known: set[VehicleDay] = set()
        self.duals = np.zeros(n)
        self.add(days)
        self._solve()

    def add(self, days: Iterable[VehicleDay]) -> int:
        """Add the days that are new; returns how many of them improve the program as it stands."""
        new = [day for day in dict.fromkeys(days) if day not in self._known]
        if not new:
            return 0
        self._known.update(new)
        self._days += new
        sizes = np.array([len(day.trips) for day in new])
        first = np.concatenate([[0], np.cumsum(sizes)])
        rows = self._place[np.concatenate([day.trips for day in new])]
        cost = self._vehicle_cost + np.array([day.cost for day in new])
        self._program.add(cost, first, rows)
        reduced = cost - np.add.reduceat(self.duals[rows], first[:-1])
        return int((reduced < -_LEAST_REDUCED_COST).sum())

    def solved(self) -> Relaxation:
        """Solve the program; the bound is not known from here."""
        self._solve()
        return Relaxation(
            days=list(self._days),
            values=self._optimum.x,
            duals=self.duals,
            bound=-np.inf,
            objective=self._optimum.objective,
            is_done=False,
        )

    def _solve(self) -> None:
        self._optimum = self._program.solve()
        self.duals = self._optimum.row_dual
