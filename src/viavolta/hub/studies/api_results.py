"""Results, tables, scenarios, comparisons and sharing in the API, beside what `api` has."""

from typing import Annotated, Any, Literal

import polars as pl
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Schema, Status
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.people.access import visitor
from viavolta.hub.studies import scenarios
from viavolta.hub.studies.api import router
from viavolta.hub.studies.bundle import terms_of
from viavolta.hub.studies.change_values import checked
from viavolta.hub.studies.changes import ChangeKind
from viavolta.hub.studies.compare import MOST, differences, figure_frame
from viavolta.hub.studies.compare_views import with_results
from viavolta.hub.studies.estimates import quick_estimate
from viavolta.hub.studies.models import Scenario, Study, Visibility
from viavolta.hub.studies.results.figures import cards
from viavolta.hub.studies.results.folder import require_result
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.page import stem
from viavolta.hub.studies.results.tables import table_file
from viavolta.hub.studies.results.verdict import verdict_of
from viavolta.hub.studies.sharing import may_edit, scenario_for, share, study_for
from viavolta.services.bus.estimate import LARGEST_ERROR_SHARE

__all__ = ["router"]

ROWS_AT_ONCE = 1000
_AT = "/{slug:slug}/scenarios/{int:scenario_id}"


class WhyOut(Schema):
    """Why a figure is what it is."""

    statement: str
    binds: str
    one_more: str


class FigureOut(Schema):
    """A key figure as it is shown, with its bound and reasons."""

    key: str
    label: str
    value: str
    beside: str
    bound: str
    rule: str
    why: list[WhyOut]


class CheckOut(Schema):
    """What the independent check of the tables said."""

    is_ok: bool
    n_findings: int


class ResultOut(Schema):
    """The result of a scenario."""

    study: str
    scenario: int
    name: str
    service_date: str | None
    timezone: str
    summary: dict[str, Any] = Field(description="docs/reference/study-folder.md")
    figures: list[FigureOut]
    check: CheckOut | None
    tables: dict[str, int] = Field(description="rows by table")


class TableOut(Schema):
    """Some rows of a table."""

    name: str
    columns: list[str]
    n_rows: int
    rows: list[list[Any]]


class InputOut(Schema):
    """An input by its hash, and whether it may be handed on."""

    name: str
    sha256: str
    licence: str
    credit: str
    may_redistribute: bool


class InputsOut(Schema):
    """What a result was made from."""

    can_be_made_again: bool
    command: str
    inputs: list[InputOut]


class DifferenceOut(Schema):
    """An input that differs between scenarios, and the figures it acts on first."""

    name: str
    values: list[str]
    acts_on: list[str]


class ComparisonOut(Schema):
    """Scenarios side by side; differences are to the first."""

    scenarios: list[int]
    figures: list[dict[str, Any]]
    changes: list[DifferenceOut]


class ChangeIn(Schema):
    """One change to the baseline; `value` as the form of a scenario keeps it."""

    kind: ChangeKind
    on: bool = True
    value: Any = Field(description="kWh, list of types, list of depots, share, seconds, km/h")


class ScenarioIn(Schema):
    """A scenario to add."""

    name: str = Field(default="", max_length=120)
    changes: list[ChangeIn] = Field(default_factory=list, max_length=20)


class ScenarioChange(Schema):
    """What a scenario changes from now on; `version` is the one that was read."""

    changes: list[ChangeIn] = Field(max_length=20)
    version: int


class ScenarioRow(Schema):
    """A scenario."""

    id: int
    name: str
    is_baseline: bool
    changes: list[dict[str, Any]]
    has_result: bool
    version: int


class EstimateOut(Schema):
    """A quick estimate: figures now and with the changes, with the largest error found."""

    is_estimate: Literal[True] = True
    before: dict[str, float]
    after: dict[str, float]
    largest_error_share: dict[str, float]
    infeasible_trips: int
    took_s: float


class SharingOut(Schema):
    """Who sees a study."""

    visibility: Visibility
    link_token: str
    version: int


class SharingIn(Schema):
    """Who shall see a study; publishing needs `confirmed`."""

    visibility: Visibility
    version: int
    confirmed: bool = False


class Rows(Schema):
    """Which rows of a table."""

    limit: Annotated[int, Field(ge=1, le=ROWS_AT_ONCE)] = 100
    offset: Annotated[int, Field(ge=0, le=100_000_000)] = 0


