"""The network in tables: depots with their equipment, lines, terminals."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.figure import missing
from viavolta.reports.markup import Html
from viavolta.reports.tables import figures, table, words


def busiest_lines(facts: BusFacts) -> pl.DataFrame:
    """Lines with their trips of the day, busiest first: route_id, route_name, trips, km."""
    trips = facts.table("trips")
    if trips is None:
        return pl.DataFrame(
            schema={"route_id": pl.String, "route_name": pl.String, "trips": pl.Int64}
            | {"km": pl.Float64, "kwh_per_km": pl.Float64}
        )
    return (
        trips.group_by("route_id")
        .agg(
            pl.col("route_name").first(),
            pl.len().alias("trips"),
            pl.col("distance_km").sum().alias("km"),
            (pl.col("energy_kwh").sum() / pl.col("distance_km").sum()).alias("kwh_per_km"),
        )
        .sort(["trips", "route_id"], descending=[True, False])
    )


def depot_table(facts: BusFacts) -> Html:
    """List depots with buses, points, power and connection."""
    chargers = facts.table("chargers")
    if chargers is None:
        return missing(text("charging points"))
    vehicles = facts.table("vehicles")
    per_depot = (
        {}
        if vehicles is None
        else dict(vehicles.group_by("depot").len().select("depot", "len").iter_rows())
    )
    rows = [
        (facts.place(p), per_depot.get(p, 0), n, point_kw, connection_kw, cost)
        for p, n, point_kw, connection_kw, cost in chargers.select(
            "place_id", "n_points", "point_kw", "connection_kw", "cost_eur"
        ).iter_rows()
    ]
    columns = (
        words(text("Depot or terminal")),
        figures(text("Buses at night")),
        figures(text("Charging points")),
        figures(text("Power of a point (kW)"), 1),
        figures(text("Grid connection (kW)")),
        figures(text("Points and connection (EUR)")),
    )
    return table("depots", columns, rows, caption=text("Depots and terminals with charging points"))


def line_table(lines: pl.DataFrame) -> Html:
    """List lines with trips, distance and energy per km."""
    columns = (
        words(text("Line")),
        figures(text("Trips on the day")),
        figures(text("km on the day")),
        figures(text("kWh per km on the design day"), 2),
    )
    if lines.is_empty():
        return missing(text("trips"))
    rows = lines.select(
        pl.coalesce("route_name", "route_id"), "trips", "km", "kwh_per_km"
    ).iter_rows()
    return table("lines", columns, rows, caption=text("Lines, busiest first"))


def terminal_table(facts: BusFacts) -> Html:
    """List depots and terminals with their coordinates."""
    places = facts.study.tables["places"].filter(pl.col("is_terminal") | pl.col("is_depot"))
    columns = (
        words(text("Place")),
        words(text("Use")),
        figures(text("Latitude (degrees)"), 5),
        figures(text("Longitude (degrees)"), 5),
    )
    rows = [
        (name, text("depot") if is_depot else text("terminal"), lat, lon)
        for name, is_depot, lat, lon in places.sort("name", "place_id")
        .select("name", "is_depot", "lat", "lon")
        .iter_rows()
    ]
    return table("places", columns, rows, caption=text("Depots and terminals"))
