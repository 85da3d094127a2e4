"""Ways without passengers along the roads: how far, how long, how high."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.distances import DEADHEAD_BOUNDS_KMH
from viavolta.engines.bus.road_graph import RoadGraph
from viavolta.engines.bus.road_search import Line, RoadSearch
from viavolta.engines.bus.road_spots import find_spots
from viavolta.model.geo import great_circle_km
from viavolta.model.trip import DeadheadTable, Floats

Climbs = Callable[[Line], tuple[float, float]]
"""Climb and descent of a way in metres, NaN where unknown."""

_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadWays:
    """Quickest ways between P places. Shapes: all (P, P) but `is_on_road` (P,).

    free_s: on free roads, inf where no way leads; distance_km: of that way, the pieces beside the
    road included, so never below the great circle; climb_m, descent_m: along it, NaN where unknown;
    is_on_road: whether the place has a road in reach.
    """

    free_s: Floats
    distance_km: Floats
    climb_m: Floats
    descent_m: Floats
    is_on_road: NDArray[np.bool_]

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Whether there is a way along the road, (P, P)."""
        return np.isfinite(self.free_s)


def road_ways(
    graph: RoadGraph,
    lat: Floats,
    lon: Floats,
    *,
    most_m: float,
    off_road_kmh: float,
    climbs: Climbs | None = None,
) -> RoadWays:
    """Find the quickest ways between all places (P,) that have a road within `most_m`."""
    spots = find_spots(graph, lat, lon, most_m=most_m)
    n_places = len(lat)
    search = RoadSearch(graph, spots, n_places=n_places, off_road_kmh=off_road_kmh)
    free_s = np.full((n_places, n_places), np.inf)
    distance_km = np.zeros((n_places, n_places))
    climb_m, descent_m = np.full((2, n_places, n_places), np.nan)
    places = np.arange(n_places)
    for row, tree in enumerate(search.trees(places)):
        free_s[row] = search.time_s(tree, places)
        nodes = search.nodes_back(tree, places)
        distance_km[row] = search.length_m(nodes) / 1000.0
        if climbs is None:
            continue
        for column in np.flatnonzero(np.isfinite(free_s[row]) & (places != row)).tolist():
            line = _between(search.line(nodes[:, column]), lat[[row, column]], lon[[row, column]])
            climb_m[row, column], descent_m[row, column] = climbs(line)
    np.fill_diagonal(free_s, 0.0)
    for table in (distance_km, climb_m, descent_m):
        np.fill_diagonal(table, 0.0)
    beeline_km = great_circle_km(lat[:, None], lon[:, None], lat, lon)
    return RoadWays(
        free_s=free_s,
        distance_km=np.maximum(distance_km, beeline_km),
        climb_m=climb_m,
        descent_m=descent_m,
        is_on_road=np.bincount(spots.place, minlength=n_places) > 0,
    )


def deadheads_by_road(
    ways: RoadWays, straight: DeadheadTable, *, time_factor: float, speed_kmh: float | None
) -> DeadheadTable:
    """Ways along the road where there are any, else those of `straight`.

    A way takes its free driving time `time_factor` times, or its length at `speed_kmh` where that
    is given, but nobody is faster than 60 km/h. Where driving over a third place is quicker than
    directly (a bus may turn there), that is the way: so the triangle inequality holds in time, on
    which the bound of the fleet rests.
    """
    known = ways.is_known
    by_length_s = ways.distance_km * (3600.0 / (speed_kmh or DEADHEAD_BOUNDS_KMH[1]))
    road_s = by_length_s
    if speed_kmh is None:
        road_s = np.maximum(np.where(known, ways.free_s, 0.0) * time_factor, by_length_s)
    duration_s = np.where(known, np.ceil(road_s - _ROUNDING_S), straight.duration_s)
    tables = [
        np.where(known, ways.distance_km, straight.distance_km),
        _climb(ways.climb_m, straight.climb_m, known),
        _climb(ways.descent_m, straight.descent_m, known),
    ]
    for place in range(len(duration_s)):
        over_s = duration_s[:, place, None] + duration_s[None, place]
        is_quicker = over_s < duration_s
        if is_quicker.any():
            duration_s = np.where(is_quicker, over_s, duration_s)
            tables = [
                np.where(is_quicker, table[:, place, None] + table[None, place], table)
                for table in tables
            ]
    return DeadheadTable(
        duration_s=duration_s.astype(np.int32),
        distance_km=tables[0],
        climb_m=tables[1],
        descent_m=tables[2],
    )


def _climb(by_road_m: Floats, straight_m: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.where(known & np.isfinite(by_road_m), by_road_m, straight_m)


def _between(line: Line, lat: Floats, lon: Floats) -> Line:
    """The line with its two places at its ends, so that heights begin and end at theirs."""
    start_m = 1000.0 * float(great_circle_km(lat[0], lon[0], line.lat[0], line.lon[0]))
    end_m = 1000.0 * float(great_circle_km(line.lat[-1], line.lon[-1], lat[1], lon[1]))
    along_m = np.concatenate([[0.0], start_m + line.along_m])
    return Line(
        lat=np.concatenate([lat[:1], line.lat, lat[1:]]),
        lon=np.concatenate([lon[:1], line.lon, lon[1:]]),
        along_m=np.append(along_m, along_m[-1] + end_m),
    )
