"""What the grid draws at its source over the hardest time, by strategy."""

import datetime as dt

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import section, stroke
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import GridFacts, strategy_colour, strategy_label
from viavolta.reports.markup import Html
from viavolta.reports.tables import figures, words

_LISTED = 2000


def power(facts: GridFacts) -> Html | None:
    """Build the section on the power at the source; None where the study has no such table."""
    drawing = over_time(facts)
    if drawing is None:
        return None
    return section("power", text("Power over the hardest time"), drawing.on_page(facts))


def over_time(facts: GridFacts) -> Drawing | None:
    """Draw the net power of the sources, one line per strategy."""
    frame = facts.table("power")
    if frame is None:
        return None
    shown = [s for s in facts.strategies if facts.table("power", s) is not None]
    ordered = frame.sort("strategy", "start").select("start", "strategy", "net_kw")
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
        title=text("Net power at the source (kW)"),
        make=make,
        alt=text("Lines: net power at the source over the hardest time, by strategy"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in shown],
        caption=text("Times are UTC. Below zero the grid feeds back."),
        rule=text(
            "net_kw in the table power: what all sources give together, losses of the grid "
            "included, around the step with the highest power of the year."
        ),
        columns=(
            words(text("Start (UTC)")),
            words(text("Strategy")),
            figures(text("Net power (kW)"), 1),
        ),
        rows=[
            (_iso(start), strategy_label(str(strategy)), kw)
            for start, strategy, kw in ordered.sort("start", maintain_order=True)
            .head(_LISTED)
            .iter_rows()
        ],
    )


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
