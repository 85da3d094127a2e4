"""Small random days for column generation, and slow obvious code that knows all about them."""

import itertools
import math

import numpy as np
from small_blocks import slow_reach_kwh

from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.engines.kit.milp import Program, solve

VEHICLE_COST = 1_000.0
FULL_KWH = 60.0


def small_day(seed: int, n_trips: int = 6, n_depots: int = 2, n_stations: int = 2):
    """A problem and a battery: trips between points of a plane, tight in time and energy.

    A third of the days have ways that break the triangle rule.
    """
    rng = np.random.default_rng(seed)
    n = n_depots + n_stations + n_trips
    ends = rng.uniform(0, 20, (n, 2))
    starts = np.concatenate([ends[: n - n_trips], rng.uniform(0, 20, (n_trips, 2))])
    ways = np.hypot(*(ends[:, None] - starts[None]).transpose(2, 0, 1))
    if seed % 3 == 0:
        ways *= rng.uniform(0.3, 2.0, ways.shape)
    start_s = 60.0 * rng.uniform(60, 400, n_trips)
    trips = np.arange(n - n_trips, n)
    problem = BlockProblem(
        start_s=start_s,
        end_s=start_s + 60.0 * rng.uniform(5, 30, n_trips),
        energy_kwh=rng.uniform(0, 20, n_trips),
        from_node=trips,
        to_node=trips,
        way_s=60.0 * ways,
        way_cost=ways,
        way_kwh=ways * rng.uniform(0.5, 1.0),
        depots=np.arange(n_depots),
        stations=np.arange(n_depots, n_depots + n_stations),
        layover_s=0.0,
        plug_s=0.0,
        wait_cost_per_s=0.0,
        free_wait_s=0.0,
        night_is_bounded=False,
    )
    kw = float(rng.uniform(5, 60))
    battery = Battery(
        soc_min_kwh=0.0,
        soc_max_kwh=FULL_KWH,
        curve_kwh=np.array([0.0, FULL_KWH]),
        curve_kw=np.array([kw, kw]),
    )
    return problem, battery


def step(problem, battery, state, depot, leg):
    """(cost, charge) after the way to a trip, or home where it is None, and the trip; None if not.

    leg: that trip, and the row of the station before it or -1. state: the node where the vehicle
    is free, since when in seconds (-inf in the depot), and its charge. Between two trips lies the
    layover; a visit of a station takes the time to plug in.
    """
    at, free_s, charge = state
    trip, station = leg
    to = problem.depots[depot] if trip is None else problem.from_node[trip]
    until_s = math.inf if trip is None else problem.start_s[trip] - problem.layover_s
    until_s -= problem.plug_s if station >= 0 else 0.0
    legs = [at, to] if station < 0 else [at, problem.stations[station], to]
    slack_s = until_s - free_s - sum(problem.way_s[i, j] for i, j in itertools.pairwise(legs))
    if slack_s < 0.0:
        return None
    cost = 0.0
    for k, (i, j) in enumerate(itertools.pairwise(legs)):
        if k == 1:
            charge = charged(charge, slack_s / 3600.0, battery)
        charge -= problem.way_kwh[i, j]
        cost += problem.way_cost[i, j]
        if charge < battery.soc_min_kwh - 1e-9:
            return None
    charge -= 0.0 if trip is None else problem.energy_kwh[trip]
    return None if charge < battery.soc_min_kwh - 1e-9 else (cost, charge)


def charged(charge, hours, battery) -> float:
    """Charge after some hours at a plug: one power, or that allowed at the charge it ends with."""
    if np.unique(battery.curve_kw).size > 1:
        return slow_reach_kwh(charge, min(hours, 1e6), battery)
    return min(battery.soc_max_kwh, charge + hours * battery.curve_kw[0])


