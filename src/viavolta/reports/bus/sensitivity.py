"""What the yearly cost hangs on: one figure lower and higher at a time, the widest bar on top."""

from typing import Any

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import area, paragraph, section
from viavolta.reports.markup import Html
from viavolta.reports.numbers import known, money
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.picture import Picture
from viavolta.reports.tables import Column, figures, table, values, words

Row = dict[str, Any]


def sensitivities(facts: BusFacts) -> list[Html]:
    """Show what moves the cost; nothing where the study has no such table."""
    rows = _rows(facts)
    if not rows:
        return []
    caption = text("What the yearly cost hangs on")
    listed = table("sensitivities", _columns(), _cells(rows), caption=caption)
    drawn = _picture(rows).on_page(listed)
    return [section("sensitivities", caption, paragraph(said(facts)), drawn)]


def on_paper(facts: BusFacts) -> list[Block]:
    """Set the bars and what they stand for; nothing where the study has no such table."""
    rows = _rows(facts)
    if not rows:
        return []
    return [
        blocks.heading(text("What the yearly cost hangs on")),
        blocks.paragraph(said(facts)),
        _picture(rows).on_paper(),
        blocks.table(text("How far each figure was moved"), _columns(), _cells(rows), wide=(0, 8)),
    ]


def _columns() -> tuple[Column, ...]:
    return (
        words(text("What is moved")),
        words(text("Unit")),
        values(text("lower")),
        values(text("as planned")),
        values(text("higher")),
        figures(text("EUR per year at the lower")),
        figures(text("as planned")),
        figures(text("at the higher")),
        words(text("Range")),
    )


def _cells(rows: list[Row]) -> list[tuple[object, ...]]:
    return [
        (
            _name(row),
            row["unit"],
            *(row[key] for key in ("low", "base", "high")),
            *(row[f"{key}_eur_per_year"] for key in ("low", "base", "high")),
            _range(row),
        )
        for row in rows
    ]


def said(facts: BusFacts) -> str:
    """Say which figure moves the cost most, and how each was moved."""
    rows = _rows(facts)
    if not rows:
        return ""
    first = rows[0]
    ends = sorted(first[f"{key}_eur_per_year"] for key in ("low", "base", "high"))
    return text(
        "{name} moves the yearly cost most: from {low} to {high}. Each figure was moved alone, "
        "with the same buses, blocks and charging points; charging was scheduled anew and the "
        "year costed again.",
        name=_name(first),
        low=money(ends[0]),
        high=money(ends[-1]),
    )


def _rows(facts: BusFacts) -> list[Row]:
    """Rows with both costs, the widest first."""
    frame = facts.table("sensitivities")
    if frame is None:
        return []
    spread = pl.max_horizontal("low_eur_per_year", "base_eur_per_year", "high_eur_per_year")
    spread -= pl.min_horizontal("low_eur_per_year", "base_eur_per_year", "high_eur_per_year")
    complete = frame.drop_nulls(["low_eur_per_year", "base_eur_per_year", "high_eur_per_year"])
    ordered = complete.with_columns(spread=spread).sort(
        ["spread", "subject"], descending=[True, False]
    )
    return ordered.to_dicts()


def _name(row: Row) -> str:
    names = {
        "energy_price": text("Wholesale price of electricity"),
        "battery_price": text("Price of batteries"),
        "wages": text("Wages of drivers on empty ways"),
        "winter": text("Temperature of winter days"),
    }
    return names.get(str(row["subject"]), str(row["subject"]))


def _range(row: Row) -> str:
    names = {
        "sources": text("the range of the sources"),
        "share": text("a fifth less and more, since no source names a range"),
        "design_day": text("halfway to the coldest day, and as much milder"),
    }
    return names.get(str(row["range_kind"]), str(row["range_kind"]))


def _picture(rows: list[Row]) -> Picture:
    ends = {"low": text("at the lower value"), "high": text("at the higher value")}
    bars = [
        {
            "name": _name(row),
            "end": words_,
            "from": known(row["base_eur_per_year"]),
            "to": known(row[f"{key}_eur_per_year"]),
        }
        for row in rows
        for key, words_ in ends.items()
    ]
    order = [_name(row) for row in rows]

    def make(width: int) -> Spec:
        return _bars(bars, order, list(ends.values()), width=width)

    return Picture(
        name="sensitivities",
        title=text("What the yearly cost hangs on"),
        make=make,
        alt=text("Bars: yearly cost when one figure is lower or higher"),
        legend=((area("--c-charge"), ends["low"]), (area("--c-trip"), ends["high"])),
        caption=text("The bars begin at the cost as planned."),
    )


def _bars(bars: list[Row], order: list[str], ends: list[str], *, width: int) -> Spec:
    """One line per figure, two bars from the cost as planned to either side."""
    narrow = width <= NARROW_PX
    return {
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": {"step": 30},
        "data": {"values": bars},
        "mark": {"type": "bar", "height": 16},
        "encoding": {
            "y": {
                "field": "name",
                "type": "nominal",
                "sort": order,
                "title": None,
                "axis": {"labelLimit": 120 if narrow else 300, "labelColor": "var(--ink)"},
            },
            "x": {
                "field": "from",
                "type": "quantitative",
                "title": text("thousand EUR per year"),
                "scale": {"zero": False},
                "axis": {
                    "grid": True,
                    "tickCount": 3 if narrow else 6,
                    "labelExpr": "format(datum.value/1000, ',')",
                },
            },
            "x2": {"field": "to"},
            "color": {
                "field": "end",
                "type": "nominal",
                "scale": {"domain": ends, "range": ["var(--c-charge)", "var(--c-trip)"]},
                "legend": None,
            },
        },
    }
