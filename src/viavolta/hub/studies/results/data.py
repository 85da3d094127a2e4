"""Every table of the study folder: shown, and handed out as it is."""

import polars as pl
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result, require_result
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.page import Page, address, around, results_page, stem
from viavolta.hub.studies.results.tables import asked_file, raw_columns, study_table
from viavolta.hub.studies.sharing import scenario_for


@results_page("tables")
def tables(request: HttpRequest, scenario: Scenario, result: Result) -> Page:
    """The list of tables."""
    frame = pl.DataFrame(
        [
            {"name": name, "rows": table.height, "columns": table.width}
            for name, table in sorted(result.study.tables.items())
        ]
    )
    here = address(scenario, "tables")
    columns = [
        Column(key="name", label=_("Table"), link=lambda row: f"{here}{row['name']}/"),
        Column(key="rows", label=_("Rows"), kind=Kind.NUMBER),
        Column(key="columns", label=_("Columns"), kind=Kind.NUMBER),
    ]
    listed = study_table(request, frame, columns, name="tables", caption=_("Tables"))
    return {"tables": [listed], "sheets": result.sheets()}


@access(Access.PUBLIC)
def table(request: HttpRequest, slug: str, scenario_id: int, name: str) -> HttpResponseBase:
    """One table of the study folder, under the names of its columns."""
    scenario = scenario_for(request, slug, scenario_id)
    result = require_result(scenario)
    frame = result.table(name)
    with reader_of(result.study.timezone):
        shown = study_table(request, frame, raw_columns(frame), name="", caption=name)
        file = asked_file([shown], f"{stem(scenario)}-{name}")
        if file is not None:
            return file
        context = around(request, scenario, "tables", result) | {"tables": [shown], "name": name}
        return render(request, "studies/results/table_of.html", context)
