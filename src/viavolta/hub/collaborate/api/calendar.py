"""Events in the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field, field_validator

from viavolta.hub.collaborate.actions.calendar import (
    MOST_REPEATS,
    GatheringFacts,
    plan_gatherings,
    register,
    unregister,
)
from viavolta.hub.collaborate.api.common import (
    OrganisationRef,
    SegmentFilter,
    Slug,
    Text,
    Title,
    Zone,
    acting,
)
from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.calendar import gatherings
from viavolta.hub.collaborate.zones import Rhythm, zone_names
from viavolta.hub.frame.access import Access, api_access
from viavolta.model.facets import Segment

router = Router(tags=["events"])


class EventOut(Schema):
    """An event of the calendar."""

    slug: str
    title: str
    about: str
    segment: str
    organisation: OrganisationRef
    starts_at: datetime
    ends_at: datetime
    zone: str = Field(description="the time zone of its place")
    place: str
    places_for: int | None
    n_registered: int
    cancelled: bool
    is_sample: bool
    version: int


class EventIn(Schema):
    """A new event or series; `starts` is what the clock in `zone` shows."""

    organisation: Slug
    title: Title
    starts: datetime
    minutes_long: int = Field(ge=5, le=60 * 24 * 14)
    zone: Zone
    about: Text = ""
    segment: Segment | None = None
    place: str = Field("", max_length=200)
    places_for: int | None = Field(None, ge=1, le=100_000)
    rhythm: Rhythm = Rhythm.ONCE
    count: int = Field(1, ge=1, le=MOST_REPEATS)

    @field_validator("zone")
    @classmethod
    def is_known(cls, zone: str) -> str:
        """Zones of Europe, and UTC."""
        if zone not in zone_names():
            message = "a time zone of Europe, such as Europe/Vienna, or UTC"
            raise ValueError(message)
        return zone

    @field_validator("starts")
    @classmethod
    def is_on_the_clock(cls, starts: datetime) -> datetime:
        """Without an offset, and in years that calendars know."""
        if starts.tzinfo is not None or starts.year not in range(2000, 2100):
            message = "a day and time without offset, such as 2027-10-20T09:30"
            raise ValueError(message)
        return starts


class RegistrationIn(Schema):
    """For which organisation one comes; none for oneself."""

    organisation: Slug = ""


@router.get("/events", response=list[EventOut], operation_id="list_events", summary="Events")
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_events(request: HttpRequest, wanted: Query[SegmentFilter]) -> Any:  # noqa: ARG001 - ninja's signature
    """By their start."""
    return wanted.narrow(gatherings())


@router.post(
    "/events",
    response={201: list[EventOut]},
    operation_id="plan_events",
    summary="Plan an event or a series",
)
@api_access(Access.EDITOR)
def plan(request: HttpRequest, body: EventIn) -> Any:
    """A series keeps its hour on the clock, summer and winter."""
    facts = GatheringFacts(
        title=body.title,
        starts=body.starts,
        minutes_long=body.minutes_long,
        zone=body.zone,
        about=body.about,
        segment=body.segment.value if body.segment else "",
        place=body.place,
        places_for=body.places_for,
    )
    made = plan_gatherings(
        person_of(request),
        acting(request, body.organisation),
        facts,
        rhythm=body.rhythm,
        count=body.count,
    )
    return Status(201, gatherings().filter(pk__in=[one.pk for one in made]))


@router.get("/events/{slug}", response=EventOut, operation_id="get_event", summary="One event")
@api_access(Access.PUBLIC)
def get_event(request: HttpRequest, slug: str) -> Gathering:  # noqa: ARG001 - ninja's signature
    """By the slug in its address."""
    return get_object_or_404(gatherings(), slug=slug)


@router.post(
    "/events/{slug}/registration",
    response={204: None},
    operation_id="register_for_event",
    summary="Register",
)
@api_access(Access.SIGNED_IN)
def register_for(request: HttpRequest, slug: str, body: RegistrationIn) -> Any:
    """Twice is once."""
    row = get_object_or_404(gatherings(), slug=slug)
    organisation = acting(request, body.organisation) if body.organisation else None
    register(person_of(request), row, organisation)
    return Status(204, None)


@router.delete(
    "/events/{slug}/registration",
    response={204: None},
    operation_id="unregister_from_event",
    summary="Take the registration back",
)
@api_access(Access.SIGNED_IN)
def unregister_from(request: HttpRequest, slug: str) -> Any:
    """Nothing happens to those who are not registered."""
    unregister(person_of(request), get_object_or_404(gatherings(), slug=slug))
    return Status(204, None)
