"""The study for the operator of the grid: every figure by strategy, in one table."""

from collections.abc import Mapping, Sequence

from viavolta.model.messages import text
from viavolta.reports.figure import section
from viavolta.reports.grid.facts import GridFacts, Interval, interval_of, strategy_label
from viavolta.reports.grid.grade import mark
from viavolta.reports.grid.sentences import first_needed, saved
from viavolta.reports.grid.violations import hours_of
from viavolta.reports.grid.why import why_of
from viavolta.reports.markup import Html, join, tag
from viavolta.reports.numbers import NOTHING, known, number, percent
from viavolta.reports.tables import Column, figures, table, words

Row = tuple[str, ...]


def operator(facts: GridFacts) -> Html | None:
    """Build the section in numbers; None where the study has no figure by strategy."""
    columns, rows = by_strategy(facts)
    if not rows:
        return None
    intro = tag(
        "p",
        join(
            (
                text("One column per strategy."),
                text("Ranges in brackets run from the 5th to the 95th percentile of draws.")
                if has_ranges(rows)
                else None,
                mark(facts),
            ),
            " ",
        ),
    )
    listed = table(
        "by-strategy", columns, rows, caption=text("Voltages, loadings, measures, cost by strategy")
    )
    why = why_of(
        facts,
        "by_strategy",
        text(
            "Counted from the tables voltages, loadings, violations and measures of this study; "
            "costs and hours are those of its summary."
        ),
    )
    return section("operator", text("In numbers"), intro, listed, why, _by_share(facts))


def has_ranges(rows: Sequence[Row]) -> bool:
    """Say whether any figure is a range."""
    return any("[" in cell for row in rows for cell in row[1:])


def _by_share(facts: GridFacts) -> Html | None:
    """List the cases of a town by share of electric vehicles and strategy."""
    listed = by_share(facts)
    if not listed:
        return None
    return table("by-share", share_columns(), listed, caption=text("By share of electric vehicles"))


def share_columns() -> list[Column]:
    """Give the columns of the cases."""
    return [
        figures(text("Electric vehicles (%)")),
        words(text("Strategy")),
        words(text("Hours of violations")),
        words(text("Reinforcement (EUR)")),
        words(text("Avoided")),
        words(text("Peak (kW)")),
        words(text("Not charged (%)")),
    ]


def by_share(facts: GridFacts) -> list[tuple[object, ...]]:
    """Give the rows of the cases that the summary lists; empty where it lists none."""
    cases = facts.study.summary.get("cases")
    if not isinstance(cases, list):
        return []
    rows: list[tuple[object, ...]] = []
    for one in cases:
        if not isinstance(one, Mapping):
            continue
        share, unmet = known(one.get("ev_share")), interval_of(one.get("unmet_share"))
        rows.append(
            (
                None if share is None else 100 * share,
                strategy_label(str(one.get("strategy"))),
                _interval(interval_of(one.get("violation_hours")), 0),
                _interval(interval_of(one.get("reinforcement_eur")), 0),
                _share(interval_of(one.get("avoided_share"))),
                _interval(interval_of(one.get("peak_kw")), 0),
                NOTHING if unmet is None else number(100 * unmet.p50, 1),
            )
        )
    return rows


def by_strategy(facts: GridFacts) -> tuple[list[Column], list[Row]]:
    """Give columns and rows; rows of which nothing is known are left out."""
    cases: list[str | None] = list(facts.strategies) or [None]
    told = [_figures(facts, case) for case in cases]
    rows: list[Row] = [
        (label, *(one[label] for one in told))
        for label in told[0]
        if any(one[label] != NOTHING for one in told)
    ]
    columns = [
        words(text("Figure")),
        *(words(text("This case") if case is None else strategy_label(case)) for case in cases),
    ]
    return columns, rows


