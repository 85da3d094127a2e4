"""The grid that the depots hang on: which node each has, what else it carries, what is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.catalogue.grid_equipment import SUBJECTS, grid_prices
from viavolta.engines.grid.bands import GridRules, Split, reserve_shares, voltage_bands
from viavolta.engines.grid.flow import FlowSolver, prepare
from viavolta.engines.grid.room import Ceiling
from viavolta.formats.grids import read_default_loads, read_grid
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.geo import great_circle_km
from viavolta.model.grid import Grade, Grid, NodeKind
from viavolta.model.grid_prices import GridPrices
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.services.bus.network import Network
from viavolta.services.bus_config import BusSettings
from viavolta.services.grid.rules import grid_rules

_SHOWN = 5
_OF_SITES = ("grid-nearest-node", "grid-place-unused")
"""Warnings about the nodes of sites."""
_M_PER_KM = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotGrid:
    """A grid with its K depots.

    Attributes
    ----------
    file : its name. node : (K,) rows of the grid's nodes. distance_m : (K,) to the node; NaN where
        the configuration names it. low_pu, high_pu (N,), load_share (B,) : what is allowed.
    base_kw, base_kvar : (N,) what else draws power. ceiling : the limits under it.
    figures : what stands behind rules and prices. most_m : how far the node of a site may lie that
        the configuration names none for.
    """

    file: str
    grid: Grid
    solver: FlowSolver
    node: Ints
    distance_m: Floats
    low_pu: Floats
    high_pu: Floats
    load_share: Floats
    base_kw: Floats
    base_kvar: Floats
    ceiling: Ceiling
    rules: GridRules
    prices: GridPrices
    figures: Assumptions
    most_m: float
    repairs: tuple[Repair, ...]
    warnings: tuple[StudyWarning, ...]

    def node_id(self, k: int) -> str:
        """Name of the node of a depot."""
        return self.grid.node_id[int(self.node[k])]


def read_depot_grid(
    path: Path, network: Network, settings: BusSettings, *, config: Path | None, most_m: float
) -> DepotGrid:
    """Read a grid and find the node of every depot.

    The base load is what the grid's own file says that its customers draw, without feed-in: the
    load case. Loads by phase are spread over the three.

    Raises
    ------
    InputError: the grid cannot be read, `[grid.nodes]` names a place or a node that is not there,
        or a depot has no node.
    """
    grid, repairs, warnings = read_grid(path)
    solver = prepare(grid)
    base_kw, base_kvar, notes = _base_load(path, grid)
    figures = Assumptions(["grid", *SUBJECTS])
    rules = grid_rules(figures)
    low_pu, high_pu = voltage_bands(grid, rules, Split.SHARED)
    load_share = reserve_shares(grid, rules)
    ceiling = Ceiling(
        solver, base_kw, base_kvar, low_pu=low_pu, high_pu=high_pu, load_share=load_share
    )
    file = "" if config is None else config.name
    sites = _Sites(
        network,
        grid,
        settings.grid_nodes,
        names=_names(settings),
        file=file,
        supplied=ceiling.is_supplied,
    )
    node, distance_m, found = sites.nodes(most_m)
    return DepotGrid(
        file=path.name,
        grid=grid,
        solver=solver,
        node=node,
        distance_m=distance_m,
        low_pu=low_pu,
        high_pu=high_pu,
        load_share=load_share,
        base_kw=base_kw,
        base_kvar=base_kvar,
        ceiling=ceiling,
        rules=rules,
        prices=grid_prices(settings.grid_region, figures),
        figures=figures,
        most_m=most_m,
        repairs=repairs,
        warnings=(*warnings, *notes, *found, *_broken_already(ceiling, low_pu, load_share)),
    )


def at_sites(
    grid: DepotGrid, network: Network, settings: BusSettings, *, config: Path | None
) -> DepotGrid:
    """The same grid with the nodes of other sites.

    Raises
    ------
    InputError: a site has no node.
    """
    file = "" if config is None else config.name
    sites = _Sites(
        network,
        grid.grid,
        settings.grid_nodes,
        names=_names(settings),
        file=file,
        supplied=grid.ceiling.is_supplied,
    )
    node, distance_m, found = sites.nodes(grid.most_m)
    notes = [one for one in grid.warnings if one.code not in _OF_SITES]
    return replace(grid, node=node, distance_m=distance_m, warnings=(*notes, *found))


def _names(settings: BusSettings) -> frozenset[str]:
    """Terminals by names of the configuration's own, also of those that are not open."""
    return frozenset(one.name for one in settings.terminals if one.name is not None)


