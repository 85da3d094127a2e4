"""Voltages of all nodes and loadings of all branches, each from the worst to the best."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import paragraph, section, stroke
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import GridFacts, strategy_colour, strategy_label
from viavolta.reports.markup import Html
from viavolta.reports.numbers import known
from viavolta.reports.tables import figures, words

_POINTS = 160
"""Points of a curve; more nodes than this are drawn at this many places of the order."""
_LISTED = 100
_LIMITS = 3
"""Different limits that are drawn: one for each level of voltage."""


def levels(facts: GridFacts) -> Html | None:
    """Build the section on voltages and loadings; None where the study has neither."""
    drawings = [d for d in (voltages(facts), loadings(facts)) if d is not None]
    if not drawings:
        return None
    intro = paragraph(
        text(
            "Each curve runs over all elements of the grid, from the one that is worst off to the "
            "one with most room. What lies beyond the dashed line is outside the limits."
        )
    )
    return section(
        "levels",
        text("Voltages and loadings"),
        intro,
        *(drawing.on_page(facts) for drawing in drawings),
    )


def _cases(facts: GridFacts, name: str) -> list[str | None]:
    """Give the strategies of a table, or the one case it holds."""
    frame = facts.table(name)
    if frame is None:
        return []
    if "strategy" not in frame.columns:
        return [None]
    return [s for s in facts.strategies if facts.table(name, s) is not None]


def _paint(case: str | None) -> str:
    return "--c-trip" if case is None else strategy_colour(case)


def _legend(cases: Sequence[str | None]) -> list[tuple[Html, str]]:
    if cases == [None]:
        return []
    return [(stroke(_paint(case)), strategy_label(case or "")) for case in cases]


def _curve(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[tuple[float, float]]:
    """Give share of all elements (percent) and value, of sorted values, thinned out evenly."""
    n = len(values)
    rows = np.unique(np.linspace(0, n - 1, min(n, _POINTS)).round().astype(int))
    return [(round(100 * (r + 0.5) / n, 3), round(float(values[r]), 5)) for r in rows]


def voltages(facts: GridFacts) -> Drawing | None:
    """Draw the lowest and the highest voltage of each node."""
    cases = _cases(facts, "voltages")
    frame = facts.table("voltages")
    if frame is None or not cases:
        return None
    values = []
    for case in cases:
        part = facts.table("voltages", case)
        if part is None:
            continue
        for column, way in (("min_pu", 1), ("max_pu", -1)):
            pu = np.sort(part[column].drop_nulls().drop_nans().to_numpy().astype(float))[::way]
            values += [
                {"share": x, "pu": y, "line": f"{case} {column}", "colour": f"var({_paint(case)})"}
                for x, y in (_curve(pu) if len(pu) else [])
            ]
    band = _band(facts)

    def make(width: int) -> Spec:
        return _curves(values, "pu", text("pu"), width=width, limits=band, zero=False)

    worst = frame.sort(["hours_outside", "min_pu"], descending=[True, False]).head(_LISTED)
    return Drawing(
        name="voltages",
        title=text("Lowest and highest voltage at each node (pu)"),
        make=make,
        alt=text("Curves: lowest and highest voltage of each node, in order, by strategy"),
        legend=_legend(cases),
        caption=text(
            "Lower curve: lowest voltage of a node in {period}. Upper curve: its highest. Across: "
            "share of all nodes, in percent.",
            period=facts.period,
        ),
        rule=text(
            "min_pu and max_pu in the table voltages, over every step. A figure of "
            "1 pu is the nominal voltage."
        ),
        columns=(
            words(text("Node")),
            *((words(text("Strategy")),) if cases != [None] else ()),
            figures(text("Lowest (pu)"), 4),
            figures(text("Highest (pu)"), 4),
            figures(text("Hours outside"), 1),
        ),
        rows=_rows(worst, ("node_id", "min_pu", "max_pu", "hours_outside"), cases),
    )


def loadings(facts: GridFacts) -> Drawing | None:
    """Draw the highest loading of each branch."""
    cases = _cases(facts, "loadings")
    frame = facts.table("loadings")
    if frame is None or not cases:
        return None
    values = []
    for case in cases:
        part = facts.table("loadings", case)
        if part is None:
            continue
        percent = part["max_percent"].drop_nulls().drop_nans().to_numpy().astype(float)
        values += [
            {"share": x, "percent": y, "line": str(case), "colour": f"var({_paint(case)})"}
            for x, y in (_curve(np.sort(percent)[::-1]) if len(percent) else [])
        ]

    def make(width: int) -> Spec:
        return _curves(
            values, "percent", text("% of rating"), width=width, limits=[100.0], zero=True
        )

    worst = frame.sort(["max_percent", "branch_id"], descending=[True, False]).head(_LISTED)
    return Drawing(
        name="loadings",
        title=text("Highest loading of each branch (% of its rating)"),
        make=make,
        alt=text("Curves: highest loading of each branch, in order, by strategy"),
        legend=_legend(cases),
        caption=text("Across: share of all lines, cables and transformers, in percent."),
        rule=text(
            "max_percent in the table loadings, over every step: the larger of the "
            "currents at both ends against what the branch bears."
        ),
        columns=(
            words(text("Branch")),
            *((words(text("Strategy")),) if cases != [None] else ()),
            figures(text("Highest (%)"), 1),
            figures(text("Hours over"), 1),
        ),
        rows=_rows(worst, ("branch_id", "max_percent", "hours_over"), cases),
    )


def _rows(
    frame: pl.DataFrame, columns: tuple[str, ...], cases: Sequence[str | None]
) -> list[tuple[object, ...]]:
    if cases == [None]:
        return list(frame.select(columns).iter_rows())
    chosen = frame.select(columns[0], "strategy", *columns[1:])
    return [(row[0], strategy_label(str(row[1])), *row[2:]) for row in chosen.iter_rows()]


def _band(facts: GridFacts) -> list[float]:
    """Give the limits of the voltage: those of the nodes, else those of the rules."""
    nodes, rules = facts.table("nodes"), facts.study.summary.get("rules")
    found: list[float] = []
    for column in ("low_pu", "high_pu"):
        if nodes is not None and column in nodes.columns:
            limits = nodes[column].drop_nulls().drop_nans().unique().sort().to_list()
            found += [float(limit) for limit in limits[:_LIMITS]]
        elif isinstance(rules, Mapping):
            limit = known(rules.get(column))
            found += [] if limit is None else [limit]
    return found


def _curves(
    values: list[dict[str, object]],
    field: str,
    unit: str,
    *,
    width: int,
    limits: Sequence[float],
    zero: bool,
) -> Spec:
    narrow = width <= NARROW_PX
    up = {
        "field": field,
        "type": "quantitative",
        "title": unit,
        "scale": {"zero": zero},
        "axis": {"tickCount": 5},
    }
    curves: Spec = {
        "data": {"values": values},
        "mark": {"type": "line", "strokeWidth": 2.2},
        "encoding": {
            "x": {
                "field": "share",
                "type": "quantitative",
                "title": text("% of all elements"),
                "scale": {"domain": [0, 100], "nice": False},
                "axis": {"tickCount": 4 if narrow else 10},
            },
            "y": up,
            "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
            "detail": {"field": "line"},
        },
    }
    rules: Spec = {
        "data": {"values": [{field: limit} for limit in limits]},
        "mark": {"type": "rule", "color": "var(--ink)", "strokeDash": [5, 4], "strokeWidth": 1.2},
        "encoding": {"y": up},
    }
    return {
        "width": width - 60,
        "height": 190,
        "layer": [curves, rules] if limits else [curves],
    }
