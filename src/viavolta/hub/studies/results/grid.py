"""What the depots ask of their grid: what its nodes take, and what must be built."""

import polars as pl
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.figures import answers_of
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.page import Page, results_page
from viavolta.hub.studies.results.tables import StudyTable, choice_filter, study_table
from viavolta.model.messages import text
from viavolta.reports.bus.grid import grid_facts, sentences
from viavolta.reports.grid.facts import strategy_label

STRATEGIES = ("none", "unmanaged", "managed")


@results_page("grid")
def grid(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """The answer for the operator of the grid."""
    facts = grid_facts(result.facts)
    if facts is None:
        raise Http404
    tables = [_cases(request, result), _nodes(request, result)]
    listed = ("measures", "violations", "loadings", "voltages")
    tables += [_listed(request, result, name) for name in listed if result.has(name)]
    return {
        "said": sentences(facts),
        "answers": answers_of(result).get("node_kw", ()),
        "tables": tables,
    }


def _cases(request: HttpRequest, result: Result) -> StudyTable:
    summary = result.summary["grid"]
    frame = pl.DataFrame(
        [
            {
                "strategy": strategy_label(case),
                "hours": _figure(summary, "violation_hours", case),
                "hours_sizing": _figure(summary, "violation_hours_sizing_day", case),
                "eur": _figure(summary, "reinforcement_eur", case),
                "bound": _figure(summary, "lower_bound_eur", case),
            }
            for case in STRATEGIES
        ],
        schema={"strategy": pl.String}
        | dict.fromkeys(("hours", "hours_sizing", "eur", "bound"), pl.Float64),
    )
    columns = [
        Column(key="strategy", label=text("Charging")),
        Column(key="hours", label=_("Outside limits"), kind=Kind.NUMBER, digits=1, unit="h/a"),
        Column(
            key="hours_sizing", label=_("On the sizing day"), kind=Kind.NUMBER, digits=1, unit="h"
        ),
        Column(key="eur", label=_("To build"), kind=Kind.NUMBER, unit="EUR"),
        Column(key="bound", label=_("At least"), kind=Kind.NUMBER, unit="EUR"),
    ]
    return study_table(request, frame, columns, name="cases", caption=text("By way of charging"))


def _figure(summary: dict[str, dict[str, float | None]], key: str, case: str) -> float | None:
    return (summary.get(key) or {}).get(case)


def _nodes(request: HttpRequest, result: Result) -> StudyTable:
    frame = result.table("grid_connections").with_columns(
        pl.col("place_id").replace(result.facts.place_names)
    )
    columns = [
        Column(key="place_id", label=text("Depot")),
        Column(key="node_id", label=text("Node")),
        Column(key="asked_kw", label=_("Asked for"), kind=Kind.NUMBER, unit="kW"),
        Column(key="node_kw", label=_("Node takes"), kind=Kind.NUMBER, unit="kW"),
        Column(key="connection_kw", label=text("Grid connection"), kind=Kind.NUMBER, unit="kW"),
        Column(key="binds", label=text("Binds with one kW more")),
        Column(key="grade", label=_("Grade")),
    ]
    caption = text("Depots and their nodes")
    return study_table(request, frame, columns, name="grid", caption=caption)


def _listed(request: HttpRequest, result: Result, name: str) -> StudyTable:
    frame = result.table(name)
    words = {case: strategy_label(case) for case in STRATEGIES}
    captions = {
        "measures": _("Measures"),
        "violations": _("Limits broken"),
        "loadings": _("Loading of lines and transformers"),
        "voltages": _("Voltages"),
    }
    columns = _columns(name)
    return study_table(
        request,
        frame,
        columns,
        name=name,
        caption=captions[name],
        filters=[choice_filter(frame, "strategy", text("Charging"), words)],
    )


def _columns(name: str) -> list[Column]:
    strategy = Column(
        key="strategy",
        label=text("Charging"),
        html=lambda row: strategy_label(row["strategy"]),
        sort="strategy",
    )
    by_table = {
        "measures": [
            Column(key="kind", label=_("Measure")),
            Column(key="element", label=_("Element")),
            Column(key="count", label=_("Number"), kind=Kind.NUMBER),
            Column(key="length_km", label=_("Length"), kind=Kind.NUMBER, digits=2, unit="km"),
            Column(key="cost_eur", label=_("Cost"), kind=Kind.NUMBER, unit="EUR"),
            Column(key="binds", label=_("What binds")),
            Column(
                key="eur_per_kw", label=_("One kW more"), kind=Kind.NUMBER, digits=2, unit="EUR/kW"
            ),
        ],
        "violations": [
            Column(key="element", label=_("Element")),
            Column(key="kind", label=_("Kind")),
            Column(key="hours", label=_("Hours"), kind=Kind.NUMBER, digits=1, unit="h/a"),
            Column(key="worst", label=_("Worst"), kind=Kind.NUMBER, digits=2),
            Column(key="start", label=_("When"), kind=Kind.MOMENT),
            Column(key="cause", label=_("Cause")),
        ],
        "loadings": [
            Column(key="branch_id", label=_("Line or transformer")),
            Column(
                key="max_percent", label=_("Highest loading"), kind=Kind.NUMBER, digits=1, unit="%"
            ),
            Column(
                key="hours_over", label=_("Over the limit"), kind=Kind.NUMBER, digits=1, unit="h/a"
            ),
        ],
        "voltages": [
            Column(key="node_id", label=text("Node")),
            Column(key="min_pu", label=_("Lowest voltage"), kind=Kind.NUMBER, digits=4, unit="pu"),
            Column(key="max_pu", label=_("Highest voltage"), kind=Kind.NUMBER, digits=4, unit="pu"),
            Column(
                key="hours_outside",
                label=_("Outside limits"),
                kind=Kind.NUMBER,
                digits=1,
                unit="h/a",
            ),
        ],
    }
    return [strategy, *by_table[name]]
