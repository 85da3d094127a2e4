"""Whole years of power flows that say whether charging keeps all limits."""

import numpy as np

from viavolta.engines.grid.hosting.placement import Placement, Pool
from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.model.arrays import Floats, Ints

_GRACE = 1e-9


def charging_kw(task: HostingTask, pool: Pool, placement: Placement, rows: Ints) -> Floats:
    """(N, T) what some vehicles of a placement draw, each at once at full power."""
    added = np.zeros((task.grid.n_nodes, task.n_steps))
    for row in rows.tolist():
        vehicle = placement.vehicle[row]
        part = slice(pool.offsets[vehicle], pool.offsets[vehicle + 1])
        added[placement.node[row], pool.step[part]] += pool.power_kw[part]
    return added


def broken_areas(task: HostingTask, added_kw: Floats) -> Ints:
    """Areas in which charging (N, T) breaks a limit at any step: every step is solved.

    As in `HostingTask.broken`, but for a limit that base load breaks as well: there the worst
    values of the whole time are compared.
    """
    with_charging, without = (
        task.solver.extremes(
            task.p_kw + more,
            task.q_kvar,
            low_pu=task.low_pu,
            high_pu=np.full(task.grid.n_nodes, np.inf),
            limit_share=task.limit_share,
            step_h=task.step_s / 3600,
        )
        for more in (added_kw, np.zeros_like(added_kw))
    )
    low = (with_charging.u_min_pu < task.low_pu - _GRACE) & (
        with_charging.u_min_pu < without.u_min_pu - _GRACE
    )
    over = (with_charging.loading_max > task.limit_share + _GRACE) & (
        with_charging.loading_max > without.loading_max + _GRACE
    )
    found = {*task.areas.node_area[low].tolist(), *task.areas.branch_area[over].tolist()}
    if low.any() or over.any() or len(with_charging.not_converged) > len(without.not_converged):
        found.add(0)
    return np.array(sorted(found), dtype=np.int64)


def broken_by_base(task: HostingTask) -> list[str]:
    """Names of areas in which the base load alone has low voltage or an overload."""
    found = task.solver.extremes(
        task.p_kw,
        task.q_kvar,
        low_pu=task.low_pu,
        high_pu=np.full(task.grid.n_nodes, np.inf),
        limit_share=task.limit_share,
        step_h=task.step_s / 3600,
    )
    low = found.u_min_pu < task.low_pu - _GRACE
    over = found.loading_max > task.limit_share + _GRACE
    areas = {*task.areas.node_area[low].tolist(), *task.areas.branch_area[over].tolist()}
    return [task.areas.area_id[area] for area in sorted(areas)]
