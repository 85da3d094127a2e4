"""The bus trips of a feed: those with a known bus route and a service that runs."""

import polars as pl

from viavolta.formats.gtfs.network import unique_ids
from viavolta.formats.gtfs.repairs import RepairLog, where
from viavolta.formats.gtfs.tables import read_table, require_rows
from viavolta.model.errors import InputError
from viavolta.model.messages import text

_FILE = "trips.txt"


def read_trips(
    data: bytes,
    *,
    routes: pl.DataFrame,
    running: pl.DataFrame,
    named_services: pl.Series,
    log: RepairLog,
) -> tuple[pl.DataFrame, pl.Series]:
    """Read the bus trips, and the ids of all trips of the file (to tell unknown from not wanted).

    Parameters
    ----------
    routes : pl.DataFrame
        From `read_routes`.
    running, named_services
        From `read_service_dates`.

    Returns
    -------
    pl.DataFrame
        row, trip_id, service_id, shape_id, block_id, route_id, route_name, line, route_type.
    pl.Series
        Every trip_id of the file.

    Raises
    ------
    InputError
        `no-bus-trips`, and those of `read_table`.
    """
    trips = read_table(
        data,
        file=_FILE,
        required=("route_id", "service_id", "trip_id"),
        optional=("block_id", "shape_id"),
        log=log,
    )
    trips = unique_ids(require_rows(trips, _FILE), "trip_id", file=_FILE, log=log)
    all_ids = trips["trip_id"]
    trips = _of_known_routes(trips, routes, log)
    trips = _of_known_services(trips, named_services, log)
    never = ~pl.col("service_id").is_in(running["service_id"].unique().implode())
    log.note_rows(
        trips.filter(never),
        code="service-never-runs",
        file=_FILE,
        field="service_id",
        action=text("trip left out: its service runs on no day"),
    )
    trips = trips.filter(~never)
    if trips.is_empty():
        raise InputError(
            code="no-bus-trips",
            message=text("no bus trip of the feed has a known route and a service that runs"),
            where=where(_FILE),
            expected=text("trips of a bus route on days of the calendar"),
            hint=text("compare route_id and service_id of trips.txt with the other tables"),
        )
    return trips, all_ids


def _of_known_routes(trips: pl.DataFrame, routes: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    known = pl.col("route_id").is_in(routes["route_id"].implode()).fill_null(value=False)
    log.note_rows(
        trips.filter(~known),
        code="unknown-route",
        file=_FILE,
        field="route_id",
        action=text("trip left out: routes.txt does not have its route"),
    )
    buses = routes.filter("is_bus").drop("row", "is_bus")
    return trips.join(buses, on="route_id", how="inner", maintain_order="left")


def _of_known_services(trips: pl.DataFrame, named: pl.Series, log: RepairLog) -> pl.DataFrame:
    known = pl.col("service_id").is_in(named.implode()).fill_null(value=False)
    log.note_rows(
        trips.filter(~known),
        code="unknown-service",
        file=_FILE,
        field="service_id",
        action=text("trip left out: no calendar has its service"),
    )
    return trips.filter(known)
