"""What was changed between studies: files by hash, depots, options, assumptions that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.comparison.figures import figure_words
from viavolta.reports.numbers import NOTHING, known, plain

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One input that differs: its name, what it is in each study, the figures it drives."""

    name: str
    values: tuple[str, ...]
    drives: tuple[str, ...]


Found = tuple[str, str, tuple[str, ...]]
"""Subject, name and values of an input that differs."""


def differences(studies: Sequence[Study], *, more: Sequence[Found] = ()) -> list[Difference]:
    """What differs, and which figures that drives; `more` is known beside the studies."""
    words = figure_words()
    found = [
        *_input_differences(studies),
        *_depot_differences(studies),
        *_option_differences(studies),
        *more,
        *_assumption_differences(studies),
    ]
    return [
        Difference(
            name=name,
            values=values,
            drives=tuple(words[key] for key in DRIVES.get(subject, ())),
        )
        for subject, name, values in found
    ]


def _input_differences(studies: Sequence[Study]) -> list[Found]:
    files = [{i.name: i.sha256[:12] for i in study.inputs} for study in studies]
    names = sorted({name for listed in files for name in listed} - {"plan.toml"})
    rows = [(name, tuple(listed.get(name, NOTHING) for listed in files)) for name in names]
    return [("input", name, values) for name, values in rows if len(set(values)) > 1]


def _depot_differences(studies: Sequence[Study]) -> list[Found]:
    if any("places" not in study.tables for study in studies):
        return []
    shown = tuple(
        "; ".join(
            f"{name} ({plain(lat)}, {plain(lon)})"
            for name, lat, lon in study.tables["places"]
            .filter("is_depot")
            .sort("name")
            .select("name", pl.col("lat").round(4), pl.col("lon").round(4))
            .iter_rows()
        )
        for study in studies
    )
    return [("depots", text("Depots"), shown)] if len(set(shown)) > 1 else []


def _option_differences(studies: Sequence[Study]) -> list[Found]:
    rows: list[Found] = []
    options = (
        ("min_layover_s", text("Least layover"), "s"),
        ("deadhead_kmh", text("Speed of empty ways"), "km/h"),
    )
    for key, name, unit in options:
        values = [known(study.summary.get(key)) for study in studies]
        if len(set(values)) > 1:
            shown = tuple(NOTHING if v is None else f"{plain(round(v, 3))} {unit}" for v in values)
            rows.append(("operation", name, shown))
    return rows


def _assumption_differences(studies: Sequence[Study]) -> list[Found]:
    """Assumptions that all have with another value; those of a bus only one uses are no change."""
    told = {"planning.min_layover_s", "planning.deadhead_kmh"}
    known_values = [{a.key: a for a in study.assumptions} for study in studies]
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
