"""The buses of one service day, cut out of a feed."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.formats.gtfs.feed import Feed
from viavolta.formats.gtfs.repairs import RepairLog, where
from viavolta.formats.gtfs.values import clock
from viavolta.model.errors import InputError
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.timetable import STOP_COLUMNS, STOP_TIME_COLUMNS, TRIP_COLUMNS, Timetable

_SHOWN_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTimetable:
    """The timetable of one day, with the repairs and warnings that concern only this day."""

    timetable: Timetable
    repairs: tuple[Repair, ...]
    warnings: tuple[StudyWarning, ...]


def timetable_on(feed: Feed, date: dt.date) -> DayTimetable:
    """Cut the bus trips of one service day out of a feed, frequencies expanded.

    Raises
    ------
    InputError
        `no-service-on-date`: no bus runs that day; the hint names the first and last date.
    """
    log = RepairLog()
    departures = _departures_on(feed, date, log)
    about = feed.trips.with_row_index("trip")
    trips = departures.join(about, on="trip", how="left", maintain_order="left").with_columns(
        trip_id=pl.when("by_headway")
        .then(pl.concat_str("trip_id", pl.lit("@"), clock(pl.col("start_s"))))
        .otherwise("trip_id")
    )
    trips = _without_block_clashes(trips, log).sort("start_s", "trip_id")
    stop_times = _stop_times_of(trips, feed.stop_times)
    stops, stop_times = _only_used_stops(feed.stops, stop_times)
    _warn_about_lines(feed, trips, date, log)
    _warn_about_standing(trips, log)
    used_shapes = trips["shape_id"].drop_nulls().unique()
    timetable = Timetable(
        date=date,
        timezone=feed.timezone,
        trips=trips.select(list(TRIP_COLUMNS)),
        stop_times=stop_times.select(list(STOP_TIME_COLUMNS)),
        stops=stops.select(list(STOP_COLUMNS)),
        shapes=feed.shapes.filter(pl.col("shape_id").is_in(used_shapes.implode())),
    )
    return DayTimetable(timetable=timetable, repairs=log.repairs(), warnings=log.warnings())


def departures_on(feed: Feed, date: dt.date) -> pl.DataFrame:
    """All bus departures of a day, those that `timetable_on` leaves out as twins too.

    Returns
    -------
    pl.DataFrame
        id (as in the timetable of the day), kept_id (of the twin that stays; id where there is
        none), trip_id and service_id (of the feed), by_headway, shift_s (to add to the trip's stop
        times).
    """
    running = feed.service_dates.filter(pl.col("date") == date)
    departures = feed.departures.join(running, on="service_id", how="semi", maintain_order="left")
    base = feed.trips["trip_id"].gather(departures["trip"])
    at = pl.concat_str("trip_id", pl.lit("@"), clock(pl.col("start_s")))
    named = departures.with_columns(trip_id=base).with_columns(
        id=pl.when("by_headway").then(at).otherwise("trip_id")
    )
    kept = pl.when(pl.col("twin").is_null()).then("id").otherwise(pl.col("id").first().over("twin"))
    return named.select("id", "trip_id", "service_id", "by_headway", "shift_s", kept_id=kept)


def _departures_on(feed: Feed, date: dt.date, log: RepairLog) -> pl.DataFrame:
    running = feed.service_dates.filter(pl.col("date") == date)
    departures = feed.departures.join(running, on="service_id", how="semi", maintain_order="left")
    if departures.is_empty():
        raise _no_service(feed, date)
    is_twin = pl.col("twin").is_not_null() & ~pl.col("twin").is_first_distinct()
    doubled = departures.filter(is_twin)
    ids = feed.trips["trip_id"].gather(doubled["trip"])
    log.note(
        code="duplicated-trip",
        file="trips.txt",
        count=doubled.height,
        example=text("trip {id}", id=ids[0] if len(ids) else ""),
        action=text("left out: another trip of the day has the same route, stops and times"),
    )
    return departures.filter(~is_twin)


def _no_service(feed: Feed, date: dt.date) -> InputError:
    served = feed.trips_per_day.filter(pl.col("trips") > 0)["date"]
    return InputError(
        code="no-service-on-date",
        message=text("no bus of the feed runs on {date}", date=date.isoformat()),
        where=where("calendar.txt", field="date", value=date.isoformat()),
        expected=text("a date with bus service"),
        hint=text(
            "the feed has bus service from {first} to {last}", first=served.min(), last=served.max()
        ),
    )


def _without_block_clashes(trips: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Set block_id to null for trips that overlap another trip of their block in time."""
    blocks = trips.filter(pl.col("block_id").is_not_null()).sort("block_id", "start_s", "trip_id")
    busy_until = pl.col("end_s").cum_max().shift().over("block_id")
    next_start = pl.col("start_s").shift(-1).over("block_id")
    clash = (pl.col("start_s") < busy_until) | (pl.col("end_s") > next_start)
    clashing = blocks.filter(clash.fill_null(value=False))
    if clashing.is_empty():
        return trips
    first = clashing.row(0, named=True)
    log.note(
        code="overlapping-block",
        file="trips.txt",
        count=clashing.height,
        example=text("trip {id} of block {block}", id=first["trip_id"], block=first["block_id"]),
        action=text("block_id ignored: one bus cannot run two trips at a time"),
    )
    clashes = pl.col("trip_id").is_in(clashing["trip_id"].implode())
    return trips.with_columns(block_id=pl.when(~clashes).then(pl.col("block_id")))


