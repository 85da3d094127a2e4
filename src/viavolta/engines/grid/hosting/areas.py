"""Areas of a grid: what lies behind a bus (a feeder), and what lies below a transformer."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Flags, Ints
from viavolta.model.grid import BranchKind, Grid, NodeKind

GRID = "grid"
"""Name of the area that is everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """G areas: the whole grid first, then transformers, then feeders.

    Attributes
    ----------
    area_id : (G,) "grid", or names of branches. kind : (G,) grid, transformer or feeder.
    is_below : (G, N) nodes that lie in an area, with all that transformers there feed.
    bus : (G,) node at which a feeder hangs, or the lower side of a transformer; -1 for the grid.
    node_area, branch_area : (N,), (B,) the area to which a violation there belongs: a feeder, a
        transformer for itself, 0 (the grid) for what is neither.
    """

    area_id: tuple[str, ...]
    kind: tuple[str, ...]
    is_below: Flags
    bus: Ints
    node_area: Ints
    branch_area: Ints


def areas_of(grid: Grid) -> Areas:
    """Divide a grid.

    Buses are sources, the ends of transformers, and what switches join to these. A feeder is what
    hangs together when buses are taken out; it is named after the branch that joins it to its bus,
    the first of them by name where it is fed from several.
    """
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    is_bus = grid.is_kind(NodeKind.SOURCE)
    is_bus[grid.from_node[is_transformer]] = True
    is_bus[grid.to_node[is_transformer]] = True
    joins = grid.is_closed & (
        grid.is_kind(BranchKind.SWITCH) | ((grid.r_ohm == 0) & (grid.x_ohm == 0))
    )
    joined = _parts(grid.n_nodes, grid.from_node[joins], grid.to_node[joins])
    is_bus = np.isin(joined, joined[is_bus])
    lines = np.flatnonzero(grid.is_closed & ~is_transformer)
    inner = lines[~is_bus[grid.from_node[lines]] & ~is_bus[grid.to_node[lines]]]
    part = _parts(grid.n_nodes, grid.from_node[inner], grid.to_node[inner])
    heads: dict[int, tuple[str, int]] = {}
    for row in lines.tolist():
        ends = (int(grid.from_node[row]), int(grid.to_node[row]))
        if is_bus[ends[0]] == is_bus[ends[1]]:
            continue
        bus, inside = ends if is_bus[ends[0]] else ends[::-1]
        head = (grid.branch_id[row], bus)
        heads[int(part[inside])] = min(heads.get(int(part[inside]), head), head)
    closed = np.flatnonzero(is_transformer & grid.is_closed)
    feeders = sorted(heads, key=lambda one: heads[one])
    number = {one: 1 + len(closed) + place for place, one in enumerate(feeders)}
    node_area = np.array(
        [0 if is_bus[n] else number.get(int(part[n]), 0) for n in range(grid.n_nodes)],
        dtype=np.int64,
    )
    ends_area = np.maximum(node_area[grid.from_node], node_area[grid.to_node])
    branch_area = np.where(is_transformer, 0, ends_area)
    branch_area[closed] = 1 + np.arange(len(closed))
    is_below = np.zeros((1 + len(closed) + len(feeders), grid.n_nodes), dtype=bool)
    is_below[0] = True
    section = _parts(grid.n_nodes, grid.from_node[lines], grid.to_node[lines])
    for place, row in enumerate(closed.tolist()):
        at_bus = section == section[grid.to_node[row]]
        is_below[1 + place] = _with_what_is_below(grid, at_bus, section=section)
    for area in range(1 + len(closed), len(is_below)):
        is_below[area] = _with_what_is_below(grid, node_area == area, section=section)
    return Areas(
        area_id=(
            GRID,
            *(grid.branch_id[row] for row in closed.tolist()),
            *(heads[one][0] for one in feeders),
        ),
        kind=("grid", *["transformer"] * len(closed), *["feeder"] * len(feeders)),
        is_below=is_below,
        bus=np.array(
            [-1, *grid.to_node[closed].tolist(), *(heads[one][1] for one in feeders)],
            dtype=np.int64,
        ),
        node_area=node_area,
        branch_area=branch_area,
    )


def _parts(n_nodes: int, one: Ints, other: Ints) -> Ints:
    """(N,) the lowest node with which each hangs together."""
    root = np.arange(n_nodes)

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = int(root[node])
        return node

    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        low, high = sorted((find(a), find(b)))
        root[high] = low
    return np.array([find(node) for node in range(n_nodes)], dtype=np.int64)


def _with_what_is_below(grid: Grid, nodes: Flags, *, section: Ints) -> Flags:
    """(N,) nodes, and all that closed transformers there feed, one after the other."""
    reached = nodes.copy()
    down = np.flatnonzero(grid.is_kind(BranchKind.TRANSFORMER) & grid.is_closed)
    for _ in range(len(down)):
        more = reached.copy()
        for row in down.tolist():
            if more[grid.from_node[row]]:
                more |= section == section[grid.to_node[row]]
        if (more == reached).all():
            break
        reached = more
    return reached
