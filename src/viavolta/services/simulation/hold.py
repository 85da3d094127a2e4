"""What a controller on the spot does when a vehicle does not keep to the plan."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.tree import add_up, headroom
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree, top_down

_GRACE = 1e-9
_ROUNDS_PER_LIMIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Limits to be held in every step. L limits, T steps.

    Attributes
    ----------
    highest_kw, lowest_kw : (L, T) bounds of the net power, widened where base load alone breaks
        them. base_kw : (L, T) the limits' own base load.
    bottom_up : rows of the limits, those below before those above.
    below : (L, L) whether the column's limit is the row's, or below it.
    """

    parent: Ints
    highest_kw: Floats
    lowest_kw: Floats
    base_kw: Floats
    bottom_up: list[int]
    below: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

    def net_kw(self, power_kw: Floats, limit: Ints, *, step: int) -> Floats:
        """(L,) net power of a step, from the powers of stays (S,) at their limits (S,)."""
        own_kw = self.base_kw[:, step].copy()
        np.add.at(own_kw, limit, power_kw)
        return add_up(own_kw[:, np.newaxis], self.parent)[:, 0]

    def held_kw(self, power_kw: Floats, limit: Ints, *, step: int) -> Floats:
        """Powers of one step, cut back where a limit would be broken. Shapes: (S,) -> (S,).

        A vehicle that was to feed others may have left, one that was to take the others' energy
        may be full. Under the limit concerned all charging, or all discharging, is cut by the same
        share, the lowest limit first.
        """
        held = power_kw.copy()
        for _ in range(_ROUNDS_PER_LIMIT * len(self.bottom_up)):
            net = self.net_kw(held, limit, step=step)
            over_kw = net - self.highest_kw[:, step]
            under_kw = self.lowest_kw[:, step] - net
            grace_kw = _GRACE * np.maximum(1.0, np.abs(net))
            broken = [r for r in self.bottom_up if max(over_kw[r], under_kw[r]) > grace_kw[r]]
            if not broken:
                return held
            row = broken[0]
            sign, excess = (1.0, over_kw[row]) if over_kw[row] > 0 else (-1.0, under_kw[row])
            cut = np.flatnonzero(self.below[row][limit] & (held * sign > 0))
            total_kw = float(np.abs(held[cut]).sum())
            held[cut] *= max(1.0 - excess / total_kw, 0.0) if total_kw > 0 else 0.0
        return np.zeros_like(held)


def guard(limits: LimitTree) -> Guard:
    """Prepare limits for being held step by step."""
    room = headroom(limits)
    bottom_up = top_down(limits.parent)[::-1]
    below = np.eye(len(limits), dtype=bool)
    for row in bottom_up:
        if limits.parent[row] >= 0:
            below[limits.parent[row]] |= below[row]
    return Guard(
        parent=limits.parent,
        highest_kw=room.import_kw,
        lowest_kw=-room.export_kw,
        base_kw=limits.base_load_kw,
        bottom_up=bottom_up,
        below=below,
    )
