"""Shortest ways in large sparse graphs, and points near others: the door to SciPy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

NOWHERE = -9999
"""What stands before a node that begins a tree, or that no way reaches."""

_CELLS_AT_ONCE = 4_000_000
"""Cells of the tables of trees that are in memory at once: about 50 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Shortest ways from one node. Shapes (V,): cost, inf where none; the node before each."""

    source: int
    cost: Floats
    before: NDArray[np.int32]


class Digraph:
    """A directed graph of V nodes with costs >= 0 on its edges, at most one from node to node."""

    def __init__(self, tail: Longs, head: Longs, cost: Floats, n_nodes: int) -> None:
        self._n = n_nodes
        self._matrix: Any = csr_array((cost, (tail, head)), shape=(n_nodes, n_nodes))

    def trees(self, sources: Longs, *, most: float = np.inf) -> Iterator[Tree]:
        """Shortest ways from each source in turn, as far as `most` (Dijkstra)."""
        at_once = max(1, _CELLS_AT_ONCE // max(1, self._n))
        for first in range(0, len(sources), at_once):
            part = np.asarray(sources[first : first + at_once])
            cost, before = dijkstra(
                self._matrix, indices=part, limit=most, return_predecessors=True
            )
            for k, source in enumerate(part.tolist()):
                yield Tree(source=source, cost=cost[k], before=before[k])

    def components(self) -> Longs:
        """Number of each node's strongly connected component, (V,)."""
        _, label = connected_components(self._matrix, directed=True, connection="strong")
        return np.asarray(label, dtype=np.int64)


def points_within(xy: Floats, near_xy: Floats, reach: float) -> list[Longs]:
    """For each point of `near_xy` (M, 2) the rows of `xy` (K, 2) within `reach`, ascending."""
    found = KDTree(xy).query_ball_point(near_xy, reach, return_sorted=True)
    return [np.asarray(rows, dtype=np.int64) for rows in found]
