"""Moments as seconds: the fast way and the thorough way say the same."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.formats.charge_times import NO_TIME, seconds_of_moments, seconds_of_text

ODD = [
    "2025-03-30T06:00:00+02:00",
    "2025-03-30 06:00:00Z",
    "2025-03-30T06:00:00.999999Z",
    "2025-03-30T06:00:00.9999999+00:00",
    "2025-03-30T06:00:60Z",
    "2025-03-30T24:00:00Z",
    "2025-02-29T00:00:00Z",
    "2024-02-29T00:00:00Z",
    "2025-03-30T06:00Z",
    "20250330T060000Z",
    "2025-W13-7T06:00:00+00:00",
    "2025-03-30T06:00:00+0200",
    "2025-03-30T06:00:00-00:30",
    "2025-03-30T06:00:00+24:00",
    "2025-03-30T06:00:00+23:59",
    "2025-03-30T06:00:00z",
    "2025-03-30",
    "2025-03-30T06:00:00",
    "1969-12-31T23:59:59.5Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00",
    "0000-01-01T00:00:00Z",
    "-025-03-30T06:00:00Z",
    "\uff12025-03-30T06:00:00Z",
    "2025-3-30T06:00:00Z",
    "2025-03-30T6:00:00Z",
    "2025-03-30T06:00:00Z ",
    "2025-03-30T06:00:00Z\n",
    "now",
    "",
]


def slowly(word: str) -> tuple[int, bool]:
    """Seconds and whether the offset is missing, by the standard library alone."""
    try:
        moment = dt.datetime.fromisoformat(word)
    except ValueError:
        return NO_TIME, False
    if moment.tzinfo is None:
        return NO_TIME, True
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return since // dt.timedelta(seconds=1), False


def quickly(words: list[str]) -> list[tuple[int, bool]]:
    """The same for a whole column."""
    seconds, is_naive = seconds_of_text(pl.Series(words, dtype=pl.String))
    return list(zip(seconds.tolist(), is_naive.tolist(), strict=True))


@pytest.mark.parametrize("n_times", [1, 9])
def test_odd_spellings_are_read_as_by_the_standard_library(n_times):
    """Whatever the spelling, alone or repeated; `Z` in small letters and spaces included."""
    assert quickly(ODD * n_times) == [slowly(word) for word in ODD] * n_times


@given(
    st.lists(
        st.one_of(
            st.datetimes(timezones=st.timezones()).map(dt.datetime.isoformat),
            st.from_regex(
                r"[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
                r"(\.[0-9]{1,7})?(Z|[+-][0-2][0-9]:[0-6][0-9])?",
                fullmatch=True,
            ),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_columns_are_read_as_by_the_standard_library(words):
    """Real moments in all zones, and texts that nearly are some."""
    assert quickly(words) == [slowly(word) for word in words]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_timestamps_are_cut_to_seconds(unit):
    """In every unit, before 1970 too; what is empty or beyond year 9999 is no time."""
    moments = pl.Series(
        [
            dt.datetime(2025, 3, 30, 6, tzinfo=dt.UTC),
            dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=dt.UTC),
            None,
        ],
        dtype=pl.Datetime(unit, "UTC"),
    )
    local = moments.dt.convert_time_zone("Europe/Rome")
    for column in (moments, local):
        assert seconds_of_moments(column).tolist() == [1743314400, -1, NO_TIME]
    far = pl.Series([2**62]).cast(pl.Datetime("ms", "UTC"))
    assert seconds_of_moments(far).tolist() == [NO_TIME]
    assert np.isnat(np.array([NO_TIME]).astype("datetime64[s]")).all()
