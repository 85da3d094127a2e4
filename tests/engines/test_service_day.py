"""Which day is chosen to plan for, and why."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.engines.bus.service_day import choose_service_day

MONDAY = dt.date(2025, 1, 6)


def days(counts: list[int], overlapping: list[int] | None = None) -> pl.DataFrame:
    """One row per date from a Monday on."""
    return pl.DataFrame(
        {
            "date": [MONDAY + dt.timedelta(days=i) for i in range(len(counts))],
            "trips": counts,
            "overlapping_trips": overlapping or [0] * len(counts),
        },
        schema={"date": pl.Date, "trips": pl.UInt32, "overlapping_trips": pl.UInt32},
    )


def week(weekday: int, friday: int | None = None, saturday: int = 0, sunday: int = 0) -> list[int]:
    """Counts of one week."""
    return [weekday] * 4 + [weekday if friday is None else friday, saturday, sunday]


def test_the_usual_weekday_of_a_plain_year() -> None:
    """Weekdays of one level: the count most days have, in the first whole week of it."""
    chosen = choose_service_day(
        days([0, 0, *week(1000, 1003, 600, 300)[2:], *week(1000, 1003) * 9])
    )
    assert (chosen.date, chosen.n_trips) == (MONDAY + dt.timedelta(days=7), 1000)
    assert (chosen.level_min_trips, chosen.level_max_trips) == (1000, 1003)
    assert (chosen.n_level_days, chosen.n_busier_days, chosen.n_overlap_days) == (48, 0, 0)
    assert "Monday 2025-01-13 with 1000 trips" in chosen.reason


def test_versions_offered_twice_are_left_out() -> None:
    """Days on which departures are offered twice are no choice, however many there are."""
    counts = week(1000) * 4 + week(1700) * 20
    chosen = choose_service_day(days(counts, [0] * 28 + [600] * 140))
    assert (chosen.n_trips, chosen.n_overlap_days) == (1000, 100)
    assert "overlap" in chosen.reason
    only = choose_service_day(days(week(1700), [900] * 7))
    assert only.n_trips == 1700, "where every day is an overlap, one of them is taken"


def test_a_rarer_busier_stage_is_named() -> None:
    """A busier level with fewer days is not taken, and the reason tells of it."""
    chosen = choose_service_day(days(week(1842) * 25 + week(2538) * 12))
    assert (chosen.n_trips, chosen.n_busier_days) == (1842, 60)
    assert "60 rarer days between 2025-06-30 and 2025-09-19" in chosen.reason
    assert "--date" in chosen.reason


def test_old_timetables_in_the_feed_do_not_count() -> None:
    """Years of left-overs do not outvote the present timetable."""
    chosen = choose_service_day(days(week(500) * 100 + week(1100) * 150 + week(7593) * 50))
    assert chosen.n_trips == 7593
    assert chosen.weekday_median_trips == 1100


def test_school_holidays_do_not_win_by_number() -> None:
    """The fleet is sized for the busy season even where the quiet one is longer."""
    assert choose_service_day(days(week(2000) * 20 + week(1200) * 30)).n_trips == 2000


def test_a_single_great_day_is_not_ordinary() -> None:
    """A festival of one day, or of four in a long year, does not decide."""
    counts = week(1000) * 50
    counts[8:12] = [5000] * 4
    chosen = choose_service_day(days(counts))
    assert (chosen.n_trips, chosen.n_busier_days) == (1000, 4)


def test_short_feeds() -> None:
    """One week, one day, or weekends only: the best of what there is."""
    assert choose_service_day(days(week(900, 905, 500, 200))).n_trips == 900
    one = choose_service_day(days([0, 0, 17]))
    assert (one.date, one.n_trips) == (dt.date(2025, 1, 8), 17)
    assert "only day" in one.reason
    weekend = choose_service_day(days([0, 0, 0, 0, 0, 40, 30] * 3))
    assert (weekend.date.isoweekday(), weekend.n_trips) == (6, 40)
    assert weekend.weekday_median_trips != weekend.weekday_median_trips


def test_nothing_to_choose_from() -> None:
    """Without a single trip there is no day."""
    with pytest.raises(ValueError, match="no date has a trip"):
        choose_service_day(days([0, 0]))


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=60).filter(any),
    st.randoms(use_true_random=False),
)
def test_choice_is_a_day_of_the_feed_whatever_the_order(counts: list[int], chance) -> None:
    """The day has service, is a weekday where one has, and row order does not matter."""
    table = days(counts)
    chosen = choose_service_day(table)
    order = list(range(len(counts)))
    chance.shuffle(order)
    assert repr(choose_service_day(table[order])) == repr(chosen)
    assert counts[(chosen.date - MONDAY).days] == chosen.n_trips > 0
    has_weekday = any(n for i, n in enumerate(counts) if i % 7 < 5)
    assert (chosen.date.isoweekday() <= 5) == has_weekday
    assert chosen.level_min_trips <= chosen.n_trips <= chosen.level_max_trips
