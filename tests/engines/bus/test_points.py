"""Points are counted on the circle of a day, minute by minute."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.bus.blocks import Block, PlannedStay
from viavolta.engines.bus.points import block_intervals, points_needed, spare_night_points

MINUTE, DAY = 60.0, 1440
EXAMPLES = settings(deadline=None, max_examples=100, derandomize=True)
minutes = st.tuples(st.integers(-300, 2000), st.integers(0, 3000))


def most_at_once(stays: list[tuple[int, int]]) -> int:
    """Stays present in each minute of the repeating day, the most of them."""
    return max(
        sum(
            arrival <= minute + DAY * k < departure
            for arrival, departure in stays
            for k in range(-3, 6)
        )
        for minute in range(DAY)
    )


def block(*stays: tuple[int, int, bool]) -> Block:
    """A block with stays (arrival, departure in minutes, whether at night)."""
    return Block(
        depot=0,
        activities=(),
        stays=tuple(
            PlannedStay(
                activity=-1 if is_night else k,
                node=0,
                arrival_s=arrival * MINUTE,
                departure_s=departure * MINUTE,
                energy_kwh=10.0,
                soc_arrival_kwh=50.0,
                allowed_kw=100.0,
            )
            for k, (arrival, departure, is_night) in enumerate(stays)
        ),
        lost_kwh=0.0,
    )


@settings(deadline=None, max_examples=40, derandomize=True)
@given(stays=st.lists(minutes, max_size=6))
def test_points_are_the_most_stays_of_any_minute(stays: list[tuple[int, int]]) -> None:
    """Stays over midnight, of a day and more, of no length: as counted minute by minute."""
    spans = [(arrival, arrival + length) for arrival, length in stays]
    found = points_needed([(a * MINUTE, d * MINUTE) for a, d in spans])
    assert found == most_at_once(spans)


@pytest.mark.parametrize(
    ("stays", "points"),
    [
        ([], 0),
        ([(600, 600)], 0),
        ([(600, 700), (700, 800)], 1),
        ([(1300, 1800), (1320, 1740)], 2),
        ([(1300, 1500), (60, 120)], 1),
        ([(1300, 1500), (59, 120)], 2),
        ([(0, 1440)], 1),
        ([(700, 2140)], 1),
        ([(700, 2140), (700, 800)], 2),
        ([(700, 700 + 2 * 1440)], 2),
        ([(700, 700 + 1440 + 30), (710, 715)], 3),
        ([(-60, 60)], 1),
        ([(1380, 1440), (0, 60)], 1),
    ],
)
def test_known_days(stays: list[tuple[int, int]], points: int) -> None:
    """Half-open stays: who leaves frees the point for who comes."""
    assert points_needed([(a * MINUTE, d * MINUTE) for a, d in stays]) == points


def test_intervals_are_all_stays_of_all_blocks() -> None:
    """Night stays hold a point as midday stays do."""
    days = [block((700, 800, False), (1300, 1700, True)), block((1200, 1600, True))]
    assert block_intervals(days) == [(42000, 48000), (78000, 102000), (72000, 96000)]


@EXAMPLES
@given(
    days=st.lists(
        st.tuples(st.integers(500, 900), st.integers(1, 200), st.booleans(), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_sparing_never_takes_more_points(days: list[tuple[int, int, bool, bool]]) -> None:
    """Each vehicle keeps its day or takes the one without night, and points become fewer only."""
    with_night, without = [], []
    for start, length, charges_by_day, can_spare in days:
        by_day = [(start, start + length, False)] if charges_by_day else []
        with_night.append(block(*by_day, (1200, 1700, True)))
        without.append(block(*by_day) if can_spare else None)
    chosen = spare_night_points(with_night, without)
    for one, night, other in zip(chosen, with_night, without, strict=True):
        assert one is night or one is other
    before = points_needed(block_intervals(with_night))
    spared = sum(not one.has_night_stay for one in chosen)
    assert points_needed(block_intervals(chosen)) == before - spared


def test_the_night_is_spared_down_to_midday() -> None:
    """Four buses of which two come together at midday: two points do, day and night."""
    with_night = [block((700, 760, False), (1200, 1700, True)) for _ in range(2)]
    with_night += [block((800, 860, False), (1200, 1700, True)) for _ in range(2)]
    without = [
        block((day.stays[0].arrival_s / 60, day.stays[0].departure_s / 60, False))
        for day in with_night
    ]
    chosen = spare_night_points(with_night, without)
    assert points_needed(block_intervals(chosen)) == 2