def grid_files(path: Path) -> tuple[Path, ...]:
    """What a grid is read from: a folder, a file, or the pair of which it is one."""
    pair = ("nodes.csv", "branches.csv")
    return tuple(path.with_name(name) for name in pair) if path.name in pair else (path,)


def _base_load(path: Path, grid: Grid) -> tuple[Floats, Floats, list[StudyWarning]]:
    loads = read_default_loads(path, grid)
    base_kw, base_kvar = np.zeros((2, grid.n_nodes))
    draws = loads.p_kw > 0
    np.add.at(base_kw, loads.node[draws], loads.p_kw[draws])
    np.add.at(base_kvar, loads.node[draws], loads.q_kvar[draws])
    notes = []
    if not draws.any():
        message = text(
            "{file} names nothing else that draws power: what the nodes can take is that of an "
            "empty grid, the most there could be",
            file=path.name,
        )
        notes.append(StudyWarning(code="grid-without-base-load", file=path.name, message=message))
    if grid.grade is Grade.TWIN:
        message = text("the grid is a typical one, not that of the place")
        notes.append(StudyWarning(code="grid-is-a-twin", file=path.name, message=message))
    return base_kw, base_kvar, notes


def _broken_already(
    ceiling: Ceiling, low_pu: Floats, load_share: Floats
) -> tuple[StudyWarning, ...]:
    n = int((ceiling.low_pu < low_pu).sum() + (ceiling.load_share > load_share).sum())
    if not n and ceiling.is_solved:
        return ()
    message = text("the base load alone has no power flow")
    if ceiling.is_solved:
        message = text(
            "the base load alone breaks limits of {n} elements; depots may not make them worse", n=n
        )
    return (StudyWarning(code="grid-broken-already", file=None, message=message),)


