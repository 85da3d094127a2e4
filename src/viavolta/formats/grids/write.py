"""The plain CSV pair of a grid, written so that reading it gives the same grid."""

from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.grids.plain import BRANCHES, NODES
from viavolta.model.arrays import Floats
from viavolta.model.grid import BranchKind, Grid

_FLOATS = (
    *("length_km", "r_ohm", "x_ohm", "c_nf", "max_a", "r0_ohm", "x0_ohm", "c0_nf"),
    *("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent", "rated_from_kv", "rated_to_kv"),
    *("tap_step_percent", "regulated_pu"),
)


def write_grid(folder: Path, grid: Grid) -> None:
    """Write nodes.csv and branches.csv into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes_frame(grid).write_csv(folder / NODES)
    branches_frame(grid).write_csv(folder / BRANCHES)


def nodes_frame(grid: Grid) -> pl.DataFrame:
    """Nodes as a table with the columns of nodes.csv."""
    columns: dict[str, object] = {
        "node_id": list(grid.node_id),
        "kind": [kind.value for kind in grid.node_kind],
    }
    for name in ("nominal_kv", "lat", "lon", "u_ref_pu", "sk_mva"):
        columns[name] = _numbers(getattr(grid, name))
    columns["grade"] = [grid.grade.value] * grid.n_nodes
    return pl.DataFrame(columns)


def branches_frame(grid: Grid) -> pl.DataFrame:
    """Branches as a table with the columns of branches.csv."""
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    columns: dict[str, object] = {
        "branch_id": list(grid.branch_id),
        "kind": [kind.value for kind in grid.branch_kind],
        "from_node": [grid.node_id[row] for row in grid.from_node],
        "to_node": [grid.node_id[row] for row in grid.to_node],
        "is_closed": grid.is_closed.tolist(),
        "n_parallel": grid.n_parallel.tolist(),
    }
    for name in _FLOATS:
        columns[name] = _numbers(getattr(grid, name))
    for name in ("tap_pos", "tap_min", "tap_max"):
        columns[name] = np.where(is_transformer, getattr(grid, name), 0).tolist()
    columns["vector_group"] = list(grid.vector_group)
    return pl.DataFrame(columns)


def _numbers(values: Floats) -> pl.Series:
    """Numbers; an empty cell where one is not known, or infinite and so the default."""
    return pl.Series([value if np.isfinite(value) else None for value in values], dtype=pl.Float64)
