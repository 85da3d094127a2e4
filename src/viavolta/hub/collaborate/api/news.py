"""News in the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.collaborate.api.common import OrganisationRef
from viavolta.hub.collaborate.models import NewsPost
from viavolta.hub.collaborate.queries.news import published
from viavolta.hub.frame.access import Access, api_access

router = Router(tags=["news"])


class NewsOut(Schema):
    """A published post."""

    slug: str
    title: str
    text: str
    language: str
    organisation: OrganisationRef | None = Field(description="null for the platform's own")
    published_at: datetime
    is_sample: bool


@router.get("/news", response=list[NewsOut], operation_id="list_news", summary="News")
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_news(request: HttpRequest) -> Any:  # noqa: ARG001 - ninja's signature
    """Newest first."""
    return published()


@router.get("/news/{slug}", response=NewsOut, operation_id="get_news", summary="One post")
@api_access(Access.PUBLIC)
def get_news(request: HttpRequest, slug: str) -> NewsPost:  # noqa: ARG001 - ninja's signature
    """By the slug in its address."""
    return get_object_or_404(published(), slug=slug)
