"""Voltage bands by level, and reserves for a fault."""

import numpy as np
import pytest
from assess_grids import lv_behind_station, mv_ring, rules, station_and_mv

from viavolta.engines.grid.bands import Split, reserve_shares, voltage_bands
from viavolta.model.grid import Grid


def lows(grid: Grid, split: Split) -> list[float]:
    return np.round(voltage_bands(grid, rules(), split)[0], 4).tolist()


def highs(grid: Grid, split: Split) -> list[float]:
    return np.round(voltage_bands(grid, rules(), split)[1], 4).tolist()


def test_low_voltage_behind_its_station() -> None:
    """Low voltage has its own part and that of the station: 8.5 % down, 5 % up."""
    grid = lv_behind_station()
    assert lows(grid, Split.SHARED) == [0.9, 0.915, 0.915, 0.915]
    assert highs(grid, Split.SHARED) == [1.1, 1.05, 1.05, 1.05]


def test_low_voltage_without_its_station() -> None:
    """Fed at low voltage, there is no station to share with: 6.5 % down, 3.5 % up."""
    grid = lv_behind_station(is_fed_low=True)
    assert lows(grid, Split.SHARED) == [0.935] * 3
    assert highs(grid, Split.SHARED) == [1.035] * 3


def test_medium_voltage_alone() -> None:
    """1.5 % down, 5 % up: the rest is for the low voltage that is not in the grid."""
    assert lows(mv_ring(), Split.SHARED) == [0.985] * 3
    assert highs(mv_ring(), Split.SHARED) == [1.05] * 3


def test_both_levels_have_the_whole_band() -> None:
    """Nothing is set aside where both levels are calculated."""
    assert lows(station_and_mv(), Split.SHARED) == [0.9] * 5


@pytest.mark.parametrize("grid", [mv_ring(), lv_behind_station(), station_and_mv()])
def test_whole_band_everywhere(grid: Grid) -> None:
    """EN 50160: 10 % either way."""
    assert set(lows(grid, Split.WHOLE)) == {0.9}
    assert set(highs(grid, Split.WHOLE)) == {1.1}


def test_reserve_of_medium_voltage_only() -> None:
    """Lines of the ring keep half; stations and low voltage none, nor a single transformer."""
    assert reserve_shares(mv_ring(), rules()).tolist() == [0.5, 0.5]
    assert reserve_shares(station_and_mv(), rules()).tolist() == [0.5, 0.5, 1.0, 1.0]
    assert reserve_shares(lv_behind_station(), rules()).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("n_parallel", "share"), [(1, 1.0), (2, 0.5)])
def test_reserve_of_transformers_side_by_side(n_parallel: int, share: float) -> None:
    """A transformer into medium voltage keeps a reserve where another can take over."""
    grid = mv_ring(from_high=True, n_parallel=n_parallel)
    assert reserve_shares(grid, rules())[0] == share
