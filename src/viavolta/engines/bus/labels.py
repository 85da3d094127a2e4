"""The vehicle days of least reduced cost on a day's graph, by labels from both ends, exactly.

Backwards, a label after a trip is (cost to go, most used energy with which that can be driven);
forwards it is (cost, used energy). A shortest path without battery bounds what a backward label can
come to; the whole backward frontier then tells of each forward label what it does come to, so that
none is followed that leads to nothing below the threshold. Labels of two numbers are few, so none
that matters is given up: what is found is the least there is.
"""

from typing import NamedTuple

import numpy as np

from viavolta.engines.bus.day_graph import DayArrays, DayGraph
from viavolta.engines.bus.problem import Longs
from viavolta.engines.kit.jit import kernel
from viavolta.engines.kit.threads import Halt, side_by_side_until
from viavolta.model.progress import StopRule, never
from viavolta.model.trip import Floats

_ROOM = 64


class VehicleDay(NamedTuple):
    """One vehicle's day: its depot, its trips (rows of the problem) in order, and the stations.

    stations (C + 1,): before each of the C trips, and on the way home; DIRECT for none.
    cost: of the ways, without the vehicle.
    """

    depot: int
    trips: tuple[int, ...]
    stations: tuple[int, ...]
    cost: float


class Pricing(NamedTuple):
    """What a pricing found: the days, their reduced costs (R,), and the least of all.

    `least` is exact where it is below the threshold; else it is the threshold, which no day is
    below.
    """

    days: list[VehicleDay]
    reduced_costs: Floats
    least: float


def price(
    graph: DayGraph,
    dues: Floats,
    vehicle_cost: float,
    threshold: float,
    stop: StopRule = never,
    *,
    tolls: Floats | None = None,
) -> Pricing | None:
    """Find the best day through every trip, of every depot, with a reduced cost below `threshold`.

    dues (N,): what serving each trip earns, in the order of the graph. Of the days found, those are
    handed back that hold a trip that no better one holds. None where told to stop before the end.
    tolls (D,): what a vehicle of each depot costs beyond vehicle_cost, none by default.
    """
    costs = np.full(graph.n_depots, vehicle_cost) + (0.0 if tolls is None else tolls)

    def of_depot(depot: int, halt: Halt) -> tuple[Floats, Floats, Longs, Longs]:
        return _price_depot(depot, dues, costs[depot], threshold, halt, graph.arrays)

    found = side_by_side_until(of_depot, range(graph.n_depots), stop)
    if found is None:
        return None
    days, reduced = [], []
    for depot, (some_reduced, way_costs, first, legs) in enumerate(found):
        days += vehicle_days(graph, depot, way_costs, first, legs)
        reduced += some_reduced.tolist()
    order = sorted(range(len(days)), key=lambda k: (reduced[k], days[k]))
    covered: set[int] = set()
    taken = []
    for k in order:
        if not covered.issuperset(days[k].trips):
            covered.update(days[k].trips)
            taken.append(k)
    least = reduced[taken[0]] if taken else threshold
    return Pricing([days[k] for k in taken], np.array([reduced[k] for k in taken]), least)


def vehicle_days(
    graph: DayGraph, depot: int, cost: Floats, first: Longs, legs: Longs
) -> list[VehicleDay]:
    """Make days of their legs (L, 2): trip and station before it, those of day k from first[k]."""
    days = []
    for k in range(cost.size):
        own = legs[first[k] : first[k + 1]]
        trips, stations = graph.trips[own[:-1, 0]].tolist(), own[:, 1].tolist()
        days.append(VehicleDay(depot, tuple(trips), tuple(stations), float(cost[k])))
    return days


def days_alone(graph: DayGraph) -> list[VehicleDay | None]:
    """Find the cheapest day for each trip alone, in the order of the graph; None without one."""
    rows, cost = _days_alone(graph.n_depots, graph.arrays)
    a, days = graph.arrays, []
    for (depot, out, home), trip, ways in zip(
        rows.tolist(), graph.trips.tolist(), cost, strict=True
    ):
        stations = (int(a.out_station[out]), int(a.home_station[home]))
        days.append(VehicleDay(depot, (trip,), stations, float(ways)) if depot >= 0 else None)
    return days


