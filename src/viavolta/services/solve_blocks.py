"""From a benchmark file of electric vehicle scheduling to a plan with a proven lower bound.

The plan is made by column generation on the graph of the day (`engines.bus.columns`), whose duals
prove the bound and stand in the document, so that anyone can prove it again. It begins with the
bus planner's own plan: the smallest fleet without energy limit, cut where the battery ends and
matched anew. Where the search ends before it has a bound of its own, the cost of that fleet, which
no plan undercuts either, stands for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from viavolta.engines.bus.chains import DrivenChain
from viavolta.engines.bus.columns import ColumnPlan, Thoroughness, column_plan
from viavolta.engines.bus.day_graph import DIRECT, DayGraph, day_graph
from viavolta.engines.bus.electric import electric_plan
from viavolta.engines.bus.fleet import FleetFlow, bound_in_any_order, smallest_fleet
from viavolta.engines.bus.labels import VehicleDay, days_alone
from viavolta.engines.bus.matching import Search
from viavolta.engines.bus.polish import Windows
from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.engines.bus.shared import Places, most_cost, no_limit, places
from viavolta.formats.evsp import EvspInstance, read_evsp
from viavolta.model.errors import NoSolutionError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule, never

Clock = Callable[[], float]
"""Seconds that only go forward."""

Route = tuple[int, ...]
"""One vehicle's day as vertices of the instance, its depot at both ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRules:
    """What a plan must keep beyond the rules of the benchmark, which has none of these.

    min_layover_s: least time between the trips of a vehicle, beside the ways. vehicles_per_depot:
    most vehicles that each depot sends out; one number stands for all; None: any number.
    """

    min_layover_s: float = 0.0
    vehicles_per_depot: tuple[int, ...] | None = None

    def of(self, instance: EvspInstance) -> "BlockRules":
        """The rules with a number for each depot of an instance.

        Raises
        ------
        UsageError: there are more or fewer numbers than depots.
        """
        most, n = self.vehicles_per_depot, instance.n_depots
        if most is None or len(most) == n:
            return self
        if len(most) == 1:
            return replace(self, vehicles_per_depot=most * n)
        raise UsageError(
            code="evsp-depot-count",
            message=text(
                "there are {n} numbers of vehicles for {depots} depots", n=len(most), depots=n
            ),
            where=Where(field="--vehicles-per-depot", value=",".join(map(str, most))[:200]),
            expected=text("one number for all depots, or {n} of them", n=n),
        )

    def limits(self) -> Places:
        """The limits of the depots, as the search takes them."""
        most = self.vehicles_per_depot
        return no_limit() if most is None else places(most)


BENCHMARK = BlockRules()
"""The rules of the benchmark alone."""

VEHICLE_COST = 10_000.0
"""What a vehicle costs in the unit of ways: the published benchmarks' figure."""

COLUMN_BOUND = "column-generation"
"""Proven by the duals in the document."""

FLOW_BOUND = "min-cost-flow-without-energy-limit"
"""Energy ignored, and each way out of and into a depot at the cheapest depot."""

MAX_VERTICES = 2_500
"""The flow of the bound has an arc for every pair of trips: more would not fit in memory."""

EFFORTS = {
    "low": Thoroughness(
        gap=2e-5,
        max_rounds=1_000,
        dive_rounds=4,
        windows=Windows(per_100_trips=0, max_trips=0, max_nodes=0),
    ),
    "normal": Thoroughness(
        gap=2e-6,
        max_rounds=1_000,
        dive_rounds=8,
        windows=Windows(per_100_trips=12, max_trips=100, max_nodes=200),
    ),
    "high": Thoroughness(
        gap=1e-7,
        max_rounds=2_000,
        dive_rounds=20,
        windows=Windows(per_100_trips=50, max_trips=150, max_nodes=1_000),
    ),
}

_FIRST_SEARCH = Search(
    max_sweeps=2, cut_every_s=1800.0, pairs_per_head=30, vehicle_cost=VEHICLE_COST
)
_ROUNDING = 1e-7
_RELAXING_SHARE = 0.6
"""Share of a time limit after which the relaxation ends, so that a plan can be made of it."""
_TIME_DECIMALS, _TIME_SLACK_S = 6, 1e-5
_CLOSED = 1e12  # cost and energy of a way that cannot be made in time: nothing can afford it


