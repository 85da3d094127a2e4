"""Blocks are days without gaps: in time, in place, in charge; and the next day is the same."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from small_blocks import batteries, battery, chain_of, night_h, problem, problems, slow_reach_kwh

from viavolta.engines.bus.blocks import Block, Kind, build_block
from viavolta.engines.bus.chains import DrivenChain, drive
from viavolta.engines.bus.problem import Battery, BlockProblem

EXAMPLES = settings(deadline=None, max_examples=40, derandomize=True)
CLOSE_KWH = 2e-6
WAYS = (Kind.PULL_OUT, Kind.DEADHEAD, Kind.PULL_IN)
days = problems(max_trips=6, night_is_bounded=True, may_have_points=True)


def driven_chain(day: BlockProblem, cell: Battery) -> DrivenChain:
    """A chain of the day that this battery can drive."""
    chain = chain_of(day)
    while chain.size and (driven := drive(day, cell, chain)) is None:
        chain = chain[:-1]
    assume(chain.size > 0)
    assert driven is not None
    return driven


def assert_contiguous(day: BlockProblem, block: Block, chain: DrivenChain) -> None:
    """From depot to depot without a gap in time or a jump in place, every trip at its own time."""
    rows = block.activities
    assert (rows[0].kind, rows[-1].kind) == (Kind.PULL_OUT, Kind.PULL_IN)
    assert rows[0].from_node == rows[-1].to_node == block.depot == chain.depot
    for before, after in pairwise(rows):
        assert before.end_s == after.start_s
        assert before.to_node == after.from_node
    assert [row.trip for row in rows if row.kind is Kind.TRIP] == chain.trips.tolist()
    for row in rows:
        assert row.end_s >= row.start_s
        if row.kind is Kind.TRIP:
            assert (row.start_s, row.end_s) == (day.start_s[row.trip], day.end_s[row.trip])
        elif row.kind in WAYS:
            assert row.end_s - row.start_s == day.way_s[row.from_node, row.to_node]
            assert row.energy_kwh == day.way_kwh[row.from_node, row.to_node]
        else:
            assert row.from_node == row.to_node
    for i, j in pairwise(k for k, row in enumerate(rows) if row.kind is Kind.TRIP):
        stood = sum(r.end_s - r.start_s for r in rows[i + 1 : j] if r.kind not in WAYS)
        assert stood >= day.layover_s


def assert_charged(cell: Battery, block: Block) -> None:
    """Charge follows from row to row, stays inside the battery, and energy is conserved."""
    rows = block.activities
    for before, after in pairwise(rows):
        assert before.soc_end_kwh == after.soc_start_kwh
    for row in rows:
        driven = min(cell.soc_max_kwh, row.soc_start_kwh - row.energy_kwh)
        assert row.soc_end_kwh == pytest.approx(driven + row.charged_kwh, abs=1e-9)
        for charge in (row.soc_start_kwh, row.soc_end_kwh):
            assert cell.soc_min_kwh - CLOSE_KWH <= charge <= cell.soc_max_kwh + CLOSE_KWH
        assert row.charged_kwh == 0.0 or row.kind is Kind.CHARGE
    charged = sum(stay.energy_kwh for stay in block.stays)
    used = sum(row.energy_kwh for row in rows)
    assert block.lost_kwh >= 0
    assert charged == pytest.approx(used + block.lost_kwh, abs=CLOSE_KWH)


def assert_stays(day: BlockProblem, cell: Battery, block: Block) -> None:
    """One stay per charge row and at most one at night, each within time and curve."""
    rows = block.activities
    by_day = [stay for stay in block.stays if stay.activity >= 0]
    nights = [stay for stay in block.stays if stay.activity < 0]
    assert [s.activity for s in by_day] == [
        k for k, row in enumerate(rows) if row.kind is Kind.CHARGE
    ]
    for stay in by_day:
        row = rows[stay.activity]
        assert (stay.node, stay.energy_kwh) == (row.from_node, row.charged_kwh)
        assert (stay.arrival_s, stay.departure_s) == (row.start_s, row.end_s)
    assert len(nights) == int(block.has_night_stay) <= 1
    missing = rows[0].soc_start_kwh - rows[-1].soc_end_kwh
    assert sum(s.energy_kwh for s in nights) == pytest.approx(missing, abs=CLOSE_KWH)
    for night in nights:
        assert night.node == block.depot
        assert (night.arrival_s, night.departure_s) == (rows[-1].end_s, rows[0].start_s + 86400)
    for stay in block.stays:
        at_end = stay.soc_arrival_kwh + stay.energy_kwh
        curve_kw = cell.curve_kw if stay.point < 0 else cell.terminal_curves_kw[stay.point]
        allowed = float(np.interp(at_end, cell.curve_kwh, curve_kw))
        assert stay.allowed_kw == pytest.approx(allowed)
        hours = (stay.departure_s - stay.arrival_s - day.plug_s) / 3600.0
        steepest = np.max(-np.diff(curve_kw) / np.diff(cell.curve_kwh))
        rounding = CLOSE_KWH * (1.0 + hours * steepest)
        assert stay.energy_kwh <= hours * stay.allowed_kw + rounding


@EXAMPLES
@given(day=days, cell=batteries())
def test_a_drivable_chain_becomes_a_block(day: BlockProblem, cell: Battery) -> None:
    """Whatever can be driven can be laid out, and tomorrow starts as today did."""
    chain = driven_chain(day, cell)
    block = build_block(day, cell, chain, charges_at_night=True)
    assert block is not None
    assert_contiguous(day, block, chain)
    assert_charged(cell, block)
    assert_stays(day, cell, block)
    rows = block.activities
    assert rows[0].soc_start_kwh >= chain.morning_kwh - CLOSE_KWH
    hours = night_h(day, chain.trips.tolist(), chain.depot)
    restored = slow_reach_kwh(rows[-1].soc_end_kwh, hours, cell)
    assert restored >= rows[0].soc_start_kwh - CLOSE_KWH


@EXAMPLES
@given(day=days, cell=batteries())
def test_a_day_without_night_closes_by_itself(day: BlockProblem, cell: Battery) -> None:
    """Without a night stay the day's own visits bring the charge back to where it began."""
    chain = driven_chain(day, cell)
    block = build_block(day, cell, chain, charges_at_night=False)
    if block is None:
        return
    assert_contiguous(day, block, chain)
    assert_charged(cell, block)
    assert_stays(day, cell, block)
    assert not block.has_night_stay
    start, end = block.activities[0].soc_start_kwh, block.activities[-1].soc_end_kwh
    assert end == pytest.approx(start, abs=CLOSE_KWH)


