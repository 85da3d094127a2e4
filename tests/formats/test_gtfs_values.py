"""Times, dates and numbers of a feed, and the mending of times that run backwards."""

import datetime as dt
import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.formats.gtfs.mending import mend_times
from viavolta.formats.gtfs.values import clock, dates, in_order, integers, numbers, rows_of, times_s


def slow_time_s(text: str | None) -> int | None:
    """Read one time of day, the obvious way."""
    parts = (text or "").strip(" ").split(":")
    if len(parts) not in {2, 3} or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    if any(len(p) > 2 for p in parts):
        return None
    hours, minutes, seconds = (int(p) for p in [*parts, "0"][:3])
    if hours >= 72 or minutes >= 60 or seconds >= 60:
        return None
    return hours * 3600 + minutes * 60 + seconds


clocks = st.builds(
    lambda h, m, s, form: form.format(h=h, m=m, s=s),
    st.integers(0, 80),
    st.integers(0, 65),
    st.integers(0, 65),
    st.sampled_from(
        ["{h:02}:{m:02}:{s:02}", "{h}:{m:02}:{s:02}", " {h}:{m:02}", "{h}:{m}:{s} ", "{h}.{m}"]
    ),
)


@given(st.lists(st.one_of(clocks, st.none(), st.text("0123456789: -.٣", max_size=9))))
def test_times_agree_with_a_slow_twin(texts: list[str | None]) -> None:
    """The column-wise reader and the plain one give the same seconds, or none, for any text."""
    found = times_s(pl.Series(texts, dtype=pl.String)).to_list()
    assert found == [slow_time_s(text) for text in texts]


@given(st.integers(0, 72 * 3600 - 1))
def test_clock_is_the_way_back(time_s: int) -> None:
    """Seconds written as a clock read as the same seconds."""
    frame = pl.DataFrame({"s": [time_s]}).select(clock(pl.col("s")))
    assert times_s(frame["s"]).to_list() == [time_s]


def test_dates() -> None:
    """Dates with and without dashes are read; impossible ones are none."""
    texts = [
        "20250210",
        "2025-02-10",
        "20250231",
        "250210",
        "2025-2-10",
        "00000101",
        "tomorrow",
        None,
        "",
    ]
    day = dt.date(2025, 2, 10)
    assert dates(pl.Series(texts)).to_list() == [day, day, *[None] * 7]


def test_numbers() -> None:
    """Decimal points and commas are read; infinities, words and fractions of counts are none."""
    texts = ["1.5", "1,5", "-3", "1e3", "inf", "nan", "x", None]
    assert numbers(pl.Series(texts)).to_list() == [1.5, 1.5, -3, 1000, None, None, None, None]
    counts = ["1", "3.0", "3.5", "-2", "99999999999", "1e400", "x", None]
    assert integers(pl.Series(counts)).to_list() == [1, 3, None, -2, None, None, None, None]


@given(st.lists(st.sampled_from(["a", "b", "c", None])), st.permutations(["a", "b"]))
def test_rows_of_is_a_lookup(column: list[str | None], ids: list[str]) -> None:
    """Every value finds its row in the ids, whatever runs the column has."""
    found = rows_of(pl.Series(column, dtype=pl.String), pl.Series(ids)).to_list()
    assert found == [ids.index(v) if v in ids else None for v in column]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3))))
def test_in_order_is_a_stable_sort(pairs: list[tuple[int, int]]) -> None:
    """Rows come out by group and number; equals keep their order."""
    frame = pl.DataFrame(
        {"g": [g for g, _ in pairs], "n": [n for _, n in pairs], "i": range(len(pairs))},
        schema={"g": pl.UInt32, "n": pl.Int64, "i": pl.Int64},
    )
    expected = sorted(((g, n, i) for i, (g, n) in enumerate(pairs)))
    assert in_order(frame, "g", "n").rows() == expected


times = st.one_of(st.none(), st.integers(0, 86_399))


@given(st.lists(st.tuples(times, times), max_size=12))
def test_mended_times_never_decrease(pairs: list[tuple[int | None, int | None]]) -> None:
    """After mending, times never decrease, and a stop has both times or none."""
    both = [(a if a is not None else d, d if d is not None else a) for a, d in pairs]
    mended = mend_times([a for a, _ in both], [d for _, d in both])
    ends = list(zip(mended.arrival_s, mended.departure_s, strict=True))
    assert all((a is None) == (d is None) for a, d in ends)
    known = [t for pair in ends for t in pair if t is not None]
    assert known == sorted(known)
    assert bool(known) == any(a is not None for a, _ in both)


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=7))
def test_as_many_times_as_possible_are_kept(minutes: list[int]) -> None:
    """No larger set of a trip's times could have been kept (tried out, all of them)."""
    values = [m * 10 for m in minutes]
    mended = mend_times(values, values)
    kept = sum(a is not None for a in mended.arrival_s)
    best = max(
        n
        for n in range(len(values) + 1)
        for chosen in itertools.combinations(values, n)
        if list(chosen) == sorted(chosen)
    )
    assert kept == best


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [
        ([85800, 86340, 300, 900], [85800, 86340, 86700, 87300]),
        ([28800, 79200, 29000, 29100], [28800, None, 29000, 29100]),
        ([28800, 100, 29000], [28800, None, 29000]),
        ([64800, 21599], [64800, 107999]),
        ([64799, 21599, 21600], [None, 21599, 21600]),
        ([None, 28800, None], [None, 28800, None]),
        ([], []),
    ],
)
def test_midnight_is_told_from_mistakes(
    arrivals: list[int | None], expected: list[int | None]
) -> None:
    """Only a fall from the evening to the early morning is midnight; a lone wild time goes."""
    assert mend_times(arrivals, list(arrivals)).arrival_s == expected


def test_negative_dwell_keeps_the_time_that_fits() -> None:
    """Of two times in the wrong order the one that fits the rest of the trip stands for both."""
    mended = mend_times([100, 1900, 400], [100, 300, 400])
    assert (mended.arrival_s, mended.departure_s) == ([100, 300, 400], [100, 300, 400])
    assert (mended.dwells, mended.backwards) == ([1], [])
    assert np.all(np.diff(mended.arrival_s) >= 0)
