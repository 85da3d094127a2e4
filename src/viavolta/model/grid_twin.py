"""Twins: typical grids with their customers, standing in for a grid that nobody may show."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from viavolta.model.arrays import Flags, Floats, Ints, freeze, require
from viavolta.model.grid import Grid

LV_GRID = "lv_"
"""Begin of the profile of a customer that stands for a whole grid of low voltage, and its type."""
LV_SUN = "RES_lv_"
"""Begin of the profile of all generation in such a grid."""


class Settlement(StrEnum):
    """Kind of place, as SimBench tells grids apart."""

    URBAN = "urban"
    SUBURBAN = "suburban"
    RURAL = "rural"


class TwinLevel(StrEnum):
    """What a twin consists of."""

    LV = "lv"
    """Grids of low voltage, each behind its transformer."""
    MV = "mv"
    """A grid of medium voltage whose stations are single customers."""
    BOTH = "both"
    """A grid of medium voltage with the grids of low voltage at its stations."""


class LoadClass(StrEnum):
    """What a customer of a twin is; the first five are standard load profiles (BDEW)."""

    HOUSEHOLD = "h0"
    TRADE = "g0"
    TRADE_BY_DAY = "g1"
    SHOP = "g4"
    FARM = "l0"
    FLAT = "flat"
    """The same at all hours."""
    SUN = "pv"
    WIND = "wind"
    OTHER_GENERATION = "generation"
    LV_GRID = "lv"
    """All customers of a grid of low voltage together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Who hangs at the nodes of a typical grid: C customers. Feed-in negative.

    Attributes
    ----------
    node : (C,) rows of the grid's nodes. profile : (C,) as SimBench names them, such as H0-A.
    kwh_per_year : (C,) energy of the year. peak_kw, peak_kvar : (C,) greatest power.
    n_households : (C,) households that a customer is: 1, those of a whole grid, or 0.
    """

    node: Ints
    profile: tuple[str, ...]
    kwh_per_year: Floats
    peak_kw: Floats
    peak_kvar: Floats
    n_households: Ints

    def __post_init__(self) -> None:
        shape = (len(self.profile),)
        for field in ("kwh_per_year", "peak_kw", "peak_kvar"):
            freeze(self, field, "float64", shape)
            require(np.isfinite(getattr(self, field)), f"{field} is finite")
        for field in ("node", "n_households"):
            freeze(self, field, "int64", shape)
            require(getattr(self, field) >= 0, f"{field} >= 0")

    def __len__(self) -> int:
        return len(self.profile)

    @property
    def load_class(self) -> tuple[LoadClass, ...]:
        """(C,) what each customer is."""
        return tuple(load_class(name) for name in self.profile)

    def is_class(self, wanted: LoadClass) -> Flags:
        """(C,) which customers are of a class."""
        return np.array([one is wanted for one in self.load_class], dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinType:
    """A typical grid as SimBench made it, stripped of what a twin does not need."""

    name: str
    grid: Grid
    customers: Customers

    @property
    def n_households(self) -> int:
        """Households in it, those of whole grids at its stations included."""
        return int(self.customers.n_households.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A grid put together from typical ones, of Grade.TWIN, and how.

    Attributes
    ----------
    area : (N,) station whose grid of low voltage a node belongs to; "" at medium voltage and above.
    types : names of the types it was put together from, one for each grid.
    lv_length_factor : lengths of lines at low voltage over those of the types.
    """

    grid: Grid
    customers: Customers
    area: tuple[str, ...]
    types: tuple[str, ...]
    lv_length_factor: float

    def __post_init__(self) -> None:
        require(len(self.area) == self.grid.n_nodes, "one area per node")
        require(self.customers.node < self.grid.n_nodes, "node is a row of the grid")
        require(self.lv_length_factor > 0, "lv_length_factor > 0")

    @property
    def n_households(self) -> int:
        """Households in it."""
        return int(self.customers.n_households.sum())

    @property
    def type_counts(self) -> dict[str, int]:
        """How many grids of each type there are."""
        return dict(Counter(self.types))


def load_class(profile: str) -> LoadClass:
    """What a customer is by the name of its profile in SimBench."""
    name = profile.lower()
    for begin, kind in _CLASSES:
        if name.startswith(begin):
            return kind
    return LoadClass.TRADE if name.startswith("g") else LoadClass.FLAT


_CLASSES = (
    ("res_", LoadClass.SUN),
    ("hydro", LoadClass.OTHER_GENERATION),
    ("lv_", LoadClass.LV_GRID),
    ("h", LoadClass.HOUSEHOLD),
    ("g1", LoadClass.TRADE_BY_DAY),
    ("g4", LoadClass.SHOP),
    ("l", LoadClass.FARM),
    ("pv", LoadClass.SUN),
    ("wp", LoadClass.WIND),
    ("bm", LoadClass.OTHER_GENERATION),
)
