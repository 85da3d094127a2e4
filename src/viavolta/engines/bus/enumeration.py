"""Every vehicle day whose reduced cost is below a threshold, none left out.

A depth-first walk from the depot. The backward labels of pricing tell at each step the least that
the day can still come to, so every step that is taken leads to a day. A plan that costs less than
another by however little is made of such days alone, once the threshold is the other's distance to
the bound: an integer program over them finds the best plan there is.
"""

import numpy as np

from viavolta.engines.bus.day_graph import DayArrays, DayGraph
from viavolta.engines.bus.labels import (
    Labels,
    VehicleDay,
    backward_labels,
    completion,
    shortest_from_depot,
    vehicle_days,
)
from viavolta.engines.bus.problem import Longs
from viavolta.engines.kit.jit import kernel
from viavolta.engines.kit.threads import no_halt
from viavolta.model.trip import Floats


def every_day(
    graph: DayGraph,
    dues: Floats,
    vehicle_cost: float,
    threshold: float,
    *,
    at_most: int,
    tolls: Floats | None = None,
) -> list[VehicleDay] | None:
    """Find all days with a reduced cost below the threshold, the cheapest for each set of trips.

    None where there are more than `at_most` of them. dues (N,): what serving each trip earns.
    tolls (D,): what a vehicle of each depot costs beyond vehicle_cost; with them, the cheapest day
    of each depot for each set of trips is found.
    """
    best: dict[tuple[int, tuple[int, ...]], VehicleDay] = {}
    costs = np.full(graph.n_depots, vehicle_cost) + (0.0 if tolls is None else tolls)
    n_found = 0
    for depot in range(graph.n_depots):
        a = graph.arrays
        reach = shortest_from_depot(depot, dues, costs[depot], a)
        back = backward_labels(depot, dues, threshold, reach, no_halt(), a)
        room = at_most - n_found
        cost, first, legs = _walk(depot, dues, costs[depot], threshold, room, back, a)
        n_found += cost.size
        if n_found > at_most:
            return None
        for day in vehicle_days(graph, depot, cost, first, legs):
            key = (0 if tolls is None else depot, day.trips)
            known = best.get(key)
            if known is None or day.cost < known.cost:
                best[key] = day
    return list(best.values())


@kernel
def _walk(  # noqa: PLR0917 - a kernel: its state one by one
    depot: int,
    dues: Floats,
    vehicle_cost: float,
    threshold: float,
    at_most: int,
    back: Labels,
    a: DayArrays,
) -> tuple[Floats, Longs, Longs]:
    """Days of one depot, at most one more than asked: (cost of ways, first leg, legs (L, 2))."""
    n = dues.size
    out = np.empty(at_most + 1)
    first = np.zeros(at_most + 2, dtype=np.int64)
    legs, count = np.empty((16 * n, 2), dtype=np.int64), 0
    path = np.empty((n + 1, 2), dtype=np.int64)
    cost, used = np.empty(n + 1), np.empty(n + 1)
    following = np.empty(n + 1, dtype=np.int64)
    for j in range(n):
        for way in range(a.out_first[depot * n + j], a.out_first[depot * n + j + 1]):
            cost[0], used[0] = vehicle_cost + a.out_cost[way] - dues[j], a.out_used[way]
            if completion(back, j, used[0], cost[0], threshold) < 0:
                continue
            path[0, 0], path[0, 1], following[0], depth = j, a.out_station[way], -1, 0
            while depth >= 0:
                i = path[depth, 0]
                if following[depth] < 0:
                    following[depth] = a.tail_first[i]
                    station, home = _way_home(depot, i, used[depth], a)
                    if cost[depth] + home < threshold:
                        legs = _with_legs(legs, first[count], path[: depth + 1], station)
                        earned = dues[path[: depth + 1, 0]].sum()
                        out[count] = home + cost[depth] + earned - vehicle_cost
                        first[count + 1] = first[count] + depth + 2
                        count += 1
                        if count > at_most:
                            return out, first, legs
                k = following[depth]
                if k == a.tail_first[i + 1]:
                    depth -= 1
                    continue
                following[depth] = k + 1
                head = a.head[k]
                total = cost[depth] + a.cost[k] - dues[head]
                after = max(a.low[k], used[depth] + a.add[k])
                can = used[depth] <= a.most[k]
                if can and completion(back, head, after, total, threshold) >= 0:
                    depth += 1
                    path[depth, 0], path[depth, 1], following[depth] = head, a.station[k], -1
                    cost[depth], used[depth] = total, after
    return out[:count], first[: count + 1], legs[: first[count]]


@kernel
def _way_home(depot: int, i: int, used: float, a: DayArrays) -> tuple[int, float]:
    """Station and cost of the cheapest way home from a trip with so much energy used; or inf."""
    n = a.tail_first.size - 1
    station, cost = -1, np.inf
    for k in range(a.home_first[depot * n + i], a.home_first[depot * n + i + 1]):
        if used <= a.home_most[k] and a.home_cost[k] < cost:
            station, cost = a.home_station[k], a.home_cost[k]
    return station, cost


@kernel
def _with_legs(legs: Longs, begin: int, path: Longs, station: int) -> Longs:
    """The legs with those of one more day behind the first `begin`."""
    end = begin + path.shape[0]
    if end >= legs.shape[0]:
        legs = np.concatenate((legs, np.empty((end + 1, 2), dtype=np.int64)))
    legs[begin:end] = path
    legs[end, 0], legs[end, 1] = -1, station
    return legs