@router.get(
    f"{_AT}/result", response=ResultOut, operation_id="get_result", summary="A scenario's result"
)
@api_access(Access.PUBLIC)
def get_result(request: HttpRequest, slug: str, scenario_id: int) -> dict[str, Any]:
    """Key figures with bounds and reasons, the summary, the check."""
    scenario = scenario_for(request, slug, scenario_id)
    result = require_result(scenario)
    verdict = verdict_of(result)
    date = result.study.service_date
    with reader_of(result.study.timezone):
        figures = [
            {
                "key": c.key,
                "label": c.label,
                "value": c.value,
                "beside": c.beside,
                "bound": c.bound,
                "rule": c.rule,
                "why": [
                    {"statement": a.statement, "binds": a.binds, "one_more": a.one_more}
                    for a in c.answers
                ],
            }
            for c in cards(result)
        ]
    return {
        "study": slug,
        "scenario": scenario.pk,
        "name": scenario.name,
        "service_date": None if date is None else date.isoformat(),
        "timezone": result.study.timezone,
        "summary": result.summary,
        "figures": figures,
        "check": None
        if verdict is None
        else {"is_ok": verdict.is_ok, "n_findings": verdict.n_findings},
        "tables": {name: frame.height for name, frame in result.study.tables.items()},
    }


@router.get(
    f"{_AT}/tables/{{slug:name}}",
    response=TableOut,
    operation_id="get_table",
    summary="Rows of a table",
)
@api_access(Access.PUBLIC)
def get_table(
    request: HttpRequest, slug: str, scenario_id: int, name: str, wanted: Query[Rows]
) -> dict[str, Any]:
    """Rows in the order of the study folder, times in UTC."""
    frame = require_result(scenario_for(request, slug, scenario_id)).table(name)
    part = frame.slice(wanted.offset, wanted.limit)
    return {
        "name": name,
        "columns": frame.columns,
        "n_rows": frame.height,
        "rows": [list(row) for row in _plain(part).iter_rows()],
    }


@router.get(f"{_AT}/tables/{{slug:name}}.csv", operation_id="get_table_csv", summary="As CSV")
@api_access(Access.PUBLIC)
def get_table_csv(request: HttpRequest, slug: str, scenario_id: int, name: str) -> HttpResponse:
    """A whole table as CSV."""
    scenario = scenario_for(request, slug, scenario_id)
    frame = require_result(scenario).table(name)
    return table_file(frame, kind="csv", name=f"{stem(scenario)}-{name}")


@router.get(
    f"{_AT}/inputs", response=InputsOut, operation_id="get_inputs", summary="Inputs by hash"
)
@api_access(Access.PUBLIC)
def get_inputs(request: HttpRequest, slug: str, scenario_id: int) -> dict[str, Any]:
    """What a result was made from, by which command, and what may be handed on."""
    scenario = scenario_for(request, slug, scenario_id)
    terms = terms_of(scenario, require_result(scenario))
    keys = ("name", "sha256", "licence", "credit", "may_redistribute")
    return {
        "can_be_made_again": terms.is_whole,
        "command": "" if terms.command is None else terms.command.shown(),
        "inputs": [{key: getattr(i, key) for key in keys} for i in terms.inputs],
    }


@router.get(
    "/{slug:slug}/comparison",
    response=ComparisonOut,
    operation_id="compare_scenarios",
    summary="Scenarios side by side",
)
@api_access(Access.PUBLIC)
def compare_scenarios(
    request: HttpRequest,
    slug: str,
    scenario: Annotated[list[int], Query(max_length=MOST)] = [],  # noqa: B006 - ninja's signature
) -> dict[str, Any]:
    """Figure by figure; without `scenario` the first two with a result."""
    study = study_for(request, slug)
    by_pk = {s.pk: (s, result) for s, result in with_results(study)}
    if any(pk not in by_pk for pk in scenario):
        raise Http404
    chosen = [by_pk[pk] for pk in dict.fromkeys(scenario)] or list(by_pk.values())[:2]
    if not chosen:
        raise Http404
    with reader_of(chosen[0][1].study.timezone):
        found = differences(chosen) if len(chosen) > 1 else []
        return {
            "scenarios": [s.pk for s, _result in chosen],
            "figures": figure_frame(chosen).to_dicts(),
            "changes": [
                {"name": d.name, "values": list(d.values), "acts_on": list(d.drives)} for d in found
            ],
        }


