"""From a benchmark file of electric vehicle scheduling to a plan with a proven lower bound.

The bound and the first plan are the bus planner's own: the smallest fleet without energy limit,
cut where the battery ends and matched anew. Then strings of trips are taken out of tours that lie
near one another and put back where they fit best, again and again, in the manner of Christiaens
and Vanden Berghe (2020), "Slack induction by string removals for vehicle routing problems",
Transportation Science 54, under simulated annealing. The best plan seen counts.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from viavolta.engines.bus.chains import (
    VISIT_COST,
    DrivenChain,
    cheapest_ways,
    day_end_kwh,
    drive,
    gap_cost,
)
from viavolta.engines.bus.electric import Search, electric_plan
from viavolta.engines.bus.fleet import FleetFlow, smallest_fleet
from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.engines.kit.jit import kernel
from viavolta.formats.evsp import EvspInstance, read_evsp
from viavolta.model.errors import NoSolutionError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

Clock = Callable[[], float]
"""Seconds that only go forward."""

Route = tuple[int, ...]
"""One vehicle's day as vertices of the instance, its depot at both ends."""

VEHICLE_COST = 10_000.0
BOUND_KIND = "min-cost-flow-without-energy-limit"
"""Energy ignored, and each way out of and into a depot at the cheapest depot."""

MAX_VERTICES = 2_500
"""The flow of the bound has an arc for every pair of trips: more would not fit in memory."""

MOVES = {"low": 5_000, "normal": 100_000, "high": 600_000}
"""Rebuilding moves for each effort."""

_MOVES_AT_ONCE = 100
_FIRST_SEARCH = Search(
    max_sweeps=2, cut_every_s=1800.0, pairs_per_head=30, vehicle_cost=VEHICLE_COST
)
_CLOSED = 1e12  # cost and energy of a way that cannot be made in time: nothing can afford it
_COOLING = 0.01  # temperature of the last moves as a share of the first
_FLEET_SHARE, _UNEVENNESS = 0.7, 0.6  # moves that reward long tours, and how much, see rebuild
_TRIPS_REMOVED, _LONGEST_STRING, _KEPT_SHARE, _BLINK_SHARE = 10.0, 10.0, 0.5, 0.01
_N_NEAR, _NEAR_PER_S, _SPARE_TOURS = 500, 0.5 / 60.0, 10


