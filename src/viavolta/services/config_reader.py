"""Check what a configuration file says, value by value; each error names its line."""

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from viavolta.catalogue import Assumptions, Figure
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

Table = dict[str, Any]

MAX_CHARS = 200
MAX_VALUE = 1e9
HOUR_S = 3600

POSITIVE = re.compile(
    r"(_years|_cycles|kwh_per_l|capacity_kwh|mass_kg|area_m2|_cop|_kmh|_efficiency|_factor"
    r"|buses\..*length_m|\.step_s|point_\d_kw|max_charge_kw|acceleration_m_s2)$"
)
"""Figures that something is divided by, or that nothing works without."""

AT_MOST_ONE = re.compile(
    r"(_share|_efficiency|_soc|\.failed_points|\.wanted_chance|^clean_vehicles\..*)$"
)
MULTIPLE = re.compile(r"(load_most_share|index_since_2012_share|whole_line_share)$")
"""Shares of something that may be exceeded: a rating, the prices of another year."""
BELOW_ONE = re.compile(r"(_losses_share)$")
TEMPERATURE = re.compile(r"_c$")
HOT = re.compile(r"\.thermal\.")
HOTTEST_C = 250
"""Insides of a transformer may be hotter than any air."""
SIGNED = re.compile(r"^prices\.|_change_share$|\.tap_min$")
"""Figures that may be negative beside temperatures: exchange prices, price changes, taps."""
DEGREES = {".lat": 90.0, ".lon": 180.0}


