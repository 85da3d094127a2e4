"""How many vehicles come before the first limit breaks, each charging at once at full power.

Vehicles of a placement are added one after the other. The stress of each step grows with each of
them; steps at which a row reaches 1 are solved by power flow, no others need be (see `screen`). An
area is full before the vehicle with which one of its limits breaks. A full feeder takes no further
vehicles; a transformer that is full does, so that its feeders show what they could take.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.hosting.placement import Placement, Pool
from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Flags, Floats, Ints

_FULL = 1.0 - 1e-6
"""Stress from which a step is solved; the rest is for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What one draw found. G areas, V vehicles of the placement.

    Attributes
    ----------
    n_vehicles : (G,) that an area holds. plug_kw : (G,) of their charging points.
    is_full : (G,) False where all vehicles came and no limit broke: it holds at least these.
    n_before : (G,) how many vehicles of the placement had come when the area was full.
    is_taken : (V,) vehicles that found room in their feeder.
    n_flows : power flows that were needed.
    """

    n_vehicles: Ints
    plug_kw: Floats
    is_full: Flags
    n_before: Ints
    is_taken: Flags
    n_flows: int


def fill(task: HostingTask, pool: Pool, placement: Placement) -> Filled:
    """Add vehicles until every area is full, or all have come."""
    n_areas = len(task.areas.area_id)
    is_full = np.zeros(n_areas, dtype=bool)
    n_before = np.full(n_areas, len(placement))
    is_taken = np.ones(len(placement), dtype=bool)
    stress = task.stress.copy()
    added = np.zeros((task.n_steps, task.grid.n_nodes))
    per_kw = np.ascontiguousarray(task.screen.per_kw.T)
    node_area = task.areas.node_area
    has_room = np.ones(task.grid.n_nodes, dtype=bool)
    flagged = np.zeros(task.n_steps, dtype=np.int64)
    is_node_row = task.screen.node >= 0  # the bounds of all rows rest on these
    n_flows, now = 0, 0
    while now < len(placement) and not is_full.all():
        now, n_flagged = _add_until(
            now,
            placement.node,
            placement.vehicle,
            has_room,
            pool.offsets,
            pool.step,
            pool.power_kw,
            per_kw,
            is_node_row | ~is_full[task.row_area] | ~is_full[0],
            stress,
            added,
            is_taken,
            flagged,
        )
        if not n_flagged:
            continue
        steps = flagged[:n_flagged]
        n_flows += n_flagged
        broken = task.broken(steps, added[steps].T).any(axis=0) & ~is_full
        if not broken.any():
            continue
        last = now - 1
        n_before[broken] = last
        is_full |= broken
        feeder = int(node_area[placement.node[last]])
        if feeder and broken[feeder]:
            _take_out(last, placement, pool, per_kw=per_kw, stress=stress, added=added)
            is_taken[last] = False
        has_room = ~(is_full[node_area] & (node_area > 0))
    below = task.areas.is_below[:, placement.node]
    counted = below & is_taken & (np.arange(len(placement)) < n_before[:, None])
    return Filled(
        n_vehicles=counted.sum(axis=1),
        plug_kw=counted @ pool.plug_kw[placement.vehicle],
        is_full=is_full,
        n_before=n_before,
        is_taken=is_taken,
        n_flows=n_flows,
    )


def _take_out(
    row: int,
    placement: Placement,
    pool: Pool,
    *,
    per_kw: Floats,
    stress: Floats,
    added: Floats,
) -> None:
    """Take back the vehicle that was one too many."""
    vehicle, node = placement.vehicle[row], placement.node[row]
    part = slice(pool.offsets[vehicle], pool.offsets[vehicle + 1])
    stress[pool.step[part]] -= pool.power_kw[part, None] * per_kw[node]
    added[pool.step[part], node] -= pool.power_kw[part]


@kernel
def _add_until(
    now: int,
    node: Ints,
    vehicle: Ints,
    has_room: Flags,
    offsets: Ints,
    step: Ints,
    power_kw: Floats,
    per_kw: Floats,
    is_watched: Flags,
    stress: Floats,
    added: Floats,
    is_taken: Flags,
    flagged: Ints,
) -> tuple[int, int]:
    """Add vehicles from `now` on until one makes a watched row reach 1.

    Returns how many have come then, and how many steps stand in `flagged`. Changes stress (T, R),
    added (T, N), is_taken (V,) and flagged (T,). per_kw is (N, R).
    """
    while now < len(node):
        n = node[now]
        v = vehicle[now]
        now += 1
        if not has_room[n]:
            is_taken[now - 1] = False
            continue
        n_flagged = 0
        for k in range(offsets[v], offsets[v + 1]):
            t = step[k]
            added[t, n] += power_kw[k]
            is_hit = False
            for r in range(stress.shape[1]):
                stress[t, r] += per_kw[n, r] * power_kw[k]
                if is_watched[r] and stress[t, r] >= _FULL:
                    is_hit = True
            if is_hit:
                flagged[n_flagged] = t
                n_flagged += 1
        if n_flagged:
            return now, n_flagged
    return now, 0
