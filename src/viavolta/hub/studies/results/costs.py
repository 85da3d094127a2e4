"""Costs and carbon of a year, battery buses against diesel on the same trips."""

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
from viavolta.hub.studies.results.pictures import cost_chart
from viavolta.hub.studies.results.shown import change, money, number
from viavolta.hub.studies.results.tables import StudyTable, study_table
from viavolta.hub.studies.sharing import scenario_for
from viavolta.model.messages import text
from viavolta.reports.bus.alternatives import plan_name, types_in_words
from viavolta.services.bus.reasons import item_words

G_PER_T = 1e6


@results_page("costs")
def costs(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """What a year costs and emits."""
    frame = cost_frame(result)
    answers = answers_of(result)
    return {
        "chart": cost_chart(frame),
        "tables": [
            _table(request, frame),
            *_alternatives(request, result),
            _carbon_table(request, result),
        ],
        "totals": _totals(frame),
        "verdict": _verdict(frame),
        "cost_answers": (
            *answers.get("cost_eur_per_year", ()),
            *answers.get("alternative", ()),
        ),
        "co2_answers": answers.get("co2_t_per_year", ()),
        "co2": _co2(result),
        "year": {
            "days": number(result.facts.number("operating_days_per_year")),
            "km": number(result.facts.number("yearly_km")),
        },
    }


@access(Access.PUBLIC)
def costs_data(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponseBase:
    """Cost items for the chart, largest first."""
    result = require_result(scenario_for(request, slug, scenario_id))
    with reader_of(result.study.timezone):
        frame = cost_frame(result)
        return JsonResponse(
            {
                "items": frame["name"].to_list(),
                "series": [
                    {"key": key, "label": label, "values": frame[key].round(0).to_list()}
                    for key, label in (
                        ("electric_eur_per_year", text("Battery buses")),
                        ("diesel_eur_per_year", text("Diesel buses")),
                    )
                ],
                "low": frame["min_eur_per_year"].round(0).to_list(),
                "high": frame["max_eur_per_year"].round(0).to_list(),
            }
        )


def cost_frame(result: Result) -> pl.DataFrame:
    """Items of a year with their names in words, largest first."""
    frame = result.table("costs").filter(pl.col("item") != "total")
    names = [_capital(item_words(item)) for item in frame["item"]]
    return (
        frame.with_columns(pl.Series("name", names, dtype=pl.String))
        .with_columns(
            pl.max_horizontal("electric_eur_per_year", "diesel_eur_per_year").alias("size")
        )
        .sort("size", "item", descending=[True, False])
        .drop("size")
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _sums(frame: pl.DataFrame) -> tuple[float, float, float, float]:
    row = frame.select(
        pl.col("electric_eur_per_year").fill_null(0).sum().alias("electric"),
        pl.coalesce("min_eur_per_year", "electric_eur_per_year").sum().alias("low"),
        pl.coalesce("max_eur_per_year", "electric_eur_per_year").sum().alias("high"),
        pl.col("diesel_eur_per_year").fill_null(0).sum().alias("diesel"),
    ).row(0)
    return float(row[0]), float(row[1]), float(row[2]), float(row[3])


def _totals(frame: pl.DataFrame) -> dict[str, str]:
    electric, low, high, diesel = _sums(frame)
    return {
        "electric": money(electric),
        "low": money(low),
        "high": money(high),
        "diesel": money(diesel),
        "change": change(electric, diesel),
    }


def _verdict(frame: pl.DataFrame) -> str:
    """What the ranges of the sources allow to say."""
    _electric, low, high, diesel = _sums(frame)
    if low <= diesel <= high:
        return text(
            " The diesel figure lies within this range, so these sources alone do not settle "
            "which is cheaper."
        ).strip()
    if diesel < low:
        return text(" Even at the lowest figures the battery buses cost more.").strip()
    return text(" Even at the highest figures the battery buses cost less.").strip()


def _co2(result: Result) -> dict[str, str]:
    electric, diesel = (
        result.facts.number(key) for key in ("co2_t_per_year", "diesel_co2_t_per_year")
    )
    return {
        "electric": number(electric),
        "diesel": number(diesel),
        "change": change(electric, diesel),
    }


def _table(request: HttpRequest, frame: pl.DataFrame) -> StudyTable:
    columns = [
        Column(key="name", label=text("Item")),
        *(
            Column(key=key, label=label, kind=Kind.NUMBER, unit="EUR/a")
            for key, label in (
                ("electric_eur_per_year", text("Battery buses")),
                ("min_eur_per_year", _("at least")),
                ("max_eur_per_year", _("at most")),
                ("diesel_eur_per_year", text("Diesel buses")),
            )
        ),
        Column(key="source", label=text("Source")),
    ]
    caption = text("Yearly costs by item")
    return study_table(request, frame, columns, name="costs", caption=caption)


def _alternatives(request: HttpRequest, result: Result) -> list[StudyTable]:
    """The plan beside other plans; nothing where the study has no such table."""
    if not result.has("alternatives"):
        return []
    frame = result.table("alternatives")
    plan_eur = frame.filter("is_chosen")["eur_per_year"].first()
    names = [
        plan_name(name, is_chosen=chosen)
        for name, chosen in frame.select("alternative", "is_chosen").iter_rows()
    ]
    shown = frame.with_columns(
        pl.Series("name", names, dtype=pl.String),
        pl.Series("types", map(types_in_words, frame["vehicles_by_type"]), dtype=pl.String),
        (pl.col("eur_per_year") - plan_eur).alias("more_eur"),
    )
    columns = [
        Column(key="name", label=text("Plan")),
        Column(key="vehicles", label=text("Buses"), kind=Kind.NUMBER),
        Column(key="types", label=text("Buses by type")),
        Column(key="depot_points", label=text("Points at depots"), kind=Kind.NUMBER),
        Column(key="terminal_points", label=text("Points at terminals"), kind=Kind.NUMBER),
        Column(key="terminals", label=text("Terminals with points"), kind=Kind.NUMBER),
        Column(
            key="connection_kw", label=text("Grid connections, kW"), kind=Kind.NUMBER, unit="kW"
        ),
        Column(key="eur_per_year", label=text("EUR per year"), kind=Kind.NUMBER, unit="EUR/a"),
        Column(
            key="more_eur",
            label=text("EUR per year more than the plan"),
            kind=Kind.NUMBER,
            unit="EUR/a",
        ),
    ]
    caption = text("Other plans beside this one")
    return [study_table(request, shown, columns, name="alternatives", caption=caption)]


def _carbon_table(request: HttpRequest, result: Result) -> StudyTable:
    km = result.facts.number("yearly_km")
    frame = pl.DataFrame(
        [
            {
                "kind": label,
                "t": (tonnes := result.facts.number(f"{prefix}co2_t_per_year")),
                "g_per_km": None if not km or tonnes is None else tonnes * G_PER_T / km,
                "production_t": result.facts.number(f"{prefix}production_co2_t_per_year"),
            }
            for prefix, label in (("", text("Battery buses")), ("diesel_", text("Diesel buses")))
        ],
        schema={"kind": pl.String} | dict.fromkeys(("t", "g_per_km", "production_t"), pl.Float64),
    )
    columns = [
        Column(key="kind", label=text("Kind of bus")),
        Column(key="t", label=_("Well to wheel"), kind=Kind.NUMBER, digits=1, unit="t CO₂/a"),
        Column(key="g_per_km", label=_("Per kilometre"), kind=Kind.NUMBER, unit="g/km"),
        Column(
            key="production_t",
            label=_("Making the vehicles"),
            kind=Kind.NUMBER,
            digits=1,
            unit="t CO₂/a",
        ),
    ]
    caption = text("CO₂ of a year")
    return study_table(request, frame, columns, name="carbon", caption=caption)
