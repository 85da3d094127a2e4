"""Drawn days: no spread is the plan, more spread is no better, a larger battery is no worse."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_blocks import batteries, battery, chain_of, problem, problems, slow_reach_kwh

from viavolta.engines.bus import robustness
from viavolta.engines.bus.blocks import Block, Kind, build_block
from viavolta.engines.bus.chains import drive
from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.engines.bus.robustness import (
    DayTemperatures,
    DrawnDays,
    HeldPoint,
    Outcome,
    Spread,
    block_draws,
    day_needs,
    day_shape,
    drawn_days,
    outcome,
    waits_s,
)

EXAMPLES = settings(deadline=None, max_examples=40, derandomize=True)
NONE = Spread(driving_share=0.0, trip_share=0.0, delay_share=0.0, day_share=0.0)
SOME = Spread(driving_share=0.1, trip_share=0.1, delay_share=0.1, day_share=0.0)
HOUR_S = 3600.0
CLOSE_KWH = 1e-9
days_ = problems(max_trips=6, night_is_bounded=True)


def times(spread: Spread, factor: float) -> Spread:
    """The spread of single trips and drivers, so many times as wide."""
    return replace(
        spread,
        driving_share=factor * spread.driving_share,
        trip_share=factor * spread.trip_share,
        delay_share=factor * spread.delay_share,
    )


def block_of(day: BlockProblem, cell: Battery) -> Block:
    """A block that this battery can drive."""
    chain = chain_of(day)
    while chain.size and (driven := drive(day, cell, chain)) is None:
        chain = chain[:-1]
    assume(chain.size > 0)
    assert driven is not None
    block = build_block(day, cell, driven, charges_at_night=True)
    assert block is not None
    return block


def driven(
    day: BlockProblem,
    cell: Battery,
    block: Block,
    spread: Spread,
    *,
    waits: list[float] | None = None,
    drawn: DrawnDays | None = None,
) -> Outcome:
    """The block on drawn days with the energies of the plan."""
    arrays = day.arrays(cell)
    days = drawn_days(1, 40, [(block.depot, 2)]) if drawn is None else drawn
    waits = [0.0] * len(block.stays) if waits is None else waits
    shape = day_shape(block, waits_s=waits, plug_s=day.plug_s, arrays=arrays)
    energy = np.array([row.energy_kwh for row in block.activities])
    need = day_needs(
        shape,
        block_draws(days, "block", energy.size),
        days,
        spread,
        energy_kwh=np.broadcast_to(energy, (days.n, energy.size)),
        idle_kw=np.full(days.n, 6.0),
    )
    return outcome(shape, need, days.failed_node, arrays)


@EXAMPLES
@given(day=days_, cell=batteries())
def test_without_spread_every_day_is_the_plan(day: BlockProblem, cell: Battery) -> None:
    """Lowest charge is the plan's own on each day, and none falls short."""
    block = block_of(day, cell)
    found = driven(day, cell, block, NONE)
    lowest = min(min(row.soc_start_kwh, row.soc_end_kwh) for row in block.activities)
    assert (found.first_short == -1).all()
    assert found.lowest_kwh == pytest.approx(np.full(40, lowest), abs=1e-5)


@EXAMPLES
@given(day=days_, cell=batteries(), factor=st.sampled_from([1.0, 1.5, 3.0]))
def test_more_spread_never_saves_a_day(day: BlockProblem, cell: Battery, factor: float) -> None:
    """The same draws further from the plan: what fell short still does.

    Energies with points of one power: where power falls as the battery fills, a bus that comes back
    emptier gains more at the plug. Delays with any points. Both at once need not follow each other:
    a bus that uses less may make good what it lost by being late.
    """
    flat = replace(cell, curve_kw=np.full(cell.curve_kw.size, 60.0))
    energy = replace(SOME, delay_share=0.0)
    delays = replace(SOME, driving_share=0.0, trip_share=0.0)
    for battery_, spread in ((flat, energy), (cell, delays)):
        block = block_of(day, battery_)
        near = driven(day, battery_, block, spread)
        far = driven(day, battery_, block, times(spread, factor))
        assert ((far.first_short >= 0) >= (near.first_short >= 0)).all()


