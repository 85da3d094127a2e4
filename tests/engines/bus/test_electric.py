"""The electric plan is valid, never below the flow, and as small where the battery never binds."""

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

from viavolta.engines.bus.chains import is_possible, prefix_length
from viavolta.engines.bus.electric import ElectricPlan, electric_plan
from viavolta.engines.bus.fleet import smallest_fleet
from viavolta.engines.bus.matching import Search
from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.model.progress import StopRule, never, silent

EXAMPLES = settings(deadline=None, max_examples=25, derandomize=True)
VEHICLE = 10_000.0
days = problems(max_trips=9, night_is_bounded=True)


def plan_of(
    day: BlockProblem, cell: Battery, *, sweeps: int = 3, stop: StopRule = never
) -> ElectricPlan:
    """The electric plan of a small day."""
    search = Search(max_sweeps=sweeps, cut_every_s=3600.0, pairs_per_head=20, vehicle_cost=VEHICLE)
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