def solve_blocks(
    path: Path,
    *,
    seed: int,
    effort: str,
    time_limit_s: float | None,
    rules: BlockRules = BENCHMARK,
    progress: Progress,
    clock: Clock,
) -> dict[str, Any]:
    """Solve one instance; returns the document that `viavolta blocks solve` writes.

    `effort` is a key of EFFORTS. `time_limit_s` caps the search, not reading and the first plan.

    Raises
    ------
    UsageError: no such file, or rules for other depots. InputError: the file cannot be read.
    NoSolutionError: a trip that no vehicle can serve, or depots that send out too few.
    PeerError: the solver fails.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    instance = read_evsp(path, max_vertices=MAX_VERTICES)
    rules = rules.of(instance)
    progress(text("lower bound"), 0.0)
    fleet = flow_of(instance, rules)
    starts_s = clock()
    stop, stop_relaxing = never, never
    if time_limit_s is not None:
        stop = _after(clock, starts_s + time_limit_s)
        stop_relaxing = _after(clock, starts_s + _RELAXING_SHARE * time_limit_s)
    plan = plan_days(
        instance,
        fleet,
        EFFORTS[effort],
        rules=rules,
        rng=np.random.default_rng(seed),
        progress=progress,
        stop=stop,
        stop_relaxing=stop_relaxing,
    )
    document = {
        "instance": instance.name,
        "seed": seed,
        "effort": effort,
        "was_cut_short": plan.was_stopped,
        **plan_document(instance, plan, fleet, rules),
    }
    blocks = document.pop("blocks")
    return {**document, "runtime_s": round(clock() - began_s, 3), "blocks": blocks}


def _after(clock: Clock, ends_s: float) -> StopRule:
    return lambda: clock() >= ends_s


def plan_document(
    instance: EvspInstance, plan: ColumnPlan, fleet: FleetFlow, rules: BlockRules = BENCHMARK
) -> dict[str, Any]:
    """What a plan is and what is proven of it: figures, blocks, and the duals that prove it."""
    routes = sorted(route_of(instance, day) for day in plan.days)
    cost = sum(VEHICLE_COST + way_cost(instance, route) for route in routes)
    is_proven = plan.bound >= (1.0 - _ROUNDING) * fleet.cost_lower_bound
    proven = plan.bound if is_proven else fleet.cost_lower_bound
    if proven > cost * (1.0 + _ROUNDING):
        msg = f"a bound of {proven} above the cost {cost} of a plan"
        raise AssertionError(msg)
    bound = min(cost, proven)
    document: dict[str, Any] = {
        "min_layover_s": rules.min_layover_s,
        "vehicles_per_depot": rules.vehicles_per_depot and list(rules.vehicles_per_depot),
        "vehicles": len(routes),
        "cost": cost,
        "lower_bound": bound,
        "bound_kind": COLUMN_BOUND if is_proven else FLOW_BOUND,
        "gap": (cost - bound) / cost,
        "blocks": [{"depot": route[0], "vertices": list(route)} for route in routes],
    }
    if is_proven:
        document["duals"] = plan.duals.tolist()
    if is_proven and rules.vehicles_per_depot is not None:
        document["depot_tolls"] = plan.tolls.tolist()
    return document


def block_problem(
    instance: EvspInstance, rules: BlockRules = BENCHMARK
) -> tuple[BlockProblem, Battery]:
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
        layover_s=rules.min_layover_s,
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


def bound_problem(instance: EvspInstance, rules: BlockRules = BENCHMARK) -> BlockProblem:
    """State the instance so that its optimum without energy limit bounds every plan from below.

    Each way is the shorter of the direct one and those by one station, for a file need not keep
    the triangle inequality, and is driven a little faster, so that rounding forbids no connection
    that fits exactly. Ends and starts of trips are nodes of their own, so that the flow does
    not take a trip for a way from its start to its end.
    """
    problem, _ = block_problem(instance, rules)
    ways = instance.deadhead.copy()
    for s in problem.stations:
        np.minimum(ways, instance.deadhead[:, s, None] + instance.deadhead[s], out=ways)
    v, n = instance.n_vertices, instance.n_trips
    vertex = np.concatenate([np.arange(v), problem.from_node])
    ways = ways[np.ix_(vertex, vertex)]
    return replace(
        problem,
        start_s=np.round(problem.start_s, _TIME_DECIMALS),
        end_s=np.round(problem.end_s, _TIME_DECIMALS),
        layover_s=max(0.0, problem.layover_s - _TIME_SLACK_S),
        from_node=np.arange(v, v + n),
        way_s=np.maximum(0.0, 60.0 * ways - _TIME_SLACK_S),
        way_cost=ways,
        way_kwh=ways,
    )


def flow_of(instance: EvspInstance, rules: BlockRules = BENCHMARK) -> FleetFlow:
    """The optimum without energy limit, whose bound holds for trips without duration, too."""
    problem = bound_problem(instance, rules)
    fleet = smallest_fleet(problem, VEHICLE_COST)
    if (problem.end_s <= problem.start_s).any():
        return replace(fleet, cost_lower_bound=bound_in_any_order(problem, VEHICLE_COST))
    return fleet


def whole_graph(instance: EvspInstance, rules: BlockRules = BENCHMARK) -> DayGraph:
    """Every way of the instance: to and from depots in their hours, and by stations."""
    problem, battery = block_problem(instance, rules)
    ways, m = instance.deadhead, instance.n_depots
    return day_graph(
        replace(problem, way_s=60.0 * ways, way_cost=ways, way_kwh=ways),
        battery,
        opens_s=60.0 * instance.ready_min[:m],
        closes_s=60.0 * instance.due_min[:m],
    )


def plan_days(
    instance: EvspInstance,
    fleet: FleetFlow,
    thoroughness: Thoroughness,
    *,
    rules: BlockRules = BENCHMARK,
    rng: np.random.Generator,
    progress: Progress,
    stop: StopRule,
    stop_relaxing: StopRule | None = None,
) -> ColumnPlan:
    """Find days that serve each trip once, and the duals that prove a bound.

    `fleet` is the optimum without energy limit, whose chains are the start; `rules` have a number
    for each depot.

    Raises
    ------
    NoSolutionError: a trip that no vehicle can serve, or depots that send out too few.
    PeerError: the solver fails.
    """
    graph = whole_graph(instance, rules)
    alone = dict(zip(graph.trips.tolist(), days_alone(graph), strict=True))
    for trip in range(instance.n_trips):
        if alone[trip] is None:
            raise _impossible(instance, trip)
    problem, battery = block_problem(instance, rules)
    first = electric_plan(
        problem, battery, fleet.chains, _FIRST_SEARCH, progress=progress, stop=stop
    )
    days = [_day_of(instance, chain) for chain in first.chains]
    days += [day for trip in first.impossible if (day := alone[trip]) is not None]
    limits = rules.limits()
    plan = column_plan(
        graph,
        days,
        VEHICLE_COST,
        thoroughness,
        limits=limits,
        rng=rng,
        progress=progress,
        stop=stop,
        stop_relaxing=stop_relaxing,
    )
    if plan.left_out:
        is_proven = plan.bound > most_cost(graph, limits, VEHICLE_COST)
        raise _too_few(rules, plan, fleet, is_proven=is_proven)
    return plan


def _day_of(instance: EvspInstance, chain: DrivenChain) -> VehicleDay:
    day = VehicleDay(
        chain.depot, tuple(chain.trips.tolist()), (DIRECT, *chain.ways.tolist(), DIRECT), 0.0
    )
    return day._replace(cost=way_cost(instance, route_of(instance, day)))


def route_of(instance: EvspInstance, day: VehicleDay) -> Route:
    """Say a vehicle's day as vertices of the instance."""
    ends = (*(trip + instance.first_trip for trip in day.trips), day.depot)
    vertices = [day.depot]
    for station, end in zip(day.stations, ends, strict=True):
        vertices += [instance.n_depots + station] if station != DIRECT else []
        vertices.append(end)
    return tuple(vertices)


