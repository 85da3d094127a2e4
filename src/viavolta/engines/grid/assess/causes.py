"""What drives a violation: which part of the load it takes to go away."""

import numpy as np

from viavolta.engines.grid.assess.marks import KINDS, Episodes, Marks, ViolationKind
from viavolta.engines.grid.assess.watch import (
    GridLoad,
    Limits,
    Part,
    Solver,
    extremes_of_phases,
    loading_of,
)
from viavolta.model.arrays import Flags, Floats, Ints

SEVERAL = "several"
"""Cause where the violation stays whichever single part is taken away."""
DISCHARGING = "discharging"
"""Cause where charging is to blame while vehicles give back more than they take."""
_ORDER = (Part.CHARGING, Part.SUN, Part.BASE)
_STEPS_AT_ONCE = 20_000_000
_ELECTRIC = tuple(
    KINDS.index(kind)
    for kind in (
        ViolationKind.LOW_VOLTAGE,
        ViolationKind.HIGH_VOLTAGE,
        ViolationKind.OVERLOAD,
        ViolationKind.RESERVE,
        ViolationKind.NOT_CONVERGED,
    )
)


def causes(
    solver: Solver,
    load: GridLoad,
    found: Episodes,
    limits: Limits,
    *,
    without_charging: Marks | None = None,
) -> list[str]:
    """(V,) cause of each run of violations, by power flows of its worst step.

    Charging is to blame where the violation is gone without it; else sun, else base load, by the
    same test; else several. Temperatures follow the load of hours before, so for them the loading
    at the same moment decides: the part without which the grid carries the least.
    """
    answer = [SEVERAL] * len(found)
    is_open = np.isin(found.kind, _ELECTRIC)
    for part in _ORDER:
        if part is Part.CHARGING and load.charging is None:
            continue
        rows = np.flatnonzero(is_open)
        if not len(rows):
            break
        gone = _is_gone(solver, load, found, rows=rows, part=part, limits=limits)
        for row in rows[gone]:
            answer[row] = _name(part, load, int(found.worst_step[row]))
        is_open[rows[gone]] = False
    calm = Marks.joined([] if without_charging is None else [without_charging])
    also = set(zip(calm.kind.tolist(), calm.element.tolist(), calm.step.tolist(), strict=True))
    for row in np.flatnonzero(~np.isin(found.kind, _ELECTRIC)):
        step = int(found.worst_step[row])
        is_new = (int(found.kind[row]), int(found.element[row]), step) not in also
        if load.charging is not None and is_new:
            answer[row] = _name(Part.CHARGING, load, step)
        else:
            answer[row] = (Part.SUN if load.rest.p_kw[:, step].sum() < 0 else Part.BASE).value
    return answer


def _is_gone(
    solver: Solver, load: GridLoad, found: Episodes, *, rows: Ints, part: Part, limits: Limits
) -> Flags:
    """(len(rows),) whether violations are gone at their worst step without a part."""
    steps, place = np.unique(found.worst_step[rows], return_inverse=True)
    gone = np.zeros(len(rows), dtype=bool)
    size = max(1, _STEPS_AT_ONCE // (8 * (len(limits.low_pu) + len(limits.reserve_share))))
    for first in range(0, len(steps), size):
        flow = solver.solve(load.at(steps[first : first + size], without=part))
        u_low, u_high = extremes_of_phases(flow.u_pu)
        mine = np.flatnonzero((place >= first) & (place < first + size))
        at, element = place[mine] - first, found.element[rows[mine]]
        kind = found.kind[rows[mine]]
        loading = loading_of(flow)
        is_load = flow.source_kw[at] >= 0
        node, branch = _within(element, u_low.shape[1]), _within(element, loading.shape[1])
        fine = {
            ViolationKind.LOW_VOLTAGE: u_low[at, node] >= limits.low_pu[node],
            ViolationKind.HIGH_VOLTAGE: u_high[at, node] <= limits.high_pu[node],
            ViolationKind.OVERLOAD: loading[at, branch] <= 1,
            ViolationKind.RESERVE: (loading[at, branch] <= limits.reserve_share[branch]) | ~is_load,
            ViolationKind.NOT_CONVERGED: np.ones(len(mine), dtype=bool),
        }
        chosen = np.zeros(len(mine), dtype=bool)
        for name, is_fine in fine.items():
            chosen |= (kind == KINDS.index(name)) & is_fine
        gone[mine] = chosen & np.asarray(flow.is_converged, dtype=bool)[at]
    return gone


def _within(element: Ints, size: int) -> Ints:
    """Element rows, made harmless where they are rows of something else."""
    return np.minimum(element, size - 1)


def _name(part: Part, load: GridLoad, step: int) -> str:
    if part is Part.CHARGING and load.charging is not None:
        return DISCHARGING if charging_kw(load.charging.p_kw, step) < 0 else Part.CHARGING.value
    return part.value


def charging_kw(p_kw: Floats, step: int) -> float:
    """Sum of charging at a step; negative while vehicles give back."""
    return float(p_kw[:, step].sum())
