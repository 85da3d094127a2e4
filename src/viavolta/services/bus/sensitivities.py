"""What the yearly cost hangs on: the same plan costed again, one figure lower and higher at a time.

Buses, blocks and charging points stay as planned; charging is scheduled anew where the figure can
change it, and the year is costed by the planner's own services, so that each figure is an answer,
not an estimate.
"""

import copy
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

import polars as pl

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.tco import total_eur_per_year
from viavolta.model.climate import DesignDays
from viavolta.model.errors import NoSolutionError
from viavolta.model.progress import never, silent
from viavolta.services.bus.accounts import Distances, electric_costs
from viavolta.services.bus.charging import (
    DepotCharging,
    SeasonBlocks,
    charge_depots,
    season_blocks,
)
from viavolta.services.bus.fleet import FleetPlan, Planner

ASIDE_SHARE = 0.2
"""How far a figure is moved where its sources name no range."""
SCHEMA = {
    "subject": pl.String,
    "figure": pl.String,
    "unit": pl.String,
    "low": pl.Float64,
    "base": pl.Float64,
    "high": pl.Float64,
    "low_eur_per_year": pl.Float64,
    "base_eur_per_year": pl.Float64,
    "high_eur_per_year": pl.Float64,
    "range_kind": pl.String,
}
"""Costs are null where the plan could not be charged within its connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """One row: what is moved, its three values, and the planner with it moved."""

    subject: str
    figure: str
    unit: str
    values: tuple[float, float, float]
    range_kind: str
    moved: Callable[[int], Planner]
    is_charged_anew: bool = False
    is_driven_anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedYear:
    """The plan as its year was costed: points per depot as `charging`."""

    plan: FleetPlan
    seasons: tuple[SeasonBlocks, ...]
    charging: tuple[DepotCharging, ...]
    points: tuple[int, ...]
    day: Distances


def sensitivity_table(planner: Planner, year: PlannedYear, *, base_eur: float) -> pl.DataFrame:
    """Cost the plan with energy price, battery price, wages and winter lower and higher."""
    rows = []
    for subject in _subjects(planner):
        low, high = (_cost_eur(subject, k, year) for k in (0, 2))
        rows.append(
            {
                "subject": subject.subject,
                "figure": subject.figure,
                "unit": subject.unit,
                "low": subject.values[0],
                "base": subject.values[1],
                "high": subject.values[2],
                "low_eur_per_year": low,
                "base_eur_per_year": base_eur,
                "high_eur_per_year": high,
                "range_kind": subject.range_kind,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def _cost_eur(subject: _Subject, k: int, year: PlannedYear) -> float | None:
    """The yearly cost at one end; what the figure cannot change is taken from the plan."""
    planner, seasons, charging = subject.moved(k), year.seasons, year.charging
    try:
        if subject.is_driven_anew:
            seasons = season_blocks(planner, year.plan)
        if subject.is_charged_anew:
            charging = charge_depots(planner, year.plan, seasons, progress=silent, stop=never)
    except NoSolutionError:
        return None
    items = electric_costs(planner, year.plan, seasons, charging, points=year.points, day=year.day)
    return total_eur_per_year(items)


def _subjects(planner: Planner) -> Iterator[_Subject]:
    used = [figure.key for figure in planner.assumptions.used()]
    for subject, figure, keys in (
        (
            "energy_price",
            "prices",
            [k for k in used if k.startswith("prices.") and k.endswith("_eur_per_kwh")],
        ),
        (
            "battery_price",
            "battery_eur_per_kwh",
            [k for k in used if k.endswith(".battery_eur_per_kwh")],
        ),
        ("wages", "costs.driver_eur_per_h", ["costs.driver_eur_per_h"]),
    ):
        if keys:
            yield _of_figures(planner, subject, figure, keys)
    yield _winter(planner)


def _of_figures(planner: Planner, subject: str, figure: str, keys: list[str]) -> _Subject:
    """Figures moved together to the ends of their sources' ranges, or else by a share."""
    ranges = {key: _range(planner.assumptions, key) for key in keys}
    has_sources = all(
        planner.assumptions.figure(key).minimum is not None
        and planner.assumptions.figure(key).maximum is not None
        for key in keys
    )
    low, base, high = (fmean(values[k] for values in ranges.values()) for k in range(3))

    def moved(k: int) -> Planner:
        return _with_figures(planner, {key: values[k] for key, values in ranges.items()})

    return _Subject(
        subject=subject,
        figure=figure if len(keys) > 1 else keys[0],
        unit=planner.assumptions.figure(keys[0]).unit,
        values=(low, base, high),
        range_kind="sources" if has_sources else "share",
        moved=moved,
        is_charged_anew=subject == "energy_price",
    )


def _range(assumptions: Assumptions, key: str) -> tuple[float, float, float]:
    figure = assumptions.figure(key)
    value = float(figure.value)
    low, high = figure.minimum, figure.maximum
    aside = abs(value) * ASIDE_SHARE
    return (
        value - aside if low is None else low,
        value,
        value + aside if high is None else high,
    )


def _with_figures(planner: Planner, values: dict[str, float]) -> Planner:
    """The planner with other figures; what it reads is not recorded as used by the study."""
    assumptions = copy.deepcopy(planner.assumptions)
    assumptions.replace(values, file="")
    return dataclasses.replace(planner, assumptions=assumptions)


def _winter(planner: Planner) -> _Subject:
    """Winter days halfway to the design day, and as much milder, though not above the mean day.

    The fleet is sized by the design day in either case.
    """
    climate = planner.network.climate
    step = (climate.winter_c - climate.winter_design_c) / 2.0
    values = (
        climate.winter_c - step,
        climate.winter_c,
        min(climate.winter_c + step, max(climate.mean_c, climate.winter_c)),
    )

    def moved(k: int) -> Planner:
        days: DesignDays = dataclasses.replace(climate, winter_c=values[k])
        aside = _with_figures(planner, {})
        return dataclasses.replace(aside, network=dataclasses.replace(aside.network, climate=days))

    return _Subject(
        subject="winter",
        figure="winter_c",
        unit="C",
        values=values,
        range_kind="design_day",
        moved=moved,
        is_charged_anew=True,
        is_driven_anew=True,
    )
