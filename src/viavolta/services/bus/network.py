"""From a feed to what must be driven: the day, the places, the ways and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.catalogue import Assumptions
from viavolta.engines.bus.depots import propose_depots
from viavolta.engines.bus.distances import (
    calibrate_deadhead_speed_kmh,
    deadhead_table,
    require_deadhead_speed,
    trip_distances,
    trip_table,
)
from viavolta.engines.bus.places import MergeRules, merge_stops
from viavolta.engines.bus.service_day import ServiceDay, choose_service_day
from viavolta.engines.bus.shapes import ShapeProfiles, shape_profiles
from viavolta.engines.costs.annuity import annuity_factor
from viavolta.formats.elevation import open_elevation
from viavolta.formats.gtfs import Feed, read_feed, timetable_on
from viavolta.model.climate import DesignDays
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.progress import Progress
from viavolta.model.timetable import Timetable
from viavolta.model.trip import DeadheadTable, Floats, PlaceTable, TripTable
from viavolta.services.bus.heights import trip_climbs, way_climbs
from viavolta.services.bus.passengers import trip_passengers
from viavolta.services.bus.request import BusRequest, parse_depot
from viavolta.services.bus.roads import Roads, RoadUse, read_roads, road_deadheads
from viavolta.services.bus.sites import ChargingSite, Terminal
from viavolta.services.bus.weather_days import weather_days
from viavolta.services.bus_config import BusSettings, DepotSetting

DAYS_PER_YEAR = 365.0
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Everything the planner knows before it makes blocks.

    `places` holds the day's places, then one row per depot; `depot_rows` are those rows.
    `nodes` are the rows of places that trips begin or end at, then the depots: the nodes of
    `deadheads`. `trip_nodes` (N, 2): the node where each trip begins and ends.
    `served` (N,): False for trips that no vehicle can drive by any measure.
    `passengers` (N,): mean number on board, NaN where the catalogue's holds; None without counts.
    `lines` of the trips' patterns; `roads` is None where ways are straight lines.
    `terminals`: where buses charge between trips, beside the depots.
    """

    feed: Feed
    timetable: Timetable
    service_day: ServiceDay | None
    places: PlaceTable
    depots: tuple[DepotSetting, ...]
    depots_reason: str
    depots_proposed: bool
    nodes: Longs
    depot_nodes: Longs
    trips: TripTable
    trip_nodes: Longs
    served: NDArray[np.bool_]
    passengers: Floats | None
    lines: ShapeProfiles
    deadheads: DeadheadTable
    roads: RoadUse | None
    detour_factor: float
    deadhead_kmh: float
    speed_is_given: bool
    climate: DesignDays
    weather: str
    elevation: str
    repairs: tuple[Repair, ...]
    warnings: tuple[StudyWarning, ...]
    terminals: tuple[Terminal, ...] = ()

    @property
    def sites(self) -> tuple[ChargingSite, ...]:
        """All places where buses charge: the depots, then the terminals."""
        depots = tuple(
            ChargingSite(
                name=depot.name,
                node=int(node),
                point_kw=None,
                connection_kw=depot.connection_kw,
                max_points=depot.max_points,
            )
            for depot, node in zip(self.depots, self.depot_nodes, strict=True)
        )
        terminals = tuple(
            ChargingSite(
                name=terminal.name,
                node=terminal.node,
                point_kw=terminal.point_kw,
                connection_kw=terminal.connection_kw,
                max_points=terminal.max_points,
            )
            for terminal in self.terminals
        )
        return depots + terminals


