"""What managed charging may draw: a tree of limits that keeps voltage and loading, by proof.

Every row of the screen says: base stress + sum over nodes m of E_m p_m <= 1. In a feeder, walked
from its bus outwards, E_m is E at the bus plus the sum of the steps w along the way to m, so that
the sum is E_bus times the charging of all + the sum over nodes of w times the charging that flows
through them. Limits L on what flows through each node therefore keep the row if

    base stress + E_bus * (most charging at the transformer) + sum of max(w, 0) * L <= 1.

The limits of a feeder are lambda(t) times a fixed reference for each node, which grows with the
number n of vehicles behind it: less than in proportion, since not all need power at the same time
(`_reference`). Any reference keeps the grid safe; another one may let more vehicles in. So what is
found with these limits is a number that can be held, not the largest one. Discharging may cover
the base load behind each node and never more, so that no power flows backward.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.model.arrays import Flags, Floats, Ints

_SPREAD_SHARE = 0.1
"""Part of the reference that grows in proportion to the vehicles; the rest as their root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of an area. L limits, parents before children; T steps.

    Attributes
    ----------
    parent : (L,) -1 for the first. import_kw, export_kw : (L, T) on charging alone, both >= 0.
    node_limit : (N,) the limit at which vehicles at a node hang; -1 outside the area.
    """

    parent: Ints
    import_kw: Floats
    export_kw: Floats
    node_limit: Ints


def transformer_room_kw(task: HostingTask, area: int) -> Floats:
    """(T,) charging that a transformer bears at any place below it, its own limits alone."""
    rows = np.flatnonzero(task.row_area == area)
    below = task.areas.is_below[area]
    most = task.screen.per_kw[np.ix_(rows, np.flatnonzero(below))].max(axis=1, initial=0.0)
    rows, most = rows[most > 0], most[most > 0]
    room = (1 - task.stress[:, rows]) / most
    return np.asarray(np.maximum(room.min(axis=1, initial=np.inf), 0.0))


def budget_of(task: HostingTask, area: int, *, n_vehicles: Ints) -> Budget:
    """Make the limits of an area: of a feeder, a transformer, or (0) of all of the grid.

    Parameters
    ----------
    n_vehicles
        (N,) at each node.
    """
    kind = task.areas.kind[area]
    if kind == "transformer":
        return _single(task, area)
    if kind == "feeder":
        return _feeder(task, area, n_vehicles=n_vehicles)
    return _grid(task, n_vehicles=n_vehicles)


def _single(task: HostingTask, area: int) -> Budget:
    below = task.areas.is_below[area]
    return Budget(
        parent=np.array([-1]),
        import_kw=transformer_room_kw(task, area)[None, :],
        export_kw=_load_kw(task, below)[None, :],
        node_limit=np.where(below, 0, -1),
    )


def _load_kw(task: HostingTask, nodes: Flags) -> Floats:
    """(T,) base load of nodes that vehicles may cover."""
    return np.asarray(np.maximum(task.p_kw[nodes].sum(axis=0), 0.0))


def _feeder(task: HostingTask, area: int, *, n_vehicles: Ints) -> Budget:
    order, parent = _walk(task, area)
    n_below = n_vehicles.copy()
    load = task.p_kw.copy()
    for node in reversed(order):
        if parent[node] >= 0:
            n_below[parent[node]] += n_below[node]
            load[parent[node]] += load[node]
    inside = np.array(order)
    share = _share(task, area, inside, parent=parent, reference=_reference(n_below))
    node_limit = np.full(task.grid.n_nodes, -1)
    rows: list[int] = []
    for node in order:
        above = -1 if parent[node] < 0 else int(node_limit[parent[node]])
        if above >= 0 and n_below[rows[above]] == n_below[node]:
            node_limit[node] = above  # the same vehicles behind it: the same limit
            continue
        node_limit[node] = len(rows)
        rows.append(node)
    kept = np.array(rows)
    return Budget(
        parent=np.array(
            [-1 if parent[n] < 0 else node_limit[parent[n]] for n in rows], dtype=np.int64
        ),
        import_kw=share[None, :] * _reference(n_below)[kept, None],
        export_kw=np.maximum(load[kept], 0.0),
        node_limit=node_limit,
    )


def _reference(n_vehicles: Ints) -> Floats:
    """What flows to so many vehicles, over what flows to one."""
    return np.asarray(_SPREAD_SHARE * n_vehicles + (1 - _SPREAD_SHARE) * np.sqrt(n_vehicles))


def _walk(task: HostingTask, area: int) -> tuple[list[int], Ints]:
    """Nodes of a feeder from its bus outwards, and the node before each; -1 at the first."""
    grid, inside = task.grid, task.areas.is_below[area]
    near: dict[int, list[int]] = {}
    for a, b, is_closed in zip(
        grid.from_node.tolist(), grid.to_node.tolist(), grid.is_closed.tolist(), strict=True
    ):
        if is_closed:
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
    parent = np.full(grid.n_nodes, -1)
    order: list[int] = []
    seen = ~inside
    for head in sorted(near.get(int(task.areas.bus[area]), ())):
        if not seen[head]:
            seen[head] = True
            order.append(head)
            break
    for node in order:  # grows while it is read
        for other in sorted(near[node]):
            if not seen[other]:
                seen[other] = True
                parent[other] = node
                order.append(other)
    return order, parent


def _share(
    task: HostingTask, area: int, inside: Ints, *, parent: Ints, reference: Floats
) -> Floats:
    """(T,) by how much the reference may be multiplied, so that every row of the area holds."""
    rows = np.flatnonzero(task.row_area == area)
    per_kw = task.screen.per_kw[rows]
    before = np.where(parent[inside] >= 0, parent[inside], task.areas.bus[area])
    climb = np.maximum(per_kw[:, inside] - per_kw[:, before], 0.0) @ reference[inside]
    room = 1 - task.stress[:, rows]
    outside_kw, others = _outside(task, area)
    at_bus = per_kw[:, others].max(axis=1, initial=0.0)
    if outside_kw is None:
        climb = climb + at_bus * reference[inside[:1]].sum()
    else:
        room = room - at_bus[None, :] * outside_kw[:, None]
    used = climb > 0
    share = (room[:, used] / climb[used]).min(axis=1, initial=np.inf)
    most = np.where(np.isfinite(share), share, 1e6)
    return np.maximum(most, 0.0)


def _outside(task: HostingTask, area: int) -> tuple[Floats | None, Ints]:
    """Most charging that the bus of a feeder feels, by its outermost transformer, and from where.

    None where no transformer is above: then the feeder counts with itself alone.
    """
    feeder = task.areas.is_below[area]
    above = [
        one
        for one, kind in enumerate(task.areas.kind)
        if kind == "transformer" and (task.areas.is_below[one] & feeder).sum() == feeder.sum()
    ]
    if not above:
        return None, task.areas.bus[area : area + 1]
    outermost = max(above, key=lambda one: int(task.areas.is_below[one].sum()))
    others = np.flatnonzero(task.areas.is_below[outermost] & ~feeder)
    return transformer_room_kw(task, outermost), others


def _grid(task: HostingTask, *, n_vehicles: Ints) -> Budget:
    """Limits of all transformers and feeders, each below the smallest that contains it."""
    areas = task.areas
    size = areas.is_below.sum(axis=1)
    order = sorted(range(1, len(size)), key=lambda area: (-int(size[area]), area))
    parents: list[int] = [-1]
    imports = [np.full(task.n_steps, 1e9)]
    exports = [_load_kw(task, areas.is_below[0])]
    node_limit = np.zeros(task.grid.n_nodes, dtype=np.int64)
    for area in order:
        below = areas.is_below[area]
        if not n_vehicles[below].any():
            continue
        found = budget_of(task, area, n_vehicles=np.where(below, n_vehicles, 0))
        above = int(node_limit[areas.bus[area]])
        first = len(parents)
        parents += [above if row < 0 else first + int(row) for row in found.parent.tolist()]
        imports += list(found.import_kw)
        exports += list(found.export_kw)
        hung = found.node_limit >= 0
        node_limit[hung] = first + found.node_limit[hung]
    return Budget(
        parent=np.array(parents),
        import_kw=np.array(imports),
        export_kw=np.array(exports),
        node_limit=node_limit,
    )
