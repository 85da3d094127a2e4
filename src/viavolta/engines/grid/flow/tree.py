"""A grid without meshes, ordered from its sources outward."""

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.grid.flow.network import Network
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

Flags = NDArray[np.bool_]
Complexes = NDArray[np.complex128]

_SAME = 1e-12  # turns and shifts of branches side by side that count as equal
_TINY = 1e-13  # of 1 kW: impedance of branches without any, so that two side by side can share


class Tree(NamedTuple):
    """K supplied nodes, parents before children; edge i leads to node i from its parent.

    All in per unit at the child's side of the edge; the ideal transformer sits at the parent. An
    edge is one branch, or several side by side. `v` is the square of a voltage.

    Attributes
    ----------
    row : (K,) rows in the grid. parent : (K,) as nodes of the tree; -1 at a source.
    r, x : (K,) of the edge in series; at a source its own impedance.
    ratio : (K,) v behind the ideal transformer over v of the parent.
    g, b : (K,) all halves of branches across at the node, but those of regulated transformers
        at their parent, which are `half_g`, `half_b` : (K,) by the edge, at the child's side.
    root_v : (K,) that a source holds. start_v : (K,) without load.
    regulated : (K,) which of the R regulated transformers the edge is, or -1.
    edge : (L,) of each live branch. branch : (L,) its row in the grid.
    share_r, share_i : (L,) its share of the edge's current.
    branch_r, branch_x : (L,) in series. branch_g, branch_b : (L,) half across.
    is_outward : (L,) its from_node is the parent.
    """

    row: Ints
    parent: Ints
    r: Floats
    x: Floats
    ratio: Floats
    g: Floats
    b: Floats
    half_g: Floats
    half_b: Floats
    root_v: Floats
    start_v: Floats
    regulated: Ints
    edge: Ints
    branch: Ints
    share_r: Floats
    share_i: Floats
    branch_r: Floats
    branch_x: Floats
    branch_g: Floats
    branch_b: Floats
    is_outward: Flags


def tree_of(grid: Grid, network: Network) -> Tree | None:
    """Return the grid as a tree, or None where it is meshed or a part of it has several sources.

    Branches side by side are one edge where their turns are the same; regulated transformers where
    they are regulated in the same way, so that their taps always are. A transformer whose regulated
    side is that of the source makes no tree: seen from the far side, its impedance changes with
    the tap.
    """
    order = _order(grid, network)
    if order is None:
        return None
    row, parent, edge, branch = order
    is_outward = grid.from_node[branch] == row[parent[edge]]
    turns = (network.turns * (1 + network.tap * network.tap_step))[branch]
    down = np.where(is_outward, turns, 1 / turns)  # voltage of the parent over the child's
    lag = np.where(is_outward, 1, -1) * network.hour[branch]
    is_regulated = np.isin(branch, network.regulated)
    if (is_regulated & ~is_outward).any():
        return None
    set_pu = np.where(is_regulated, grid.regulated_pu[branch], 0.0)
    alike = [down, lag, set_pu]
    alike += [
        np.where(is_regulated, values[branch], 0)
        for values in (network.tap, network.tap_min, network.tap_max, network.tap_step)
    ]
    if any(_differs(values, edge, len(row)) for values in alike):
        return None
    seen = np.where(is_outward, 1.0, turns**2)  # an impedance at to_node, from the child's side
    z = (network.r + 1j * network.x)[branch] * seen
    z[z == 0] = _TINY * 1j
    half = (network.g + 1j * network.b)[branch] / 2 / seen
    across = _sum(half, edge, len(row))
    across += _sum(np.where(is_regulated, 0, half / down**2), parent[edge], len(row))
    half_own = _sum(np.where(is_regulated, half, 0), edge, len(row))
    total = _sum(1 / z, edge, len(row))
    series = np.divide(1, total, out=np.zeros_like(total), where=total != 0)
    root_v, ratio, regulated = np.zeros(len(row)), np.ones(len(row)), np.full(len(row), -1)
    for source, u, r, x in zip(
        network.source, network.source_u, network.source_r, network.source_x, strict=True
    ):
        at = np.flatnonzero(row == source)
        root_v[at], series[at] = u**2, complex(r, x)
    ratio[edge] = 1 / down**2
    regulated[edge[is_regulated]] = np.searchsorted(network.regulated, branch[is_regulated])
    start_v = root_v.copy()
    for i in np.flatnonzero(parent >= 0):
        start_v[i] = start_v[parent[i]] * ratio[i]
    share = series[edge] / z
    return Tree(
        row=row,
        parent=parent,
        r=series.real.copy(),
        x=series.imag.copy(),
        ratio=ratio,
        g=across.real.copy(),
        b=across.imag.copy(),
        half_g=half_own.real.copy(),
        half_b=half_own.imag.copy(),
        root_v=root_v,
        start_v=start_v,
        regulated=regulated,
        edge=edge,
        branch=branch,
        share_r=share.real.copy(),
        share_i=share.imag.copy(),
        branch_r=z.real.copy(),
        branch_x=z.imag.copy(),
        branch_g=half.real.copy(),
        branch_b=half.imag.copy(),
        is_outward=is_outward,
    )


def _order(grid: Grid, network: Network) -> tuple[Ints, Ints, Ints, Ints] | None:
    """Walk from the sources: rows of nodes, their parents, edge and row of each live branch."""
    beside: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for branch in np.flatnonzero(network.is_live).tolist():
        one, other = int(grid.from_node[branch]), int(grid.to_node[branch])
        beside[one][other].append(branch)
        beside[other][one].append(branch)
    row: list[int] = []
    parent: list[int] = []
    edges: list[tuple[int, int]] = []
    place: dict[int, int] = {}
    for source in network.source.tolist():
        if source in place:
            return None
        place[source] = len(row)
        row.append(source)
        parent.append(-1)
        reached = place[source]
        while reached < len(row):
            for other, branches in sorted(beside[row[reached]].items()):
                if parent[reached] >= 0 and other == row[parent[reached]]:
                    continue
                if other in place:
                    return None
                place[other] = len(row)
                edges += [(len(row), branch) for branch in branches]
                row.append(other)
                parent.append(reached)
            reached += 1
    edge, branch_rows = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    return np.array(row), np.array(parent), edge.copy(), branch_rows.copy()


def _sum(values: NDArray[Any], at: Ints, size: int) -> Complexes:
    total = np.zeros(size, dtype=np.complex128)
    np.add.at(total, at, values)
    return total


def _differs(values: NDArray[Any], edge: Ints, size: int) -> bool:
    """Whether branches of an edge differ in a value."""
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, edge, values)
    np.maximum.at(high, edge, values)
    return bool((high - low > _SAME).any())
