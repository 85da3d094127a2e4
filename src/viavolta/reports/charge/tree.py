"""The tree of limits as numbers: rows in the order of their names, parents, levels, roots."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Limits in the order of their names, so that the order of the table's rows leaves no trace.

    Attributes
    ----------
    limit_id : (L,) names, sorted.
    parent : (L,) row of the limit above, -1 for a root.
    level : (L,) 1 for a root, 2 below it, and so on.
    root : (L,) row of the root above each limit.
    zone : (L,) where a root buys and sells.
    peak_eur_per_kw, peak_so_far_kw, peak_kw, peak_unmanaged_kw : (L,) as in the table.
    """

    limit_id: pl.Series
    parent: Ints
    level: Ints
    root: Ints
    zone: pl.Series
    peak_eur_per_kw: Floats
    peak_so_far_kw: Floats
    peak_kw: Floats
    peak_unmanaged_kw: Floats

    def __len__(self) -> int:
        return len(self.limit_id)

    @property
    def roots(self) -> Ints:
        """(R,) rows of the roots."""
        return np.flatnonzero(self.parent < 0)

    def rows_of(self, names: pl.Series) -> Ints:
        """Rows of the limits with these names, -1 for a name that is none of them."""
        codes = names.cast(pl.Enum(self.limit_id), strict=False).to_physical()
        return codes.cast(pl.Int64).fill_null(-1).to_numpy()

    def name(self, row: int) -> str:
        """Name of a limit."""
        return str(self.limit_id[int(row)])


def tree_of(limits: pl.DataFrame) -> Tree:
    """Read the tree from the table limits; a limit on a cycle or with an unknown parent is a root
    of its own.
    """  # noqa: D205 - one sentence
    table = limits.unique("limit_id", keep="first").sort("limit_id")
    names = table["limit_id"]
    codes = table["parent_id"].cast(pl.Enum(names), strict=False).to_physical()
    parent = codes.cast(pl.Int64).fill_null(-1).to_numpy().copy()
    level, root = _levels(parent)
    parent[level == 0], root[level == 0] = -1, np.flatnonzero(level == 0)
    level[level == 0] = 1
    figures = {
        name: table[name].cast(pl.Float64).fill_null(0.0).to_numpy()
        for name in ("peak_eur_per_kw", "peak_so_far_kw", "peak_kw", "peak_unmanaged_kw")
    }
    return Tree(
        limit_id=names, parent=parent, level=level, root=root, zone=table["zone"], **figures
    )


def _levels(parent: Ints) -> tuple[Ints, Ints]:
    """Level and root of each limit, a whole level at a time; level 0 where no root is above."""
    level = np.where(parent < 0, 1, 0)
    root = np.where(parent < 0, np.arange(len(parent)), -1)
    depth = 1
    while True:
        below = np.flatnonzero((level == 0) & (level[parent] == depth))
        if below.size == 0:
            return level, root
        depth += 1
        level[below], root[below] = depth, root[parent[below]]
