"""Two or more scenarios of a study side by side."""

from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.charts import Chart
from viavolta.hub.frame.maps import Layer, Map, Shape
from viavolta.hub.studies.compare import MOST, differences, figure_frame
from viavolta.hub.studies.models import Scenario, Study
from viavolta.hub.studies.results.folder import Result, result_of
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.network import map_layers
from viavolta.hub.studies.results.pictures import depot_layer, overlay_chart
from viavolta.hub.studies.results.shown import NOTHING, number, percent, signed
from viavolta.hub.studies.results.tables import asked_file, study_table
from viavolta.hub.studies.sharing import study_for
from viavolta.reports.comparison.figures import FIGURES

Chosen = list[tuple[Scenario, Result]]


@access(Access.PUBLIC)
def compare(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Figures with their differences to the first, what was changed, curves and map."""
    study = study_for(request, slug)
    possible = with_results(study)
    chosen = _chosen(request, possible)
    with reader_of(chosen[0][1].study.timezone if chosen else "UTC"):
        tables = [_figure_table(request, chosen)] if len(chosen) > 1 else []
        file = asked_file(tables, f"{study.slug}-comparison")
        if file is not None:
            return file
        picked = {scenario.pk for scenario, _result in chosen}
        context: dict[str, Any] = {
            "title": study.title,
            "kicker": _("Comparison"),
            "study": study,
            "options": [(s, s.pk in picked) for s, _result in possible],
            "chosen": [scenario for scenario, _result in chosen],
            "differences": differences(chosen) if len(chosen) > 1 else [],
            "tables": tables,
            "chart": _overlay(chosen) if len(chosen) > 1 else None,
            "map": _map(chosen) if len(chosen) > 1 else None,
            "crumbs": [
                (study.title, reverse("studies:scenarios", args=(slug,))),
                (_("Comparison"), ""),
            ],
        }
        return render(request, "studies/compare/compare.html", context)


def with_results(study: Study) -> Chosen:
    """The scenarios of a study that can be compared."""
    pairs = ((scenario, result_of(scenario)) for scenario in study.scenarios.all())
    return [(scenario, result) for scenario, result in pairs if result is not None]


def _chosen(request: HttpRequest, possible: Chosen) -> Chosen:
    """Those the address names, in its order; else the first ones."""
    asked = [word for word in request.GET.getlist("s") if word.isascii() and word.isdigit()]
    by_pk = {str(scenario.pk): (scenario, result) for scenario, result in possible}
    named = [by_pk[word] for word in dict.fromkeys(asked) if word in by_pk]
    return (named or possible[:2])[:MOST]


def _figure_table(request: HttpRequest, chosen: Chosen) -> Any:
    frame = figure_frame(chosen)
    columns = [
        Column(key="label", label=_("Figure")),
        Column(key="unit", label=_("Unit")),
    ]
    for n, (scenario, _result) in enumerate(chosen):
        columns.append(_value_column(n, scenario.name))
        if n:
            columns += [_difference_column(n), _share_column(n)]
    return study_table(request, frame, columns, name="figures", caption=_("Figure by figure"))


def _value_column(n: int, name: str) -> Column:
    key = f"value_{n}"
    return Column(
        key=key,
        label=name,
        kind=Kind.NUMBER,
        html=lambda row: number(row[key], FIGURES[row["figure"]].digits),
        sort=key,
    )


def _difference_column(n: int) -> Column:
    key = f"difference_{n}"

    def shown(row: dict[str, Any]) -> str:
        value, figure = row[key], FIGURES[row["figure"]]
        if value is None:
            return NOTHING
        words = signed(value, figure.digits)
        return format_html('<span class="{}">{}</span>', figure.tone(value), words)

    return Column(key=key, label=_("Difference"), kind=Kind.NUMBER, html=shown, sort=key)


def _share_column(n: int) -> Column:
    key = f"share_{n}"

    def shown(row: dict[str, Any]) -> str:
        value = row[key]
        if value is None:
            return NOTHING
        words = percent(value, 1)
        return f"+{words}" if value > 0 else words

    return Column(key=key, label="%", kind=Kind.NUMBER, html=shown, sort=key)


def _overlay(chosen: Chosen) -> Chart:
    names = [scenario.name for scenario, _result in chosen]
    return overlay_chart(names, chosen[0][1], overlay_frame(chosen))


def _map(chosen: Chosen) -> Map:
    """The lines of the first, and the depots of each in a colour of its own."""
    first = chosen[0][1]
    lines = map_layers(first)["lines"]["features"]
    layers = [
        Layer(
            key="lines", label=_("Lines"), shape=Shape.LINE, features=lines, colour="r-rest", size=2
        )
    ]
    for n, (scenario, result) in enumerate(chosen):
        depots = map_layers(result)["depots"]["features"]
        layers.append(
            depot_layer(
                depots, key=f"depots-{n}", label=scenario.name, colour=f"r{n}", size=12 - 2 * n
            )
        )
    return Map(key="overlay", title=_("Depots side by side"), layers=layers)


def overlay_frame(chosen: Chosen) -> pl.DataFrame:
    """Power of all depots together, one column per scenario."""
    frames = [
        result.table("power")
        .group_by("start_s")
        .agg(pl.col("managed_kw").sum().alias(f"managed_{n}"))
        for n, (_scenario, result) in enumerate(chosen)
    ]
    joined = frames[0]
    for frame in frames[1:]:
        joined = joined.join(frame, on="start_s", how="full", coalesce=True)
    return joined.sort("start_s")