def _stop_times_of(trips: pl.DataFrame, stop_times: pl.DataFrame) -> pl.DataFrame:
    """Gather the stop times of the day's trips, shifted for departures by headway."""
    feed_trip = stop_times["trip"].to_numpy()
    wanted = trips["trip"].to_numpy()
    start = np.searchsorted(feed_trip, wanted, side="left")
    n_stops = np.searchsorted(feed_trip, wanted, side="right") - start
    ends = np.cumsum(n_stops)
    within = np.arange(ends[-1]) - np.repeat(ends - n_stops, n_stops)
    rows = np.repeat(start, n_stops) + within
    shift_s = pl.Series(np.repeat(trips["shift_s"].to_numpy(), n_stops), dtype=pl.Int32)
    return stop_times.select(pl.all().gather(rows)).with_columns(
        trip=pl.Series(np.repeat(np.arange(len(wanted), dtype=np.uint32), n_stops)),
        arrival_s=pl.col("arrival_s") + shift_s,
        departure_s=pl.col("departure_s") + shift_s,
    )


def _only_used_stops(
    stops: pl.DataFrame, stop_times: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    used, position = np.unique(stop_times["stop"].to_numpy(), return_inverse=True)
    return stops[used], stop_times.with_columns(stop=pl.Series(position.astype(np.uint32)))


def _warn_about_lines(feed: Feed, trips: pl.DataFrame, date: dt.date, log: RepairLog) -> None:
    """Say which lines of the feed have no trip that day: a feed may hold half a network."""
    names = {
        part["line"][0]: part["route_name"][0]
        for part in feed.trips.select("line", "route_name")
        .unique(maintain_order=True)
        .partition_by("line", maintain_order=True)
    }
    absent = sorted({names[line] for line in set(names) - set(trips["line"].to_list())})
    if absent:
        shown = ", ".join(absent[:_SHOWN_LINES]) + (" ..." if len(absent) > _SHOWN_LINES else "")
        message = text(
            "{n} of {total} bus lines of the feed have no trip on {date}: {lines}",
            n=len(absent),
            total=len(names),
            date=date.isoformat(),
            lines=shown,
        )
        log.add_warning(code="lines-without-trips", file="trips.txt", message=message)


def _warn_about_standing(trips: pl.DataFrame, log: RepairLog) -> None:
    standing = trips.filter(pl.col("end_s") <= pl.col("start_s"))
    if standing.height:
        message = text(
            "{n} trips arrive in the minute they leave, such as {id}",
            n=standing.height,
            id=standing["trip_id"][0],
        )
        log.add_warning(code="trip-without-duration", file="stop_times.txt", message=message)
