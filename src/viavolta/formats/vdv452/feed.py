"""A timetable of VDV 452 as a GTFS feed.

A trip starts at FRT_START; the way to the next point takes SEL_FZT of its timing group, and there
it waits FRT_HZT_ZEIT of the trip, or else HP_HZT of the timing group. Nothing is waited at the
first point, before FRT_START, and at the last.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from viavolta.formats.gtfs_write import FeedTable, Row, table_text
from viavolta.formats.vdv452.tables import VERSION, Table, Value, read_tables
from viavolta.model.errors import InputError
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning

TIMEZONE = "Europe/Berlin"
BUS = 3
WITH_PASSENGERS = 1
"""FAHRTART_NR of a trip with passengers; 2 to 4 are ways from, to and between depots."""
STOP_POINT = 1
"""ONR_TYP_NR of a point where passengers get on and off."""
MINUTES_OF_DEGREE = SECONDS_OF_MINUTE = 60

Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAsFeed:
    """A feed that stands for files of another language, and what was done on the way."""

    files: dict[str, bytes]
    repairs: tuple[Repair, ...]
    warnings: tuple[StudyWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A point of a line's course: its key, whether one may get on and off."""

    point: tuple[Value, Value]
    no_boarding: bool
    no_alighting: bool


def read_as_feed(x10: Mapping[str, bytes]) -> ReadAsFeed:
    """Read the .x10 files of a timetable.

    Raises
    ------
    InputError: `vdv-missing-key` where a row names what another table does not have,
        `vdv-bad-position`, `vdv-bad-date`, and those of `read_tables`.
    """
    tables = read_tables(x10)
    versions = {record[VERSION] for record in tables["REC_FRT"].records}
    is_single = len(versions) == 1
    named = _Names(is_single=is_single)
    courses = _courses(tables)
    rows: dict[str, list[Row]] = {
        "agency": [("1", _company(tables), "", TIMEZONE)],
        "stops": list(_stops(tables["REC_ORT"], named)),
        "routes": list(_routes(tables["REC_LID"])),
        "calendar_dates": list(_dates(tables, named)),
        "trips": [],
        "stop_times": [],
    }
    without_passengers = _add_trips(rows, tables, courses, named)
    files = {
        f"{name}.txt": table_text(FeedTable(name=name, columns=columns, rows=rows[name])).encode()
        for name, columns in _COLUMNS.items()
    }
    return ReadAsFeed(files=files, repairs=_repairs(without_passengers), warnings=_warnings(tables))


