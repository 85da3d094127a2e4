"""The summary of a town study, and the reasons behind its figures."""

from typing import Any

import numpy as np
import polars as pl

from viavolta.model.grid import BranchKind
from viavolta.model.messages import text
from viavolta.services.town.build import Measure
from viavolta.services.town.draw import NONE, CaseResult, Town
from viavolta.services.town.headline import (
    Outcome,
    avoided_share,
    first_years,
    interval,
    mean_avoided_share,
)
from viavolta.services.town.settings import TownSettings
from viavolta.services.town.strategy import Strategy

_LISTED = 20
_HALF = 0.5


def town_summary(
    town: Town, settings: TownSettings, outcome: Outcome, command: tuple[str, ...]
) -> dict[str, Any]:
    """Put the summary together; the keys are in docs/reference/study-folder.md."""
    grid, last = town.place.grid, town.ev_shares[-1]
    at_last = {name: outcome.of(name, last) for name in outcome.strategies}
    unmanaged = at_last[Strategy.UNMANAGED]
    compared = [name for name in outcome.strategies if name != NONE]
    return {
        "question": "town",
        "name": settings.name,
        "settlement": settings.settlement,
        "grade": grid.grade.value,
        "n_households": len(town.place.home),
        "n_connections": town.place.n_connections,
        "n_nodes": grid.n_nodes,
        "n_branches": grid.n_branches,
        "n_transformers": int(grid.is_kind(BranchKind.TRANSFORMER).sum()),
        "n_cars": round(last * town.n_cars),
        "draws": len(outcome.draws),
        "shown_draw": outcome.shown_draw(last),
        "ev_shares": list(town.ev_shares),
        "strategies": outcome.strategies,
        "first_year": settings.first_year,
        "last_year": settings.last_year,
        "violation_hours": {
            name: interval(case.flow.broken_hours for case in cases)
            for name, cases in at_last.items()
        },
        "reinforcement_eur": {
            name: interval(case.reinforcement_eur for case in cases)
            for name, cases in at_last.items()
        },
        "avoided_share": {name: avoided_share(at_last[name], unmanaged) for name in compared},
        "mean_avoided_share": {
            name: mean_avoided_share(at_last[name], unmanaged) for name in compared
        },
        "first_year_needed": {name: _first_year(outcome, name) for name in outcome.strategies},
        "cases": [_case(outcome, name, share) for name in compared for share in town.ev_shares],
        "most_effective": _most_effective(outcome, last),
        "where_smart_does_not_help": where_smart_does_not_help(outcome),
        "unsolved_draws": sorted({case.draw for case in outcome.cases if not case.is_solved}),
        "rules": {
            "low_pu": town.rules.grid.low_pu,
            "high_pu": town.rules.grid.high_pu,
            "mv_loading_share": town.rules.grid.n1_line,
        },
        "command": list(command),
    }


def _first_year(outcome: Outcome, strategy: str) -> dict[str, float] | None:
    years = first_years(outcome, strategy)
    return interval(years) if len(years) > _HALF * len(outcome.draws) else None


def _case(outcome: Outcome, strategy: str, ev_share: float) -> dict[str, Any]:
    cases = outcome.of(strategy, ev_share)
    unmanaged = outcome.of(Strategy.UNMANAGED, ev_share)
    wanted = sum(case.wanted_kwh for case in cases)
    return {
        "strategy": strategy,
        "ev_share": ev_share,
        "n_cars": cases[0].n_cars,
        "violation_hours": interval(case.flow.broken_hours for case in cases),
        "reinforcement_eur": interval(case.reinforcement_eur for case in cases),
        "mean_reinforcement_eur": float(np.mean([case.reinforcement_eur for case in cases])),
        "avoided_share": avoided_share(cases, unmanaged),
        "mean_avoided_share": mean_avoided_share(cases, unmanaged),
        "draws_without_measures": sum(case.reinforcement_eur == 0 for case in cases),
        "unmet_share": sum(case.unmet_kwh for case in cases) / wanted if wanted else 0.0,
        "peak_kw": interval(float(np.nanmax(case.flow.source_kw)) for case in cases),
        "cost_energy_eur": interval(case.cost_energy_eur for case in cases),
        "dimmed_hours": interval(c.dimmed_hours for c in cases if c.dimmed_hours is not None),
    }


