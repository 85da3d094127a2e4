"""A whole feed, read and repaired: everything that does not depend on the date."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from viavolta.formats.gtfs.archive import read_tables
from viavolta.formats.gtfs.calendar import read_service_dates
from viavolta.formats.gtfs.departures import all_departures, trips_per_day, with_twins
from viavolta.formats.gtfs.frequencies import read_frequencies
from viavolta.formats.gtfs.network import (
    read_agency,
    read_attribution,
    read_routes,
    read_shapes,
    read_stops,
)
from viavolta.formats.gtfs.repairs import RepairLog, where
from viavolta.formats.gtfs.stop_times import read_stop_times
from viavolta.formats.gtfs.trips import read_trips
from viavolta.model.errors import InputError
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.progress import Progress, silent

_STAGE = "read feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The bus service of a GTFS feed.

    Attributes
    ----------
    name : str
        Name of the file or folder.
    timezone : str
        IANA name; UTC, with a warning, where the feed has none.
    attribution : str
        Whom the feed credits (attributions.txt); empty where nobody.
    bad_rows : pl.DataFrame
        BAD_ROW_COLUMNS: the rows behind the repairs, for whoever mends the feed.
    trips_per_day : pl.DataFrame
        date (Date), trips (UInt32, as `timetable_on` gives them), overlapping_trips (UInt32,
        departures that another service of the day offers too); every date from first to last.
    trips : pl.DataFrame
        trip_id, service_id, shape_id, block_id, route_id, route_name, line, route_type.
    departures : pl.DataFrame
        trip (row of trips), service_id, start_s, end_s, shift_s, by_headway, twin.
    stop_times : pl.DataFrame
        trip, stop (rows of trips and stops), arrival_s, departure_s, shape_dist.
    service_dates : pl.DataFrame
        service_id, date.
    stops, shapes : pl.DataFrame
        STOP_COLUMNS and SHAPE_COLUMNS of a timetable.
    """

    name: str
    timezone: str
    agency_name: str
    attribution: str
    repairs: tuple[Repair, ...]
    warnings: tuple[StudyWarning, ...]
    bad_rows: pl.DataFrame
    trips_per_day: pl.DataFrame
    trips: pl.DataFrame
    departures: pl.DataFrame
    stop_times: pl.DataFrame
    service_dates: pl.DataFrame
    stops: pl.DataFrame
    shapes: pl.DataFrame


def read_feed(path: Path, *, progress: Progress = silent) -> Feed:
    """Read the buses of a GTFS feed, repair what can be repaired, and say so.

    Parameters
    ----------
    path : Path
        A zip, or a folder with the tables.

    Raises
    ------
    UsageError
        `path-not-found`.
    InputError
        What cannot be repaired, with file, row, field and hint.
    """
    log = RepairLog()
    progress(_STAGE, 0.0)
    tables = read_tables(path, log)
    agency_name, timezone = read_agency(tables.get("agency.txt"), log)
    attribution = read_attribution(tables.get("attributions.txt"), log)
    routes = read_routes(tables["routes.txt"], log)
    stops = read_stops(tables["stops.txt"], log)
    running, named_services = read_service_dates(tables, log)
    progress(_STAGE, 0.2)
    trips, all_trip_ids = read_trips(
        tables["trips.txt"], routes=routes, running=running, named_services=named_services, log=log
    )
    progress(_STAGE, 0.4)
    used_shapes = trips["shape_id"].drop_nulls().unique().sort()
    with ThreadPoolExecutor(max_workers=1) as pool:  # the two long tables, side by side
        in_this_language = contextvars.copy_context().run
        later = pool.submit(
            in_this_language, read_shapes, tables.get("shapes.txt"), used_shapes, log
        )
        stop_times = read_stop_times(
            tables["stop_times.txt"], trips=trips, all_trip_ids=all_trip_ids, stops=stops, log=log
        )
        shapes = later.result()
    trips = _with_known_shapes(trips, shapes, log)
    if stop_times.is_empty():
        raise _no_usable_trips()
    progress(_STAGE, 0.8)
    frequencies = read_frequencies(
        tables.get("frequencies.txt"), trips, all_trip_ids=all_trip_ids, log=log
    )
    departures = all_departures(trips, stop_times, frequencies)
    departures = with_twins(departures, trips, stop_times)
    running = running.join(departures.select("service_id").unique(), on="service_id", how="semi")
    counts = trips_per_day(
        departures,
        running,
        trips=trips,
        first_stop_names=_first_stop_names(departures, stop_times, stops),
    )
    progress(_STAGE, 1.0)
    return Feed(
        name=path.name,
        timezone=timezone,
        agency_name=agency_name,
        attribution=attribution,
        repairs=log.repairs(),
        warnings=log.warnings(),
        bad_rows=log.bad_rows(),
        trips_per_day=counts,
        trips=trips.drop("row"),
        departures=departures,
        stop_times=stop_times,
        service_dates=running,
        stops=stops.drop("row"),
        shapes=shapes,
    )


def _no_usable_trips() -> InputError:
    return InputError(
        code="no-usable-trips",
        message=text("no bus trip of the feed has two stops with a place and a time"),
        where=where("stop_times.txt"),
        expected=text("stop times with known trip_id, stop_id and times"),
        hint=text("compare trip_id and stop_id of stop_times.txt with trips.txt and stops.txt"),
    )


def _with_known_shapes(trips: pl.DataFrame, shapes: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Set shape_id to null where shapes.txt has no usable line for it."""
    known = pl.col("shape_id").is_in(shapes["shape_id"].unique().implode()).fill_null(value=True)
    log.note_rows(
        trips.filter(~known),
        code="unknown-shape",
        file="trips.txt",
        field="shape_id",
        action=text("taken as a trip without shape: shapes.txt has no line of two points for it"),
    )
    return trips.with_columns(shape_id=pl.when(known).then(pl.col("shape_id")))


def _first_stop_names(
    departures: pl.DataFrame, stop_times: pl.DataFrame, stops: pl.DataFrame
) -> pl.Series:
    firsts = stop_times.unique("trip", keep="first", maintain_order=True).select("trip", "stop")
    first = departures.select("trip").join(firsts, on="trip", how="left", maintain_order="left")
    return stops["stop_name"].gather(first["stop"])
