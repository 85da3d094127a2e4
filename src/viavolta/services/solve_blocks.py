"""From a benchmark file of electric vehicle scheduling to a plan with a proven lower bound.

The bound and the first plan are the bus planner's own: the smallest fleet without energy limit,
cut where the battery ends and matched anew. Then strings of trips are taken out of tours that lie
near one another and put back where they fit best, again and again, in the manner of Christiaens
and Vanden Berghe (2020), "Slack induction by string removals for vehicle routing problems",
Transportation Science 54, under simulated annealing. The best plan seen counts.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np

from viavolta.engines.bus.chains import (
    DrivenChain,
    drive,
)
from viavolta.engines.bus.electric import Search, electric_plan
from viavolta.engines.bus.fleet import FleetFlow, smallest_fleet
from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.engines.bus.rebuild import VEHICLE_COST, rebuild
from viavolta.formats.evsp import EvspInstance, read_evsp
from viavolta.model.errors import NoSolutionError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule

Clock = Callable[[], float]
"""Seconds that only go forward."""

Route = tuple[int, ...]
"""One vehicle's day as vertices of the instance, its depot at both ends."""

BOUND_KIND = "min-cost-flow-without-energy-limit"
"""Energy ignored, and each way out of and into a depot at the cheapest depot."""

MAX_VERTICES = 2_500
"""The flow of the bound has an arc for every pair of trips: more would not fit in memory."""

MOVES = {"low": 5_000, "normal": 100_000, "high": 600_000}
"""Rebuilding moves for each effort."""

_FIRST_SEARCH = Search(
    max_sweeps=2, cut_every_s=1800.0, pairs_per_head=30, vehicle_cost=VEHICLE_COST
)
_CLOSED = 1e12  # cost and energy of a way that cannot be made in time: nothing can afford it


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
