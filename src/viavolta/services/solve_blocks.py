"""From a benchmark file of electric vehicle scheduling to a plan with a proven lower bound.

The bound and the first plan are the bus planner's own: the smallest fleet without energy limit,
cut where the battery ends and matched anew. Then strings of trips are taken out of tours that lie
near one another and put back where they fit best, again and again, in the manner of Christiaens
and Vanden Berghe (2020), "Slack induction by string removals for vehicle routing problems",
Transportation Science 54, under simulated annealing. The best plan seen counts.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from viavolta.engines.bus.chains import (
    VISIT_COST,
    DrivenChain,
    cheapest_ways,
    drive,
    driven_kwh,
    gap_cost,
    gap_kwh,
    gap_need_kwh,
)
from viavolta.engines.bus.electric import Search, electric_plan
from viavolta.engines.bus.fleet import FleetFlow, smallest_fleet
from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.engines.kit.jit import kernel
from viavolta.formats.evsp import EvspInstance, read_evsp
from viavolta.formats.gtfs_write import write_whole
from viavolta.model.errors import NoSolutionError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

Clock = Callable[[], float]
"""Seconds that only go forward."""

VEHICLE_COST = 10_000.0
BOUND_KIND = "min-cost-flow-without-energy-limit"
"""Energy ignored, and each way out of and into a depot at the cheapest depot."""

MAX_VERTICES = 2_500
"""The flow of the bound has an arc for every pair of trips: more would not fit in memory."""

MOVES = {"low": 4_000, "normal": 60_000, "high": 400_000}
"""Rebuilding moves for each effort."""

_MOVES_AT_ONCE = 100
_SEARCH = Search(max_sweeps=2, cut_every_s=1800.0, pairs_per_head=30, vehicle_cost=VEHICLE_COST)
_CLOSED = 1e12
"""Cost and energy of a way out that cannot be made in time: nothing can afford it."""

_COOLING = 0.01
_N_NEAR = 500
_STRINGS_REMOVED = 10.0
_MAX_STRING = 10.0
_SPARE_TOURS = 10
_BLINK_SHARE = 0.01
_TIME_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocksRequest:
    """What `viavolta blocks solve` is asked."""

    instance: Path
    out: Path
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One vehicle's day as vertices of the instance, its depot at both ends."""

    vertices: tuple[int, ...]
    way_cost: float


def solve_blocks(request: BlocksRequest, *, progress: Progress, clock: Clock) -> dict[str, Any]:
    """Solve one instance, write the plan as JSON and return it, without the blocks, with `out`.

    Raises
    ------
    UsageError: no such file, or the output exists and `force` is not given.
    InputError: the file cannot be read. NoSolutionError: a trip that no vehicle can serve.
    PeerError: the solver fails, or the output cannot be written.
    """
    began_s = clock()
    _check_out(request.out, force=request.force)
    progress(text("read"), 0.0)
    instance = read_evsp(request.instance, max_vertices=MAX_VERTICES)
    ends_s = np.inf if request.time_limit_s is None else clock() + request.time_limit_s
    progress(text("lower bound"), 0.0)
    fleet = smallest_fleet(bound_problem(instance), VEHICLE_COST)
    routes, was_stopped = plan_routes(
        instance,
        fleet,
        n_moves=MOVES[request.effort],
        rng=np.random.default_rng(request.seed),
        progress=progress,
        stop=lambda: clock() >= ends_s,
    )
    cost = sum(VEHICLE_COST + route.way_cost for route in routes)
    document: dict[str, Any] = {
        "instance": instance.name,
        "seed": request.seed,
        "effort": request.effort,
        "was_cut_short": was_stopped,
        "vehicles": len(routes),
        "cost": cost,
        "lower_bound": fleet.cost_lower_bound,
        "bound_kind": BOUND_KIND,
        "gap": (cost - fleet.cost_lower_bound) / cost,
        "runtime_s": round(clock() - began_s, 3),
        "blocks": [{"depot": r.vertices[0], "vertices": list(r.vertices)} for r in routes],
    }
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    write_whole(request.out, (content + "\n").encode())
    return {**{k: v for k, v in document.items() if k != "blocks"}, "out": str(request.out)}


