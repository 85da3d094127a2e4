"""What it means for drivers and sites, and what the figures rest on."""

import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.figure import paragraph, section
from viavolta.reports.markup import Html, clip, fill
from viavolta.reports.numbers import number, percent
from viavolta.reports.simulation.facts import SimulationFacts
from viavolta.reports.tables import figures, table, values, words

_DRIVERS_SHOWN = 40
_SITES_SHOWN = 60


def drivers(facts: SimulationFacts) -> Html:
    """Show what the busiest drivers pay, wait and miss under each strategy."""
    frame = facts.table("drivers")
    order = (
        frame.group_by("driver", "driver_kind")
        .agg(pl.col("connected_h").max(), pl.col("stays").max().alias("n"))
        .sort(["n", "driver", "driver_kind"], descending=[True, False, False])
    )
    shown = order.head(_DRIVERS_SHOWN).select("driver", "driver_kind", "n")
    cells = shown.with_columns(
        *(
            _cells(frame, shown, strategy=strategy.value, column=column)
            for strategy in facts.figures
            for column in ("cost_eur", "unmet_kwh", "ready_h")
        )
    )
    columns = [words(text("Driver, plug or site")), figures(text("Stays"))]
    for strategy in facts.figures:
        label = facts.label(strategy)
        columns += [
            figures(text("{s}: cost (EUR)", s=label), 2),
            figures(text("{s}: missing (kWh)", s=label), 1),
            figures(text("{s}: hours until charged", s=label), 1),
        ]
    rows = cells.drop("driver_kind").iter_rows()
    caption = text("The {n} of {all} with most stays", n=cells.height, all=order.height)
    return section(
        "drivers",
        text("What it means for drivers"),
        _idle(facts),
        table("drivers", columns, rows, caption=caption),
    )


def _cells(frame: pl.DataFrame, shown: pl.DataFrame, *, strategy: str, column: str) -> pl.Series:
    own = frame.filter(pl.col("strategy") == strategy).select("driver", "driver_kind", column)
    joined = shown.join(own, on=["driver", "driver_kind"], how="left", maintain_order="left")
    return joined[column].alias(f"{strategy} {column}")


def _idle(facts: SimulationFacts) -> Html:
    base = facts.baseline()
    charging = facts.of(base, "charging_share")
    return paragraph(
        fill(
            text(
                "Vehicles were plugged in for {hours} h in all, {share} of the time on average "
                "per driver or plug. {idle} of that they stood idle when charged at once: this is "
                "the time that a plan can use."
            ),
            hours=number(facts.number("connected_h")),
            share=percent(facts.number("plug_in_share")),
            idle=percent(None if charging is None else 1 - charging),
        )
    )


def sites(facts: SimulationFacts) -> Html:
    """Show each limit with its peak, cost and hours at the limit, per strategy."""
    labels = {s.value: facts.label(s) for s in facts.figures}
    rows = [
        (
            row["limit_id"],
            labels[row["strategy"]],
            row["peak_kw"],
            row["energy_kwh"],
            row["energy_eur"] + row["peak_eur"],
            row["hours_at_limit"],
            row["hours_above_limit"],
            row["worst_excess_kw"],
        )
        for row in facts.table("sites").sort("limit_id", "strategy").iter_rows(named=True)
    ]
    columns = (
        words(text("Limit")),
        words(text("Strategy")),
        figures(text("Highest import (kW)"), 1),
        figures(text("Energy (kWh)")),
        figures(text("Energy and peak cost (EUR)"), 2),
        figures(text("Hours at the limit"), 1),
        figures(text("Hours above it"), 1),
        figures(text("Worst excess (kW)"), 1),
    )
    caption = text("The first {n} of {all} rows", n=min(_SITES_SHOWN, len(rows)), all=len(rows))
    return section(
        "sites",
        text("What it means for sites"),
        paragraph(text("Energy is bought and sold at the roots of the tree of limits.")),
        table("sites", columns, rows[:_SITES_SHOWN], caption=caption),
    )


def assumptions(study: Study) -> Html:
    """List every figure that was not in the inputs, with source and how sure it is."""
    columns = (
        words(text("Assumption")),
        values(text("Value")),
        values(text("Lowest")),
        values(text("Highest")),
        words(text("Unit")),
        words(text("Status")),
        words(text("Source")),
    )
    rows = (
        (a.key, a.value, a.minimum, a.maximum, a.unit, a.status, clip(a.source))
        for a in study.assumptions
    )
    return section(
        "assumptions",
        text("Assumptions"),
        paragraph(
            text(
                "{n} figures are not in the sessions. Options of the command set the power of "
                "plugs, the battery, the share that gives back and its wear.",
                n=number(len(study.assumptions)),
            )
        ),
        table("assumptions", columns, rows, caption=text("Assumptions with source and status")),
    )
