"""The electric plan is valid, never below the flow, and as small where the battery never binds."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_blocks import (
    batteries,
    battery,
    night_h,
    problem,
    problems,
    slack_s,
    slow_day,
    slow_reach_kwh,
    ways_cost,
)
from small_days import FULL_KWH, VEHICLE_COST, all_days, optimum, small_day

from viavolta.engines.bus.chains import VISIT_COST, is_possible, prefix_length
from viavolta.engines.bus.electric import ElectricPlan, electric_plan
from viavolta.engines.bus.fleet import smallest_fleet
from viavolta.engines.bus.matching import Search
from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.model.progress import StopRule, never, silent

EXAMPLES = settings(deadline=None, max_examples=25, derandomize=True)
VEHICLE = 10_000.0
days = problems(max_trips=9, night_is_bounded=True)


def plan_of(
    day: BlockProblem, cell: Battery, *, sweeps: int = 3, rounds: int = 0, stop: StopRule = never
) -> ElectricPlan:
    """The electric plan of a small day."""
    search = Search(
        max_sweeps=sweeps,
        cut_every_s=3600.0,
        pairs_per_head=20,
        vehicle_cost=VEHICLE,
        rounds=rounds,
    )
    chains = smallest_fleet(day, VEHICLE).chains
    return electric_plan(day, cell, chains, search, progress=silent, stop=stop)


def assert_valid(day: BlockProblem, cell: Battery, plan: ElectricPlan) -> None:
    """Every trip once or impossible; every chain possible in time, charge and money stated."""
    served = [int(t) for chain in plan.chains for t in chain.trips]
    assert sorted([*served, *plan.impossible]) == list(range(day.n_trips))
    for chain in plan.chains:
        trips = list(map(int, chain.trips))
        ways = tuple(int(way) for way in chain.ways)
        assert all(slack_s(day, i, j) >= 0 for i, j in pairwise(trips))
        end = slow_day(day, cell, trips, chain.depot, ways=ways, start=chain.morning_kwh)
        assert end is not None
        hours = night_h(day, trips, chain.depot)
        assert slow_reach_kwh(end, hours, cell) >= chain.morning_kwh - 1e-6
        assert chain.cost == pytest.approx(ways_cost(day, trips, chain.depot, ways))


@EXAMPLES
@given(day=days, cell=batteries())
def test_every_trip_is_driven_once_or_named(day: BlockProblem, cell: Battery) -> None:
    """Plans are valid; trips are impossible exactly where one full battery cannot do them."""
    plan = plan_of(day, cell)
    assert_valid(day, cell, plan)
    arrays = day.arrays(cell)
    for trip in range(day.n_trips):
        alone = is_possible(np.array([trip]), arrays)
        assert alone == (trip not in plan.impossible)


@EXAMPLES
@given(day=days, cell=batteries())
def test_no_fewer_vehicles_than_without_energy_limit(day: BlockProblem, cell: Battery) -> None:
    """The flow over the served trips bounds vehicles and cost of every electric plan."""
    plan = plan_of(day, cell)
    served = np.array(sorted(int(t) for c in plan.chains for t in c.trips), dtype=np.int64)
    flow = smallest_fleet(day.only(served), VEHICLE)
    assert len(plan.chains) >= flow.n_vehicles
    assert plan.cost + VEHICLE * len(plan.chains) >= flow.cost_lower_bound - 1e-6


@EXAMPLES
@given(day=days)
def test_a_battery_that_never_empties_needs_the_flow_fleet(day: BlockProblem) -> None:
    """Where energy does not bind the electric plan has exactly the flow's number of vehicles."""
    endless = battery(0.0, 1e6, ((0.0, 1e7), (1e6, 1e7)))
    plan = plan_of(day, endless)
    assert plan.impossible == ()
    assert len(plan.chains) == smallest_fleet(day, VEHICLE).n_vehicles


@EXAMPLES
@given(day=days, cell=batteries())
def test_matching_never_adds_a_vehicle(day: BlockProblem, cell: Battery) -> None:
    """No more vehicles than pieces after the split, and no more with more sweeps."""
    plan, short = plan_of(day, cell), plan_of(day, cell, sweeps=1)
    assert len(plan.chains) <= len(short.chains)
    arrays, pieces = day.arrays(cell), 0
    for chain in smallest_fleet(day, VEHICLE).chains:
        rest = chain[[int(t) not in plan.impossible for t in chain]]
        while rest.size:
            pieces += 1
            rest = rest[prefix_length(rest, arrays) :]
    assert len(short.chains) <= pieces


