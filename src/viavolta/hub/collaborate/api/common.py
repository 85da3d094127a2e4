"""What several parts of the API share."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Schema
from pydantic import Field

from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role
from viavolta.model.facets import Segment

Text = Annotated[str, Field(max_length=8_000)]
Title = Annotated[str, Field(min_length=1, max_length=160)]
Slug = Annotated[str, Field(max_length=180)]
Zone = Annotated[str, Field(max_length=40, description="a time zone such as Europe/Vienna")]


class OrganisationRef(Schema):
    """An organisation by its slug and name."""

    slug: str
    name: str


class SegmentFilter(Schema):
    """Which rows to list."""

    segment: Segment | None = None
    text: str = Field("", max_length=100, description="part of the title")

    def narrow(self, rows: Any) -> Any:
        """The rows that are wanted."""
        if self.segment:
            rows = rows.filter(segment=self.segment.value)
        return rows.filter(title__icontains=self.text) if self.text else rows


def acting(request: HttpRequest, slug: str) -> Organisation:
    """The organisation in whose name the caller acts; not found unless she is an editor of it."""
    return get_object_or_404(organisations_of(request.user, Role.EDITOR), slug=slug)


def visible_organisation(slug: str) -> Organisation:
    """An organisation that everybody sees."""
    return get_object_or_404(Organisation, slug=slug, hidden=False)
