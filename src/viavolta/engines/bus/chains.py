"""Driving a chain of trips with a battery: whether it can be done, and the cheapest way.

Kernels on one bundle of arrays (BlockArrays). A vehicle leaves its depot with a charge that its
night restores, serves its trips in order, and between two trips either drives directly, or charges
once on the way: at a station, or at a terminal where the one trip ends or the next begins.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.engines.kit.jit import kernel
from viavolta.model.trip import Floats

DAY_S = 86400.0
NO_WAY = -1.0
AT_DEPOT = -1
"""The points of depots and stations, in place of a row of the points at terminals."""
TERMINAL_VISITS = 2
"""Beside the stations a vehicle may charge where a trip ends, and where the next one begins."""
MAX_LABELS = 64
VISIT_COST = 0.5
"""What one charging visit costs beside its way, in units of way cost: a tie is not worth a plug."""
NIGHT_STEPS = 40
TOLERANCE_KWH = 1e-9


@kernel
def reach_kwh(charge_kwh: float, hours: float, a: BlockArrays) -> float:
    """Highest charge that a stay of `hours` at a depot may end with."""
    return reach_along_kwh(charge_kwh, hours, a.curve_kw, a)


@kernel
def reach_along_kwh(charge_kwh: float, hours: float, curve_kw: Floats, a: BlockArrays) -> float:
    """Highest charge that a stay of `hours` may end with, at the power allowed at that charge.

    Solves e = charge + hours x P(e) on the piecewise linear, never rising curve P, which is
    curve_kw (K,).
    """
    if hours <= 0.0 or charge_kwh >= a.soc_max_kwh:
        return charge_kwh
    for k in range(a.curve_kwh.size - 1, 0, -1):
        low, high = a.curve_kwh[k - 1], min(a.curve_kwh[k], a.soc_max_kwh)
        if high <= low:
            continue
        slope = (curve_kw[k] - curve_kw[k - 1]) / (a.curve_kwh[k] - a.curve_kwh[k - 1])
        power_high = curve_kw[k - 1] + slope * (high - low)
        if high - charge_kwh <= hours * power_high:
            return float(max(charge_kwh, high))
        if low - charge_kwh <= hours * curve_kw[k - 1]:
            intercept = curve_kw[k - 1] - slope * low
            return float(charge_kwh + hours * intercept) / float(1.0 - hours * slope)
    return charge_kwh


@kernel
def curve_at(point: int, a: BlockArrays) -> Floats:
    """Power into the battery (K,) at a point: a row of those at terminals, or AT_DEPOT."""
    return a.curve_kw if point < 0 else a.terminal_curves_kw[point]


@kernel
def visit_node(visit: int, i: int, j: int, a: BlockArrays) -> int:
    """Node of the n-th place to charge between trips i and j, or -1 where it is none.

    First the stations, then the terminal where trip i ends, then that where trip j begins.
    """
    if visit < a.stations.size:
        return int(a.stations[visit])
    if visit == a.stations.size:
        return int(a.to_node[i]) if a.end_point[i] >= 0 else -1
    if a.start_point[j] >= 0 and a.from_node[j] != a.to_node[i]:
        return int(a.from_node[j])
    return -1


@kernel
def visit_point(visit: int, i: int, j: int, a: BlockArrays) -> int:
    """Points of the n-th place to charge between trips i and j, as `curve_at` takes them."""
    if visit < a.stations.size:
        return AT_DEPOT
    return int(a.end_point[i] if visit == a.stations.size else a.start_point[j])


@kernel
def visits(a: BlockArrays) -> int:
    """How many places to charge a gap may have."""
    return int(a.stations.size + TERMINAL_VISITS)


@kernel
def driven_kwh(charge_kwh: float, energy_kwh: float, a: BlockArrays) -> float:
    """Charge after using `energy_kwh`, or NO_WAY below the reserve or without a charge before.

    Where the energy is negative, what a full battery cannot take is lost.
    """
    charge = min(a.soc_max_kwh, charge_kwh - energy_kwh)
    if charge_kwh < 0.0 or charge < a.soc_min_kwh - TOLERANCE_KWH:
        return NO_WAY
    return max(a.soc_min_kwh, charge)  # what is below by rounding would pass for NO_WAY at 0


@kernel
def direct_kwh(charge_kwh: float, slack_s: float, way_kwh: float, a: BlockArrays) -> float:
    """Charge after a direct way, or NO_WAY where time or charge does not allow it."""
    if slack_s < 0.0:
        return NO_WAY
    return driven_kwh(charge_kwh, way_kwh, a)


@kernel
def visit_kwh(charge_kwh: float, i: int, j: int, visit: int, a: BlockArrays) -> float:
    """Charge at the start of trip j after trip i and all slack at a place to charge, or NO_WAY."""
    s = visit_node(visit, i, j, a)
    if s < 0:
        return NO_WAY
    row, column = a.to_node[i], a.from_node[j]
    slack = a.start_s[j] - a.end_s[i] - a.layover_s - a.plug_s
    slack -= a.way_s[row, s] + a.way_s[s, column]
    arrival = driven_kwh(charge_kwh, a.way_kwh[row, s], a)
    if slack <= 0.0 or arrival < 0.0:
        return NO_WAY
    curve_kw = curve_at(visit_point(visit, i, j, a), a)
    charge = reach_along_kwh(arrival, slack / 3600.0, curve_kw, a)
    return driven_kwh(charge, a.way_kwh[s, column], a)


@kernel
def direct_slack_s(i: int, j: int, a: BlockArrays) -> float:
    """Time to spare between trips i and j on the direct way; negative where it does not fit."""
    way = a.way_s[a.to_node[i], a.from_node[j]]
    return float(a.start_s[j] - a.end_s[i] - a.layover_s - way)


@kernel
def gap_kwh(charge_kwh: float, i: int, j: int, a: BlockArrays) -> float:
    """Highest charge at the start of trip j after trip i, or NO_WAY."""
    way = a.way_kwh[a.to_node[i], a.from_node[j]]
    best = direct_kwh(charge_kwh, direct_slack_s(i, j, a), way, a)
    for visit in range(visits(a)):
        best = max(best, visit_kwh(charge_kwh, i, j, visit, a))
    return best


@kernel
def head_kwh(start_kwh: float, chain: Longs, depot: int, a: BlockArrays) -> float:
    """Highest charge after the chain's last trip, or NO_WAY."""
    charge = driven_kwh(start_kwh, a.way_kwh[depot, a.from_node[chain[0]]], a)
    for k in range(chain.size):
        if k > 0:
            charge = gap_kwh(charge, chain[k - 1], chain[k], a)
        charge = driven_kwh(charge, a.energy_kwh[chain[k]], a)
        if charge < 0.0:
            return NO_WAY
    return charge


