"""Kernels on chains agree with slow twins in plain Python, compiled and uncompiled."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_blocks import (
    all_ways,
    batteries,
    battery,
    chain_of,
    gap_ways,
    night_h,
    problem,
    problems,
    slack_s,
    slow_day,
    slow_drive,
    slow_gap,
    slow_reach_kwh,
    ways_cost,
)

from viavolta.engines.bus import chains
from viavolta.engines.bus.problem import Battery, BlockProblem

EXAMPLES = settings(deadline=None, max_examples=40, derandomize=True)
CLOSE_KWH = 1e-6

days = problems(max_trips=5, may_have_points=True)


def plain(kernel: Any) -> Any:
    """The kernel as Python runs it, uncompiled."""
    return kernel.py_func


def longs(*trips: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A chain as an array."""
    return np.array(trips, dtype=np.int64)


def best_day(
    day: BlockProblem, cell: Battery, chain: list[int], depot: int, start: float
) -> float | None:
    """Highest charge at the end of the day over all ways."""
    ends = [
        slow_day(day, cell, chain, depot, ways=ways, start=start) for ways in all_ways(day, chain)
    ]
    return max((end for end in ends if end is not None), default=None)


@EXAMPLES
@given(cell=batteries(), share=st.floats(0, 1), hours=st.floats(-1, 12))
def test_reach_is_the_highest_charge_at_its_own_power(
    cell: Battery, share: float, hours: float
) -> None:
    """The charge a stay ends with is the highest that power at that charge brings in the time."""
    arrays = problem([(1, 400, 2, 430, 10)]).arrays(cell)
    charge = share * cell.soc_max_kwh
    expected = slow_reach_kwh(charge, hours, cell)
    for kernel in (chains.reach_kwh, plain(chains.reach_kwh)):
        assert kernel(charge, hours, arrays) == pytest.approx(expected, abs=CLOSE_KWH)


@EXAMPLES
@given(cell=batteries(), share=st.floats(0, 0.95), hours=st.floats(0.1, 6))
def test_reach_is_never_more_than_charging_along_the_curve_brings(
    cell: Battery, share: float, hours: float
) -> None:
    """Charging in small steps at the power of the moment brings at least what is planned."""
    arrays = problem([(1, 400, 2, 430, 10)]).arrays(cell)
    planned = charge = share * cell.soc_max_kwh
    planned = chains.reach_kwh(planned, hours, arrays)
    n = 2000
    for _ in range(n):
        charge += hours / n * float(np.interp(charge, cell.curve_kwh, cell.curve_kw))
    assert planned <= charge + 0.5


@EXAMPLES
@given(day=days, cell=batteries(), share=st.floats(0, 1))
def test_gap_takes_the_best_of_direct_and_stations(
    day: BlockProblem, cell: Battery, share: float
) -> None:
    """The charge before the next trip is the highest over the direct way and every station."""
    assume(day.n_trips > 1)
    arrays, charge = day.arrays(cell), share * cell.soc_max_kwh
    for i, j in pairwise(range(day.n_trips)):
        options = [slow_gap(day, cell, i, j, way=way, charge=charge) for way in gap_ways(day, i, j)]
        expected = max((o for o in options if o is not None), default=chains.NO_WAY)
        for kernel in (chains.gap_kwh, plain(chains.gap_kwh)):
            assert kernel(charge, i, j, arrays) == pytest.approx(expected, abs=CLOSE_KWH)


@EXAMPLES
@given(day=days, cell=batteries(), share=st.floats(0, 1))
def test_gap_need_is_the_inverse_of_gap(day: BlockProblem, cell: Battery, share: float) -> None:
    """With the need after a trip the next one starts as wanted; with a little less it does not."""
    assume(day.n_trips > 1)
    arrays = day.arrays(cell)
    wanted = cell.soc_min_kwh + share * (cell.soc_max_kwh - cell.soc_min_kwh)
    for i, j in pairwise(range(day.n_trips)):
        need = chains.gap_need_kwh(wanted, i, j, arrays)
        assert need == plain(chains.gap_need_kwh)(wanted, i, j, arrays)
        if need > cell.soc_max_kwh:
            full = chains.gap_kwh(cell.soc_max_kwh, i, j, arrays)
            assert full < wanted + CLOSE_KWH
            continue
        assert chains.gap_kwh(need + CLOSE_KWH, i, j, arrays) >= wanted - CLOSE_KWH
        if need > cell.soc_min_kwh + 1e-3:
            assert chains.gap_kwh(need - 1e-3, i, j, arrays) < wanted


