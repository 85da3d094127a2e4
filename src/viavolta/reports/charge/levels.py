"""Power by level of the tree: how hard each level is used, and the limits picked from it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.model.arrays import Ints
from viavolta.model.messages import text
from viavolta.reports.charge import lines
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import GRACE, Flows, profile_of
from viavolta.reports.charge.power import time_x
from viavolta.reports.charts import NARROW_PX, Spec, chart
from viavolta.reports.figure import figure, missing, paragraph, section
from viavolta.reports.markup import Html, clip, join
from viavolta.reports.numbers import known, number
from viavolta.reports.tables import figures, table, words

_DRAWN = 6
_POINTS = 288


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A limit that is drawn: its row of the tree, and the name over its picture."""

    row: int
    label: str


def power_by_level(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Build the section: a table of levels, and pictures of the limits that matter most."""
    title = text("Power by level")
    if flows is None:
        return section("levels", title, missing(text("power at limits over time")))
    used = _with_value(facts, flows)
    table_ = _table(used)
    if len(flows.tree) == 1:
        words_ = paragraph(text("There is a single limit; it is drawn above."))
        return section("levels", title, words_, table_)
    picks = _picks(flows, used)
    return section("levels", title, _words(flows, picks), table_, _figure(facts, flows, picks))


def _with_value(facts: ChargeFacts, flows: Flows) -> pl.DataFrame:
    """Add to each limit its level and value_eur, what one more kW would save."""
    tree = flows.tree
    value = np.zeros(len(tree) + 1)  # the last for names that are no limits
    names = pl.Series([one.limit_id for one in facts.binding], dtype=pl.String)
    value[tree.rows_of(names)] = [one.value_eur for one in facts.binding]
    rows = flows.limits["row"].to_numpy()
    return flows.limits.with_columns(
        level=pl.Series(tree.level[rows]), value_eur=pl.Series(value[:-1][rows])
    )


def _picks(flows: Flows, used: pl.DataFrame) -> list[Pick]:
    """From each level those that cost most, then those used hardest; roots only if several."""
    several_roots = len(flows.tree.roots) > 1
    rest = used if several_roots else used.filter(pl.col("level") > 1)
    ranked = rest.sort(
        ["value_eur", "loading", "row"], descending=[True, True, False], nulls_last=True
    )
    best = ranked.group_by("level", maintain_order=True).head(1)
    levels = sorted(best["level"].to_list()[:_DRAWN])
    if not levels:
        return []
    per_level = _DRAWN // len(levels)
    picks: list[Pick] = []
    for level in levels:
        rows = ranked.filter(pl.col("level") == level)["row"].to_list()[:per_level]
        picks += [
            Pick(row=row, label=_label(flows, row, len(picks) + i)) for i, row in enumerate(rows)
        ]
    return picks  # fmt: skip


def _label(flows: Flows, row: int, nth: int) -> str:
    """Name and level; numbered, so that two long names cut alike stay apart."""
    return text(
        "{nth}. {name} (level {level})",
        nth=nth + 1,
        name=clip(flows.tree.name(row), 28),
        level=int(flows.tree.level[row]),
    )


def _words(flows: Flows, picks: list[Pick]) -> Html:
    tree = flows.tree
    n_levels = int(tree.level.max())
    first = text(
        "Level 1 is the root of the tree, level {n} the lowest: {all} limits in all.",
        n=n_levels,
        all=number(len(tree)),
    )
    left_out = len(tree) - len(picks) - (1 if len(tree.roots) == 1 else 0)
    second = (
        text(
            "Drawn are those where one more kW is worth most on their level, or which are used "
            "hardest. Not drawn: {rest}; the table limit_profile has them all.",
            rest=number(left_out),
        )
        if left_out > 0
        else text("All of them are drawn.")
    )
    return paragraph(join((first, second), " "))


def _table(used: pl.DataFrame) -> Html:
    """Say per level how many limits bind, and how many uncontrolled charging would break."""
    rows = used.group_by("level").agg(
        pl.len().alias("n"),
        (pl.col("value_eur") > 0).sum().alias("binding"),
        pl.col("value_eur").max(),
        pl.col("loading").max(),
        (pl.col("loading") >= 1 - GRACE).sum().alias("full"),
        (pl.col("unmanaged_over_h") > 0).sum().alias("broken"),
        pl.col("unmanaged_over_h").max().alias("longest_h"),
    ).sort("level")  # fmt: skip
    columns = (
        figures(text("Level")),
        figures(text("Limits")),
        figures(text("That cost money")),
        figures(text("Dearest (EUR per kW)"), 2),
        figures(text("Used to the full")),
        figures(text("Highest use (% of import)"), 1),
        figures(text("Broken if uncontrolled")),
        figures(text("Longest (h)"), 2),
    )
    body = (
        (
            row["level"],
            row["n"],
            row["binding"],
            row["value_eur"],
            row["full"],
            None if (loading := known(row["loading"])) is None else 100 * loading,
            row["broken"],
            row["longest_h"],
        )
        for row in rows.iter_rows(named=True)
    )
    return table("levels", columns, body, caption=text("The levels of the tree of limits"))


def _figure(facts: ChargeFacts, flows: Flows, picks: list[Pick]) -> Html | None:
    if not picks:
        return None
    clock = flows.clock
    rows: Ints = np.array([pick.row for pick in picks], dtype=np.int64)
    points = lines.binned(profile_of(facts, flows, rows), clock, points=_POINTS, by=("row",))
    frames = {p.label: points.frame.filter(pl.col("row") == p.row) for p in picks}
    frames = {label: frame for label, frame in frames.items() if not frame.is_empty()}
    bands = {
        label: lines.band_of(f, end_s=clock.length_s, limit=label) for label, f in frames.items()
    }
    loads = [
        v
        for label, f in frames.items()
        for v in lines.load_values(f, end_s=clock.length_s, limit=label)
    ]

    def make(width: int) -> Spec:
        columns = 2 if width > NARROW_PX else 1
        x = time_x(clock, width=NARROW_PX, with_title=False)
        views = [
            {
                "title": {"text": label, "anchor": "start", "fontSize": 12, "color": "var(--ink)"},
                "width": (width - 60 * columns) / columns,
                "height": 120,
                **lines.layers(
                    x,
                    title=None,
                    band=bands[label].values,
                    loads=[v for v in loads if v["limit"] == label],
                ),
            }
            for label in frames
        ]
        return {"concat": views, "columns": columns, "spacing": {"row": 28, "column": 44}}

    caption = text("Mean power in kW of each step at the limit, with all that is below it.")
    notes = (lines.bin_note(points.n_steps, clock), lines.cut_note(list(bands.values())))
    return figure(
        "power-by-level",
        title=text("Limits that matter most on their level (kW)"),
        legend=lines.legend(loads),
        picture=chart("levels", make, alt=text("Power over time at picked limits of each level")),
        caption=join((caption, *notes)),
        table=_steps_table(flows, points.frame, picks),
    )


def _steps_table(flows: Flows, frame: pl.DataFrame, picks: list[Pick]) -> Html:
    label = {pick.row: pick.label for pick in picks}
    rows = (
        (label[row["row"]], flows.clock.moment(row["s"]), *(row[c] for c in lines.TABLE_POWERS))
        for row in frame.iter_rows(named=True)
    )
    return table(
        "power-by-level",
        (words(text("Limit")), *lines.table_columns()),
        rows,
        caption=text("Power at the drawn limits over time"),
    )
