"""A grid of another size: feeders repeated, left out, or cut from their far end."""

import numpy as np

from viavolta.engines.grid.twin.piece import Piece, depths, joined, kept, renamed
from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.grid import BranchKind, NodeKind


def scaled(piece: Piece, *, n_households: int, is_exact: bool) -> Piece:
    """The same kind of grid with a number of households.

    Feeders begin at the busbar. They are taken in the order of the grid, again from the first when
    all are taken, until there are enough households; the last one is cut from its far end, so that
    those nearest to the busbar stay. Customers of the busbar itself stay only where all feeders do.
    When exact, households beyond the number leave the last node too; else it stays whole.
    """
    roots = busbars(piece)
    far_km, feeder = depths(piece, roots)
    at_busbar = feeder[piece.customers["node"]] < 0
    households = np.where(at_busbar, 0, piece.customers["n_households"])
    if not households.any():
        msg = "no feeder of the grid has a household"
        raise ValueError(msg)
    order = np.argsort(_rank(feeder) * piece.n_nodes + _position(far_km), kind="stable")
    order = order[feeder[order] >= 0]
    rounds: list[Piece] = []
    left = n_households
    while left > 0:
        is_kept, has_customer = _nearest(
            piece, order, households=households, left=left, is_exact=is_exact
        )
        is_first, is_whole = not rounds, bool(is_kept[order].all())
        has_customer &= ~at_busbar | (is_first and is_whole)
        rounds.append(
            _round(piece, is_kept | (feeder < 0), customers=has_customer, number=len(rounds))
        )
        left -= int(households[has_customer].sum())
    return rounds[0] if len(rounds) == 1 else joined(rounds)


def busbars(piece: Piece) -> Ints:
    """Nodes where feeders begin: sources, and both ends of transformers."""
    is_transformer = _is(piece.branches["branch_kind"], BranchKind.TRANSFORMER)
    ends = [piece.branches[end][is_transformer] for end in ("from_node", "to_node")]
    source = np.flatnonzero(_is(piece.nodes["node_kind"], NodeKind.SOURCE))
    return np.unique(np.concatenate([source, *ends]))


def _rank(feeder: Ints) -> Ints:
    """(N,) place of a node's feeder in the order in which the feeders' first nodes stand."""
    names, first, index = np.unique(feeder, return_index=True, return_inverse=True)
    place = np.empty(len(names), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(names))
    return place[index]


def _position(far_km: Floats) -> Ints:
    """(N,) place of each node in the order of distance."""
    place = np.empty(len(far_km), dtype=np.int64)
    place[np.argsort(far_km, kind="stable")] = np.arange(len(far_km))
    return place


def _nearest(
    piece: Piece, order: Ints, *, households: Ints, left: int, is_exact: bool
) -> tuple[Flags, Flags]:
    """Which nodes, and which customers, are kept of one round over all feeders."""
    node = piece.customers["node"]
    at_node = np.bincount(node, weights=households, minlength=piece.n_nodes)[order]
    is_kept = np.zeros(piece.n_nodes, dtype=bool)
    is_kept[order[np.cumsum(at_node) - at_node < left]] = True
    has_customer = np.ones(len(node), dtype=bool)
    if is_exact:
        place = np.full(piece.n_nodes, len(order))
        place[order] = np.arange(len(order))
        by_place = np.argsort(place[node], kind="stable")
        count = np.cumsum(households[by_place])
        has_customer[by_place] = (count <= left) | (households[by_place] == 0)
    return is_kept, has_customer & (is_kept[node] | ~np.isin(node, order))


def _round(piece: Piece, is_kept: Flags, *, customers: Flags, number: int) -> Piece:
    """A round of feeders at the same busbar; those after the first have longer names."""
    if number == 0:
        return kept(piece, is_kept, customers=customers)
    trunk = np.zeros(piece.n_nodes, dtype=bool)
    trunk[busbars(piece)] = True
    ends = [trunk[piece.branches[end]] for end in ("from_node", "to_node")]
    part = kept(piece, is_kept, customers=customers, branches=~(ends[0] & ends[1]))
    longer = renamed(part, behind=f".{number + 1}")
    names = np.where(trunk[is_kept], part.nodes["node_id"], longer.nodes["node_id"])
    return Piece(
        nodes={**longer.nodes, "node_id": names},
        branches=longer.branches,
        customers=longer.customers,
    )


def _is(kinds: np.ndarray, wanted: BranchKind | NodeKind) -> Flags:
    return np.array([kind is wanted for kind in kinds], dtype=bool)
