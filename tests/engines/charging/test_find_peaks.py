"""Peaks are found where their price is used up, also where rounding leaves nothing of it."""

import numpy as np
import pytest

from viavolta.engines.charging.sweep import Rows, find_peaks


def rows_with(load_kw: list[float], *, peak_price: float, stiffness: float, so_far: float) -> Rows:
    """One peak row without multipliers."""
    shape = (1, len(load_kw))
    return Rows(
        load=np.array([load_kw]),
        price=np.zeros(shape),
        import_kw=np.zeros(shape),
        export_kw=np.full(shape, np.inf),
        up=np.zeros(shape),
        down=np.zeros(shape),
        stiffness=np.array([stiffness]),
        balance=np.array([-1]),
        low=np.zeros((0, len(load_kw))),
        span=np.zeros((0, len(load_kw))),
        start=np.zeros(1, dtype=np.int64),
        row=np.zeros(0, dtype=np.int64),
        share=np.zeros(0),
        reach=np.zeros(0),
        peak_price=np.array([peak_price]),
        so_far=np.array([so_far]),
    )


def test_the_price_is_used_up_above_the_peak() -> None:
    """Loads 10, 8, 2 and area 4: the peak at 7 leaves 3 + 1 above it."""
    rows = rows_with([10.0, 8.0, 2.0], peak_price=4.0, stiffness=1.0, so_far=0.0)
    find_peaks(rows, 1.0)
    assert rows.import_kw.ravel() == pytest.approx(7.0)


def test_the_peak_so_far_costs_nothing_more() -> None:
    """Nothing to gain below what was already reached."""
    rows = rows_with([10.0, 8.0, 2.0], peak_price=4.0, stiffness=1.0, so_far=9.0)
    find_peaks(rows, 1.0)
    assert rows.import_kw.ravel() == pytest.approx(9.0)


@pytest.mark.parametrize("load_kw", [0.1, 1 / 3, 97.3, 1e6 / 7])
def test_a_price_below_rounding_ends_at_the_load(load_kw: float) -> None:
    """Equal loads and next to no price: the search ends, with the peak at the load."""
    rows = rows_with([load_kw] * 97, peak_price=1e-20, stiffness=1e3, so_far=0.0)
    find_peaks(rows, 0.25)
    assert rows.import_kw.ravel() == pytest.approx(load_kw)


def test_loads_apart_by_rounding_alone_end() -> None:
    """Loads that differ in the last digit, and a price that moves the peak by less: it ends."""
    load_kw = [82.94255678822373, 82.94255678822374, 82.94255678822375]
    load_kw += [82.94255678822374, 82.9425567882237]
    rows = rows_with(load_kw, peak_price=3.319545700893531e-14, stiffness=1.0, so_far=0.0)
    find_peaks(rows, 1.0)
    assert rows.import_kw.ravel() == pytest.approx(82.94255678822374)
