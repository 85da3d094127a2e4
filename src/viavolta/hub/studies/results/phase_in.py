"""Year by year to an electric fleet: which lines when, what it takes, and the Directive."""

import polars as pl
from django.http import HttpRequest
from django.utils.translation import gettext as _

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.page import Page, results_page
from viavolta.hub.studies.results.tables import StudyTable, study_table
from viavolta.model.messages import text
from viavolta.reports.bus.phase_in import line_name, sentences, why


@results_page("phase_in")
def phase_in(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """The answer for whoever plans budgets and orders buses."""
    frame = result.facts.table("phase_in")
    if frame is None:
        return {"said": [], "tables": [], "chart": None}
    tables = [_years(request, frame)]
    lines = result.facts.table("phase_in_lines")
    if lines is not None:
        tables.append(_lines(request, lines))
    return {"said": sentences(result.facts), "chart": _chart(frame), "tables": tables}


def _chart(frame: pl.DataFrame) -> Chart:
    """Battery and diesel buses at the end of each year."""
    kinds = (
        ("electric_buses", text("Battery buses"), "r0"),
        ("diesel_buses", text("Diesel buses"), "r-rest"),
    )
    return Chart(
        key="phase-in",
        title=text("Buses by year"),
        x=[str(year) for year in frame["year"]],
        series=[
            Series(label=label, values=frame[key].to_list(), style=Style.BAR, colour=colour)
            for key, label, colour in kinds
        ],
        unit=text("buses"),
        is_stacked=True,
    )


def _years(request: HttpRequest, frame: pl.DataFrame) -> StudyTable:
    shown = frame.with_columns(pl.col("year").cast(pl.String))
    columns = [
        Column(key="year", label=text("Year")),
        Column(key="electric_buses", label=text("Battery buses"), kind=Kind.NUMBER),
        Column(key="diesel_buses", label=text("Diesel buses"), kind=Kind.NUMBER),
        Column(key="charging_points", label=text("Charging points"), kind=Kind.NUMBER),
        Column(key="connection_kw", label=text("Grid connection"), kind=Kind.NUMBER, unit="kW"),
        Column(key="used_kw", label=_("Highest load"), kind=Kind.NUMBER, unit="kW"),
        Column(key="capex_eur", label=_("Invested"), kind=Kind.NUMBER, unit="EUR"),
        Column(key="opex_eur", label=_("Running costs"), kind=Kind.NUMBER, unit="EUR"),
        Column(key="co2_t", label=_("CO₂"), kind=Kind.NUMBER, unit="t"),
        Column(key="whole_lines", label=text("Lines electric as a whole"), kind=Kind.NUMBER),
    ]
    return study_table(request, shown, columns, name="phase_in", caption=text("Year by year"))


def _lines(request: HttpRequest, frame: pl.DataFrame) -> StudyTable:
    shown = frame.with_columns(pl.col("whole_year", "first_year").cast(pl.String))
    columns = [
        Column(key="route_name", label=text("Line"), html=line_name, sort="route_name"),
        Column(key="whole_year", label=text("Electric as a whole")),
        Column(key="first_year", label=text("first electric bus")),
        Column(key="blocks", label=text("Buses on it"), kind=Kind.NUMBER),
        Column(
            key="saved_eur_per_bus",
            label=_("Saved per bus and year"),
            kind=Kind.NUMBER,
            unit="EUR",
        ),
        Column(key="reason", label=text("Why not earlier"), html=why, sort=""),
    ]
    caption = text("Lines by the year in which they are electric as a whole")
    return study_table(request, shown, columns, name="phase_in_lines", caption=caption)
