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
    drawings = [d for d in (areas(facts), tightest(facts)) if d is not None]
    if not drawings:
        return None
    intro = paragraph(
        text(
            "Hosting capacity is what fits before a limit is broken. It depends on who charges "
            "where and when, so it is a range: in 5 of 100 draws it is below the low figure, in 5 "
            "above the high one. Plan with the low one."
        )
    )
    shown = (drawing.on_page(facts) for drawing in drawings)
    return section("hosting", text("What the grid still takes"), intro, *shown)


def areas(facts: GridFacts, *, most: int = _DRAWN) -> Drawing | None:
    """Draw how many vehicles the grid and its tightest transformers and feeders take."""
    frame = facts.table("hosting_areas")
    if frame is None:
        return None
    of_grid = frame.filter(pl.col("kind") == "grid")["area_id"].unique().sort().to_list()
    tight = (
        frame.filter(pl.col("kind") != "grid")
        .group_by("area_id")
        .agg((pl.col("n_vehicles_p50") / pl.col("households").clip(1)).min().alias("share"))
        .sort("share", "area_id")["area_id"]
        .head(most - len(of_grid))
        .to_list()
    )
    shown = [*of_grid, *tight]
    cases = [s for s in facts.strategies if facts.table("hosting_areas", s) is not None]
    rank = {s: i for i, s in enumerate(cases)}
    kept = frame.filter(pl.col("area_id").is_in(shown))
    drawn: list[dict[str, object]] = [
        {
            "node": _area_name(row),
            "rank": rank.get(str(row["strategy"]), 0),
            "colour": f"var({strategy_colour(str(row['strategy']))})",
            "low": row["n_vehicles_p05"],
            "middle": row["n_vehicles_p50"],
            "high": row["n_vehicles_p95"],
        }
        for row in kept.iter_rows(named=True)
    ]
    by_id = {str(row["area_id"]): _area_name(row) for row in kept.iter_rows(named=True)}
    names = [by_id[str(one)] for one in shown]
    order = ["households", "area_id", "strategy"]
    listed = frame.sort(order, descending=[True, False, False]).head(_LISTED)

    def make(width: int) -> Spec:
        return _ranges(drawn, names, n_cases=max(1, len(cases)), width=width, unit=text("vehicles"))

    return Drawing(
        name="hosting-areas",
        title=text("Electric vehicles that fit, whole grid and tightest parts"),
        make=make,
        alt=text("Lines: range of the number of vehicles that fit in each part of the grid"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in cases],
        caption=text(
            "Line: from 5th to 95th percentile of draws. Dot: the middle. Where no limit broke "
            "in most draws, all vehicles came and the number is a lower one."
        ),
        rule=text(
            "n_vehicles_p05, n_vehicles_p50 and n_vehicles_p95 in the table hosting_areas; "
            "full_share is the share of draws in which a limit broke at all."
        ),
        columns=(
            words(text("Part")),
            words(text("Kind")),
            words(text("Strategy")),
            figures(text("Households")),
            figures(text("Low, 5 %")),
            figures(text("Middle, 50 %")),
            figures(text("High, 95 %")),
            figures(text("A limit broke (% of draws)")),
        ),
        rows=[
            (
                row["area_id"],
                row["kind"],
                strategy_label(str(row["strategy"])),
                row["households"],
                row["n_vehicles_p05"],
                row["n_vehicles_p50"],
                row["n_vehicles_p95"],
                100 * (row["full_share"] or 0.0),
            )
            for row in listed.iter_rows(named=True)
        ],
    )


def _area_name(row: dict[str, object]) -> str:
    kind = str(row["kind"])
    if kind == "grid":
        return text("Whole grid")
    name = clip(row["area_id"], 30)
    return name if name.lower().startswith(kind) else f"{clip(kind, 20)} {name}"


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
        return _ranges(drawn, names, n_cases=max(1, len(shown)), width=width, unit=text("kW"))

    listed = frame.sort("p50_kw", "node_id", "strategy").head(_LISTED)
    return Drawing(
        name="hosting",
        title=text("Charging power that fits, at the {n} tightest nodes (kW)", n=len(names)),
        make=make,
        alt=text("Lines: range of the charging power that fits at each of the tightest nodes"),
        legend=[(stroke(strategy_colour(s)), strategy_label(s)) for s in shown],
        caption=text(
            "Line: from 5th to 95th percentile of draws. Dot: the middle. {n} of {all} nodes are "
            "drawn; the table hosting has all.",
            n=len(names),
            all=frame["node_id"].n_unique(),
        ),
        rule=text(
            "p05_kw, p50_kw and p95_kw in the table hosting: charging points of the vehicles whose "
            "highest power in a year the node bears at any time, in many draws of who they are."
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


def _ranges(
    drawn: list[dict[str, object]], names: list[str], *, n_cases: int, width: int, unit: str
) -> Spec:
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
        "title": unit,
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
