"""On which dates each service runs: calendar.txt and calendar_dates.txt, either or both."""

import datetime as dt

import polars as pl

from viavolta.formats.gtfs.repairs import RepairLog, where
from viavolta.formats.gtfs.tables import read_table
from viavolta.formats.gtfs.values import dates
from viavolta.model.errors import InputError
from viavolta.model.messages import text

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CALENDAR, _CALENDAR_DATES = "calendar.txt", "calendar_dates.txt"
MAX_CALENDAR_DAYS = 40 * 366
"""A calendar row is cut to this length; some feeds end in the year 9999."""
MAX_SERVICE_DAYS = 5_000_000
"""Most (service, date) pairs; national feeds stay below a million."""
_SCHEMA = {"service_id": pl.String, "date": pl.Date}


def read_service_dates(tables: dict[str, bytes], log: RepairLog) -> tuple[pl.DataFrame, pl.Series]:
    """Read service_id and date of every day a service runs, and the ids of all services named.

    Raises
    ------
    InputError
        `no-service-days` when no service runs on any day, `calendar-too-long`, and those of
        `read_table`.
    """
    weekly, named = _weekly(tables.get(_CALENDAR), log)
    added, removed, named_too = _exceptions(tables.get(_CALENDAR_DATES), log)
    running = (
        pl.concat([weekly.join(removed, on=["service_id", "date"], how="anti"), added])
        .unique()
        .sort("date", "service_id")
    )
    if running.is_empty():
        raise InputError(
            code="no-service-days",
            message=text("no service of the feed runs on any day"),
            where=where(_CALENDAR if _CALENDAR in tables else _CALENDAR_DATES),
            expected=text("a weekday marked 1 between start_date and end_date, or an added date"),
            hint=text("check that start_date is not after end_date"),
        )
    return running, pl.concat([named, named_too]).unique()


def _weekly(data: bytes | None, log: RepairLog) -> tuple[pl.DataFrame, pl.Series]:
    if data is None or not data.strip():
        return pl.DataFrame(schema=_SCHEMA), pl.Series("service_id", [], pl.String)
    rows = read_table(
        data,
        file=_CALENDAR,
        required=("service_id", *_WEEKDAYS, "start_date", "end_date"),
        log=log,
    ).filter(pl.col("service_id").is_not_null())
    named = rows["service_id"]
    rows = rows.with_columns(first=dates(rows["start_date"]), last=dates(rows["end_date"]))
    for field, read in (("start_date", "first"), ("end_date", "last")):
        log.note_rows(
            rows.filter(pl.col(read).is_null()),
            code="bad-date",
            file=_CALENDAR,
            field=field,
            action=text("row left out: the date cannot be read"),
        )
    rows = rows.drop_nulls(["first", "last"])
    never = (pl.col("first") > pl.col("last")) | ~pl.any_horizontal(
        (pl.col(day) == "1") for day in _WEEKDAYS
    )
    log.note_rows(
        rows.filter(never),
        code="calendar-never-runs",
        file=_CALENDAR,
        field="service_id",
        action=text("taken as it stands: the row gives no day, only added dates count"),
    )
    return _days_of(_cut(rows.filter(~never), log)), named


def _cut(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    limit = pl.col("first") + pl.duration(days=MAX_CALENDAR_DAYS - 1)
    # Adding 40 years to a date close to 9999 overflows nothing: polars dates reach further.
    log.note_rows(
        rows.filter(pl.col("last") > limit),
        code="endless-calendar",
        file=_CALENDAR,
        field="end_date",
        action=text("cut to {n} days from its start", n=MAX_CALENDAR_DAYS),
    )
    rows = rows.with_columns(last=pl.min_horizontal("last", limit))
    n_days = rows.select((pl.col("last") - pl.col("first")).dt.total_days().sum()).item()
    if n_days > MAX_SERVICE_DAYS:
        raise InputError(
            code="calendar-too-long",
            message=text("the calendar covers {n} service days", n=n_days),
            where=where(_CALENDAR),
            expected=text("at most {n}", n=MAX_SERVICE_DAYS),
            hint=text("cut start_date and end_date to the years you plan for"),
        )
    return rows


def _days_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Give every date between first and last whose weekday is marked."""
    running = [pl.col(day) == "1" for day in _WEEKDAYS]
    days = rows.select(
        "service_id",
        pl.concat_list(running).alias("runs"),
        pl.date_ranges("first", "last").alias("date"),
    ).explode("date")
    weekday = pl.col("date").dt.weekday().cast(pl.Int64) - 1
    return days.filter(pl.col("runs").list.get(weekday)).select("service_id", "date")


def _exceptions(data: bytes | None, log: RepairLog) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Give the dates added, the dates removed, and the services named."""
    if data is None or not data.strip():
        empty = pl.DataFrame(schema=_SCHEMA)
        return empty, empty, pl.Series("service_id", [], pl.String)
    rows = read_table(
        data, file=_CALENDAR_DATES, required=("service_id", "date", "exception_type"), log=log
    ).filter(pl.col("service_id").is_not_null())
    rows = rows.rename({"date": "day"})
    rows = rows.with_columns(date=dates(rows["day"]))
    log.note_rows(
        rows.filter(pl.col("date").is_null()),
        code="bad-date",
        file=_CALENDAR_DATES,
        field="day",
        action=text("row left out: the date cannot be read"),
    )
    known = pl.col("exception_type").is_in(["1", "2"]).fill_null(value=False)
    log.note_rows(
        rows.filter(~known),
        code="bad-exception-type",
        file=_CALENDAR_DATES,
        field="exception_type",
        action=text("row left out: the type must be 1 (added) or 2 (removed)"),
    )
    usable = rows.filter(known & pl.col("date").is_not_null())
    # Where a date is both added and removed, the last row counts.
    usable = usable.unique(["service_id", "date"], keep="last", maintain_order=True)
    added = usable.filter(pl.col("exception_type") == "1").select("service_id", "date")
    removed = usable.filter(pl.col("exception_type") == "2").select("service_id", "date")
    return added, removed, rows["service_id"]


def span(service_dates: pl.DataFrame) -> tuple[dt.date, dt.date]:
    """Give the first and the last date of a frame with a `date` column that is not empty."""
    days = service_dates["date"]
    first, last = days.min(), days.max()
    if not isinstance(first, dt.date) or not isinstance(last, dt.date):
        msg = "no dates"
        raise TypeError(msg)
    return first, last
