"""Sums over a day that repeats, against counting every second."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.checks.day_circle import DAY_S, clock, peak_on_day

UNIT_S = 7_200  # twelve moments a day are enough to meet every order of starts and ends
SPANS = st.lists(
    st.tuples(st.integers(-30, 60), st.integers(0, 40), st.integers(-3, 5)), max_size=6
).map(lambda spans: [(a * UNIT_S, (a + n) * UNIT_S, float(w)) for a, n, w in spans])


def peak_by_counting(spans: list[tuple[int, int, float]]) -> float:
    """The slow twin: every moment of the day, every turn of the clock."""
    turns = range(-8, 9)
    sums = [
        sum(w for a, b, w in spans for k in turns if a <= moment + k * DAY_S < b)
        for moment in range(0, DAY_S, UNIT_S)
    ]
    return max(0.0, *sums)


@settings(max_examples=300, deadline=None)
@given(spans=SPANS)
def test_peak_agrees_with_counting(spans: list[tuple[int, int, float]]) -> None:
    """The sweep finds the same peak as looking at every moment."""
    assert peak_on_day(spans)[0] == pytest.approx(peak_by_counting(spans))


def test_a_night_meets_the_next_morning() -> None:
    """01:00 to 15:00 of the next day and 10:00 to 12:00 of this day are at the plug together."""
    peak, at_s = peak_on_day([(25 * 3600, 39 * 3600, 1.0), (10 * 3600, 12 * 3600, 1.0)])
    assert (peak, at_s) == (2.0, 36_000)


def test_an_end_comes_before_a_start() -> None:
    """A point that is freed at ten can be taken at ten."""
    assert peak_on_day([(0, 36_000, 1.0), (36_000, 40_000, 1.0)])[0] == 1.0


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00:00"), (90_061, "25:01:01"), (-60, "-00:01:00")]
)
def test_clock_counts_on_past_midnight(seconds: int, shown: str) -> None:
    """Times are shown as a timetable counts them."""
    assert clock(seconds) == shown
