"""How sure the plan is: the chance that each bus finishes its day, and what it hangs on."""

import math
from typing import Any

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import area, paragraph, section
from viavolta.reports.markup import Html
from viavolta.reports.numbers import NOTHING, clock, known, money, number, percent
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.picture import Picture
from viavolta.reports.tables import Column, figures, table, words

LISTED, ON_PAPER = 200, 20
"""Blocks in the table of the page and of the sheet, the least sure first."""
Row = dict[str, Any]


def robustness(facts: BusFacts) -> list[Html]:
    """Show how sure the plan is; nothing where the study has no such table."""
    frame = ordered(facts)
    if frame is None:
        return []
    caption = _title()
    listed = table("robustness", columns(), cells(facts, frame.head(LISTED)), caption=caption)
    said = [paragraph(one) for one in sentences(facts)]
    parts = [*said, _picture(frame).on_page(listed)]
    priced = safer_rows(facts)
    if priced:
        parts.append(paragraph(safer_sentence(priced)))
        rows = safer_cells(priced)
        parts.append(table("safer-plans", safer_columns(), rows, caption=_safer_title()))
    return [section("robustness", caption, *parts)]


def on_paper(facts: BusFacts) -> list[Block]:
    """Set the picture and the least sure blocks; nothing where the study has no such table."""
    frame = ordered(facts)
    if frame is None:
        return []
    return [
        blocks.heading(_title()),
        *(blocks.paragraph(one) for one in sentences(facts)),
        _picture(frame).on_paper(),
        *_safer_on_paper(facts),
        blocks.table(
            text("The least sure blocks"),
            columns(),
            cells(facts, frame.head(ON_PAPER)),
            wide=(4, 5),
        ),
    ]


def _safer_on_paper(facts: BusFacts) -> list[Block]:
    rows = safer_rows(facts)
    if not rows:
        return []
    return [
        blocks.paragraph(safer_sentence(rows)),
        blocks.table(_safer_title(), safer_columns(), safer_cells(rows)),
    ]


def safer_rows(facts: BusFacts) -> list[Row]:
    """Plans with a larger reserve, the plan itself first; none where they were not asked for."""
    frame = facts.table("safer_plans")
    return [] if frame is None else frame.to_dicts()


def safer_sentence(rows: list[Row]) -> str:
    """Say which plan is recommended and why."""
    best = next((row for row in rows if row["is_recommended"]), rows[0])
    return text(
        "A safer fleet was planned whole, {n} times with a larger reserve. Recommended is the "
        "cheapest plan on which no battery runs empty on enough of the days, or else the surest: "
        "the one that keeps {share} more of the battery back, for {eur} more a year. Days count as "
        "short below the reserve of the first plan.",
        n=number(len(rows) - 1),
        share=percent(best["added_reserve_share"]),
        eur=money(best["more_eur_per_year"]),
    )


def safer_columns() -> tuple[Column, ...]:
    """What is shown of a safer plan."""
    return (
        words(text("Reserve added")),
        figures(text("Buses")),
        figures(text("Charging points")),
        figures(text("EUR per year")),
        figures(text("more than the plan")),
        words(text("Days on which all keep their reserve")),
        words(text("Days on which none runs empty")),
        words(text("Recommended")),
    )


def safer_cells(rows: list[Row]) -> list[tuple[object, ...]]:
    """Plans as rows of a table; where none was found only the reserve is known."""
    return [
        (
            percent(row["added_reserve_share"]),
            row["vehicles"],
            row["charging_points"],
            row["cost_eur_per_year"],
            row["more_eur_per_year"],
            chance(row["chance_all"], row["standard_error_all"]),
            chance(row["chance_none_empty"], row["standard_error_all"]),
            text("yes") if row["is_recommended"] else "",
        )
        for row in rows
    ]


def _safer_title() -> str:
    return text("What a safer fleet costs")


def chance(value: object, error: object) -> str:
    """Write a chance with no more digits than its standard error has meaning."""
    known_error = known(error)
    if known_error is None or known_error <= 0:
        return percent(value)
    digits = max(0, -math.floor(math.log10(100 * known_error)))
    return percent(value, min(digits, 3))


def ordered(facts: BusFacts) -> pl.DataFrame | None:
    """The blocks, the least sure first."""
    frame = facts.table("robustness")
    if frame is None:
        return None
    return frame.sort("finished", "finished_design_day", "lowest_p05_kwh", "block_id")


