"""What must be built, where and when, under each strategy."""

from collections.abc import Sequence

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import paragraph, section, stroke
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import GridFacts, strategy_colour, strategy_label
from viavolta.reports.grid.words import spaced
from viavolta.reports.markup import Html, clip
from viavolta.reports.numbers import known
from viavolta.reports.tables import Column, figures, table, values, words

_LISTED = 300


def measures(facts: GridFacts) -> Html | None:
    """Build the section on measures; None where the study has no such table."""
    if not facts.has("measures") and not facts.has("needs"):
        return None
    title = text("What must be built, and when")
    frame, needs = facts.table("measures"), facts.table("needs")
    if frame is None and needs is None:
        return section(
            "measures", title, paragraph(text("Nothing: no violation asks for a measure."))
        )
    drawing = by_year(facts)
    parts: list[Html | None] = [None if drawing is None else drawing.on_page(facts)]
    if needs is not None:
        parts.append(_needs(needs))
    if frame is not None:
        shown = sorted_measures(frame).head(_LISTED)
        parts.append(
            table(
                "measures",
                columns(facts),
                rows(facts, shown),
                caption=_caption(facts, shown.height, frame.height),
            )
        )
    return section("measures", title, *parts)


def _caption(facts: GridFacts, shown: int, there: int) -> str:
    draw = facts.study.summary.get("shown_draw")
    if draw is None:
        return text("Measures, first needed first ({n} of {all})", n=shown, all=there)
    return text(
        "Measures of the shown draw, number {d}, first needed first ({n} of {all})",
        d=clip(draw, 20),
        n=shown,
        all=there,
    )


def _needs(frame: pl.DataFrame) -> Html:
    shown = sorted_needs(frame).head(_LISTED)
    return table(
        "needs",
        needs_columns(),
        needs_rows(shown),
        caption=text(
            "How sure each measure is, surest first ({n} of {all})",
            n=shown.height,
            all=frame.height,
        ),
    )


def sorted_needs(frame: pl.DataFrame) -> pl.DataFrame:
    """Order what several draws need: what most of them need first, then the earliest."""
    return frame.sort(
        ["draws_share", "year_p50", "element"], descending=[True, False, False], nulls_last=True
    )


def needs_columns() -> list[Column]:
    """Give the columns of the list of needs."""
    return [
        words(text("Measure")),
        words(text("Where")),
        words(text("Strategy")),
        figures(text("In % of draws")),
        words(text("Year, 5 to 95 %")),
        figures(text("Cost (EUR)")),
    ]


def needs_rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Give the rows of the list of needs."""
    return [
        (
            kind_words(str(row["kind"])),
            row["element"],
            strategy_label(str(row["strategy"])),
            None if row["draws_share"] is None else 100 * row["draws_share"],
            years_words(row),
            row["cost_p50_eur"],
        )
        for row in frame.iter_rows(named=True)
    ]


def years_words(row: dict[str, object]) -> str:
    """Write the year of a need with its range."""
    low, middle, high = (year_words(row[f"year_{p}"]) for p in ("p05", "p50", "p95"))
    return middle if low == high else text("{m} ({a} to {b})", m=middle, a=low, b=high)


def sorted_measures(frame: pl.DataFrame) -> pl.DataFrame:
    """Order measures by year, then the dearest first."""
    return frame.sort(["year", "cost_eur"], descending=[False, True], nulls_last=True)


def has_strategies(facts: GridFacts) -> bool:
    """Say whether measures are told apart by strategy."""
    frame = facts.table("measures")
    return frame is not None and "strategy" in frame.columns


def columns(facts: GridFacts) -> list[Column]:
    """Give the columns of the list of measures."""
    return [
        values(text("Year")),
        *((words(text("Strategy")),) if has_strategies(facts) else ()),
        words(text("Measure")),
        words(text("Where")),
        figures(text("Cost (EUR)")),
        words(text("Removes")),
    ]


def rows(facts: GridFacts, frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Give the rows of the list of measures."""
    told_apart = has_strategies(facts)
    return [
        (
            year_words(row["year"]),
            *((strategy_label(str(row["strategy"])),) if told_apart else ()),
            kind_words(str(row["kind"])),
            row["element"],
            row["cost_eur"],
            row["removes"],
        )
        for row in frame.iter_rows(named=True)
    ]


