"""Files of a scenario: the sheets as printed, the tables one by one, all of it, and for a GIS."""

from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from viavolta.formats.geopackage import Layer, layers_as_geopackage
from viavolta.hub.frame.access import Access, access
from viavolta.hub.people.access import role_in
from viavolta.hub.studies.bundle import terms_of
from viavolta.hub.studies.results.folder import Result, require_result
from viavolta.hub.studies.results.network import depot_frame
from viavolta.hub.studies.results.packing import study_files, zipped
from viavolta.hub.studies.results.page import stem
from viavolta.hub.studies.results.tables import attachment
from viavolta.hub.studies.sharing import scenario_for
from viavolta.services.study_workbook import study_workbook

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@access(Access.PUBLIC)
def sheet(request: HttpRequest, slug: str, scenario_id: int, name: str) -> HttpResponseBase:
    """A printed sheet."""
    scenario = scenario_for(request, slug, scenario_id)
    path = require_result(scenario).sheet(name)
    return attachment(
        path.read_bytes(), name=f"{stem(scenario)}-{name}", content_type="application/pdf"
    )


@access(Access.PUBLIC)
def whole_study(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """The study folder as a zip: `viavolta check` reads it once unpacked.

    Strangers get the timetable in it where its licence lets it be handed on.
    """
    scenario = scenario_for(request, slug, scenario_id)
    result = require_result(scenario)
    is_member = role_in(request.user, scenario.study.organisation) is not None
    with_feed = is_member or terms_of(scenario, result).has_free_feed
    content = zipped(study_files(result, with_feed=with_feed))
    return attachment(content, name=f"{stem(scenario)}.zip", content_type="application/zip")


@access(Access.PUBLIC)
def geopackage(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Lines, places, depots and the grid as a GeoPackage."""
    scenario = scenario_for(request, slug, scenario_id)
    content = layers_as_geopackage(gis_layers(require_result(scenario)))
    return attachment(
        content, name=f"{stem(scenario)}.gpkg", content_type="application/geopackage+sqlite3"
    )


@access(Access.PUBLIC)
def tables_workbook(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Every table as a workbook for spreadsheets."""
    scenario = scenario_for(request, slug, scenario_id)
    content = study_workbook(require_result(scenario).study)
    return attachment(content, name=f"{stem(scenario)}.xlsx", content_type=XLSX_TYPE)


def gis_layers(result: Result) -> list[Layer]:
    """Layers for a GIS, each with its figures."""
    places = result.table("places").drop("merged_stop_ids")
    layers = [
        Layer.of_points("places", places),
        Layer.of_points("depots", depot_frame(result)),
    ]
    shapes = result.facts.table("shapes")
    if shapes is not None:
        layers.append(Layer.of_lines("lines", _lines(shapes)))
    if result.has("nodes"):
        nodes = result.table("nodes")
        layers.append(Layer.of_points("grid_nodes", nodes))
        layers.append(Layer.of_lines("grid_branches", _branches(result, nodes)))
    return [layer for layer in layers if layer.has_rows]


def _lines(shapes: pl.DataFrame) -> list[tuple[dict[str, Any], list[tuple[float, float]]]]:
    placed = shapes.filter(pl.col("lat").is_finite() & pl.col("lon").is_finite())
    groups = placed.group_by("route_id", "part", maintain_order=True)
    return [
        (
            {"route_id": str(route), "route_name": part["route_name"][0] or "", "part": number},
            list(zip(part["lon"].to_list(), part["lat"].to_list(), strict=True)),
        )
        for (route, number), part in groups
        if part.height > 1
    ]


def _branches(
    result: Result, nodes: pl.DataFrame
) -> list[tuple[dict[str, Any], list[tuple[float, float]]]]:
    at = {
        node: (lon, lat)
        for node, lat, lon in nodes.select("node_id", "lat", "lon").iter_rows()
        if lat is not None and lon is not None
    }
    frame = result.table("branches").select("branch_id", "kind", "from_node", "to_node")
    if result.has("loadings"):
        managed = result.table("loadings").filter(pl.col("strategy") == "managed")
        frame = frame.join(
            managed.select("branch_id", "max_percent", "hours_over"), on="branch_id", how="left"
        )
    return [
        (row, [at[row["from_node"]], at[row["to_node"]]])
        for row in frame.iter_rows(named=True)
        if row["from_node"] in at and row["to_node"] in at
    ]