@EXAMPLES
@given(day=days, cell=batteries(), after=st.integers(0, 6))
def test_a_stopped_search_still_gives_a_valid_plan(
    day: BlockProblem, cell: Battery, after: int
) -> None:
    """Whenever the stop rule says so, the best plan so far is handed over, and says it was cut."""
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] > after

    plan = plan_of(day, cell, stop=stop)
    assert_valid(day, cell, plan)
    assert plan.was_stopped == (asked[0] > after)


@EXAMPLES
@given(day=days, cell=batteries())
def test_the_same_day_gives_the_same_plan(day: BlockProblem, cell: Battery) -> None:
    """Nothing in the search is left to chance."""
    one, two = plan_of(day, cell), plan_of(day, cell)
    assert [(c.trips.tolist(), c.depot, c.ways.tolist(), c.cost) for c in one.chains] == [
        (c.trips.tolist(), c.depot, c.ways.tolist(), c.cost) for c in two.chains
    ]


def total(plan: ElectricPlan) -> float:
    """Cost of vehicles and ways."""
    return plan.cost + VEHICLE * len(plan.chains)


@EXAMPLES
@given(day=days, cell=batteries())
def test_neighbourhoods_never_add_vehicles_or_cost(day: BlockProblem, cell: Battery) -> None:
    """Searched for fewer vehicles, a plan is as valid, no larger, no dearer, and the same again."""
    before, after = plan_of(day, cell), plan_of(day, cell, rounds=4)
    assert_valid(day, cell, after)
    assert len(after.chains) <= len(before.chains)
    assert total(after) <= total(before)
    again = plan_of(day, cell, rounds=4)
    assert [c.trips.tolist() for c in after.chains] == [c.trips.tolist() for c in again.chains]


@EXAMPLES
@given(day=days, cell=batteries(), after=st.integers(0, 60))
def test_stopped_neighbourhoods_still_give_a_valid_plan(
    day: BlockProblem, cell: Battery, after: int
) -> None:
    """Wherever the search is told to stop, the plan is valid and no larger than without it."""
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] > after

    plan = plan_of(day, cell, sweeps=1, rounds=3, stop=stop)
    assert_valid(day, cell, plan)
    assert len(plan.chains) <= len(plan_of(day, cell, sweeps=0).chains)


