"""Collaborations, their projects and messages in the API."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.collaborate.actions.collaborations import (
    change_collaboration,
    require_lead,
    require_member,
    start_collaboration,
    write_message,
)
from viavolta.hub.collaborate.actions.projects import ProjectFacts, add_project
from viavolta.hub.collaborate.api.common import (
    OrganisationRef,
    SegmentFilter,
    Slug,
    Text,
    Title,
    acting,
)
from viavolta.hub.collaborate.models import Collaboration, Message, Project
from viavolta.hub.collaborate.models.collaborations import CollaborationState
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.collaborations import (
    is_member,
    listed,
    members_of,
    messages_for,
    projects,
)
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.people.models import Organisation
from viavolta.model.facets import Segment

router = Router(tags=["collaborations"])


class CollaborationOut(Schema):
    """A collaboration as everybody sees it."""

    slug: str
    title: str
    segment: Segment
    state: CollaborationState
    about: str
    members: list[OrganisationRef]
    n_projects: int
    last_activity: datetime | None
    created_at: datetime
    is_sample: bool
    version: int

    @staticmethod
    def resolve_members(row: Collaboration) -> list[Organisation]:
        """Organisations that take part."""
        return [place.organisation for place in members_of(row)]


class CollaborationIn(Schema):
    """A new collaboration."""

    lead: Slug
    title: Title
    segment: Segment
    about: Text = ""


class CollaborationChange(Schema):
    """A change; `version` is that of the row it was made from."""

    title: Title
    segment: Segment
    state: CollaborationState
    about: Text = ""
    version: int = Field(ge=1)


class ProjectOut(Schema):
    """A project."""

    id: int
    collaboration: str = Field(description="its slug")
    title: str
    about: str
    funder: str
    funding_eur: Decimal | None
    starts_on: date | None
    ends_on: date | None
    partners: list[OrganisationRef]
    created_at: datetime
    version: int

    @staticmethod
    def resolve_collaboration(row: Project) -> str:
        """The slug in the address."""
        return row.collaboration.slug


class ProjectIn(Schema):
    """A new project; partners are members of the collaboration."""

    title: Title
    about: Text = ""
    funder: str = Field("", max_length=160)
    funding_eur: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2)
    starts_on: date | None = None
    ends_on: date | None = None
    partners: list[Slug] = Field(default_factory=list, max_length=200)


class MessageOut(Schema):
    """A message among members."""

    organisation: OrganisationRef
    text: str
    written_at: datetime


class MessageIn(Schema):
    """A new message."""

    text: Text = Field(min_length=1)


@router.get(
    "/collaborations",
    response=list[CollaborationOut],
    operation_id="list_collaborations",
    summary="Collaborations",
)
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_collaborations(request: HttpRequest, wanted: Query[SegmentFilter]) -> Any:  # noqa: ARG001 - ninja's signature
    """Those that were started last come first."""
    return wanted.narrow(listed())


@router.post(
    "/collaborations",
    response={201: CollaborationOut},
    operation_id="start_collaboration",
    summary="Start a collaboration",
)
@api_access(Access.EDITOR)
def start(request: HttpRequest, body: CollaborationIn) -> Any:
    """In the name of an organisation that one edits, which leads it."""
    made = start_collaboration(
        person_of(request),
        acting(request, body.lead),
        title=body.title,
        segment=body.segment.value,
        about=body.about,
    )
    return Status(201, listed().get(pk=made.pk))


@router.get(
    "/collaborations/{slug}",
    response=CollaborationOut,
    operation_id="get_collaboration",
    summary="One collaboration",
)
@api_access(Access.PUBLIC)
def get_collaboration(request: HttpRequest, slug: str) -> Collaboration:  # noqa: ARG001 - ninja's signature
    """By the slug in its address."""
    return get_object_or_404(listed(), slug=slug)


@router.put(
    "/collaborations/{slug}",
    response=CollaborationOut,
    operation_id="change_collaboration",
    summary="Change a collaboration",
)
@api_access(Access.EDITOR)
def change(request: HttpRequest, slug: str, body: CollaborationChange) -> Collaboration:
    """For the lead; refused with 409 if somebody else saved it since `version`."""
    row = get_object_or_404(listed(), slug=slug)
    require_lead(person_of(request), row)
    change_collaboration(
        person_of(request),
        row,
        title=body.title,
        segment=body.segment.value,
        state=body.state,
        about=body.about,
        seen=body.version,
    )
    return listed().get(pk=row.pk)


@router.get(
    "/collaborations/{slug}/messages",
    response=list[MessageOut],
    operation_id="list_messages",
    summary="Messages",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_messages(request: HttpRequest, slug: str) -> Any:
    """For members only, newest first."""
    row = get_object_or_404(listed(), slug=slug)
    if not is_member(request.user, row):
        return get_object_or_404(listed().none())
    return messages_for(request.user, row)


@router.post(
    "/collaborations/{slug}/messages",
    response={201: MessageOut},
    operation_id="write_message",
    summary="Write to the members",
)
@api_access(Access.EDITOR)
def write(request: HttpRequest, slug: str, body: MessageIn) -> Any:
    """For editors of members."""
    row = get_object_or_404(listed(), slug=slug)
    require_member(person_of(request), row)
    message: Message = write_message(person_of(request), row, text=body.text)
    return Status(201, message)


@router.get(
    "/projects", response=list[ProjectOut], operation_id="list_projects", summary="Projects"
)
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_projects(request: HttpRequest) -> Any:  # noqa: ARG001 - ninja's signature
    """Projects of all collaborations, those entered last first."""
    return projects()


@router.post(
    "/collaborations/{slug}/projects",
    response={201: ProjectOut},
    operation_id="add_project",
    summary="Enter a project",
)
@api_access(Access.EDITOR)
def add(request: HttpRequest, slug: str, body: ProjectIn) -> Any:
    """For editors of members."""
    row = get_object_or_404(listed(), slug=slug)
    require_member(person_of(request), row)
    facts = body.dict(exclude={"partners"})
    partners = Organisation.objects.filter(slug__in=body.partners)
    project = add_project(person_of(request), row, ProjectFacts(**facts, partners=tuple(partners)))
    return Status(201, project)