def day_cost(problem, battery, day) -> float:
    """Cost of the ways of a VehicleDay, driven step by step; inf where it cannot be driven."""
    at, free_s, charge, cost = problem.depots[day.depot], -math.inf, battery.soc_max_kwh, 0.0
    for trip, station in zip([*day.trips, None], day.stations, strict=True):
        driven = step(problem, battery, (at, free_s, charge), day.depot, (trip, station))
        if driven is None:
            return math.inf
        cost, charge = cost + driven[0], driven[1]
        if trip is not None:
            at, free_s = problem.to_node[trip], problem.end_s[trip]
    return cost


def all_days(
    problem, battery, *, at_ends: bool = True, visit_cost: float = 0.0
) -> dict[tuple[int, ...], float]:
    """Least cost of the ways of every set of trips that one vehicle can serve, in order of time.

    Tries every depot, every later trip and every station after every day's beginning. at_ends:
    whether stations may also stand on the way out and home. visit_cost: of each visit.
    """
    days: dict[tuple[int, ...], float] = {}
    found = days_by_depot(problem, battery, at_ends=at_ends, visit_cost=visit_cost)
    for (_, trips), cost in found.items():
        days[trips] = min(cost, days.get(trips, math.inf))
    return days


def days_by_depot(
    problem, battery, *, at_ends: bool = True, visit_cost: float = 0.0
) -> dict[tuple[int, tuple[int, ...]], float]:
    """The same for each depot: (depot, trips) -> least cost."""
    stations = range(-1, problem.stations.size)
    days: dict[tuple[int, tuple[int, ...]], float] = {}
    for depot, node in enumerate(problem.depots):
        parts = [((), node, -math.inf, battery.soc_max_kwh, 0.0)]
        while parts:
            trips, at, free_s, charge, cost = parts.pop()
            for trip, station in itertools.product([None, *range(problem.n_trips)], stations):
                driven = step(problem, battery, (at, free_s, charge), depot, (trip, station))
                if driven is None or (trip is None and not trips):
                    continue
                is_end = trip is None or not trips
                if station >= 0 and is_end and not at_ends:
                    continue
                total, left = cost + driven[0], driven[1]
                total += visit_cost if station >= 0 else 0.0
                if trip is None:
                    days[depot, trips] = min(total, days.get((depot, trips), math.inf))
                else:
                    to, end_s = problem.to_node[trip], problem.end_s[trip]
                    parts.append(((*trips, trip), to, end_s, left, total))
    return days


def optimum(problem, battery, days=None) -> tuple[float, int]:
    """Least cost of serving every trip once, and its vehicles, by HiGHS over all days there are."""
    days = all_days(problem, battery) if days is None else days
    return optimum_within({(0, trips): cost for trips, cost in days.items()}, problem.n_trips, ())


def optimum_within(days, n_trips: int, vehicles) -> tuple[float, int]:
    """The same over days by depot, where depot d sends out at most vehicles[d]."""
    names = list(days)
    rows = [[k for k, (_, trips) in enumerate(names) if trip in trips] for trip in range(n_trips)]
    rows += [
        [k for k, (depot, _) in enumerate(names) if depot == of] for of in range(len(vehicles))
    ]
    ones = np.ones(n_trips)
    column = np.array(list(itertools.chain.from_iterable(rows)), dtype=np.int32)
    program = Program(
        cost=np.array([VEHICLE_COST + days[name] for name in names]),
        lower=np.zeros(len(names)),
        upper=np.ones(len(names)),
        row_lower=np.concatenate([ones, np.full(len(vehicles), -np.inf)]),
        row_upper=np.concatenate([ones, vehicles]),
        row_start=np.cumsum([0] + [len(row) for row in rows]).astype(np.int32),
        column=column,
        value=np.ones(column.size),
        is_integer=np.ones(len(names), dtype=bool),
    )
    solution = solve(program, gap=0.0)
    if not solution.has_values:
        return math.inf, 0
    return solution.objective, round(float(solution.x.sum()))
