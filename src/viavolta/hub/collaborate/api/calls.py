"""Calls and consortia in the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.collaborate.api.common import OrganisationRef, SegmentFilter
from viavolta.hub.collaborate.models import Call, Consortium
from viavolta.hub.collaborate.models.calls import ConsortiumState, PartKind
from viavolta.hub.collaborate.queries.consortia import (
    calls,
    consortia,
    coverage,
    suggestions,
)
from viavolta.hub.frame.access import Access, api_access
from viavolta.model.facets import Segment

router = Router(tags=["calls"])


class PartOut(Schema):
    """A role (a kind of organisation) or a skill."""

    kind: PartKind
    key: str


class CallOut(Schema):
    """A call and what it needs."""

    slug: str
    title: str
    segment: Segment
    about: str
    funder: str
    link: str
    deadline: datetime
    zone: str
    organisation: OrganisationRef | None = Field(description="null for the platform's own")
    parts: list[PartOut]
    n_consortia: int
    is_sample: bool

    @staticmethod
    def resolve_parts(row: Call) -> list[Any]:
        """Roles and skills."""
        return list(row.parts.all())


class PartCoveredOut(Schema):
    """A part and who covers it."""

    part: PartOut
    by: list[OrganisationRef]
    invited: list[OrganisationRef]


class SuggestionOut(Schema):
    """Who would fill gaps, and which."""

    organisation: OrganisationRef
    fills: list[PartOut]
    n_in_segment: int = Field(description="its collaborations in the call's segment")


class ConsortiumOut(Schema):
    """A consortium and what it lacks."""

    slug: str
    name: str
    call: str = Field(description="its slug")
    about: str
    state: ConsortiumState
    coverage: list[PartCoveredOut]
    lacks: list[PartOut]
    suggestions: list[SuggestionOut]
    is_sample: bool


@router.get("/calls", response=list[CallOut], operation_id="list_calls", summary="Calls")
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_calls(request: HttpRequest, wanted: Query[SegmentFilter]) -> Any:  # noqa: ARG001 - ninja's signature
    """By deadline."""
    return wanted.narrow(calls())


@router.get("/calls/{slug}", response=CallOut, operation_id="get_call", summary="One call")
@api_access(Access.PUBLIC)
def get_call(request: HttpRequest, slug: str) -> Call:  # noqa: ARG001 - ninja's signature
    """By the slug in its address."""
    return get_object_or_404(calls(), slug=slug)


@router.get(
    "/consortia/{slug}",
    response=ConsortiumOut,
    operation_id="get_consortium",
    summary="One consortium",
)
@api_access(Access.PUBLIC)
def get_consortium(request: HttpRequest, slug: str) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """What it covers, what it lacks, and who would fit."""
    row: Consortium = get_object_or_404(consortia(), slug=slug)
    covered = coverage(row)
    lacks = [one.part for one in covered if not one.is_covered]
    return {
        "slug": row.slug,
        "name": row.name,
        "call": row.call.slug,
        "about": row.about,
        "state": row.state,
        "coverage": covered,
        "lacks": lacks,
        "suggestions": suggestions(row, lacks),
        "is_sample": row.is_sample,
    }