@EXAMPLES
@given(day=days, cell=batteries())
def test_vehicles_matched_in_groups_still_make_a_valid_plan(
    day: BlockProblem, cell: Battery
) -> None:
    """Where few are matched at a time, as in a large city, plans are as valid, and none is lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viavolta.engines.bus.matching.MOST_TOGETHER", 2)
        plan = plan_of(day, cell)
        assert_valid(day, cell, plan)
        assert len(plan.chains) <= len(plan_of(day, cell, sweeps=0).chains)


def is_exact(plan: ElectricPlan, best: float) -> bool:
    """Whether a plan costs what the best one costs."""
    return plan.cost + VEHICLE_COST * len(plan.chains) <= best + 1e-4


def exact_day(seed: int, *, has_curve: bool = False) -> tuple[BlockProblem, Battery]:
    """A small day with layover and plugging in, in a plane where no detour is a short cut."""
    day, cell = small_day(3 * seed + 1, n_trips=5)
    if has_curve:
        kw = cell.curve_kw[0]
        cell = replace(
            cell,
            curve_kwh=np.array([0.0, 0.6 * FULL_KWH, FULL_KWH]),
            curve_kw=np.array([kw, kw, 0.1 * kw]),
        )
    return replace(day, layover_s=120.0, plug_s=60.0), cell


def true_optimum(day: BlockProblem, cell: Battery) -> tuple[float, int]:
    """Least cost and its vehicles by HiGHS over every day a bus can drive, visits counted."""
    return optimum(day, cell, all_days(day, cell, at_ends=False, visit_cost=VISIT_COST))


def small_plan(day: BlockProblem, cell: Battery) -> ElectricPlan:
    """The electric plan at the vehicle cost of small days."""
    search = Search(max_sweeps=5, cut_every_s=1800.0, pairs_per_head=20, vehicle_cost=VEHICLE_COST)
    chains = smallest_fleet(day, VEHICLE_COST).chains
    return electric_plan(day, cell, chains, search, progress=silent, stop=never)


def test_bounds_never_exceed_any_plan_over_hundreds_of_days() -> None:
    """bound <= optimum by HiGHS over every day there is <= plan; some with a charging curve."""
    n_served = n_exact = n_fleet = 0
    for seed in range(200):
        day, cell = exact_day(seed, has_curve=seed % 8 == 2)
        best, n_best = true_optimum(day, cell)
        plan = small_plan(day, cell)
        assert bool(plan.impossible) == (best == np.inf)
        if plan.impossible:
            continue
        flow = smallest_fleet(day, VEHICLE_COST)
        cost = plan.cost + VEHICLE_COST * len(plan.chains)
        assert flow.cost_lower_bound <= best + 1e-6
        assert best <= cost + 1e-6
        n_served += 1
        n_exact += is_exact(plan, best)
        n_fleet += len(plan.chains) == n_best
    assert n_served > 120
    assert n_fleet > 0.95 * n_served
    assert n_exact > 0.6 * n_served


def test_more_means_never_cost_vehicles() -> None:
    """A charger more, a larger battery, a shorter layover: no more buses where both are exact."""
    n_compared = 0
    for seed in range(40):
        day, cell = exact_day(seed)
        less = replace(day, stations=day.stations[:1], layover_s=900.0)
        best, n_best = true_optimum(less, cell)
        plan = small_plan(less, cell)
        for more_day, more_cell in (
            (replace(less, stations=day.stations), cell),
            (less, replace(cell, soc_max_kwh=1.5 * FULL_KWH)),
            (replace(less, layover_s=0.0), cell),
        ):
            more_best, n_more = true_optimum(more_day, more_cell)
            assert more_best <= best + 1e-6
            assert best == np.inf or n_more <= n_best
            more = small_plan(more_day, more_cell)
            if best < np.inf and is_exact(plan, best) and is_exact(more, more_best):
                assert len(more.chains) <= len(plan.chains)
                n_compared += 1
    assert n_compared > 40


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_trips_is_irrelevant(seed: int) -> None:
    """Trips in another order take as many buses at the same cost, where both are exact."""
    day, cell = exact_day(seed)
    best, _ = true_optimum(day, cell)
    order = np.random.default_rng(seed).permutation(day.n_trips)
    one, other = small_plan(day, cell), small_plan(day.only(order), cell)
    assert len(one.impossible) == len(other.impossible)
    if best < np.inf and is_exact(one, best) and is_exact(other, best):
        assert one.cost == pytest.approx(other.cost)
        assert len(one.chains) == len(other.chains)


def test_a_day_that_nobody_can_do_has_no_chain() -> None:
    """Where the only depot is out of reach, every trip is impossible and no vehicle is bought."""
    day = problem([(1, 400, 2, 430, 10), (2, 500, 1, 530, 10)], ((90, 90), (4, 0), (0, 5)))
    plan = plan_of(day, battery())
    assert (plan.chains, plan.impossible) == ((), (0, 1))


def test_matching_exchanges_tails_where_batteries_fit_better() -> None:
    """Heavy with light and light with heavy takes two buses, where the flow pairs them badly.

    Each bus has 160 kWh and no time to charge between its trips. Heavy mornings (100) must be
    followed by light afternoons (30): heavy with heavy would take 200.
    """
    mornings = [(1, 400, 1, 700, 100), (1, 400, 1, 700, 30)]
    afternoons = [(1, 702, 1, 1000, 100), (1, 702, 1, 1000, 30)]
    for order in (afternoons, afternoons[::-1]):
        day = problem([*mornings, *order], ((0, 0), (1, 0), (0, 5)))
        plan = plan_of(day, battery())
        assert len(plan.chains) == 2
        assert sorted(float(day.energy_kwh[c.trips].sum()) for c in plan.chains) == [130.0, 130.0]
