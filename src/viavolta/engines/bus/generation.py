"""Blocks by column generation: a linear program over vehicle days, its bound, and plans by diving.

The master chooses among days found so far so that every trip is served once; its duals say what
each trip is worth, and pricing (`labels`) finds the days that are worth more than they cost. The
bound needs no end of that: for any duals pi, no plan of K vehicles costs less than
sum(pi) - K |c|, c being the least reduced cost of any day, and K is at most cost / vehicle cost. So
sum(pi) / (1 + |c| / vehicle cost) bounds every plan from below, as soon as c is exact on the
complete graph. Where a depot sends out no more than u vehicles, any toll t >= 0 on each of them may
be counted in their reduced costs: a plan pays at most t u, so sum(pi) - t u takes the place of
sum(pi). After Lübbecke and Desrosiers (2005), "Selected topics in column generation",
Operations Research 53; the dive after Parmentier, Martinelli and Vidal (2023).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.bus.day_graph import DayGraph
from viavolta.engines.bus.labels import Pricing, VehicleDay, price
from viavolta.engines.bus.problem import Longs
from viavolta.engines.bus.shared import Places, no_limit
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
    graph's order, and tolls (R,) of the limits: those of the best bound. bound: proven where the
    graph is complete, else of that graph's plans only. objective: of the program over the pool.
    is_done: nothing improves it.
    """

    days: list[VehicleDay]
    values: Floats
    duals: Floats
    tolls: Floats
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
    limits: Places | None = None,
    stop: StopRule,
) -> Relaxation | None:
    """Solve the linear program over all days of the graph, from a pool that covers every trip.

    Ends when the bound is within `gap` (a share) of the objective, when no day improves it, after
    `max_rounds` pricings, or when told to stop: None where that was before the first solution.
    centre (N,): duals to look near at first. limits: what depots send out at most; the pool must
    have a choice of days within them.

    Raises
    ------
    PeerError: the solver fails.
    """
    limits = limits or no_limit()
    master = _Master(graph, days, vehicle_cost, limits)
    first = master.solved(stop)
    if first is None:
        return None
    best = first if centre is None else replace(first, duals=centre)
    latest = np.concatenate([best.duals, best.tolls])
    least = -vehicle_cost
    is_smooth = True
    for _ in range(max_rounds):
        share = _SMOOTHING if is_smooth else 0.0
        prices = share * latest + (1.0 - share) * master.prices
        threshold = min(-_LEAST_REDUCED_COST, _NEXT_THRESHOLD * least)
        duals, tolls = prices[: graph.n_trips], prices[graph.n_trips :]
        found = _priced(graph, duals, tolls, vehicle_cost, limits, threshold, stop)
        if found is None:
            break
        bound = bound_of(duals, found.least, vehicle_cost, float(tolls @ limits.left))
        if bound > best.bound:
            best = replace(best, duals=duals, tolls=tolls, bound=bound)
        latest = np.concatenate([best.duals, best.tolls])
        n_new = master.add(found.days[:MAX_DAYS_A_ROUND])
        if n_new:
            solved = master.solved(stop)
            if solved is None:
                break
            best = replace(solved, duals=best.duals, tolls=best.tolls, bound=best.bound)
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


def _priced(  # noqa: PLR0917 - a pricing has as many sides
    graph: DayGraph,
    duals: Floats,
    tolls: Floats,
    vehicle_cost: float,
    limits: Places,
    threshold: float,
    stop: StopRule,
) -> Pricing | None:
    by_depot = limits.of_depots(tolls, graph.n_depots)
    return price(graph, duals, vehicle_cost, threshold, stop, tolls=by_depot)


def proven(
    graph: DayGraph,
    relaxation: Relaxation,
    vehicle_cost: float,
    *,
    limits: Places | None = None,
    stop: StopRule,
) -> Relaxation:
    """The relaxation with all that its duals prove: the bound by their exact least reduced cost.

    As it was where told to stop before that is known.
    """
    limits = limits or no_limit()
    duals, tolls = relaxation.duals, relaxation.tolls
    found = _priced(graph, duals, tolls, vehicle_cost, limits, -_ROUNDING, stop)
    if found is None:
        return relaxation
    bound = bound_of(duals, found.least, vehicle_cost, float(tolls @ limits.left))
    return replace(relaxation, bound=bound)


def bound_of(duals: Floats, least: float, vehicle_cost: float, paid: float = 0.0) -> float:
    """Bound of every plan's cost that any duals (N,) prove with the least reduced cost of a day.

    paid: the most that a plan within the limits pays at their tolls.
    """
    return (float(duals.sum()) - float(paid)) / (1.0 + max(0.0, -least) / vehicle_cost)


