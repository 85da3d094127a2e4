"""Improve a whole plan by taking strings of trips out of tours and putting them back better.

In the manner of Christiaens and Vanden Berghe (2020), "Slack induction by string removals for
vehicle routing problems", Transportation Science 54, under simulated annealing. The best plan seen
counts.
"""

from copy import deepcopy
from typing import NamedTuple

import numpy as np

from viavolta.engines.bus.chains import (
    VISIT_COST,
    DrivenChain,
    cheapest_ways,
    day_end_kwh,
    gap_cost,
)
from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.engines.kit.jit import kernel
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

VEHICLE_COST = 10_000.0
"""What a vehicle costs in the unit of ways: the published benchmarks' figure."""

_MOVES_AT_ONCE = 100
_COOLING = 0.01  # temperature of the last moves as a share of the first
_FLEET_SHARE, _UNEVENNESS = 0.7, 0.6  # moves that reward long tours, and how much, see rebuild
_TRIPS_REMOVED, _LONGEST_STRING, _KEPT_SHARE, _BLINK_SHARE = 10.0, 10.0, 0.5, 0.01
_N_NEAR, _NEAR_PER_S, _SPARE_TOURS = 500, 0.5 / 60.0, 10


class Tours(NamedTuple):
    """A plan while it is rebuilt: N trips, T tours of at most L trips; -1 means none.

    tour (N,): the tour of each trip. trips (T, L), size (T,): trips of each tour, in order.
    depot (T,): row of its depot. cost (T,): its vehicle and ways, NaN where not known yet.
    """

    tour: Longs
    trips: Longs
    size: Longs
    depot: Longs
    cost: Floats


class Guide(NamedTuple):
    """Least cost from trip to trip (N, N), from depots (D, N), to depots (N, D); near (N, M).

    A link is inf where time does not allow it. `near`: trips by likeness, the trip itself first.
    """

    link_cost: Floats
    out_cost: Floats
    in_cost: Floats
    near: Longs


def rebuild(
    problem: BlockProblem,
    battery: Battery,
    chains: list[DrivenChain],
    *,
    n_moves: int,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
) -> tuple[list[DrivenChain], bool]:
    """Improve chains that a battery can drive; returns them and whether `stop` cut it short.

    Vehicles cost VEHICLE_COST, in the unit of `way_cost`; the result is never dearer. Each move
    takes strings of trips out of some tours and puts each trip back where it adds least. The first
    moves reward squares of tour lengths: a tour that loses trips to long ones is on its way to be
    saved, which the cost does not show (measured: 32 vehicles for 33 or 34 on D4_S8_C200_13).
    """
    a = problem.arrays(battery)
    guide = guide_of(problem, a)
    now = tours_of(chains, problem)
    best, scratch = deepcopy(now), deepcopy(now)
    costs = (settle(now, a),) * 2
    warmth = max(1e-6, 2.0 * float(np.median(guide.out_cost.min(axis=0))))
    unevenness = _UNEVENNESS * warmth
    done, was_stopped = 0, stop()
    while done < n_moves and not was_stopped:
        progress(text("rebuild"), done / n_moves)
        is_fleet_stage = done < _FLEET_SHARE * n_moves
        if not is_fleet_stage and unevenness > 0.0:
            unevenness, now, costs = 0.0, deepcopy(best), (costs[1], costs[1])
        heat = warmth * _COOLING ** (done / n_moves)
        count = min(_MOVES_AT_ONCE, n_moves - done)
        plans = (now, scratch, best)
        costs = _moves(count, heat, unevenness, costs, plans, guide, a, rng)
        done, was_stopped = done + count, stop()
    trips = [best.trips[t, : best.size[t]].copy() for t in np.flatnonzero(best.size)]
    return [_driven(chain, problem, a) for chain in trips], was_stopped and done < n_moves


def _driven(trips: Longs, problem: BlockProblem, a: BlockArrays) -> DrivenChain:
    """Drive a chain the cheapest way over all depots."""
    best, ways, depot = np.inf, trips, -1
    for at in problem.depots:
        some_ways, cost = cheapest_ways(a.soc_max_kwh, trips, at, a)
        if cost - VISIT_COST * (some_ways >= 0).sum() < best:
            best, ways, depot = cost - VISIT_COST * (some_ways >= 0).sum(), some_ways, int(at)
    return DrivenChain(trips=trips, depot=depot, morning_kwh=a.soc_max_kwh, ways=ways, cost=best)


