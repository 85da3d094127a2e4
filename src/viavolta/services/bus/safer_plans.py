"""What a safer fleet costs: the whole plan made again with a larger reserve, and drawn days on it.

Each is a full plan, with its own type, points, blocks and charging, searched as hard as the first;
its days are the same draws, and what counts as falling short is the reserve of the first plan.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from viavolta.engines.bus.robustness import DayTemperatures
from viavolta.model.errors import NoSolutionError
from viavolta.model.vehicle import BusType
from viavolta.services.bus.fleet import FleetPlan, Planner
from viavolta.services.bus.robustness import robustness_of

SCHEMA = {
    "added_reserve_share": pl.Float64,
    "vehicles": pl.Int64,
    "charging_points": pl.Int64,
    "cost_eur_per_year": pl.Float64,
    "more_eur_per_year": pl.Float64,
    "days_all_finish": pl.Int64,
    "chance_all": pl.Float64,
    "standard_error_all": pl.Float64,
    "chance_all_design_day": pl.Float64,
    "chance_none_empty": pl.Float64,
    "blocks_short_mean": pl.Float64,
    "blocks_empty_mean": pl.Float64,
    "is_recommended": pl.Boolean,
}
CHANCES = (
    "days_all_finish",
    "chance_all",
    "standard_error_all",
    "chance_all_design_day",
    "chance_none_empty",
    "blocks_short_mean",
    "blocks_empty_mean",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """A plan with what it needs and costs in a year."""

    plan: FleetPlan
    charging_points: int
    cost_eur_per_year: float


Remake = Callable[[Planner], Remade]


def safer_plans(
    planner: Planner,
    first: Remade,
    chances: Mapping[str, Any],
    remake: Remake,
    *,
    seed: int,
    year: DayTemperatures,
) -> pl.DataFrame:
    """One row per reserve, that of the plan itself first; figures are null where no plan is found.

    chances: how sure the plan itself is. Recommended is the cheapest plan on which no battery runs
    empty on at least the wanted share of days; where none gets there, the one that gets nearest.
    """
    step = planner.number("robustness.safer_step_share")
    rows = [_row(0.0, first, chances, base_eur=first.cost_eur_per_year)]
    for k in range(round(planner.number("robustness.safer_plans"))):
        added = step * (k + 1)
        types = tuple(_with_reserve(bus, added) for bus in planner.types)
        try:
            made = remake(dataclasses.replace(planner, types=types))
        except NoSolutionError:
            rows.append(dict.fromkeys(SCHEMA) | {"added_reserve_share": added})
            continue
        found = robustness_of(planner, made.plan, seed=seed, year=year, added_reserve_share=added)
        rows.append(_row(added, made, found.fleet, base_eur=first.cost_eur_per_year))
    best = _recommended(rows, planner.number("robustness.wanted_chance"))
    for k, row in enumerate(rows):
        row["is_recommended"] = k == best
    return pl.DataFrame(rows, schema=SCHEMA)


def _with_reserve(bus: BusType, added_share: float) -> BusType:
    """The same bus, of whose battery a larger part is kept back."""
    return dataclasses.replace(bus, soc_min_kwh=bus.soc_min_kwh + added_share * bus.capacity_kwh)


def _row(
    added: float, made: Remade, chances: Mapping[str, Any], *, base_eur: float
) -> dict[str, Any]:
    return {
        "added_reserve_share": added,
        "vehicles": len(made.plan.buses),
        "charging_points": made.charging_points,
        "cost_eur_per_year": made.cost_eur_per_year,
        "more_eur_per_year": made.cost_eur_per_year - base_eur,
        **{key: chances[key] for key in CHANCES},
        "is_recommended": False,
    }


def _recommended(rows: list[dict[str, Any]], wanted: float) -> int:
    known = [k for k, row in enumerate(rows) if row["cost_eur_per_year"] is not None]
    enough = [k for k in known if rows[k]["chance_none_empty"] >= wanted]
    if enough:
        return min(enough, key=lambda k: (rows[k]["cost_eur_per_year"], k))
    return max(known, key=lambda k: (rows[k]["chance_none_empty"], -k))
