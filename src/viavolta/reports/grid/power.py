"""What the grid draws over the hardest time, by strategy."""

import datetime as dt

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import section, stroke
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import NONE, GridFacts, strategy_colour, strategy_label
from viavolta.reports.markup import Html
from viavolta.reports.tables import figures, words

_LISTED = 2000
_POWERS = ("import_kw", "load_kw", "net_kw")
"""What assessments and studies of towns call the power."""


def power(facts: GridFacts) -> Html | None:
    """Build the section on the power; None where the study has no such table."""
    drawing = over_time(facts)
    if drawing is None:
        return None
    return section("power", text("Power over the hardest time"), drawing.on_page(facts))


def over_time(facts: GridFacts) -> Drawing | None:
    """Draw the power, one line per strategy, and what is no charging."""
    frame = facts.table("profile")
    if frame is None:
        frame = facts.table("power")
    column = None if frame is None else next((c for c in _POWERS if c in frame.columns), None)
    if frame is None or column is None:
        return None
    ordered = _with_base(frame.select("start", "strategy", pl.col(column).alias("kw")), frame)
    present = set(ordered["strategy"].to_list())
    shown = [s for s in dict.fromkeys((NONE, *facts.strategies)) if s in present]
    drawn = [
        {
            "start": _iso(start),
            "strategy": strategy,
            "kw": kw,
            "colour": f"var({strategy_colour(str(strategy))})",
        }
        for start, strategy, kw in ordered.iter_rows()
    ]

    def make(width: int) -> Spec:
        return _lines(drawn, width)

    return Drawing(
        name="power",
        title=text("Power of the whole grid over the hardest time (kW)"),
        make=make,
        alt=text("Lines: power of the whole grid over the hardest time, by strategy"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in shown],
        caption=text("Times are UTC. Below zero the grid feeds back."),
        rule=text(
            "{column} of the study's table, around the step with the highest power.",
            column=column,
        ),
        columns=(words(text("Start (UTC)")), words(text("Strategy")), figures(text("kW"), 1)),
        rows=[
            (_iso(start), strategy_label(str(strategy)), kw)
            for start, strategy, kw in ordered.sort("start", maintain_order=True)
            .head(_LISTED)
            .iter_rows()
        ],
    )


def _with_base(ordered: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Add what is no charging as a case of its own, where only a column tells it."""
    if "base_kw" in frame.columns and NONE not in frame["strategy"].to_list():
        first = frame.filter(pl.col("strategy") == frame["strategy"][0])
        base = first.select("start", pl.lit(NONE).alias("strategy"), pl.col("base_kw").alias("kw"))
        ordered = pl.concat([ordered, base])
    return ordered.sort("strategy", "start")


def _iso(start: object) -> str:
    if not isinstance(start, dt.datetime):
        return str(start)
    return start.replace(tzinfo=None).isoformat(timespec="minutes")


def _lines(drawn: list[dict[str, object]], width: int) -> Spec:
    narrow = width <= NARROW_PX
    return {
        "width": width - 70,
        "height": 190,
        "data": {"values": drawn, "format": {"parse": {"start": "utc:'%Y-%m-%dT%H:%M'"}}},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "start",
                "type": "temporal",
                "title": text("UTC"),
                "scale": {"type": "utc"},
                "axis": {"tickCount": 4 if narrow else 8, "format": "%d %b %H:%M"},
            },
            "y": {
                "field": "kw",
                "type": "quantitative",
                "title": text("kW"),
                "axis": {"tickCount": 5, "format": ",.3~f"},
            },
            "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
            "detail": {"field": "strategy"},
        },
    }
