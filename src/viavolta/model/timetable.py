"""One service day of a bus timetable, as tables that any reader can produce."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

TRIP_COLUMNS = {
    "trip_id": pl.String,  # expanded frequencies: <trip_id>@HH:MM:SS
    "route_id": pl.String,
    "route_name": pl.String,
    "route_type": pl.Int32,
    "shape_id": pl.String,  # null where the trip has no usable shape
    "block_id": pl.String,  # null where the feed has none
}
STOP_TIME_COLUMNS = {
    "trip": pl.UInt32,  # row of `trips`
    "stop": pl.UInt32,  # row of `stops`
    "arrival_s": pl.Int32,
    "departure_s": pl.Int32,
    "shape_dist": pl.Float64,  # null where the feed has none; the unit is the feed's own
}
STOP_COLUMNS = {
    "stop_id": pl.String,
    "stop_name": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "parent_station": pl.String,  # null where none
}
SHAPE_COLUMNS = {
    "shape_id": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "shape_dist": pl.Float64,  # null where the feed has none
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The bus trips of one service day.

    Attributes
    ----------
    date: the service day; timezone: IANA name of the agency's zone.
    trips: TRIP_COLUMNS, in order of first departure, then trip_id.
    stop_times: STOP_TIME_COLUMNS, grouped by trip in the order of `trips`, in travel order within
        it; at least two rows per trip, times never decrease, none is null.
    stops: STOP_COLUMNS, only those that the day's trips call at.
    shapes: SHAPE_COLUMNS, in shape order; only those the day's trips use; at least two points each.
    """

    date: dt.date
    timezone: str
    trips: pl.DataFrame
    stop_times: pl.DataFrame
    stops: pl.DataFrame
    shapes: pl.DataFrame

    def __post_init__(self) -> None:
        for frame, columns in (
            (self.trips, TRIP_COLUMNS),
            (self.stop_times, STOP_TIME_COLUMNS),
            (self.stops, STOP_COLUMNS),
            (self.shapes, SHAPE_COLUMNS),
        ):
            if frame.schema != pl.Schema(columns):
                msg = f"timetable columns are {dict(frame.schema)}, expected {columns}"
                raise TypeError(msg)