@router.get(
    "/{slug:slug}/scenarios",
    response=list[ScenarioRow],
    operation_id="list_scenarios",
    summary="Scenarios of a study",
)
@api_access(Access.PUBLIC)
def list_scenarios(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """The baseline first."""
    return [_row(s) for s in study_for(request, slug).scenarios.all()]


@router.post(
    "/{slug:slug}/scenarios",
    response={201: ScenarioRow},
    operation_id="add_scenario",
    summary="Add a scenario",
)
@api_access(Access.EDITOR)
def add_scenario(request: HttpRequest, slug: str, body: ScenarioIn) -> Any:
    """The baseline with these changes."""
    study = study_for(request, slug)
    made = scenarios.add_scenario(
        visitor(request), study, name=body.name, changes=_changes(body.changes)
    )
    return Status(201, _row(made))


@router.put(
    f"{_AT}/changes",
    response=ScenarioRow,
    operation_id="change_scenario",
    summary="Change a scenario",
)
@api_access(Access.EDITOR)
def change_scenario(
    request: HttpRequest, slug: str, scenario_id: int, body: ScenarioChange
) -> dict[str, Any]:
    """Refused with 409 if somebody else saved it since `version`."""
    scenario = scenario_for(request, slug, scenario_id)
    changed = scenarios.change_scenario(
        visitor(request), scenario, _changes(body.changes), seen=body.version
    )
    return _row(changed)


@router.delete(
    _AT, response={204: None}, operation_id="delete_scenario", summary="Delete a scenario"
)
@api_access(Access.EDITOR)
def delete_scenario(request: HttpRequest, slug: str, scenario_id: int) -> Any:
    """It can be brought back on its page."""
    scenarios.delete_scenario(visitor(request), scenario_for(request, slug, scenario_id))
    return Status(204, None)


@router.post(
    "/{slug:slug}/estimate",
    response=EstimateOut,
    operation_id="estimate_changes",
    summary="A quick estimate",
)
@api_access(Access.EDITOR)
def estimate_changes(request: HttpRequest, slug: str, body: ScenarioIn) -> dict[str, Any]:
    """What changes to the baseline would do, in about a second; a run replaces it."""
    study = study_for(request, slug)
    if not may_edit(request.user, study):
        raise Http404
    made = quick_estimate(scenarios.baseline_of(study), _changes(body.changes))
    if made is None or isinstance(made, str):
        raise ValidationError(made or "an estimate needs the result of the baseline")
    return {
        "before": made.before,
        "after": made.after,
        "largest_error_share": LARGEST_ERROR_SHARE,
        "infeasible_trips": made.infeasible_trips,
        "took_s": round(made.took_s, 3),
    }


@router.get(
    "/{slug:slug}/sharing",
    response=SharingOut,
    operation_id="get_sharing",
    summary="Who sees a study",
)
@api_access(Access.EDITOR)
def get_sharing(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The token opens the study at `/shared/TOKEN/`, or sent as the header X-Study-Link."""
    return _sharing(_edited(request, slug))


@router.put(
    "/{slug:slug}/sharing",
    response=SharingOut,
    operation_id="share_study",
    summary="Say who sees a study",
)
@api_access(Access.EDITOR)
def share_study(request: HttpRequest, slug: str, body: SharingIn) -> dict[str, Any]:
    """Publishing makes results, assumptions, tables and hashes of all scenarios visible."""
    study = _edited(request, slug)
    opens = body.visibility == Visibility.PUBLIC and study.visibility != Visibility.PUBLIC
    if opens and not body.confirmed:
        raise ValidationError({"confirmed": "true, to publish"})
    return _sharing(share(visitor(request), study, body.visibility, seen=body.version))


def _edited(request: HttpRequest, slug: str) -> Study:
    study = study_for(request, slug)
    if not may_edit(request.user, study):
        raise Http404
    return study


def _sharing(study: Study) -> dict[str, Any]:
    return {
        "visibility": study.visibility,
        "link_token": study.link_token,
        "version": study.version,
    }


def _row(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.pk,
        "name": scenario.name,
        "is_baseline": scenario.is_baseline,
        "changes": scenario.changes or [],
        "has_result": bool(scenario.result_folder),
        "version": scenario.version,
    }


def _changes(asked: list[ChangeIn]) -> list[dict[str, Any]]:
    """Changes as they are kept, each value checked as the form would."""
    return [{"kind": c.kind.value, "on": c.on, "value": checked(c.kind, c.value)} for c in asked]


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Moments as ISO 8601 in UTC, lists as lists, figures that are not known as null."""
    moments = [
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime)
    ]
    return frame.with_columns(moments).with_columns(pl.selectors.float().fill_nan(None))