@kernel
def day_end_kwh(start_kwh: float, chain: Longs, depot: int, a: BlockArrays) -> float:
    """Highest charge back at the depot after all trips, or NO_WAY."""
    charge = head_kwh(start_kwh, chain, depot, a)
    return driven_kwh(charge, a.way_kwh[a.to_node[chain[-1]], depot], a)


@kernel
def gap_need_kwh(need_kwh: float, i: int, j: int, a: BlockArrays) -> float:
    """Least charge after trip i that leaves `need_kwh` before trip j, or inf."""
    best = np.inf
    if direct_slack_s(i, j, a) >= 0.0:
        best = max(a.soc_min_kwh, need_kwh + a.way_kwh[a.to_node[i], a.from_node[j]])
    for visit in range(visits(a)):
        s = visit_node(visit, i, j, a)
        if s < 0:
            continue
        target = need_kwh + a.way_kwh[s, a.from_node[j]]
        slack = a.start_s[j] - a.end_s[i] - a.layover_s - a.plug_s
        slack -= a.way_s[a.to_node[i], s] + a.way_s[s, a.from_node[j]]
        if slack > 0.0 and target <= a.soc_max_kwh:
            curve_kw = curve_at(visit_point(visit, i, j, a), a)
            allowed = np.interp(target, a.curve_kwh, curve_kw)
            arrival = max(a.soc_min_kwh, target - slack / 3600.0 * allowed)
            best = min(best, max(a.soc_min_kwh, arrival + a.way_kwh[a.to_node[i], s]))
    return best


@kernel
def tail_need_kwh(chain: Longs, depot: int, a: BlockArrays) -> float:
    """Least charge before the chain's first trip that gets it home, or inf."""
    need = a.soc_min_kwh + max(0.0, a.way_kwh[a.to_node[chain[-1]], depot])
    for k in range(chain.size - 1, -1, -1):
        if k < chain.size - 1:
            need = gap_need_kwh(need, chain[k], chain[k + 1], a)
        before = max(a.soc_min_kwh, need + a.energy_kwh[chain[k]])
        if max(need, before) > a.soc_max_kwh + TOLERANCE_KWH:
            return np.inf  # also where the trip itself would recuperate what is missing
        need = before
    return float(need)


