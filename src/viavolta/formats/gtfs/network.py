"""Where buses run: agency, routes, stops and shapes of a feed."""

import zoneinfo

import polars as pl

from viavolta.formats.gtfs.coordinates import stop_positions
from viavolta.formats.gtfs.repairs import RepairLog, where
from viavolta.formats.gtfs.tables import read_table, require_rows
from viavolta.formats.gtfs.values import in_order, integers, numbers, rows_of
from viavolta.model.errors import InputError
from viavolta.model.messages import text

MAX_CREDIT_CHARS = 300
_BASIC_TYPES = (*range(8), 11, 12)
_FIRST_EXTENDED, _LAST_EXTENDED = 100, 1702


def is_bus(route_type: pl.Expr) -> pl.Expr:
    """Say which route types are buses: 3, 11 and 800 (trolleybus), 700-799 (extended types)."""
    return route_type.is_in([3, 11, 800]) | route_type.is_between(700, 799)


def unique_ids(frame: pl.DataFrame, key: str, *, file: str, log: RepairLog) -> pl.DataFrame:
    """Keep the rows with an id, and the first row of each id."""
    without = frame.filter(pl.col(key).is_null())
    log.note_rows(
        without, code="missing-id", file=file, field=key, action=text("row left out: it has no id")
    )
    rest = frame.filter(pl.col(key).is_not_null())
    first = pl.col(key).is_first_distinct()
    log.note_rows(
        rest.filter(~first),
        code="duplicated-id",
        file=file,
        field=key,
        action=text("row left out: the first row with this id counts"),
    )
    return rest.filter(first)


def read_agency(data: bytes | None, log: RepairLog) -> tuple[str, str]:
    """Read the agencies' names and their time zone (UTC, with a warning, where it has none)."""
    file = "agency.txt"
    agencies = pl.DataFrame(schema={"agency_name": pl.String, "agency_timezone": pl.String})
    if data is not None and data.strip():
        agencies = read_table(
            data, file=file, required=(), optional=("agency_name", "agency_timezone"), log=log
        )
    names = agencies["agency_name"].drop_nulls().unique(maintain_order=True).to_list()
    zones = agencies["agency_timezone"].drop_nulls().unique(maintain_order=True).to_list()
    shown = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")  # noqa: PLR2004 - a headline
    if len(zones) > 1:
        message = text("agencies in several time zones; {zone} is used", zone=zones[0])
        log.add_warning(code="several-timezones", file=file, message=message)
    if not zones:
        message = text("the feed names no time zone; its times are taken as UTC")
        log.add_warning(code="no-timezone", file=file, message=message)
        return shown, "UTC"
    return shown, _known_zone(zones[0], file, log)


def read_attribution(data: bytes | None, log: RepairLog) -> str:
    """Read whom the feed credits, as the study repeats it; empty where it names nobody."""
    if data is None or not data.strip():
        return ""
    names = read_table(
        data,
        file="attributions.txt",
        required=(),
        optional=("organization_name",),
        log=log,
    )["organization_name"]
    return "; ".join(names.drop_nulls().unique(maintain_order=True).to_list())[:MAX_CREDIT_CHARS]


def _known_zone(zone: str, file: str, log: RepairLog) -> str:
    try:
        return zoneinfo.ZoneInfo(zone).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        message = text("time zone '{zone}' is not known; times are taken as UTC", zone=zone[:80])
        log.add_warning(code="no-timezone", file=file, message=message)
        return "UTC"


