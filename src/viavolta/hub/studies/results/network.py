"""The map: lines, places and depots, with the grid where there is one; and the same as tables."""

from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result, require_result
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.page import Page, results_page
from viavolta.hub.studies.results.pictures import network_map
from viavolta.hub.studies.results.tables import StudyTable, study_table
from viavolta.hub.studies.sharing import scenario_for
from viavolta.model.messages import text
from viavolta.reports.bus.network_tables import busiest_lines

DIGITS = 5
"""A metre, about."""
N_COLOURS = 7


@results_page("map")
def network(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """Where the buses drive and charge."""
    tables = [_depots(request, result), _lines(request, result), _places(request, result)]
    if result.has("nodes"):
        tables += [_branches(request, result)]
    return {
        "tables": tables,
        "map": network_map(map_layers(result), credit=_credit(result)),
    }


@access(Access.PUBLIC)
def network_data(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponseBase:
    """The map's layers as GeoJSON."""
    result = require_result(scenario_for(request, slug, scenario_id))
    with reader_of(result.study.timezone):
        answer = JsonResponse(map_layers(result))
    answer["Cache-Control"] = "private, max-age=60"
    return answer


def map_layers(result: Result) -> dict[str, Any]:
    """GeoJSON of lines, places, depots and, where the study has a grid, nodes and branches."""
    layers = {
        "lines": _line_features(result),
        "places": _place_features(result),
        "depots": _depot_features(result),
    }
    if result.has("nodes"):
        layers["nodes"] = _node_features(result)
        layers["branches"] = _branch_features(result)
    return {name: {"type": "FeatureCollection", "features": rows} for name, rows in layers.items()}


def _line_features(result: Result) -> list[dict[str, Any]]:
    """One feature per line, the busiest first; `rank` counts up and chooses the colour."""
    shapes = result.facts.table("shapes")
    if shapes is None:
        return []
    shapes = shapes.filter(pl.col("lat").is_finite() & pl.col("lon").is_finite())
    parts: dict[str, list[list[list[float]]]] = {}
    for (route, _part), rows in shapes.group_by("route_id", "part", maintain_order=True):
        points = _thinned(rows)
        if len(points) > 1:
            parts.setdefault(str(route), []).append(points)
    lines = busiest_lines(result.facts)
    found = []
    for rank, row in enumerate(lines.iter_rows(named=True)):
        if row["route_id"] in parts:
            geometry = {"type": "MultiLineString", "coordinates": parts[row["route_id"]]}
            name = row["route_name"] or row["route_id"]
            found.append(
                _feature(geometry, rank=min(rank, N_COLOURS), name=name, trips=row["trips"])
            )
    return found


def _thinned(rows: pl.DataFrame) -> list[list[float]]:
    """Points of a line, those on the metre of the one before left out."""
    points: list[list[float]] = []
    for lat, lon in rows.select(pl.col("lat", "lon").round(DIGITS)).iter_rows():
        if not points or points[-1] != [lon, lat]:
            points.append([lon, lat])
    return points


def _place_features(result: Result) -> list[dict[str, Any]]:
    return [
        _feature(_point(row), name=row["name"], id=row["place_id"], terminal=row["is_terminal"])
        for row in result.table("places").filter(~pl.col("is_depot")).iter_rows(named=True)
        if _is_placed(row)
    ]


def _depot_features(result: Result) -> list[dict[str, Any]]:
    frame = depot_frame(result)
    return [
        _feature(
            _point(row),
            id=row["place_id"],
            **{key: row[key] for key in ("name", "buses", "n_points", "connection_kw", "peak_kw")},
        )
        for row in frame.iter_rows(named=True)
        if _is_placed(row)
    ]


def depot_frame(result: Result) -> pl.DataFrame:
    """Depots and terminals with points: their buses, points, power and where they lie."""
    charges = pl.col("is_depot") | pl.col("has_charger")
    places = result.table("places").filter(charges).select("place_id", "name", "lat", "lon")
    buses = result.table("vehicles").group_by("depot").agg(pl.len().alias("buses"))
    peaks = (
        result.table("power")
        .group_by("place_id")
        .agg(
            pl.col("managed_kw").max().alias("peak_kw"),
            pl.col("unmanaged_kw").max().alias("unmanaged_kw"),
        )
        if result.has("power")
        else pl.DataFrame(schema={"place_id": pl.String, "peak_kw": float, "unmanaged_kw": float})
    )
    return (
        places.join(buses, left_on="place_id", right_on="depot", how="left")
        .join(result.table("chargers"), on="place_id", how="left")
        .join(peaks, on="place_id", how="left")
        .with_columns(pl.col("buses").fill_null(0))
        .sort("buses", "name", descending=[True, False])
    )


def _node_features(result: Result) -> list[dict[str, Any]]:
    voltages = _worst(result, "voltages", "node_id")
    return [
        _feature(
            _point(row),
            name=row["node_id"],
            kind=row["kind"],
            hours=voltages.get(row["node_id"], {}).get("hours_outside", 0.0),
        )
        for row in result.table("nodes").iter_rows(named=True)
        if _is_placed(row)
    ]


def _branch_features(result: Result) -> list[dict[str, Any]]:
    at = {
        row["node_id"]: _point(row)["coordinates"]
        for row in result.table("nodes").iter_rows(named=True)
        if _is_placed(row)
    }
    loadings = _worst(result, "loadings", "branch_id")
    found = []
    for row in result.table("branches").iter_rows(named=True):
        ends = [at.get(row["from_node"]), at.get(row["to_node"])]
        if None not in ends and ends[0] != ends[1]:
            load = loadings.get(row["branch_id"], {})
            found.append(
                _feature(
                    {"type": "LineString", "coordinates": ends},
                    name=row["branch_id"],
                    kind=row["kind"],
                    percent=round(load.get("max_percent") or 0.0, 1),
                    hours=load.get("hours_over", 0.0),
                )
            )
    return found


def _worst(result: Result, table: str, key: str) -> dict[str, dict[str, Any]]:
    """What managed charging makes of each element."""
    if not result.has(table):
        return {}
    rows = result.table(table).filter(pl.col("strategy") == "managed")
    return {row[key]: row for row in rows.iter_rows(named=True)}


def _feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _point(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Point",
        "coordinates": [round(row["lon"], DIGITS), round(row["lat"], DIGITS)],
    }


def _is_placed(row: dict[str, Any]) -> bool:
    return all(row[k] is not None and row[k] == row[k] for k in ("lat", "lon"))


def _credit(result: Result) -> str:
    licences = " ".join(f"{i.licence} {i.origin}" for i in result.study.inputs).lower()
    osm = "odbl" in licences or "openstreetmap" in licences
    return "© OpenStreetMap contributors (ODbL)" if osm else ""


def _depots(request: HttpRequest, result: Result) -> StudyTable:
    columns = [
        Column(key="name", label=text("Depot or terminal")),
        Column(key="buses", label=text("Buses at night"), kind=Kind.NUMBER),
        Column(key="n_points", label=text("Charging points"), kind=Kind.NUMBER),
        Column(key="point_kw", label=_("Power of a point"), kind=Kind.NUMBER, unit="kW"),
        Column(key="connection_kw", label=text("Grid connection"), kind=Kind.NUMBER, unit="kW"),
        Column(key="peak_kw", label=_("Peak, managed"), kind=Kind.NUMBER, unit="kW"),
        Column(key="unmanaged_kw", label=_("Peak, unmanaged"), kind=Kind.NUMBER, unit="kW"),
        Column(key="cost_eur", label=_("To build"), kind=Kind.NUMBER, unit="EUR"),
        Column(key="lat", label=_("Latitude"), kind=Kind.NUMBER, digits=5, is_shown=False),
        Column(key="lon", label=_("Longitude"), kind=Kind.NUMBER, digits=5, is_shown=False),
    ]
    caption = text("Depots and terminals with charging points")
    return study_table(request, depot_frame(result), columns, name="depots", caption=caption)


def _lines(request: HttpRequest, result: Result) -> StudyTable:
    columns = [
        Column(key="route_name", label=text("Line")),
        Column(key="trips", label=text("Trips on the day"), kind=Kind.NUMBER),
        Column(key="km", label=_("Distance on the day"), kind=Kind.NUMBER, digits=1, unit="km"),
        Column(
            key="kwh_per_km",
            label=_("Energy on the design day"),
            kind=Kind.NUMBER,
            digits=2,
            unit="kWh/km",
        ),
    ]
    frame = busiest_lines(result.facts).with_columns(pl.coalesce("route_name", "route_id"))
    caption = text("Lines, busiest first")
    return study_table(request, frame, columns, name="lines", caption=caption)


def _places(request: HttpRequest, result: Result) -> StudyTable:
    columns = [
        Column(key="name", label=text("Place")),
        Column(key="is_terminal", label=_("Terminal"), kind=Kind.YES_NO),
        Column(key="is_depot", label=text("Depot"), kind=Kind.YES_NO),
        Column(key="has_charger", label=_("Charging"), kind=Kind.YES_NO),
        Column(key="lat", label=_("Latitude"), kind=Kind.NUMBER, digits=5, unit="°"),
        Column(key="lon", label=_("Longitude"), kind=Kind.NUMBER, digits=5, unit="°"),
    ]
    frame = result.table("places").drop("merged_stop_ids").sort("name")
    return study_table(request, frame, columns, name="places", caption=_("Places"))


def _branches(request: HttpRequest, result: Result) -> StudyTable:
    frame = result.table("loadings").filter(pl.col("strategy") == "managed").drop("strategy")
    columns = [
        Column(key="branch_id", label=_("Line or transformer")),
        Column(key="max_percent", label=_("Highest loading"), kind=Kind.NUMBER, unit="%"),
        Column(key="hours_over", label=_("Over the limit"), kind=Kind.NUMBER, digits=1, unit="h/a"),
    ]
    return study_table(
        request,
        frame.sort("max_percent", descending=True),
        columns,
        name="loadings",
        caption=_("Grid loading with managed charging"),
    )
