"""What the configuration of a bus study says about charging at terminals."""

from dataclasses import dataclass
from enum import StrEnum

from viavolta.model.messages import text
from viavolta.services.config_reader import ConfigReader, Table

TERMINAL_KEYS = ("name", "lat", "lon", "point_kw", "connection_kw", "max_points")
MAX_TERMINALS = 500
MAX_POINTS = 1_000
MAX_KW = 100_000.0


class TerminalUse(StrEnum):
    """Whether buses charge at terminals."""

    NONE = "none"
    """Depots only."""
    AUTO = "auto"
    """Where it pays: at the terminals given, or without any at those the planner finds."""
    GIVEN = "given"
    """At the terminals given, whatever they cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSetting:
    """A terminal as the user gives it: by a name or place_id, or by its position.

    `field` is where it stands in the configuration. What is None is for the planner to choose.
    """

    field: str
    name: str | None
    lat: float | None
    lon: float | None
    point_kw: float | None
    connection_kw: float | None
    max_points: int | None


def read_terminals(value: object, reader: ConfigReader) -> tuple[TerminalSetting, ...]:
    """Read `[[terminals]]`.

    Raises
    ------
    InputError: a key or value that cannot be, neither a name nor a position, or too many.
    """
    entries = reader.items("terminals", value)
    if len(entries) > MAX_TERMINALS:
        raise reader.error(
            code="config-out-of-range",
            message=text("there are too many terminals"),
            field="terminals",
            value=len(entries),
            expected=text("at most {n}", n=MAX_TERMINALS),
        )
    return tuple(_terminal(f"terminals[{n}]", one, reader) for n, one in enumerate(entries, 1))


def _terminal(field: str, entry: object, reader: ConfigReader) -> TerminalSetting:
    table = reader.table({field: entry}, field, TERMINAL_KEYS)
    if "name" not in table and not {"lat", "lon"} <= set(table):
        raise reader.error(
            code="config-missing-key",
            message=text("{field} has neither a name nor lat and lon", field=field),
            field=field,
            value=None,
            expected=text("the name of a place of the timetable, or its position"),
        )

    if ("lat" in table) != ("lon" in table):
        raise reader.error(
            code="config-missing-key",
            message=text("{field} has only one of lat and lon", field=field),
            field=field,
            value=None,
            expected=text("the name of a place of the timetable, or its position"),
        )

    def number(key: str, low: float, high: float) -> float | None:
        if key not in table:
            return None
        return reader.number(f"{field}.{key}", table[key], low=low, high=high)

    points = table.get("max_points")
    return TerminalSetting(
        field=field,
        name=reader.name(f"{field}.name", table["name"]) if "name" in table else None,
        lat=number("lat", -90, 90),
        lon=number("lon", -180, 180),
        point_kw=number("point_kw", 1, MAX_KW),
        connection_kw=number("connection_kw", 1, MAX_KW),
        max_points=None
        if points is None
        else reader.whole(f"{field}.max_points", points, low=1, high=MAX_POINTS),
    )


def read_terminal_use(table: Table, reader: ConfigReader, *, n_terminals: int) -> TerminalUse:
    """Read `[charging] terminals`.

    Raises
    ------
    InputError: another word, or "given" without any terminal.
    """
    field = "charging.terminals"
    word = reader.name(field, table.get("terminals", TerminalUse.AUTO.value))
    if word not in set(TerminalUse):
        raise reader.error(
            code="config-out-of-range",
            message=text("{field} cannot be {word}", field=field, word=word),
            field=field,
            value=word,
            expected=", ".join(TerminalUse),
        )
    if word == TerminalUse.GIVEN and not n_terminals:
        raise reader.error(
            code="config-missing-key",
            message=text("{field} is given, but no terminal is", field=field),
            field=field,
            value=word,
            expected=text("at least one table [[terminals]]"),
        )
    return TerminalUse(word)
