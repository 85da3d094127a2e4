"""The fleet without energy limit is the smallest and cheapest there is."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_blocks import problem, problems, slack_s

from viavolta.engines.bus.fleet import FleetFlow, _latest_first, smallest_fleet
from viavolta.engines.bus.problem import BlockProblem
from viavolta.model.trip import Floats

EXAMPLES = settings(deadline=None, max_examples=40, derandomize=True)
VEHICLE = 10_000.0


def in_order(day: BlockProblem) -> list[int]:
    """Trips by start; of those that start together the ones that take no time first."""
    keys = [(day.start_s[t], day.end_s[t] + day.layover_s, t) for t in range(day.n_trips)]
    return [int(t) for _, _, t in sorted(keys)]


def follows(day: BlockProblem, i: int, j: int) -> bool:
    """Whether one vehicle can do trip j after trip i."""
    order = in_order(day)
    return order.index(i) < order.index(j) and slack_s(day, i, j) >= 0


def fewest_vehicles(day: BlockProblem) -> int:
    """Trips less the largest matching of trips to their followers, by augmenting paths."""
    pairs = {
        i: [j for j in range(day.n_trips) if j != i and follows(day, i, j)]
        for i in range(day.n_trips)
    }
    leader: dict[int, int] = {}

    def finds_follower(i: int, seen: set[int]) -> bool:
        for j in pairs[i]:
            if j not in seen:
                seen.add(j)
                if j not in leader or finds_follower(leader[j], seen):
                    leader[j] = i
                    return True
        return False

    return day.n_trips - sum(finds_follower(i, set()) for i in range(day.n_trips))


def cost_of(day: BlockProblem, chains: list[list[int]]) -> float:
    """Vehicles and ways, each out of and back to the nearest depot."""
    out: Floats = day.way_cost[day.depots].min(axis=0)
    back: Floats = day.way_cost[:, day.depots].min(axis=1)
    total = 0.0
    for chain in chains:
        total += VEHICLE + out[day.from_node[chain[0]]] + back[day.to_node[chain[-1]]]
        total += sum(day.way_cost[day.to_node[i], day.from_node[j]] for i, j in pairwise(chain))
    return float(total)


def cheapest(day: BlockProblem) -> float:
    """Least cost over all sets of chains: each trip begins a chain or ends one so far."""
    best = np.inf
    stack: list[tuple[int, list[list[int]]]] = [(0, [])]
    order = in_order(day)
    while stack:
        k, chains = stack.pop()
        if k == len(order):
            best = min(best, cost_of(day, chains))
            continue
        trip = order[k]
        stack.append((k + 1, [*chains, [trip]]))
        for c, chain in enumerate(chains):
            if follows(day, chain[-1], trip):
                stack.append((k + 1, [*chains[:c], [*chain, trip], *chains[c + 1 :]]))
    return float(best)


def assert_covers(day: BlockProblem, fleet: FleetFlow) -> None:
    """Every trip in one chain, every chain possible in time."""
    assert sorted(int(t) for chain in fleet.chains for t in chain) == list(range(day.n_trips))
    assert len(fleet.chains) == fleet.n_vehicles
    for chain in fleet.chains:
        assert all(slack_s(day, int(i), int(j)) >= 0 for i, j in pairwise(chain))


@EXAMPLES
@given(day=problems(max_trips=10))
def test_fleet_is_the_smallest_cover_by_paths(day: BlockProblem) -> None:
    """As many vehicles as trips less the largest matching of trips to their followers."""
    fleet = smallest_fleet(day, VEHICLE)
    assert_covers(day, fleet)
    assert fleet.n_vehicles == fewest_vehicles(day)


@EXAMPLES
@given(day=problems(max_trips=6))
def test_cost_bound_is_the_cheapest_set_of_chains(day: BlockProblem) -> None:
    """No set of chains costs less than the bound, and the chains found cost no more."""
    fleet = smallest_fleet(day, VEHICLE)
    best = cheapest(day)
    assert best * (1 - 1e-6) <= fleet.cost_lower_bound <= best
    found = cost_of(day, [list(map(int, chain)) for chain in fleet.chains])
    assert found == pytest.approx(best)


@EXAMPLES
@given(day=problems(max_trips=6))
def test_cheap_vehicles_may_be_worth_their_price(day: BlockProblem) -> None:
    """Where a vehicle costs next to nothing, no plan is cheaper than the bound either."""
    bound = smallest_fleet(day, 1.0).cost_lower_bound
    ways = cheapest(day)
    n = smallest_fleet(day, VEHICLE).n_vehicles
    assert bound <= ways - n * (VEHICLE - 1.0) + 1e-6


@EXAMPLES
@given(day=problems(max_trips=8), seed=st.integers(0, 99))
def test_order_of_trips_does_not_matter(day: BlockProblem, seed: int) -> None:
    """The same trips in another order need as many vehicles at the same cost."""
    fleet = smallest_fleet(day, VEHICLE)
    turned = day.only(np.random.default_rng(seed).permutation(day.n_trips))
    other = smallest_fleet(turned, VEHICLE)
    assert_covers(turned, other)
    if np.all(day.end_s + day.layover_s > day.start_s):
        assert other.n_vehicles == fleet.n_vehicles
        assert other.cost_lower_bound == pytest.approx(fleet.cost_lower_bound)


@EXAMPLES
@given(day=problems(max_trips=8))
def test_a_shorter_layover_never_needs_more_vehicles(day: BlockProblem) -> None:
    """What works with more time between trips works with less."""
    long = smallest_fleet(replace(day, layover_s=900.0), VEHICLE)
    short = smallest_fleet(replace(day, layover_s=1.0), VEHICLE)
    assert short.n_vehicles <= long.n_vehicles
    assert short.cost_lower_bound <= long.cost_lower_bound + 1e-6


def test_no_trips_need_no_vehicle() -> None:
    """An empty day has an empty fleet."""
    fleet = smallest_fleet(problem([]), VEHICLE)
    assert (fleet.n_vehicles, fleet.cost_lower_bound, fleet.chains) == (0, 0.0, ())


def test_one_trip_needs_one_vehicle() -> None:
    """One vehicle, and its ways out and back: 4 blocks and 5 blocks at 2 a block."""
    fleet = smallest_fleet(problem([(1, 400, 2, 430, 10)]), VEHICLE)
    assert fleet.n_vehicles == 1
    assert fleet.cost_lower_bound == pytest.approx(VEHICLE + 18.0)
    assert fleet.cost_lower_bound <= VEHICLE + 18.0


def test_trips_at_the_same_time_need_a_vehicle_each() -> None:
    """Two trips at once are two vehicles, from however far their depot."""
    day = problem([(1, 400, 2, 430, 10)] * 2, ((900, 900), (4, 0), (0, 5)))
    assert smallest_fleet(day, VEHICLE).n_vehicles == 2


def test_a_trip_that_takes_no_time_needs_a_vehicle() -> None:
    """Without layover a trip that ends where and when it starts does not serve itself."""
    day = problem([(1, 400, 1, 400, 0)], layover_s=0.0)
    fleet = smallest_fleet(day, VEHICLE)
    assert_covers(day, fleet)
    assert fleet.n_vehicles == 1


def test_trips_that_take_no_time_follow_each_other() -> None:
    """There and back in no time, twice, is one vehicle; the reverse of it would go in circles."""
    trips = [(1, 400, 2, 400, 0), (2, 400, 1, 400, 0), (1, 400, 2, 400, 0), (2, 420, 1, 450, 0)]
    day = problem(trips, layover_s=0.0)
    fleet = smallest_fleet(day, VEHICLE)
    assert_covers(day, fleet)
    assert fleet.n_vehicles == 1


def test_a_trip_may_start_the_moment_another_ends() -> None:
    """Without layover the end of one trip and the start of the next may be the same second."""
    day = problem([(1, 400, 2, 430, 10), (2, 430, 1, 460, 10)], layover_s=0.0)
    assert smallest_fleet(day, VEHICLE).n_vehicles == 1


def test_latest_first_kernel_runs_uncompiled() -> None:
    """The compiled kernel and its twin find the same ways between places."""
    rng = np.random.default_rng(7)
    end_s, start_s = np.sort(rng.integers(0, 50, 12)), np.sort(rng.integers(0, 50, 12))
    args = (
        end_s.astype(float),
        start_s.astype(float),
        np.arange(12),
        np.arange(12, 24),
        np.array([0]),
        np.array([0, 12]),
        np.array([1]),
        np.array([0, 12]),
        np.full((2, 2), 5.0),
        np.argsort(np.argsort(np.concatenate([end_s * 2, start_s * 2 + 1]), kind="stable")),
    )
    found, twin = _latest_first(*args), _latest_first.py_func(*args)
    assert [part.tolist() for part in found] == [part.tolist() for part in twin]
    for tail, head in zip(*found, strict=True):
        assert end_s[tail] + 5 <= start_s[head - 12]
        assert tail == 11 or end_s[tail + 1] + 5 > start_s[head - 12]