def _check_out(out: Path, *, force: bool) -> None:
    where = Where(field="--out", value=str(out)[:200])
    if not out.parent.is_dir():
        raise UsageError(
            code="output-no-folder",
            message=text("there is no folder {folder}", folder=out.parent),
            where=where,
        )
    if out.is_dir() or (out.exists() and not force):
        raise UsageError(
            code="output-exists",
            message=text("{file} exists already", file=out),
            where=where,
            hint=text("another name, or --force to replace a file"),
        )


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
) -> tuple[tuple[Route, ...], bool]:
    """Find routes that serve each trip once; returns them and whether `stop` cut the search short.

    `fleet` is the optimum without energy limit, whose chains are the start.

    Raises
    ------
    NoSolutionError: a trip that no vehicle can serve.
    """
    problem, battery = block_problem(instance)
    alone = [drive(problem, battery, np.array([trip])) for trip in range(problem.n_trips)]
    by_station = [_by_station(instance, t) for t, one in enumerate(alone) if one is None]
    plan = electric_plan(problem, battery, fleet.chains, _SEARCH, progress=progress, stop=stop)
    chains = [chain.trips for chain in plan.chains]
    chains += [one.trips for t in plan.impossible if (one := alone[t]) is not None]
    was_stopped = plan.was_stopped
    if chains and not was_stopped:
        chains, was_stopped = rebuild(
            problem, battery, chains, n_moves=n_moves, rng=rng, progress=progress, stop=stop
        )
    driven = [drive(problem, battery, chain) for chain in chains]
    routes = [_route(instance, chain) for chain in driven if chain is not None] + by_station
    return tuple(sorted(routes, key=lambda route: route.vertices)), was_stopped


def _route(instance: EvspInstance, chain: DrivenChain) -> Route:
    """Vertices of a driven chain, stations between its trips included."""
    vertices = [chain.depot, int(chain.trips[0]) + instance.first_trip]
    for trip, way in zip(chain.trips[1:], chain.ways, strict=True):
        if way >= 0:
            vertices.append(instance.n_depots + int(way))
        vertices.append(int(trip) + instance.first_trip)
    return _priced(instance, (*vertices, chain.depot))


def _priced(instance: EvspInstance, vertices: tuple[int, ...]) -> Route:
    ways = instance.deadhead[list(vertices[:-1]), list(vertices[1:])]
    return Route(vertices=vertices, way_cost=float(ways.sum()))


def _by_station(instance: EvspInstance, trip: int) -> Route:
    """Serve a trip by a vehicle of its own that charges on the way out, on the way back or both.

    Raises
    ------
    NoSolutionError: not even so.
    """
    vertex = instance.first_trip + trip
    routes = [r for vs in _days_alone(instance, vertex) if (r := _if_possible(instance, vs))]
    if not routes:
        raise NoSolutionError(
            code="evsp-trip-impossible",
            message=text("no vehicle can serve the trip of vertex {vertex}", vertex=vertex),
            where=Where(field="vertex", value=str(vertex)),
            expected=text(
                "a depot from which the trip is reached in time, and served and left again on "
                "{units:g} energy units, with a station visit before and after it at most",
                units=instance.max_charge,
            ),
            hint=text("a larger battery, or a depot or station nearer to the trip"),
        )
    return min(routes, key=lambda route: (route.way_cost, route.vertices))


def _days_alone(instance: EvspInstance, vertex: int) -> Iterator[tuple[int, ...]]:
    visits: list[tuple[int, ...]] = [()]
    visits += [(s,) for s in range(instance.n_depots, instance.first_trip)]
    for depot in range(instance.n_depots):
        for before in visits:
            for after in visits:
                yield (depot, *before, vertex, *after, depot)


def _if_possible(instance: EvspInstance, vertices: tuple[int, ...]) -> Route | None:
    """Drive depot, station or not, trip, station or not, depot by the rules of the benchmark.

    On the way back the depot's closing time ends the charging, as in the published results.
    """
    ways, depot = instance.deadhead, vertices[0]
    at = next(k for k, vertex in enumerate(vertices) if vertex >= instance.first_trip)
    trip = vertices[at]
    out_min, back_min = (
        sum(float(ways[i, j]) for i, j in zip(leg, leg[1:], strict=False))
        for leg in (vertices[: at + 1], vertices[at:])
    )
    slacks_min = (
        instance.ready_min[trip] - instance.ready_min[depot] - out_min,
        instance.due_min[depot] - instance.due_min[trip] - back_min,
    )
    if slacks_min[0] < 0.0:
        return None
    used = 0.0
    for i, j in zip(vertices, vertices[1:], strict=False):
        if instance.n_depots <= i < instance.first_trip:
            slack_min = slacks_min[0] if j == trip else max(0.0, slacks_min[1])
            used = max(0.0, used - slack_min / instance.recharge_min_per_unit)
        used += float(ways[i, j]) + float(instance.consumption[j])
        if used > instance.max_charge:
            return None
    return _priced(instance, vertices)


