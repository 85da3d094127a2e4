"""Files, drafts, studies and their runs as JSON: everything the pages of the wizard show and do."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.formats.toml_text import toml_text
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.people.access import organisations_of, require
from viavolta.hub.people.models import Organisation, Role
from viavolta.hub.studies import queries, running, uploads
from viavolta.hub.studies.models import Draft, Scenario, Study, Upload, UploadKind
from viavolta.hub.studies.running import EFFORTS
from viavolta.hub.studies.sharing import links_of, scenario_for, study_for, visible_studies
from viavolta.hub.studies.wizard import drafts
from viavolta.hub.studies.wizard.answers import Answers
from viavolta.hub.studies.wizard.config import config_of
from viavolta.hub.studies.wizard.sample import sample_study
from viavolta.storage.tables.models import Run

router = Router(tags=["studies"])
MAX_CONFIG_CHARS = 200_000


class Terms(Schema):
    """Under which terms a file stands, and whether others may be given it."""

    licence: str = Field("", max_length=200)
    credit: str = Field("", max_length=300)
    may_redistribute: bool = False


class NewUpload(Terms):
    """What a file is, and whose."""

    organisation: str = Field(description="slug of the organisation")
    kind: UploadKind


class UploadOut(Schema):
    """A file and what its check found (`facts`, `repairs`, `warnings`, `error`)."""

    id: int
    organisation: str = Field(alias="organisation.slug")
    kind: str
    name: str
    sha256: str
    size_bytes: int
    licence: str
    credit: str
    may_redistribute: bool
    is_sample: bool
    state: str
    findings: dict[str, Any]
    uploaded_at: dt.datetime


class RunOut(Schema):
    """How far a run is; `error` as the command line tells it."""

    id: int
    state: str
    stage: str
    share_done: float
    message: str
    error: dict[str, Any] | None
    queued_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


class ScenarioOut(Schema):
    """A scenario: the configuration and options of `viavolta plan bus`, its files and summary."""

    id: int
    name: str
    is_baseline: bool
    config: dict[str, Any]
    options: dict[str, Any]
    summary: dict[str, Any]
    command: str
    run: RunOut | None


class StudyOut(Schema):
    """A study in a list."""

    slug: str
    title: str
    kind: str
    organisation: str
    visibility: str
    place_name: str
    country: str
    lat: float | None
    lon: float | None
    is_sample: bool
    state: str | None = Field(description="of the baseline's newest run")
    created_at: dt.datetime


class StudyDetail(StudyOut):
    """A study with its scenarios."""

    scenarios: list[ScenarioOut]


class NewStudy(Schema):
    """A study to make and start at once."""

    organisation: str = Field(description="slug of the organisation")
    title: str = Field("", max_length=160)
    uploads: list[int] = Field(description="ids of usable files: one feed, others as needed")
    config: dict[str, Any] = Field(
        default_factory=dict, description="tables as in `viavolta config bus`"
    )
    effort: str = "normal"


class DraftOut(Schema):
    """A study that is being put together, and the configuration it leads to."""

    id: int
    organisation: str
    version: int
    answers: dict[str, Any]
    config: dict[str, Any]
    study: str | None


class NewDraft(Schema):
    """For whom a draft is begun."""

    organisation: str = Field(description="slug of the organisation")


class Start(Schema):
    """How much work the search does: low, normal or high."""

    effort: str = "normal"


def _organisation(request: HttpRequest, slug: str, needs: Role = Role.EDITOR) -> Organisation:
    organisation = organisations_of(request.user).filter(slug=slug).first()
    if organisation is None:
        raise Http404
    require(request.user, organisation, needs)
    return organisation


def _require_toml(config: dict[str, Any]) -> None:
    try:
        size = len(toml_text(config))
    except (TypeError, ValueError, RecursionError) as error:
        raise HttpError(422, f"the configuration cannot be written as TOML: {error}") from error
    if size > MAX_CONFIG_CHARS:
        raise HttpError(422, "the configuration is too large")


def _effort(word: str) -> str:
    if word not in EFFORTS:
        raise HttpError(422, f"effort is one of {', '.join(EFFORTS)}")
    return word


@router.get("/uploads", response=list[UploadOut], summary="Files of my organisations")
@paginate(LimitOffsetPagination)
@api_access(Access.SIGNED_IN)
def list_uploads(request: HttpRequest, kind: UploadKind | None = None) -> Any:
    """The files of my organisations, the newest first."""
    found = queries.uploads_of(request.user).select_related("organisation")
    return found if kind is None else found.filter(kind=kind)


@router.post("/uploads", response={201: UploadOut}, summary="Upload a file")
@api_access(Access.SIGNED_IN)
def upload(request: HttpRequest, about: Form[NewUpload], file: File[UploadedFile]) -> Any:
    """Keep a file; a worker checks it, `state` and `findings` follow within seconds."""
    organisation = _organisation(request, about.organisation)
    if about.may_redistribute and not about.licence.strip():
        raise HttpError(422, "name the licence that lets others have the file")
    try:
        kept = uploads.keep_upload(
            request.user,
            organisation,
            about.kind,
            name=file.name or "",
            chunks=file.chunks(),
            licence=about.licence.strip(),
            credit=about.credit.strip(),
            may_redistribute=about.may_redistribute,
        )
    except uploads.RefusedError as refused:
        raise HttpError(422, str(refused)) from refused
    return Status(201, kept)


@router.get("/uploads/{int:upload_id}", response=UploadOut, summary="One file")
@api_access(Access.READER)
def get_upload(request: HttpRequest, upload_id: int) -> Upload:
    """A file with what its check found."""
    return queries.upload_for(request.user, upload_id)


@router.post("/uploads/{int:upload_id}/check", response=UploadOut, summary="Check a file again")
@api_access(Access.EDITOR)
def check_upload(request: HttpRequest, upload_id: int) -> Upload:
    """Have a file checked once more."""
    return uploads.check_again(request.user, queries.upload_for(request.user, upload_id))


@router.put("/uploads/{int:upload_id}/terms", response=UploadOut, summary="Set terms of a file")
@api_access(Access.EDITOR)
def put_terms(request: HttpRequest, upload_id: int, terms: Terms) -> Upload:
    """Say under which terms a file stands."""
    if terms.may_redistribute and not terms.licence.strip():
        raise HttpError(422, "name the licence that lets others have the file")
    found = queries.upload_for(request.user, upload_id)
    return uploads.set_terms(request.user, found, **terms.dict())


@router.delete("/uploads/{int:upload_id}", response={204: None}, summary="Remove a file")
@api_access(Access.EDITOR)
def delete_upload(request: HttpRequest, upload_id: int) -> Any:
    """Remove a file that no study uses."""
    try:
        uploads.remove_upload(request.user, queries.upload_for(request.user, upload_id))
    except uploads.RefusedError as refused:
        raise HttpError(409, str(refused)) from refused
    return Status(204, None)


@router.get("/drafts", response=list[DraftOut], summary="Drafts I may go on with")
@api_access(Access.SIGNED_IN)
def list_drafts(request: HttpRequest) -> Any:
    """Studies of my organisations that are still being put together."""
    return [_draft(one) for one in queries.drafts_of(request.user)[:100]]


@router.post("/drafts", response={201: DraftOut}, summary="Begin a draft")
@api_access(Access.EDITOR)
def begin_draft(request: HttpRequest, about: NewDraft) -> Any:
    """Begin a new study; its steps are filled in on the pages, or skipped for their defaults."""
    organisation = _organisation(request, about.organisation)
    return Status(201, _draft(drafts.begin_draft(request.user, organisation)))


@router.get("/drafts/{int:draft_id}", response=DraftOut, summary="One draft")
@api_access(Access.EDITOR)
def get_draft(request: HttpRequest, draft_id: int) -> Any:
    """A draft with its answers and the configuration they lead to."""
    return _draft(queries.draft_for(request.user, draft_id))


@router.delete("/drafts/{int:draft_id}", response={204: None}, summary="Throw a draft away")
@api_access(Access.EDITOR)
def delete_draft(request: HttpRequest, draft_id: int) -> Any:
    """Throw a draft away."""
    drafts.remove_draft(request.user, queries.draft_for(request.user, draft_id))
    return Status(204, None)


@router.post("/drafts/{int:draft_id}/start", response=StudyDetail, summary="Start a draft")
@api_access(Access.EDITOR)
def start_draft(request: HttpRequest, draft_id: int, how: Start) -> Any:
    """Make a study of a draft and ask for its first run."""
    draft = queries.draft_for(request.user, draft_id)
    try:
        scenario = drafts.start_draft(request.user, draft, effort=_effort(how.effort))
    except drafts.UnfinishedError as refused:
        raise HttpError(409, str(refused)) from refused
    return _detail(scenario.study)


@router.get("", response=list[StudyOut], summary="Studies I may see")
@paginate(LimitOffsetPagination)
@api_access(Access.PUBLIC)
def list_studies(request: HttpRequest, q: str = "", state: str = "", organisation: str = "") -> Any:
    """Studies of my organisations and public ones, the newest first."""
    found: Any = queries.with_state(visible_studies(request.user, links_of(request)))
    if q:
        found = found.filter(title__icontains=q[:200])
    if state:
        found = found.filter(run_state=state)
    if organisation:
        found = found.filter(organisation__slug=organisation)
    return [_row(study) for study in found]


@router.post("", response={201: StudyDetail}, summary="Make and start a study")
@api_access(Access.EDITOR)
def make_study(request: HttpRequest, about: NewStudy) -> Any:
    """Make a study from files and a configuration, and ask for its first run."""
    organisation = _organisation(request, about.organisation)
    person = require(request.user, organisation, Role.EDITOR)
    effort = _effort(about.effort)
    chosen = list(
        Upload.objects.filter(pk__in=about.uploads[:50], organisation=organisation, state="usable")
    )
    if len(chosen) < len(set(about.uploads)):
        raise HttpError(422, "uploads holds a file that is not there or not usable")
    _require_toml(about.config)
    try:
        scenario = drafts.start_study(
            person,
            organisation,
            title=about.title,
            config=about.config,
            options={"effort": effort, "seed": 1},
            uploads=chosen,
        )
    except drafts.UnfinishedError as refused:
        raise HttpError(422, str(refused)) from refused
    return Status(201, _detail(scenario.study))


@router.post("/sample", response={201: StudyDetail}, summary="Start the sample city")
@api_access(Access.EDITOR)
def make_sample(request: HttpRequest, about: NewDraft) -> Any:
    """The sample city as a study of an organisation, started."""
    scenario = sample_study(request.user, _organisation(request, about.organisation))
    return Status(201, _detail(scenario.study))


@router.get("/{slug:slug}", response=StudyDetail, summary="One study")
@api_access(Access.PUBLIC)
def get_study(request: HttpRequest, slug: str) -> Any:
    """A study with its scenarios, their configuration and summary."""
    return _detail(study_for(request, slug))


@router.get("/{slug:slug}/scenarios/{int:scenario_id}", response=ScenarioOut, summary="Scenario")
@api_access(Access.PUBLIC)
def get_scenario(request: HttpRequest, slug: str, scenario_id: int) -> Any:
    """A scenario with the state of its newest run."""
    return _scenario(scenario_for(request, slug, scenario_id))


@router.post("/scenarios/{int:scenario_id}/run", response={202: RunOut}, summary="Start a run")
@api_access(Access.EDITOR)
def start_run(request: HttpRequest, scenario_id: int) -> Any:
    """Ask for a scenario to be computed; one that is under way is left alone."""
    scenario = queries.scenario_to_run(request.user, scenario_id)
    return Status(202, running.start_run(request.user, scenario))


@router.get("/scenarios/{int:scenario_id}/run", response=RunOut, summary="How far a run is")
@api_access(Access.READER)
def get_run(request: HttpRequest, scenario_id: int) -> Any:
    """The newest run of a scenario."""
    return _run_of(queries.scenario_to_run(request.user, scenario_id))


@router.post("/scenarios/{int:scenario_id}/run/cancel", response=RunOut, summary="Stop a run")
@api_access(Access.EDITOR)
def cancel_run(request: HttpRequest, scenario_id: int) -> Any:
    """Stop a run; what is finished of it is kept."""
    scenario = queries.scenario_to_run(request.user, scenario_id)
    running.cancel_run(request.user, scenario)
    return _run_of(scenario)


@router.post("/scenarios/{int:scenario_id}/run/resume", response=RunOut, summary="Resume a run")
@api_access(Access.EDITOR)
def resume_run(request: HttpRequest, scenario_id: int) -> Any:
    """Go on with a run that was stopped or failed."""
    scenario = queries.scenario_to_run(request.user, scenario_id)
    running.resume_run(request.user, scenario)
    return _run_of(scenario)


def _run_of(scenario: Scenario) -> Run:
    run = running.run_of(scenario)
    if run is None:
        raise Http404
    return run


def _draft(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.pk,
        "organisation": draft.organisation.slug,
        "version": draft.version,
        "answers": draft.answers,
        "config": config_of(Answers(draft)),
        "study": None if draft.study is None else draft.study.slug,
    }


def _row(study: Any) -> dict[str, Any]:
    return {
        **{
            name: getattr(study, name)
            for name in (
                *("slug", "title", "kind", "visibility", "place_name", "country", "lat", "lon"),
                *("is_sample", "created_at"),
            )
        },
        "organisation": study.organisation.slug,
        "state": study.run_state,
    }


def _detail(study: Study) -> dict[str, Any]:
    found = queries.with_state(Study.objects.filter(pk=study.pk)).select_related("organisation")
    return {
        **_row(found.get()),
        "scenarios": [_scenario(scenario) for scenario in study.scenarios.all()],
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    files = running.uploads_of(scenario)
    return {
        "id": scenario.pk,
        "name": scenario.name,
        "is_baseline": scenario.is_baseline,
        "config": scenario.config,
        "options": scenario.options,
        "summary": scenario.summary,
        "command": running.command_of(scenario).shown() if files else "",
        "run": running.run_of(scenario),
    }
