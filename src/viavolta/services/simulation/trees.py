"""A forest of limits as trees, each with its own stays."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Ints
from viavolta.model.limit import LimitTree, top_down
from viavolta.model.stay import StayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A root with all limits below it: `rows` of the whole forest, ascending."""

    rows: Ints

    def stays(self, stays: StayTable, rows: Ints) -> StayTable:
        """Stays below this root, their limits counted within the tree."""
        return select_stays(stays, rows, limit=np.searchsorted(self.rows, stays.limit[rows]))

    def limits(self, limits: LimitTree) -> LimitTree:
        """The limits of this tree by themselves."""
        rows, above = self.rows, limits.parent[self.rows]
        return LimitTree(
            limit_id=tuple(limits.limit_id[row] for row in rows),
            parent=np.where(above < 0, -1, np.searchsorted(rows, above)),
            import_kw=limits.import_kw[rows],
            export_kw=limits.export_kw[rows],
            base_load_kw=limits.base_load_kw[rows],
            peak_eur_per_kw=limits.peak_eur_per_kw[rows],
            peak_so_far_kw=limits.peak_so_far_kw[rows],
            zone=tuple(limits.zone[row] for row in rows),
            phase_kw=limits.phase_kw[rows],
        )


def trees(limits: LimitTree) -> list[Tree]:
    """Split a forest of limits into its trees, in the order of their roots."""
    root = np.arange(len(limits))
    for row in top_down(limits.parent):
        if limits.parent[row] >= 0:
            root[row] = root[limits.parent[row]]
    return [
        Tree(rows=np.flatnonzero(root == row)) for row in np.flatnonzero(limits.parent < 0).tolist()
    ]


def select_stays(stays: StayTable, rows: Ints, **changes: object) -> StayTable:
    """Some rows of a table of stays, with some fields changed."""
    fields: dict[str, object] = {}
    for name in StayTable.__dataclass_fields__:
        value = getattr(stays, name)
        if isinstance(value, tuple):
            fields[name] = tuple(value[row] for row in rows) if value else ()
        else:
            fields[name] = value[rows]
    return StayTable(**{**fields, **changes})  # type: ignore[arg-type] # one field at a time
