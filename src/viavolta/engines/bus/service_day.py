"""Which day of a timetable to plan for: the most usual of the busy ordinary weekdays.

The rule, in order:

1. Days without service never count. Monday to Friday count; Saturdays and Sundays only where a
   timetable has nothing else.
2. Days on which more than a tenth of the departures are offered by a second service as well are
   overlaps of two versions of the network, and are left out (unless every day is one).
3. Days whose number of trips lies within 5 % of the busiest of them form one level. The reference
   is the busiest level that is repeated: at least 5 days and 5 % of the days, where there is one.
   Levels below 70 % of it are holidays, or left-overs of older timetables in the same feed. A peak
   of a few days is never the reference.
4. Of the levels that remain, the one with the most days wins (ties: the busier one).
5. In it the number of trips that most days have (ties: the larger), and of these the first day in
   a week whose five weekdays all belong to the level, else the first day of all.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from viavolta.model.messages import text

OVERLAP_SHARE = 0.10
"""Share of departures offered twice from which a day is an overlap; ordinary days have 0-2 %."""
LEVEL_SHARE = 0.95
"""Days with at least this share of the trips of the busiest day of a level belong to it."""
BUSY_SHARE = 0.70
"""Levels below this share of the busiest repeated level are not busy days."""
MIN_LEVEL_DAYS = 5
MIN_LEVEL_SHARE = 0.05
_FRIDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDay:
    """The day chosen, and why.

    Attributes
    ----------
    n_trips : int
        Bus trips of the day.
    reason : str
        The choice in plain words.
    weekday_median_trips : float
        Median of all weekdays with service (NaN where there is none), for comparison only: with
        several years in one feed it says little.
    level_min_trips, level_max_trips, n_level_days : int
        The level the day belongs to.
    n_overlap_days : int
        Days left out as overlaps of two versions of the network.
    n_busier_days : int
        Weekdays busier than the level, overlaps not counted: too rare to be taken as ordinary.
    """

    date: dt.date
    n_trips: int
    reason: str
    weekday_median_trips: float
    level_min_trips: int
    level_max_trips: int
    n_level_days: int
    n_overlap_days: int
    n_busier_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    min_trips: int
    max_trips: int
    n_days: int


def choose_service_day(trips_per_day: pl.DataFrame) -> ServiceDay:
    """Choose the day to plan for; the rule stands at the head of this module.

    Parameters
    ----------
    trips_per_day : pl.DataFrame
        date (Date), trips, overlapping_trips (UInt32); one row per date.

    Raises
    ------
    ValueError
        No date has a trip.
    """
    served = trips_per_day.filter(pl.col("trips") > 0).sort("date")
    if served.is_empty():
        msg = "no date has a trip"
        raise ValueError(msg)
    weekdays = served.filter(pl.col("date").dt.weekday() <= _FRIDAY)
    pool = served if weekdays.is_empty() else weekdays
    overlaps = pl.col("overlapping_trips") > OVERLAP_SHARE * pl.col("trips")
    ordinary = pool.filter(~overlaps)
    days = pool if ordinary.is_empty() else ordinary
    level = _ordinary_level(days)
    date, n_trips = _day_in(days, level)
    busier = days.filter(pl.col("trips") > level.max_trips)
    return ServiceDay(
        date=date,
        n_trips=n_trips,
        reason=_reason(date, n_trips, level=level, pool=pool, busier=busier, days=days),
        weekday_median_trips=_median(weekdays),
        level_min_trips=level.min_trips,
        level_max_trips=level.max_trips,
        n_level_days=level.n_days,
        n_overlap_days=pool.filter(overlaps).height,
        n_busier_days=busier.height,
    )


def _median(weekdays: pl.DataFrame) -> float:
    values: list[int] = sorted(weekdays["trips"].to_list())
    if not values:
        return float("nan")
    middle = len(values) // 2
    return (values[middle] + values[-middle - 1]) / 2


def _levels(days: pl.DataFrame) -> list[_Level]:
    """Group the days by their number of trips, busiest level first."""
    counts = days.group_by("trips").agg(n=pl.len()).sort("trips", descending=True)
    levels: list[_Level] = []
    for n_trips, n_days in counts.iter_rows():
        if levels and n_trips >= LEVEL_SHARE * levels[-1].max_trips:
            last = levels.pop()
            n_together = last.n_days + n_days
            levels.append(_Level(min_trips=n_trips, max_trips=last.max_trips, n_days=n_together))
        else:
            levels.append(_Level(min_trips=n_trips, max_trips=n_trips, n_days=n_days))
    return levels


def _ordinary_level(days: pl.DataFrame) -> _Level:
    levels = _levels(days)
    enough = max(MIN_LEVEL_DAYS, MIN_LEVEL_SHARE * days.height)
    repeated = [level for level in levels if level.n_days >= enough] or levels
    reference = repeated[0].max_trips
    busy = [level for level in repeated if level.max_trips >= BUSY_SHARE * reference]
    return max(busy, key=lambda level: (level.n_days, level.max_trips))


def _day_in(days: pl.DataFrame, level: _Level) -> tuple[dt.date, int]:
    in_level = days.filter(pl.col("trips").is_between(level.min_trips, level.max_trips))
    counts = in_level.group_by("trips").agg(n=pl.len()).sort("n", "trips", descending=True)
    n_trips = int(counts["trips"][0])
    week = pl.col("date").dt.truncate("1w")
    alike = in_level.with_columns(is_full_week=pl.len().over(week) == _FRIDAY).filter(
        pl.col("trips") == n_trips
    )
    first = alike.sort(pl.col("is_full_week").not_(), "date").row(0, named=True)
    return first["date"], n_trips


def _reason(
    date: dt.date,
    n_trips: int,
    *,
    level: _Level,
    pool: pl.DataFrame,
    busier: pl.DataFrame,
    days: pl.DataFrame,
) -> str:
    kind = text("weekdays") if date.isoweekday() <= _FRIDAY else text("days")
    if pool.height == 1:
        return text("{date} is the only day with service", date=date.isoformat())
    sentences = [
        text(
            "{weekday} {date} with {n} trips: the most usual of the busy {kind} "
            "({days} of {total} {kind} have {low} to {high} trips).",
            weekday=_weekday(date),
            date=date.isoformat(),
            n=n_trips,
            kind=kind,
            days=level.n_days,
            total=pool.height,
            low=level.min_trips,
            high=level.max_trips,
        )
    ]
    if days.height < pool.height:
        sentences.append(
            text(
                "{n} days were left out: two versions of the network overlap on them.",
                n=pool.height - days.height,
            )
        )
    if busier.height:
        sentences.append(_about_busier(busier))
    return " ".join(sentences)


def _about_busier(busier: pl.DataFrame) -> str:
    """Say which rarer days are busier, so that a planner can check them."""
    dates, trips = busier["date"].to_list(), busier["trips"].to_list()
    return text(
        "{n} rarer days between {first} and {last} have {low} to {high} trips: another stage of "
        "the network, or two versions of it at once; choose one with --date if it is right.",
        n=len(dates),
        first=dates[0].isoformat(),
        last=dates[-1].isoformat(),
        low=min(trips),
        high=max(trips),
    )


def _weekday(date: dt.date) -> str:
    names = (
        text("Monday"),
        text("Tuesday"),
        text("Wednesday"),
        text("Thursday"),
        text("Friday"),
        text("Saturday"),
        text("Sunday"),
    )
    return names[date.weekday()]
