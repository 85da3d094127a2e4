"""What reinforcement costs under each strategy, how sure that is, and how it adds up."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import paragraph, section, stroke
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import GridFacts, strategy_colour, strategy_label
from viavolta.reports.grid.measures import kind_words
from viavolta.reports.grid.sentences import lasting_needs
from viavolta.reports.grid.words import spaced
from viavolta.reports.markup import Html, clip
from viavolta.reports.numbers import known
from viavolta.reports.tables import figures, table, words

KEY = "reinforcement_eur"


def cost(facts: GridFacts) -> Html | None:
    """Build the section on the cost of reinforcement; None where the study has none."""
    drawings = [d for d in (by_strategy(facts), over_the_years(facts)) if d is not None]
    if not drawings:
        return None
    intro = paragraph(
        text(
            "Reinforcement is what must be built so that no voltage and no loading leaves its "
            "limits. A range holds nine of ten draws of who drives electric, where and when they "
            "charge."
        )
    )
    shown = [drawing.on_page(facts) for drawing in drawings]
    shown += [one for one in (_lasting(facts),) if one is not None]
    return section("cost", text("What reinforcement costs"), intro, *shown)


def _lasting(facts: GridFacts) -> Html | None:
    """List where smart charging does not help: what is built in either case."""
    listed = lasting_needs(facts)
    if not listed:
        return None
    rows = [
        (
            clip(one.get("element")),
            kind_words(str(one.get("kind"))),
            spaced(str(one.get("cause") or "")),
            None
            if known(one.get("draws_share")) is None
            else 100 * (known(one["draws_share"]) or 0),
        )
        for one in listed
    ]
    return table(
        "smart-does-not-help",
        (
            words(text("Where")),
            words(text("Measure")),
            words(text("Cause")),
            figures(text("In % of draws")),
        ),
        rows,
        caption=text("Where smart charging does not help: built with and without it"),
    )


def _caption(facts: GridFacts) -> str:
    words = facts.share_words
    said = text("Bar: the middle of all draws. Line: from the 5th to the 95th percentile of draws.")
    return text("{said} Costs {share}.", said=said, share=words) if words else said


def _percent(share: object) -> float | None:
    found = known(share)
    return None if found is None else 100 * found


def by_strategy(facts: GridFacts) -> Drawing | None:
    """Draw a bar per strategy with its range."""
    values: list[dict[str, object]] = []
    for strategy in facts.strategies_of(KEY):
        found = facts.interval(KEY, strategy)
        if found is not None:
            values.append(
                {
                    "name": strategy_label(strategy),
                    "colour": f"var({strategy_colour(strategy)})",
                    "p05": found.p05,
                    "p50": found.p50,
                    "p95": found.p95,
                }
            )
    if not values:
        return None

    def make(width: int) -> Spec:
        return _bars(values, width)

    return Drawing(
        name="reinforcement",
        title=text("Reinforcement by strategy of charging (EUR)"),
        make=make,
        alt=text("Bars: cost of reinforcement by strategy, with the range of nine of ten draws"),
        legend=(),
        caption=_caption(facts),
        rule=text(
            "reinforcement_eur of the summary: the cost of the measures that remove every "
            "violation, found anew for each draw and each strategy and re-verified by a power "
            "flow over the whole year."
        ),
        columns=(
            words(text("Strategy")),
            figures(text("Low, 5 % (EUR)")),
            figures(text("Middle, 50 % (EUR)")),
            figures(text("High, 95 % (EUR)")),
        ),
        rows=[(v["name"], v["p05"], v["p50"], v["p95"]) for v in values],
    )


def _bars(values: list[dict[str, object]], width: int) -> Spec:
    narrow = width <= NARROW_PX
    names = {
        "field": "name",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [value["name"] for value in values]},
        "axis": {
            "labelLimit": 130 if narrow else 230,
            "ticks": False,
            "domain": False,
            "labelColor": "var(--ink)",
        },
    }
    across = {
        "type": "quantitative",
        "title": text("EUR"),
        "scale": {"zero": True},
        "axis": {"format": ",.3~s", "tickCount": 3 if narrow else 6, "grid": True},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": 15},
            "encoding": {
                "y": names,
                "x": {**across, "field": "p50"},
                "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
            },
        },
        {
            "transform": [{"filter": "isValid(datum.p05) && isValid(datum.p95)"}],
            "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 1.6},
            "encoding": {"y": names, "x": {**across, "field": "p05"}, "x2": {"field": "p95"}},
        },
    ]
    layers += [
        {
            "transform": [{"filter": f"isValid(datum.{end})"}],
            "mark": {"type": "tick", "color": "var(--ink)", "thickness": 1.6, "size": 11},
            "encoding": {"y": names, "x": {**across, "field": end}},
        }
        for end in ("p05", "p95")
    ]
    return {
        "width": width - (150 if narrow else 235),
        "height": {"step": 30},
        "data": {"values": values},
        "layer": layers,
    }


def over_the_years(facts: GridFacts) -> Drawing | None:
    """Draw what has been spent up to each year, one line per strategy with its range."""
    years = facts.table("years")
    if years is None:
        return None
    shown = [s for s in facts.strategies if facts.table("years", s) is not None]
    ordered = years.sort("strategy", "year").select(
        "year", "strategy", "p05_eur", "p50_eur", "p95_eur"
    )
    values = [
        {**row, "colour": f"var({strategy_colour(str(row['strategy']))})"}
        for row in ordered.iter_rows(named=True)
    ]

    def make(width: int) -> Spec:
        return _lines(values, width)

    return Drawing(
        name="years",
        title=text("Spent on reinforcement up to each year (EUR)"),
        make=make,
        alt=text("Lines: cost of all measures up to each year, by strategy"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in shown],
        caption=text("Line: the middle of all draws. Area: nine of ten draws."),
        rule=text(
            "The table years: measures are built in the first year in which the grid would "
            "otherwise leave its limits, along the uptake of electric vehicles."
        ),
        columns=(
            words(text("Year")),
            words(text("Strategy")),
            figures(text("Low, 5 % (EUR)")),
            figures(text("Middle, 50 % (EUR)")),
            figures(text("High, 95 % (EUR)")),
        ),
        rows=[
            (str(y), strategy_label(str(s)), low, mid, high)
            for y, s, low, mid, high in ordered.sort(
                pl.col("year"), maintain_order=True
            ).iter_rows()
        ],
    )


def _lines(values: list[dict[str, object]], width: int) -> Spec:
    narrow = width <= NARROW_PX
    across = {
        "field": "year",
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False, "nice": False},
        "axis": {"format": "d", "tickMinStep": 1, "tickCount": 4 if narrow else 9},
    }
    up = {
        "type": "quantitative",
        "title": text("EUR"),
        "axis": {"format": ",.3~s", "tickCount": 5},
    }
    paint = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    return {
        "width": width - 70,
        "height": 190,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.16},
                "encoding": {
                    "x": across,
                    "y": {**up, "field": "p05_eur"},
                    "y2": {"field": "p95_eur"},
                    "color": paint,
                    "detail": {"field": "strategy"},
                },
            },
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.4},
                "encoding": {
                    "x": across,
                    "y": {**up, "field": "p50_eur"},
                    "color": paint,
                    "detail": {"field": "strategy"},
                },
            },
        ],
    }
