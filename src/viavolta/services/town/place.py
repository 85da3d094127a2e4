"""Who lives where: the connections of a grid, their homes, shops and roofs."""

from dataclasses import dataclass, replace

import numpy as np

from viavolta.formats.standard_profiles import LoadProfile, load_profile_kw, sun_profile_kw
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError
from viavolta.model.grid import Grid, NodeKind
from viavolta.model.grid_twin import LoadClass, Twin
from viavolta.model.messages import text
from viavolta.services.town.calendar import STEP_S
from viavolta.services.town.figures import TownFigures

SHAPES = (*LoadProfile, "flat", "sun")
"""Shapes of load over a year: the standard profiles, constant, and sun."""
_HOME, _TRADE, _FLAT, _SUN = (SHAPES.index(name) for name in ("h0", "g0", "flat", "sun"))
_SHAPE_OF = {
    **{kind: SHAPES.index(kind.value) for kind in LoadClass if kind.value in SHAPES},
    LoadClass.SUN: _SUN,
}
_SAME_LEVEL = 1.5  # nominal voltages that differ by less belong to one level


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A grid and the people at it: C connections, H households, K shapes.

    Attributes
    ----------
    node : (C,) rows of the grid's nodes. home : (H,) connection of each household, 0..C-1.
    home_kwh : (H,) mean electricity of a year, from which each draw departs.
    other_kwh : (C, K) of all that is no household; None where it is drawn from the figures.
    """

    grid: Grid
    node: Ints
    home: Ints
    home_kwh: Floats
    other_kwh: Floats | None

    @property
    def n_connections(self) -> int:
        """Number of connections C."""
        return len(self.node)

    def in_grid(self, grid: Grid) -> "Place":
        """The same people in a grid that was strengthened: nodes keep their names."""
        row = {name: n for n, name in enumerate(grid.node_id)}
        node = np.array([row[self.grid.node_id[n]] for n in self.node.tolist()], dtype=np.int64)
        return replace(self, grid=grid, node=node)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLoad:
    """What is drawn without cars: weights of K shapes, so that a year of all nodes stays small.

    Attributes
    ----------
    weight_kwh : (C, K) yearly energy by shape, feed-in negative. shape_kw : (K, T) for 1 kWh a
        year. q_per_kw : of all that draws power.
    """

    weight_kwh: Floats
    shape_kw: Floats
    q_per_kw: float

    def p_kw(self, steps: slice | Ints = slice(None)) -> Floats:
        """(C, steps) active power."""
        return np.asarray(self.weight_kwh @ self.shape_kw[:, steps], dtype=np.float64)

    def q_kvar(self, steps: slice | Ints = slice(None)) -> Floats:
        """(C, steps) reactive power."""
        drawn = np.maximum(self.weight_kwh, 0.0) * self.q_per_kw
        return np.asarray(drawn @ self.shape_kw[:, steps], dtype=np.float64)


def place_of(grid: Grid, *, n_households: int, household_kwh: float) -> Place:
    """Spread households evenly over the connections of the lowest voltage.

    Raises
    ------
    InputError: the grid has no connection.
    """
    connections = np.flatnonzero(grid.is_kind(NodeKind.CONNECTION))
    if not len(connections):
        raise InputError(
            code="grid-without-connections",
            message=text("the grid has no node of kind connection, where people could live"),
            expected=text("at least one node with kind connection in nodes.csv"),
            hint=text("say which nodes are connections of customers"),
        )
    kv = grid.nominal_kv[connections]
    node = connections[kv <= kv.min() * _SAME_LEVEL]
    home = np.arange(n_households) * len(node) // n_households
    return Place(
        grid=grid,
        node=node,
        home=home,
        home_kwh=np.full(n_households, household_kwh),
        other_kwh=None,
    )


def place_of_twin(twin: Twin) -> Place:
    """The homes, shops and roofs that a twin comes with.

    Wind and other generation have no profile here and are left out, which is on the safe side for
    loads.
    """
    customers = twin.customers
    node, connection = np.unique(customers.node, return_inverse=True)
    is_home = customers.is_class(LoadClass.HOUSEHOLD)
    other = np.zeros((len(node), len(SHAPES)))
    shape = np.array([_SHAPE_OF.get(kind, _FLAT) for kind in customers.load_class])
    counts = ~(is_home | customers.is_class(LoadClass.WIND))
    counts &= ~customers.is_class(LoadClass.OTHER_GENERATION)
    np.add.at(other, (connection[counts], shape[counts]), customers.kwh_per_year[counts])
    return Place(
        grid=twin.grid,
        node=node,
        home=connection[is_home],
        home_kwh=customers.kwh_per_year[is_home],
        other_kwh=other,
    )


def base_load(
    place: Place, start: Times, figures: TownFigures, *, rng: np.random.Generator
) -> BaseLoad:
    """Draw how much each household uses, and shops and roofs where the place does not tell."""
    n = place.n_connections
    sigma = figures.household_spread
    used = place.home_kwh * rng.lognormal(-(sigma**2) / 2, sigma, len(place.home))
    weight = np.zeros((n, len(SHAPES)))
    weight[:, _HOME] = np.bincount(place.home, weights=used, minlength=n)
    if place.other_kwh is None:
        share = figures.trade_share
        shops = _some(n, figures.trade_node_share, rng)
        if len(shops):
            weight[shops, _TRADE] = used.sum() * share / (1 - share) / len(shops)
        roofs = _some(n, figures.pv_roof_share, rng)
        weight[roofs, _SUN] = -figures.pv_kwp * figures.sun_kwh_per_kwp
    else:
        weight = weight + place.other_kwh
    hours = len(start) * STEP_S / 3600
    return BaseLoad(
        weight_kwh=weight,
        shape_kw=np.stack(
            (
                *(load_profile_kw(profile, start, step_s=STEP_S) for profile in LoadProfile),
                np.full(len(start), 1 / max(hours, 8760.0)),
                sun_profile_kw(start, step_s=STEP_S),
            )
        ),
        q_per_kw=float(np.tan(np.arccos(figures.power_factor))),
    )


def _some(n: int, share: float, rng: np.random.Generator) -> Ints:
    """Draw a share of n things."""
    return np.sort(rng.permutation(n)[: round(share * n)])