def year_words(year: object) -> str:
    """Write a year; a measure without one is needed at once or at no stated time."""
    found = known(year)
    return "" if found is None else f"{found:.0f}"


def kind_words(kind: str) -> str:
    """Name a kind of measure in words; unknown ones by their own name."""
    names = {
        "parallel_cable": text("parallel cable"),
        "thicker_cable": text("thicker cable"),
        "feeder_split": text("split of the feeder"),
        "larger_transformer": text("larger transformer"),
        "second_transformer": text("second transformer"),
        "regulated_transformer": text("regulated transformer"),
        "battery": text("battery"),
    }
    return names.get(kind, spaced(kind))


def elements(facts: GridFacts, strategy: str) -> set[str]:
    """Give the elements at which something must be built under a strategy."""
    frame = facts.table("measures", strategy)
    return set() if frame is None else {str(e) for e in frame["element"].to_list()}


def first_year(facts: GridFacts, strategy: str) -> int | None:
    """Give the first year in which something must be built under a strategy."""
    frame = facts.table("measures", strategy)
    years = [] if frame is None else [known(y) for y in frame["year"].to_list()]
    there = [y for y in years if y is not None]
    return int(min(there)) if there else None


def by_year(facts: GridFacts) -> Drawing | None:
    """Draw how many measures each year needs; None where years are not told apart."""
    frame = facts.table("measures")
    if frame is None or not has_strategies(facts):
        return None
    counted = (
        frame.drop_nulls("year")
        .group_by("year", "strategy")
        .agg(pl.len().alias("n"), pl.col("cost_eur").sum().alias("eur"))
        .sort("year", "strategy")
    )
    if counted["year"].n_unique() < 2:  # noqa: PLR2004 - one year makes no picture
        return None
    shown = [s for s in facts.strategies if facts.table("measures", s) is not None]
    drawn: list[dict[str, object]] = [
        {
            "year": f"{row['year']:.0f}",
            "rank": shown.index(str(row["strategy"])),
            "n": row["n"],
            "colour": f"var({strategy_colour(str(row['strategy']))})",
        }
        for row in counted.iter_rows(named=True)
        if str(row["strategy"]) in shown
    ]

    def make(width: int) -> Spec:
        return _bars(drawn, n_cases=len(shown), width=width)

    return Drawing(
        name="measures-by-year",
        title=text("Measures that each year needs"),
        make=make,
        alt=text("Bars: number of measures by year and strategy"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in shown],
        caption=text("A year without a bar needs nothing."),
        rule=text(
            "Rows of the table measures by year: the first year in which the grid would leave its "
            "limits without the measure."
        ),
        columns=(
            words(text("Year")),
            words(text("Strategy")),
            figures(text("Measures")),
            figures(text("Cost (EUR)")),
        ),
        rows=[
            (year_words(y), strategy_label(str(s)), n, eur) for y, s, n, eur in counted.iter_rows()
        ],
    )


def _bars(drawn: Sequence[dict[str, object]], *, n_cases: int, width: int) -> Spec:
    narrow = width <= NARROW_PX
    years = [int(str(one["year"])) for one in drawn]
    return {
        "width": width - 60,
        "height": 130,
        "data": {"values": list(drawn)},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "year",
                "type": "ordinal",
                "title": None,
                "scale": {"domain": [str(y) for y in range(min(years), max(years) + 1)]},
                "axis": {"labelAngle": 0, "labelOverlap": "greedy" if narrow else "parity"},
            },
            "xOffset": {
                "field": "rank",
                "type": "ordinal",
                "scale": {"domain": list(range(n_cases))},
            },
            "y": {
                "field": "n",
                "type": "quantitative",
                "title": text("measures"),
                "axis": {"tickCount": 4, "tickMinStep": 1, "format": "d"},
            },
            "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
        },
    }
