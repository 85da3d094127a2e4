"""Positions of stops: out of range, zero, swapped or missing ones found and mended."""

import polars as pl

from viavolta.formats.gtfs.repairs import RepairLog
from viavolta.formats.gtfs.values import numbers
from viavolta.model.messages import text

_FILE = "stops.txt"
_NEAR_DEG = 2.0
"""A swapped position is believed when it lands this near to the middle of the other stops."""
_FAR_DEG = 10.0
"""A position in range is doubted when it lies further from the middle than this."""


def stop_positions(stops: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Add lat, lon in degrees (Float64) to stops; both null where no position can be had."""
    stops = stops.with_columns(
        lat=numbers(stops["stop_lat"]),
        lon=numbers(stops["stop_lon"]),
        has_text=pl.col("stop_lat").is_not_null() | pl.col("stop_lon").is_not_null(),
    )
    stops = _unswapped(stops, log)
    nowhere = (pl.col("lat") == 0) & (pl.col("lon") == 0)
    usable = pl.col("lat").is_between(-90, 90) & pl.col("lon").is_between(-180, 180) & ~nowhere
    usable = usable.fill_null(value=False)
    log.note_rows(
        stops.filter(pl.col("has_text") & ~usable),
        code="bad-coordinates",
        file=_FILE,
        field="stop_lat",
        action=text("position ignored: out of range, zero, or no number"),
    )
    stops = stops.with_columns(
        lat=pl.when(usable).then(pl.col("lat")), lon=pl.when(usable).then(pl.col("lon"))
    )
    return _from_parents(stops, log)


def _unswapped(stops: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Swap latitude and longitude back where only the swapped position fits the other stops."""
    lat, lon = pl.col("lat"), pl.col("lon")
    plausible = stops.filter(lat.is_between(-90, 90) & ((lat != 0) | (lon != 0)))
    if plausible.is_empty():
        return stops
    mid_lat, mid_lon = plausible["lat"].median(), plausible["lon"].median()
    swapped_fits = ((lon - mid_lat).abs() < _NEAR_DEG) & ((lat - mid_lon).abs() < _NEAR_DEG)
    as_given_far = ((lat - mid_lat).abs() > _FAR_DEG) | ((lon - mid_lon).abs() > _FAR_DEG)
    swapped = (swapped_fits & as_given_far).fill_null(value=False)
    log.note_rows(
        stops.filter(swapped),
        code="swapped-coordinates",
        file=_FILE,
        field="stop_lat",
        action=text("latitude and longitude exchanged, as the other stops lie there"),
    )
    return stops.with_columns(
        lat=pl.when(swapped).then(lon).otherwise(lat), lon=pl.when(swapped).then(lat).otherwise(lon)
    )


def _from_parents(stops: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Give stops without a position that of their parent station."""
    parents = stops.select(
        parent_station="stop_id", parent_lat="lat", parent_lon="lon"
    ).drop_nulls()
    stops = stops.join(parents, on="parent_station", how="left", maintain_order="left")
    helped = pl.col("lat").is_null() & pl.col("parent_lat").is_not_null()
    log.note_rows(
        stops.filter(helped),
        code="position-of-parent",
        file=_FILE,
        field="stop_id",
        action=text("the stop has no position of its own; that of its station is used"),
    )
    return stops.with_columns(
        lat=pl.coalesce("lat", "parent_lat"), lon=pl.coalesce("lon", "parent_lon")
    )