def guide_of(problem: BlockProblem, a: BlockArrays) -> Guide:
    """Trips are alike that start at like times, as far from and to each depot and station."""
    n = problem.n_trips
    anchors = np.concatenate([problem.depots, problem.stations])
    outs = problem.way_cost[np.ix_(anchors, problem.from_node)]
    ins = problem.way_cost[np.ix_(problem.to_node, anchors)]
    profile = np.concatenate([outs.T, ins], axis=1)
    near = np.empty((n, min(n, _N_NEAR)), dtype=np.int64)
    for t in range(n):
        unlike = np.abs(profile - profile[t]).mean(axis=1)
        unlike += _NEAR_PER_S * np.abs(problem.start_s - problem.start_s[t])
        unlike[t] = -1.0
        near[t] = np.argsort(unlike, kind="stable")[: near.shape[1]]
    n_depots = problem.depots.size
    return Guide(_link_cost(n, a), outs[:n_depots].copy(), ins[:, :n_depots].copy(), near)


def tours_of(chains: list[DrivenChain], problem: BlockProblem) -> Tours:
    """Make tours of chains, with room for more vehicles and for any chain there can be."""
    n_trips, n_tours = problem.n_trips, len(chains) + _SPARE_TOURS
    x = Tours(
        tour=np.full(n_trips, -1),
        trips=np.full((n_tours, n_trips), -1),
        size=np.zeros(n_tours, dtype=np.int64),
        depot=np.zeros(n_tours, dtype=np.int64),
        cost=np.zeros(n_tours),
    )
    for t, chain in enumerate(chains):
        n = chain.trips.size
        x.tour[chain.trips], x.trips[t, :n], x.size[t], x.cost[t] = t, chain.trips, n, np.nan
        x.depot[t] = np.flatnonzero(problem.depots == chain.depot)[0]
    return x


@kernel
def _link_cost(n: int, a: BlockArrays) -> Floats:
    cost = np.full((n, n), np.inf)
    for i in range(n):
        for j in range(n):
            if i != j:
                cost[i, j] = gap_cost(i, j, a)
    return cost