def dive(
    graph: DayGraph,
    relaxation: Relaxation,
    vehicle_cost: float,
    *,
    max_rounds: int,
    limits: Places | None = None,
    stop: StopRule,
) -> list[VehicleDay] | None:
    """Make a plan: fix days the program all but takes, solve it anew for the rest, and so on.

    `graph` may be thin; `relaxation` gives the pool, its values and the duals to start from. None
    where told to stop before every trip has its day.

    Raises
    ------
    PeerError: the solver fails.
    """
    plan: list[VehicleDay] = []
    limits = limits or no_limit()
    while True:
        fixed = _fixed(relaxation.days, relaxation.values, limits)
        limits = limits.without(fixed)
        plan += fixed
        served = {trip for day in fixed for trip in day.trips}
        left = np.array(
            [k for k, trip in enumerate(graph.trips.tolist()) if trip not in served], dtype=np.int64
        )
        if not left.size:
            return plan
        graph = graph.only(left)
        part = relax(
            graph,
            [day for day in relaxation.days if served.isdisjoint(day.trips)],
            vehicle_cost,
            gap=1e-6,
            max_rounds=max_rounds,
            centre=relaxation.duals[left],
            limits=limits,
            stop=stop,
        )
        if part is None or stop():
            return None
        relaxation = part


def _fixed(days: list[VehicleDay], values: Floats, limits: Places) -> list[VehicleDay]:
    """Days to fix: all that are whole, some of those that nearly are, or else the one that most is.

    No two of them share a trip: each trip is served once, and each of these takes more than half.
    They keep within the limits.
    """
    order = np.argsort(-values, kind="stable")
    n_whole = int((values > _WHOLE).sum())
    n_likely = int((values > _LIKELY).sum()) - n_whole
    n_more = min(n_likely, int(np.ceil(_LIKELY_SHARE * float(values.sum()))))
    return limits.fitting(days[k] for k in order[: max(1, n_whole + n_more)])


class _Master:
    """The linear program over a pool of days: each trip of the graph once, within the limits.

    prices (N + R,): duals of the trips, then tolls of the limits, of the last solution.
    """

    def __init__(
        self, graph: DayGraph, days: Iterable[VehicleDay], vehicle_cost: float, limits: Places
    ) -> None:
        n, n_limits = graph.n_trips, limits.left.size
        self._place = np.full(int(graph.trips.max()) + 1, -1, dtype=np.int64)
        self._place[graph.trips] = np.arange(n)
        self._vehicle_cost, self._limits, self._n_trips = vehicle_cost, limits, n
        self._program = GrowingProgram(
            np.concatenate([np.ones(n), np.full(n_limits, -np.inf)]),
            np.concatenate([np.ones(n), limits.left]),
        )
        self._days: list[VehicleDay] = []
        self._known: set[VehicleDay] = set()
        self.prices = np.zeros(n + n_limits)
        self.add(days)

    def add(self, days: Iterable[VehicleDay]) -> int:
        """Add the days that are new; returns how many of them improve the program as it stands."""
        new = [day for day in dict.fromkeys(days) if day not in self._known]
        if not new:
            return 0
        self._known.update(new)
        self._days += new
        held = [self._rows_of(day) for day in new]
        first = np.concatenate([[0], np.cumsum([rows.size for rows in held])])
        rows = np.concatenate(held).astype(np.int32)
        cost = self._vehicle_cost + np.array([day.cost for day in new])
        self._program.add(cost, first, rows)
        worth = np.concatenate([self.prices[: self._n_trips], -self.prices[self._n_trips :]])
        reduced = cost - np.add.reduceat(worth[rows], first[:-1])
        return int((reduced < -_LEAST_REDUCED_COST).sum())

    def _rows_of(self, day: VehicleDay) -> Longs:
        limits = self._n_trips + np.array(self._limits.rows_of(day), dtype=np.int64)
        return np.concatenate([self._place[list(day.trips)], limits])

    def solved(self, stop: StopRule) -> Relaxation | None:
        """Solve the program; the bound is not known from here. None where told to stop."""
        optimum = self._program.solve(stop)
        if optimum is None:
            return None
        n = self._n_trips
        self.prices = np.concatenate([optimum.row_dual[:n], np.maximum(0.0, -optimum.row_dual[n:])])
        return Relaxation(
            days=list(self._days),
            values=optimum.x,
            duals=self.prices[:n],
            tolls=self.prices[n:],
            bound=-np.inf,
            objective=optimum.objective,
            is_done=False,
        )
