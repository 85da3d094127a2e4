"""Pieces of grids: columns of nodes, branches and customers that can be cut, renamed and joined."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viavolta.model.arrays import Flags, Ints
from viavolta.model.grid import Grade, Grid
from viavolta.model.grid_twin import Customers

Columns = dict[str, NDArray[Any]]
_NODE = ("node_id", "node_kind", "nominal_kv", "lat", "lon", "u_ref_pu", "sk_mva")
_BRANCH = tuple(field.name for field in fields(Grid) if field.name not in (*_NODE, "grade"))
_ENDS = ("from_node", "to_node")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Columns by the names of Grid and Customers; rows of nodes are those of this piece."""

    nodes: Columns
    branches: Columns
    customers: Columns

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.nodes["node_id"])

    @property
    def n_households(self) -> int:
        """Households of all customers."""
        return int(self.customers["n_households"].sum())

    @property
    def peak_kw(self) -> float:
        """Sum of the greatest loads of all customers, without generation."""
        peak: NDArray[Any] = self.customers["peak_kw"]
        return float(peak[peak > 0].sum())


def piece_of(grid: Grid, customers: Customers, *, area: str = "") -> Piece:
    """A whole grid as a piece whose nodes belong to an area."""
    return Piece(
        nodes={
            **{name: _column(getattr(grid, name)) for name in _NODE},
            "area": _column((area,) * grid.n_nodes),
        },
        branches={name: _column(getattr(grid, name)) for name in _BRANCH},
        customers={
            field.name: _column(getattr(customers, field.name)) for field in fields(Customers)
        },
    )


def kept(
    piece: Piece, is_kept: Flags, *, customers: Flags | None = None, branches: Flags | None = None
) -> Piece:
    """The nodes that are kept, with the branches between them and their customers.

    branches and customers say which of these are kept at most.
    """
    new = np.cumsum(is_kept) - 1
    ends = [piece.branches[end] for end in _ENDS]
    has_branch = is_kept[ends[0]] & is_kept[ends[1]]
    has_branch &= True if branches is None else branches
    has_customer = is_kept[piece.customers["node"]]
    has_customer &= True if customers is None else customers
    cut = Piece(
        nodes=_rows(piece.nodes, is_kept),
        branches=_rows(piece.branches, has_branch),
        customers=_rows(piece.customers, has_customer),
    )
    for columns, names in ((cut.branches, _ENDS), (cut.customers, ("node",))):
        columns.update({name: new[columns[name]] for name in names})
    return cut


def renamed(piece: Piece, *, before: str = "", behind: str = "", area: str | None = None) -> Piece:
    """The same piece with longer names of nodes and branches, and another area."""
    nodes = dict(piece.nodes)
    nodes["node_id"] = _named(nodes["node_id"], before, behind)
    if area is not None:
        nodes["area"] = _column((area,) * piece.n_nodes)
    branches = dict(piece.branches)
    branches["branch_id"] = _named(branches["branch_id"], before, behind)
    return Piece(nodes=nodes, branches=branches, customers=piece.customers)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces side by side; nodes of the same name are one, that of the first piece that has it."""
    nodes = _stacked([piece.nodes for piece in pieces])
    first: dict[str, int] = {}
    target = np.array(
        [first.setdefault(name, row) for row, name in enumerate(nodes["node_id"].tolist())],
        dtype=np.int64,
    )
    is_kept = target == np.arange(len(target))
    row_of = (np.cumsum(is_kept) - 1)[target]
    begin = np.cumsum([0, *(piece.n_nodes for piece in pieces)])
    branches, customers = [], []
    for piece, offset in zip(pieces, begin[:-1], strict=True):
        ends = {end: row_of[piece.branches[end] + offset] for end in _ENDS}
        branches.append({**piece.branches, **ends})
        node = row_of[piece.customers["node"] + offset]
        customers.append({**piece.customers, "node": node})
    return Piece(
        nodes=_rows(nodes, is_kept), branches=_stacked(branches), customers=_stacked(customers)
    )


def grid_of(piece: Piece) -> Grid:
    """The piece as a grid of the grade of twins."""
    columns: dict[str, Any] = {**piece.nodes, **piece.branches}
    del columns["area"]
    values: dict[str, Any] = {
        name: tuple(column) if column.dtype == object else column
        for name, column in columns.items()
    }
    return Grid(**values, grade=Grade.TWIN)


def customers_of(piece: Piece) -> Customers:
    """Customers of the piece."""
    columns = dict(piece.customers)
    profile = tuple(columns.pop("profile"))
    return Customers(profile=profile, **{name: np.asarray(c) for name, c in columns.items()})


def depths(piece: Piece, roots: Ints) -> tuple[NDArray[np.float64], Ints]:
    """How far each node is from the roots along closed branches, and which feeder it is on.

    Returns
    -------
    (N,) kilometres, infinite where there is no way; a transformer or switch counts as none.
    (N,) the node next to a root that the way passes first: nodes of one feeder have the same; that
    of a root, and of nodes without a way, is -1.
    """
    at_node: list[list[tuple[int, float]]] = [[] for _ in range(piece.n_nodes)]
    columns = piece.branches
    rows = zip(
        columns["from_node"].tolist(),
        columns["to_node"].tolist(),
        columns["length_km"].tolist(),
        columns["is_closed"].tolist(),
        strict=True,
    )
    for a, b, km, is_closed in rows:
        if is_closed:
            at_node[a].append((b, km))
            at_node[b].append((a, km))
    far_km = np.full(piece.n_nodes, np.inf)
    feeder = np.full(piece.n_nodes, -1, dtype=np.int64)
    far_km[roots] = 0.0
    is_root = np.isfinite(far_km)
    queue: list[int] = np.flatnonzero(is_root).tolist()
    for node in queue:  # grows while it is walked; grids of distribution are trees when closed
        for other, km in at_node[node]:
            if not np.isfinite(far_km[other]):
                far_km[other] = far_km[node] + km
                feeder[other] = other if is_root[node] else feeder[node]
                queue.append(other)
    return far_km, feeder


def _column(values: Any) -> NDArray[Any]:
    if not isinstance(values, tuple):
        return np.asarray(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _named(names: NDArray[Any], before: str, behind: str) -> NDArray[Any]:
    return _column(tuple(f"{before}{name}{behind}" for name in names))


def _rows(columns: Columns, is_kept: Flags) -> Columns:
    return {name: column[is_kept] for name, column in columns.items()}


def _stacked(pieces: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
