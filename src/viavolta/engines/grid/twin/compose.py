"""A twin: types chosen by settlement and level, scaled to a number of households, put together."""

from collections.abc import Mapping
from typing import assert_never

import numpy as np

from viavolta.engines.grid.twin.piece import Piece, customers_of, grid_of, joined, kept, piece_of
from viavolta.engines.grid.twin.scale import scaled
from viavolta.engines.grid.twin.stations import at_station, lv_grid, lv_name
from viavolta.model.arrays import Ints
from viavolta.model.grid import BranchKind, NodeKind
from viavolta.model.grid_twin import LV_SUN, Settlement, Twin, TwinLevel, TwinType

_MOST = 1.5  # times the households of the largest type: beyond, several grids
_NAMES = {Settlement.URBAN: "urban", Settlement.SUBURBAN: "semiurb", Settlement.RURAL: "rural"}
_LV_KV = 1.0  # IEC 60038
Types = Mapping[str, TwinType]
Made = tuple[Piece, list[str]]
"""A piece and the names of the types that are in it."""


def twin(
    types: Types,
    *,
    settlement: Settlement,
    level: TwinLevel,
    n_households: int | None = None,
    lv_m_per_household: float | None = None,
    place: tuple[float, float] | None = None,
) -> Twin:
    """Put a grid together that is typical of a kind of settlement.

    At low voltage: the type whose number of households is nearest, scaled, to at most half as many
    again; beyond that of the largest type, several grids at one source, in the mix of the stations
    at medium voltage. At medium voltage: the feeders of its type in order until there are enough
    households, whole stations. Both: these stations with the grids they stand for, the last one
    scaled.

    Parameters
    ----------
    n_households : None for the type as it is (at low voltage the middle one of the settlement).
    lv_m_per_household : metres of line at low voltage per household at the place; lengths, and with
        them impedances, of lines at low voltage are multiplied to meet it. None: as in the types.
    place : latitude and longitude of the middle; None where positions are not to be known.

    Raises
    ------
    ValueError: n_households below 1, or lv_m_per_household not above 0.
    """
    if n_households is not None and n_households < 1:
        msg = "n_households >= 1"
        raise ValueError(msg)
    match level:
        case TwinLevel.LV:
            piece, names = _low(types, settlement, n_households)
        case TwinLevel.MV:
            piece, names = _medium(types, settlement, n_households)
        case TwinLevel.BOTH:
            piece, names = _both(types, settlement, n_households)
        case _:
            assert_never(level)
    piece, factor = _stretched(piece, lv_m_per_household)
    piece = _placed(piece, place)
    return Twin(
        grid=grid_of(piece),
        customers=customers_of(piece),
        area=tuple(piece.nodes["area"]),
        types=tuple(names),
        lv_length_factor=factor,
    )


