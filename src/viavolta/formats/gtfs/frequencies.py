"""Trips given by headways: frequencies.txt expanded into single departures."""

import polars as pl

from viavolta.formats.gtfs.repairs import RepairLog, where
from viavolta.formats.gtfs.tables import read_table
from viavolta.formats.gtfs.values import DAY_S, integers, times_s
from viavolta.model.errors import InputError
from viavolta.model.messages import text

_FILE = "frequencies.txt"
MAX_DEPARTURES = 500_000
"""Most departures from headways in a feed; Jakarta, with 245 lines, has 60,000."""


def read_frequencies(
    data: bytes | None, trips: pl.DataFrame, *, all_trip_ids: pl.Series, log: RepairLog
) -> pl.DataFrame:
    """Read the departures of the given trips that run by headways.

    A row gives departures at start_time, start_time + headway ... before end_time. Both values of
    exact_times are expanded alike: 1 is a promise of the operator, 0 an even spacing that we
    assume, which a warning says.

    Returns
    -------
    pl.DataFrame
        trip (UInt32, row of `trips`), start_s (Int32), sorted, without repeats.

    Raises
    ------
    InputError
        `too-many-departures`, and those of `read_table`.
    """
    empty = pl.DataFrame(schema={"trip": pl.UInt32, "start_s": pl.Int32})
    if data is None or not data.strip():
        return empty
    rows = read_table(
        data,
        file=_FILE,
        required=("trip_id", "start_time", "end_time", "headway_secs"),
        optional=("exact_times",),
        log=log,
    )
    known = pl.col("trip_id").is_in(all_trip_ids.implode()).fill_null(value=False)
    log.note_rows(
        rows.filter(~known),
        code="unknown-trip",
        file=_FILE,
        field="trip_id",
        action=text("row left out: trips.txt does not have its trip"),
    )
    wanted = trips.select("trip_id").with_row_index("trip")
    rows = _usable(rows.join(wanted, on="trip_id", how="inner", maintain_order="left"), log)
    if rows.is_empty():
        return empty
    _check_count(rows)
    return _expanded(rows, log)


def _usable(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    rows = rows.with_columns(
        start_s=times_s(rows["start_time"]),
        end_s=times_s(rows["end_time"]),
        headway_s=integers(rows["headway_secs"]),
    )
    over_midnight = (pl.col("end_s") < pl.col("start_s")) & (pl.col("end_s") < DAY_S // 4)
    log.note_rows(
        rows.filter(over_midnight),
        code="past-midnight",
        file=_FILE,
        field="end_time",
        action=text("24 hours added: the end was before the start"),
    )
    end_s = pl.when(over_midnight).then(pl.col("end_s") + DAY_S).otherwise(pl.col("end_s"))
    rows = rows.with_columns(end_s=end_s)
    fine = (pl.col("start_s") < pl.col("end_s")) & (pl.col("headway_s") > 0)
    fine = fine.fill_null(value=False)
    log.note_rows(
        rows.filter(~fine),
        code="bad-frequency",
        file=_FILE,
        field="headway_secs",
        action=text("row left out: it needs a start before its end and a headway above zero"),
    )
    return rows.filter(fine)


def _check_count(rows: pl.DataFrame) -> None:
    counts = rows.with_columns(
        n=(pl.col("end_s") - pl.col("start_s") - 1) // pl.col("headway_s") + 1
    )
    total = int(counts["n"].sum())
    if total > MAX_DEPARTURES:
        worst = counts.sort("n", "row", descending=[True, False]).row(0, named=True)
        raise InputError(
            code="too-many-departures",
            message=text("headways give {n} departures", n=total),
            where=where(_FILE, worst["row"], field="headway_secs", value=worst["headway_secs"]),
            expected=text("at most {n} departures", n=MAX_DEPARTURES),
            hint=text("headway_secs is in seconds; 1 or 5 is usually meant as minutes"),
        )


def _expanded(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    exact = (pl.col("exact_times") == "1").fill_null(value=False)
    starts = pl.int_ranges("start_s", "end_s", "headway_s", dtype=pl.Int32)
    all_starts = rows.select("trip", "row", "trip_id", exact=exact, start_s=starts).explode(
        "start_s"
    )
    first = pl.struct("trip", "start_s").is_first_distinct()
    log.note_rows(
        all_starts.filter(~first),
        code="repeated-departure",
        file=_FILE,
        field="trip_id",
        action=text("left out: two rows give the same departure of the trip"),
    )
    departures = all_starts.filter(first)
    spaced = departures.filter(~pl.col("exact"))
    if spaced.height:
        message = text(
            "{n} departures of the feed are known by their headway only; even spacing is assumed",
            n=spaced.height,
        )
        log.add_warning(code="headway-service", file=_FILE, message=message)
    return departures.select("trip", "start_s").sort("trip", "start_s")
