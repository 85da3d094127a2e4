"""Read the configuration of a bus study: the user's own figures, and the settings beside them.

The file is TOML. Its tables are either subjects of the catalogue, whose figures it replaces
(`[costs]`, `[buses.bus_12m_350]` ...), or settings of the study:

- `[fleet] vehicle_types, max_vehicles, electric_shares`: the bus types to plan with, all of the
  catalogue where none is named; how many vehicles there may be at most; the share of the fleet that
  is electric at the end of each year of the phase-in;
- `[[depots]] name, lat, lon, connection_kw, max_points`: the last two are optional limits;
- `[[terminals]] name, lat, lon, point_kw, connection_kw, max_points`: where buses may charge
  between trips: a place of the timetable by its name or place_id, or by its position; the last
  three are optional;
- `[charging] terminals`: none, auto or given, see TerminalUse;
- `[service] date`: the service day;
- `[operation] min_layover_s, deadhead_kmh`: the least time between activities of different trips,
  and the speed without passengers in place of the calibrated one;
- `[tariff] country`: where the electricity comes from (ISO 3166, two letters), for its carbon;
- `[grid] region`: rural or urban, what trenches cost there; `[grid.nodes]`: depot = node of the
  grid that `--grid` gives; both are only used with it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from viavolta.catalogue import Assumptions
from viavolta.catalogue.assumptions import read_config
from viavolta.catalogue.bus_types import bus_type_names
from viavolta.engines.costs.carbon import country_code
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.grid_prices import Region
from viavolta.model.messages import text
from viavolta.services.config_reader import ConfigReader, Table
from viavolta.services.terminal_settings import (
    TERMINAL_KEYS,
    TerminalSetting,
    TerminalUse,
    read_terminal_use,
    read_terminals,
)

BUS_SUBJECTS = (
    "buses",
    "climates",
    "energy",
    "costs",
    "tariffs",
    "carbon",
    "prices",
    "planning",
    "roads",
    "robustness",
    "phase_in",
    "clean_vehicles",
)
"""Subjects of the catalogue that a bus study rests on."""

SETTINGS: dict[str, tuple[str, ...]] = {
    "fleet": ("vehicle_types", "max_vehicles", "electric_shares"),
    "depots": ("name", "lat", "lon", "connection_kw", "max_points"),
    "terminals": TERMINAL_KEYS,
    "charging": ("terminals",),
    "service": ("date",),
    "operation": ("min_layover_s", "deadhead_kmh"),
    "tariff": ("country",),
    "grid": ("nodes", "region"),
}
"""Tables of settings and the keys each may have."""

MAX_BYTES = 1_000_000
MAX_DEPOTS = 200
MAX_POINTS = 10_000
MAX_VEHICLES = 10_000
MAX_KW = 1_000_000.0
MAX_LAYOVER_S = 6 * 3600
MAX_DEADHEAD_KMH = 60.0
LAYOVER_KEY = "planning.min_layover_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotSetting:
    """A depot as the user gives it; a limit that is None is for the planner to size."""

    name: str
    lat: float
    lon: float
    connection_kw: float | None = None
    max_points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSettings:
    """What the user decides beside figures. Empty or None: the planner's own choice.

    `vehicle_types` holds catalogue names; `country` is the catalogue's lower-case code;
    `grid_nodes` maps depots, by name or place_id, to nodes of a grid, which lies in a
    `grid_region`.
    """

    vehicle_types: tuple[str, ...]
    max_vehicles: int | None = None
    depots: tuple[DepotSetting, ...]
    service_date: dt.date | None
    min_layover_s: int
    deadhead_kmh: float | None
    country: str | None
    grid_nodes: Mapping[str, str]
    grid_region: Region
    electric_shares: tuple[float, ...] = ()
    terminals: tuple[TerminalSetting, ...] = ()
    terminal_use: TerminalUse = TerminalUse.AUTO


def bus_assumptions(config: Path | None) -> tuple[Assumptions, BusSettings]:
    """Load the catalogue and put the user's own values and settings on top.

    A value equal to the catalogue's leaves the catalogue's source in place.

    Raises
    ------
    UsageError: there is no such file.
    InputError: it is too large, not TOML, or holds an unknown key or a value that cannot be.
    """
    assumptions = Assumptions(BUS_SUBJECTS)
    file, source, content = ("", "", {}) if config is None else _content(config)
    reader = ConfigReader(file, source, assumptions=assumptions)
    reader.check_tables(content, SETTINGS, subjects=BUS_SUBJECTS)
    figures = {name: table for name, table in content.items() if name in BUS_SUBJECTS}
    changed = reader.changed_figures(figures)
    operation = reader.table(content, "operation", SETTINGS["operation"])
    _set_layover(operation, changed, reader)
    assumptions.replace(changed, file=file)
    return assumptions, _settings(content, operation, reader)


def _content(config: Path) -> tuple[str, str, Table]:
    if not config.is_file():
        raise UsageError(
            code="missing-path",
            message=text("there is no file {file}", file=config),
            hint=text("`viavolta config bus` prints a file to start from"),
        )
    if config.stat().st_size > MAX_BYTES:
        raise InputError(
            code="config-too-large",
            message=text("{file} is too large for a configuration", file=config.name),
            where=Where(file=config.name, value=str(config.stat().st_size)),
            expected=text("at most {n} bytes", n=MAX_BYTES),
            hint=text("`viavolta config bus` prints a file to start from"),
        )
    try:
        content = read_config(config)
    except (RecursionError, ValueError) as error:
        raise InputError(
            code="config-not-toml",
            message=text("{file} is nested too deeply, or has a number too long", file=config.name),
            where=Where(file=config.name),
            hint=text("`viavolta config bus` prints a valid file to start from"),
        ) from error
    return config.name, config.read_text(encoding="utf-8-sig"), content


def _set_layover(operation: Table, changed: dict[str, float | str], reader: ConfigReader) -> None:
    """One truth for the layover: the setting goes into the figure the study reports."""
    field = "operation.min_layover_s"
    if "min_layover_s" not in operation:
        return
    value = reader.whole(field, operation["min_layover_s"], low=0, high=MAX_LAYOVER_S)
    if changed.get(LAYOVER_KEY, value) != value:
        raise reader.error(
            code="config-conflict",
            message=text("{a} and {b} contradict each other", a=field, b=LAYOVER_KEY),
            field=field,
            value=value,
            expected=text("one of the two, or the same value"),
        )
    changed.update(reader.changed_figures({"planning": {"min_layover_s": value}}))


def _settings(content: Table, operation: Table, reader: ConfigReader) -> BusSettings:
    fleet = reader.table(content, "fleet", SETTINGS["fleet"])
    service = reader.table(content, "service", SETTINGS["service"])
    tariff = reader.table(content, "tariff", SETTINGS["tariff"])
    grid = reader.table(content, "grid", SETTINGS["grid"])
    deadhead = operation.get("deadhead_kmh")
    most = fleet.get("max_vehicles")
    return BusSettings(
        vehicle_types=_vehicle_types(fleet.get("vehicle_types", []), reader),
        max_vehicles=None
        if most is None
        else reader.whole("fleet.max_vehicles", most, low=1, high=MAX_VEHICLES),
        depots=_depots(content.get("depots", []), reader),
        service_date=_date(service.get("date"), reader),
        min_layover_s=round(float(reader.assumptions.figure(LAYOVER_KEY).value)),
        deadhead_kmh=None
        if deadhead is None
        else reader.number("operation.deadhead_kmh", deadhead, low=1, high=MAX_DEADHEAD_KMH),
        country=_country(tariff.get("country"), reader),
        grid_nodes=_grid_nodes(grid.get("nodes", {}), reader),
        grid_region=_grid_region(grid.get("region", Region.URBAN.value), reader),
        electric_shares=_electric_shares(fleet.get("electric_shares", []), reader),
        terminals=(terminals := read_terminals(content.get("terminals", []), reader)),
        terminal_use=read_terminal_use(
            reader.table(content, "charging", SETTINGS["charging"]),
            reader,
            n_terminals=len(terminals),
        ),
    )


def _electric_shares(value: object, reader: ConfigReader) -> tuple[float, ...]:
    """Shares of the fleet at the end of each year of the phase-in, never falling."""
    field = "fleet.electric_shares"
    shares = tuple(reader.number(field, one, low=0, high=1) for one in reader.items(field, value))
    if list(shares) != sorted(shares):
        raise reader.error(
            code="config-out-of-range",
            message=text("{key} cannot have this value", key=field),
            field=field,
            value=", ".join(f"{share:g}" for share in shares),
            expected=text("shares that do not fall from year to year"),
        )
    return shares


def _vehicle_types(value: object, reader: ConfigReader) -> tuple[str, ...]:
    field = "fleet.vehicle_types"
    known = bus_type_names(reader.assumptions)
    names = [reader.name(field, one) for one in reader.items(field, value)]
    for name in names:
        if name not in known:
            raise reader.error(
                code="config-unknown-type",
                message=text("{name} is not a bus type of the catalogue", name=name),
                field=field,
                value=name,
                expected=", ".join(known),
                near=known,
            )
    return tuple(dict.fromkeys(names))


def _depots(value: object, reader: ConfigReader) -> tuple[DepotSetting, ...]:
    entries = reader.items("depots", value)
    if len(entries) > MAX_DEPOTS:
        raise reader.error(
            code="config-out-of-range",
            message=text("there are too many depots"),
            field="depots",
            value=len(entries),
            expected=text("at most {n}", n=MAX_DEPOTS),
        )
    depots = [_depot(f"depots[{n}]", entry, reader) for n, entry in enumerate(entries, 1)]
    names = [depot.name for depot in depots]
    for n, name in enumerate(names):
        if name in names[:n]:
            raise reader.error(
                code="config-conflict",
                message=text("two depots have the same name"),
                field=f"depots[{n + 1}].name",
                value=name,
                expected=text("a name of its own for each depot"),
            )
    return tuple(depots)


def _depot(field: str, entry: object, reader: ConfigReader) -> DepotSetting:
    table = reader.table({field: entry}, field, SETTINGS["depots"])
    for key in ("name", "lat", "lon"):
        if key not in table:
            raise reader.error(
                code="config-missing-key",
                message=text("{field} has no {key}", field=field, key=key),
                field=f"{field}.{key}",
                value=None,
                expected=text("name, lat and lon for each depot"),
            )
    kw, points = table.get("connection_kw"), table.get("max_points")
    return DepotSetting(
        name=reader.name(f"{field}.name", table["name"]),
        lat=reader.number(f"{field}.lat", table["lat"], low=-90, high=90),
        lon=reader.number(f"{field}.lon", table["lon"], low=-180, high=180),
        connection_kw=None
        if kw is None
        else reader.number(f"{field}.connection_kw", kw, low=1, high=MAX_KW),
        max_points=None
        if points is None
        else reader.whole(f"{field}.max_points", points, low=1, high=MAX_POINTS),
    )


def _date(value: object, reader: ConfigReader) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise reader.error(
            code="config-wrong-kind",
            message=text("service.date is not a date"),
            field="service.date",
            value=value,
            expected=text("a date such as 2025-02-10"),
        ) from None


def _country(value: object, reader: ConfigReader) -> str | None:
    if value is None:
        return None
    return country_code(reader.assumptions, reader.name("tariff.country", value), file=reader.file)


def _grid_nodes(value: object, reader: ConfigReader) -> dict[str, str]:
    nodes = reader.table({"grid.nodes": value}, "grid.nodes", None)
    return {place: reader.name(f"grid.nodes.{place}", node) for place, node in nodes.items()}


def _grid_region(value: object, reader: ConfigReader) -> Region:
    word = reader.name("grid.region", value)
    if word not in set(Region):
        raise reader.error(
            code="config-out-of-range",
            message=text("{field} cannot be {word}", field="grid.region", word=word),
            field="grid.region",
            value=word,
            expected=", ".join(Region),
        )
    return Region(word)
