"""A year of hourly air temperature, from EPW files and from CSV as PVGIS and others write it.

EPW: the format of EnergyPlus weather files (bigladdersoftware.com/epx/docs, "Weather Data
Format"): eight header lines, then one line per hour with the dry bulb temperature in column 7.
CSV: lines before the table are skipped until a header names a time and a temperature column.
"""

import csv
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from viavolta.model.climate import WeatherYear
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.notices import Repair
from viavolta.model.trip import Floats

TEMPERATURE_COLUMNS = (
    "t2m",
    "temp_air",
    "temperature_c",
    "temperature_2m",
    "air_temperature",
    "dry_bulb_c",
    "temperature",
    "temp_c",
)
TIME_COLUMNS = ("time(utc)", "time", "timestamp", "datetime", "date", "valid_time", "utc", "start")
MAX_BYTES = 64 * 1024 * 1024
"""Unpacked size; a year of hours takes about 1.5 MB as EPW."""
MAX_GAP_H = 6
"""Gaps up to this length are filled between their neighbours, and counted as a repair."""
_MIN_C, _MAX_C = -70.0, 60.0
_HOURS_PER_DAY = 24
_DAYS_PER_YEAR = (365, 366)
_PREAMBLE_LINES = 200
_EPW_TEMPERATURE = 6
_EPW_HOUR = 3
_EPW_FIELDS = 7
_EPW_OFFSET = 8
_MAX_OFFSET_H = 14.0
_IS_UTC = re.compile(r"(Z|\+00:?00)$")
_HOUR = re.compile(r"[T ](\d{1,2}):\d{2}|[T :](\d{2})\d{2}")


def read_weather(path: Path) -> WeatherYear:
    """Read .epw, .epw.gz, .csv or .csv.gz.

    Raises
    ------
    UsageError: the path does not exist.
    InputError: not a weather file, no whole years of hours, values out of range, long gaps.
    """
    if not path.is_file():
        raise UsageError(
            code="weather-missing",
            message=text("there is no weather file {file}", file=path.name),
            where=Where(file=path.name),
        )
    lines = _unpacked(path).splitlines()
    is_epw = path.name.lower().removesuffix(".gz").endswith(".epw")
    if is_epw or (lines and lines[0].upper().startswith("LOCATION,")):
        name, source, rows = _epw_rows(lines, path.name)
        ahead_h = _epw_offset_h(lines[0])
    else:
        name, source, rows = _csv_rows(lines, path.name)
        ahead_h = _csv_offset_h(lines)
    year = _year(rows, name=name, source=source, file=path.name)
    return replace(year, utc_offset_h=ahead_h)


def _epw_offset_h(head: str) -> float | None:
    """Hours that the file's time is ahead of UTC: the ninth field of LOCATION."""
    fields = next(csv.reader([head]))
    try:
        ahead_h = float(fields[_EPW_OFFSET])
    except (IndexError, ValueError):
        return None
    return ahead_h if abs(ahead_h) <= _MAX_OFFSET_H else None


def _csv_offset_h(lines: Sequence[str]) -> float | None:
    """0 where the header, or the first time, says that times are UTC; else nobody says."""
    at, delimiter, time, _ = next(_headers(lines))
    first = next(csv.reader(lines[at + 1 : at + 2], delimiter=delimiter), [])
    says_utc = "utc" in lines[at].split(delimiter)[time].lower()
    return 0.0 if says_utc or (len(first) > time and _IS_UTC.search(first[time])) else None


