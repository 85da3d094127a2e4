"""Scenarios side by side: figure by figure, what was changed, and which figures that drives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from viavolta.hub.studies.changes import ChangeKind, labels, value_words
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.shown import NOTHING, known, plain

MOST = 6
"""Scenarios on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """How a figure of the summary is shown and whether less of it is better."""

    unit: str = ""
    digits: int = 0
    less_is_better: bool | None = True
    is_main: bool = False

    def tone(self, difference: float) -> str:
        """Better, worse, or neither."""
        if self.less_is_better is None or abs(difference) < 0.5 * 10**-self.digits:
            return ""
        return "better" if (difference < 0) == self.less_is_better else "worse"


FIGURES: Mapping[str, ComparedFigure] = {
    "vehicles": ComparedFigure(is_main=True),
    "vehicles_lower_bound": ComparedFigure(less_is_better=None),
    "charging_points": ComparedFigure(is_main=True),
    "peak_kw_managed": ComparedFigure(unit="kW", is_main=True),
    "peak_kw_unmanaged": ComparedFigure(unit="kW"),
    "connection_kw": ComparedFigure(unit="kW"),
    "deadhead_km": ComparedFigure(unit="km", digits=1),
    "service_km": ComparedFigure(unit="km", digits=1, less_is_better=None),
    "energy_kwh": ComparedFigure(unit="kWh"),
    "infeasible": ComparedFigure(),
    "cost_eur_per_year": ComparedFigure(unit="EUR/a", is_main=True),
    "energy_cost_eur_managed": ComparedFigure(unit="EUR/a"),
    "cost_eur_per_km": ComparedFigure(unit="EUR/km", digits=3),
    "co2_t_per_year": ComparedFigure(unit="t/a", digits=1, is_main=True),
    "reinforcement_eur": ComparedFigure(unit="EUR"),
    "gap_vehicles": ComparedFigure(unit="%", digits=1, less_is_better=None),
    "gap_cost": ComparedFigure(unit="%", digits=1, less_is_better=None),
}


def figure_words() -> dict[str, str]:
    """Names of the compared figures."""
    return {
        "vehicles": _("Buses"),
        "vehicles_lower_bound": _("Buses, at least"),
        "charging_points": _("Charging points"),
        "peak_kw_managed": _("Peak, managed"),
        "peak_kw_unmanaged": _("Peak, unmanaged"),
        "connection_kw": _("Grid connections"),
        "deadhead_km": _("Empty kilometres a day"),
        "service_km": _("Kilometres with passengers a day"),
        "energy_kwh": _("Energy on the sizing day"),
        "infeasible": _("Trips left out"),
        "cost_eur_per_year": _("Cost"),
        "energy_cost_eur_managed": _("Electricity"),
        "cost_eur_per_km": _("Cost per kilometre"),
        "co2_t_per_year": _("CO₂"),
        "reinforcement_eur": _("To build in the grid"),
        "gap_vehicles": _("Gap of the fleet"),
        "gap_cost": _("Gap of the cost"),
    }


DRIVES: Mapping[str, Sequence[str]] = {
    "fleet": ("vehicles", "energy_kwh", "cost_eur_per_year"),
    "buses": ("vehicles", "energy_kwh", "cost_eur_per_year"),
    "climates": ("energy_kwh", "vehicles", "co2_t_per_year"),
    "energy": ("energy_kwh", "vehicles", "co2_t_per_year"),
    "depots": ("deadhead_km", "peak_kw_managed", "cost_eur_per_year"),
    "operation": ("vehicles", "deadhead_km"),
    "planning": ("vehicles", "deadhead_km"),
    "tariffs": ("cost_eur_per_year", "peak_kw_managed"),
    "prices": ("cost_eur_per_year",),
    "costs": ("cost_eur_per_year",),
    "carbon": ("co2_t_per_year",),
    "tariff": ("co2_t_per_year",),
    "grid": ("reinforcement_eur", "connection_kw"),
    "input": ("vehicles", "deadhead_km", "energy_kwh"),
}
"""Figures that a subject of the configuration acts on first."""


