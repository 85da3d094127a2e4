"""The best staircase: against brute force, by its properties, and by hand."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.profiles import staircase as under_test
from viavolta.engines.profiles.staircase import Keep, PowerPieces, deviations, staircases

UNIT_KW = 1e-4
TOLERANCE_KW = 1e-6

powers = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from([-30, -7, 0, 0, 4, 9, 10, 11, 50])),
    min_size=1,
    max_size=8,
)
keeps = st.sampled_from(list(Keep))


def pieces_of(*stays, min_units=0):
    """Pieces of stays given as lists of (seconds, units)."""
    flat = [piece for stay in stays for piece in stay]
    units = np.array([u for _, u in flat])
    return PowerPieces(
        offsets=np.cumsum([0, *map(len, stays)]),
        seconds=[s for s, _ in flat],
        power_kw=units * UNIT_KW,
        units=units,
        min_units=[min_units] * len(stays),
    )


def found_units(pieces, found, stay=0):
    """Level in every second of a stay."""
    mine = slice(found.offsets[stay], found.offsets[stay + 1])
    total_s = pieces.seconds[pieces.offsets[stay] : pieces.offsets[stay + 1]].sum()
    lengths = np.diff([*found.start_s[mine], total_s])
    return np.repeat(found.units[mine], lengths)


def planned_units(pieces, stay=0):
    """Planned power in every second of a stay, in units."""
    mine = slice(pieces.offsets[stay], pieces.offsets[stay + 1])
    return np.repeat(pieces.units[mine], pieces.seconds[mine])


def off_by(pieces, found, stay=0):
    """Deviation in unit seconds, second by second."""
    return int(np.abs(found_units(pieces, found, stay) - planned_units(pieces, stay)).sum())


def slow_level(seconds, keep, min_units):
    """The level of a period, from its power in every second."""
    if keep is Keep.ENERGY:
        level = int(sum(seconds) / len(seconds))  # towards zero
    else:
        level = min(seconds, key=abs) if min(seconds) > 0 or max(seconds) < 0 else 0
    return 0 if 0 < level < min_units else level


def brute_force(seconds, max_periods, *, keep, min_units):
    """Least deviation over every way to cut the time where the plan changes."""
    best = None
    changes = [i for i in range(1, len(seconds)) if seconds[i] != seconds[i - 1]]
    for n in range(min(max_periods, len(changes) + 1)):
        for cuts in combinations(changes, n):
            bounds = [0, *cuts, len(seconds)]
            total = 0
            for i, j in pairwise(bounds):
                part = list(seconds[i:j])
                level = slow_level(part, keep, min_units)
                total += sum(abs(unit - level) for unit in part)
            best = total if best is None else min(best, total)
    return best


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([-6, -1, 0, 3, 5, 8]), min_size=1, max_size=8), keeps)
def test_it_is_the_best_of_all(units, keep):
    """No other way to cut the time where the plan changes differs less from it."""
    pieces = pieces_of([(1 + i % 3, u) for i, u in enumerate(units)], min_units=4)
    for n in (1, 2, 3):
        found = staircases(pieces, max_periods=n, keep=keep)
        expected = brute_force(planned_units(pieces), n, keep=keep, min_units=4)
        assert off_by(pieces, found) == expected


@settings(deadline=None, max_examples=60)
@given(powers, keeps, st.integers(1, 10))
def test_periods_are_few_and_in_order(stay, keep, max_periods):
    """At most n periods, the first at 0, each later one after the one before and different."""
    pieces = pieces_of(stay)
    found = staircases(pieces, max_periods=max_periods, keep=keep)
    assert 1 <= len(found.units) <= max_periods
    assert found.start_s[0] == 0
    assert (np.diff(found.start_s) > 0).all()
    assert found.start_s[-1] < sum(s for s, _ in stay)
    assert (np.diff(found.units) != 0).all()


@settings(deadline=None, max_examples=60)
@given(powers, keeps)
def test_more_periods_never_differ_more(stay, keep):
    """The deviation falls with the number of periods, to nothing where there are enough."""
    pieces = pieces_of(stay)
    off = [
        off_by(pieces, staircases(pieces, max_periods=n, keep=keep))
        for n in range(1, len(stay) + 1)
    ]
    assert off == sorted(off, reverse=True)
    assert off[-1] == 0


@settings(deadline=None, max_examples=60)
@given(powers, st.integers(1, 4))
def test_keeping_limits_is_never_above_nor_beyond(stay, max_periods):
    """Between zero and the planned power at every moment: no more import, and no more export."""
    pieces = pieces_of(stay)
    found = staircases(pieces, max_periods=max_periods, keep=Keep.LIMITS)
    level, planned = found_units(pieces, found), planned_units(pieces)
    assert (np.minimum(planned, 0) <= level).all()
    assert (level <= np.maximum(planned, 0)).all()


@settings(deadline=None, max_examples=60)
@given(powers, st.integers(1, 4))
def test_keeping_energy_keeps_it(stay, max_periods):
    """The energy is the planned one, but for the rounding of each period."""
    pieces = pieces_of(stay)
    found = staircases(pieces, max_periods=max_periods, keep=Keep.ENERGY)
    level, planned = found_units(pieces, found), planned_units(pieces)
    assert abs(int(level.sum()) - int(planned.sum())) < len(planned)
    assert level.max() <= planned.max()
    assert level.min() >= planned.min()


@settings(deadline=None, max_examples=40)
@given(powers, powers, keeps, st.integers(1, 4))
def test_stays_do_not_know_each_other(one, other, keep, max_periods):
    """Each stay's staircase is that which it has alone."""
    both = staircases(pieces_of(one, other), max_periods=max_periods, keep=keep)
    for number, stay in enumerate((one, other)):
        mine = slice(both.offsets[number], both.offsets[number + 1])
        alone = staircases(pieces_of(stay), max_periods=max_periods, keep=keep)
        assert both.units[mine].tolist() == alone.units.tolist()
        assert both.start_s[mine].tolist() == alone.start_s.tolist()


