"""Is this object as OCPI says? All findings at once, each with its place."""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).with_name("objects_2_2_1.txt")
_SIZED = re.compile(r"(CiString|string)\((\d+)\)")
MOST_FINDINGS = 50
MOST_ROWS = 10_000
"""Of one list within an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong where: `place` is a path such as `evses[0].status`."""

    place: str
    expected: str

    def __str__(self) -> str:
        return f"{self.place or 'body'}: {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A row of a table of the specification."""

    name: str
    kind: str
    cardinality: str


def findings(kind: str, value: Any, *, is_patch: bool = False) -> list[Finding]:
    """What is wrong with an object of a kind; empty where nothing is, at most MOST_FINDINGS.

    `is_patch`: only what is there must be right (PATCH), and null takes an optional property away.
    Properties that OCPI does not know are let through, as it asks.

    Raises
    ------
    KeyError: no such kind.
    """
    found: list[Finding] = []
    for finding in _of_object(objects()[kind], value, "", is_patch=is_patch):
        found.append(finding)
        if len(found) == MOST_FINDINGS:
            break
    return found


def is_one_of(enumeration: str, value: object) -> bool:
    """Whether a value is a word of an enumeration."""
    return isinstance(value, str) and value in enumerations()[enumeration]


@cache
def objects() -> Mapping[str, tuple[Property, ...]]:
    """The properties of every object."""
    return _read()[0]


@cache
def enumerations() -> Mapping[str, tuple[str, ...]]:
    """The words of every enumeration."""
    return _read()[1]


@cache
def _read() -> tuple[dict[str, tuple[Property, ...]], dict[str, tuple[str, ...]]]:
    shapes: dict[str, list[Property]] = {}
    enums: dict[str, tuple[str, ...]] = {}
    current: list[Property] = []
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        match words:
            case []:
                continue
            case ["enum", name, *values]:
                enums[name] = tuple(values)
            case ["object", name]:
                current = shapes.setdefault(name, [])
            case [name, kind, cardinality]:
                current.append(Property(name=name, kind=kind, cardinality=cardinality))
    return {name: tuple(rows) for name, rows in shapes.items()}, enums


def _of_object(
    shape: tuple[Property, ...], value: Any, place: str, *, is_patch: bool
) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield Finding(place=place, expected="an object")
        return
    for row in shape:
        inner = f"{place}.{row.name}" if place else row.name
        yield from _of_property(row, value, inner, is_patch=is_patch)


def _of_property(
    row: Property, value: Mapping[str, Any], place: str, *, is_patch: bool
) -> Iterator[Finding]:
    given = value.get(row.name)
    is_list = row.cardinality in "*+"
    if given is None:
        is_needed = row.cardinality in "1+" and not (is_patch and row.name not in value)
        if is_needed:
            yield Finding(place=place, expected=f"is required ({row.kind})")
    elif not is_list:
        yield from _of_value(row.kind, given, place)
    elif not isinstance(given, list) or (row.cardinality == "+" and not given):
        yield Finding(place=place, expected="a list" + " with a row" * (row.cardinality == "+"))
    elif len(given) > MOST_ROWS:
        yield Finding(place=place, expected=f"at most {MOST_ROWS} rows")
    else:
        for i, one in enumerate(given):
            yield from _of_value(row.kind, one, f"{place}[{i}]")


def _of_value(kind: str, value: Any, place: str) -> Iterator[Finding]:
    if kind in objects():
        yield from _of_object(objects()[kind], value, place, is_patch=False)
        return
    words = enumerations().get(kind)
    if words is not None:
        if not is_one_of(kind, value):
            yield Finding(place=place, expected=f"one of {', '.join(words)}")
        return
    expected = _scalar(kind)(value)
    if expected:
        yield Finding(place=place, expected=expected)


@cache
def _scalar(kind: str) -> Callable[[Any], str]:
    """A check of a plain value: what is expected instead, empty where it is right."""
    sized = _SIZED.fullmatch(kind)
    if sized is None:
        return _SCALARS[kind]
    name, most = sized[1], int(sized[2])

    def text_of(value: Any) -> str:
        is_right = isinstance(value, str) and len(value) <= most and value.isprintable()
        if is_right and (name == "string" or value.isascii()):
            return ""
        return f"{name}({most})"

    return text_of


def moment_of(text: object) -> dt.datetime | None:
    """A DateTime of OCPI as UTC; None for anything else. Without a zone it is UTC; no other is."""
    if not isinstance(text, str) or not _DATE_TIME.fullmatch(text):
        return None
    try:
        return dt.datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def as_date_time(moment: dt.datetime) -> str:
    """A moment as OCPI writes it: UTC, whole seconds unless there is a fraction."""
    at = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return f"{at.isoformat(timespec='milliseconds' if at.microsecond else 'seconds')}Z"


_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z?")


def _matches(pattern: str, expected: str) -> Callable[[Any], str]:
    whole = re.compile(pattern)

    def check(value: Any) -> str:
        return "" if isinstance(value, str) and whole.fullmatch(value) else expected

    return check


def _number(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if is_number and math.isfinite(value) else "a number"


def _whole(value: Any) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"


_SCALARS: Mapping[str, Callable[[Any], str]] = {
    "number": _number,
    "int": _whole,
    "boolean": lambda value: "" if isinstance(value, bool) else "true or false",
    "DateTime": lambda value: (
        "" if moment_of(value) else "a time in UTC such as 2026-12-01T08:00:00Z"
    ),
    "URL": _matches(r"https?://[!-~]{1,247}", "an address of at most 255 characters"),
    "Secret": _matches(r"[!-~]{1,64}", "1 to 64 printable ASCII characters without spaces"),
    "Latitude": _matches(r"-?[0-9]{1,2}\.[0-9]{5,7}", "degrees with 5 to 7 decimals"),
    "Longitude": _matches(r"-?[0-9]{1,3}\.[0-9]{5,7}", "degrees with 5 to 7 decimals"),
    "ClockTime": _matches(r"([0-1][0-9]|2[0-3]):[0-5][0-9]", "a time of day such as 18:15"),
    "CalendarDate": _matches(
        r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "a date such as 2026-12-24"
    ),
}