def read_network(
    request: BusRequest, assumptions: Assumptions, settings: BusSettings, *, progress: Progress
) -> Network:
    """Read and repair the feed, choose the day, merge stops, measure trips and ways.

    Raises
    ------
    InputError: what cannot be repaired. UsageError: a bad option.
    """
    progress("feed", 0.0)
    feed = read_feed(request.feed, progress=progress)
    asked = request.date or settings.service_date
    service_day = None
    if asked is None:
        service_day = choose_service_day(feed.trips_per_day)
        asked = service_day.date
    day = timetable_on(feed, asked)
    _require_few(request, day.timetable)
    progress("network", 0.0)
    stop_places = merge_stops(day.timetable, rules=_merge_rules(assumptions))
    profiles = shape_profiles(day.timetable)
    roads = _roads(request, settings, day.timetable, profiles, assumptions)
    profiles = profiles if roads is None else roads.profiles
    distances = trip_distances(
        day.timetable,
        default_detour_factor=assumptions.number("planning.detour_factor"),
        profiles=profiles,
    )
    elevation = open_elevation(request.elevation) if request.elevation else None
    noise_m = assumptions.number("energy.elevation_noise_m") if elevation else 0.0
    climb, descent, elevation_notes = trip_climbs(profiles, elevation, noise_m)
    trips = trip_table(day.timetable, stop_places, distances, climb, descent)
    passengers, load_notes = trip_passengers(request.load, trips)
    speed = settings.deadhead_kmh if request.deadhead_kmh is None else request.deadhead_kmh
    speed_is_given = speed is not None
    if speed is None:
        speed = calibrate_deadhead_speed_kmh(day.timetable, distances)
    require_deadhead_speed(speed)
    assumptions.number("planning.deadhead_kmh")
    depots, reason = _depots(
        request, settings, stop_places.places, trips, assumptions=assumptions, speed_kmh=speed
    )
    _require_near(depots, stop_places.places, most_km=assumptions.number("planning.depot_most_km"))
    nodes, trip_nodes = _nodes(trips)
    places = _with_depots(stop_places.places, depots)
    depot_rows = np.arange(len(stop_places.places), len(places))
    all_nodes = np.concatenate([nodes, depot_rows])
    deadheads = deadhead_table(
        places.lat[all_nodes],
        places.lon[all_nodes],
        detour_factor=distances.detour_factor,
        speed_kmh=speed,
    )
    deadheads, climbs, way_notes = way_climbs(deadheads, places, all_nodes, elevation, noise_m)
    use: RoadUse | None = None
    way_repairs: tuple[Repair, ...] = ()
    if roads is not None:
        deadheads, use, way_repairs = road_deadheads(
            roads,
            places,
            all_nodes,
            deadheads,
            assumptions=assumptions,
            speed_kmh=float(speed) if speed_is_given else None,
            climbs=climbs,
        )
    climate, weather, weather_notes = weather_days(
        request.weather, assumptions, day.timetable, places
    )
    return Network(
        feed=feed,
        timetable=day.timetable,
        service_day=service_day,
        places=places,
        depots=depots,
        depots_reason=reason,
        depots_proposed=not (request.depots or settings.depots),
        nodes=all_nodes,
        depot_nodes=np.arange(nodes.size, all_nodes.size),
        trips=trips,
        trip_nodes=trip_nodes,
        served=~distances.is_impossible,
        passengers=passengers,
        lines=profiles,
        deadheads=deadheads,
        roads=use,
        detour_factor=distances.detour_factor,
        deadhead_kmh=float(speed) if use is None or speed_is_given else use.mean_kmh,
        speed_is_given=speed_is_given,
        climate=climate,
        weather=weather,
        elevation=(", ".join(p.name for p in elevation.inputs) if elevation else "") or "none",
        repairs=(
            *feed.repairs,
            *day.repairs,
            *distances.repairs,
            *(roads.repairs if roads else ()),
            *way_repairs,
        ),
        warnings=(
            *feed.warnings,
            *day.warnings,
            *elevation_notes,
            *way_notes,
            *weather_notes,
            *load_notes,
        ),
    )


def _roads(
    request: BusRequest,
    settings: BusSettings,
    timetable: Timetable,
    profiles: ShapeProfiles,
    assumptions: Assumptions,
) -> Roads | None:
    if request.osm is None:
        return None
    depots = [parse_depot(option) for option in request.depots] or settings.depots
    at = [(depot.lat, depot.lon) for depot in depots]
    return read_roads(request.osm, timetable, profiles, at, assumptions)


def _require_few(request: BusRequest, timetable: Timetable) -> None:
    """Refuse a day that is larger than was allowed for.

    Raises
    ------
    InputError: it has more trips than `max_trips`.
    """
    n = timetable.trips.height
    if request.max_trips is not None and n > request.max_trips:
        raise InputError(
            code="day-too-large",
            message=text("{n} trips on {date}", n=n, date=timetable.date.isoformat()),
            where=Where(file=request.feed.name, field="--max-trips", value=str(n)),
            expected=text("at most {n}", n=request.max_trips),
            hint=text("take the lines of one operator or one part of the town, or raise the limit"),
        )


