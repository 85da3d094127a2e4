"""Answers become what `viavolta plan bus` takes: the tables of its configuration, its options."""

import tomllib
from collections.abc import Mapping
from typing import Any

from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.wizard.answers import FIGURES, Answers
from viavolta.hub.studies.wizard.steps import Step

TWIN_REACH_M = 50_000
"""A twin is the grid of no place: a depot takes its nearest node however far that is."""
_REGIONS = {"urban": "urban", "suburban": "urban", "rural": "rural"}


def config_of(answers: Answers) -> dict[str, Any]:
    """The configuration: the planner's own file first, what she answered on top of it."""
    config = _own_file(answers)
    place, fleet = answers.of(Step.PLACE), answers.of(Step.FLEET)
    if place.get("date"):
        _set(config, "service.date", place["date"])
    if fleet.get("types"):
        _set(config, "fleet.vehicle_types", list(fleet["types"]))
        if fleet.get("battery_kwh"):
            for name in fleet["types"]:
                _set(config, f"buses.{name}.capacity_kwh", fleet["battery_kwh"])
    if fleet.get("min_layover_s") is not None:
        _set(config, "operation.min_layover_s", fleet["min_layover_s"])
    _set_sites(config, answers)
    if answers.country:
        _set(config, "tariff.country", answers.country.upper())
    for name, value in answers.of(Step.PRICES).get("figures", {}).items():
        for key in FIGURES[name]:
            _set(config, key, value)
    return config


def _own_file(answers: Answers) -> dict[str, Any]:
    upload = answers.config_file
    if upload is None:
        return {}
    return _plain(tomllib.loads(store.absolute(upload.path).read_text(encoding="utf-8-sig")))


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """TOML without its dates, which JSON has not."""
    plain: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            plain[key] = _plain(value)
        elif isinstance(value, list):
            plain[key] = [_plain(v) if isinstance(v, Mapping) else v for v in value]
        else:
            plain[key] = value.isoformat() if hasattr(value, "isoformat") else value
    return plain


def _set_sites(config: dict[str, Any], answers: Answers) -> None:
    grid = answers.of(Step.GRID)
    mode = grid.get("mode", "none")
    if answers.has_own_depots or mode == "twin":
        config["depots"] = [
            {key: value for key, value in depot.items() if value is not None}
            for depot in answers.depots
        ]
    if mode == "twin":
        _set(config, "grid.region", _REGIONS[grid["settlement"]])
        _set(config, "planning.grid_node_most_m", TWIN_REACH_M)
    elif mode == "file":
        _set(config, "grid.region", grid["region"])


def _set(config: dict[str, Any], key: str, value: object) -> None:
    *tables, name = key.split(".")
    for table in tables:
        config = config.setdefault(table, {})
    config[name] = value