_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "agency": ("agency_id", "agency_name", "agency_url", "agency_timezone"),
    "stops": ("stop_id", "stop_name", "stop_lat", "stop_lon"),
    "routes": ("route_id", "route_short_name", "route_long_name", "route_type"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "trips": ("route_id", "service_id", "trip_id", "block_id"),
    "stop_times": (
        "trip_id",
        "arrival_time",
        "departure_time",
        "stop_id",
        "stop_sequence",
        "pickup_type",
        "drop_off_type",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Ids of the feed; where it holds several versions, each begins with its version."""

    is_single: bool

    def of(self, version: Value, *parts: Value) -> str:
        """An id."""
        return "-".join(str(p) for p in (parts if self.is_single else (version, *parts)))

    def stop(self, version: Value, point: tuple[Value, Value]) -> str:
        """A stop's id: its number, before it the type where it is no stop point."""
        kind, number = point
        return self.of(version, *((number,) if kind == STOP_POINT else (f"T{kind}", number)))


def _stops(table: Table, named: _Names) -> Iterator[Row]:
    for k, record in enumerate(table.records):
        lat = _degrees(table, k, "ORT_POS_BREITE", most=90)
        lon = _degrees(table, k, "ORT_POS_LAENGE", most=180)
        is_known = lat is not None and lon is not None and (lat, lon) != (0.0, 0.0)
        stop = named.stop(record[VERSION], (record["ONR_TYP_NR"], record["ORT_NR"]))
        place = (f"{lat:.7f}", f"{lon:.7f}") if is_known else ("", "")
        yield (stop, str(record["ORT_NAME"]), *place)


def _degrees(table: Table, k: int, column: str, *, most: int) -> float | None:
    """Degrees of a position written as degrees, minutes, seconds and thousandths, DDDMMSSsss."""
    value = table.records[k][column]
    if value is None:
        return None
    number = cast("int", value)
    degrees, rest = divmod(abs(number), 10_000_000)
    minutes, thousandths = divmod(rest, 100_000)
    seconds = thousandths / 1000
    if degrees > most or minutes >= MINUTES_OF_DEGREE or seconds >= SECONDS_OF_MINUTE:
        raise InputError(
            code="vdv-bad-position",
            message=text("{column} is no position", column=column),
            where=table.where(k, column),
            expected=text("degrees, minutes, seconds and thousandths of WGS 84, as DDDMMSSsss"),
            hint=text("export positions as the standard writes them, not as decimal degrees"),
        )
    angle = degrees + minutes / 60 + seconds / 3600
    return -angle if number < 0 else angle


def _routes(table: Table) -> Iterator[Row]:
    seen = set()
    for record in table.records:
        line = record["LI_NR"]
        if line not in seen:
            seen.add(line)
            short = record.get("LI_KUERZEL") or line
            yield (str(line), str(short), str(record.get("LIDNAME") or ""), BUS)


def _company(tables: Mapping[str, Table]) -> str:
    names = (r.get("BETRIEBSGEBIET_BEZ") for r in tables["ZUL_VERKEHRSBETRIEB"].records)
    return next((str(name) for name in names if name), "VDV 452")


def _dates(tables: Mapping[str, Table], named: _Names) -> Iterator[Row]:
    """The days of each day type, in the version that is in force on them."""
    begins = sorted(
        (cast("int", r["VER_GUELTIGKEIT"]), r[VERSION])
        for r in tables["BASIS_VER_GUELTIGKEIT"].records
    )
    calendar = tables["FIRMENKALENDER"]
    for k, record in enumerate(calendar.records):
        day = cast("int", record["BETRIEBSTAG"])
        try:
            dt.datetime.strptime(str(day), "%Y%m%d").replace(tzinfo=dt.UTC)
        except ValueError as error:
            raise InputError(
                code="vdv-bad-date",
                message=text("BETRIEBSTAG is no date"),
                where=calendar.where(k, "BETRIEBSTAG"),
                expected=text("a date as YYYYMMDD"),
                hint=text("correct the calendar, or export it again"),
            ) from error
        in_force = [version for begin, version in begins if begin <= day]
        if not begins or (in_force and in_force[-1] == record[VERSION]):
            yield (named.of(record[VERSION], record["TAGESART_NR"]), str(day), 1)


def _courses(tables: Mapping[str, Table]) -> dict[Key, list[_Call]]:
    """The points of each line's course, in their order."""
    course = tables["LID_VERLAUF"]
    known: set[Key] = {
        (r[VERSION], r["ONR_TYP_NR"], r["ORT_NR"]) for r in tables["REC_ORT"].records
    }
    _require(
        course,
        "ORT_NR",
        is_there=_key_in(frozenset(known), (VERSION, "ONR_TYP_NR", "ORT_NR")),
        target="REC_ORT",
    )
    ordered = sorted(course.records, key=lambda r: cast("int", r["LI_LFD_NR"]))
    courses: dict[Key, list[_Call]] = {}
    for record in ordered:
        courses.setdefault((record[VERSION], record["LI_NR"], record["STR_LI_VAR"]), []).append(
            _Call(
                point=(record["ONR_TYP_NR"], record["ORT_NR"]),
                no_boarding=bool(record.get("EINSTEIGEVERBOT")),
                no_alighting=bool(record.get("AUSSTEIGEVERBOT")),
            )
        )
    return courses


def _key_in(known: frozenset[Key], columns: Sequence[str]) -> Callable[[Mapping[str, Value]], bool]:
    """Whether the key that a row names is known."""
    return lambda record: tuple(record[column] for column in columns) in known


def _require(
    table: Table,
    field: str,
    *,
    is_there: Callable[[Mapping[str, Value]], bool],
    target: str,
) -> None:
    """Refuse a table whose rows name what another table does not have.

    Raises
    ------
    InputError: `vdv-missing-key`, at the first such row.
    """
    lost = [k for k, record in enumerate(table.records) if not is_there(record)]
    if lost:
        raise InputError(
            code="vdv-missing-key",
            message=text(
                "{n} rows of {table} name what {target} does not have",
                n=len(lost),
                table=table.name,
                target=target,
            ),
            where=table.where(lost[0], field),
            expected=text("a row of {target} with the same key", target=target),
            hint=text("export both tables again, from the same version of the timetable"),
        )


def _add_trips(
    rows: dict[str, list[Row]],
    tables: Mapping[str, Table],
    courses: Mapping[Key, list[_Call]],
    named: _Names,
) -> int:
    """Trips with passengers and their calls; gives the number of the others."""
    trips = tables["REC_FRT"]
    of_line = (VERSION, "LI_NR", "STR_LI_VAR")
    lines: dict[Key, Mapping[str, Value]] = {
        tuple(r[c] for c in of_line): r for r in tables["REC_LID"].records
    }
    days: set[Key] = {(r[VERSION], r["TAGESART_NR"]) for r in tables["FIRMENKALENDER"].records}
    for target, known in (("REC_LID", frozenset(lines)), ("LID_VERLAUF", frozenset(courses))):
        _require(trips, "STR_LI_VAR", is_there=_key_in(known, of_line), target=target)
    _require(
        trips,
        "TAGESART_NR",
        is_there=_key_in(frozenset(days), (VERSION, "TAGESART_NR")),
        target="FIRMENKALENDER",
    )
    times = _Times(tables)
    patterns: dict[tuple[Key, Key], list[int]] = {}
    without_passengers = 0
    for k, trip in enumerate(trips.records):
        if trip["FAHRTART_NR"] != WITH_PASSENGERS:
            without_passengers += 1
            continue
        version = trip[VERSION]
        line = tuple(trip[c] for c in of_line)
        calls = courses[line]
        group = (version, lines[line]["BEREICH_NR"], trip["FGR_NR"])
        if (line, group) not in patterns:
            points = [call.point for call in calls]
            patterns[line, group] = [
                times.way_s(trips, k, group, a, b) for a, b in pairwise(points)
            ]
        trip_id = named.of(version, trip["FRT_FID"])
        service = named.of(version, trip["TAGESART_NR"])
        block = named.of(version, trip["UM_UID"]) if trip.get("UM_UID") else ""
        rows["trips"].append((str(trip["LI_NR"]), service, trip_id, block))
        clock_s = cast("int", trip["FRT_START"])
        for n, (call, way_s) in enumerate(zip(calls, [0, *patterns[line, group]], strict=True)):
            arrival_s = clock_s + way_s
            is_between = 0 < n < len(calls) - 1
            clock_s = arrival_s + (times.wait_s(trip, call.point) if is_between else 0)
            rows["stop_times"].append(
                (
                    *(trip_id, _clock(arrival_s), _clock(clock_s)),
                    *(named.stop(version, call.point), n + 1),
                    *(int(call.no_boarding), int(call.no_alighting)),
                )
            )
    return without_passengers


class _Times:
    """Driving and waiting times by their keys, seconds."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._ways: dict[Key, int] = {
            (
                *(r[VERSION], r["BEREICH_NR"], r["FGR_NR"]),
                *(r["ONR_TYP_NR"], r["ORT_NR"], r["SEL_ZIEL_TYP"], r["SEL_ZIEL"]),
            ): cast("int", r["SEL_FZT"])
            for r in tables["SEL_FZT_FELD"].records
        }
        self._group_waits = {
            (r[VERSION], r["FGR_NR"], r["ONR_TYP_NR"], r["ORT_NR"]): cast("int", r["HP_HZT"])
            for r in tables["ORT_HZTF"].records
        }
        self._trip_waits = {
            (r[VERSION], r["FRT_FID"], r["ONR_TYP_NR"], r["ORT_NR"]): cast("int", r["FRT_HZT_ZEIT"])
            for r in tables["REC_FRT_HZT"].records
        }

    def way_s(
        self,
        trips: Table,
        k: int,
        group: Key,
        a: tuple[Value, Value],
        b: tuple[Value, Value],
    ) -> int:
        """Driving time between two points in the timing group of a trip.

        Raises
        ------
        InputError: `vdv-missing-key`: SEL_FZT_FELD has none.
        """
        found = self._ways.get((*group, *a, *b))
        if found is None:
            raise InputError(
                code="vdv-missing-key",
                message=text(
                    "SEL_FZT_FELD has no time from point {a} to point {b} in timing group {group}",
                    a=a[1],
                    b=b[1],
                    group=group[2],
                ),
                where=trips.where(k, "FGR_NR"),
                expected=text("a row of {target} with the same key", target="SEL_FZT_FELD"),
                hint=text("export both tables again, from the same version of the timetable"),
            )
        return found

    def wait_s(self, trip: Mapping[str, Value], point: tuple[Value, Value]) -> int:
        """Waiting time at a point: that of the trip, or else of its timing group, or none."""
        own = self._trip_waits.get((trip[VERSION], trip["FRT_FID"], *point))
        if own is not None:
            return own
        return self._group_waits.get((trip[VERSION], trip["FGR_NR"], *point), 0)


def _clock(time_s: int) -> str:
    return f"{time_s // 3600:02d}:{time_s % 3600 // 60:02d}:{time_s % 60:02d}"


def _repairs(without_passengers: int) -> tuple[Repair, ...]:
    if not without_passengers:
        return ()
    return (
        Repair(
            code="trip-without-passengers",
            file="REC_FRT",
            count=without_passengers,
            example="FAHRTART_NR 2, 3, 4",
            action=text("left out: ways from, to and between depots are planned anew"),
        ),
    )


def _warnings(tables: Mapping[str, Table]) -> tuple[StudyWarning, ...]:
    """What VDV 452 does not say and is assumed: the zone, and that all lines are buses."""
    zone = text("VDV 452 names no time zone; {zone} is taken", zone=TIMEZONE)
    words = Counter(str(r.get("BEREICH_TEXT") or "") for r in tables["MENGE_BEREICH"].records)
    names = ", ".join(word for word in words if word)
    buses = text(
        "VDV 452 does not tell buses from trams; all lines are planned as buses. Departments: "
        "{names}",
        names=names or text("not named"),
    )
    return (
        StudyWarning(code="vdv-timezone", file=None, message=zone),
        StudyWarning(code="vdv-all-buses", file="MENGE_BEREICH", message=buses),
    )