@kernel
def night_never_binds(first: int, last: int, depot: int, a: BlockArrays) -> bool:
    """Whether the night fills even an empty battery between trip `last` and trip `first`."""
    if not a.night_is_bounded:
        return True
    leaves = a.start_s[first] - a.way_s[depot, a.from_node[first]]
    returns = a.end_s[last] + a.way_s[a.to_node[last], depot]
    hours = (DAY_S - (returns - leaves) - a.plug_s) / 3600.0
    return reach_kwh(a.soc_min_kwh, hours, a) >= a.soc_max_kwh - TOLERANCE_KWH


@kernel
def night_hours(chain: Longs, depot: int, a: BlockArrays) -> float:
    """Hours at a plug between the last pull-in and the next morning's pull-out."""
    leaves = a.start_s[chain[0]] - a.way_s[depot, a.from_node[chain[0]]]
    returns = a.end_s[chain[-1]] + a.way_s[a.to_node[chain[-1]], depot]
    return float(DAY_S - (returns - leaves) - a.plug_s) / 3600.0


@kernel
def morning_kwh(chain: Longs, depot: int, a: BlockArrays) -> float:
    """Find a charge in the morning that the night restores, or NO_WAY where there is none.

    Starts full; where the night is too short to fill up again, starts lower, until it fits. The
    steps down are at least 1 % of the battery, so a lower start than the highest may be found, and
    a chain that fits by less than that may be missed; what is found does fit.
    """
    start = a.soc_max_kwh
    hours = night_hours(chain, depot, a)
    if a.night_is_bounded and hours < -a.plug_s / 3600.0:
        return NO_WAY  # out for more than 24 h: the vehicle would meet itself
    for _ in range(NIGHT_STEPS):
        end = day_end_kwh(start, chain, depot, a)
        if end < 0.0:
            return NO_WAY
        if not a.night_is_bounded:
            return start
        restored = reach_kwh(end, hours, a)
        if restored >= start - TOLERANCE_KWH:
            return start
        start = restored - 0.01 * a.soc_max_kwh
    return NO_WAY


@kernel
def best_depot(first: int, last: int, a: BlockArrays) -> int:
    """Find the depot with the cheapest way out to trip `first` and back from trip `last`."""
    best, best_cost = a.depots[0], np.inf
    for d in a.depots:
        cost = a.way_cost[d, a.from_node[first]] + a.way_cost[a.to_node[last], d]
        if cost < best_cost:
            best, best_cost = d, cost
    return int(best)


@kernel
def is_possible(chain: Longs, a: BlockArrays) -> bool:
    """Whether one vehicle of the cheapest depot can serve the chain."""
    depot = best_depot(chain[0], chain[-1], a)
    return morning_kwh(chain, depot, a) >= 0.0


@kernel
def prefix_length(chain: Longs, a: BlockArrays) -> int:
    """How many of the chain's first trips one vehicle can serve (0 if not even the first)."""
    low, high = 0, chain.size
    while low < high:
        middle = (low + high + 1) // 2
        if is_possible(chain[:middle], a):
            low = middle
        else:
            high = middle - 1
    return low


@kernel
def direct_cost(i: int, j: int, a: BlockArrays) -> float:
    """Cost of the direct way; standing at a terminal is free for a while, then costs."""
    waiting = max(0.0, direct_slack_s(i, j, a) - a.free_wait_s)
    return float(a.way_cost[a.to_node[i], a.from_node[j]] + a.wait_cost_per_s * waiting)


@kernel
def station_cost(i: int, j: int, s: int, a: BlockArrays) -> float:
    """Cost of the way by station s; standing there costs nothing."""
    return float(a.way_cost[a.to_node[i], s] + a.way_cost[s, a.from_node[j]] + VISIT_COST)


@kernel
def visit_cost(visit: int, i: int, j: int, a: BlockArrays) -> float:
    """Cost of the way by a place to charge; standing at a terminal costs as it does without."""
    if visit < a.stations.size:
        return station_cost(i, j, a.stations[visit], a)
    return direct_cost(i, j, a) + VISIT_COST


@kernel
def gap_cost(i: int, j: int, a: BlockArrays) -> float:
    """Least cost from trip i to trip j, energy ignored, or inf where time does not allow it."""
    best = direct_cost(i, j, a) if direct_slack_s(i, j, a) >= 0.0 else np.inf
    time = a.start_s[j] - a.end_s[i] - a.layover_s - a.plug_s
    for s in a.stations:
        if a.way_s[a.to_node[i], s] + a.way_s[s, a.from_node[j]] <= time:
            best = min(best, station_cost(i, j, s, a))
    return best