@EXAMPLES
@given(day=days, cell=batteries(), share=st.floats(0, 1))
def test_head_and_day_end_are_the_best_over_all_ways(
    day: BlockProblem, cell: Battery, share: float
) -> None:
    """Going for the highest charge gap by gap ends as high as the best of all combinations."""
    chain, depot = chain_of(day), int(day.depots[-1])
    arrays, start = day.arrays(cell), share * cell.soc_max_kwh
    best = best_day(day, cell, list(map(int, chain)), depot, start)
    for kernel in (chains.day_end_kwh, plain(chains.day_end_kwh)):
        end = kernel(start, chain, depot, arrays)
        assert end == pytest.approx(chains.NO_WAY if best is None else best, abs=CLOSE_KWH)
    head = chains.head_kwh(start, chain, depot, arrays)
    assert head == plain(chains.head_kwh)(start, chain, depot, arrays)
    home = day.way_kwh[day.to_node[chain[-1]], depot]
    back = slow_drive(None if head < 0 else head, home, cell)
    assert (back is None) == (best is None)


@EXAMPLES
@given(day=days, cell=batteries())
def test_tail_need_is_the_least_charge_that_gets_home(day: BlockProblem, cell: Battery) -> None:
    """Bisecting the charge before the first trip over all ways finds the same need."""
    chain, depot = chain_of(day), int(day.depots[0])
    arrays, trips = day.arrays(cell), list(map(int, chain))
    need = chains.tail_need_kwh(chain, depot, arrays)
    assert need == plain(chains.tail_need_kwh)(chain, depot, arrays)
    out = day.way_kwh[depot, day.from_node[trips[0]]]

    def gets_home(charge: float) -> bool:
        start = charge + out  # what leaves the depot, however large, to begin with `charge`
        for ways in all_ways(day, trips):
            charge_now: float | None = start - out
            for k, trip in enumerate(trips):
                if k:
                    charge_now = slow_gap(
                        day, cell, trips[k - 1], trip, way=ways[k - 1], charge=charge_now
                    )
                charge_now = slow_drive(charge_now, day.energy_kwh[trip], cell)
            if slow_drive(charge_now, day.way_kwh[day.to_node[trips[-1]], depot], cell) is not None:
                return True
        return False

    if not gets_home(cell.soc_max_kwh):
        assert need > cell.soc_max_kwh - CLOSE_KWH
        return
    low, high = cell.soc_min_kwh, cell.soc_max_kwh
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if gets_home(middle) else (middle, high)
    assert need == pytest.approx(high, abs=1e-5)


@EXAMPLES
@given(day=days, cell=batteries())
def test_the_night_restores_the_morning(day: BlockProblem, cell: Battery) -> None:
    """A morning charge that is found is brought back by the night; a full one is taken first."""
    chain, depot = chain_of(day), int(day.depots[0])
    arrays, trips = day.arrays(cell), list(map(int, chain))
    morning = chains.morning_kwh(chain, depot, arrays)
    assert morning == plain(chains.morning_kwh)(chain, depot, arrays)
    hours = night_h(day, trips, depot)
    assert chains.night_hours(chain, depot, arrays) == pytest.approx(hours)
    full_end = best_day(day, cell, trips, depot, cell.soc_max_kwh)
    if full_end is None:
        assert morning == chains.NO_WAY
        return
    if not day.night_is_bounded or (
        slow_reach_kwh(full_end, hours, cell) >= cell.soc_max_kwh - 1e-10
    ):
        assert morning == cell.soc_max_kwh
        return
    if morning != chains.NO_WAY:
        end = best_day(day, cell, trips, depot, morning)
        assert end is not None
        assert slow_reach_kwh(end, hours, cell) >= morning - CLOSE_KWH


