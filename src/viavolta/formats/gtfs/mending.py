"""Times of a trip that run backwards: over midnight, or by mistake. One trip at a time.

Only trips with a fault come here, so plain Python is fast enough and easy to follow.
"""

import itertools
from bisect import bisect_right
from dataclasses import dataclass

import polars as pl

from viavolta.formats.gtfs.repairs import RepairLog, spot
from viavolta.formats.gtfs.values import DAY_S
from viavolta.model.messages import text

_FILE = "stop_times.txt"
_EVENING_S = 18 * 3600
_MORNING_S = 6 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedTimes:
    """Times of one trip after mending; None where a time was taken as missing.

    rolled, dwells, backwards: positions of the stops where each kind of fault was mended.
    """

    arrival_s: list[int | None]
    departure_s: list[int | None]
    rolled: list[int]
    dwells: list[int]
    backwards: list[int]


def mend_trips(rows: pl.DataFrame, log: RepairLog) -> pl.DataFrame:
    """Mend all trips whose known times decrease somewhere.

    rows: trip, row, arrival_s, departure_s (both or none null), sorted by trip and travel order.
    """
    timed = rows.filter(pl.col("arrival_s").is_not_null())
    same_trip = pl.col("trip") == pl.col("trip").shift()
    early = same_trip & (pl.col("arrival_s") < pl.col("departure_s").shift())
    fault = early | (pl.col("departure_s") < pl.col("arrival_s"))
    faulty = timed.filter(fault)["trip"].unique()
    if faulty.is_empty():
        return rows
    is_faulty = pl.col("trip").is_in(faulty.implode())
    broken = rows.filter(is_faulty)
    arrivals: list[int | None] = []
    departures: list[int | None] = []
    for trip in broken.partition_by("trip", maintain_order=True):
        mended = mend_times(trip["arrival_s"].to_list(), trip["departure_s"].to_list())
        arrivals += mended.arrival_s
        departures += mended.departure_s
        _note(trip, mended, log)
    fixed = broken.with_columns(
        arrival_s=pl.Series(arrivals, dtype=pl.Int32),
        departure_s=pl.Series(departures, dtype=pl.Int32),
    )
    return pl.concat([rows.filter(~is_faulty), fixed]).sort("trip", "sequence", "row")


def mend_times(arrival_s: list[int | None], departure_s: list[int | None]) -> MendedTimes:
    """Make the times of one trip non-decreasing.

    A fall from the evening (after 18:00) to the early morning (before 06:00) is midnight: 24 h are
    added from there on. Of the other times the longest non-decreasing series is kept (so one wild
    time does not condemn the rest); a stop that keeps one of its two times uses it for both, one
    that keeps none is without a time.
    """
    arrival_s, departure_s, rolled = _over_midnight(arrival_s, departure_s)
    dwells = [
        i
        for i, (a, d) in enumerate(zip(arrival_s, departure_s, strict=True))
        if a is not None and d is not None and d < a
    ]
    events = [
        (i, is_departure, time)
        for i, pair in enumerate(zip(arrival_s, departure_s, strict=True))
        for is_departure, time in enumerate(pair)
        if time is not None
    ]
    kept = {events[e][:2]: events[e][2] for e in _kept([t for _, _, t in events])}
    mended: list[tuple[int | None, int | None]] = []
    for i in range(len(arrival_s)):
        arrival, departure = kept.get((i, 0)), kept.get((i, 1))
        mended.append(
            (
                departure if arrival is None else arrival,
                arrival if departure is None else departure,
            )
        )
    backwards = [
        i
        for i, (a, d) in enumerate(zip(arrival_s, departure_s, strict=True))
        if (a, d) != mended[i] and not (a is not None and d is not None and d < a)
    ]
    return MendedTimes(
        arrival_s=[a for a, _ in mended],
        departure_s=[d for _, d in mended],
        rolled=rolled,
        dwells=dwells,
        backwards=backwards,
    )


def _over_midnight(
    arrival_s: list[int | None], departure_s: list[int | None]
) -> tuple[list[int | None], list[int | None], list[int]]:
    days = 0
    last: int | None = None
    rolled: list[int] = []
    moved: list[list[int | None]] = [[], []]
    for i, pair in enumerate(zip(arrival_s, departure_s, strict=True)):
        for side, time in enumerate(pair):
            if time is None:
                moved[side].append(None)
                continue
            if last is not None and last % DAY_S >= _EVENING_S and _falls(last, time, days):
                days += 1
                rolled.append(i)
            last = time + days * DAY_S
            moved[side].append(last)
    return moved[0], moved[1], rolled


def _falls(last: int, time: int, days: int) -> bool:
    return time + days * DAY_S < last and time < _MORNING_S


def _kept(values: list[int]) -> list[int]:
    """Choose the times to keep; of equally long series one with the trip's first and last time."""
    best = _longest_rise(values)
    if not values:
        return best
    lows, highs = (values[0], min(values)), (values[-1], max(values))
    for low, high in itertools.product(lows, highs):
        within = [p for p, value in enumerate(values) if low <= value <= high]
        chain = [within[c] for c in _longest_rise([values[p] for p in within])]
        if len(chain) == len(best):
            return chain
    return best


def _longest_rise(values: list[int]) -> list[int]:
    """Give the positions of the longest non-decreasing subsequence (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        length = bisect_right(tails, value)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(value)
            ends.append(position)
        else:
            tails[length] = value
            ends[length] = position
    chain: list[int] = []
    position = ends[-1] if ends else -1
    while position >= 0:
        chain.append(position)
        position = before[position]
    return chain[::-1]


def _note(trip: pl.DataFrame, mended: MendedTimes, log: RepairLog) -> None:
    def example(positions: list[int]) -> str:
        i = positions[0] if positions else 0
        times = text(
            "arrival {a} s, departure {d} s", a=trip["arrival_s"][i], d=trip["departure_s"][i]
        )
        return spot(trip["row"][i], text("trip {id}", id=trip["trip_id"][i]), value=times)

    log.note(
        code="past-midnight",
        file=_FILE,
        count=1 if mended.rolled else 0,
        example=example(mended.rolled),
        action=text("24 hours added to the times of the trip after midnight"),
    )
    log.note(
        code="negative-dwell",
        file=_FILE,
        count=len(mended.dwells),
        example=example(mended.dwells),
        action=text("departure before arrival: the time that fits the trip is used for both"),
    )
    log.note(
        code="time-backwards",
        file=_FILE,
        count=len(mended.backwards),
        example=example(mended.backwards),
        action=text("earlier than a stop before: taken as missing where it does not fit the trip"),
    )