def _merge_rules(assumptions: Assumptions) -> MergeRules:
    return MergeRules(
        same_name_m=assumptions.number("planning.merge_same_name_m"),
        platform_m=assumptions.number("planning.merge_platform_m"),
        terminal_m=assumptions.number("planning.merge_terminal_m"),
        road_sides_m=assumptions.number("planning.merge_road_sides_m"),
        max_diameter_m=assumptions.number("planning.merge_max_diameter_m"),
    )


def _depots(
    request: BusRequest,
    settings: BusSettings,
    places: PlaceTable,
    trips: TripTable,
    *,
    assumptions: Assumptions,
    speed_kmh: float,
) -> tuple[tuple[DepotSetting, ...], str]:
    if request.depots:
        return tuple(parse_depot(option) for option in request.depots), text("given by the user")
    if settings.depots:
        return settings.depots, text("given by the user")
    proposed = propose_depots(
        places,
        trips,
        max_depots=int(assumptions.number("planning.max_depots")),
        km_worth_a_depot=_km_worth_a_depot(assumptions, speed_kmh),
    )
    depots = tuple(DepotSetting(name=name, lat=lat, lon=lon) for name, lat, lon in proposed.depots)
    return depots, proposed.reason


def _km_worth_a_depot(assumptions: Assumptions, speed_kmh: float) -> float:
    """Kilometres a day without passengers that cost as much as the works of a large depot."""
    works_eur = assumptions.number("costs.depot_works_max_eur") * annuity_factor(
        assumptions.number("costs.interest_share"),
        assumptions.number("costs.depot_works_life_years"),
    )
    eur_per_km = assumptions.number("costs.maintenance_electric_eur_per_km")
    eur_per_km += assumptions.number("costs.driver_eur_per_h") / speed_kmh
    return works_eur / DAYS_PER_YEAR / eur_per_km


def _require_near(depots: Sequence[DepotSetting], places: PlaceTable, *, most_km: float) -> None:
    """Refuse a depot that cannot belong to this network, in the sea for one.

    Raises
    ------
    UsageError: it lies farther than `most_km` from every place.
    """
    for depot in depots:
        away_km = float(great_circle_km(depot.lat, depot.lon, places.lat, places.lon).min())
        if away_km > most_km:
            raise UsageError(
                code="depot-far-away",
                message=text(
                    "{name} lies {km:,.0f} km from the nearest stop", name=depot.name, km=away_km
                ),
                where=Where(field="depot", value=f"{depot.lat},{depot.lon}"),
                expected=text("latitude, then longitude, within {km:g} km", km=most_km),
                hint=text(
                    "are latitude and longitude exchanged? If the depot does lie there, raise"
                    " planning.depot_most_km"
                ),
            )


def _nodes(trips: TripTable) -> tuple[Longs, Longs]:
    """Places that trips begin or end at (W,), and each trip's two as rows of them (N, 2)."""
    ends = np.stack([trips.from_place, trips.to_place], axis=1).astype(np.int64)
    nodes = np.unique(ends)
    return nodes, np.searchsorted(nodes, ends).astype(np.int64)


def _with_depots(places: PlaceTable, depots: Sequence[DepotSetting]) -> PlaceTable:
    taken = set(places.place_id)
    ids: list[str] = []
    for depot in depots:
        place_id = f"depot:{depot.name}"
        while place_id in taken:
            place_id += "+"
        taken.add(place_id)
        ids.append(place_id)
    return PlaceTable(
        place_id=(*places.place_id, *ids),
        name=(*places.name, *(depot.name for depot in depots)),
        lat=np.concatenate([places.lat, [depot.lat for depot in depots]]),
        lon=np.concatenate([places.lon, [depot.lon for depot in depots]]),
        is_terminal=np.concatenate([places.is_terminal, np.zeros(len(depots), dtype=bool)]),
        merged_stop_ids=(*places.merged_stop_ids, *(() for _ in depots)),
    )


def trips_per_day_table(network: Network) -> pl.DataFrame:
    """Trips per day over the feed's life, the planned day marked."""
    return network.feed.trips_per_day.select(
        pl.col("date"),
        pl.col("trips").cast(pl.Int64),
        pl.col("overlapping_trips").cast(pl.Int64),
        (pl.col("date") == network.timetable.date).alias("is_chosen"),
    )