@EXAMPLES
@given(day=days, cell=batteries())
def test_a_night_that_never_binds_lets_every_drivable_day_start_full(
    day: BlockProblem, cell: Battery
) -> None:
    """The shortcut on the night agrees with working the night out."""
    chain, depot = chain_of(day), int(day.depots[0])
    arrays = day.arrays(cell)
    first, last = int(chain[0]), int(chain[-1])
    never = chains.night_never_binds(first, last, depot, arrays)
    assert never == plain(chains.night_never_binds)(first, last, depot, arrays)
    if never and chains.day_end_kwh(cell.soc_max_kwh, chain, depot, arrays) >= 0:
        assert chains.morning_kwh(chain, depot, arrays) == cell.soc_max_kwh


@EXAMPLES
@given(day=days, cell=batteries())
def test_cheapest_ways_are_the_cheapest_of_all(day: BlockProblem, cell: Battery) -> None:
    """No combination of direct ways and stations that a battery can drive costs less."""
    chain, depot = chain_of(day), int(day.depots[0])
    arrays, trips = day.arrays(cell), list(map(int, chain))
    start = chains.morning_kwh(chain, depot, arrays)
    assume(start >= 0)
    hours = night_h(day, trips, depot)

    def is_drivable(ways: tuple[int, ...], margin: float) -> bool:
        end = slow_day(day, cell, trips, depot, ways=ways, start=start)
        if end is None or not day.night_is_bounded:
            return end is not None
        return slow_reach_kwh(end, hours, cell) >= start - margin

    found, cost = chains.cheapest_ways(start, chain, depot, arrays)
    twin, twin_cost = plain(chains.cheapest_ways)(start, chain, depot, arrays)
    assert (found.tolist(), cost) == (twin.tolist(), twin_cost)
    ways = tuple(int(way) for way in found)
    assert is_drivable(ways, 1e-6)
    assert cost == pytest.approx(ways_cost(day, trips, depot, ways))
    drivable = [w for w in all_ways(day, trips) if is_drivable(w, 1e-12)]
    assert cost <= min((ways_cost(day, trips, depot, w) for w in drivable), default=cost) + 1e-9


@EXAMPLES
@given(day=days, cell=batteries())
def test_drive_finds_a_depot_where_there_is_one(day: BlockProblem, cell: Battery) -> None:
    """A chain is given up only if no depot can drive it, and starts at a charge that works."""
    chain, arrays = chain_of(day), day.arrays(cell)
    driven = chains.drive(day, cell, chain)
    mornings = [chains.morning_kwh(chain, int(d), arrays) for d in day.depots]
    assert (driven is None) == (max(mornings) < 0)
    if driven is not None:
        assert driven.morning_kwh == chains.morning_kwh(chain, driven.depot, arrays)
        assert driven.ways.size == chain.size - 1
        depot = chains.best_depot(int(chain[0]), int(chain[-1]), arrays)
        if chains.is_possible(chain, arrays):
            assert driven.depot == depot


@EXAMPLES
@given(day=days, cell=batteries())
def test_a_prefix_that_is_found_can_be_driven(day: BlockProblem, cell: Battery) -> None:
    """The piece cut off can be driven, and is empty only where the first trip alone cannot."""
    chain, arrays = chain_of(day), day.arrays(cell)
    length = chains.prefix_length(chain, arrays)
    assert length == plain(chains.prefix_length)(chain, arrays)
    if length:
        assert chains.is_possible(chain[:length], arrays)
    else:
        assert not chains.is_possible(chain[:1], arrays)


@EXAMPLES
@given(day=days)
def test_gap_cost_is_the_least_over_ways_that_fit_in_time(day: BlockProblem) -> None:
    """Energy ignored, the cost of a gap is that of its cheapest way in time."""
    assume(day.n_trips > 1)
    arrays = day.arrays(battery())
    for i, j in pairwise(range(day.n_trips)):
        costs = [np.inf]
        if slack_s(day, i, j) >= 0:
            costs.append(ways_cost(day, [i, j], 0, (-1,)))
        for row, s in enumerate(day.stations):
            if slack_s(day, i, j, via=int(s)) >= 0:
                costs.append(ways_cost(day, [i, j], 0, (row,)))
        ends = day.way_cost[0, day.from_node[i]] + day.way_cost[day.to_node[j], 0]
        for kernel in (chains.gap_cost, plain(chains.gap_cost)):
            assert kernel(i, j, arrays) == pytest.approx(min(costs) - ends)