@settings(deadline=None, max_examples=60)
@given(powers, keeps, st.integers(1, 4))
def test_deviations_agree_with_every_second(stay, keep, max_periods):
    """The sums are those of a comparison second by second."""
    pieces = pieces_of(stay)
    found = staircases(pieces, max_periods=max_periods, keep=keep)
    loss = deviations(pieces, found, unit_kw=np.array([UNIT_KW]), tolerance_kw=TOLERANCE_KW)
    at, planned = found_units(pieces, found) * UNIT_KW, planned_units(pieces) * UNIT_KW
    assert loss.planned_kwh[0] == pytest.approx(planned.sum() / 3600, abs=1e-12)
    assert loss.profile_kwh[0] == pytest.approx(at.sum() / 3600, abs=1e-12)
    assert loss.deviation_kwh[0] == pytest.approx(abs(at - planned).sum() / 3600, abs=1e-12)
    lost = np.maximum(np.minimum(at, 0) - np.minimum(planned, 0), 0)
    assert loss.lost_discharge_kwh[0] == pytest.approx(lost.sum() / 3600, abs=1e-12)
    assert loss.excess_kw[0] == pytest.approx(max((at - planned).max(), 0), abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(powers, keeps)
def test_kernels_run_uncompiled(stay, keep):
    """Compiled or not, a period has the same level and the same cost."""
    run_s = np.array([s for s, _ in stay])
    run_units = np.array([u for _, u in stay])
    rule = 1 if keep is Keep.ENERGY else 0
    level = under_test.level(run_s, run_units, 5, rule)
    assert under_test.level.py_func(run_s, run_units, 5, rule) == level
    cost = under_test.cost(run_s, run_units, level)
    assert under_test.cost.py_func(run_s, run_units, level) == cost
    ends = under_test.best_ends.py_func(run_s, run_units, 5, 2, rule)
    assert ends.tolist() == under_test.best_ends(run_s, run_units, 5, 2, rule).tolist()


def test_a_level_below_the_minimum_is_none():
    """A mean that the vehicle cannot charge with becomes zero, and counts as such."""
    pieces = pieces_of([(10, 41), (30, 0), (10, 41)], min_units=20)
    one = staircases(pieces, max_periods=1, keep=Keep.ENERGY)
    assert one.units.tolist() == [0]
    assert staircases(pieces, max_periods=3, keep=Keep.ENERGY).units.tolist() == [41, 0, 41]


def test_equally_good_means_fewer_periods():
    """What is lossless with two periods does not become three."""
    found = staircases(
        pieces_of([(5, 7), (5, 7), (0, 99), (5, 3)]), max_periods=9, keep=Keep.LIMITS
    )
    assert found.start_s.tolist() == [0, 10]
    assert found.units.tolist() == [7, 3]


def test_nonsense_is_refused():
    """No period at all, and a power that changes too often for the search."""
    with pytest.raises(ValueError, match="max_periods"):
        staircases(pieces_of([(1, 1)]), max_periods=0, keep=Keep.LIMITS)
    restless = pieces_of([(1, n % 2) for n in range(under_test.MAX_RUNS + 1)])
    with pytest.raises(ValueError, match="too often"):
        staircases(restless, max_periods=2, keep=Keep.LIMITS)