def _figures(facts: GridFacts, case: str | None) -> dict[str, str]:
    return {
        text("Hours of violations"): _interval(hours_of(facts, case), 1),
        text("Nodes outside the voltage band"): _count(facts, "voltages", "hours_outside", case),
        text("Lowest voltage (pu)"): _extreme(facts, "voltages", "min_pu", case, 3),
        text("Highest voltage (pu)"): _extreme(facts, "voltages", "max_pu", case, 3),
        text("Branches above their rating"): _count(facts, "loadings", "hours_over", case),
        text("Highest loading (%)"): _extreme(facts, "loadings", "max_percent", case, 1),
        text("Transformers too warm"): _count(facts, "transformers", "hours_over", case),
        text("Highest hot spot (\u00b0C)"): _extreme(
            facts, "transformers", "max_hot_spot_c", case, 1
        ),
        text("Fastest ageing (1 is normal)"): _extreme(
            facts, "transformers", "ageing_rate", case, 3
        ),
        text("Highest import (kW)"): _stated(facts, "peak_import_kw", case, 1),
        text("Losses (% of what enters)"): _stated(facts, "loss_share", case, 100),
        text("Measures"): _measures(facts, case),
        text("First measure in"): _first(facts, case),
        text("Reinforcement (EUR)"): _interval(
            None if case is None else facts.interval("reinforcement_eur", case), 0
        ),
        text("Vehicles that fit"): _summed(facts, "n_vehicles", case),
        text("Charging points that fit (kW)"): _summed(facts, "plugs_kw", case),
        text("Draws in which a limit broke (%)"): _stated(facts, "full_share", case, 100),
        text("Avoided against uncontrolled"): _share(None if case is None else saved(facts, case)),
    }


def _summed(facts: GridFacts, key: str, case: str | None) -> str:
    """Write a figure of the summary with its range."""
    return NOTHING if case is None else _interval(facts.interval(key, case), 0)


def _stated(facts: GridFacts, key: str, case: str | None, scale: float) -> str:
    """Write a figure of the summary that is kept by strategy."""
    found = None if case is None else facts.interval(key, case)
    return NOTHING if found is None else number(scale * found.p50, 1)


def _interval(found: Interval | None, digits: int) -> str:
    if found is None:
        return NOTHING
    if not found.is_range:
        return number(found.p50, digits)
    return text(
        "{middle} [{low}; {high}]",
        middle=number(found.p50, digits),
        low=number(found.p05, digits),
        high=number(found.p95, digits),
    )


def _share(found: Interval | None) -> str:
    if found is None:
        return NOTHING
    if not found.is_range:
        return percent(found.p50)
    return text(
        "{middle} [{low}; {high}]",
        middle=percent(found.p50),
        low=percent(found.p05),
        high=percent(found.p95),
    )


def _count(facts: GridFacts, name: str, column: str, case: str | None) -> str:
    frame = facts.table(name, case)
    if frame is None:
        return NOTHING
    return text("{n} of {all}", n=number(int((frame[column] > 0).sum())), all=number(frame.height))


def _extreme(facts: GridFacts, name: str, column: str, case: str | None, digits: int) -> str:
    frame = facts.table(name, case)
    if frame is None:
        return NOTHING
    column_values = frame[column].drop_nulls().cast(float).drop_nans()
    value = column_values.min() if column == "min_pu" else column_values.max()
    return number(known(value), digits)


def _measures(facts: GridFacts, case: str | None) -> str:
    if not facts.has("measures"):
        return NOTHING
    frame = facts.table("measures", case)
    return number(0 if frame is None else frame.height)


def _first(facts: GridFacts, case: str | None) -> str:
    frame = facts.table("measures", case)
    if frame is None:
        return NOTHING
    if case is None:
        years = [known(y) for y in frame["year"].to_list()]
        there = [y for y in years if y is not None]
        return f"{min(there):.0f}" if there else NOTHING
    stated = facts.interval("first_year_needed", case)
    if stated is not None:
        return _years(stated)
    year = first_needed(facts, case)
    return NOTHING if year is None else str(year)


def _years(found: Interval) -> str:
    if found.p05 is None or found.p95 is None:
        return f"{found.p50:.0f}"
    return f"{found.p50:.0f} [{found.p05:.0f}; {found.p95:.0f}]"
