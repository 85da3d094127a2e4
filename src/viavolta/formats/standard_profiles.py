"""Base load and sun where nobody measured them: standard profiles on the steps of a study.

Load follows the local clock, with its days of 23 and 25 hours; the sun follows UTC. A year other
than that of the profile takes, for each day, the nearest day of the profile's year on the same
weekday; the profile's own public holidays stay where they are.
"""

import gzip
from enum import StrEnum
from functools import cache

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints, Times
from viavolta.samples.profiles import load_2023, sun_2019

ZONE = "Europe/Berlin"
"""The clock by which the customers of the profiles live."""
_QUARTER_S = 900
_QUARTERS = 96
_HOURS = 24
_DAYS = 365
_WEEK = 7
_MONDAY_OFFSET = 6  # 2023 began with a Sunday; Monday is 0


class LoadProfile(StrEnum):
    """Whose load a standard profile is."""

    H0 = "h0"
    """Households."""
    G0 = "g0"
    """Trade in general."""
    G1 = "g1"
    """Trade on weekdays from 8 to 18 h."""
    G4 = "g4"
    """Shops, hairdressers."""
    L0 = "l0"
    """Farms."""


def load_profile_kw(profile: LoadProfile, start: Times, *, step_s: int) -> Floats:
    """(T,) mean load in kW over each step, of a customer who uses 1 kWh a year."""
    quarter = _quarters(start, step_s)
    day, of_day = _local_quarters(quarter)
    table = _loads()[profile.value]
    return _means(table[day * _QUARTERS + of_day] / (_QUARTER_S / 3600), quarter, start, step_s)


def sun_profile_kw(start: Times, *, step_s: int) -> Floats:
    """(T,) mean generation in kW over each step, of roofs that yield 1 kWh a year; positive."""
    quarter = _quarters(start, step_s)
    moments = _moments(quarter)
    day = _same_date(moments)
    hour = moments.dt.hour().cast(pl.Int64).to_numpy()
    return _means(_sun()[day * _HOURS + hour], quarter, start, step_s)


def _quarters(start: Times, step_s: int) -> Ints:
    """Quarter hours since 1970 that the steps touch, without a gap."""
    seconds = start.astype("datetime64[s]").astype(np.int64)
    first, last = int(seconds.min()) // _QUARTER_S, -(-(int(seconds.max()) + step_s) // _QUARTER_S)
    return np.arange(first, last)


def _means(quarter_kw: Floats, quarter: Ints, start: Times, step_s: int) -> Floats:
    """Mean over each step of a power that is constant within each quarter hour."""
    energy = np.concatenate(([0.0], np.cumsum(quarter_kw)))
    edge = np.append(quarter, quarter[-1] + 1) * float(_QUARTER_S)
    begin = start.astype("datetime64[s]").astype(np.float64)
    gained = np.interp(begin + step_s, edge, energy) - np.interp(begin, edge, energy)
    return np.asarray(gained * (_QUARTER_S / step_s), dtype=np.float64)


def _moments(quarter: Ints) -> pl.Series:
    return pl.Series(quarter * _QUARTER_S * 1_000).cast(pl.Datetime("ms", "UTC"))


def _local_quarters(quarter: Ints) -> tuple[Ints, Ints]:
    """Day of the profile's year and quarter of that day, by the local clock."""
    local = _moments(quarter).dt.convert_time_zone(ZONE)
    hour, minute = (part.cast(pl.Int64).to_numpy() for part in (local.dt.hour(), local.dt.minute()))
    of_year = local.dt.ordinal_day().cast(pl.Int64).to_numpy() - 1
    weekday = local.dt.weekday().cast(pl.Int64).to_numpy() - 1
    lead = (weekday - (of_year + _MONDAY_OFFSET)) % _WEEK  # days to the same weekday, forward
    day = of_year + np.where(lead > _WEEK // 2, lead - _WEEK, lead)
    day += np.where(day < 0, _WEEK, 0) - np.where(day >= _DAYS, _WEEK, 0)
    return day, hour * 4 + minute // 15


def _same_date(moments: pl.Series) -> Ints:
    """Day of a year without a 29 February, which counts as the 28th."""
    of_year = moments.dt.ordinal_day().cast(pl.Int64).to_numpy() - 1
    leap = moments.dt.is_leap_year().to_numpy()
    end_of_february = 58
    return np.asarray(of_year - (leap & (of_year > end_of_february)), dtype=np.int64)


@cache
def _loads() -> dict[str, Floats]:
    """(35,040,) kWh per quarter hour by profile, for 1 kWh a year."""
    with gzip.open(load_2023()) as file:
        table = pl.read_csv(file.read())
    return {name: table[name].to_numpy() / table[name].sum() for name in table.columns}


@cache
def _sun() -> Floats:
    """(8,760,) kWh per hour, for 1 kWh a year."""
    with gzip.open(sun_2019()) as file:
        shape = pl.read_csv(file.read())["de"].to_numpy()
    return np.asarray(shape / shape.sum(), dtype=np.float64)
