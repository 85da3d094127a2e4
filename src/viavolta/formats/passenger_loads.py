"""Passengers on board by trip, or by line and hour: a CSV that any counting system can write.

Columns: `trip_id`, or `route_id` and `hour` (0 to 47, of the service day, of the trip's departure);
and `passengers`, the mean number on board. Other columns are left alone. Trips of a frequency go by
their own trip_id, or by that of the feed. Separated by commas or semicolons; with semicolons a
decimal comma is read, too.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

MAX_BYTES = 64 * 1024 * 1024
MAX_PASSENGERS = 300.0
"""More than any bus carries: such a figure counts boardings, not people on board."""
MAX_HOUR = 47.0
_HOUR_S = 3600
_BY_TRIP, _BY_HOUR = ("trip_id", "passengers"), ("route_id", "hour", "passengers")


@dataclass(frozen=True, slots=True, kw_only=True)
class PassengerLoads:
    """Mean passengers on board; either of the two may be empty.

    by_trip: trip_id -> passengers; by_hour: (route_id, hour of departure) -> passengers.
    """

    name: str
    by_trip: dict[str, float]
    by_hour: dict[tuple[str, int], float]

    def of(self, trip_id: str, route_id: str, start_s: int) -> float:
        """Passengers of a trip; NaN where the file does not tell."""
        for key in (trip_id, trip_id.partition("@")[0]):
            if key in self.by_trip:
                return self.by_trip[key]
        return self.by_hour.get((route_id, start_s // _HOUR_S), float("nan"))


def read_passenger_loads(path: Path) -> PassengerLoads:
    """Read a file of loads.

    Raises
    ------
    UsageError: there is no such file.
    InputError: no text, a column is missing, a value is none, or a trip or hour stands twice.
    """
    if not path.is_file():
        raise UsageError(
            code="missing-path",
            message=text("there is no file {file}", file=path.name),
            hint=text("check the name and the folder you are in"),
        )
    by_trip: dict[str, float] = {}
    by_hour: dict[tuple[str, int], float] = {}
    for number, fields in _rows(path):
        passengers = _number(path, number, "passengers", fields, MAX_PASSENGERS)
        if fields.get("trip_id"):
            is_new = fields["trip_id"] not in by_trip
            by_trip[fields["trip_id"]] = passengers
        else:
            hour = _number(path, number, "hour", fields, MAX_HOUR)
            if hour % 1.0:
                raise _bad(path, number, "hour", fields)
            if not fields.get("route_id"):
                raise _bad(path, number, "route_id", fields)
            key = fields["route_id"], int(hour)
            is_new = key not in by_hour
            by_hour[key] = passengers
        if not is_new:
            raise InputError(
                code="load-twice",
                message=text("the passengers of a trip, or of a line in an hour, stand twice"),
                where=Where(
                    file=path.name, row=number, field="passengers", value=f"{passengers:g}"
                ),
                expected=text("one row for each"),
                hint=text("give the mean of the days that were counted"),
            )
    return PassengerLoads(name=path.name, by_trip=by_trip, by_hour=by_hour)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and fields of each row that is not empty."""
    if path.stat().st_size > MAX_BYTES:
        raise _unreadable(path, text("it is larger than {n} MB", n=MAX_BYTES // 1024 // 1024))
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, text("it is not UTF-8 text")) from error
    head = content.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    table = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    names = [name.strip().lower() for name in next(table, [])]
    if not (set(_BY_TRIP) <= set(names) or set(_BY_HOUR) <= set(names)):
        raise InputError(
            code="load-no-columns",
            message=text("{file} does not say whose passengers it counts", file=path.name),
            where=Where(file=path.name, row=1, value=head[:200]),
            expected=text("the columns trip_id and passengers, or route_id, hour and passengers"),
            hint=text("names stand in the first row"),
        )
    try:
        for row in table:
            fields = dict(zip(names, (field.strip() for field in row), strict=False))
            if any(fields.values()):
                if delimiter == ";":
                    fields |= {k: fields.get(k, "").replace(",", ".") for k in ("passengers",)}
                yield table.line_num, fields
    except csv.Error as error:
        raise _unreadable(path, str(error)) from error


def _number(path: Path, number: int, field: str, fields: dict[str, str], most: float) -> float:
    try:
        value = float(fields.get(field, ""))
    except ValueError:
        raise _bad(path, number, field, fields) from None
    if not 0.0 <= value <= most:
        raise _bad(path, number, field, fields)
    return value


def _bad(path: Path, number: int, field: str, fields: dict[str, str]) -> InputError:
    return InputError(
        code="load-bad-value",
        message=text("a {field} in the file of passengers cannot be right", field=field),
        where=Where(file=path.name, row=number, field=field, value=fields.get(field, "")[:200]),
        expected=text(
            "a trip_id, or a route_id and a whole hour from 0 to 47; 0 to {n:.0f} passengers",
            n=MAX_PASSENGERS,
        ),
        hint=text("count the people on board, the mean over the trip's way, not all who board"),
    )


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        code="load-unreadable",
        message=text("{file} cannot be read as passengers: {why}", file=path.name, why=why),
        where=Where(file=path.name),
        expected=text("CSV in UTF-8"),
        hint=text("save it again from the spreadsheet as CSV UTF-8"),
    )
