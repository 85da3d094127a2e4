"""How much more the grid takes: kW and vehicles per node, with how sure that is."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import paragraph, section, stroke
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import GridFacts, strategy_colour, strategy_label
from viavolta.reports.markup import Html, clip
from viavolta.reports.tables import figures, values, words

_DRAWN = 18
_LISTED = 300


def hosting(facts: GridFacts) -> Html | None:
    """Build the section on hosting capacity; None where the study has none."""
    drawing = tightest(facts)
    if drawing is None:
        return None
    intro = paragraph(
        text(
            "Hosting capacity is the charging power that fits at a node before a limit is broken. "
            "It depends on who charges where and when, so it is a range: in 5 of 100 draws it is "
            "below the low figure, in 5 above the high one. Plan with the low one."
        )
    )
    return section("hosting", text("What the grid still takes"), intro, drawing.on_page(facts))


def tightest(facts: GridFacts, *, most: int = _DRAWN) -> Drawing | None:
    """Draw the range of the nodes that take least, one line per strategy."""
    frame = facts.table("hosting")
    if frame is None:
        return None
    tight = (
        frame.group_by("node_id")
        .agg(pl.col("p50_kw").min())
        .sort("p50_kw", "node_id")["node_id"]
        .head(most)
        .to_list()
    )
    shown = [s for s in facts.strategies if facts.table("hosting", s) is not None]
    rank = {s: i for i, s in enumerate(shown)}
    kept = frame.filter(pl.col("node_id").is_in(tight))
    drawn = [
        {
            "node": clip(row["node_id"], 40),
            "rank": rank.get(str(row["strategy"]), 0),
            "colour": f"var({strategy_colour(str(row['strategy']))})",
            "low": row["p05_kw"],
            "middle": row["p50_kw"],
            "high": row["p95_kw"],
        }
        for row in kept.iter_rows(named=True)
    ]
    names = [clip(node, 40) for node in tight]

    def make(width: int) -> Spec:
        return _ranges(drawn, names, n_cases=max(1, len(shown)), width=width)

    listed = frame.sort("p50_kw", "node_id", "strategy").head(_LISTED)
    return Drawing(
        name="hosting",
        title=text("Charging power that fits, at the {n} tightest nodes (kW)", n=len(names)),
        make=make,
        alt=text("Lines: range of the charging power that fits at each of the tightest nodes"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in shown],
        caption=text(
            "Line: from the 5th to the 95th of 100 draws. Dot: the middle. {n} of {all} nodes are "
            "drawn; the table hosting has all.",
            n=len(names),
            all=frame["node_id"].n_unique(),
        ),
        rule=text(
            "p05_kw, p50_kw and p95_kw in the table hosting: vehicles are added at random until "
            "the first limit breaks, many times over, a whole year of power flow each."
        ),
        columns=(
            words(text("Node")),
            words(text("Strategy")),
            values(text("Share")),
            figures(text("Low, 5 % (kW)"), 1),
            figures(text("Middle, 50 % (kW)"), 1),
            figures(text("High, 95 % (kW)"), 1),
            figures(text("Vehicles, middle")),
        ),
        rows=[
            (
                row["node_id"],
                strategy_label(str(row["strategy"])),
                row["share"],
                row["p05_kw"],
                row["p50_kw"],
                row["p95_kw"],
                row["n_vehicles_p50"],
            )
            for row in listed.iter_rows(named=True)
        ],
    )


def _ranges(drawn: list[dict[str, object]], names: list[str], *, n_cases: int, width: int) -> Spec:
    narrow = width <= NARROW_PX
    down = {
        "field": "node",
        "type": "nominal",
        "title": None,
        "scale": {"domain": names},
        "axis": {"labelLimit": 120 if narrow else 180, "ticks": False, "labelColor": "var(--ink)"},
    }
    offset = {"field": "rank", "type": "ordinal", "scale": {"domain": list(range(n_cases))}}
    across = {
        "type": "quantitative",
        "title": text("kW"),
        "scale": {"zero": True},
        "axis": {"grid": True, "tickCount": 3 if narrow else 7},
    }
    paint = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    return {
        "width": width - (140 if narrow else 200),
        "height": {"step": 7 if n_cases > 1 else 16},
        "data": {"values": drawn},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "y": down,
                    "yOffset": offset,
                    "x": {**across, "field": "low"},
                    "x2": {"field": "high"},
                    "color": paint,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 34, "opacity": 1},
                "encoding": {
                    "y": down,
                    "yOffset": offset,
                    "x": {**across, "field": "middle"},
                    "color": paint,
                },
            },
        ],
    }
