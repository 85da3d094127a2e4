"""Charging over the sizing day, managed against unmanaged, for all depots or one."""

from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.figures import answers_of
from viavolta.hub.studies.results.folder import Result, require_result
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.page import Page, results_page
from viavolta.hub.studies.results.pictures import power_chart, price_chart
from viavolta.hub.studies.results.shown import change, clock, known, money
from viavolta.hub.studies.results.shown import power as kw
from viavolta.hub.studies.results.tables import StudyTable, clock_column, study_table
from viavolta.hub.studies.sharing import scenario_for
from viavolta.model.messages import text


@results_page("power")
def power(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """What the depots draw, and what managing it saves."""
    depots = depot_names(result)
    chosen = _chosen(request, depots)
    frame = power_frame(result, chosen)
    answers = answers_of(result)
    return {
        "chart": power_chart(result, frame),
        "price": price_chart(result, frame),
        "tables": [_table(request, frame), _ready_table(request, result)],
        "depots": list(depots.items()),
        "chosen": chosen,
        "answers": [*answers.get("peak_kw_managed", ()), *answers.get("node_kw", ())],
        "point_answers": answers.get("charging_points", ()),
        "said": _said(result, frame),
    }


@access(Access.PUBLIC)
def power_data(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponseBase:
    """Power per step for the chart; `depot` chooses one."""
    result = require_result(scenario_for(request, slug, scenario_id))
    with reader_of(result.study.timezone):
        frame = power_frame(result, _chosen(request, depot_names(result)))
        names = {
            "managed_kw": text("Managed"),
            "unmanaged_kw": text("Unmanaged"),
            "limit_kw": text("Connection limit"),
        }
        return JsonResponse(
            {
                "start_s": frame["start_s"].to_list(),
                "series": [
                    {"key": key, "label": label, "values": frame[key].round(2).to_list()}
                    for key, label in names.items()
                    if frame[key].null_count() < frame.height
                ],
                "price": frame["price_eur_per_kwh"].round(5).to_list(),
                "zone": result.study.timezone,
            }
        )


def depot_names(result: Result) -> dict[str, str]:
    """Depots with power, by place."""
    if not result.has("power"):
        return {}
    ids = result.table("power")["place_id"].unique(maintain_order=True)
    return {place: result.facts.place(place) for place in ids}


def power_frame(result: Result, depot: str) -> pl.DataFrame:
    """Power per step of one depot, or of all together; the limit only where each has one."""
    frame = result.table("power")
    if depot:
        return frame.filter(pl.col("place_id") == depot).drop("place_id").sort("start_s")
    every = pl.col("limit_kw").null_count() == 0
    return (
        frame.group_by("start_s")
        .agg(
            pl.col("unmanaged_kw").sum(),
            pl.col("managed_kw").sum(),
            pl.when(every).then(pl.col("limit_kw").sum()).alias("limit_kw"),
            pl.col("price_eur_per_kwh").mean(),
        )
        .sort("start_s")
    )


def _chosen(request: HttpRequest, depots: dict[str, str]) -> str:
    wanted = request.GET.get("depot", "")
    return wanted if wanted in depots else ""


def _said(result: Result, frame: pl.DataFrame) -> dict[str, Any]:
    plain, managed = known(frame["unmanaged_kw"].max()), known(frame["managed_kw"].max())
    at = frame.sort("managed_kw", "start_s", descending=[True, False])["start_s"]
    before = result.facts.number("energy_cost_eur_unmanaged")
    after = result.facts.number("energy_cost_eur_managed")
    return {
        "plain": kw(plain),
        "managed": kw(managed),
        "time": clock(at[0]) if frame.height else "",
        "change": change(managed, plain),
        "before": None if before is None else money(before),
        "after": money(after),
        "saved": change(after, before),
    }


def _table(request: HttpRequest, frame: pl.DataFrame) -> StudyTable:
    columns = [
        clock_column("start_s", text("From")),
        Column(key="managed_kw", label=text("Managed"), kind=Kind.NUMBER, digits=1, unit="kW"),
        Column(key="unmanaged_kw", label=text("Unmanaged"), kind=Kind.NUMBER, digits=1, unit="kW"),
        Column(key="limit_kw", label=text("Connection limit"), kind=Kind.NUMBER, unit="kW"),
        Column(
            key="price_eur_per_kwh",
            label=_("Price"),
            kind=Kind.NUMBER,
            digits=4,
            unit="EUR/kWh",
        ),
    ]
    return study_table(request, frame, columns, name="power", caption=_("Power per step"))


def _ready_table(request: HttpRequest, result: Result) -> StudyTable:
    """When each stay gets its energy: arrival, departure, energy, when the last of it is in."""
    stays = result.table("stays")
    step_s = int(result.facts.number("step_s") or 0)
    drawn = (
        result.table("schedule")
        .filter(pl.col("power_kw") > 0)
        .group_by("stay_id")
        .agg(
            (pl.col("start").max() + pl.duration(seconds=step_s)).alias("ready"),
            pl.col("power_kw").max().alias("most_kw"),
        )
    )
    frame = (
        stays.join(drawn, on="stay_id", how="left")
        .with_columns(
            pl.col("place_id").replace(result.facts.place_names),
            pl.min_horizontal("ready", "departure").alias("ready"),
        )
        .select("vehicle_id", "place_id", "arrival", "ready", "departure", "energy_kwh", "most_kw")
        .sort("arrival", "vehicle_id")
    )
    columns = [
        Column(key="vehicle_id", label=text("Bus")),
        Column(key="place_id", label=text("Depot")),
        Column(key="arrival", label=_("Arrives"), kind=Kind.MOMENT),
        Column(key="ready", label=_("Ready"), kind=Kind.MOMENT),
        Column(key="departure", label=_("Leaves"), kind=Kind.MOMENT),
        Column(key="energy_kwh", label=_("Energy"), kind=Kind.NUMBER, digits=1, unit="kWh"),
        Column(key="most_kw", label=_("Highest power"), kind=Kind.NUMBER, digits=1, unit="kW"),
    ]
    caption = _("When each bus is ready")
    return study_table(request, frame, columns, name="ready", caption=caption)
