"""The tree of limits of a grid: its transformers and feeders, and who hangs on which."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import BranchKind, Grid, NodeKind
from viavolta.services.town.place import Place

ROOT_HEADROOM = 10.0
"""The root is no limit of its own: it bears this many times the sum of all that hangs on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """L limits: the whole town at row 0, then transformers and heads of feeders, parents first.

    Attributes
    ----------
    name : (L,) of the branch, or the name of the town. branch : (L,) row of the grid, -1 for the
        town. parent : (L,) row of the area above, -1 for the town.
    capacity_kva : (L,) rating of the branch; infinite for the town, and where it is not known.
    of_node : (N,) the lowest area that a node lies in. of_branch : (B,) that a branch lies in.
    """

    name: tuple[str, ...]
    branch: Ints
    parent: Ints
    capacity_kva: Floats
    of_node: Ints
    of_branch: Ints

    @property
    def n_areas(self) -> int:
        """Number of areas L."""
        return len(self.name)

    def above(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(L, L) whether the row is the column, or lies above it."""
        is_above = np.eye(self.n_areas, dtype=bool)
        for row in range(1, self.n_areas):  # parents come first
            is_above[:, row] |= is_above[:, self.parent[row]]
        return is_above


def areas_of(grid: Grid, *, town: str) -> Areas:
    """Find transformers and feeders along the ways from the sources; of a mesh one way counts.

    A branch is an area of its own where it is a transformer, where it leaves the node of a source
    or the lower side of a transformer, and where it bears less than what lies above it.
    Parallel branches between the same nodes are one.
    """
    order, via = _outward(grid)
    capacity = branch_capacity_kva(grid)
    name, branch, parent, limit = [town], [-1], [-1], [np.inf]
    of_node = np.zeros(grid.n_nodes, dtype=np.int64)
    is_head = np.array([kind is NodeKind.SOURCE for kind in grid.node_kind])
    row_of_branch: dict[int, int] = {}
    for node in order:
        row = int(via[node])
        if row < 0:
            continue
        other = int(grid.from_node[row] + grid.to_node[row] - node)
        area = int(of_node[other])
        is_transformer = grid.branch_kind[row] is BranchKind.TRANSFORMER
        kva = float(capacity[_twins(grid, row)].sum())
        if is_transformer or is_head[other] or kva < limit[area]:
            name.append(grid.branch_id[row])
            branch.append(row)
            parent.append(area)
            limit.append(kva)
            area = len(name) - 1
            row_of_branch[row] = area
        of_node[node] = area
        is_head[node] |= is_transformer
    of_branch = np.where(
        np.isin(np.arange(grid.n_branches), via),
        0,
        of_node[grid.from_node],
    )
    for node in order:
        if via[node] >= 0:
            of_branch[via[node]] = of_node[node]
    return Areas(
        name=tuple(name),
        branch=np.array(branch),
        parent=np.array(parent),
        capacity_kva=np.array(limit),
        of_node=of_node,
        of_branch=of_branch,
    )


def branch_capacity_kva(grid: Grid) -> Floats:
    """(B,) rated apparent power of all parallel systems of a branch; infinite where unknown."""
    kva = np.sqrt(3) * grid.nominal_kv[grid.from_node] * grid.max_a
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    kva = np.where(is_transformer, grid.sn_kva, kva) * grid.n_parallel
    return np.asarray(kva, dtype=np.float64)


def members(areas: Areas, place: Place) -> Floats:
    """(L, C) 1 where a connection hangs directly on an area, else 0."""
    directly = np.zeros((areas.n_areas, place.n_connections))
    directly[areas.of_node[place.node], np.arange(place.n_connections)] = 1.0
    return directly


def _outward(grid: Grid) -> tuple[list[int], Ints]:
    """Nodes from the sources outward, and the branch by which each is reached (-1 for sources)."""
    at: list[list[int]] = [[] for _ in range(grid.n_nodes)]
    for row in np.flatnonzero(grid.is_closed).tolist():
        at[grid.from_node[row]].append(row)
        at[grid.to_node[row]].append(row)
    order = [n for n, kind in enumerate(grid.node_kind) if kind is NodeKind.SOURCE]
    via = np.full(grid.n_nodes, -1, dtype=np.int64)
    seen = set(order)
    for node in order:  # grows while it is read
        for row in at[node]:
            other = int(grid.from_node[row] + grid.to_node[row] - node)
            if other not in seen:
                seen.add(other)
                via[other] = row
                order.append(other)
    return order, via


def _twins(grid: Grid, row: int) -> Ints:
    """Closed branches between the same two nodes, this one included."""
    ends = {int(grid.from_node[row]), int(grid.to_node[row])}
    same = np.isin(grid.from_node, [*ends]) & np.isin(grid.to_node, [*ends]) & grid.is_closed
    return np.flatnonzero(same)
