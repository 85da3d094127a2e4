"""What can be built at an edge of a tree: its values then, its price, the change of the grid."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.reinforce.rules import BuildRules, MeasureKind
from viavolta.engines.grid.reinforce.tree import Edge, Tree
from viavolta.model.grid import Grid
from viavolta.model.grid_prices import CableType, GridPrices, TransformerType


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A grid to be strengthened, with prices and rules. `tree` is that of the grid."""

    grid: Grid
    tree: Tree
    prices: GridPrices
    rules: BuildRules


@dataclass(frozen=True, slots=True, kw_only=True)
class LayBeside:
    """Lay cables beside a branch: more systems of its own where it is of the same type."""

    row: int
    cable: CableType
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayInstead:
    """Lay cables in place of the branches of an edge."""

    rows: tuple[int, ...]
    cable: CableType
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFeeder:
    """Open the branches above a node, and feed it by new cables from the busbar.

    Attributes
    ----------
    rows : branches to open. first : branch at the busbar, whose limits hold for the new ones.
    """

    rows: tuple[int, ...]
    first: int
    busbar: int
    node: int
    length_km: float
    cable: CableType
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTransformer:
    """Put transformers in place of those of an edge; `type` None: one more like the first.

    Attributes
    ----------
    count : how many there are then, or how many more. regulated_pu : voltage that their taps hold;
        NaN where they do not. tap_pos : of the new ones.
    is_pair : an only one gets company, so that the reserve of pairs must be kept from now on.
    """

    rows: tuple[int, ...]
    transformer: TransformerType | None
    count: int
    regulated_pu: float
    tap_pos: int
    is_pair: bool


Change = LayBeside | LayInstead | SplitFeeder | SetTransformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Taps:
    """Taps that hold a voltage.

    Attributes
    ----------
    held_pu : at the node below. step_share : of the turns. low, high : furthest changes of them,
        seen from the turns of the edge.
    """

    held_pu: float
    step_share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way in which an edge may be; the first of each edge is as it is.

    Attributes
    ----------
    kind, change : None for as it is. taps : None where none hold a voltage.
    is_pair : whether `pair_share` of the rules takes the place of the load share.
    """

    kind: MeasureKind | None
    type_id: str
    count: int
    cost_eur: float
    edge: Edge
    change: Change | None
    taps: Taps | None = None
    is_pair: bool = False


def as_is(site: Site, node: int, taps: Taps | None = None) -> Option:
    """The edge above a node as it is."""
    return Option(
        kind=None,
        type_id="",
        count=0,
        cost_eur=0.0,
        edge=site.tree.edge[node],
        change=None,
        taps=taps,
    )


def is_stronger_or_equal(one: Option, other: Option) -> bool:
    """Whether an option has no more impedance, bears no less, and holds voltage the same way."""
    a, b = one.edge, other.edge
    return (
        a.r <= b.r
        and a.x <= b.x
        and a.cap_kva >= b.cap_kva
        and one.taps == other.taps
        and one.is_pair == other.is_pair
        and abs(a.a - b.a) < _SAME_TURNS
    )


def worth_asking(existing: Option, options: list[Option]) -> list[Option]:
    """Options that cost less or are stronger than every other, and stronger than what is there."""
    kept: list[Option] = []
    for one in sorted(options, key=lambda one: one.cost_eur):
        if not any(is_stronger_or_equal(other, one) for other in (existing, *kept)):
            kept.append(one)
    return kept


def is_same_type(grid: Grid, row: int, cable: CableType) -> bool:
    """Whether a branch is of a type, by its values for each km."""
    length = float(grid.length_km[row])
    ours = np.array([grid.r_ohm[row], grid.x_ohm[row], grid.max_a[row] * length])
    theirs = length * np.array([cable.r_ohm_per_km, cable.x_ohm_per_km, cable.max_a])
    return bool((np.abs(ours - theirs) <= _SAME * theirs).all())


_SAME = 0.005  # share by which values of the same type may differ
_SAME_TURNS = 1e-9