@kernel
def _days_alone(n_depots: int, a: DayArrays) -> tuple[Longs, Floats]:
    """For each trip: depot (-1 for none) and rows of the ways out and home (N, 3); the cost."""
    n = a.tail_first.size - 1
    rows, cost = np.full((n, 3), -1), np.full(n, np.inf)
    for d in range(n_depots):
        for j in range(n):
            at = d * n + j
            for out in range(a.out_first[at], a.out_first[at + 1]):
                for home in range(a.home_first[at], a.home_first[at + 1]):
                    total = a.out_cost[out] + a.home_cost[home]
                    if a.out_used[out] <= a.home_most[home] and total < cost[j]:
                        cost[j] = total
                        rows[j, 0], rows[j, 1], rows[j, 2] = d, out, home
    return rows, cost


class Labels(NamedTuple):
    """Labels of all trips, those of trip i at first[i]:first[i + 1], by rising cost.

    energy: most used energy (backward) or used energy (forward). way: the way taken, by its row;
    from or to a depot where `other` (the label it comes from or leads to) is -1.
    """

    first: Longs
    last: Longs
    cost: Floats
    energy: Floats
    way: Longs
    other: Longs


@kernel
def _price_depot(  # noqa: PLR0917 - a kernel: its state one by one
    depot: int, dues: Floats, vehicle_cost: float, threshold: float, halt: Halt, a: DayArrays
) -> tuple[Floats, Floats, Longs, Longs]:
    """Days of one depot: (reduced cost (R,), cost of ways (R,), first leg (R + 1,), legs (L, 2)).

    A leg is a trip and the station before it; behind the last trip stands one to the depot.
    Where `halt` tells to end early, some days are missing.
    """
    reach = shortest_from_depot(depot, dues, vehicle_cost, a)
    back = backward_labels(depot, dues, threshold, reach, halt, a)
    ahead, best, best_label, best_back = forward_labels(
        depot, dues, vehicle_cost, threshold, back, halt, a
    )
    n = dues.size
    is_covered = np.zeros(n, dtype=np.bool_)
    reduced, cost, first = np.empty(n), np.empty(n), np.zeros(n + 1, dtype=np.int64)
    legs, count = np.empty((2 * n + 2, 2), dtype=np.int64), 0
    for j in np.argsort(best, kind="mergesort"):
        if not best[j] < threshold:
            break
        if is_covered[j]:
            continue
        begin = first[count]
        if legs.shape[0] < begin + n + 1:
            legs = np.concatenate((legs, np.empty((begin + n + 1, 2), dtype=np.int64)))
        end, cost[count] = _trace(legs[begin:], j, best_label[j], best_back[j], ahead, back, a)
        for m in range(begin, begin + end - 1):
            is_covered[legs[m, 0]] = True
        reduced[count] = best[j]
        count += 1
        first[count] = begin + end
    return reduced[:count], cost[:count], first[: count + 1], legs[: first[count]]


@kernel
def _trace(  # noqa: PLR0917 - a kernel: its state one by one
    legs: Longs, trip: int, label: int, label_back: int, ahead: Labels, back: Labels, a: DayArrays
) -> tuple[int, float]:
    """Write the legs of a day from its labels at one trip; returns their number and their cost."""
    legs[0, 0], size, cost = trip, 1, 0.0
    way = ahead.way[label]
    while ahead.other[label] >= 0:
        legs[size - 1, 1] = a.station[way]
        cost += a.cost[way]
        legs[size, 0] = a.tail[way]
        label, size = ahead.other[label], size + 1
        way = ahead.way[label]
    legs[size - 1, 1] = a.out_station[way]
    cost += a.out_cost[way]
    legs[:size] = legs[:size][::-1].copy()
    way = back.way[label_back]
    while back.other[label_back] >= 0:
        legs[size, 0], legs[size, 1] = a.head[way], a.station[way]
        cost += a.cost[way]
        label_back, size = back.other[label_back], size + 1
        way = back.way[label_back]
    legs[size, 0], legs[size, 1] = -1, a.home_station[way]
    return size + 1, cost + a.home_cost[way]


@kernel
def shortest_from_depot(depot: int, dues: Floats, vehicle_cost: float, a: DayArrays) -> Floats:
    """Least reduced cost up to each trip, its own dues included, as if batteries were endless."""
    n = dues.size
    reach = np.full(n, np.inf)
    for i in range(n):
        for k in range(a.out_first[depot * n + i], a.out_first[depot * n + i + 1]):
            reach[i] = min(reach[i], vehicle_cost + a.out_cost[k])
        reach[i] -= dues[i]
        if reach[i] == np.inf:
            continue
        for k in range(a.tail_first[i], a.tail_first[i + 1]):
            j = a.head[k]
            reach[j] = min(reach[j], reach[i] + a.cost[k])
    return reach


