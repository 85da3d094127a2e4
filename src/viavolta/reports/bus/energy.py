"""Energy for driving: by line, and how close the batteries come to their floor."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.charts import Spec, chart
from viavolta.reports.figure import figure, missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import number
from viavolta.reports.tables import figures, table, words

_LINES_DRAWN = 20


def energy(facts: BusFacts) -> Html:
    """Energy of the design day."""
    title = text("Energy")
    trips = facts.table("trips")
    if trips is None:
        return section("energy", title, missing(text("trips")))
    return section("energy", title, _words(facts, trips), _lines_figure(_by_line(trips)))


def _words(facts: BusFacts, trips: pl.DataFrame) -> Html:
    km, kwh = float(trips["distance_km"].sum()), float(trips["energy_kwh"].sum())
    parts = [
        fill(
            text("On the design day a bus uses {use} kWh per km on average with passengers."),
            use=tag("strong", number(kwh / km if km else None, 2)),
        )
    ]
    weather, elevation = facts.word("weather"), facts.word("elevation")
    if weather:
        parts.append(fill(text("Weather: {w}."), w=weather))
    if elevation == "none":
        parts.append(fill(text("Hills are not counted: no elevation was given.")))
    elif elevation:
        parts.append(fill(text("Elevation: {e}."), e=elevation))
    sources = {str(k): int(n) for k, n in trips["distance_source"].value_counts().iter_rows()}
    straight, detour = sources.get("straight", 0), facts.number("detour_factor")
    if straight:
        parts.append(
            fill(
                text(
                    "{n} trips have no usable shape; their distance is the great circle times {f}."
                ),
                n=number(straight),
                f=number(detour, 2),
            )
        )
    return paragraph(join(parts, " "))


def _by_line(trips: pl.DataFrame) -> pl.DataFrame:
    return (
        trips.group_by("route_id")
        .agg(
            pl.col("route_name").first(),
            pl.len().alias("trips"),
            pl.col("distance_km").sum().alias("km"),
            pl.col("climb_m").mean().alias("climb_m"),
            pl.col("energy_kwh").sum().alias("kwh"),
        )
        .with_columns(
            pl.when(pl.col("km") > 0).then(pl.col("kwh") / pl.col("km")).alias("kwh_per_km")
        )
        .sort(["kwh", "route_id"], descending=[True, False])
    )


def _lines_figure(lines: pl.DataFrame) -> Html:
    drawn = lines.head(_LINES_DRAWN)
    labels: dict[str, str] = {}
    values = []
    for route, name, use in drawn.select("route_id", "route_name", "kwh_per_km").iter_rows():
        label = clip(name or route, 28)
        label = label if label not in labels else clip(f"{label} ({route})", 40)
        labels[label] = route
        values.append({"line": label, "zero": 0, "use": use})

    def make(width: int) -> Spec:
        return {
            "width": width,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "height": {"step": 20},
            "data": {"values": values},
            "encoding": {
                "y": {
                    "field": "line",
                    "type": "nominal",
                    "sort": None,
                    "title": None,
                    "axis": {"labelLimit": 100, "labelColor": "var(--ink)"},
                }
            },
            "layer": [
                {
                    "mark": {"type": "rule", "color": "var(--line-strong)"},
                    "encoding": {
                        "x": {"field": "zero", "type": "quantitative"},
                        "x2": {"field": "use"},
                    },
                },
                {
                    "mark": {"type": "circle", "opacity": 1, "size": 90, "color": "var(--c-trip)"},
                    "encoding": {
                        "x": {
                            "field": "use",
                            "type": "quantitative",
                            "title": text("kWh per km on the design day"),
                            "axis": {"grid": True, "tickCount": 5, "format": ".2f"},
                        }
                    },
                },
            ],
        }

    columns = (
        words(text("Line")),
        figures(text("Trips")),
        figures(text("km on the day")),
        figures(text("Mean climb of a trip (m)")),
        figures(text("Energy on the day (kWh)")),
        figures(text("kWh per km"), 2),
    )
    rows = lines.select(
        pl.coalesce("route_name", "route_id"), "trips", "km", "climb_m", "kwh", "kwh_per_km"
    ).iter_rows()
    left_out = lines.height - drawn.height
    note = text(" {n} more lines are in the table.", n=left_out) if left_out else ""
    return figure(
        "energy",
        title=text("Energy per km by line"),
        picture=chart("energy", make, alt=text("Dots: energy per kilometre of each line")),
        caption=text("Lines that use most energy first, from the battery.") + note,
        table=table("energy-by-line", columns, rows, caption=text("Energy by line")),
    )