def sentences(facts: BusFacts) -> list[str]:
    """Say how sure the fleet is, which bus is least sure, and what was drawn."""
    frame, fleet = ordered(facts), facts.study.summary.get("robustness")
    if frame is None or not isinstance(fleet, dict):
        return []
    n = number(fleet.get("draws"))
    error = fleet.get("standard_error_all")
    said = [
        text(
            "On {p} of the drawn days (standard error {error}) every bus keeps its reserve. {mean} "
            "buses a day fall short of it on average, {cold} where every day is as cold or hot as "
            "the sizing day. On {empty} of the days no battery runs empty.",
            p=chance(fleet.get("chance_all"), error),
            error=percent(error, 1),
            mean=number(fleet.get("blocks_short_mean"), 2),
            cold=number(fleet.get("blocks_short_design_day_mean"), 1),
            empty=chance(fleet.get("chance_none_empty"), error),
        )
    ]
    first = frame.row(0, named=True)
    if first["finished"] < first["draws"]:
        said.append(
            text(
                "The least sure is {block}: it keeps its reserve on {p} of the days ({cold} on the "
                "sizing day); most often it falls short {where}. What moves that most: {driver}.",
                block=first["block_id"],
                p=chance(first["chance"], first["standard_error"]),
                cold=chance(first["chance_design_day"], first["standard_error"]),
                where=_where(facts, first),
                driver=driver_name(first["driver"]) or NOTHING,
            )
        )
    said.append(
        text(
            "{n} days were drawn: the temperature, the day's traffic, each bus's driver, each "
            "trip's energy and delay{point}. Blocks, points and powers are those of the plan; a "
            "late bus gives up waiting time and time at the plug first.",
            n=n,
            point=text(", and one charging point that is out of order")
            if fleet.get("failed_points")
            else "",
        )
    )
    return said


def columns() -> tuple[Column, ...]:
    """What is shown of a block."""
    return (
        words(text("Block")),
        words(text("Keeps its reserve")),
        words(text("on the sizing day")),
        figures(text("Lowest charge, one day in twenty (kWh)")),
        words(text("What moves it most")),
        words(text("Falls short most often")),
    )


def cells(facts: BusFacts, frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Blocks as rows of a table."""
    return [
        (
            row["block_id"],
            chance(row["chance"], row["standard_error"]),
            chance(row["chance_design_day"], row["standard_error"]),
            row["lowest_p05_kwh"],
            ", ".join(_drivers(row)) or NOTHING,
            _where(facts, row) or NOTHING,
        )
        for row in frame.iter_rows(named=True)
    ]


def _drivers(row: Row) -> list[str]:
    """What moves the year's chance, then the sizing day's."""
    named = (driver_name(row["driver"]), driver_name(row["driver_design_day"]))
    return list(dict.fromkeys(name for name in named if name))


def driver_name(driver: object) -> str:
    """What a chance hangs on, in words."""
    names = {
        "cold": text("the temperature"),
        "driving": text("how it is driven"),
        "traffic": text("traffic and delays"),
        "failed_point": text("the point out of order"),
    }
    return names.get(str(driver), "")


def _where(facts: BusFacts, row: Row) -> str:
    """When and where the block falls short first on most of its bad days."""
    frame = facts.table("blocks")
    if frame is None or row["first_short_seq"] is None:
        return ""
    found = frame.filter(
        (pl.col("block_id") == row["block_id"]) & (pl.col("seq") == row["first_short_seq"])
    )
    if found.is_empty():
        return ""
    activity = found.row(0, named=True)
    return text(
        "before {time} on the way to {place}",
        time=clock(activity["end_s"]),
        place=facts.place(activity["to_place"]),
    )


def _title() -> str:
    return text("How sure is the plan?")


def _picture(frame: pl.DataFrame) -> Picture:
    labels = {
        "chance": text("on a day of the year"),
        "chance_design_day": text("on the sizing day"),
    }
    points = [
        {"rank": k + 1, "which": label, "p": known(value)}
        for key, label in labels.items()
        for k, value in enumerate(sorted(frame[key].to_list()))
    ]
    least = min(known(p) or 0.0 for key in labels for p in frame[key].to_list())

    def make(width: int) -> Spec:
        return _curve(points, list(labels.values()), width=width, least=least)

    return Picture(
        name="robustness",
        title=text("Chance of each bus to keep its reserve"),
        make=make,
        alt=text("Lines: the chance of the buses to keep their reserve, the least sure first"),
        legend=(
            (area("--c-charge"), labels["chance"]),
            (area("--c-trip"), labels["chance_design_day"]),
        ),
        caption=text("Buses side by side, the least sure on the left; each line in its own order."),
    )


def _curve(points: list[Row], names: list[str], *, width: int, least: float) -> Spec:
    """Two lines over the buses, each from its least sure to its surest."""
    narrow = width <= NARROW_PX
    return {
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": 200,
        "data": {"values": points},
        "mark": {"type": "line", "interpolate": "step-after", "point": {"size": 12}},
        "encoding": {
            "x": {
                "field": "rank",
                "type": "quantitative",
                "title": text("buses"),
                "scale": {"nice": False},
                "axis": {"tickCount": 4 if narrow else 8, "tickMinStep": 1},
            },
            "y": {
                "field": "p",
                "type": "quantitative",
                "title": text("share of days"),
                "scale": {"domain": [min(least, 0.9), 1.0]},
                "axis": {"grid": True, "tickCount": 5, "format": ".0%"},
            },
            "color": {
                "field": "which",
                "type": "nominal",
                "scale": {"domain": names, "range": ["var(--c-charge)", "var(--c-trip)"]},
                "legend": None,
            },
        },
    }
