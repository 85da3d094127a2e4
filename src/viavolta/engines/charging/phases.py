"""Which phase a one-phase plug uses where the scheduler may choose."""

import numpy as np

from viavolta.model.arrays import Ints
from viavolta.model.limit import LimitTree
from viavolta.model.stay import StayTable

PHASES = 3


def chosen_phases(stays: StayTable, limits: LimitTree) -> Ints:
    """(S,) phase of each stay; where it is free, the one with the least energy wanted so far.

    The largest come first, so that the three phases of every limit on the way are even. A greedy
    choice: its distance from the best is part of the proven gap.
    """
    phase = stays.phase.copy()
    free = np.flatnonzero(phase < 0)
    if not len(free):
        return phase
    wanted = np.maximum(stays.energy_kwh, 0.0)
    load = np.zeros((len(limits), PHASES))
    for s in np.flatnonzero(phase > 0).tolist():
        load[_way_up(limits.parent, int(stays.limit[s])), phase[s] - 1] += wanted[s]
    for s in free[np.lexsort((free, -wanted[free]))].tolist():
        way = _way_up(limits.parent, int(stays.limit[s]))
        # the nearest limit decides; those above break ties
        best = int(np.lexsort(load[way][::-1])[0])
        phase[s] = best + 1
        load[way, best] += wanted[s]
    return phase


def _way_up(parent: Ints, limit: int) -> list[int]:
    way = [limit]
    while parent[way[-1]] >= 0:
        way.append(int(parent[way[-1]]))
    return way