@kernel
def keep_label(  # noqa: PLR0917 - a kernel: the four columns of a label, one by one
    labels: Floats, count: int, cost: float, kwh: float, parent: int, way: int
) -> int:
    """Insert a label unless it is dominated, drop those it dominates; returns the new count.

    labels (M, 4): cost, charge, parent, way. When full, a label in the middle of the charges is
    given up, never the cheapest or the fullest.
    """
    for m in range(count):
        if labels[m, 0] <= cost and labels[m, 1] >= kwh:
            return count
    kept = 0
    for m in range(count):
        if not (cost <= labels[m, 0] and kwh >= labels[m, 1]):
            labels[kept] = labels[m]
            kept += 1
    at = kept
    if kept == labels.shape[0]:
        at = np.argsort(labels[:, 1])[kept // 2]
        kept -= 1
    labels[at, 0], labels[at, 1], labels[at, 2], labels[at, 3] = cost, kwh, parent, way
    return kept + 1


@kernel
def label_chain(start_kwh: float, chain: Longs, depot: int, a: BlockArrays) -> tuple[Floats, Longs]:
    """Labels (C, MAX_LABELS, 4) and their number (C,) after each trip of the chain.

    A dynamic programme in the manner of shortest paths with one resource: cost against charge.
    """
    labels = np.full((chain.size, MAX_LABELS, 4), -1.0)
    count = np.zeros(chain.size, dtype=np.int64)
    charge = driven_kwh(start_kwh, a.way_kwh[depot, a.from_node[chain[0]]], a)
    charge = driven_kwh(charge, a.energy_kwh[chain[0]], a)
    labels[0, 0, 0] = a.way_cost[depot, a.from_node[chain[0]]]
    labels[0, 0, 1] = charge
    count[0] = 1 if charge >= 0.0 else 0
    for k in range(1, chain.size):
        i, j = chain[k - 1], chain[k]
        for parent in range(count[k - 1]):
            for way in range(-1, visits(a)):
                before = labels[k - 1, parent, 1]
                if way < 0:
                    way_kwh = a.way_kwh[a.to_node[i], a.from_node[j]]
                    charge = direct_kwh(before, direct_slack_s(i, j, a), way_kwh, a)
                    cost = direct_cost(i, j, a)
                else:
                    charge = visit_kwh(before, i, j, way, a)
                    if charge < 0.0:
                        continue
                    cost = visit_cost(way, i, j, a)
                charge = driven_kwh(charge, a.energy_kwh[j], a)
                if charge < 0.0:
                    continue
                cost += labels[k - 1, parent, 0]
                count[k] = keep_label(labels[k], count[k], cost, charge, parent, way)
    return labels, count


@kernel
def cheapest_ways(
    start_kwh: float, chain: Longs, depot: int, a: BlockArrays
) -> tuple[Longs, float]:
    """Which gap goes direct (-1) and which by which visit, at least cost; inf if none works.

    Returns (ways (C-1,), cost). The end of the day must let the night restore `start_kwh`.
    """
    labels, count = label_chain(start_kwh, chain, depot, a)
    last = chain.size - 1
    home = a.to_node[chain[last]]
    hours = night_hours(chain, depot, a)
    label, best_cost = -1, np.inf
    for m in range(count[last]):
        end = driven_kwh(labels[last, m, 1], a.way_kwh[home, depot], a)
        if end < 0.0 or labels[last, m, 0] >= best_cost:
            continue
        if not a.night_is_bounded or reach_kwh(end, hours, a) >= start_kwh - TOLERANCE_KWH:
            label, best_cost = m, labels[last, m, 0]
    ways = np.full(last, -1)
    for k in range(last, 0, -1):
        if label >= 0:
            ways[k - 1] = int(labels[k, label, 3])
            label = int(labels[k, label, 2])
    return ways, best_cost + a.way_cost[home, depot]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenChain:
    """A chain that can be driven.

    ways (C-1,): -1 direct, else the row of `problem.stations`; S charges where the trip before
    ends, S + 1 where the next one begins.
    """

    trips: Longs
    depot: int
    morning_kwh: float
    ways: Longs
    cost: float


def drive(problem: BlockProblem, battery: Battery, trips: Longs) -> DrivenChain | None:
    """Find the cheapest way to drive a chain from its best depot, or None where there is none.

    `trips` (C,) in time order. Tries the depots from cheapest to dearest.
    """
    arrays = problem.arrays(battery)
    out = problem.way_cost[problem.depots, problem.from_node[trips[0]]]
    back = problem.way_cost[problem.to_node[trips[-1]], problem.depots]
    for depot in problem.depots[np.argsort(out + back, kind="stable")]:
        start = float(morning_kwh(trips, depot, arrays))
        if start < 0.0:
            continue
        ways, cost = cheapest_ways(start, trips, depot, arrays)
        if np.isfinite(cost):
            return DrivenChain(
                trips=trips, depot=int(depot), morning_kwh=start, ways=ways, cost=float(cost)
            )
    return None