def _unpacked(path: Path) -> str:
    """Read the file's text; gzip is told by its first bytes, not its name."""
    with path.open("rb") as stream:
        raw = stream.read(MAX_BYTES + 1)
    try:
        if raw[:2] == b"\x1f\x8b":
            unpacker = zlib.decompressobj(wbits=31)
            raw = unpacker.decompress(raw, MAX_BYTES + 1)
            if not unpacker.eof and len(raw) <= MAX_BYTES:
                raise _unreadable(path.name, text("the gzip data end too early"))
        if len(raw) > MAX_BYTES:
            raise _unreadable(
                path.name, text("more than {n} MB unpacked", n=MAX_BYTES // 1024 // 1024)
            )
        return raw.decode("utf-8-sig")
    except zlib.error as error:
        raise _unreadable(path.name, str(error)) from error
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _epw_rows(lines: Sequence[str], file: str) -> tuple[str, str, list[tuple[int, int, str]]]:
    """Name, source and (line number, hour, temperature) of an EPW file."""
    head = next(csv.reader([lines[0]])) if lines else []
    start = next(
        (n for n, line in enumerate(lines) if line.upper().startswith("DATA PERIODS")), None
    )
    if start is None or len(head) < _EPW_FIELDS or head[0].upper() != "LOCATION":
        raise _unreadable(file, text("the LOCATION or DATA PERIODS line of an EPW file is missing"))
    rows = []
    for number, line in enumerate(lines[start + 1 :], start=start + 2):
        if not line.strip():
            continue
        fields = line.split(",", _EPW_TEMPERATURE + 1)
        if len(fields) < _EPW_FIELDS or not fields[_EPW_HOUR].strip().isdecimal():
            raise _bad_value(file, number, "hour", line)
        hour = int(fields[_EPW_HOUR]) - 1  # EPW numbers the hours of a day 1 to 24
        temperature = fields[_EPW_TEMPERATURE].strip()
        rows.append((number, hour, "" if temperature in {"99.9", "99.90"} else temperature))
    return _cut(head[1].strip() or file), _cut(f"{head[4]} ({file})"), rows


def _csv_rows(lines: Sequence[str], file: str) -> tuple[str, str, list[tuple[int, int, str]]]:
    """Name, source and (line number, hour, temperature) of a CSV file."""
    found = next(_headers(lines), None)
    if found is None:
        raise InputError(
            code="weather-no-columns",
            message=text("{file} has no header with a time and a temperature column", file=file),
            where=Where(file=file, row=1),
            expected=text(
                "a temperature column such as {names}", names=", ".join(("T2m", "temperature_c"))
            ),
            hint=text("hourly CSV of PVGIS (typical year) and EPW files work as they are"),
        )
    at, delimiter, time, temperature = found
    rows: list[tuple[int, int, str]] = []
    table = csv.reader(io.StringIO("\n".join(lines[at + 1 :])), delimiter=delimiter)
    for offset, fields in enumerate(_limited(table, file)):
        number = at + 2 + offset
        hour = _HOUR.search(fields[time]) if len(fields) > max(time, temperature) else None
        if hour is None:
            if rows and _is_footer(fields):
                break
            raise _bad_value(file, number, "time", delimiter.join(fields))
        rows.append((number, int(hour[1] or hour[2]), fields[temperature].strip()))
    return _cut(file), _cut(file), rows


def _limited(table: Iterator[list[str]], file: str) -> Iterator[list[str]]:
    """Rows of a CSV table; a field beyond the csv module's limit becomes an error of the input."""
    try:
        yield from table
    except csv.Error as error:
        raise _unreadable(file, str(error)) from error


def _headers(lines: Sequence[str]) -> Iterator[tuple[int, str, int, int]]:
    """Lines that can be the header: (index, delimiter, time column, temperature column)."""
    for n, line in enumerate(lines[:_PREAMBLE_LINES]):
        for delimiter in (",", ";", "\t"):
            names = [name.strip().strip('"').lower() for name in line.split(delimiter)]
            time = next((names.index(c) for c in TIME_COLUMNS if c in names), None)
            value = next((names.index(c) for c in TEMPERATURE_COLUMNS if c in names), None)
            if time is not None and value is not None:
                yield n, delimiter, time, value


def _is_footer(fields: Sequence[str]) -> bool:
    """PVGIS ends its table with an empty line and a legend."""
    return len(fields) <= 1 or not any(fields[1:])


def _year(
    rows: Sequence[tuple[int, int, str]], *, name: str, source: str, file: str
) -> WeatherYear:
    """Whole years of hours, gaps filled, starting with the first hour of a day."""
    n_days = len(rows) / _HOURS_PER_DAY
    n_years = max(1, round(n_days / 365.25))
    if not n_years * _DAYS_PER_YEAR[0] <= n_days <= n_years * _DAYS_PER_YEAR[1] or n_days % 1:
        raise InputError(
            code="weather-not-a-year",
            message=text("{file} holds {n} hours, not whole years", file=file, n=len(rows)),
            where=Where(file=file),
            expected=text("8760 or 8784 hourly rows"),
            hint=text("download whole years, or a typical year from PVGIS"),
        )
    first_hour = rows[0][1]
    for step, (number, hour, _) in enumerate(rows):
        if hour != (first_hour + step) % _HOURS_PER_DAY:
            raise InputError(
                code="weather-not-hourly",
                message=text("an hour is missing, doubled or out of order"),
                where=Where(file=file, row=number, field="time", value=str(hour)),
                expected=text("hour {hour}", hour=(first_hour + step) % _HOURS_PER_DAY),
                hint=text("use UTC or one standard time for the whole year, no summer time"),
            )
    temperature_c = np.array([_temperature(file, number, value) for number, _, value in rows])
    temperature_c, repairs = _filled(temperature_c, rows, file)
    # A year is a circle: the hours before the first midnight are put at the end of the last day.
    return WeatherYear(
        name=name,
        source=source,
        temperature_c=np.roll(temperature_c, first_hour),
        repairs=repairs,
    )


def _temperature(file: str, number: int, value: str) -> float:
    """Read a temperature in C; NaN where the field is empty."""
    if value == "" or value.lower() in {"nan", "na", "null"}:
        return float("nan")
    try:
        degrees = float(value.replace(",", "."))  # decimal commas in files with semicolons
    except ValueError:
        degrees = float("inf")
    if not _MIN_C <= degrees <= _MAX_C:
        raise _bad_value(file, number, "temperature", value)
    return degrees


def _filled(
    temperature_c: Floats, rows: Sequence[tuple[int, int, str]], file: str
) -> tuple[Floats, tuple[Repair, ...]]:
    """Short gaps filled between their neighbours; long ones are an error."""
    known = np.flatnonzero(np.isfinite(temperature_c))
    missing = np.flatnonzero(~np.isfinite(temperature_c))
    if missing.size == 0:
        return temperature_c, ()
    edges = np.concatenate(([-1], known, [temperature_c.size]))
    longest = int(np.diff(edges).max()) - 1
    if longest > MAX_GAP_H:
        at = int(edges[int(np.diff(edges).argmax())]) + 1
        raise InputError(
            code="weather-gap",
            message=text("{n} hours in a row have no temperature", n=longest),
            where=Where(file=file, row=rows[at][0], field="temperature"),
            expected=text("gaps of at most {n} hours", n=MAX_GAP_H),
            hint=text("fill in the hours, or take another year or station"),
        )
    filled = np.interp(np.arange(temperature_c.size), known, temperature_c[known])
    repair = Repair(
        code="weather-gap-filled",
        file=file,
        count=int(missing.size),
        example=text("line {row}", row=rows[int(missing[0])][0]),
        action=text("missing temperatures were filled between the hours before and after"),
    )
    return filled, (repair,)


def _unreadable(file: str, reason: str) -> InputError:
    return InputError(
        code="weather-unreadable",
        message=text("{file} cannot be read as weather: {reason}", file=file, reason=reason),
        where=Where(file=file),
        expected=text("an EPW file or hourly CSV with a time and a temperature column"),
        hint=text("download it again; hourly CSV of PVGIS and EPW files work as they are"),
    )


def _bad_value(file: str, row: int, field: str, value: str) -> InputError:
    return InputError(
        code="weather-bad-value",
        message=text("a {field} in the weather file cannot be right", field=field),
        where=Where(file=file, row=row, field=field, value=_cut(value)),
        expected=text("hours as times of day, temperatures between -70 and 60 C"),
        hint=text("correct the line; temperatures are in degrees Celsius, missing ones stay empty"),
    )


def _cut(value: str) -> str:
    return value[:200]
