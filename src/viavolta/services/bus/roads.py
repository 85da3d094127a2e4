"""The road network under a timetable: trips without a shape, and ways without passengers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import driving_style
from viavolta.engines.bus.distances import DEADHEAD_BOUNDS_KMH
from viavolta.engines.bus.road_graph import Longs, RoadGraph, road_graph
from viavolta.engines.bus.road_times import TimeFactor, time_factor
from viavolta.engines.bus.road_trips import Laid, TripLine, lay_trips
from viavolta.engines.bus.road_ways import Climbs, deadheads_by_road, road_ways
from viavolta.engines.bus.shapes import ShapeProfiles, trip_bounds, with_road_lines
from viavolta.formats.osm_streets import Box, read_streets
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text
from viavolta.model.notices import Repair
from viavolta.model.streets import StreetMap
from viavolta.model.timetable import Timetable
from viavolta.model.trip import DeadheadTable, PlaceTable

Flags = NDArray[np.bool_]

KM_PER_DEGREE = 111.2
SAME_LENGTH_SHARE = 0.1
"""A shape and a way past its stops whose lengths differ by less drive on the same roads."""
MOST_CALIBRATING = 150
"""Most distinct shapes that are laid on the roads to calibrate driving times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """A road network, and what the timetable says of it.

    profiles: the patterns' lines, on the network where no shape could be used; factor: driving time
    over free driving time; repairs: what could not be put on the roads so far.
    """

    file: str
    graph: RoadGraph
    profiles: ShapeProfiles
    factor: TimeFactor
    repairs: tuple[Repair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadUse:
    """How ways without passengers were measured: for the summary and the assumptions."""

    factor: TimeFactor
    n_ways: int
    n_straight: int
    mean_kmh: float
    detour_factor: float


def read_roads(
    path: Path,
    timetable: Timetable,
    profiles: ShapeProfiles,
    depots: list[tuple[float, float]],
    assumptions: Assumptions,
) -> Roads:
    """Read the roads around the stops and depots, and lay trips without a usable shape on them.

    Raises
    ------
    UsageError: there is no such file. InputError: it cannot be read, or has no road there.
    """
    number = assumptions.number
    streets = read_streets(
        path,
        box=_box(timetable, depots, number("roads.margin_km")),
        class_kmh=_class_kmh(assumptions),
    )
    graph = road_graph(
        streets, max_kmh=DEADHEAD_BOUNDS_KMH[1], turn_round_s=number("roads.turn_round_s")
    )
    first_trip = np.unique(profiles.pattern_of_trip, return_index=True)[1]
    missing = np.flatnonzero(~profiles.follows_road)
    known = np.flatnonzero(profiles.follows_road)
    every = max(1, -(-len(known) // MOST_CALIBRATING))
    sample = known[::every]
    laid = _lay(graph, timetable, first_trip, np.concatenate([missing, sample]), assumptions)
    lines = {
        q: (line.line.lat, line.line.lon, line.line.along_m, line.stop_along_m)
        for q in missing.tolist()
        if (line := laid[q]).laid is Laid.YES
    }
    on_road = with_road_lines(profiles, lines)
    return Roads(
        file=path.name,
        graph=graph,
        profiles=on_road,
        factor=_factor(timetable, on_road, laid, assumptions),
        repairs=(
            *_trip_repairs(path.name, timetable, profiles, laid, missing),
            *_map_repairs(streets),
        ),
    )


def road_deadheads(
    roads: Roads,
    places: PlaceTable,
    rows: Longs,
    straight: DeadheadTable,
    *,
    assumptions: Assumptions,
    speed_kmh: float | None,
    climbs: Climbs | None = None,
) -> tuple[DeadheadTable, RoadUse, tuple[Repair, ...]]:
    """Ways between some places along the roads; where none leads they stay as in `straight`."""
    number = assumptions.number
    ways = road_ways(
        roads.graph,
        places.lat[rows],
        places.lon[rows],
        most_m=number("roads.most_to_road_m"),
        off_road_kmh=number("roads.off_road_kmh"),
        climbs=climbs,
    )
    table = deadheads_by_road(ways, straight, time_factor=roads.factor.factor, speed_kmh=speed_kmh)
    is_way = ~np.eye(len(rows), dtype=np.bool_)
    lost = is_way & ~ways.is_known
    km, hours = table.distance_km[is_way], table.duration_s[is_way] / 3600.0
    use = RoadUse(
        factor=roads.factor,
        n_ways=int(is_way.sum()),
        n_straight=int(lost.sum()),
        mean_kmh=float(km.sum() / hours.sum()) if hours.sum() > 0 else 0.0,
        detour_factor=_detour(places, rows, table),
    )
    return table, use, tuple(_way_repairs(roads.file, places, rows, ways.is_on_road, lost))


def _detour(places: PlaceTable, rows: Longs, table: DeadheadTable) -> float:
    """Length of all ways over that of the straight lines; 1 where all places are one."""
    lat, lon = places.lat[rows], places.lon[rows]
    beeline_km = float(great_circle_km(lat[:, None], lon[:, None], lat, lon).sum())
    return float(table.distance_km.sum()) / beeline_km if beeline_km > 0 else 1.0


def _box(timetable: Timetable, depots: list[tuple[float, float]], margin_km: float) -> Box:
    lat = np.concatenate([timetable.stops["lat"].to_numpy(), [lat for lat, _ in depots]])
    lon = np.concatenate([timetable.stops["lon"].to_numpy(), [lon for _, lon in depots]])
    north = margin_km / KM_PER_DEGREE
    east = north / max(0.01, float(np.cos(np.radians(np.abs(lat).max()))))
    return (
        float(lat.min() - north),
        float(lon.min() - east),
        float(lat.max() + north),
        float(lon.max() + east),
    )


def _class_kmh(assumptions: Assumptions) -> dict[str, float]:
    """Free speed by value of `highway`: the figures `roads.<class>_kmh`."""
    keys = [key for key in assumptions.keys() if key.startswith("roads.") and key.endswith("_kmh")]  # noqa: SIM118 - not a mapping
    return {
        key.removeprefix("roads.").removesuffix("_kmh"): assumptions.number(key) for key in keys
    }


def _lay(
    graph: RoadGraph,
    timetable: Timetable,
    first_trip: Longs,
    patterns: Longs,
    assumptions: Assumptions,
) -> dict[int, TripLine]:
    """Lay these patterns' stops on the roads."""
    bounds = trip_bounds(timetable)
    stop = timetable.stop_times["stop"].to_numpy().astype(np.int64)
    stops = [stop[bounds[t] : bounds[t + 1]] for t in first_trip[patterns].tolist()]
    laid = lay_trips(
        graph,
        timetable.stops["lat"].to_numpy(),
        timetable.stops["lon"].to_numpy(),
        stops,
        most_m=assumptions.number("roads.most_to_road_m"),
    )
    return dict(zip(patterns.tolist(), laid, strict=True))


def _factor(
    timetable: Timetable,
    profiles: ShapeProfiles,
    laid: Mapping[int, TripLine],
    assumptions: Assumptions,
) -> TimeFactor:
    """Calibrate on the trips whose line and way past the stops are the same road."""
    length_km = profiles.length_km
    free_s, length_m = np.full((2, len(profiles)), np.nan)
    for q, line in laid.items():
        if line.laid is not Laid.YES:
            continue
        road_m, line_m = float(line.stop_along_m[-1]), 1000.0 * float(length_km[q])
        if abs(road_m - line_m) <= SAME_LENGTH_SHARE * line_m:
            free_s[q], length_m[q] = line.free_s, road_m
    pattern = profiles.pattern_of_trip
    return time_factor(
        timetable,
        free_s[pattern],
        length_m[pattern],
        style=driving_style(assumptions),
        default=assumptions.number("roads.time_factor"),
    )


def _trip_repairs(
    file: str,
    timetable: Timetable,
    profiles: ShapeProfiles,
    laid: Mapping[int, TripLine],
    missing: Longs,
) -> Iterator[Repair]:
    """Trips that need the road and could not be laid on it, by reason."""

    def left(code: str, reason: Laid) -> Iterator[Repair]:
        patterns = [q for q in missing.tolist() if laid[q].laid is reason]
        hits = np.flatnonzero(np.isin(profiles.pattern_of_trip, patterns))
        if hits.size:
            yield Repair(
                code=code,
                file=file,
                count=hits.size,
                example=text("trip {trip}", trip=timetable.trips["trip_id"][int(hits[0])]),
                action=text("measured by great circles from stop to stop times the detour factor"),
            )

    yield from left(code="trip-off-road", reason=Laid.OFF_ROAD)
    yield from left(code="trip-cut-off", reason=Laid.CUT_OFF)
    yield from left(code="trip-road-detour", reason=Laid.DETOUR)


def _map_repairs(streets: StreetMap) -> list[Repair]:
    if not streets.n_rules_left_out:
        return []
    return [
        Repair(
            code="osm-rule-over-way",
            file=streets.name,
            count=streets.n_rules_left_out,
            example=text("restrictions whose via is a way"),
            action=text("left out: these turns count as allowed"),
        )
    ]


def _way_repairs(
    file: str, places: PlaceTable, rows: Longs, is_on_road: Flags, lost: Flags
) -> list[Repair]:
    """Places beside the road network, and ways that stay straight."""
    found = []
    off = np.flatnonzero(~is_on_road)
    if off.size:
        found.append(
            Repair(
                code="place-off-road",
                file=file,
                count=off.size,
                example=places.name[int(rows[off[0]])],
                action=text("ways from and to them are straight lines times the detour factor"),
            )
        )
    if lost.any():
        a, b = (int(rows[k]) for k in np.argwhere(lost)[0])
        found.append(
            Repair(
                code="way-without-road",
                file=file,
                count=int(lost.sum()),
                example=text("{a} to {b}", a=places.name[a], b=places.name[b]),
                action=text("measured by straight lines times the detour factor"),
            )
        )
    return found
