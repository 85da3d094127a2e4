"""Addresses of results: pages, data for pictures, files."""

from django.urls import path

from viavolta.hub.studies import compare_views, scenario_views, share_views
from viavolta.hub.studies.results import (
    buses,
    costs,
    data,
    downloads,
    grid,
    network,
    overview,
    phase_in,
    power,
    record,
    robustness,
)

_AT = "studies/<slug:slug>/results/<int:scenario_id>/"

_SCENARIO = "studies/<slug:slug>/scenarios/<int:scenario_id>/"

urlpatterns = [
    path("studies/<slug:slug>/scenarios/", scenario_views.scenario_list, name="scenarios"),
    path("studies/<slug:slug>/scenarios/add/", scenario_views.add, name="scenario-add"),
    path(_SCENARIO, scenario_views.edit, name="scenario"),
    path(f"{_SCENARIO}estimate/", scenario_views.estimate_part, name="scenario-estimate"),
    path(f"{_SCENARIO}rename/", scenario_views.rename, name="scenario-rename"),
    path(f"{_SCENARIO}duplicate/", scenario_views.duplicate, name="scenario-duplicate"),
    path(f"{_SCENARIO}delete/", scenario_views.delete, name="scenario-delete"),
    path(f"{_SCENARIO}restore/", scenario_views.restore, name="scenario-restore"),
    path("studies/<slug:slug>/share/", share_views.share_page, name="share"),
    path("studies/<slug:slug>/share/new-link/", share_views.new_link, name="new-link"),
    path("shared/<str:token>/", share_views.by_link, name="by-link"),
    path(f"{_AT}files/bundle.zip", share_views.bundle_file, name="results-bundle"),
    path("studies/<slug:slug>/compare/", compare_views.compare, name="compare"),
    path(_AT, overview.overview, name="results-overview"),
    path(f"{_AT}map/", network.network, name="results-map"),
    path(f"{_AT}buses/", buses.buses, name="results-buses"),
    path(f"{_AT}power/", power.power, name="results-power"),
    path(f"{_AT}grid/", grid.grid, name="results-grid"),
    path(f"{_AT}costs/", costs.costs, name="results-costs"),
    path(f"{_AT}phase-in/", phase_in.phase_in, name="results-phase_in"),
    path(f"{_AT}robustness/", robustness.robustness, name="results-robustness"),
    path(f"{_AT}assumptions/", record.assumptions, name="results-assumptions"),
    path(f"{_AT}record/", record.record, name="results-record"),
    path(f"{_AT}tables/", data.tables, name="results-tables"),
    path(f"{_AT}tables/<slug:name>/", data.table, name="results-table"),
    path(f"{_AT}data/map.json", network.network_data, name="results-map-data"),
    path(f"{_AT}data/fleet.json", buses.fleet_data, name="results-fleet-data"),
    path(f"{_AT}data/gantt.json", buses.gantt_data, name="results-gantt-data"),
    path(f"{_AT}data/power.json", power.power_data, name="results-power-data"),
    path(f"{_AT}data/costs.json", costs.costs_data, name="results-costs-data"),
    path(f"{_AT}files/study.zip", downloads.whole_study, name="results-zip"),
    path(f"{_AT}files/study.gpkg", downloads.geopackage, name="results-geopackage"),
    path(f"{_AT}files/study.xlsx", downloads.tables_workbook, name="results-workbook"),
    path(f"{_AT}files/<str:name>", downloads.sheet, name="results-sheet"),
]