@EXAMPLES
@given(day=days, cell=batteries())
def test_a_milder_day_is_driven_by_the_same_chain(day: BlockProblem, cell: Battery) -> None:
    """Less energy on every trip and way never makes a block impossible."""
    chain = driven_chain(day, cell)
    mild = replace(day, energy_kwh=day.energy_kwh - 3.0, way_kwh=0.5 * day.way_kwh)
    block = build_block(mild, cell, chain, charges_at_night=True)
    assert block is not None
    assert_charged(cell, block)
    assert_stays(mild, cell, block)


def test_recuperation_that_finds_the_battery_full_is_lost() -> None:
    """Downhill with a full battery less a way of 6 kWh: of the 15 kWh that come back 9 are lost."""
    day = problem([(1, 400, 1, 430, -15)])
    chain = drive(day, battery(), np.array([0]))
    assert chain is not None
    block = build_block(day, battery(), chain, charges_at_night=True)
    assert block is not None
    assert block.lost_kwh == pytest.approx(9.0)
    assert [row.soc_end_kwh for row in block.activities] == pytest.approx([174.0, 180.0, 174.0])
    assert block.stays[0].energy_kwh == pytest.approx(6.0)


def test_a_visit_with_a_full_battery_is_a_layover() -> None:
    """Where nothing is missing the vehicle stands at the station, and no stay holds a point."""
    day = problem([(0, 400, 0, 410, 0), (0, 800, 0, 810, 0)])
    chain = DrivenChain(
        trips=np.array([0, 1]), depot=0, morning_kwh=180.0, ways=np.array([0]), cost=0.5
    )
    block = build_block(day, battery(), chain, charges_at_night=True)
    assert block is not None
    assert Kind.CHARGE not in {row.kind for row in block.activities}
    assert block.stays == ()
    assert not block.has_night_stay


def test_midday_alone_carries_a_light_day() -> None:
    """Two trips of 40 kWh, five hours at the depot between: the start settles where it closes."""
    day = problem([(0, 400, 0, 460, 40), (0, 760, 0, 820, 40)], layover_s=0.0, plug_s=0.0)
    chain = DrivenChain(
        trips=np.array([0, 1]), depot=0, morning_kwh=180.0, ways=np.array([0]), cost=0.5
    )
    block = build_block(day, battery(), chain, charges_at_night=False)
    assert block is not None
    charge = [row for row in block.activities if row.kind is Kind.CHARGE]
    assert len(charge) == 1
    assert charge[0].charged_kwh == pytest.approx(80.0, abs=1e-5)
    assert block.activities[0].soc_start_kwh == pytest.approx(140.0, abs=1e-4)


def test_a_day_that_only_empties_needs_its_night() -> None:
    """Without a visit by day there is no block without a night stay."""
    day = problem([(1, 400, 2, 430, 10)])
    chain = drive(day, battery(), np.array([0]))
    assert chain is not None
    assert build_block(day, battery(), chain, charges_at_night=False) is None
