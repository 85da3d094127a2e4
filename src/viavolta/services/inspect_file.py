"""The story of `viavolta inspect`: what is in a file, before a study is made of it.

A file is told by its content, not by its name. What was mended and what remains is listed, so that
a planner knows before she starts.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from viavolta.catalogue import Assumptions
from viavolta.engines.bus.depots import peak_vehicles
from viavolta.formats.elevation import open_elevation
from viavolta.formats.grids import read_grid
from viavolta.formats.grids.packed import unpack_grid
from viavolta.formats.gtfs.repairs import BAD_ROW_COLUMNS
from viavolta.formats.sessions.read import read_sessions
from viavolta.formats.weather import read_weather
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.progress import Progress, silent
from viavolta.model.timetable import Timetable
from viavolta.services.bus.network import Network, read_network
from viavolta.services.bus.request import BusRequest
from viavolta.services.bus_config import bus_assumptions
from viavolta.services.simulation.world import plug_powers

MAX_MAP_POINTS = 20_000
"""Most points of all lines on the map together; more would slow a phone down."""
MAX_LINES = 500
_HEAD_BYTES = 1024
_HGT_CELLS = 16


class FileKind(StrEnum):
    """What a file is for."""

    FEED = "feed"
    CONFIG = "config"
    ELEVATION = "elevation"
    WEATHER = "weather"
    GRID = "grid"
    SESSIONS = "sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found: `facts` by name, `bad_rows` to mend, `geojson` to draw."""

    kind: FileKind
    facts: dict[str, Any]
    repairs: tuple[Repair, ...] = ()
    warnings: tuple[StudyWarning, ...] = ()
    bad_rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BAD_ROW_COLUMNS))
    geojson: dict[str, Any] | None = None


def inspect_file(path: Path, kind: FileKind, *, progress: Progress = silent) -> Inspection:
    """Read a file as a study would and tell what is in it.

    Raises
    ------
    InputError: it cannot be used, with file, row, field, value and hint. UsageError: no such file.
    """
    refuse_web_page(path)
    progress(text("read"), 0.0)
    return _INSPECT[kind](path, progress)


def refuse_web_page(path: Path) -> None:
    """Refuse a web page that was saved under another name: the usual accident of downloads.

    Raises
    ------
    InputError: the file begins as a web page does.
    """
    if not path.is_file():
        return
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise InputError(
            code="file-is-web-page",
            message=text("{file} is a web page, not data", file=path.name),
            where=Where(file=path.name, row=1, value=head[:60].decode("ascii", "replace")),
            expected=text("the file itself"),
            hint=text("open the page in a browser and save the file it offers"),
        )


def _feed(path: Path, progress: Progress) -> Inspection:
    assumptions, settings = bus_assumptions(None)
    network = read_network(BusRequest(feed=path), assumptions, settings, progress=progress)
    timetable, per_day = network.timetable, network.feed.trips_per_day
    running = per_day.filter(pl.col("trips") > 0)
    lat, lon = timetable.stops["lat"], timetable.stops["lon"]
    lines = (
        timetable.trips.group_by("route_id", "route_name")
        .len("trips")
        .sort("trips", "route_id", descending=[True, False])
    )
    facts = {
        "agency": network.feed.agency_name,
        "credit": network.feed.attribution,
        "timezone": network.feed.timezone,
        "service_day": timetable.date.isoformat(),
        "service_day_reason": network.service_day.reason if network.service_day else "",
        "trips": timetable.trips.height,
        "n_lines": lines.height,
        "lines": lines.head(MAX_LINES).to_dicts(),
        "stops": timetable.stops.height,
        "first_date": str(running["date"].min()),
        "last_date": str(running["date"].max()),
        "days_with_service": running.height,
        "trips_per_day": [[str(day), trips] for day, trips in _days(per_day)],
        "vehicles_at_least": peak_vehicles(network.trips),
        "bounds": [lon.min(), lat.min(), lon.max(), lat.max()],
        "depots": [
            {"name": depot.name, "lat": depot.lat, "lon": depot.lon} for depot in network.depots
        ],
        "depots_reason": network.depots_reason,
    }
    return Inspection(
        kind=FileKind.FEED,
        facts=facts,
        repairs=network.repairs,
        warnings=tuple(w for w in network.warnings if w.code not in _OF_OTHER_FILES),
        bad_rows=network.feed.bad_rows,
        geojson=_map(network),
    )


_OF_OTHER_FILES = ("no-elevation", "no-weather")
"""Warnings that say what else could be given: no fault of the feed."""
_MOST_DAYS = 800


def _days(per_day: pl.DataFrame) -> list[tuple[Any, int]]:
    shown = per_day.select("date", pl.col("trips").cast(pl.Int64)).head(_MOST_DAYS)
    return [(day, trips) for day, trips in shown.iter_rows()]