class _Tours(NamedTuple):
    """A plan while it is rebuilt: N trips, T tours, D depots; -1 means none.

    before, after, tour (N,): neighbours of a trip in its tour, and the tour.
    first, last, depot (T,): end trips and depot row of a tour, first = -1 where it is empty.
    cost (T,): vehicle and ways of a tour, NaN where not known yet.
    end_kwh, need_kwh (N, D): highest charge after a trip, and least before it, by depot.
    """

    before: Longs
    after: Longs
    tour: Longs
    first: Longs
    last: Longs
    depot: Longs
    cost: Floats
    end_kwh: Floats
    need_kwh: Floats


class _Guide(NamedTuple):
    """What guides the rebuilding.

    link_cost (N, N): least cost from trip to trip, inf where time does not allow it.
    out_cost (D, N), in_cost (N, D): ways from and to each depot.
    near (N, M): trips by likeness in place and time, the trip itself first.
    """

    link_cost: Floats
    out_cost: Floats
    in_cost: Floats
    near: Longs


def rebuild(
    problem: BlockProblem,
    battery: Battery,
    chains: list[Longs],
    *,
    n_moves: int,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
) -> tuple[list[Longs], bool]:
    """Improve chains that a battery can drive; never returns a dearer plan.

    Vehicles cost VEHICLE_COST, in the unit of `way_cost`. Each move takes strings of trips out of
    some tours and puts each trip back where it adds least. Same rng, same plan.
    """
    arrays = problem.arrays(battery)
    guide = _guide(problem, arrays)
    now = _tours(chains, arrays)
    best, scratch = _copy(now), _copy(now)
    now_cost = best_cost = float(_settle(now, arrays))
    warmth = float(np.median(np.minimum(guide.out_cost.min(axis=0), guide.in_cost.min(axis=1))))
    was_stopped = False
    for done in range(0, n_moves, _MOVES_AT_ONCE):
        was_stopped = stop()
        if was_stopped:
            break
        progress(text("rebuild"), done / n_moves)
        temperature = max(warmth, 1e-6) * _COOLING ** (done / n_moves)
        count = min(_MOVES_AT_ONCE, n_moves - done)
        now_cost, best_cost = _moves(
            count, temperature, (now_cost, best_cost), (now, scratch, best), guide, arrays, rng
        )
    return [_chain(t, best) for t in range(best.first.size) if best.first[t] >= 0], was_stopped


def _guide(problem: BlockProblem, arrays: BlockArrays) -> _Guide:
    n = problem.n_trips
    anchors = np.concatenate([problem.depots, problem.stations])
    outs = problem.way_cost[np.ix_(anchors, problem.from_node)].T
    ins = problem.way_cost[np.ix_(problem.to_node, anchors)]
    profile = np.concatenate([outs, ins], axis=1)
    near = np.empty((n, min(n, _N_NEAR)), dtype=np.int64)
    for t in range(n):
        unlike = np.abs(profile - profile[t]).mean(axis=1)
        unlike += _TIME_WEIGHT / 60.0 * np.abs(problem.start_s - problem.start_s[t])
        unlike[t] = -1.0
        near[t] = np.argsort(unlike, kind="stable")[: near.shape[1]]
    return _Guide(
        link_cost=_link_cost(n, arrays),
        out_cost=problem.way_cost[np.ix_(problem.depots, problem.from_node)],
        in_cost=problem.way_cost[np.ix_(problem.to_node, problem.depots)],
        near=near,
    )


def _tours(chains: list[Longs], arrays: BlockArrays) -> _Tours:
    """Make tours of chains, with room for some more vehicles."""
    n, n_tours, n_depots = arrays.start_s.size, len(chains) + _SPARE_TOURS, arrays.depots.size
    tours = _Tours(
        *(np.full(n, -1) for _ in range(3)),
        *(np.full(n_tours, -1) for _ in range(2)),
        depot=np.zeros(n_tours, dtype=np.int64),
        cost=np.zeros(n_tours),
        end_kwh=np.full((n, n_depots), -1.0),
        need_kwh=np.full((n, n_depots), np.inf),
    )
    for t, chain in enumerate(chains):
        for k, trip in enumerate(chain):
            _put(trip, t, chain[k - 1] if k else -1, tours)
        _refresh(t, tours, arrays)
    return tours


def _copy(tours: _Tours) -> _Tours:
    return _Tours(*(field.copy() for field in tours))


