"""Typical zero sequence of lines where nobody knows it, so that phases can be told apart."""

from dataclasses import replace

import numpy as np

from viavolta.model.grid import BranchKind, Grid


def fill_zero_sequence(
    grid: Grid, *, r0_over_r: float, x0_over_x: float, c0_over_c: float
) -> tuple[Grid, int]:
    """The grid with typical ratios of zero to positive sequence in lines where it is not known.

    Returns
    -------
    The grid and the number of lines that were filled in; who shows a figure from it says so.
    """
    is_line = grid.is_kind(BranchKind.LINE) | grid.is_kind(BranchKind.CABLE)
    is_filled = np.zeros(grid.n_branches, dtype=bool)
    filled = {}
    ratios = {"r": ("ohm", r0_over_r), "x": ("ohm", x0_over_x), "c": ("nf", c0_over_c)}
    for name, (unit, ratio) in ratios.items():
        known = getattr(grid, f"{name}0_{unit}")
        is_missing = is_line & ~np.isfinite(known)
        is_filled |= is_missing
        filled[f"{name}0_{unit}"] = np.where(
            is_missing, ratio * getattr(grid, f"{name}_{unit}"), known
        )
    return replace(grid, **filled), int(is_filled.sum())
