"""Departures of a fleet, CSV: which vehicle leaves when, on which day, with how much.

Columns `vehicle`, `day` (2026-12-24), `time` (06:30, or the word stays), and if wanted
`charge_to_percent` or `energy_kwh`. Separated by commas or semicolons; with semicolons a decimal
comma is read, too.
"""

import csv
import datetime as dt
import io
import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

MAX_ROWS = 20_000
REQUIRED = ("vehicle", "day", "time")
OPTIONAL = ("charge_to_percent", "energy_kwh")
STAYS = "stays"
MOST_KWH = 2_000.0
_PERCENT = 100.0


class Fault(StrEnum):
    """What is wrong with a row; the hub has the words."""

    NO_TEXT = "no-text"
    NO_COLUMN = "no-column"
    TOO_MANY = "too-many"
    NO_VEHICLE = "no-vehicle"
    NO_DAY = "no-day"
    NO_TIME = "no-time"
    NO_PERCENT = "no-percent"
    NO_ENERGY = "no-energy"
    TWO_NEEDS = "two-needs"
    TWICE = "twice"
    STAYS_AND_LEAVES = "stays-and-leaves"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that cannot be read: its number in the file (1 is the head), column and value."""

    row: int
    column: str
    value: str
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureRow:
    """A departure by local clocks; `minute` of the day, None where the vehicle stays."""

    row: int
    vehicle: str
    day: dt.date
    minute: int | None
    target_soc: float | None
    energy_kwh: float | None


def read_departures(
    content: bytes, vehicles: Collection[str]
) -> tuple[list[DepartureRow], list[BadRow]]:
    """All rows that can be read, and every one that cannot; `vehicles` are the names that count."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [BadRow(row=1, column="", value="", fault=Fault.NO_TEXT)]
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().lower() for name in next(lines, [])]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        return [], [BadRow(row=1, column=n, value="", fault=Fault.NO_COLUMN) for n in missing]
    reading = _Reading(frozenset(vehicles), has_decimal_comma=delimiter == ";")
    try:
        for cells in lines:
            if lines.line_num > MAX_ROWS + 1:
                reading.find(lines.line_num, "", "", Fault.TOO_MANY)
                break
            if any(cell.strip() for cell in cells):
                said = dict(zip(names, (cell.strip() for cell in cells), strict=False))
                reading.take(lines.line_num, said)
    except csv.Error:
        reading.find(lines.line_num, "", "", Fault.NO_TEXT)
    return reading.rows, reading.bad


class _Reading:
    """What was read so far."""

    def __init__(self, vehicles: frozenset[str], *, has_decimal_comma: bool) -> None:
        self.rows: list[DepartureRow] = []
        self.bad: list[BadRow] = []
        self._vehicles = vehicles
        self._has_decimal_comma = has_decimal_comma
        self._seen: set[tuple[str, dt.date, int | None]] = set()
        self._stays: dict[tuple[str, dt.date], bool] = {}

    def find(self, row: int, column: str, value: str, fault: Fault) -> None:
        self.bad.append(BadRow(row=row, column=column, value=value[:80], fault=fault))

    def take(self, row: int, said: dict[str, str]) -> None:
        n_bad = len(self.bad)
        vehicle = said.get("vehicle", "")
        if vehicle not in self._vehicles:
            self.find(row, "vehicle", vehicle, Fault.NO_VEHICLE)
        day = self._day(row, said.get("day", ""))
        minute = self._minute(row, said.get("time", ""))
        percent = self._number(row, said, "charge_to_percent", _PERCENT, Fault.NO_PERCENT)
        energy_kwh = self._number(row, said, "energy_kwh", MOST_KWH, Fault.NO_ENERGY)
        if percent is not None and energy_kwh is not None:
            self.find(row, "energy_kwh", said["energy_kwh"], Fault.TWO_NEEDS)
        if day is not None and len(self.bad) == n_bad:
            self._check_once(row, vehicle, day, minute)
        if day is None or len(self.bad) > n_bad:
            return
        self.rows.append(
            DepartureRow(
                row=row,
                vehicle=vehicle,
                day=day,
                minute=minute,
                target_soc=None if percent is None else percent / _PERCENT,
                energy_kwh=energy_kwh,
            )
        )

    def _check_once(self, row: int, vehicle: str, day: dt.date, minute: int | None) -> None:
        if (vehicle, day, minute) in self._seen:
            self.find(row, "vehicle", vehicle, Fault.TWICE)
        elif self._stays.get((vehicle, day), minute is None) != (minute is None):
            self.find(row, "time", vehicle, Fault.STAYS_AND_LEAVES)
        self._seen.add((vehicle, day, minute))
        self._stays.setdefault((vehicle, day), minute is None)

    def _day(self, row: int, value: str) -> dt.date | None:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.find(row, "day", value, Fault.NO_DAY)
            return None

    def _minute(self, row: int, value: str) -> int | None:
        if value.lower() == STAYS:
            return None
        try:
            found = dt.datetime.strptime(value, "%H:%M")  # noqa: DTZ007 - a time of day
        except ValueError:
            self.find(row, "time", value, Fault.NO_TIME)
            return None
        return found.hour * 60 + found.minute

    def _number(
        self, row: int, said: dict[str, str], column: str, most: float, fault: Fault
    ) -> float | None:
        value = said.get(column, "")
        if not value:
            return None
        try:
            found = float(value.replace(",", ".") if self._has_decimal_comma else value)
        except ValueError:
            found = math.nan
        if not 0 < found <= most:
            self.find(row, column, value, fault)
            return None
        return found
