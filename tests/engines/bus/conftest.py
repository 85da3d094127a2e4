"""Small timetables by hand, on a plane around latitude 0, longitude 0; helpers on the path."""

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta.model.timetable import (
    SHAPE_COLUMNS,
    STOP_COLUMNS,
    STOP_TIME_COLUMNS,
    TRIP_COLUMNS,
    Timetable,
)

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)

METRES_PER_DEGREE = 111_195.08  # 6,371,008.8 m x pi / 180

Point = tuple[float, float]


def _at(east_m: float, north_m: float = 0.0) -> Point:
    return north_m / METRES_PER_DEGREE, east_m / METRES_PER_DEGREE


def _build(
    stops: Sequence[tuple[Any, ...]],
    trips: Sequence[dict[str, Any]],
    shapes: dict[str, Sequence[tuple[Any, ...]]] | None = None,
) -> Timetable:
    """Stops (id, name, (lat, lon)[, parent]); trips with calls [(stop_id, time_s[, dist])]."""
    row_of = {stop[0]: row for row, stop in enumerate(stops)}
    trip_rows, call_rows = [], []
    for row, trip in enumerate(trips):
        trip_rows.append(
            {
                "trip_id": trip.get("id", f"t{row}"),
                "route_id": trip.get("route", "r"),
                "route_name": trip.get("route", "r"),
                "route_type": 3,
                "shape_id": trip.get("shape"),
                "block_id": None,
            }
        )
        for stop_id, time_s, *rest in trip["calls"]:
            call_rows.append(
                {
                    "trip": row,
                    "stop": row_of[stop_id],
                    "arrival_s": time_s,
                    "departure_s": time_s + trip.get("dwell_s", 0),
                    "shape_dist": rest[0] if rest else None,
                }
            )
    stop_rows = [
        {
            "stop_id": stop_id,
            "stop_name": name,
            "lat": point[0],
            "lon": point[1],
            "parent_station": rest[0] if rest else None,
        }
        for stop_id, name, point, *rest in stops
    ]
    shape_rows = [
        {
            "shape_id": shape_id,
            "lat": point[0],
            "lon": point[1],
            "shape_dist": rest[0] if rest else None,
        }
        for shape_id, points in (shapes or {}).items()
        for point, *rest in points
    ]
    return Timetable(
        date=dt.date(2025, 2, 12),
        timezone="Europe/Rome",
        trips=pl.DataFrame(trip_rows, schema=TRIP_COLUMNS),
        stop_times=pl.DataFrame(call_rows, schema=STOP_TIME_COLUMNS),
        stops=pl.DataFrame(stop_rows, schema=STOP_COLUMNS),
        shapes=pl.DataFrame(shape_rows, schema=SHAPE_COLUMNS),
    )


@pytest.fixture(scope="session")
def at() -> Callable[..., Point]:
    """Latitude and longitude of a point so many metres east and north of 0, 0."""
    return _at


@pytest.fixture(scope="session")
def make_timetable() -> Callable[..., Timetable]:
    """A timetable from plain lists: see `_build`."""
    return _build