class ConfigReader:
    """The content of one file against the catalogue."""

    def __init__(self, file: str, source: str, *, assumptions: Assumptions) -> None:
        self.file = file
        self.assumptions = assumptions
        self._rows = _rows_of(source)

    def check_tables(
        self, content: Table, settings: Mapping[str, Iterable[str]], *, subjects: Collection[str]
    ) -> None:
        """Refuse tables that are neither settings nor subjects of the catalogue."""
        known = [*settings, *subjects]
        for name in content:
            if name not in known:
                raise self.error(
                    code="config-unknown-key",
                    message=text("{name} is not a known table", name=name[:MAX_CHARS]),
                    field=name,
                    value=None,
                    expected=", ".join(known),
                    near=known,
                )

    def changed_figures(self, tables: Table) -> dict[str, float | str]:
        """Check the user's figures and return those that differ from the catalogue's."""
        known = self.assumptions.keys()
        changed: dict[str, float | str] = {}
        for field, value in _flat(tables, ""):
            if field not in known:
                raise self.error(
                    code="config-unknown-key",
                    message=text("{key} is not a known assumption", key=field[:MAX_CHARS]),
                    field=field,
                    value=value,
                    expected=text("a key that `viavolta config` prints"),
                    near=known,
                )
            figure = self.assumptions.figure(field)
            own = self._figure_value(figure, value)
            if own != figure.value:
                changed[field] = own
        return changed

    def table(self, content: Table, field: str, keys: Iterable[str] | None) -> Table:
        """Take the table at `field`, empty if absent; `keys` it may have, None for any."""
        value = content.get(field, {})
        if not isinstance(value, dict):
            raise self._wrong_kind(field, value, text("a table"))
        known = None if keys is None else list(keys)
        for key in value:
            name = f"{field}.{key}"
            if known is not None and key not in known:
                raise self.error(
                    code="config-unknown-key",
                    message=text("{key} is not a known setting", key=name[:MAX_CHARS]),
                    field=name,
                    value=value[key],
                    expected=", ".join(known),
                    near=known,
                )
        return value

    def items(self, field: str, value: object) -> list[object]:
        """Take a list."""
        if not isinstance(value, list):
            raise self._wrong_kind(field, value, text("a list"))
        return value

    def name(self, field: str, value: object) -> str:
        """Take a word of 1 to 200 printable characters."""
        if not isinstance(value, str):
            raise self._wrong_kind(field, value, text("a text in quotes"))
        if not (value.strip() and len(value) <= MAX_CHARS and value.isprintable()):
            raise self._out_of_range(
                field, value, text("1 to {n} printable characters", n=MAX_CHARS)
            )
        return value

    def number(self, field: str, value: object, *, low: float, high: float) -> float:
        """Take a finite number between two bounds, both allowed."""
        number = self._finite(field, value)
        if not low <= number <= high:
            raise self._out_of_range(field, value, text("{low:g} to {high:g}", low=low, high=high))
        return number

    def whole(self, field: str, value: object, *, low: int, high: int) -> int:
        """Take a whole number between two bounds, both allowed."""
        number = self.number(field, value, low=low, high=high)
        if number != int(number):
            raise self._wrong_kind(field, value, text("a whole number"))
        return int(number)

    def error(
        self,
        *,
        code: str,
        message: str,
        field: str,
        value: object,
        expected: str,
        near: Iterable[str] = (),
    ) -> InputError:
        """Make the error for a field, with its line and the nearest of the `near` words."""
        missed = str(value if code == "config-unknown-type" else field)
        close = difflib.get_close_matches(missed[:MAX_CHARS], list(near), n=1)
        if not close:
            last = missed.rpartition(".")[2][:MAX_CHARS]
            close = difflib.get_close_matches(last, list(near), n=1)
        return InputError(
            code=code,
            message=message,
            where=Where(
                file=self.file,
                row=self._rows.get(field),
                field=field[:MAX_CHARS],
                value=None if value is None else str(value)[:MAX_CHARS],
            ),
            expected=expected,
            hint=text("did you mean {near}?", near=close[0])
            if close
            else text("compare with the file that `viavolta config` prints"),
        )

    def _figure_value(self, figure: Figure, value: object) -> float | str:
        if isinstance(figure.value, str):
            return self.name(figure.key, value)
        number = self._finite(figure.key, value)
        low, high, expected = _bounds(figure)
        if not low <= number <= high or (BELOW_ONE.search(figure.key) and number == 1):
            raise self._out_of_range(figure.key, value, expected)
        if POSITIVE.search(figure.key) and number == 0:
            raise self._out_of_range(figure.key, value, text("a number above 0"))
        if figure.key == "planning.step_s" and (number != int(number) or HOUR_S % number):
            raise self._out_of_range(figure.key, value, text("a divisor of 3600 s, such as 900"))
        return number

    def _finite(self, field: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong_kind(field, value, text("a number"))
        if abs(value) > MAX_VALUE or not math.isfinite(value):
            raise self._out_of_range(field, value, text("a number of ordinary size"))
        return float(value)

    def _wrong_kind(self, field: str, value: object, expected: str) -> InputError:
        return self.error(
            code="config-wrong-kind",
            message=text("{key} has the wrong kind of value", key=field[:MAX_CHARS]),
            field=field,
            value=value,
            expected=expected,
        )

    def _out_of_range(self, field: str, value: object, expected: str) -> InputError:
        return self.error(
            code="config-out-of-range",
            message=text("{key} cannot have this value", key=field[:MAX_CHARS]),
            field=field,
            value=value,
            expected=expected,
        )


def _bounds(figure: Figure) -> tuple[float, float, str]:
    if TEMPERATURE.search(figure.key):
        hottest = HOTTEST_C if HOT.search(figure.key) else 100
        return -90, hottest, text("-90 to {most} °C", most=hottest)
    for ending, most in DEGREES.items():
        if figure.key.endswith(ending):
            return -most, most, text("{low:g} to {high:g} degrees", low=-most, high=most)
    is_part = AT_MOST_ONE.search(figure.key) and not MULTIPLE.search(figure.key)
    high = 1.0 if is_part else MAX_VALUE
    low = -high if SIGNED.search(figure.key) else 0.0
    return low, high, text("{low:g} to {high:g} {unit}", low=low, high=high, unit=figure.unit)


def _flat(tables: Table, prefix: str) -> Iterable[tuple[str, object]]:
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]\"']+?)\s*\]")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\- ]+?)\s*=")


def _rows_of(source: str) -> dict[str, int]:
    """Line of each key that is written plainly; the parser itself does not tell."""
    rows: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for row, line in enumerate(source.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[2].replace(" ", "")
            if header[1] == "[[":
                counts[name] = counts.get(name, 0) + 1
                name = f"{name}[{counts[name]}]"
            prefix = f"{name}."
            rows.setdefault(name, row)
        elif key := _KEY.match(line):
            rows.setdefault(prefix + key[1].replace(" ", ""), row)
    return rows
