"""The key figures, each with its grade and the answer to "why?"."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.figure import section
from viavolta.reports.grid.facts import NONE, GridFacts, Interval, strategy_label
from viavolta.reports.grid.grade import mark
from viavolta.reports.grid.sentences import first_needed, hours_words, saved, share_words
from viavolta.reports.grid.violations import hours_of, n_elements
from viavolta.reports.grid.why import why_of
from viavolta.reports.markup import Html, clip, join, tag
from viavolta.reports.numbers import NOTHING, amount, known, number, percent, rough


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """A figure with its comparison and the rule by which anyone finds it in the tables."""

    key: str
    label: str
    value: str
    beside: str
    rule: str


def key_figures(facts: GridFacts) -> Html:
    """Show the cards below the answer."""
    cards = [_card(facts, one) for one in figures_of(facts)]
    return section("figures", text("Key figures"), tag("div", *cards, class_="cards"))


def figures_of(facts: GridFacts) -> list[KeyFigure]:
    """Give the figures that this study knows, the most telling first."""
    found = [
        *_costs(facts),
        *_hours(facts),
        *_worst(facts),
        *_years(facts),
        *_vehicles(facts),
        *_hosting(facts),
    ]
    return [one for one in found if NOTHING not in one.value]


def _costs(facts: GridFacts) -> Iterable[KeyFigure]:
    for strategy in _without_none(facts.strategies_of("reinforcement_eur")):
        found = facts.interval("reinforcement_eur", strategy)
        if found is None:
            continue
        share = saved(facts, strategy)
        avoided = "" if share is None else _avoided(share.p50)
        yield KeyFigure(
            key="reinforcement_eur",
            label=text("Reinforcement (EUR): {s}", s=strategy_label(strategy)),
            value=amount(rough(found.p50)),
            beside="; ".join(one for one in (range_words(found), avoided) if one),
            rule=text(
                "reinforcement_eur of the summary: the middle of all draws, and the range from the "
                "5th to the 95th of 100. What is avoided is against uncontrolled charging, draw by "
                "draw."
            ),
        )


def _without_none(strategies: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the grid without charging, unless it is all there is."""
    return tuple(s for s in strategies if s != NONE) or strategies


def _avoided(share: float) -> str:
    if share < 0:
        return text("{p} dearer", p=percent(-share))
    return text("{p} avoided", p=share_words(share)) if share else ""


def range_words(found: Interval) -> str:
    """Write the range of a sum of money."""
    if not found.is_range or found.p05 == found.p95:
        return ""
    return text("{low} to {high}", low=amount(rough(found.p05)), high=amount(rough(found.p95)))


def _hours(facts: GridFacts) -> Iterable[KeyFigure]:
    cases: list[str | None] = list(facts.strategies_of("violation_hours")) or [None]
    for case in cases:
        found = hours_of(facts, case)
        if found is None:
            continue
        label = text("Hours outside limits")
        if case is not None:
            label = text("Hours outside limits: {s}", s=strategy_label(case))
        ranged = (
            text("{low} to {high}", low=number(found.p05), high=number(found.p95))
            if found.is_range
            else ""
        )
        places = n_elements(facts, case)
        yield KeyFigure(
            key="violation_hours",
            label=label,
            value=text("{n} h", n=hours_words(found.p50)),
            beside=ranged or (text("at {n} places", n=number(places)) if places else ""),
            rule=text(
                "violation_hours of the summary; the table violations lists them by element, with "
                "the worst value and the cause."
            ),
        )


def _worst(facts: GridFacts) -> Iterable[KeyFigure]:
    case = facts.first
    loadings = facts.table("loadings", case)
    if loadings is not None:
        row = loadings.drop_nulls("max_percent").sort("max_percent", descending=True)
        if row.height:
            yield KeyFigure(
                key="max_percent",
                label=text("Fullest branch"),
                value=text("{n} %", n=number(row["max_percent"][0])),
                beside=clip(row["branch_id"][0], 60),
                rule=text("The highest max_percent in the table loadings{s}.", s=_case(case)),
            )
    voltages = facts.table("voltages", case)
    if voltages is not None:
        row = voltages.drop_nulls("min_pu").sort("min_pu")
        if row.height:
            yield KeyFigure(
                key="min_pu",
                label=text("Lowest voltage"),
                value=text("{n} pu", n=number(row["min_pu"][0], 3)),
                beside=clip(row["node_id"][0], 60),
                rule=text("The lowest min_pu in the table voltages{s}.", s=_case(case)),
            )


def _case(strategy: str | None) -> str:
    return "" if strategy is None else text(", for {s}", s=strategy_label(strategy))


def _years(facts: GridFacts) -> Iterable[KeyFigure]:
    if facts.plain is None:
        return
    stated = facts.interval("first_year_needed", facts.plain)
    year = first_needed(facts, facts.plain)
    if year is None:
        return
    yield KeyFigure(
        key="first_year_needed",
        label=text("First measure: {s}", s=strategy_label(facts.plain)),
        value=str(year),
        beside=""
        if stated is None or stated.p05 is None or stated.p95 is None
        else text("{low} to {high}", low=round(stated.p05), high=round(stated.p95)),
        rule=text(
            "first_year_needed of the summary, the middle of all draws; the tables measures and "
            "needs say what it is."
        ),
    )


def _vehicles(facts: GridFacts) -> Iterable[KeyFigure]:
    for strategy in facts.strategies_of("n_vehicles"):
        found = facts.interval("n_vehicles", strategy)
        if found is None:
            continue
        full = facts.interval("full_share", strategy)
        is_lower = full is not None and full.p50 < 0.5  # noqa: PLR2004 - most draws
        yield KeyFigure(
            key="n_vehicles",
            label=text("Vehicles that fit: {s}", s=strategy_label(strategy)),
            value=text("at least {n}", n=number(found.p50)) if is_lower else number(found.p50),
            beside=text("{low} to {high}", low=number(found.p05), high=number(found.p95))
            if found.is_range and found.p05 != found.p95
            else "",
            rule=text(
                "n_vehicles of the summary: vehicles come one by one until a limit breaks "
                "anywhere, many times over. Where no limit broke, the number is a lower one."
            ),
        )


def _hosting(facts: GridFacts) -> Iterable[KeyFigure]:
    kept = [s for s in (facts.plain, *facts.strategies) if s is not None]
    first = next((s for s in kept if facts.table("hosting", s) is not None), None)
    frame = facts.table("hosting", first)
    if frame is None:
        return
    least = known(frame.select(pl.col("p05_kw").min()).item())
    yield KeyFigure(
        key="hosting",
        label=text("Charging points at half of the nodes"),
        value=text("{n} kW", n=number(frame["p50_kw"].median())),
        beside=text("{n} kW at the tightest, at the safe end", n=number(least)),
        rule=text("The median of p50_kw in the table hosting{s}.", s=_case(first)),
    )


def _card(facts: GridFacts, figure: KeyFigure) -> Html:
    return tag(
        "div",
        tag("p", join((figure.label, mark(facts)), " "), class_="label"),
        tag("p", figure.value, class_="value"),
        tag("p", figure.beside, class_="beside"),
        why_of(facts, figure.key, figure.rule),
        class_="card",
        data_figure=figure.key,
    )
