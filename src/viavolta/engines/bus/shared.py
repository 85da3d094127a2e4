"""What vehicles share: depots that send out no more than so many, and what a place in one is worth.

In the linear program of a day each such depot is a row. Its dual, a toll, is what one place more
would save; pricing adds it to what a vehicle of that depot costs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.bus.day_graph import DIRECT, DayGraph
from viavolta.engines.bus.labels import VehicleDay
from viavolta.engines.bus.problem import Longs
from viavolta.model.trip import Floats

NO_DEPOT = -1
"""The depot of a day that stands for a trip nobody serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Places left in depots. depots (R,): those with a limit; left (R,): vehicles they may send."""

    depots: Longs
    left: Floats

    def rows_of(self, day: VehicleDay) -> tuple[int, ...]:
        """Rows of the limits that a day takes a place of."""
        return tuple(np.flatnonzero(self.depots == day.depot).tolist())

    def without(self, days: Iterable[VehicleDay]) -> "Places":
        """What some days leave of the places."""
        left = self.left.copy()
        for day in days:
            left[list(self.rows_of(day))] -= 1.0
        return replace(self, left=left)

    def toll(self, day: VehicleDay, tolls: Floats) -> float:
        """What a day pays at tolls (R,)."""
        return float(tolls[list(self.rows_of(day))].sum())

    def of_depots(self, tolls: Floats, n_depots: int) -> Floats:
        """What a vehicle of each depot pays at tolls (R,): (D,)."""
        paid = np.zeros(n_depots)
        paid[self.depots] = tolls
        return paid

    def fitting(self, days: Iterable[VehicleDay]) -> list[VehicleDay]:
        """Take days in their order, as long as there are places for them."""
        left, taken = self.left.copy(), []
        for day in days:
            rows = list(self.rows_of(day))
            if np.all(left[rows] >= 1.0):
                left[rows] -= 1.0
                taken.append(day)
        return taken


def no_limit() -> Places:
    """Depots that send out any number of vehicles."""
    return Places(depots=np.zeros(0, dtype=np.int64), left=np.zeros(0))


def places(vehicles: Sequence[float]) -> Places:
    """Depots with limits: `vehicles` of each, inf where there is none."""
    most = np.asarray(vehicles, dtype=np.float64)
    depots = np.flatnonzero(np.isfinite(most)).astype(np.int64)
    return Places(depots=depots, left=most[depots])


def left_out(trip: int, cost: float) -> VehicleDay:
    """Stand in for a trip that nobody serves, at a cost that no vehicle comes near to."""
    return VehicleDay(NO_DEPOT, (trip,), (DIRECT, DIRECT), cost)


def most_cost(graph: DayGraph, limits: Places, vehicle_cost: float) -> float:
    """A cost that no plan within the limits exceeds, whatever days it is made of.

    Each trip is reached by one way and each vehicle has one way home: at most the dearest of each.
    """
    a, n = graph.arrays, graph.n_trips
    dearest = np.zeros(n)
    np.maximum.at(dearest, a.head, a.cost)
    outs = np.repeat(np.arange(a.out_first.size - 1) % n, np.diff(a.out_first))
    np.maximum.at(dearest, outs, a.out_cost)
    most = float(n)
    if limits.depots.size == graph.n_depots:
        most = min(most, float(limits.left.sum()))
    return most * (vehicle_cost + float(a.home_cost.max(initial=0.0))) + float(dearest.sum())