def way_cost(instance: EvspInstance, route: Route) -> float:
    """Sum of all deadhead lengths of a route."""
    return float(sum(instance.deadhead[i, j] for i, j in pairwise(route)))


def _impossible(instance: EvspInstance, trip: int) -> NoSolutionError:
    vertex = instance.first_trip + trip
    return NoSolutionError(
        code="evsp-trip-impossible",
        message=text("no vehicle can serve the trip of vertex {vertex}", vertex=vertex),
        where=Where(field="vertex", value=str(vertex)),
        expected=text(
            "in time from a depot, and back on {units:g} energy units, by a station if need be",
            units=instance.max_charge,
        ),
        hint=text("a larger battery, or a depot or station nearer to the trip"),
    )


def _too_few(
    rules: BlockRules, plan: ColumnPlan, fleet: FleetFlow, *, is_proven: bool
) -> NoSolutionError:
    n = len(plan.left_out)
    message = text("no plan was found in which the depots' vehicles serve all trips: {n} lack", n=n)
    if is_proven:
        message = text("the depots send out too few vehicles: no plan at all serves every trip")
    return NoSolutionError(
        code="evsp-depots-too-small",
        message=message,
        where=Where(
            field="--vehicles-per-depot", value=",".join(map(str, rules.vehicles_per_depot or ()))
        ),
        expected=text(
            "more vehicles; batteries that never empty and no limits would take {n}",
            n=fleet.n_vehicles,
        ),
        hint=text("raise --vehicles-per-depot, and --time-limit where there is one"),
    )