def _map(network: Network) -> dict[str, Any]:
    """Lines of the day, each shape once, and where they end; thinned to `MAX_MAP_POINTS`."""
    ways = _ways(network.timetable)
    n_points = sum(len(points) for _, points in ways)
    keep = max(1, -(-n_points // MAX_MAP_POINTS))
    features = [
        _feature("LineString", _thinned(points, keep), {"line": name}) for name, points in ways
    ]
    places = network.places
    ends = np.unique(np.concatenate([network.trips.from_place, network.trips.to_place]))
    features += [
        _feature(
            "Point",
            [round(float(places.lon[row]), 5), round(float(places.lat[row]), 5)],
            {"terminal": places.name[row]},
        )
        for row in ends
    ]
    return {"type": "FeatureCollection", "features": features}


def _ways(timetable: Timetable) -> list[tuple[str, list[list[float]]]]:
    trips = timetable.trips.with_row_index("trip")
    shaped = trips.filter(pl.col("shape_id").is_not_null()).unique("shape_id", maintain_order=True)
    lines = {key[0]: _points(shape) for key, shape in timetable.shapes.group_by("shape_id")}
    ways = [(row["route_name"] or "", lines[row["shape_id"]]) for row in shaped.to_dicts()]
    bare = trips.filter(pl.col("shape_id").is_null()).unique("route_id", maintain_order=True)
    calls = timetable.stop_times.join(bare.select("trip", "route_name"), on="trip").join(
        timetable.stops.with_row_index("stop").select("stop", "lat", "lon"), on="stop"
    )
    for _, trip in calls.group_by("trip", maintain_order=True):
        ways.append((trip["route_name"][0] or "", _points(trip)))
    return ways


def _points(rows: pl.DataFrame) -> list[list[float]]:
    placed = rows.select(pl.col("lon").round(5), pl.col("lat").round(5))
    return [[lon, lat] for lon, lat in placed.iter_rows()]


def _thinned(points: list[list[float]], keep: int) -> list[list[float]]:
    return [*points[:-1:keep], points[-1]]


def _feature(kind: str, coordinates: Sequence[Any], about: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": about,
    }


def _config(path: Path, progress: Progress) -> Inspection:
    assumptions, settings = bus_assumptions(path)
    progress(text("read"), 1.0)
    changed = [
        {"key": figure.key, "value": figure.value, "unit": figure.unit}
        for figure in (assumptions.figure(key) for key in sorted(assumptions.keys()))
        if figure.status == "user"
    ]
    facts = {
        "changed": changed,
        "vehicle_types": list(settings.vehicle_types),
        "depots": [{"name": d.name, "lat": d.lat, "lon": d.lon} for d in settings.depots],
    }
    return Inspection(kind=FileKind.CONFIG, facts=facts)


def _elevation(path: Path, progress: Progress) -> Inspection:
    elevation = open_elevation([path])
    tiles = [tile.bounds() for tile in elevation.tiles]
    west, south, east, north = (
        min(t[0] for t in tiles),
        min(t[1] for t in tiles),
        max(t[2] for t in tiles),
        max(t[3] for t in tiles),
    )
    grid = np.linspace(0.05, 0.95, _HGT_CELLS)
    lat, lon = np.meshgrid(south + grid * (north - south), west + grid * (east - west))
    heights = elevation.height_m(lat.ravel(), lon.ravel())
    progress(text("read"), 1.0)
    known = heights[np.isfinite(heights)]
    if not known.size:
        raise InputError(
            code="elevation-empty",
            message=text("{file} knows no height", file=path.name),
            where=Where(file=path.name),
            expected=text("heights in metres"),
            hint=text("take the tile that covers your town"),
        )
    facts = {
        "bounds": [west, south, east, north],
        "lowest_m": round(float(known.min())),
        "highest_m": round(float(known.max())),
    }
    return Inspection(kind=FileKind.ELEVATION, facts=facts)


def _weather(path: Path, progress: Progress) -> Inspection:
    year = read_weather(path)
    progress(text("read"), 1.0)
    temperature_c = year.temperature_c
    facts = {
        "name": year.name,
        "source": year.source,
        "years": temperature_c.size // 8760,
        "coldest_c": round(float(temperature_c.min()), 1),
        "mean_c": round(float(temperature_c.mean()), 1),
        "hottest_c": round(float(temperature_c.max()), 1),
    }
    return Inspection(kind=FileKind.WEATHER, facts=facts, repairs=year.repairs)


def _grid(path: Path, progress: Progress) -> Inspection:
    with tempfile.TemporaryDirectory(prefix="viavolta-grid-") as folder:
        is_zip = path.is_file() and path.suffix.lower() == ".zip"
        start = unpack_grid(path, Path(folder) / "grid") if is_zip else path
        grid, repairs, warnings = read_grid(start)
    progress(text("read"), 1.0)
    is_placed = np.isfinite(grid.lat) & np.isfinite(grid.lon)
    lat, lon = grid.lat[is_placed], grid.lon[is_placed]
    facts = {
        "grade": grid.grade.value,
        "nodes": grid.n_nodes,
        "branches": grid.n_branches,
        "nominal_kv": sorted({float(kv) for kv in grid.nominal_kv}),
        "has_positions": bool(is_placed.any()),
        "bounds": [float(v) for v in (lon.min(), lat.min(), lon.max(), lat.max())]
        if is_placed.any()
        else None,
    }
    return Inspection(kind=FileKind.GRID, facts=facts, repairs=repairs, warnings=warnings)


def _sessions(path: Path, progress: Progress) -> Inspection:
    assumptions = Assumptions(("charging",))
    read = read_sessions(path, power_of=plug_powers(assumptions, asked_kw=None))
    progress(text("read"), 1.0)
    sessions = read.sessions
    facts = {
        "format": read.format,
        "timezone": read.timezone,
        "rows": read.n_rows,
        "sessions": len(sessions),
        "first": str(sessions.arrival[0]),
        "last": str(sessions.arrival[-1]),
        "energy_kwh": round(float(sessions.energy_kwh.sum()), 1),
    }
    return Inspection(kind=FileKind.SESSIONS, facts=facts, repairs=read.repairs)


_INSPECT: dict[FileKind, Callable[[Path, Progress], Inspection]] = {
    FileKind.FEED: _feed,
    FileKind.CONFIG: _config,
    FileKind.ELEVATION: _elevation,
    FileKind.WEATHER: _weather,
    FileKind.GRID: _grid,
    FileKind.SESSIONS: _sessions,
}