def _low(types: Types, settlement: Settlement, n_households: int | None) -> Made:
    lv_types = _lv_types(types)
    own = sorted(
        (one for one in lv_types if one.name.startswith(f"lv-{_NAMES[settlement]}")),
        key=lambda one: one.n_households,
    )
    if n_households is None:
        middle = own[len(own) // 2]
        return piece_of(middle.grid, middle.customers), [middle.name]
    if n_households <= _MOST * own[-1].n_households:
        enough = [one for one in own if n_households <= _MOST * one.n_households]
        nearest = min(enough, key=lambda one: abs(np.log(one.n_households / n_households)))
        return lv_grid(nearest, n_households=n_households, types=lv_types), [nearest.name]
    mv_type = types[f"mv-{_NAMES[settlement]}"]
    stations = [row for row, name in enumerate(mv_type.customers.profile) if lv_name(name)]
    pieces: list[Piece] = []
    names: list[str] = []
    left = n_households
    while left > 0:
        row = stations[len(names) % len(stations)]
        node = int(mv_type.customers.node[row])
        lv_type = types[lv_name(mv_type.customers.profile[row])]
        is_last = left <= _MOST * lv_type.n_households
        size = left if is_last else lv_type.n_households
        pieces.append(
            at_station(
                lv_grid(lv_type, n_households=size, types=lv_types),
                station=f"station{len(names) + 1}",
                fed_from="source",
                nominal_kv=float(mv_type.grid.nominal_kv[node]),
                position=(float(mv_type.grid.lat[node]), float(mv_type.grid.lon[node])),
            )
        )
        names.append(lv_type.name)
        left -= size
    return joined(pieces), names


def _medium(types: Types, settlement: Settlement, n_households: int | None) -> Made:
    mv_type = types[f"mv-{_NAMES[settlement]}"]
    piece = piece_of(mv_type.grid, mv_type.customers)
    if n_households is None:
        return piece, [mv_type.name]
    part = scaled(piece, n_households=n_households, is_exact=False)
    share = part.peak_kw / piece.peak_kw
    is_transformer = _is_transformer(part)
    branches = dict(part.branches)
    branches["n_parallel"] = np.where(
        is_transformer,
        np.ceil(branches["n_parallel"] * max(share, 1.0) - 1e-9).astype(np.int64),
        branches["n_parallel"],
    )
    return Piece(nodes=part.nodes, branches=branches, customers=part.customers), [mv_type.name]


def _both(types: Types, settlement: Settlement, n_households: int | None) -> Made:
    """Grid of medium voltage whose stations are the grids they stand for."""
    medium, names = _medium(types, settlement, n_households)
    lv_types = _lv_types(types)
    profile = medium.customers["profile"]
    is_station = np.array([bool(lv_name(name)) for name in profile])
    is_lump = is_station | np.array([name.startswith(LV_SUN) for name in profile])
    every_node = np.ones(medium.n_nodes, dtype=bool)
    medium_alone = kept(medium, every_node, customers=~is_lump)
    medium_alone.nodes["node_kind"] = _kinds_without(
        medium_alone, medium.customers["node"][is_lump]
    )
    pieces = [medium_alone]
    surplus = 0 if n_households is None else medium.n_households - n_households
    for row in np.flatnonzero(is_station)[::-1].tolist():  # what is too much leaves the last ones
        lv_type = types[lv_name(profile[row])]
        size = lv_type.n_households - min(surplus, lv_type.n_households)
        surplus -= lv_type.n_households - size
        if size == 0:
            continue
        node = int(medium.customers["node"][row])
        station = str(medium.nodes["node_id"][node])
        piece = at_station(
            lv_grid(lv_type, n_households=size, types=lv_types),
            station=station,
            fed_from=station,
            nominal_kv=float(medium.nodes["nominal_kv"][node]),
            position=(float(medium.nodes["lat"][node]), float(medium.nodes["lon"][node])),
        )
        pieces.insert(1, piece)
        names.insert(1, lv_type.name)
    return joined(pieces), names


def _kinds_without(piece: Piece, stations: Ints) -> np.ndarray:
    """Kinds of nodes; stations that no customer of medium voltage hangs at are bars."""
    kinds = piece.nodes["node_kind"].copy()
    rows = np.setdiff1d(stations, piece.customers["node"]).tolist()
    for row in rows:
        if kinds[row] is NodeKind.CONNECTION:
            kinds[row] = NodeKind.BUSBAR
    return kinds


def _stretched(piece: Piece, lv_m_per_household: float | None) -> tuple[Piece, float]:
    """Lines at low voltage longer or shorter by one factor."""
    if lv_m_per_household is None:
        return piece, 1.0
    if not lv_m_per_household > 0:
        msg = "lv_m_per_household > 0"
        raise ValueError(msg)
    at_lv = piece.nodes["nominal_kv"][piece.branches["from_node"]] <= _LV_KV
    length_km = float(piece.branches["length_km"][at_lv].sum())
    if not length_km:
        return piece, 1.0
    factor = lv_m_per_household * piece.n_households / (1000 * length_km)
    branches = dict(piece.branches)
    for name in ("length_km", "r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf"):
        branches[name] = np.where(at_lv, branches[name] * factor, branches[name])
    return Piece(nodes=piece.nodes, branches=branches, customers=piece.customers), factor


def _placed(piece: Piece, place: tuple[float, float] | None) -> Piece:
    """Positions around a place, as far from one another in km as they were; or none."""
    nodes = dict(piece.nodes)
    middle = [float(np.nanmean(nodes[name])) for name in ("lat", "lon")]
    lat, lon = (np.nan, np.nan) if place is None else place
    stretch = np.cos(np.radians(middle[0])) / np.cos(np.radians(lat))
    nodes["lat"] = lat + (nodes["lat"] - middle[0])
    nodes["lon"] = lon + (nodes["lon"] - middle[1]) * stretch
    return Piece(nodes=nodes, branches=piece.branches, customers=piece.customers)


def _lv_types(types: Types) -> list[TwinType]:
    return [one for name, one in types.items() if name.startswith("lv-")]


def _is_transformer(piece: Piece) -> np.ndarray:
    kinds = piece.branches["branch_kind"]
    return np.array([kind is BranchKind.TRANSFORMER for kind in kinds], dtype=bool)
