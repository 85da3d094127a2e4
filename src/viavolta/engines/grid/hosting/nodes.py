"""How much power each node can take at any time, on top of what there is.

The same power is added at one node at all steps. What it may be is bisected by power flows at the
steps that are most stressed, a few for every row of the screen.
"""

import numpy as np

from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.model.arrays import Flags, Floats, Ints

MOST_KW = 100_000.0
"""Power beyond which nothing is searched."""

_STEPS_PER_ROW = 4
_EXACT_SHARE = 0.005
_EXACT_KW = 0.1
_BLOCK = 20_000


def firm_kw(task: HostingTask, nodes: Ints, *, added_kw: Floats | None = None) -> Floats:
    """(n,) power that a load without interruption may draw at each of some nodes.

    Parameters
    ----------
    added_kw
        (N, T) charging that is there already.
    """
    stress = task.stress
    if added_kw is not None:
        stress = task.screen.stress(task.p_kw + added_kw, task.q_kvar)
    steps = worst_steps(stress)
    there = np.zeros((task.grid.n_nodes, len(steps)))
    if added_kw is not None:
        there = added_kw[:, steps]
    low, high = np.zeros(len(nodes)), np.full(len(nodes), np.inf)
    low[_broken(task, nodes, low, steps=steps, there=there)] = -1.0
    is_open = low >= 0
    trial = np.where(is_open, np.maximum(_safe_kw(task, stress, nodes), 1.0), 0.0)
    while is_open.any():
        rows = np.flatnonzero(is_open)
        broken = _broken(task, nodes[rows], trial[rows], steps=steps, there=there)
        high[rows[broken]] = trial[rows[broken]]
        low[rows[~broken]] = trial[rows[~broken]]
        is_open = (
            (low >= 0)
            & (low < MOST_KW)
            & ~(high - low <= np.maximum(_EXACT_KW, _EXACT_SHARE * np.maximum(low, 0)))
        )
        trial = np.where(np.isfinite(high), (low + high) / 2, np.minimum(2 * low + 1, MOST_KW))
    return np.maximum(low, 0.0)


def worst_steps(stress: Floats) -> Ints:
    """Steps at which some row is most stressed. stress is (T, R)."""
    n = min(_STEPS_PER_ROW, len(stress))
    return np.unique(np.argpartition(-stress, n - 1, axis=0)[:n])


def _safe_kw(task: HostingTask, stress: Floats, nodes: Ints) -> Floats:
    """(n,) what is proven to be fine by the screen."""
    per_kw = task.screen.per_kw[:, nodes]
    room = np.maximum(1 - stress.max(axis=0), 0.0)
    safe = np.where(per_kw > 0, room[:, None] / np.where(per_kw > 0, per_kw, 1.0), MOST_KW)
    return np.asarray(safe.min(axis=0))


def _broken(
    task: HostingTask, nodes: Ints, extra_kw: Floats, *, steps: Ints, there: Floats
) -> Flags:
    """(n,) whether a power at each node breaks a limit at any of the steps."""
    found = np.zeros(len(nodes), dtype=bool)
    at_once = max(1, _BLOCK // max(1, len(steps)))
    for first in range(0, len(nodes), at_once):
        part = np.arange(first, min(first + at_once, len(nodes)))
        added = np.tile(there, (1, len(part)))
        columns = np.arange(len(part) * len(steps))
        added[np.repeat(nodes[part], len(steps)), columns] += np.repeat(extra_kw[part], len(steps))
        broken = task.broken(np.tile(steps, len(part)), added)[:, 0]
        found[part] = broken.reshape(len(part), len(steps)).any(axis=1)
    return found