def value_of(result: Result, key: str) -> float | None:
    """A compared figure of a result."""
    summary = result.summary
    match key:
        case "connection_kw":
            return result.facts.charger_sum("connection_kw")
        case "infeasible":
            return float(len(summary.get("infeasible_trips") or ()))
        case "reinforcement_eur":
            grid = summary.get("grid")
            eur = grid.get("reinforcement_eur") if isinstance(grid, Mapping) else None
            return known(eur.get("managed")) if isinstance(eur, Mapping) else None
        case "gap_vehicles" | "gap_cost":
            share = known(summary.get(key))
            return None if share is None else 100.0 * share
        case _:
            return known(summary.get(key))


def figure_frame(results: Sequence[tuple[Scenario, Result]]) -> pl.DataFrame:
    """One row per figure; per scenario its value, and all but the first their difference to it."""
    words = figure_words()
    rows = []
    for key, figure in FIGURES.items():
        values = [value_of(result, key) for _scenario, result in results]
        if all(value is None for value in values):
            continue
        row: dict[str, Any] = {"figure": key, "label": words[key], "unit": figure.unit}
        for n, value in enumerate(values):
            row[f"value_{n}"] = value
        for n, value in enumerate(values[1:], start=1):
            row[f"difference_{n}"], row[f"share_{n}"] = _difference(value, values[0])
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _difference(value: float | None, first: float | None) -> tuple[float | None, float | None]:
    if value is None or first is None:
        return None, None
    return value - first, value / first - 1 if first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One input that differs: its name, what it is in each scenario, the figures it drives."""

    name: str
    values: tuple[str, ...]
    drives: tuple[str, ...]


def differences(results: Sequence[tuple[Scenario, Result]]) -> list[Difference]:
    """What was changed: files by hash, depots, options, and every assumption that differs."""
    words = figure_words()
    found = [
        *_input_differences(results),
        *_depot_differences(results),
        *_option_differences(results),
        *_assumption_differences(results),
    ]
    return [
        Difference(
            name=name,
            values=values,
            drives=tuple(words[key] for key in DRIVES.get(subject, ())),
        )
        for subject, name, values in found
    ]


Found = tuple[str, str, tuple[str, ...]]


def _input_differences(results: Sequence[tuple[Scenario, Result]]) -> list[Found]:
    files = [{i.name: i.sha256[:12] for i in result.study.inputs} for _s, result in results]
    names = sorted({name for listed in files for name in listed} - {"plan.toml"})
    rows = [(name, tuple(listed.get(name, NOTHING) for listed in files)) for name in names]
    return [("input", name, values) for name, values in rows if len(set(values)) > 1]


def _depot_differences(results: Sequence[tuple[Scenario, Result]]) -> list[Found]:
    shown = tuple(
        "; ".join(
            f"{name} ({plain(lat)}, {plain(lon)})"
            for name, lat, lon in result.table("places")
            .filter("is_depot")
            .sort("name")
            .select("name", pl.col("lat").round(4), pl.col("lon").round(4))
            .iter_rows()
        )
        for _s, result in results
    )
    return [("depots", labels()[ChangeKind.DEPOTS], shown)] if len(set(shown)) > 1 else []


def _option_differences(results: Sequence[tuple[Scenario, Result]]) -> list[Found]:
    rows: list[Found] = []
    for key, kind in (("min_layover_s", ChangeKind.LAYOVER), ("deadhead_kmh", ChangeKind.SPEED)):
        values = [known(result.summary.get(key)) for _s, result in results]
        if len(set(values)) > 1:
            shown = tuple(NOTHING if v is None else value_words(kind, v) for v in values)
            rows.append(("operation", labels()[kind], shown))
    types = tuple(
        ", ".join(scenario.config.get("fleet", {}).get("vehicle_types", ())) or NOTHING
        for scenario, _r in results
    )
    if len(set(types)) > 1:
        rows.append(("fleet", labels()[ChangeKind.VEHICLE_TYPES], types))
    return rows


def _assumption_differences(results: Sequence[tuple[Scenario, Result]]) -> list[Found]:
    """Assumptions that both have with another value; those of a bus only one uses are no change."""
    told = {"planning.min_layover_s", "planning.deadhead_kmh"}
    known_values = [{a.key: a for a in result.study.assumptions} for _s, result in results]
    shared = set.intersection(*(set(listed) for listed in known_values)) - told
    rows: list[Found] = []
    for key in sorted(shared):
        values = [listed[key].value for listed in known_values]
        if len(set(values)) > 1:
            unit = known_values[0][key].unit
            shown = tuple(
                f"{plain(v) if not isinstance(v, str) else v} {unit}".strip() for v in values
            )
            rows.append((key.split(".")[0], key, shown))
    return rows
