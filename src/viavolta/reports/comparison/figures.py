"""Key figures of several studies, each with its difference to the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.bus.facts import facts_of
from viavolta.reports.numbers import known


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
        "vehicles": text("Buses"),
        "vehicles_lower_bound": text("Buses, at least"),
        "charging_points": text("Charging points"),
        "peak_kw_managed": text("Peak, managed"),
        "peak_kw_unmanaged": text("Peak, unmanaged"),
        "connection_kw": text("Grid connections"),
        "deadhead_km": text("Empty kilometres a day"),
        "service_km": text("Kilometres with passengers a day"),
        "energy_kwh": text("Energy on the sizing day"),
        "infeasible": text("Trips left out"),
        "cost_eur_per_year": text("Cost"),
        "energy_cost_eur_managed": text("Electricity"),
        "cost_eur_per_km": text("Cost per kilometre"),
        "co2_t_per_year": text("CO₂"),
        "reinforcement_eur": text("To build in the grid"),
        "gap_vehicles": text("Gap of the fleet"),
        "gap_cost": text("Gap of the cost"),
    }


def value_of(study: Study, key: str) -> float | None:
    """A compared figure of a study; None where the study has none."""
    summary = study.summary
    match key:
        case "connection_kw":
            return facts_of(study).charger_sum("connection_kw")
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


def figure_frame(studies: Sequence[Study]) -> pl.DataFrame:
    """One row per figure: its value in each study, and all but the first their difference to it.

    Studies of another kind than bus are compared by every number of their summary.
    """
    words = figure_words()
    keys = [*FIGURES] if studies[0].kind == "bus" else _numbers(studies)
    rows = []
    for key in keys:
        figure = FIGURES.get(key, ComparedFigure(less_is_better=None))
        is_known = key in FIGURES and studies[0].kind == "bus"
        values = [
            value_of(study, key) if is_known else known(study.summary.get(key)) for study in studies
        ]
        if all(value is None for value in values):
            continue
        row: dict[str, Any] = {
            "figure": key,
            "label": words[key] if is_known else key,
            "unit": figure.unit if is_known else "",
        }
        for n, value in enumerate(values):
            row[f"value_{n}"] = value
        for n, value in enumerate(values[1:], start=1):
            row[f"difference_{n}"], row[f"share_{n}"] = _difference(value, values[0])
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _numbers(studies: Sequence[Study]) -> list[str]:
    """The keys of a summary that hold a number in some of the studies, in their order."""
    keys = dict.fromkeys(key for study in studies for key in study.summary)
    return [key for key in keys if any(known(s.summary.get(key)) is not None for s in studies)]


def _difference(value: float | None, first: float | None) -> tuple[float | None, float | None]:
    if value is None or first is None:
        return None, None
    return value - first, value / first - 1 if first else None
