"""Stop times without a time: interpolated by distance between the timed stops around them."""

import numpy as np
import polars as pl

from viavolta.formats.gtfs.repairs import RepairLog
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text
from viavolta.model.trip import Floats

_FILE = "stop_times.txt"


def fill_gaps(rows: pl.DataFrame, stops: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Give every stop time a time, or leave it out where no timed stop lies on both sides.

    rows: trip, stop, row, arrival_s, departure_s, shape_dist, sorted by trip and travel order.
    """
    missing = pl.col("arrival_s").is_null()
    if not rows.select(missing.any()).item():
        return rows
    position = pl.int_range(pl.len(), dtype=pl.Int64)
    timed = pl.when(~missing).then(position)
    rows = rows.with_columns(
        before=timed.forward_fill().over("trip"), after=timed.backward_fill().over("trip")
    )
    outside = pl.col("before").is_null() | pl.col("after").is_null()
    log.note_rows(
        rows.filter(outside),
        code="untimed-end",
        file=_FILE,
        field="stop_id",
        action=text("stop left out: no time here and none on one side; the trip is cut there"),
    )
    gaps = rows.filter(missing & ~outside)
    log.note_rows(
        gaps,
        code="untimed-stop",
        file=_FILE,
        field="stop_id",
        action=text("time interpolated by distance between the timed stops around it"),
    )
    filled = _interpolated(rows, _way_along(rows, stops))
    return filled.filter(~outside).drop("before", "after")


def _way_along(rows: pl.DataFrame, stops: pl.DataFrame) -> Floats:
    """Way from the trip's first stop: the feed's own where it is whole, else the great circle."""
    stop = rows["stop"].to_numpy()
    lat, lon = stops["lat"].to_numpy()[stop], stops["lon"].to_numpy()[stop]
    leg_km = np.zeros(len(stop))
    leg_km[1:] = great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:])
    trip = rows["trip"].to_numpy()
    leg_km[1:][trip[1:] != trip[:-1]] = 0.0
    own = pl.col("shape_dist")
    grows = own.diff().over("trip").fill_null(0.0) >= 0
    is_whole = (own.is_not_null() & grows).all().over("trip")
    straight = pl.col("leg_km").cum_sum().over("trip")
    way = rows.with_columns(leg_km=pl.Series(leg_km)).select(
        way=pl.when(is_whole).then(own).otherwise(straight)
    )
    return way["way"].to_numpy().astype(np.float64)


def _interpolated(rows: pl.DataFrame, way: Floats) -> pl.DataFrame:
    """Fill the gaps in proportion to the way; where the way is zero, to the number of stops."""
    here = np.flatnonzero(
        rows.select(
            pl.col("arrival_s").is_null()
            & pl.col("before").is_not_null()
            & pl.col("after").is_not_null()
        )
        .to_series()
        .to_numpy()
    )
    before, after = rows["before"].fill_null(0).to_numpy(), rows["after"].fill_null(0).to_numpy()
    p, n = before[here], after[here]
    whole = way[n] - way[p]
    share = np.where(whole > 0, (way[here] - way[p]) / np.where(whole > 0, whole, 1.0), np.nan)
    share = np.where(np.isnan(share), (here - p) / (n - p), share)
    leaves_s = rows["departure_s"].fill_null(0).to_numpy()[p]
    arrives_s = rows["arrival_s"].fill_null(0).to_numpy()[n]
    time_s = np.floor(leaves_s + share * (arrives_s - leaves_s)).astype(np.int32)
    arrival_s = rows["arrival_s"].fill_null(0).to_numpy().copy()
    departure_s = rows["departure_s"].fill_null(0).to_numpy().copy()
    arrival_s[here] = departure_s[here] = time_s
    return rows.with_columns(
        arrival_s=pl.Series(arrival_s, dtype=pl.Int32),
        departure_s=pl.Series(departure_s, dtype=pl.Int32),
    )
