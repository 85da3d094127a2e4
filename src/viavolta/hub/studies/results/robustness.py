"""How sure the plan is: the chance of each bus to keep its reserve, and what it hangs on."""

from typing import Any

import polars as pl
from django.http import HttpRequest
from django.utils.translation import gettext as _

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.page import Page, address, results_page
from viavolta.hub.studies.results.shown import clock
from viavolta.hub.studies.results.tables import StudyTable, study_table
from viavolta.model.messages import text
from viavolta.reports.bus.robustness import (
    chance,
    driver_name,
    ordered,
    safer_rows,
    safer_sentence,
    sentences,
)


@results_page("robustness")
def robustness(request: HttpRequest, scenario: Scenario, result: Result) -> Page:
    """The answer for whoever must vouch for the service."""
    frame = ordered(result.facts)
    if frame is None:
        return {"said": [], "tables": [], "chart": None}
    tables = [_table(request, scenario, result, frame)]
    priced = safer_rows(result.facts)
    if priced:
        tables.append(_safer(request, result.table("safer_plans")))
    return {
        "said": sentences(result.facts) + ([safer_sentence(priced)] if priced else []),
        "chart": _chart(frame),
        "tables": tables,
    }


def _safer(request: HttpRequest, frame: pl.DataFrame) -> StudyTable:
    columns = [
        Column(key="added_reserve_share", label=text("Reserve added"), kind=Kind.PERCENT),
        Column(key="vehicles", label=text("Buses"), kind=Kind.NUMBER),
        Column(key="charging_points", label=text("Charging points"), kind=Kind.NUMBER),
        Column(key="cost_eur_per_year", label=text("EUR per year"), kind=Kind.NUMBER),
        Column(key="more_eur_per_year", label=text("more than the plan"), kind=Kind.NUMBER),
        _chance_column(
            "chance_all", text("Days on which all keep their reserve"), error="standard_error_all"
        ),
        _chance_column(
            "chance_none_empty", text("Days on which none runs empty"), error="standard_error_all"
        ),
        Column(key="is_recommended", label=text("Recommended"), kind=Kind.YES_NO),
    ]
    caption = text("What a safer fleet costs")
    return study_table(request, frame, columns, name="safer_plans", caption=caption)


def _chart(frame: pl.DataFrame) -> Chart:
    """The chances of the buses, each line from its least sure bus to its surest."""
    lines = (
        ("chance", text("on a day of the year"), "r0"),
        ("chance_design_day", text("on the sizing day"), "r1"),
    )
    return Chart(
        key="robustness",
        title=text("Chance of each bus to keep its reserve"),
        x=[float(k + 1) for k in range(frame.height)],
        x_label=text("buses"),
        series=[
            Series(
                label=label,
                values=[round(100.0 * p, 1) for p in sorted(frame[key].to_list())],
                style=Style.STEP,
                colour=colour,
                digits=1,
            )
            for key, label, colour in lines
        ],
        unit=_("% of days"),
        note=text("Buses side by side, the least sure on the left; each line in its own order."),
    )


def _table(
    request: HttpRequest, scenario: Scenario, result: Result, frame: pl.DataFrame
) -> StudyTable:
    here = address(scenario, "buses")
    blocks = result.table("blocks").select("block_id", "seq", "end_s", "to_place")
    shown = frame.join(
        blocks,
        left_on=["block_id", "first_short_seq"],
        right_on=["block_id", "seq"],
        how="left",
        maintain_order="left",
    )
    columns = [
        Column(
            key="vehicle_id",
            label=text("Bus"),
            link=lambda row: f"{here}?bus={row['vehicle_id']}#bus",
        ),
        _chance_column("chance", text("Keeps its reserve")),
        _chance_column("chance_design_day", text("on the sizing day")),
        Column(
            key="lowest_p05_kwh",
            label=_("Lowest charge, one day in twenty"),
            kind=Kind.NUMBER,
            digits=1,
            unit="kWh",
        ),
        Column(key="reserve_kwh", label=_("Reserve"), kind=Kind.NUMBER, digits=1, unit="kWh"),
        _driver_column("driver", text("What moves it most")),
        _driver_column("driver_design_day", _("What moves it on the sizing day")),
        Column(
            key="end_s",
            label=text("Falls short most often"),
            html=lambda row: _where(result, row),
            sort="end_s",
        ),
    ]
    caption = text("The least sure blocks")
    return study_table(request, shown, columns, name="robustness", caption=caption)


def _chance_column(key: str, label: str, *, error: str = "standard_error") -> Column:
    return Column(
        key=key,
        label=label,
        kind=Kind.PERCENT,
        html=lambda row: chance(row[key], row[error]),
        sort=key,
    )


def _driver_column(key: str, label: str) -> Column:
    return Column(key=key, label=label, html=lambda row: driver_name(row[key]), sort=key)


def _where(result: Result, row: dict[str, Any]) -> str:
    if row["end_s"] is None:
        return ""
    place = result.facts.place(row["to_place"])
    return text("before {time} on the way to {place}", time=clock(row["end_s"]), place=place)
