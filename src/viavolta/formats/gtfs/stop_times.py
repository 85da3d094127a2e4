"""When and where trips stop: read, put in order, mended, gaps filled."""

import numpy as np
import polars as pl

from viavolta.formats.gtfs.gaps import fill_gaps
from viavolta.formats.gtfs.mending import mend_trips
from viavolta.formats.gtfs.repairs import RepairLog
from viavolta.formats.gtfs.tables import read_table, require_rows
from viavolta.formats.gtfs.values import in_order, integers, numbers, rows_of, times_s
from viavolta.model.messages import text

_FILE = "stop_times.txt"
_MIN_STOPS = 2


def read_stop_times(
    data: bytes,
    *,
    trips: pl.DataFrame,
    all_trip_ids: pl.Series,
    stops: pl.DataFrame,
    log: RepairLog,
) -> pl.DataFrame:
    """Read the stop times of the given trips, in travel order, none without a time.

    Parameters
    ----------
    trips : pl.DataFrame
        The trips wanted; `trip` of the result is the row in it.
    all_trip_ids : pl.Series
        Every trip of the feed: a stop time of none of them is a fault.
    stops : pl.DataFrame
        From `read_stops`; `stop` of the result is the row in it.

    Returns
    -------
    pl.DataFrame
        trip, stop (UInt32), arrival_s, departure_s (Int32), shape_dist (Float64), sorted by trip;
        at least two rows per trip, times never decrease. Trips without two usable stops have none.
    """
    rows = read_table(
        data,
        file=_FILE,
        required=("trip_id", "stop_id", "stop_sequence"),
        optional=("arrival_time", "departure_time", "shape_dist_traveled"),
        log=log,
    )
    rows = _wanted(require_rows(rows, _FILE), trips, all_trip_ids=all_trip_ids, log=log)
    rows = _at_usable_stops(rows, stops, log)
    rows = _with_times(rows, log)
    rows = _in_order(rows, log)
    rows = mend_trips(rows, log)
    rows = fill_gaps(rows, stops, log)
    rows = rows.filter(pl.len().over("trip") >= _MIN_STOPS)
    _note_short_trips(rows, trips, log)
    return rows.select("trip", "stop", "arrival_s", "departure_s", "shape_dist")


def _wanted(
    rows: pl.DataFrame, trips: pl.DataFrame, *, all_trip_ids: pl.Series, log: RepairLog
) -> pl.DataFrame:
    found = rows.with_columns(trip=rows_of(rows["trip_id"], trips["trip_id"]))
    if found["trip"].null_count():
        others = found.filter(pl.col("trip").is_null())
        known = pl.col("trip_id").is_in(all_trip_ids.implode()).fill_null(value=False)
        log.note_rows(
            others.filter(~known),
            code="unknown-trip",
            file=_FILE,
            field="trip_id",
            action=text("stop time left out: trips.txt does not have its trip"),
        )
        found = found.filter(pl.col("trip").is_not_null())
    return found


def _at_usable_stops(rows: pl.DataFrame, stops: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    known = stops.select("stop_id", "lat").with_row_index("stop")
    rows = rows.join(known, on="stop_id", how="left", maintain_order="left")
    if not rows["lat"].null_count():
        return rows.drop("lat")
    log.note_rows(
        rows.filter(pl.col("stop").is_null()),
        code="unknown-stop",
        file=_FILE,
        field="stop_id",
        action=text("stop time left out: stops.txt does not have its stop"),
    )
    log.note_rows(
        rows.filter(pl.col("stop").is_not_null() & pl.col("lat").is_null()),
        code="stop-without-position",
        file=_FILE,
        field="stop_id",
        action=text("stop time left out: its stop has no position"),
    )
    return rows.filter(pl.col("lat").is_not_null()).drop("lat")


def _with_times(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Read both times; where one is missing the other stands for it."""
    arrival, departure = rows["arrival_time"], rows["departure_time"]
    arrival_s = times_s(arrival)
    stays = departure.ne_missing(arrival).arg_true().to_numpy()
    source = np.arange(rows.height)
    source[stays] = rows.height + np.arange(len(stays))  # most rows leave when they arrive
    departure_s = pl.concat([arrival_s, times_s(departure.gather(stays))]).gather(source)
    rows = rows.with_columns(arrival_s=arrival_s, departure_s=departure_s)
    for field, read in (("arrival_time", "arrival_s"), ("departure_time", "departure_s")):
        log.note_rows(
            rows.filter(pl.col(field).is_not_null() & pl.col(read).is_null()),
            code="bad-time",
            file=_FILE,
            field=field,
            action=text("taken as missing: no time of day between 00:00:00 and 71:59:59"),
        )
    return rows.with_columns(
        arrival_s=pl.coalesce("arrival_s", "departure_s"),
        departure_s=pl.coalesce("departure_s", "arrival_s"),
        shape_dist=numbers(rows["shape_dist_traveled"]),
    ).drop("arrival_time", "departure_time", "shape_dist_traveled")


def _in_order(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Sort by trip and stop_sequence; trips with an unreadable number keep the file's order."""
    rows = rows.with_columns(sequence=integers(rows["stop_sequence"]))
    if rows["sequence"].null_count():
        bad = rows.filter(pl.col("sequence").is_null())
        log.note_rows(
            bad,
            code="bad-stop-sequence",
            file=_FILE,
            field="stop_sequence",
            action=text("no whole number: the stops of this trip keep the order of the file"),
        )
        in_bad_trip = pl.col("trip").is_in(bad["trip"].implode())
        rows = rows.with_columns(
            sequence=pl.when(in_bad_trip).then(pl.col("row")).otherwise(pl.col("sequence"))
        )
    return _without_repeats(in_order(rows, "trip", "sequence"), log)


def _without_repeats(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Drop rows that repeat the number and the stop of the row before; report shared numbers."""
    same_number = (pl.col("trip") == pl.col("trip").shift()) & (
        pl.col("sequence") == pl.col("sequence").shift()
    )
    doubled = rows.filter(same_number.fill_null(value=False))
    if doubled.is_empty():
        return rows
    key = ["trip", "sequence", "stop"]
    repeated = ~pl.struct(key).is_first_distinct()
    log.note_rows(
        rows.filter(repeated),
        code="repeated-stop-time",
        file=_FILE,
        field="stop_sequence",
        action=text("row left out: it repeats another row of the same trip"),
    )
    log.note_rows(
        doubled.join(rows.filter(repeated).select("row"), on="row", how="anti"),
        code="duplicated-stop-sequence",
        file=_FILE,
        field="stop_sequence",
        action=text("rows of a trip with the same number keep the order of the file"),
    )
    return rows.filter(~repeated)


def _note_short_trips(rows: pl.DataFrame, trips: pl.DataFrame, log: RepairLog) -> None:
    usable = pl.Series("trip", rows["trip"].unique())
    short = trips.with_row_index("trip").join(usable.to_frame(), on="trip", how="anti")
    log.note_rows(
        short,
        code="trip-without-stops",
        file="trips.txt",
        field="trip_id",
        action=text("trip left out: it has fewer than two usable stops"),
    )
