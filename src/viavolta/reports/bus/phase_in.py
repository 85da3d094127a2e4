"""Year by year: which lines go electric when, what it takes, and the Clean Vehicles Directive."""

from typing import Any

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import area, paragraph, section
from viavolta.reports.markup import Html
from viavolta.reports.numbers import NOTHING, money, number, percent
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.picture import Picture
from viavolta.reports.tables import Column, figures, table, words

ON_PAPER = 30
"""Lines on the sheet."""
MILLION = 1e6
Row = dict[str, Any]


def years(facts: BusFacts) -> list[Html]:
    """Show the years; nothing where the study has no such table."""
    frame = facts.table("phase_in")
    if frame is None:
        return []
    parts = [paragraph(one) for one in sentences(facts)]
    by_year = table("phase-in", year_columns(), year_cells(frame), caption=text("Year by year"))
    parts.append(_picture(frame).on_page(by_year))
    lines = line_rows(facts)
    if lines:
        parts.append(
            table("phase-in-lines", line_columns(), line_cells(lines), caption=_lines_title())
        )
    return [section("phase-in", _title(), *parts)]


def on_paper(facts: BusFacts) -> list[Block]:
    """Set the years and the lines; nothing where the study has no such table."""
    frame = facts.table("phase_in")
    if frame is None:
        return []
    lines = line_rows(facts)
    return [
        blocks.heading(_title()),
        *(blocks.paragraph(one) for one in sentences(facts)),
        _picture(frame).on_paper(),
        blocks.table(text("Year by year"), year_columns(), year_cells(frame)),
        blocks.table(
            _lines_title(),
            line_columns(),
            line_cells(lines[:ON_PAPER]),
            wide=(0, 5),
            more=text("{n} more in report.html", n=len(lines) - ON_PAPER)
            if len(lines) > ON_PAPER
            else "",
        ),
    ]


def sentences(facts: BusFacts) -> list[str]:
    """Say how it goes, how the order was found, and whether the Directive is kept."""
    frame = facts.table("phase_in")
    summary = facts.study.summary.get("phase_in")
    if frame is None or not isinstance(summary, dict):
        return []
    last = frame.row(-1, named=True)
    said = [
        text(
            "From {first} to {last} {n} of {all} buses become electric, for {eur} in all (diesel "
            "buses bought meanwhile not counted). The blocks are those of this plan from the first "
            "day on; diesel buses drive them until a battery bus comes, so lines that share buses "
            "change over together.",
            first=str(summary.get("first_year")),
            last=str(summary.get("last_year")),
            n=number(last["electric_buses"]),
            all=number(last["electric_buses"] + last["diesel_buses"]),
            eur=money(summary.get("capex_eur")),
        ),
        text(
            "First come the buses that save most in running costs and CO₂, interest on their "
            "price taken off, and lines that become electric as a whole; depots are opened before "
            "their first bus. No other order is worth more than {gap} more.",
            gap=percent(summary.get("gap"), 1),
        ),
    ]
    return said + [clean_sentence(row) for row in clean_rows(facts)]


def clean_rows(facts: BusFacts) -> list[Row]:
    """Purchases against the Directive's shares, a row per period."""
    frame = facts.table("clean_vehicles")
    return [] if frame is None else frame.to_dicts()


def clean_sentence(row: Row) -> str:
    """Say whether purchases of a period keep the Directive's share."""
    values: Row = {
        "country": row["country"],
        "first": str(row["from_year"]),
        "last": str(row["to_year"]),
        "n": number(row["bought_electric"]),
        "all": number(row["bought"]),
        "share": percent(row["required_clean_share"]),
        "zero": percent(row["required_zero_emission_share"], 1),
        "short": number(row["short_by"]),
    }
    if row["short_by"] > 0:
        return text(
            "Clean Vehicles Directive, {country}, {first} to {last}: {n} of {all} buses bought are "
            "clean; the country's share of {share} (half of it free of emissions) is missed by "
            "{short} buses.",
            **values,
        )
    return text(
        "Clean Vehicles Directive, {country}, {first} to {last}: {n} of {all} buses bought are "
        "clean and free of emissions; the country's shares of {share} and {zero} are kept.",
        **values,
    )


