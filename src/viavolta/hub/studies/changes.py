"""What a scenario changes of its baseline: kept as a list, each change with its switch.

A change is `{"kind": ..., "on": true, "value": ...}`. Switched off it is kept and does nothing.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import bus_type_names
from viavolta.hub.studies.results.shown import number, percent
from viavolta.services.bus.estimate import Changes, DepotPoint

Change = dict[str, Any]
DEFAULT_TYPES = ("bus_12m_350", "bus_12m_480")
"""What the planner chooses from where no type is named."""


class ChangeKind(StrEnum):
    """What can be changed."""

    VEHICLE_TYPES = "vehicle-types"
    BATTERY = "battery"
    DEPOTS = "depots"
    PRICE = "price"
    WINTER = "winter"
    LAYOVER = "layover"
    SPEED = "speed"
    GRID = "grid"


def labels() -> dict[ChangeKind, str]:
    """Kinds of change in words."""
    return {
        ChangeKind.VEHICLE_TYPES: _("Bus types"),
        ChangeKind.BATTERY: _("Battery"),
        ChangeKind.DEPOTS: _("Depots"),
        ChangeKind.PRICE: _("Wholesale price of electricity"),
        ChangeKind.WINTER: _("Coldest day"),
        ChangeKind.LAYOVER: _("Least layover"),
        ChangeKind.SPEED: _("Speed of empty ways"),
        ChangeKind.GRID: _("Grid"),
    }


def known_types() -> tuple[str, ...]:
    """The bus types of the catalogue."""
    return bus_type_names(Assumptions(("buses",)))


def changed_config(config: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The configuration of a baseline with what is switched on put on top."""
    made: dict[str, Any] = copy.deepcopy(dict(config))
    on = {ChangeKind(c["kind"]): c["value"] for c in changes if c["on"]}
    if ChangeKind.VEHICLE_TYPES in on:
        _set(made, "fleet.vehicle_types", list(on[ChangeKind.VEHICLE_TYPES]))
    for key, value in figures_of(made, changes).items():
        _set(made, key, value)
    if ChangeKind.DEPOTS in on:
        made["depots"] = [dict(depot) for depot in on[ChangeKind.DEPOTS]]
    if ChangeKind.LAYOVER in on:
        made.get("planning", {}).pop("min_layover_s", None)
        _set(made, "operation.min_layover_s", on[ChangeKind.LAYOVER])
    if ChangeKind.SPEED in on:
        _set(made, "operation.deadhead_kmh", on[ChangeKind.SPEED])
    return {key: value for key, value in made.items() if value != {}}


def figures_of(config: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, float]:
    """Figures of the catalogue that the changes set, by their keys."""
    figures: dict[str, float] = {}
    for change in changes:
        if not change["on"]:
            continue
        value = change["value"]
        match ChangeKind(change["kind"]):
            case ChangeKind.BATTERY:
                types = config.get("fleet", {}).get("vehicle_types") or DEFAULT_TYPES
                figures |= {f"buses.{name}.capacity_kwh": float(value) for name in types}
            case ChangeKind.PRICE:
                figures["tariffs.wholesale_factor"] = float(value)
            case ChangeKind.WINTER:
                figures[f"climates.{value['place']}.winter_design_c"] = float(value["c"])
            case _:
                pass
    return figures


def for_estimate(config: Mapping[str, Any], changes: Sequence[Change]) -> Changes:
    """The same for a quick estimate; a grid is not estimated."""
    on = {ChangeKind(c["kind"]): c["value"] for c in changes if c["on"]}
    types = tuple(on.get(ChangeKind.VEHICLE_TYPES, ()))
    with_types = dict(config) | ({"fleet": {"vehicle_types": types}} if types else {})
    return Changes(
        depots=tuple(
            DepotPoint(name=d["name"], lat=d["lat"], lon=d["lon"])
            for d in on.get(ChangeKind.DEPOTS, ())
        ),
        vehicle_types=types,
        min_layover_s=on.get(ChangeKind.LAYOVER),
        deadhead_kmh=on.get(ChangeKind.SPEED),
        figures=figures_of(with_types, changes),
    )


def change_words(changes: Sequence[Change]) -> list[str]:
    """Each change that is switched on, in words."""
    names = labels()
    return [
        f"{names[ChangeKind(c['kind'])]}: {value_words(ChangeKind(c['kind']), c['value'])}"
        for c in changes
        if c["on"]
    ]


def value_words(kind: ChangeKind, value: Any) -> str:
    """The value of a change with its unit."""
    shown: dict[ChangeKind, Callable[[], str]] = {
        ChangeKind.VEHICLE_TYPES: lambda: ", ".join(value),
        ChangeKind.BATTERY: lambda: f"{number(value)} kWh",
        ChangeKind.DEPOTS: lambda: ", ".join(d["name"] for d in value),
        ChangeKind.PRICE: lambda: percent(value),
        ChangeKind.WINTER: lambda: f"{number(value['c'], 1)} °C",
        ChangeKind.LAYOVER: lambda: f"{number(value / 60, 1)} min",
        ChangeKind.SPEED: lambda: f"{number(value, 1)} km/h",
        ChangeKind.GRID: lambda: value["name"] if value else _("none"),
    }
    return shown[kind]()


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    """Put a value under a dotted key; the name of a bus or place holds no dot."""
    *tables, name = key.split(".")
    for table in tables:
        config = config.setdefault(table, {})
    config[name] = value