@kernel
def backward_labels(  # noqa: PLR0917 - a kernel: its state one by one
    depot: int, dues: Floats, threshold: float, reach: Floats, halt: Halt, a: DayArrays
) -> Labels:
    """(cost to go, most used energy) after each trip, energy rising with cost."""
    n = dues.size
    out = _no_labels(n)
    cost, energy = np.empty(_ROOM), np.empty(_ROOM)
    way, other = np.empty(_ROOM, dtype=np.int64), np.empty(_ROOM, dtype=np.int64)
    top = 0
    for i in range(n - 1, -1, -1):
        count = 0
        least = a.least_used[depot, i]
        limit = threshold - reach[i] if halt[0] == 0 else -np.inf
        for k in range(a.home_first[depot * n + i], a.home_first[depot * n + i + 1]):
            if a.home_cost[k] < limit and a.home_most[k] >= least:
                cost, energy, way, other = _with_room(count, cost, energy, way, other)
                count = _keep_back(
                    cost, energy, way, other, count, a.home_cost[k], a.home_most[k], k, -1
                )
        for k in range(a.tail_first[i], a.tail_first[i + 1]):
            j = a.head[k]
            step = a.cost[k] - dues[j]
            if a.most[k] < least:
                continue
            for m in range(out.first[j], out.last[j]):
                if step + out.cost[m] >= limit:
                    break
                most = min(a.most[k], out.energy[m] - a.add[k])
                if a.low[k] > out.energy[m] or most < least:
                    continue
                cost, energy, way, other = _with_room(count, cost, energy, way, other)
                count = _keep_back(cost, energy, way, other, count, step + out.cost[m], most, k, m)
                if most == a.most[k]:
                    break
        out = _with_labels(out, i, top, count, cost, energy, way, other)
        top += count
    return out


@kernel
def forward_labels(  # noqa: PLR0917 - a kernel: its state one by one
    depot: int,
    dues: Floats,
    vehicle_cost: float,
    threshold: float,
    back: Labels,
    halt: Halt,
    a: DayArrays,
) -> tuple[Labels, Floats, Longs, Longs]:
    """(cost, used energy) after each trip, energy falling as cost rises; and the best through each.

    Returns (labels, best reduced cost (N,), its label here, its label in `back`); inf where no day
    through the trip is below the threshold.
    """
    n = dues.size
    out = _no_labels(n)
    best = np.full(n, np.inf)
    best_label, best_back = np.full(n, -1), np.full(n, -1)
    cost, energy = np.empty(_ROOM), np.empty(_ROOM)
    way, other = np.empty(_ROOM, dtype=np.int64), np.empty(_ROOM, dtype=np.int64)
    top = 0
    for j in range(n):
        count = 0
        if halt[0] == 0 and back.first[j] < back.last[j]:
            for k in range(a.out_first[depot * n + j], a.out_first[depot * n + j + 1]):
                total = vehicle_cost + a.out_cost[k] - dues[j]
                if completion(back, j, a.out_used[k], total, threshold) >= 0:
                    cost, energy, way, other = _with_room(count, cost, energy, way, other)
                    count = _keep_ahead(
                        cost, energy, way, other, count, total, a.out_used[k], k, -1
                    )
            for r in range(a.head_first[j], a.head_first[j + 1]):
                k = a.by_head[r]
                i, step = a.tail[k], a.cost[k] - dues[j]
                for m in range(out.first[i], out.last[i]):
                    if out.energy[m] > a.most[k]:
                        continue
                    used = max(a.low[k], out.energy[m] + a.add[k])
                    if completion(back, j, used, out.cost[m] + step, threshold) >= 0:
                        cost, energy, way, other = _with_room(count, cost, energy, way, other)
                        count = _keep_ahead(
                            cost, energy, way, other, count, out.cost[m] + step, used, k, m
                        )
                    if used == a.low[k]:
                        break
        best[j], best_label[j], best_back[j] = _best(back, j, top, cost[:count], energy, threshold)
        out = _with_labels(out, j, top, count, cost, energy, way, other)
        top += count
    return out, best, best_label, best_back


@kernel
def _best(  # noqa: PLR0917 - a kernel: its state one by one
    back: Labels, j: int, top: int, cost: Floats, energy: Floats, threshold: float
) -> tuple[float, int, int]:
    """Least reduced cost through trip j, with the labels of both sides; those here begin at top."""
    best, label, label_back = np.inf, -1, -1
    for m in range(cost.size):
        b = completion(back, j, energy[m], cost[m], threshold)
        if b >= 0 and cost[m] + back.cost[b] < best:
            best, label, label_back = cost[m] + back.cost[b], top + m, b
    return best, label, label_back


