"""Labs, sessions and practices in the API."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.collaborate.api.common import OrganisationRef, SegmentFilter
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.calendar import attendance
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.labs.actions.labs import require_host
from viavolta.hub.labs.models import Lab, LabSession, Practice
from viavolta.hub.labs.periods import period_of
from viavolta.hub.labs.queries import figures, labs, published_practices, sessions
from viavolta.model.facets import Segment

router = Router(tags=["living labs"])


class LabOut(Schema):
    """A lab as everybody sees it."""

    slug: str
    name: str
    nuts: str
    region_name: str
    languages: list[str]
    organisation: OrganisationRef
    about: dict[str, str] = Field(description="its text by language")
    n_participants: int
    n_sessions: int
    n_practices: int
    is_sample: bool

    @staticmethod
    def resolve_about(row: Lab) -> dict[str, str]:
        """Texts by language."""
        return {text.language: text.about for text in row.texts.all()}


class SessionOut(Schema):
    """A session of a lab."""

    id: int
    event: str = Field(description="the slug of its event")
    title: str
    starts_at: datetime
    ends_at: datetime
    agenda: str
    outcomes: str
    attendance: int

    @staticmethod
    def of(row: LabSession) -> dict[str, Any]:
        """A session with what its event knows."""
        return {
            "id": row.pk,
            "event": row.gathering.slug,
            "title": row.gathering.title,
            "starts_at": row.gathering.starts_at,
            "ends_at": row.gathering.ends_at,
            "agenda": row.agenda,
            "outcomes": row.outcomes,
            "attendance": attendance(row.gathering),
        }


class PracticeOut(Schema):
    """A published practice."""

    slug: str
    title: str
    lab: str = Field(description="the slug of its lab")
    organisation: OrganisationRef
    segment: Segment
    language: str
    challenge: str
    approach: str
    result: str
    lessons: str
    published_at: datetime
    is_sample: bool

    @staticmethod
    def resolve_lab(row: Practice) -> str:
        """The slug of the lab."""
        return row.lab.slug


class FiguresOut(Schema):
    """A lab in figures."""

    sessions: int
    attendance: int
    participants: int = Field(description="who joined in the period")
    practices_written: int
    practices_published: int


class Period(Schema):
    """From one day to another, both included; this year unless said otherwise."""

    since: date | None = None
    until: date | None = None


@router.get("/labs", response=list[LabOut], operation_id="list_labs", summary="Living labs")
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_labs(request: HttpRequest) -> Any:  # noqa: ARG001 - ninja's signature
    """By name."""
    return labs().prefetch_related("texts")


@router.get("/labs/{slug}", response=LabOut, operation_id="get_lab", summary="One lab")
@api_access(Access.PUBLIC)
def get_lab(request: HttpRequest, slug: str) -> Lab:  # noqa: ARG001 - ninja's signature
    """By the slug in its address."""
    return get_object_or_404(labs(), slug=slug)


@router.get(
    "/labs/{slug}/sessions",
    response=list[SessionOut],
    operation_id="list_sessions",
    summary="Sessions of a lab",
)
@api_access(Access.PUBLIC)
def list_sessions(request: HttpRequest, slug: str) -> Any:  # noqa: ARG001 - ninja's signature
    """Newest first."""
    lab = get_object_or_404(labs(), slug=slug)
    return [SessionOut.of(row) for row in sessions().filter(lab=lab)[:500]]


@router.get(
    "/labs/{slug}/figures",
    response=FiguresOut,
    operation_id="get_lab_figures",
    summary="A lab in figures",
)
@api_access(Access.LAB_HOST)
def get_figures(request: HttpRequest, slug: str, wanted: Query[Period]) -> Any:
    """For its hosts, as the funder asks for them."""
    lab = get_object_or_404(labs(), slug=slug)
    require_host(person_of(request), lab)
    since, until = period_of(wanted.since, wanted.until)
    return figures(lab, since, until)


@router.get(
    "/practices",
    response=list[PracticeOut],
    operation_id="list_practices",
    summary="Good practices",
)
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_practices(request: HttpRequest, wanted: Query[SegmentFilter]) -> Any:  # noqa: ARG001 - ninja's signature
    """Reviewed and published ones, newest first."""
    return wanted.narrow(published_practices())


@router.get(
    "/practices/{slug}", response=PracticeOut, operation_id="get_practice", summary="One practice"
)
@api_access(Access.PUBLIC)
def get_practice(request: HttpRequest, slug: str) -> Practice:  # noqa: ARG001 - ninja's signature
    """By the slug in its address."""
    return get_object_or_404(published_practices(), slug=slug)
