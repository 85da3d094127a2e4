"""What a grid must hold, and what its operator may build."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from viavolta.model.arrays import Flags, Floats, Ints, freeze, require
from viavolta.model.grid import Grid


class MeasureKind(StrEnum):
    """What can be built."""

    PARALLEL_CABLE = "parallel_cable"
    """One or more cables beside those that are there."""
    THICKER_CABLE = "thicker_cable"
    """One or more cables in place of what is there."""
    FEEDER_SPLIT = "feeder_split"
    """A second feeder from the busbar into the middle of one, which is opened there."""
    LARGER_TRANSFORMER = "larger_transformer"
    SECOND_TRANSFORMER = "second_transformer"
    """One more transformer beside, of the same rating as the others then are."""
    REGULATED_TRANSFORMER = "regulated_transformer"
    """A transformer whose taps hold the voltage at low voltage."""


ALL_KINDS = frozenset(MeasureKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRules:
    """Limits to hold, and the measures that the operator allows.

    A step belongs to the load case where all nodes together draw power, to the feed-in case
    otherwise (as the German distribution studies tell them apart).

    Attributes
    ----------
    low_pu, high_pu : (N,) voltages allowed.
    load_share, feed_in_share : (B,) most loading in each case, share of the rating; below 1 where
        room is kept for a fault (N-1).
    pair_share : most loading in the load case of HV/MV transformers that a measure makes two or
        more of, where one was before.
    kinds : allowed kinds of measures. type_ids : allowed types; None for all that have a price.
    max_added : cables that one measure may lay side by side.
    split_shares : where a feeder may be split, as shares of the way from the busbar to its worst
        node: at the first node at or behind that length.
    regulated_pu : voltage that a regulated transformer holds.
    """

    low_pu: Floats
    high_pu: Floats
    load_share: Floats
    feed_in_share: Floats
    pair_share: float = 1.0
    kinds: frozenset[MeasureKind] = ALL_KINDS
    type_ids: frozenset[str] | None = None
    max_added: int = 2
    split_shares: tuple[float, ...] = (1 / 2, 2 / 3)
    regulated_pu: float = 1.0

    def __post_init__(self) -> None:
        freeze(self, "low_pu", "float64", (len(self.low_pu),))
        freeze(self, "high_pu", "float64", (len(self.low_pu),))
        freeze(self, "load_share", "float64", (len(self.load_share),))
        freeze(self, "feed_in_share", "float64", (len(self.load_share),))
        require(self.low_pu > 0, "low_pu > 0")
        require(self.low_pu < self.high_pu, "low_pu < high_pu")
        require((self.load_share > 0) & (self.feed_in_share > 0), "shares > 0")
        require(self.pair_share > 0, "pair_share > 0")
        require(self.max_added >= 1, "max_added >= 1")
        require(np.array([0 < one < 1 for one in self.split_shares]), "0 < split_shares < 1")

    def with_branches(self, origin: Ints, load_share: Floats) -> "BuildRules":
        """The rules of a grid whose (B',) branches stem from the (B,) ones at `origin`."""
        return replace(self, load_share=load_share, feed_in_share=self.feed_in_share[origin])

    def allows(self, kind: MeasureKind, type_id: str) -> bool:
        """Whether the operator builds a kind of measure with a type."""
        return kind in self.kinds and (self.type_ids is None or type_id in self.type_ids)

    def shares(self, is_load_case: Flags) -> Floats:
        """(T, B) most loading at each step."""
        return np.where(is_load_case[:, None], self.load_share, self.feed_in_share)


def build_rules(
    grid: Grid,
    *,
    low_pu: ArrayLike = 0.9,
    high_pu: ArrayLike = 1.1,
    load_share: ArrayLike = 1.0,
    feed_in_share: ArrayLike = 1.0,
    kinds: frozenset[MeasureKind] = ALL_KINDS,
    type_ids: frozenset[str] | None = None,
) -> BuildRules:
    """Rules of a grid from (N,) voltages and (B,) shares, or single numbers (EN 50160 without)."""
    nodes, branches = (grid.n_nodes,), (grid.n_branches,)
    return BuildRules(
        low_pu=np.broadcast_to(np.asarray(low_pu, dtype=np.float64), nodes),
        high_pu=np.broadcast_to(np.asarray(high_pu, dtype=np.float64), nodes),
        load_share=np.broadcast_to(np.asarray(load_share, dtype=np.float64), branches),
        feed_in_share=np.broadcast_to(np.asarray(feed_in_share, dtype=np.float64), branches),
        kinds=kinds,
        type_ids=type_ids,
    )


def load_case(p_kw: Floats) -> Flags:
    """(T,) whether the nodes (N, T) together draw power."""
    return np.asarray(p_kw.sum(axis=0) >= 0)
