"""The bound of a benchmark plan proven again from its duals, by one pricing pass of its own.

For any numbers pi, one per trip, no plan costs less than sum(pi) / (1 + |c| / vehicle cost), where
c <= 0 is the least reduced cost of any vehicle's day: what the day costs less what its trips are
worth. Where depots send out no more than so many vehicles, each may pay a toll t >= 0 of its depot
within c, and sum(pi) - sum(t places) takes the place of sum(pi). The pass follows all days at once,
from the last trip to the first, in the order of time. All ways after a trip that no other beats are
kept: those of less cost, or that a vehicle with more used energy can still drive. Nothing is given
up, so c is exact, and so is the proof.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viavolta.checks.evsp_instance import Instance
from viavolta.model.arrays import Floats

ROUNDING = 1e-7
"""Minutes and energy units that rounding may add up to on a day."""

Bools = NDArray[np.bool_]


class NoProofError(Exception):
    """Two trips without duration follow one another both ways: the pass has no order to go in."""


def proven_bound(
    instance: Instance,
    duals: Sequence[float],
    vehicle_cost: float,
    *,
    layover_min: float = 0.0,
    tolls: Sequence[float] = (),
    places: Sequence[int] = (),
) -> float:
    """Bound of every plan's cost that the duals (N,) prove, with tolls for places in depots (D,).

    layover_min: least time between two trips beside the ways.

    Raises
    ------
    NoProofError: trips of one minute follow one another in a circle.
    """
    worth = np.asarray(duals, dtype=np.float64)
    least = _Days(instance, worth, layover_min).least_reduced_cost(vehicle_cost, tolls)
    paid = float(np.dot(np.asarray(tolls, dtype=np.float64), np.asarray(places, dtype=np.float64)))
    return (float(worth.sum()) - paid) / (1.0 + max(0.0, -least) / vehicle_cost)


class _Days:
    """All days of an instance; after each trip, what is still to come at best.

    A frontier (F, 2) holds rows of cost to go and the most used energy that allows it, by rising
    cost and energy.
    """

    def __init__(self, instance: Instance, worth: Floats, layover_min: float) -> None:
        self.layover_min = layover_min
        first = instance.n_depots + instance.n_stations
        self.instance, self.worth = instance, worth
        self.trips = np.arange(first, first + instance.n_trips)
        self.depots = np.arange(instance.n_depots)
        self.stations = np.arange(instance.n_depots, first)
        starts, ends = instance.ready_min[self.trips], instance.due_min[self.trips]
        self.order = np.lexsort((np.arange(self.trips.size), ends, starts))
        self._require_order()

    def least_reduced_cost(self, vehicle_cost: float, tolls: Sequence[float]) -> float:
        """Least cost of any day less the worth of its trips, exactly; inf where there is no day."""
        paid = tolls or [0.0] * self.depots.size
        return vehicle_cost + min(
            self._least_of_depot(int(depot)) + paid[int(depot)] for depot in self.depots
        )

    def _least_of_depot(self, depot: int) -> float:
        frontiers: list[Floats] = [np.empty((0, 2))] * self.trips.size
        least = np.inf
        for place in range(self.trips.size - 1, -1, -1):
            trip = int(self.order[place])
            after = self._frontier(trip, self.order[place + 1 :], depot, frontiers)
            frontiers[trip] = after
            cost, used = self._ways_out(depot, trip)
            allowed = used[:, None] <= after[None, :, 1]
            total = np.where(allowed, cost[:, None] + after[None, :, 0], np.inf)
            least = min(least, float(total.min(initial=np.inf)) - float(self.worth[trip]))
        return least

    def _frontier(
        self, trip: int, later: NDArray[np.int64], depot: int, frontiers: list[Floats]
    ) -> Floats:
        """What may follow a trip: the way home, or a way to a later trip and what follows there."""
        cost, most = self._ways_home(trip, depot)
        costs, energies = [cost], [most]
        nexts = [int(j) for j in later if frontiers[j].size]
        if nexts:
            sizes = [len(frontiers[j]) for j in nexts]
            rows = np.repeat(np.arange(len(nexts)), sizes)
            ahead = np.concatenate([frontiers[j] for j in nexts])
            ways = self._ways(trip, np.array(nexts))
            for way_cost, floor, change, limit, is_open in ways:
                before = np.minimum(limit[rows], ahead[:, 1] - change[rows])
                can = is_open[rows] & (floor[rows] <= ahead[:, 1]) & (before >= 0.0)
                step = way_cost[rows] - self.worth[np.array(nexts)][rows] + ahead[:, 0]
                costs.append(step[can])
                energies.append(before[can])
        return _unbeaten(np.concatenate(costs), np.concatenate(energies))

    def _ways(
        self, trip: int, nexts: NDArray[np.int64]
    ) -> list[tuple[Floats, Floats, Floats, Floats, Bools]]:
        """Ways to later trips, direct and by each station: cost, floor, change, limit, in time.

        A way with its trip makes used energy u into max(floor, u + change), while u <= limit.
        """
        x = self.instance
        i, j = int(self.trips[trip]), self.trips[nexts]
        time = x.ready_min[j] - x.due_min[i] - self.layover_min
        uses, full = x.consumption[j], x.max_charge + ROUNDING
        way = x.deadhead[i, j]
        ways = [(way, np.zeros(j.size), way + uses, full - way - uses, time - way >= -ROUNDING)]
        for s in self.stations:
            there, on = x.deadhead[i, s], x.deadhead[s, j]
            slack = time - there - on
            charged = np.maximum(slack, 0.0) / x.recharge_min_per_unit
            change = there - charged + on + uses
            limit = np.minimum(full - there, full - change)
            is_open = (slack >= -ROUNDING) & (on + uses <= full)
            ways.append((there + on, on + uses, change, limit, is_open))
        return ways

    def _ways_out(self, depot: int, trip: int) -> tuple[Floats, Floats]:
        """Ways from a depot to a trip: cost, and energy used after the trip."""
        x, j = self.instance, int(self.trips[trip])
        time, uses = x.ready_min[j] - x.ready_min[depot], x.consumption[j]
        there, on = x.deadhead[depot, self.stations], x.deadhead[self.stations, j]
        slack = time - there - on
        charged = np.maximum(slack, 0.0) / x.recharge_min_per_unit
        way = float(x.deadhead[depot, j])
        cost = np.append(there + on, way)
        used = np.append(np.maximum(there - charged, 0.0) + on, way) + uses
        is_open = np.append(slack, time - way) >= -ROUNDING
        is_open &= np.append(there, way) <= x.max_charge + ROUNDING
        is_open &= used <= x.max_charge + ROUNDING
        return cost[is_open], used[is_open]

    def _ways_home(self, trip: int, depot: int) -> tuple[Floats, Floats]:
        """Ways from a trip to a depot: cost, and most energy used before.

        A vehicle charges on the way until the depot closes.
        """
        x, i = self.instance, int(self.trips[trip])
        full = x.max_charge + ROUNDING
        there, on = x.deadhead[i, self.stations], x.deadhead[self.stations, depot]
        slack = x.due_min[depot] - x.due_min[i] - there - on
        charged = np.maximum(slack, 0.0) / x.recharge_min_per_unit
        by_station = np.minimum(full, full - on + charged) - there
        way = float(x.deadhead[i, depot])
        cost = np.append(there + on, way)
        most = np.append(np.where(on <= full, by_station, -1.0), full - way)
        return cost[most >= 0.0], most[most >= 0.0]

    def _require_order(self) -> None:
        """Make sure that no way leads back in the order of the trips."""
        x, first = self.instance, int(self.trips[0])
        at_once = x.ready_min[self.trips[self.order]]
        for place in range(1, self.trips.size):
            begin = int(np.searchsorted(at_once, x.due_min[first + self.order[place]] - ROUNDING))
            earlier = self.order[begin:place]
            if earlier.size:
                ways = self._ways(int(self.order[place]), earlier)
                if any(bool(is_open.any()) for *_, is_open in ways):
                    raise NoProofError


def _unbeaten(cost: Floats, most: Floats) -> Floats:
    """The rows that no other beats in both cost and energy, by rising cost."""
    order = np.lexsort((-most, cost))
    energies = most[order]
    highest = np.maximum.accumulate(np.concatenate([[-np.inf], energies[:-1]]))
    kept = order[energies > highest]
    return np.stack([cost[kept], most[kept]], axis=1)