def _spent_at(cases: list[CaseResult]) -> dict[str, float]:
    """EUR by element, in all stages of a draw and strategy."""
    spent: dict[str, float] = {}
    for case in cases:
        for measure in case.measures:
            spent[measure.element] = spent.get(measure.element, 0.0) + measure.cost_eur
    return spent


def _most_effective(outcome: Outcome, ev_share: float) -> list[dict[str, Any]]:
    """Elements whose cost differs most between unmanaged and smart in the shown draw."""
    if Strategy.SMART not in outcome.strategies:
        return []
    shown = outcome.shown_draw(ev_share)
    by_strategy = {
        name: _spent_at([c for c in outcome.cases if c.draw == shown and c.strategy == name])
        for name in outcome.strategies
    }
    mine, smart = by_strategy[Strategy.UNMANAGED], by_strategy[Strategy.SMART]
    elements = sorted({*mine, *smart}, key=lambda e: (smart.get(e, 0.0) - mine.get(e, 0.0), e))
    return [
        {
            "element": element,
            "strategy_cost_eur": {
                name: cost.get(element, 0.0) for name, cost in by_strategy.items()
            },
        }
        for element in elements[:_LISTED]
        if mine.get(element, 0.0) > smart.get(element, 0.0)
    ]


def where_smart_does_not_help(outcome: Outcome) -> list[dict[str, Any]]:
    """What is built under smart charging too, and in how many draws."""
    built: dict[tuple[str, str, str], set[int]] = {}
    for case in outcome.cases:
        if case.strategy not in {NONE, Strategy.SMART}:
            continue
        cause = "base" if case.strategy == NONE else "cars"
        for measure in case.measures:
            built.setdefault((measure.element, measure.kind, cause), set()).add(case.draw)
    ranked = sorted(built.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        {
            "element": key[0],
            "kind": key[1],
            "cause": key[2],
            "draws_share": len(draws) / len(outcome.draws),
        }
        for key, draws in ranked[:_LISTED]
    ]


def town_reasons(town: Town, outcome: Outcome) -> pl.DataFrame:
    """Why the figures are what they are, in words: the table `why`."""
    last = town.ev_shares[-1]
    n = len(outcome.draws)
    rows = [
        (
            "reinforcement_eur",
            text(
                "The cheapest list of measures that was found for each of {n} draws, after which a "
                "full year of power flow breaks nothing; p05, p50 and p95 are of the draws.",
                n=n,
            ),
            _binds(outcome, last),
            "",
        ),
        (
            "avoided_share",
            text(
                "1 - cost / cost of unmanaged charging, draw by draw, over the draws in which "
                "unmanaged charging costs something."
            ),
            "",
            "",
        ),
        (
            "violation_hours",
            text(
                "Hours outside the limits, summed over nodes and branches, with what smaller EV "
                "shares have built already."
            ),
            "",
            "",
        ),
    ]
    shown = outcome.shown_draw(last)
    for case in outcome.cases:
        if case.draw != shown:
            continue
        rows += [
            (
                f"{case.draw}-{case.strategy}-{case.ev_share:g}-{measure.measure_id}",
                measure.removes,
                _binding(measure),
                text("{eur:.0f} EUR per kW less", eur=measure.eur_per_kw)
                if np.isfinite(measure.eur_per_kw)
                else "",
            )
            for measure in case.measures
        ]
    return pl.DataFrame(
        rows,
        schema=dict.fromkeys(("figure", "statement", "binds", "one_more"), pl.String),
        orient="row",
    )


def _binding(measure: Measure) -> str:
    if not np.isfinite(measure.value):
        return measure.binds
    return text(
        "{element}: {value:.3f}, allowed {limit:.3f}",
        element=measure.binds,
        value=measure.value,
        limit=measure.limit,
    )


def _binds(outcome: Outcome, ev_share: float) -> str:
    shown = outcome.shown_draw(ev_share)
    measures = [
        measure
        for case in outcome.cases
        if case.draw == shown and case.strategy == Strategy.UNMANAGED
        for measure in case.measures
    ]
    if not measures:
        return text("nothing in the shown draw")
    dearest = max(measures, key=lambda measure: measure.cost_eur)
    return text("{element} costs most in the shown draw", element=dearest.element)