def year_columns() -> tuple[Column, ...]:
    """What is shown of a year."""
    return (
        words(text("Year")),
        figures(text("Battery buses")),
        figures(text("Diesel buses")),
        figures(text("Charging points")),
        figures(text("Connection (kW)")),
        figures(text("Highest load, managed (kW)")),
        figures(text("Invested (million EUR)"), 2),
        figures(text("Running costs (million EUR)"), 2),
        figures(text("CO₂ (t)")),
        figures(text("Lines electric as a whole")),
    )


def year_cells(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Years as rows of a table."""
    return [
        (
            str(row["year"]),
            row["electric_buses"],
            row["diesel_buses"],
            row["charging_points"],
            row["connection_kw"],
            row["used_kw"],
            row["capex_eur"] / MILLION,
            row["opex_eur"] / MILLION,
            row["co2_t"],
            row["whole_lines"],
        )
        for row in frame.iter_rows(named=True)
    ]


def line_rows(facts: BusFacts) -> list[Row]:
    """Lines, the first ones first."""
    frame = facts.table("phase_in_lines")
    return [] if frame is None else frame.to_dicts()


def line_columns() -> tuple[Column, ...]:
    """What is shown of a line."""
    return (
        words(text("Line")),
        words(text("Electric as a whole")),
        words(text("first electric bus")),
        figures(text("Buses on it")),
        figures(text("Saved per bus and year (EUR)")),
        words(text("Why not earlier")),
    )


def line_cells(rows: list[Row]) -> list[tuple[object, ...]]:
    """Lines as rows of a table."""
    return [
        (
            line_name(row),
            NOTHING if row["whole_year"] is None else str(row["whole_year"]),
            NOTHING if row["first_year"] is None else str(row["first_year"]),
            row["blocks"],
            row["saved_eur_per_bus"],
            why(row),
        )
        for row in rows
    ]


def line_name(row: Row) -> str:
    """A line by its name, else by its id."""
    return str(row["route_name"] or row["route_id"])


def why(row: Row) -> str:
    """Say why a line is not electric as a whole a year earlier."""
    block, shared = row["last_block_id"], number(row["shared_lines"])
    match row["reason"]:
        case "first":
            return text("It is among the first: its buses save most for what they cost.")
        case "depot":
            return text("{block} charges at a depot that opens only then.", block=block)
        case "not-bought":
            return text("{block} stays a diesel bus in these years.", block=block)
        case _:
            return text(
                "The buses bought before save more elsewhere; it waits for {block}, and shares its "
                "buses with {n} other lines.",
                block=block,
                n=shared,
            )


def _lines_title() -> str:
    return text("Lines by the year in which they are electric as a whole")


def _title() -> str:
    return text("Year by year to an electric fleet")


def _picture(frame: pl.DataFrame) -> Picture:
    labels = {"electric_buses": text("Battery buses"), "diesel_buses": text("Diesel buses")}
    bars = [
        {"year": str(row["year"]), "kind": label, "n": row[key], "at": k}
        for row in frame.iter_rows(named=True)
        for k, (key, label) in enumerate(labels.items())
    ]

    def make(width: int) -> Spec:
        return _bars(bars, list(labels.values()), width=width)

    return Picture(
        name="phase-in",
        title=text("Buses by year"),
        make=make,
        alt=text("Bars: battery and diesel buses at the end of each year"),
        legend=(
            (area("--c-charge"), labels["electric_buses"]),
            (area("--c-trip"), labels["diesel_buses"]),
        ),
        caption=text("Works at a depot are paid before its first bus comes."),
    )


def _bars(bars: list[Row], names: list[str], *, width: int) -> Spec:
    """One column per year, battery buses below."""
    return {
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": 180 if width <= NARROW_PX else 220,
        "data": {"values": bars},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
            "y": {
                "field": "n",
                "type": "quantitative",
                "title": text("buses"),
                "axis": {"grid": True, "tickCount": 5, "tickMinStep": 1},
            },
            "order": {"field": "at"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": names, "range": ["var(--c-charge)", "var(--c-trip)"]},
                "legend": None,
            },
        },
    }
