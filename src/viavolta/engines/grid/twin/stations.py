"""Grids of low voltage behind their transformers, and where they hang at medium voltage."""

import math
from collections.abc import Sequence

import numpy as np

from viavolta.engines.grid.twin.piece import Piece, piece_of, renamed
from viavolta.engines.grid.twin.scale import scaled
from viavolta.model.grid import BranchKind
from viavolta.model.grid_twin import LV_GRID, TwinType

_RATING = ("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent")


def lv_grid(lv_type: TwinType, *, n_households: int | None, types: Sequence[TwinType]) -> Piece:
    """A grid of low voltage with a number of households, or as it is.

    Where it was scaled, its transformer is the smallest of those of all types that has at least the
    type's own rating over peak load; beyond the largest, several of these side by side.
    """
    whole = piece_of(lv_type.grid, lv_type.customers)
    if n_households is None or n_households == lv_type.n_households:
        return whole
    piece = scaled(whole, n_households=n_households, is_exact=True)
    row = _transformer(piece)
    need_kva = float(piece.branches["sn_kva"][row]) * piece.peak_kw / whole.peak_kw
    ratings = sorted(_ratings(types), key=lambda rating: rating[0])
    rating = next((one for one in ratings if one[0] >= need_kva * (1 - 1e-9)), ratings[-1])
    branches = {name: column.copy() for name, column in piece.branches.items()}
    for name, value in zip(_RATING, rating, strict=True):
        branches[name][row] = value
    branches["n_parallel"][row] = max(1, math.ceil(need_kva / rating[0] - 1e-9))
    return Piece(nodes=piece.nodes, branches=branches, customers=piece.customers)


def at_station(
    piece: Piece, *, station: str, fed_from: str, nominal_kv: float, position: tuple[float, float]
) -> Piece:
    """A grid of low voltage moved to a station whose node of medium voltage is called fed_from.

    Other names begin with that of the station. The transformer takes the voltage there: its ratings
    in percent and kW are the same at 10 and 20 kV in SimBench.
    """
    row = _transformer(piece)
    source, busbar = (int(piece.branches[end][row]) for end in ("from_node", "to_node"))
    moved = renamed(piece, before=f"{station}/", area=station)
    nodes = {name: column.copy() for name, column in moved.nodes.items()}
    for name, value in zip(("lat", "lon"), position, strict=True):
        nodes[name] += value - nodes[name][busbar]
    nodes["node_id"][source] = fed_from
    nodes["area"][source] = ""
    nodes["nominal_kv"][source] = nominal_kv
    branches = {name: column.copy() for name, column in moved.branches.items()}
    branches["rated_from_kv"][row] = nominal_kv
    return Piece(nodes=nodes, branches=branches, customers=moved.customers)


def lv_name(profile: str) -> str:
    """Type of the grid that a customer at medium voltage stands for; "" where it is a customer."""
    return f"lv-{profile.removeprefix(LV_GRID)}" if profile.startswith(LV_GRID) else ""


def _transformer(piece: Piece) -> int:
    """Row of the one transformer of a grid of low voltage."""
    kinds = piece.branches["branch_kind"]
    return next(row for row, kind in enumerate(kinds) if kind is BranchKind.TRANSFORMER)


def _ratings(types: Sequence[TwinType]) -> set[tuple[float, ...]]:
    """Transformers of all types of low voltage."""
    return {
        tuple(float(getattr(lv_type.grid, name)[row]) for name in _RATING)
        for lv_type in types
        for row in np.flatnonzero(lv_type.grid.is_kind(BranchKind.TRANSFORMER))
    }
