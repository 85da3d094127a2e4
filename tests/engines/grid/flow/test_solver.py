"""The solver: what it promises whichever way it calculates."""

import numpy as np
import pytest
from small_grids import feeder, loads_of

from viavolta.engines.grid.flow import prepare
from viavolta.model.errors import InputError
from viavolta.model.grid import Phase


def test_one_cable_by_hand() -> None:
    """The voltage at the end of a feeder solves u^2 - u u0 + z s = 0 for each cable."""
    grid = feeder(1, u_ref_pu=1.02, pk_kw=0.0, p0_kw=0.0, i0_percent=0.0, c_nf=0.0, uk_percent=1e-9)
    flow = prepare(grid).solve(loads_of([[0.0], [0.0], [40.0]]))
    r, x, p = 0.02 / 160, 0.008 / 160, 40.0  # per unit of 1 kW at 0.4 kV
    half = 1.02**2 / 2 - r * p
    expected = np.sqrt(half + np.sqrt(half**2 - (r**2 + x**2) * p**2))
    assert flow.u_pu[0, 2] == pytest.approx(expected, abs=1e-9)
    assert flow.current_a[0, 1] == pytest.approx(p / expected / np.sqrt(3) / 0.4, rel=1e-9)


def test_single_phase_without_zero_sequence() -> None:
    """Loads on one phase at a grid without zero sequence are refused, with the branches' names."""
    grid = feeder(2, r0_ohm=np.nan)
    with pytest.raises(InputError) as caught:
        prepare(grid).solve(loads_of([[0.0], [0.0], [4.0], [2.0]], phase=Phase.A))
    assert caught.value.code == "no-zero-sequence"
    assert "b1, b2" in caught.value.message