@EXAMPLES
@given(day=days_, cell=batteries(), more_kwh=st.integers(1, 80))
def test_a_larger_battery_never_fails_more(day: BlockProblem, cell: Battery, more_kwh: int) -> None:
    """More capacity under the same reserve and at the same power or more: no day is worse."""
    larger = replace(
        cell,
        soc_max_kwh=cell.soc_max_kwh + more_kwh,
        curve_kwh=np.append(cell.curve_kwh[:-1], cell.curve_kwh[-1] + more_kwh),
    )
    chain = drive(day, cell, chain_of(day))
    assume(chain is not None)
    assert chain is not None
    small, large = (build_block(day, c, chain, charges_at_night=True) for c in (cell, larger))
    assume(small is not None and large is not None)
    assert small is not None
    assert large is not None
    before = driven(day, cell, small, SOME)
    after = driven(day, larger, large, SOME)
    assert (after.lowest_kwh >= before.lowest_kwh - 1e-5).all()
    assert ((after.first_short >= 0) <= (before.first_short >= 0)).all()


@EXAMPLES
@given(day=days_, cell=batteries(), wait=st.sampled_from([600.0, 7200.0, np.inf]))
def test_a_point_that_fails_never_helps(day: BlockProblem, cell: Battery, wait: float) -> None:
    """Waiting for a point leaves no more charge."""
    block = block_of(day, cell)
    sound = driven(day, cell, block, SOME)
    waited = driven(day, cell, block, SOME, waits=[wait] * len(block.stays))
    assert (waited.lowest_kwh <= sound.lowest_kwh + CLOSE_KWH).all()


@EXAMPLES
@given(day=days_, cell=batteries(), wait=st.sampled_from([0.0, 900.0, np.inf]))
def test_the_kernel_agrees_with_ten_obvious_lines(
    day: BlockProblem, cell: Battery, wait: float
) -> None:
    """Compiled, uncompiled and told in plain Python: the same lowest charge."""
    block = block_of(day, cell)
    arrays = day.arrays(cell)
    days = drawn_days(3, 5, [(block.depot, 1)])
    waits = [wait] * len(block.stays)
    shape = day_shape(block, waits_s=waits, plug_s=day.plug_s, arrays=arrays)
    energy = np.array([row.energy_kwh for row in block.activities])
    need = day_needs(
        shape,
        block_draws(days, "b", energy.size),
        days,
        SOME,
        energy_kwh=np.broadcast_to(energy, (days.n, energy.size)),
        idle_kw=np.full(days.n, 6.0),
    )
    start = np.full(days.n, shape.short_start_kwh if shape.night_node >= 0 else shape.start_kwh)
    kernel: Any = robustness.drive_days
    plain, _ = kernel.py_func(
        start,
        need.energy_kwh,
        need.delay_s,
        shape.kind,
        shape.duration_s,
        shape.node,
        shape.point,
        shape.queue_s,
        days.failed_node,
        arrays,
    )
    found = outcome(shape, need, days.failed_node, arrays)
    for n in range(days.n):
        queue = {stay.activity: wait for stay in block.stays if stay.node == days.failed_node[n]}
        slow = _slow_lowest(block, cell, need, n, plug_s=day.plug_s, queue=queue, start=start[n])
        assert found.lowest_kwh[n] == pytest.approx(slow, abs=1e-6)
        assert plain[n] == pytest.approx(slow, abs=1e-6)


def _slow_lowest(
    block: Block,
    cell: Battery,
    need: Any,
    n: int,
    *,
    plug_s: float,
    queue: dict[int, float],
    start: float,
) -> float:
    charge, late, low = start, 0.0, start
    for k, row in enumerate(block.activities):
        lasts = row.end_s - row.start_s
        if row.kind is Kind.CHARGE:
            hours = (lasts - late - plug_s - queue.get(k, 0.0)) / HOUR_S
            if hours > 0 and charge < cell.soc_max_kwh:
                charge = max(charge, slow_reach_kwh(charge, hours, cell))
        if row.kind in {Kind.CHARGE, Kind.LAYOVER}:
            late = max(0.0, late - lasts)
        else:
            late += need.delay_s[n, k]
            charge = min(max(charge, cell.soc_max_kwh), charge - need.energy_kwh[n, k])
        low = min(low, charge)
    return low