@kernel
def _moves(  # noqa: PLR0917 - a kernel: its state one by one
    count: int,
    heat: float,
    unevenness: float,
    costs: tuple[float, float],
    plans: tuple[Tours, Tours, Tours],
    g: Guide,
    a: BlockArrays,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Rebuild `count` times at one temperature; changes the plans (now, scratch, best)."""
    now, new, best = plans
    now_cost, best_cost = costs
    for _ in range(count):
        _assign(new, now)
        put_back(in_some_order(take_out(new, g, rng), a, rng), new, g, a, rng)
        new_cost = settle(new, a)
        limit = now_cost - heat * np.log(1.0 - rng.random())
        if new_cost < limit + unevenness * ((new.size**2).sum() - (now.size**2).sum()):
            now_cost = new_cost
            _assign(now, new)
            if new_cost < best_cost:
                best_cost = new_cost
                _assign(best, new)
    return now_cost, best_cost


@kernel
def _assign(to: Tours, x: Tours) -> None:
    to.tour[:], to.trips[:], to.size[:] = x.tour, x.trips, x.size
    to.depot[:], to.cost[:] = x.depot, x.cost


@kernel
def take_out(x: Tours, g: Guide, rng: np.random.Generator) -> Longs:
    """Take a string of trips out of each of some tours near a random trip; returns the trips."""
    out, n_out = np.empty(x.tour.size, dtype=np.int64), 0
    longest = min(_LONGEST_STRING, x.tour.size / (x.size > 0).sum())
    n_strings = int(rng.random() * (4.0 * _TRIPS_REMOVED / (1.0 + longest) - 1.0)) + 1
    is_touched = np.zeros(x.size.size, dtype=np.bool_)
    for trip in g.near[rng.integers(0, x.tour.size)]:
        t = x.tour[trip]
        if t < 0 or is_touched[t]:
            continue
        is_touched[t] = True
        chain = x.trips[t, : x.size[t]].copy()
        at = np.flatnonzero(chain == trip)[0]
        length, kept = int(rng.random() * min(longest, chain.size)) + 1, 0
        while length > 1 and length + kept < chain.size and rng.random() < _KEPT_SHARE:
            kept += 1
        span = length + kept
        begin = rng.integers(max(0, at - span + 1), min(at, chain.size - span) + 1)
        keep = begin + 1 + rng.integers(0, length - 1) if kept else begin + span
        x.size[t], x.cost[t] = 0, np.nan
        for k in range(chain.size):
            if begin <= k < begin + span and not keep <= k < keep + kept:
                out[n_out], x.tour[chain[k]], n_out = chain[k], -1, n_out + 1
            else:
                x.trips[t, x.size[t]] = chain[k]
                x.size[t] += 1
        n_strings -= 1
        if n_strings == 0:
            break
    return out[:n_out]


@kernel
def in_some_order(trips: Longs, a: BlockArrays, rng: np.random.Generator) -> Longs:
    """Trips in random order, earliest first, latest first, or hungriest first."""
    keys = (rng.random(trips.size), a.start_s[trips], -a.start_s[trips], -a.energy_kwh[trips])
    return trips[np.argsort(keys[rng.integers(0, 4)], kind="mergesort")]


@kernel
def put_back(trips: Longs, x: Tours, g: Guide, a: BlockArrays, rng: np.random.Generator) -> None:
    """Put trips in turn where each adds least cost; a tour of its own where none takes it."""
    for trip in trips:
        best, at, depot = np.inf, int(np.argmin(x.size)), 0
        for t in range(x.size.size):
            if x.size[t] > 0 and rng.random() >= _BLINK_SHARE:
                cost, d = _added_cost(trip, t, best, x, g, a)
                if cost < best:
                    best, at, depot = cost, t, d
        if best == np.inf:
            best, depot = _added_cost(trip, at, best, x, g, a)
        if best == np.inf:
            x.cost[0] = np.inf  # no tour is left to open: the move is given up
            return
        chain = _joined(trip, at, _place(trip, at, x, a), x)
        x.tour[trip], x.depot[at], x.size[at], x.cost[at] = at, depot, chain.size, np.nan
        x.trips[at, : chain.size] = chain


@kernel
def _place(trip: int, t: int, x: Tours, a: BlockArrays) -> int:
    """How many trips of a tour go before a trip."""
    k = 0
    while k < x.size[t] and a.start_s[x.trips[t, k]] < a.start_s[trip]:
        k += 1
    return k


@kernel
def _joined(trip: int, t: int, k: int, x: Tours) -> Longs:
    """The trips of a tour with one more behind its first k."""
    chain = np.empty(x.size[t] + 1, dtype=np.int64)
    chain[:k], chain[k], chain[k + 1 :] = x.trips[t, :k], trip, x.trips[t, k : x.size[t]]
    return chain


@kernel
def _added_cost(  # noqa: PLR0917 - a kernel: its state one by one
    trip: int, t: int, limit: float, x: Tours, g: Guide, a: BlockArrays
) -> tuple[float, int]:
    """What a trip adds to a tour, detours to stations aside, and by which depot.

    inf where it does not fit, or adds no less than `limit`.
    """
    n, k = x.size[t], _place(trip, t, x, a)
    links = 0.0
    if n > 0:
        links -= g.out_cost[x.depot[t], x.trips[t, 0]] + g.in_cost[x.trips[t, n - 1], x.depot[t]]
    if k > 0:
        links += g.link_cost[x.trips[t, k - 1], trip]
    if k < n:
        links += g.link_cost[trip, x.trips[t, k]]
    if 0 < k < n:
        links -= g.link_cost[x.trips[t, k - 1], x.trips[t, k]]
    best, depot = limit, -1
    if links < limit:
        first, last = trip if k == 0 else x.trips[t, 0], trip if k == n else x.trips[t, n - 1]
        chain = _joined(trip, t, k, x)
        for d in range(a.depots.size):
            cost = links + g.out_cost[d, first] + g.in_cost[last, d]
            if cost < best and day_end_kwh(a.soc_max_kwh, chain, a.depots[d], a) >= 0.0:
                best, depot = cost, d
    return (best, depot) if depot >= 0 else (np.inf, depot)


@kernel
def settle(x: Tours, a: BlockArrays) -> float:
    """Price the tours that changed, stations included; returns the cost of the plan."""
    for t in np.flatnonzero(np.isnan(x.cost)):
        x.cost[t] = 0.0
        if x.size[t] > 0:
            chain = x.trips[t, : x.size[t]]
            ways, cost = cheapest_ways(a.soc_max_kwh, chain, a.depots[x.depot[t]], a)
            x.cost[t] = VEHICLE_COST + cost - VISIT_COST * (ways >= 0).sum()
    return float(x.cost.sum())
