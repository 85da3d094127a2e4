"""A schedule within all limits that looks at no price: first come, first served."""

import numpy as np

from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.unmanaged import wanted_kwh
from viavolta.engines.charging.window import Windows
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.stay import StayTable


def first_come_kw(stays: StayTable, window: Windows, *, limits: LimitTree, step_h: float) -> Floats:
    """(K,) power of charging as early as the limits allow, in the order of arrival.

    Nobody discharges. A step in which less than a stay's minimum power is left is not used.
    """
    room = headroom(limits)
    left_kw = room.import_kw - room.base_kw
    power_kw = np.zeros(len(window))
    wanted = wanted_kwh(stays)
    all_steps, all_shares = window.step, window.share
    for stay in np.lexsort((np.arange(len(stays)), stays.arrival)).tolist():
        rows = slice(int(window.offsets[stay]), int(window.offsets[stay + 1]))
        steps, share = all_steps[rows], all_shares[rows]
        path = path_to_root(limits.parent, int(stays.limit[stay]))
        offered = np.minimum(stays.max_kw[stay] * share, left_kw[np.ix_(path, steps)].min(axis=0))
        offered = np.where(offered < stays.min_kw[stay] * share, 0.0, offered)
        per_kw = float(stays.charge_efficiency[stay]) * step_h
        before_kwh = (np.cumsum(offered) - offered) * per_kw
        used = np.clip((wanted[stay] - before_kwh) / per_kw, 0.0, offered)
        used = np.where(used < stays.min_kw[stay] * share, 0.0, used)
        power_kw[rows] = used
        left_kw[np.ix_(path, steps)] -= used
    return power_kw


def path_to_root(parent: Ints, row: int) -> Ints:
    """Rows of the tree from a limit up to its root."""
    path = [row]
    while parent[path[-1]] >= 0:
        path.append(int(parent[path[-1]]))
    return np.array(path)
