"""Regulated transformers: which tap each takes at each step.

The rule is the same however the flow is calculated, and has no memory: at each step a tap starts
from the position the grid gives. Where the voltage at the regulated side (the mean of the phases,
where loads are unbalanced) is further from the set value than 0.6 of a tap's step, the tap moves to
the position that would bring it nearest if the rest stayed as it is, within its range. This is
repeated with the flow calculated anew, at most twelve times; then taps stay where they are.
"""

from collections.abc import Callable

import numpy as np

from viavolta.engines.grid.flow.network import Network
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

_DEAD_BAND = 0.6  # of a step; above a half, or a tap could find no position to rest
_MOST_ROUNDS = 12

Voltages = Callable[[Ints, Ints], Floats]
"""Steps (n,) and taps (R, n) there: voltage (R, n) over nominal at the regulated sides."""


def chosen_taps(grid: Grid, network: Network, n_steps: int, voltages: Voltages) -> Ints:
    """Return (R, T) taps of the regulated transformers."""
    rows = network.regulated
    taps: Ints = np.repeat(network.tap[rows][:, None], n_steps, axis=1)
    step, low, high = network.tap_step[rows], network.tap_min[rows], network.tap_max[rows]
    can_move = (step > 0) & (high > low)
    moving = np.arange(n_steps) if can_move.any() else np.arange(0)
    for _ in range(_MOST_ROUNDS):
        if not len(moving):
            break
        off = voltages(moving, taps[:, moving]) / grid.regulated_pu[rows][:, None]
        here = taps[:, moving]
        with np.errstate(divide="ignore", invalid="ignore"):
            turns = (1 + here * step[:, None]) * off
            there = np.rint((turns - 1) / step[:, None])
        there = np.clip(there, low[:, None], high[:, None])
        is_off = can_move[:, None] & (np.abs(off - 1) > _DEAD_BAND * step[:, None])
        new = np.where(is_off, there, here).astype(np.int64)
        taps[:, moving] = new
        moving = moving[(new != here).any(axis=0)]
    return taps