@kernel
def completion(back: Labels, j: int, used: float, cost: float, threshold: float) -> int:
    """The cheapest backward label of trip j that takes the used energy; -1 above the threshold."""
    for m in range(back.first[j], back.last[j]):
        if cost + back.cost[m] >= threshold:
            return -1
        if back.energy[m] >= used:
            return m
    return -1


@kernel
def _keep_back(  # noqa: PLR0917 - a kernel: the columns of a label, one by one
    costs: Floats,
    energies: Floats,
    ways: Longs,
    others: Longs,
    count: int,
    cost: float,
    energy: float,
    way: int,
    other: int,
) -> int:
    """Insert a label by rising cost unless a cheaper one goes as far; drop those it beats."""
    at = 0
    while at < count and costs[at] <= cost:
        at += 1
    if at > 0 and energies[at - 1] >= energy:
        return count
    end = at
    while end < count and energies[end] <= energy:
        end += 1
    return _insert(costs, energies, ways, others, count, at, end, cost, energy, way, other)


@kernel
def _keep_ahead(  # noqa: PLR0917 - a kernel: the columns of a label, one by one
    costs: Floats,
    energies: Floats,
    ways: Longs,
    others: Longs,
    count: int,
    cost: float,
    energy: float,
    way: int,
    other: int,
) -> int:
    """Insert a label by rising cost unless a cheaper one used as little; drop those it beats."""
    at = 0
    while at < count and costs[at] <= cost:
        at += 1
    if at > 0 and energies[at - 1] <= energy:
        return count
    end = at
    while end < count and energies[end] >= energy:
        end += 1
    return _insert(costs, energies, ways, others, count, at, end, cost, energy, way, other)


@kernel
def _insert(  # noqa: PLR0917 - a kernel: the columns of a label, one by one
    costs: Floats,
    energies: Floats,
    ways: Longs,
    others: Longs,
    count: int,
    at: int,
    end: int,
    cost: float,
    energy: float,
    way: int,
    other: int,
) -> int:
    """Put a label in place of those from `at` to `end`; there is room for one more."""
    shift = at + 1 - end
    if shift > 0:
        for m in range(count - 1, end - 1, -1):
            costs[m + 1], energies[m + 1] = costs[m], energies[m]
            ways[m + 1], others[m + 1] = ways[m], others[m]
    elif shift < 0:
        for m in range(end, count):
            costs[m + shift], energies[m + shift] = costs[m], energies[m]
            ways[m + shift], others[m + shift] = ways[m], others[m]
    costs[at], energies[at], ways[at], others[at] = cost, energy, way, other
    return count + shift


@kernel
def _no_labels(n: int) -> Labels:
    room = _ROOM * n
    return Labels(
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=np.int64),
        np.empty(room),
        np.empty(room),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.int64),
    )


@kernel
def _with_room(
    count: int, cost: Floats, energy: Floats, way: Longs, other: Longs
) -> tuple[Floats, Floats, Longs, Longs]:
    """Arrays with room for one label more."""
    if count < cost.size:
        return cost, energy, way, other
    return (
        np.concatenate((cost, np.empty(count))),
        np.concatenate((energy, np.empty(count))),
        np.concatenate((way, np.empty(count, dtype=np.int64))),
        np.concatenate((other, np.empty(count, dtype=np.int64))),
    )


@kernel
def _with_labels(  # noqa: PLR0917 - a kernel: the columns of labels, one by one
    out: Labels,
    trip: int,
    top: int,
    count: int,
    cost: Floats,
    energy: Floats,
    way: Longs,
    other: Longs,
) -> Labels:
    """The labels with those of one more trip behind the others."""
    if top + count > out.cost.size:
        more = out.cost.size + count
        out = Labels(
            out.first,
            out.last,
            np.concatenate((out.cost, np.empty(more))),
            np.concatenate((out.energy, np.empty(more))),
            np.concatenate((out.way, np.empty(more, dtype=np.int64))),
            np.concatenate((out.other, np.empty(more, dtype=np.int64))),
        )
    out.first[trip], out.last[trip] = top, top + count
    for m in range(count):
        out.cost[top + m], out.energy[top + m] = cost[m], energy[m]
        out.way[top + m], out.other[top + m] = way[m], other[m]
    return out