@EXAMPLES
@given(points=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=30))
def test_labels_are_the_pareto_front(points: list[tuple[int, int]]) -> None:
    """With room for all, exactly the labels remain that no other beats in cost and charge."""
    for kernel in (chains.keep_label, plain(chains.keep_label)):
        labels, count = np.full((40, 4), -1.0), 0
        for n, (cost, kwh) in enumerate(points):
            count = kernel(labels, count, float(cost), float(kwh), n, -1)
        kept = [(labels[m, 0], labels[m, 1]) for m in range(count)]
        front = {
            (c, e)
            for c, e in points
            if not any(x <= c and y >= e and (x, y) != (c, e) for x, y in points)
        }
        assert len(kept) == len(set(kept))
        assert set(kept) == front
        assert all(points[int(labels[m, 2])] == kept[m] for m in range(count))


@EXAMPLES
@given(points=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=60))
def test_full_labels_keep_the_cheapest_and_the_fullest(points: list[tuple[int, int]]) -> None:
    """Where there is room for five labels only, the ends of the front are never given up."""
    labels, count = np.full((5, 4), -1.0), 0
    for n, (cost, kwh) in enumerate(points):
        count = chains.keep_label(labels, count, float(cost), float(kwh), n, -1)
    kept = labels[:count]
    cheapest = min(points, key=lambda p: (p[0], -p[1]))
    fullest = max(points, key=lambda p: (p[1], -p[0]))
    assert cheapest in {(c, e) for c, e in kept[:, :2]}
    assert fullest in {(c, e) for c, e in kept[:, :2]}
    order = np.argsort(kept[:, 0])
    assert np.all(np.diff(kept[order, 0]) > 0)
    assert np.all(np.diff(kept[order, 1]) > 0)


def test_going_downhill_does_not_mend_a_gap_that_does_not_fit() -> None:
    """A trip that begins before the other has ended is no chain, whatever it recuperates."""
    day = problem([(1, 400, 1, 460, 10), (1, 430, 2, 450, -30)])
    empty = battery(soc_min_kwh=0.0)
    assert chains.head_kwh(180.0, longs(0, 1), 0, day.arrays(empty)) == chains.NO_WAY
    assert chains.drive(day, empty, longs(0, 1)) is None


def test_the_way_out_must_not_eat_the_reserve() -> None:
    """A trip downhill does not make up for a depot that is too far away to start from."""
    day = problem([(1, 400, 2, 430, -60)], ((0, 0), (110, 0), (0, 5)))
    cell = battery()
    assert day.way_kwh[0, 1] == 165.0
    assert chains.head_kwh(180.0, longs(0), 0, day.arrays(cell)) == chains.NO_WAY


def test_nobody_is_out_for_more_than_a_day() -> None:
    """A vehicle that leaves before it is back meets itself, however much it charges at midday."""
    day = problem([(1, 240, 1, 300, 20), (1, 1000, 1, 1060, 20), (1, 1640, 1, 1690, 20)])
    whole, half = longs(0, 1, 2), longs(0, 1)
    arrays = day.arrays(battery())
    assert night_h(day, [0, 1, 2], 0) < 0
    assert not chains.is_possible(whole, arrays)
    assert chains.is_possible(half, arrays)


def test_recuperation_on_a_way_does_not_overfill_the_battery() -> None:
    """Ways downhill end at a full battery at most, and the trip after them counts from there."""
    day = problem([(1, 400, 2, 430, 100)])
    day.way_kwh[0, 1] = -50.0
    arrays = day.arrays(battery())
    assert chains.head_kwh(180.0, longs(0), 0, arrays) == pytest.approx(80.0)
    assert chains.tail_need_kwh(longs(0), 0, arrays) == pytest.approx(100.0 + 20.0 + 7.5)


def test_recuperation_beyond_a_full_battery_helps_no_later_trip() -> None:
    """A trip downhill, then one that takes more than a full battery: no charge is enough."""
    day = problem([(1, 400, 1, 430, -30), (1, 440, 1, 640, 170)])
    arrays = day.arrays(battery())
    assert chains.head_kwh(180.0, longs(0, 1), 0, arrays) == chains.NO_WAY
    assert chains.tail_need_kwh(longs(0, 1), 0, arrays) == np.inf