class _Sites:
    """Which node each depot has."""

    def __init__(
        self,
        network: Network,
        grid: Grid,
        mapped: Mapping[str, str],
        *,
        names: frozenset[str],
        file: str,
        supplied: np.ndarray,
    ) -> None:
        self._network, self._grid, self._file = network, grid, file
        self._supplied = np.asarray(supplied, dtype=bool)
        self._row = {name: n for n, name in enumerate(grid.node_id)}
        self._mapped, self._names = mapped, names

    def nodes(self, most_m: float) -> tuple[Ints, Floats, list[StudyWarning]]:
        """(K,) rows of nodes, (K,) distances, and what was decided for the user."""
        asked, warnings = self._asked()
        sites = self._network.sites
        node, distance_m = np.zeros(len(sites), dtype=np.int64), []
        for k, depot in enumerate(sites):
            if k in asked:
                node[k] = asked[k]
                distance_m.append(np.nan)
                continue
            node[k], away_m = self._nearest(k, most_m)
            distance_m.append(away_m)
            message = text(
                "{depot} has no node in [grid.nodes]; it hangs on the nearest, {node} ({kv:g} kV), "
                "{m:.0f} m away",
                depot=depot.name,
                node=self._grid.node_id[node[k]],
                kv=self._grid.nominal_kv[node[k]],
                m=away_m,
            )
            warnings.append(StudyWarning(code="grid-nearest-node", file=None, message=message))
        return node, np.array(distance_m, dtype=np.float64), warnings

    def _asked(self) -> tuple[dict[int, int], list[StudyWarning]]:
        """Nodes by depot as the configuration has them."""
        network = self._network
        first = len(network.places.place_id) - len(network.depots)
        place_of = network.places.place_id
        rows = {place_of[int(network.nodes[s.node])]: k for k, s in enumerate(network.sites)}
        for k, site in enumerate(network.sites):
            rows.setdefault(site.name, k)
        elsewhere = {
            *network.places.place_id[:first],
            *network.places.name[:first],
            *self._names,
        }
        found: dict[int, int] = {}
        warnings = []
        for place, node_id in self._mapped.items():
            if place not in rows and place in elsewhere:
                message = text("{place} has no charging points; its node is not used", place=place)
                warnings.append(
                    StudyWarning(code="grid-place-unused", file=self._file, message=message)
                )
                continue
            if place not in rows:
                raise self._unknown_place(place, list(rows))
            row = self._node_row(place, node_id)
            if found.setdefault(rows[place], row) != row:
                raise InputError(
                    code="config-conflict",
                    message=text("{place} is given two nodes", place=place),
                    where=Where(file=self._file, field=f"grid.nodes.{place}", value=node_id),
                    expected=text("one node for each depot"),
                    hint=text("give it by its name or by its place_id, not by both"),
                )
        return found, warnings

    def _node_row(self, place: str, node_id: str) -> int:
        row = self._row.get(node_id)
        if row is not None and self._supplied[row]:
            return row
        near = get_close_matches(node_id, list(self._row), n=1)
        hint = text("correct the name, or add the node to the grid")
        message = text("the grid has no node {node}", node=node_id)
        if row is not None:
            hint = text("close a switch on the way, or name another node")
            message = text("node {node} has no closed path to a source", node=node_id)
        elif near:
            hint = text("did you mean {name}?", name=near[0])
        raise InputError(
            code="grid-node-unknown",
            message=message,
            where=Where(file=self._file, field=f"grid.nodes.{place}", value=node_id),
            expected=text("one of {n} nodes, such as {some}", n=len(self._row), some=self._some()),
            hint=hint,
        )

    def _some(self) -> str:
        return ", ".join(self._grid.node_id[:_SHOWN])

    def _unknown_place(self, place: str, known: list[str]) -> InputError:
        near = get_close_matches(place, known, n=1)
        hint = text("name a depot as in [[depots]] or --depot, or take the line out")
        return InputError(
            code="grid-depot-unknown",
            message=text("there is no depot {place}", place=place),
            where=Where(file=self._file, field=f"grid.nodes.{place}", value=place),
            expected=", ".join(depot.name for depot in self._network.depots[:_SHOWN]),
            hint=text("did you mean {name}?", name=near[0]) if near else hint,
        )

    def _nearest(self, k: int, most_m: float) -> tuple[int, float]:
        """The nearest supplied node that is no source, and how far it is."""
        depot, grid = self._network.sites[k], self._grid
        row_of_place = int(self._network.nodes[depot.node])
        lat, lon = (
            float(x[row_of_place]) for x in (self._network.places.lat, self._network.places.lon)
        )
        usable = self._supplied & ~grid.is_kind(NodeKind.SOURCE)
        away_m = _M_PER_KM * great_circle_km(lat, lon, grid.lat, grid.lon)
        away_m = np.where(usable & np.isfinite(away_m), away_m, np.inf)
        row = int(away_m.argmin())
        if away_m[row] <= most_m:
            return row, float(away_m[row])
        nearest = text("no node of the grid has coordinates")
        if np.isfinite(away_m[row]):
            nearest = text(
                "the nearest node, {node}, is {km:,.1f} km away",
                node=grid.node_id[row],
                km=away_m[row] / _M_PER_KM,
            )
        raise InputError(
            code="grid-depot-without-node",
            message=text(
                "{depot} has no node of the grid: {nearest}", depot=depot.name, nearest=nearest
            ),
            where=Where(file=self._file or None, field="grid.nodes", value=depot.name),
            expected=text("a node for each depot, or one within {m:.0f} m of it", m=most_m),
            hint=text(
                'write "{depot}" = "NODE" under [grid.nodes] in the file of --config; nodes are '
                "{some} ...",
                depot=depot.name,
                some=self._some(),
            ),
        )
