"""TODS v2.1, the Transit Operational Data Standard: an overlay that lies beside a GTFS feed.

Specification: MobilityData/transit-operational-data-standard, docs/en/spec/index.md, v2.1.0 of
2025-04-16.
"""

from collections.abc import Mapping, Sequence

from viavolta.formats.gtfs_write import FeedTable, Row, table_text

FOLDER = "tods"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "routes_supplement": (
        "route_id",
        "agency_id",
        "route_short_name",
        "route_long_name",
        "route_type",
    ),
    "stops_supplement": ("stop_id", "stop_name", "stop_lat", "stop_lon", "TODS_location_type"),
    "calendar_dates_supplement": ("service_id", "date", "exception_type"),
    "trips_supplement": (
        "trip_id",
        "route_id",
        "service_id",
        "trip_headsign",
        "direction_id",
        "block_id",
        "shape_id",
        "TODS_trip_type",
        "TODS_delete",
    ),
    "stop_times_supplement": (
        "trip_id",
        "arrival_time",
        "departure_time",
        "stop_id",
        "stop_sequence",
        "pickup_type",
        "drop_off_type",
    ),
    "run_events": (
        "service_id",
        "run_id",
        "event_sequence",
        "block_id",
        "job_type",
        "event_type",
        "trip_id",
        "start_location",
        "start_time",
        "end_location",
        "end_time",
    ),
    "vehicles": ("vehicle_id", "vehicle_label"),
    "vehicle_assignments": ("date", "service_id", "block_id", "vehicle_id"),
    "chargers": ("ops_location_id", "stop_id", "max_kw", "number_of_chargers"),
}
"""The files that are written, and their columns; all are optional in the standard."""


def overlay_files(rows: Mapping[str, Sequence[Row]]) -> dict[str, bytes]:
    """Write an overlay: file name -> content; `rows` by the names of COLUMNS, empty ones too."""
    return {
        f"{name}.txt": table_text(
            FeedTable(name=name, columns=columns, rows=rows.get(name, ()))
        ).encode()
        for name, columns in COLUMNS.items()
        if rows.get(name)
    }