def read_routes(data: bytes, log: RepairLog) -> pl.DataFrame:
    """Read all routes: route_id, route_name, line (both names), route_type (Int32), is_bus.

    Raises
    ------
    InputError
        `no-bus-routes`, and those of `read_table`.
    """
    file = "routes.txt"
    routes = read_table(
        data,
        file=file,
        required=("route_id", "route_type"),
        optional=("route_short_name", "route_long_name"),
        log=log,
    )
    routes = unique_ids(require_rows(routes, file), "route_id", file=file, log=log)
    routes = routes.with_columns(kind=integers(routes["route_type"]))
    kind = pl.col("kind")
    extended = kind.is_between(_FIRST_EXTENDED, _LAST_EXTENDED)
    known = (kind.is_in(_BASIC_TYPES) | extended).fill_null(value=False)
    log.note_rows(
        routes.filter(~known),
        code="unknown-route-type",
        file=file,
        field="route_type",
        action=text("route left out: it cannot be told whether it is a bus"),
    )
    short, long = pl.col("route_short_name"), pl.col("route_long_name")
    routes = routes.select(
        "row",
        "route_id",
        route_name=pl.coalesce(short, long, pl.col("route_id")),
        line=pl.concat_str(short.fill_null(""), long.fill_null(""), separator="\n"),
        route_type=pl.when(known).then(kind).cast(pl.Int32),
        is_bus=(known & is_bus(kind)).fill_null(value=False),
    )
    if not routes["is_bus"].any():
        kinds = routes["route_type"].drop_nulls().unique().sort().cast(pl.String).to_list()
        raise InputError(
            code="no-bus-routes",
            message=text("the feed has no bus route"),
            where=where(file, field="route_type", value=", ".join(kinds)),
            expected=text("a route with route_type 3, 11, 700 to 799 or 800"),
            hint=text("give a feed with buses"),
        )
    return routes


def read_stops(data: bytes, log: RepairLog) -> pl.DataFrame:
    """Read all stops: the columns of a timetable's stops and `row`; unusable ones have null lat."""
    file = "stops.txt"
    stops = read_table(
        data,
        file=file,
        required=("stop_id", "stop_lat", "stop_lon"),
        optional=("stop_name", "parent_station"),
        log=log,
    )
    stops = unique_ids(require_rows(stops, file), "stop_id", file=file, log=log)
    parent = pl.col("parent_station")
    orphans = stops.filter(parent.is_not_null() & ~parent.is_in(stops["stop_id"].implode()))
    log.note_rows(
        orphans,
        code="unknown-parent",
        file=file,
        field="parent_station",
        action=text("the stop is taken as one without a parent station"),
    )
    stops = stops.with_columns(
        pl.col("stop_name").fill_null(pl.col("stop_id")),
        parent_station=pl.when(parent.is_in(stops["stop_id"].implode())).then(parent),
    )
    return stop_positions(stops, log).select(
        "row", "stop_id", "stop_name", "lat", "lon", "parent_station"
    )


def read_shapes(data: bytes | None, used: pl.Series, log: RepairLog) -> pl.DataFrame:
    """Read the shapes named in `used`: SHAPE_COLUMNS, in shape order, two points at least each."""
    file = "shapes.txt"
    empty = pl.DataFrame(
        schema={
            "shape_id": pl.String,
            "lat": pl.Float64,
            "lon": pl.Float64,
            "shape_dist": pl.Float64,
        }
    )
    if data is None or not data.strip() or used.is_empty():
        return empty
    columns = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    points = read_table(
        data, file=file, required=columns, optional=("shape_dist_traveled",), log=log
    )
    points = points.with_columns(
        shape=rows_of(points["shape_id"], used),
        lat=numbers(points["shape_pt_lat"]),
        lon=numbers(points["shape_pt_lon"]),
        sequence=numbers(points["shape_pt_sequence"]),
        shape_dist=numbers(points["shape_dist_traveled"]),
    )
    if points["shape"].null_count():
        points = points.filter(pl.col("shape").is_not_null())
    usable = (
        pl.col("lat").is_between(-90, 90)
        & pl.col("lon").is_between(-180, 180)
        & ((pl.col("lat") != 0) | (pl.col("lon") != 0))
        & pl.col("sequence").is_not_null()
    ).fill_null(value=False)
    if not points.select(usable.all()).item():
        log.note_rows(
            points.filter(~usable),
            code="bad-shape-point",
            file=file,
            field="shape_pt_lat",
            action=text("point left out: its position or its number cannot be used"),
        )
        points = points.filter(usable)
    points = in_order(points, "shape", "sequence").filter(pl.len().over("shape") > 1)
    return points.select("shape_id", "lat", "lon", "shape_dist")