def test_a_late_bus_by_hand() -> None:
    """Half an hour late to a stay of an hour: half an hour at 80 kW less, and on time again."""
    day = problem(
        [(0, 360.0, 1, 400.0, 60.0), (1, 480.0, 0, 520.0, 40.0)], layover_s=0.0, plug_s=0.0
    )
    chain = drive(day, battery(), chain_of(day))
    assert chain is not None
    block = build_block(day, battery(), chain, charges_at_night=True)
    assert block is not None
    charges = [k for k, row in enumerate(block.activities) if row.kind is Kind.CHARGE]
    assert len(charges) == 1
    arrays = day.arrays(battery())
    shape = day_shape(block, waits_s=[0.0] * len(block.stays), plug_s=0.0, arrays=arrays)
    energy = np.array([[row.energy_kwh for row in block.activities]])
    at = charges[0]
    duration = shape.duration_s[at]
    late = np.zeros(energy.shape)
    late[0, 1] = duration - 600.0  # ten minutes at the plug are left
    need = robustness.Need(energy_kwh=energy * 1.5, delay_s=late)
    found = outcome(shape, need, np.array([robustness.NO_POINT_FAILED]), arrays)
    before = 180.0 - 1.5 * float(energy[0, :at].sum())
    after = min(180.0, before + 80.0 / 6.0) - 1.5 * float(energy[0, at:].sum())
    assert found.lowest_kwh[0] == pytest.approx(min(before, after))


def stay(begin_h: float, end_h: float, charging_h: float, name: str = "") -> HeldPoint:
    """A stay in hours of the day."""
    return HeldPoint(
        arrival_s=begin_h * HOUR_S,
        departure_s=end_h * HOUR_S,
        charging_s=charging_h * HOUR_S,
        name=name,
    )


def test_who_comes_last_waits_until_a_bus_has_charged() -> None:
    """Two points for three buses of one night, which crosses midnight."""
    stays = [stay(20, 29, 3), stay(21, 30, 4), stay(22, 28, 3)]
    assert waits_s(stays, 3) == [0.0, 0.0, 0.0]
    assert waits_s(stays, 2) == [0.0, 0.0, HOUR_S]
    assert waits_s(stays, 1) == [0.0, 2 * HOUR_S, 5 * HOUR_S]
    assert waits_s(stays, 0) == [np.inf] * 3


def test_a_bus_that_leaves_before_its_turn_gets_nothing() -> None:
    """And holds nobody up."""
    assert waits_s([stay(10, 16, 6), stay(11, 12, 1), stay(13, 17, 1)], 1) == [
        0.0,
        np.inf,
        3 * HOUR_S,
    ]


@EXAMPLES
@given(
    held=st.lists(st.tuples(st.integers(0, 23), st.integers(1, 12), st.integers(1, 8)), max_size=8),
    n=st.integers(1, 4),
    turn=st.integers(0, 7),
)
def test_the_order_of_buses_does_not_matter(
    held: list[tuple[int, int, int]], n: int, turn: int
) -> None:
    """Each stay waits as long, in whatever order they are listed."""
    stays = [stay(a, a + d, min(c, d), name=str(k)) for k, (a, d, c) in enumerate(held)]
    waits = waits_s(stays, n)
    turned = stays[turn:] + stays[:turn]
    again = dict(zip([s.name for s in turned], waits_s(turned, n), strict=True))
    assert [again[s.name] for s in stays] == waits


def test_days_are_drawn_by_seed_alone() -> None:
    """The same seed draws the same; a block draws by its own name, whatever came before."""
    first, again = (drawn_days(7, 50, [(3, 2), (1, 1)]) for _ in range(2))
    turned = drawn_days(7, 50, [(1, 1), (3, 2)])
    for days in (again, turned):
        assert (days.failed_node == first.failed_node).all()
        assert (days.day_u == first.day_u).all()
    assert set(first.failed_node) == {1, 3}
    assert (drawn_days(8, 50, [(1, 1)]).day_u != first.day_u).any()
    assert (drawn_days(7, 50, []).failed_node == robustness.NO_POINT_FAILED).all()
    a, b = block_draws(first, "a", 4), block_draws(first, "b", 4)
    assert (block_draws(again, "a", 4).trip == a.trip).all()
    assert (a.trip != b.trip).any()


def test_temperatures_follow_their_distribution() -> None:
    """Ends and what lies between."""
    year = DayTemperatures(
        levels=np.array([0.0, 0.5, 1.0]), temperature_c=np.array([-10.0, 10.0, 30.0])
    )
    assert year.drawn_c(np.array([0.0, 0.25, 0.5, 1.0])).tolist() == [-10.0, 0.0, 10.0, 30.0]
