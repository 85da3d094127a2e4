"""What is allowed at each node and branch: voltage bands, and loading with a fault in reserve."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from viavolta.model.arrays import Flags, Floats
from viavolta.model.grid import BranchKind, Grid, NodeKind


class Split(StrEnum):
    """Whether the voltage band is shared out between the levels of the network."""

    SHARED = "shared"
    """A grid of one level gets the part of that level; the rest is for the others."""
    WHOLE = "whole"
    """Every node has the whole band of EN 50160."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRules:
    """Limits of a grid operator; shares of the nominal voltage, and of ratings.

    Attributes
    ----------
    low_pu, high_pu : the whole band. mv_drop, mv_rise, station_drop, station_rise, lv_drop,
        lv_rise : parts of it for the levels, and for the transformer between them.
    lv_most_kv, mv_most_kv : nominal voltages up to which a node is low, or medium, voltage.
    n1_line, n1_transformer : most loading of medium voltage in the load case.
    """

    low_pu: float
    high_pu: float
    mv_drop: float
    mv_rise: float
    station_drop: float
    station_rise: float
    lv_drop: float
    lv_rise: float
    lv_most_kv: float
    mv_most_kv: float
    n1_line: float
    n1_transformer: float

    def is_lv(self, grid: Grid) -> Flags:
        """(N,) nodes at low voltage."""
        return np.asarray(grid.nominal_kv <= self.lv_most_kv)

    def is_mv(self, grid: Grid) -> Flags:
        """(N,) nodes at medium voltage."""
        return np.asarray(~self.is_lv(grid) & (grid.nominal_kv <= self.mv_most_kv))


def voltage_bands(grid: Grid, rules: GridRules, split: Split) -> tuple[Floats, Floats]:
    """(N,) lowest and highest voltage allowed at each node, in pu.

    Shared: a grid of medium voltage alone gets the medium part; low voltage alone the low part,
    with that of the station where the station's transformer is in the grid. A grid that has
    medium voltage lines and low voltage below has the whole band at hand, as has high voltage.
    """
    low, high = np.full(grid.n_nodes, rules.low_pu), np.full(grid.n_nodes, rules.high_pu)
    if split is Split.WHOLE:
        return low, high
    is_lv, is_mv = rules.is_lv(grid), rules.is_mv(grid)
    has_mv_lines = bool((is_mv[grid.from_node] & is_mv[grid.to_node]).any())
    if not is_lv.any():
        low[is_mv], high[is_mv] = 1 - rules.mv_drop, 1 + rules.mv_rise
    elif not has_mv_lines:
        is_fed_low = bool((is_lv & grid.is_kind(NodeKind.SOURCE)).any())
        drop = rules.lv_drop + (0.0 if is_fed_low else rules.station_drop)
        rise = rules.lv_rise + (0.0 if is_fed_low else rules.station_rise)
        low[is_lv], high[is_lv] = 1 - drop, 1 + rise
    return low, high


def reserve_shares(grid: Grid, rules: GridRules) -> Floats:
    """(B,) most loading in the load case that leaves room for a fault; 1 where none is kept.

    Medium voltage lines and cables stand in half open rings, so each must be able to take over the
    other half; transformers into medium voltage only where another stands beside them.
    """
    shares = np.ones(grid.n_branches)
    is_mv = rules.is_mv(grid)
    is_line = grid.is_kind(BranchKind.LINE) | grid.is_kind(BranchKind.CABLE)
    shares[is_line & is_mv[grid.from_node] & is_mv[grid.to_node]] = rules.n1_line
    into_mv = grid.is_kind(BranchKind.TRANSFORMER) & is_mv[grid.to_node] & grid.is_closed
    ends = np.stack([grid.from_node, grid.to_node], axis=1)
    for row in np.flatnonzero(into_mv):
        beside = into_mv & (ends == ends[row]).all(axis=1)
        if grid.n_parallel[beside].sum() > 1:
            shares[row] = rules.n1_transformer
    return shares
