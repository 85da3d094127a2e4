"""Where and when the grid leaves its limits, and what causes it."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.figure import paragraph, section
from viavolta.reports.grid.facts import GridFacts, Interval, interval_of, strategy_label
from viavolta.reports.grid.words import spaced
from viavolta.reports.markup import Html, join
from viavolta.reports.tables import Column, figures, table, values, words

_LISTED = 200


def violations(facts: GridFacts) -> Html | None:
    """Build the section on violations; None where the study has no such table."""
    if not facts.has("violations"):
        return None
    title = text("Violations")
    frame = facts.table("violations")
    if frame is None:
        return section(
            "violations", title, paragraph(text("None: the grid stays within its limits."))
        )
    gathered = by_element(frame)
    shown = gathered.head(_LISTED)
    cause = by_cause(facts)
    listed = table(
        "violations",
        columns(told_apart=has_strategies(facts)),
        rows(shown, told_apart=has_strategies(facts)),
        caption=text(
            "Violations by element, longest first ({n} of {all})",
            n=shown.height,
            all=gathered.height,
        ),
    )
    intro = paragraph(
        text(
            "A violation is an element outside its limits: a node outside its voltage band, a line "
            "or transformer above its rating. Steps that did not converge count as violations."
        )
    )
    return section("violations", title, intro, join((cause, listed)))


def by_element(frame: pl.DataFrame) -> pl.DataFrame:
    """Gather the runs of each element and kind, the longest first: hours, worst, first start."""
    keys = [c for c in ("element", "strategy", "kind") if c in frame.columns]
    lowest = pl.col("kind").cast(pl.String).str.contains("low")
    return (
        frame.sort("hours", descending=True, nulls_last=True)
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col("hours").sum(),
            pl.when(lowest.first())
            .then(pl.col("worst").min())
            .otherwise(pl.col("worst").max())
            .alias("worst"),
            pl.col("start").min(),
            pl.col("cause").first(),
        )
        .sort(["hours", *keys], descending=[True, *(False for _ in keys)])
    )


def has_strategies(facts: GridFacts) -> bool:
    """Say whether violations are told apart by strategy."""
    frame = facts.table("violations")
    return frame is not None and "strategy" in frame.columns


def columns(*, told_apart: bool) -> list[Column]:
    """Give the columns of the list of violations, strategies told apart or not."""
    return [
        words(text("Element")),
        *((words(text("Strategy")),) if told_apart else ()),
        words(text("Kind")),
        figures(text("Hours"), 1),
        values(text("Worst value")),
        words(text("First at (UTC)")),
        words(text("Cause")),
    ]


def rows(frame: pl.DataFrame, *, told_apart: bool) -> list[tuple[object, ...]]:
    """Give the rows of the list of violations."""
    return [
        (
            row["element"],
            *((strategy_label(str(row["strategy"])),) if told_apart else ()),
            spaced(str(row["kind"])),
            row["hours"],
            row["worst"],
            _moment(row["start"]),
            spaced(str(row["cause"] or "")),
        )
        for row in frame.iter_rows(named=True)
    ]


def _moment(start: object) -> str:
    return "" if start is None else str(start)[:16]


def by_cause(facts: GridFacts) -> Html | None:
    """Sum the hours up by cause and strategy."""
    frame = facts.table("violations")
    if frame is None:
        return None
    keys = ["cause", "strategy"] if has_strategies(facts) else ["cause"]
    summed = (
        frame.with_columns(pl.col("cause").cast(pl.String).fill_null(""))
        .group_by(keys)
        .agg(pl.col("hours").sum(), pl.col("element").n_unique().alias("elements"))
        .sort("hours", *keys, descending=[True, *(False for _ in keys)])
    )
    told_apart = len(keys) > 1
    return table(
        "violations-by-cause",
        (
            words(text("Cause")),
            *((words(text("Strategy")),) if told_apart else ()),
            figures(text("Hours, all elements"), 1),
            figures(text("Elements")),
        ),
        [
            (
                spaced(str(row["cause"])),
                *((strategy_label(str(row["strategy"])),) if told_apart else ()),
                row["hours"],
                row["elements"],
            )
            for row in summed.iter_rows(named=True)
        ],
        caption=text("Hours of violations by cause"),
    )


def hours_of(facts: GridFacts, strategy: str | None) -> Interval | None:
    """Give the hours of violations of a strategy, or of the one case of the study."""
    kept = facts.study.summary.get("violation_hours")
    if strategy is None:
        return interval_of(kept)
    return facts.interval("violation_hours", strategy)


def n_elements(facts: GridFacts, strategy: str | None) -> int:
    """Count the elements that leave their limits."""
    frame = facts.table("violations", strategy)
    return 0 if frame is None else frame["element"].n_unique()
