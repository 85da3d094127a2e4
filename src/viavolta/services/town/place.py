"""Who lives where: the connections of a grid, their households, shops, roofs and cars."""

from dataclasses import dataclass

import numpy as np

from viavolta.formats.standard_profiles import LoadProfile, load_profile_kw, sun_profile_kw
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError
from viavolta.model.grid import Grid, NodeKind
from viavolta.model.messages import text
from viavolta.services.town.calendar import STEP_S
from viavolta.services.town.figures import TownFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A grid and the people at it: C connections, H households.

    Attributes
    ----------
    node : (C,) rows of the grid's nodes. home : (H,) connection of each household, 0..C-1.
    """

    grid: Grid
    node: Ints
    home: Ints

    @property
    def n_connections(self) -> int:
        """Number of connections C."""
        return len(self.node)

    def in_grid(self, grid: Grid) -> "Place":
        """The same people in a grid that was strengthened: nodes keep their names."""
        row = {name: n for n, name in enumerate(grid.node_id)}
        node = np.array([row[self.grid.node_id[n]] for n in self.node.tolist()], dtype=np.int64)
        return Place(grid=grid, node=node, home=self.home)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLoad:
    """What is drawn without cars: weights of K shapes, so that a year of all nodes stays small.

    Attributes
    ----------
    weight_kwh : (C, K) yearly energy by shape, sun negative. shape_kw : (K, T) for 1 kWh a year.
    q_per_kw : (K,) reactive power by active power of each shape.
    """

    weight_kwh: Floats
    shape_kw: Floats
    q_per_kw: Floats

    def p_kw(self, steps: slice | Ints = slice(None)) -> Floats:
        """(C, steps) active power."""
        return np.asarray(self.weight_kwh @ self.shape_kw[:, steps], dtype=np.float64)

    def q_kvar(self, steps: slice | Ints = slice(None)) -> Floats:
        """(C, steps) reactive power."""
        return np.asarray((self.weight_kwh * self.q_per_kw) @ self.shape_kw[:, steps], np.float64)


def place_of(grid: Grid, *, n_households: int) -> Place:
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
    lowest = grid.nominal_kv[connections]
    node = connections[lowest <= lowest.min() * 1.5]
    home = np.arange(n_households) * len(node) // n_households
    return Place(grid=grid, node=node, home=home)


def base_load(
    place: Place, start: Times, figures: TownFigures, *, rng: np.random.Generator
) -> BaseLoad:
    """Draw households, shops and roofs, and lay their standard profiles over the year."""
    n = place.n_connections
    sigma = figures.household_spread
    household = figures.household_kwh * rng.lognormal(-(sigma**2) / 2, sigma, len(place.home))
    homes = np.bincount(place.home, weights=household, minlength=n)
    trade_share = figures.trade_share
    shops = _some(n, figures.trade_node_share, rng)
    trade = np.zeros(n)
    if len(shops):
        trade[shops] = homes.sum() * trade_share / (1 - trade_share) / len(shops)
    sun = np.zeros(n)
    roofs = _some(n, figures.pv_roof_share, rng)
    sun[roofs] = -figures.pv_kwp * figures.sun_kwh_per_kwp
    tangent = np.tan(np.arccos(figures.power_factor))
    return BaseLoad(
        weight_kwh=np.stack((homes, trade, sun), axis=1),
        shape_kw=np.stack(
            (
                load_profile_kw(LoadProfile.H0, start, step_s=STEP_S),
                load_profile_kw(LoadProfile.G0, start, step_s=STEP_S),
                sun_profile_kw(start, step_s=STEP_S),
            )
        ),
        q_per_kw=np.array([tangent, tangent, 0.0]),
    )


def _some(n: int, share: float, rng: np.random.Generator) -> Ints:
    """Draw a share of n things."""
    return np.sort(rng.permutation(n)[: round(share * n)])
