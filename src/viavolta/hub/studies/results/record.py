"""What a study rests on and how anyone finds it again: assumptions, inputs, repairs, commands."""

import polars as pl
from django.http import HttpRequest
from django.utils.translation import gettext as _

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.studies.bundle import terms_of
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.page import Page, results_page
from viavolta.hub.studies.results.shown import NOTHING, plain
from viavolta.hub.studies.results.tables import StudyTable, choice_filter, study_table
from viavolta.hub.studies.results.verdict import verdict_of
from viavolta.model.messages import text
from viavolta.model.study import AssumptionUsed
from viavolta.reports.record import command_of

_TEXTS = pl.String


@results_page("assumptions")
def assumptions(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """Every figure that was not in the inputs, with source and how sure it is."""
    return {"tables": [_assumptions(request, result)], "n": len(result.study.assumptions)}


@results_page("record")
def record(request: HttpRequest, scenario: Scenario, result: Result) -> Page:
    """Inputs by hash, repairs, warnings, trips left out, the check and the commands."""
    study = result.study
    infeasible = result.facts.infeasible()
    tables = [_inputs(request, result)]
    if study.repairs:
        tables.append(_repairs(request, result))
    if study.warnings:
        tables.append(_warnings(request, result))
    if infeasible:
        tables.append(_left_out(request, infeasible))
    return {
        "tables": tables,
        "terms": terms_of(scenario, result),
        "verdict": verdict_of(result),
        "command": command_of(study),
        "has_repairs": bool(study.repairs),
        "made_with": {
            "version": result.document.get("viavolta", ""),
            "seed": study.seed,
            "effort": study.effort,
        },
        "day_reason": result.facts.word("service_day_reason"),
    }


def status_words() -> dict[str, str]:
    """How sure a figure is, in words."""
    return {
        "verified": _("verified: read at the source"),
        "secondary": _("secondary: quoted by someone else"),
        "general-knowledge": _("general knowledge: no source named"),
        "user": _("set for this study"),
    }


def _assumptions(request: HttpRequest, result: Result) -> StudyTable:
    frame = pl.DataFrame(
        [_assumption(one) for one in result.study.assumptions],
        schema={
            "key": _TEXTS,
            "value": _TEXTS,
            "minimum": pl.Float64,
            "maximum": pl.Float64,
            "unit": _TEXTS,
            "status": _TEXTS,
            "source": _TEXTS,
            "year": pl.Int64,
        },
    )
    words = status_words()
    columns = [
        Column(key="key", label=text("Assumption")),
        Column(
            key="value", label=text("Value"), html=lambda row: _value(row["value"]), sort="value"
        ),
        Column(
            key="minimum",
            label=text("Lowest"),
            kind=Kind.NUMBER,
            html=lambda row: plain(row["minimum"]),
            sort="minimum",
        ),
        Column(
            key="maximum",
            label=text("Highest"),
            kind=Kind.NUMBER,
            html=lambda row: plain(row["maximum"]),
            sort="maximum",
        ),
        Column(key="unit", label=text("Unit")),
        Column(
            key="status",
            label=text("Status"),
            html=lambda row: words.get(row["status"], row["status"]),
            sort="status",
        ),
        Column(key="source", label=text("Source")),
        Column(
            key="year",
            label=text("Year"),
            html=lambda row: str(row["year"] or NOTHING),
            sort="year",
        ),
    ]
    return study_table(
        request,
        frame,
        columns,
        name="assumptions",
        caption=text("Assumptions with source and status"),
        filters=[choice_filter(frame, "status", text("Status"), words)],
    )


def _assumption(one: AssumptionUsed) -> dict[str, object]:
    return {
        "key": one.key,
        "value": str(one.value),
        "minimum": one.minimum,
        "maximum": one.maximum,
        "unit": one.unit,
        "status": one.status,
        "source": one.source,
        "year": one.year,
    }


def _value(word: str) -> str:
    try:
        return plain(float(word))
    except ValueError:
        return word


def _inputs(request: HttpRequest, result: Result) -> StudyTable:
    frame = pl.DataFrame(
        [
            {
                "name": i.name,
                "bytes": i.bytes,
                "origin": i.origin,
                "licence": i.licence,
                "sha256": i.sha256,
            }
            for i in result.study.inputs
        ],
        schema={
            "name": _TEXTS,
            "bytes": pl.Int64,
            "origin": _TEXTS,
            "licence": _TEXTS,
            "sha256": _TEXTS,
        },
    )
    columns = [
        Column(key="name", label=text("File")),
        Column(key="bytes", label=text("Bytes"), kind=Kind.NUMBER),
        Column(key="origin", label=text("Origin")),
        Column(key="licence", label=text("Licence")),
        Column(key="sha256", label=text("SHA-256")),
    ]
    caption = text("Input files of this study")
    return study_table(request, frame, columns, name="inputs", caption=caption)


def _repairs(request: HttpRequest, result: Result) -> StudyTable:
    frame = pl.DataFrame(
        [
            {
                "code": r.code,
                "file": r.file,
                "count": r.count,
                "example": r.example,
                "action": r.action,
            }
            for r in result.study.repairs
        ],
        schema={
            "code": _TEXTS,
            "file": _TEXTS,
            "count": pl.Int64,
            "example": _TEXTS,
            "action": _TEXTS,
        },
    )
    columns = [
        Column(key="code", label=text("Repair")),
        Column(key="file", label=text("File")),
        Column(key="count", label=text("Times"), kind=Kind.NUMBER),
        Column(key="example", label=text("Example")),
        Column(key="action", label=text("What was done")),
    ]
    return study_table(
        request, frame, columns, name="repairs", caption=text("Repairs of the input")
    )


def _warnings(request: HttpRequest, result: Result) -> StudyTable:
    frame = pl.DataFrame(
        [{"code": w.code, "file": w.file, "message": w.message} for w in result.study.warnings],
        schema={"code": _TEXTS, "file": _TEXTS, "message": _TEXTS},
    )
    columns = [
        Column(key="code", label=text("Warning")),
        Column(key="file", label=text("File")),
        Column(key="message", label=text("What it says")),
    ]
    return study_table(request, frame, columns, name="warnings", caption=text("Warnings"))


def _left_out(request: HttpRequest, infeasible: list[tuple[str, str]]) -> StudyTable:
    frame = pl.DataFrame(infeasible, schema={"trip_id": _TEXTS, "reason": _TEXTS}, orient="row")
    columns = [
        Column(key="trip_id", label=text("Trip")),
        Column(key="reason", label=text("Reason")),
    ]
    caption = text("Trips that cannot be done")
    return study_table(request, frame, columns, name="left-out", caption=caption)
