"""The study for the operator of the grid: every figure by strategy, in one table."""

from viavolta.model.messages import text
from viavolta.reports.figure import section
from viavolta.reports.grid.facts import GridFacts, Interval, strategy_label
from viavolta.reports.grid.grade import mark
from viavolta.reports.grid.measures import first_year
from viavolta.reports.grid.sentences import saved
from viavolta.reports.grid.violations import hours_of
from viavolta.reports.grid.why import why_of
from viavolta.reports.markup import Html, join, tag
from viavolta.reports.numbers import NOTHING, known, number, percent
from viavolta.reports.tables import Column, table, words

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
                text(
                    "One column per strategy. Ranges in brackets run from the 5th to the 95th of "
                    "100 draws."
                ),
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
    return section("operator", text("In numbers"), intro, listed, why)


def by_strategy(facts: GridFacts) -> tuple[list[Column], list[Row]]:
    """Give columns and rows; rows of which nothing is known are left out."""
    cases: list[str | None] = list(facts.strategies) or [None]
    figures = [_figures(facts, case) for case in cases]
    labels = list(figures[0])
    rows: list[Row] = [
        (label, *(one[label] for one in figures))
        for label in labels
        if any(one[label] != NOTHING for one in figures)
    ]
    columns = [
        words(text("Figure")),
        *(words(text("This case") if case is None else strategy_label(case)) for case in cases),
    ]
    return columns, rows


def _figures(facts: GridFacts, case: str | None) -> dict[str, str]:
    return {
        text("Hours of violations"): _interval(hours_of(facts, case), 0),
        text("Nodes outside the voltage band"): _count(facts, "voltages", "hours_outside", case),
        text("Lowest voltage (pu)"): _extreme(facts, "voltages", "min_pu", case),
        text("Highest voltage (pu)"): _extreme(facts, "voltages", "max_pu", case),
        text("Branches above their rating"): _count(facts, "loadings", "hours_over", case),
        text("Highest loading (%)"): _extreme(facts, "loadings", "max_percent", case),
        text("Measures"): _measures(facts, case),
        text("First measure in"): _first(facts, case),
        text("Reinforcement (EUR)"): _interval(
            None if case is None else facts.interval("reinforcement_eur", case), 0
        ),
        text("Avoided against uncontrolled"): _share(None if case is None else saved(facts, case)),
    }


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


def _extreme(facts: GridFacts, name: str, column: str, case: str | None) -> str:
    frame = facts.table(name, case)
    if frame is None:
        return NOTHING
    column_values = frame[column].drop_nulls().cast(float).drop_nans()
    value = column_values.min() if column == "min_pu" else column_values.max()
    return number(known(value), 3 if column.endswith("_pu") else 1)


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
    year = first_year(facts, case)
    return NOTHING if year is None else str(year)