def solve_blocks(
    path: Path,
    *,
    seed: int,
    effort: str,
    time_limit_s: float | None,
    progress: Progress,
    clock: Clock,
) -> dict[str, Any]:
    """Solve one instance; returns the document that `viavolta blocks solve` writes.

    `effort` is a key of MOVES. `time_limit_s` caps the search, not reading and the bound.

    Raises
    ------
    UsageError: no such file. InputError: the file cannot be read.
    NoSolutionError: a trip that no vehicle can serve. PeerError: the solver fails.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    instance = read_evsp(path, max_vertices=MAX_VERTICES)
    progress(text("lower bound"), 0.0)
    fleet = smallest_fleet(bound_problem(instance), VEHICLE_COST)
    ends_s = np.inf if time_limit_s is None else clock() + time_limit_s
    routes, was_stopped = plan_routes(
        instance,
        fleet,
        n_moves=MOVES[effort],
        rng=np.random.default_rng(seed),
        progress=progress,
        stop=lambda: clock() >= ends_s,
    )
    cost = sum(VEHICLE_COST + way_cost(instance, route) for route in routes)
    return {
        "instance": instance.name,
        "seed": seed,
        "effort": effort,
        "was_cut_short": was_stopped,
        "vehicles": len(routes),
        "cost": cost,
        "lower_bound": fleet.cost_lower_bound,
        "bound_kind": BOUND_KIND,
        "gap": (cost - fleet.cost_lower_bound) / cost,
        "runtime_s": round(clock() - began_s, 3),
        "blocks": [{"depot": route[0], "vertices": list(route)} for route in routes],
    }


def block_problem(instance: EvspInstance) -> tuple[BlockProblem, Battery]:
    """Say the instance in the bus planner's words; nodes are the instance's vertices.

    A row of the way matrices is where a trip ends, a column where it starts. One number of the
    file is at once minutes, energy units (the planner's kWh) and cost.
    """
    m, v = instance.n_depots, instance.n_vertices
    trips = np.arange(instance.first_trip, v)
    ways = instance.deadhead.copy()
    leaves_min = instance.ready_min[:m, None] + ways[:m]
    ways[:m][leaves_min > instance.ready_min] = _CLOSED
    problem = BlockProblem(
        start_s=60.0 * instance.ready_min[trips],
        end_s=60.0 * instance.due_min[trips],
        energy_kwh=instance.consumption[trips],
        from_node=trips,
        to_node=trips,
        way_s=60.0 * ways,
        way_cost=ways,
        way_kwh=ways,
        depots=np.arange(m),
        stations=np.arange(m, instance.first_trip),
        layover_s=0.0,
        plug_s=0.0,
        wait_cost_per_s=0.0,
        free_wait_s=0.0,
        night_is_bounded=False,
    )
    units_per_h = 60.0 / instance.recharge_min_per_unit
    battery = Battery(
        soc_min_kwh=0.0,
        soc_max_kwh=instance.max_charge,
        curve_kwh=np.array([0.0, instance.max_charge]),
        curve_kw=np.array([units_per_h, units_per_h]),
    )
    return problem, battery


def bound_problem(instance: EvspInstance) -> BlockProblem:
    """State the instance so that its optimum without energy limit bounds every plan from below.

    Each way is the shorter of the direct one and those by one station, for a file need not keep
    the triangle inequality. Ends and starts of trips are nodes of their own, so that the flow does
    not take a trip for a way from its start to its end.
    """
    problem, _ = block_problem(instance)
    ways = instance.deadhead.copy()
    for s in problem.stations:
        np.minimum(ways, instance.deadhead[:, s, None] + instance.deadhead[s], out=ways)
    v, n = instance.n_vertices, instance.n_trips
    vertex = np.concatenate([np.arange(v), problem.from_node])
    ways = ways[np.ix_(vertex, vertex)]
    return replace(
        problem, from_node=np.arange(v, v + n), way_s=60.0 * ways, way_cost=ways, way_kwh=ways
    )


def plan_routes(
    instance: EvspInstance,
    fleet: FleetFlow,
    *,
    n_moves: int,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
) -> tuple[list[Route], bool]:
    """Find routes that serve each trip once; returns them and whether `stop` cut the search short.

    `fleet` is the optimum without energy limit, whose chains are the start.

    Raises
    ------
    NoSolutionError: a trip that no vehicle can serve.
    """
    problem, battery = block_problem(instance)
    alone = [drive(problem, battery, np.array([trip])) for trip in range(problem.n_trips)]
    routes = [_by_station(instance, trip) for trip, one in enumerate(alone) if one is None]
    plan = electric_plan(
        problem, battery, fleet.chains, _FIRST_SEARCH, progress=progress, stop=stop
    )
    chains = [*plan.chains, *(one for trip in plan.impossible if (one := alone[trip]))]
    was_stopped = plan.was_stopped
    if chains and not was_stopped:
        chains, was_stopped = rebuild(
            problem, battery, chains, n_moves=n_moves, rng=rng, progress=progress, stop=stop
        )
    routes += [_route(instance, chain) for chain in chains]
    return sorted(routes), was_stopped


def _route(instance: EvspInstance, chain: DrivenChain) -> Route:
    vertices = [chain.depot, int(chain.trips[0]) + instance.first_trip]
    for trip, way in zip(chain.trips[1:], chain.ways, strict=True):
        vertices += [instance.n_depots + int(way)] if way >= 0 else []
        vertices.append(int(trip) + instance.first_trip)
    return (*vertices, chain.depot)


def way_cost(instance: EvspInstance, route: Route) -> float:
    """Sum of all deadhead lengths of a route."""
    return float(sum(instance.deadhead[i, j] for i, j in pairwise(route)))


def _by_station(instance: EvspInstance, trip: int) -> Route:
    """Serve a trip by a vehicle of its own that charges on the way out, on the way back or both.

    Raises
    ------
    NoSolutionError: not even so.
    """
    vertex = instance.first_trip + trip
    visits = [(), *((s,) for s in range(instance.n_depots, instance.first_trip))]
    days = (
        (depot, *before, vertex, *after, depot)
        for depot, before, after in product(range(instance.n_depots), visits, visits)
    )
    routes = [day for day in days if _is_possible(instance, day, vertex)]
    if not routes:
        raise NoSolutionError(
            code="evsp-trip-impossible",
            message=text("no vehicle can serve the trip of vertex {vertex}", vertex=vertex),
            where=Where(field="vertex", value=str(vertex)),
            expected=text(
                "in time from a depot, and back on {units:g} energy units, by a station if need be",
                units=instance.max_charge,
            ),
            hint=text("a larger battery, or a depot or station nearer to the trip"),
        )
    return min(routes, key=lambda route: (way_cost(instance, route), route))


def _is_possible(instance: EvspInstance, day: Route, trip: int) -> bool:
    """Whether one vehicle can drive depot, station or not, trip, station or not, depot.

    On the way back the depot's closing time ends the charging, as in the published results.
    """
    ways, depot, at = instance.deadhead, day[0], day.index(trip)
    out_min = instance.ready_min[trip] - instance.ready_min[depot]
    out_min -= way_cost(instance, day[: at + 1])
    back_min = instance.due_min[depot] - instance.due_min[trip]
    back_min -= way_cost(instance, day[at:])
    used = 0.0
    for i, j in pairwise(day):
        if instance.n_depots <= i < instance.first_trip:
            slack_min = max(0.0, out_min if j == trip else back_min)
            used = max(0.0, used - slack_min / instance.recharge_min_per_unit)
        used += ways[i, j] + (instance.consumption[j] if j == trip else 0.0)
        if used > instance.max_charge:
            return False
    return bool(out_min >= 0.0)


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