@kernel
def _link_cost(n: int, a: BlockArrays) -> Floats:
    """Least cost from each trip to each other, (n, n)."""
    cost = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            cost[i, j] = gap_cost(i, j, a) if i != j else np.inf
    return cost


@kernel
def _moves(
    count: int,
    temperature: float,
    costs: tuple[float, float],
    plans: tuple[_Tours, _Tours, _Tours],
    g: _Guide,
    a: BlockArrays,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Rebuild `count` times at one temperature; changes the plans (now, scratch, best)."""
    now, new, best = plans
    now_cost, best_cost = costs
    for _ in range(count):
        _assign(new, now)
        _take_out(new, g, a, rng)
        _put_back(new, g, a, rng)
        new_cost = _settle(new, a)
        if new_cost < now_cost - temperature * np.log(1.0 - rng.random()):
            now_cost = new_cost
            _assign(now, new)
            if new_cost < best_cost:
                best_cost = new_cost
                _assign(best, new)
    return now_cost, best_cost


@kernel
def _assign(to: _Tours, x: _Tours) -> None:
    """Make one plan the same as another."""
    to.before[:], to.after[:], to.tour[:] = x.before, x.after, x.tour
    to.first[:], to.last[:], to.depot[:], to.cost[:] = x.first, x.last, x.depot, x.cost
    to.end_kwh[:], to.need_kwh[:] = x.end_kwh, x.need_kwh


@kernel
def _take_out(x: _Tours, g: _Guide, a: BlockArrays, rng: np.random.Generator) -> None:
    """Take a string of trips out of each of some tours near a random trip."""
    n_used = (x.first >= 0).sum()
    longest = min(_MAX_STRING, x.tour.size / n_used)
    n_strings = int(rng.random() * (4.0 * _STRINGS_REMOVED / (1.0 + longest) - 1.0)) + 1
    is_touched = np.zeros(x.first.size, dtype=np.bool_)
    for trip in g.near[rng.integers(0, x.tour.size)]:
        t = x.tour[trip]
        if t < 0 or is_touched[t]:
            continue
        is_touched[t] = True
        chain = _chain(t, x)
        at = np.searchsorted(a.start_s[chain], a.start_s[trip])
        length = int(rng.random() * min(longest, chain.size)) + 1
        kept = 0
        while length > 1 and length + kept < chain.size and rng.random() < 0.5:
            kept += 1
        begin = rng.integers(
            max(0, at - length - kept + 1), min(at, chain.size - length - kept) + 1
        )
        keep_from = begin + 1 + rng.integers(0, length - 1) if kept else begin + length
        for k in range(begin, begin + length + kept):
            if k < keep_from or k >= keep_from + kept:
                _drop(chain[k], x)
        _refresh(t, x, a)
        n_strings -= 1
        if n_strings == 0:
            break


@kernel
def _put_back(x: _Tours, g: _Guide, a: BlockArrays, rng: np.random.Generator) -> None:
    """Put every trip that has no tour where it adds least cost, in one of several orders."""
    trips = np.flatnonzero(x.tour < 0)
    keys = (rng.random(trips.size), a.start_s[trips], -a.start_s[trips], -a.energy_kwh[trips])
    key = keys[0]
    choice = rng.random()
    if choice > 0.85:
        key = keys[3]
    elif choice > 0.6:
        key = keys[2]
    elif choice > 0.35:
        key = keys[1]
    for trip in trips[np.argsort(key, kind="mergesort")]:
        best, best_t, best_p = np.inf, int(np.argmin(x.first)), -1
        for t in range(x.first.size):
            if x.first[t] >= 0 and rng.random() >= _BLINK_SHARE:
                cost, p = _added_cost(trip, t, best, x, g, a)
                if cost < best:
                    best, best_t, best_p = cost, t, p
        if best == np.inf and x.first[best_t] >= 0:
            x.cost[0] = np.inf  # no tour left to open: the move is given up
            return
        _put(trip, best_t, best_p, x)
        _refresh(best_t, x, a)


@kernel
def _added_cost(
    trip: int, t: int, limit: float, x: _Tours, g: _Guide, a: BlockArrays
) -> tuple[float, int]:
    """What a trip adds to a tour, detours to stations aside, and the trip it goes behind.

    inf where it does not fit, or costs no less than `limit`.
    """
    p, s = -1, x.first[t]
    while s >= 0 and a.start_s[s] < a.start_s[trip]:
        p, s = s, x.after[s]
    first, last = x.first[t], x.last[t]
    links = -g.out_cost[x.depot[t], first] - g.in_cost[last, x.depot[t]]
    if p >= 0:
        links += g.link_cost[p, trip]
    if s >= 0:
        links += g.link_cost[trip, s]
    if p >= 0 and s >= 0:
        links -= g.link_cost[p, s]
    first, last = trip if p < 0 else first, trip if s < 0 else last
    best = limit
    for d in range(a.depots.size):
        cost = links + g.out_cost[d, first] + g.in_cost[last, d]
        if cost < best and _fits(trip, p, s, d, x, a):
            best = cost
    return (best, p) if best < limit else (np.inf, p)


@kernel
def _fits(trip: int, p: int, s: int, d: int, x: _Tours, a: BlockArrays) -> bool:
    """Whether a battery lasts if a trip goes between trips p and s (-1: the depot)."""
    if p < 0:
        charge = driven_kwh(a.soc_max_kwh, a.way_kwh[a.depots[d], a.from_node[trip]], a)
    else:
        charge = gap_kwh(x.end_kwh[p, d], p, trip, a)
    charge = driven_kwh(charge, a.energy_kwh[trip], a)
    if charge < 0.0:
        return False
    if s < 0:
        return driven_kwh(charge, a.way_kwh[a.to_node[trip], a.depots[d]], a) >= 0.0
    return gap_kwh(charge, trip, s, a) >= x.need_kwh[s, d]


@kernel
def _chain(t: int, x: _Tours) -> Longs:
    """Trips of a tour in order."""
    n, trip = 0, x.first[t]
    while trip >= 0:
        n, trip = n + 1, x.after[trip]
    chain = np.empty(n, dtype=np.int64)
    trip = x.first[t]
    for k in range(n):
        chain[k], trip = trip, x.after[trip]
    return chain


@kernel
def _drop(trip: int, x: _Tours) -> None:
    """Take a trip out of its tour; the tour must be refreshed."""
    t, p, s = x.tour[trip], x.before[trip], x.after[trip]
    if p >= 0:
        x.after[p] = s
    else:
        x.first[t] = s
    if s >= 0:
        x.before[s] = p
    else:
        x.last[t] = p
    x.tour[trip] = x.before[trip] = x.after[trip] = -1


@kernel
def _put(trip: int, t: int, p: int, x: _Tours) -> None:
    """Put a trip behind trip p of a tour (-1: at its start); the tour must be refreshed."""
    s = x.after[p] if p >= 0 else x.first[t]
    x.tour[trip], x.before[trip], x.after[trip] = t, p, s
    if p >= 0:
        x.after[p] = trip
    else:
        x.first[t] = trip
    if s >= 0:
        x.before[s] = trip
    else:
        x.last[t] = trip


@kernel
def _refresh(t: int, x: _Tours, a: BlockArrays) -> None:
    """Bring charges and needs of a changed tour up to date, and choose its cheapest depot."""
    x.cost[t] = np.nan if x.first[t] >= 0 else 0.0
    best = np.inf
    for d in range(a.depots.size):
        depot, p, trip = a.depots[d], -1, x.first[t]
        charge = a.soc_max_kwh
        while trip >= 0:
            if p < 0:
                charge = driven_kwh(charge, a.way_kwh[depot, a.from_node[trip]], a)
            else:
                charge = gap_kwh(charge, p, trip, a)
            charge = driven_kwh(charge, a.energy_kwh[trip], a)
            x.end_kwh[trip, d] = charge
            p, trip = trip, x.after[trip]
        need, s, trip = 0.0, -1, x.last[t]
        while trip >= 0:
            if s < 0:
                need = a.soc_min_kwh + a.way_kwh[a.to_node[trip], depot]
            else:
                need = gap_need_kwh(need, trip, s, a)
            need = max(a.soc_min_kwh, need + a.energy_kwh[trip])
            x.need_kwh[trip, d] = need
            s, trip = trip, x.before[trip]
        if p >= 0 and driven_kwh(charge, a.way_kwh[a.to_node[p], depot], a) >= 0.0:
            cost = a.way_cost[depot, a.from_node[x.first[t]]] + a.way_cost[a.to_node[p], depot]
            if cost < best:
                best, x.depot[t] = cost, d


@kernel
def _settle(x: _Tours, a: BlockArrays) -> float:
    """Price the tours that changed, stations included; returns the cost of the plan."""
    total = 0.0
    for t in range(x.first.size):
        if np.isnan(x.cost[t]):
            ways, cost = cheapest_ways(a.soc_max_kwh, _chain(t, x), a.depots[x.depot[t]], a)
            x.cost[t] = VEHICLE_COST + cost - VISIT_COST * (ways >= 0).sum()
        total += x.cost[t]
    return total
