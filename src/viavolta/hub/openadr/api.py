"""Grid signals in the API: events with what they do, clients of our VTN, VTNs that are followed."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.openadr.connections import choose_event
from viavolta.hub.openadr.models import ForeignEvent
from viavolta.hub.openadr.queries import clients_of, connections_of, events_of
from viavolta.hub.operate.tenants import tenant_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Role

router = Router(tags=["grid signals"])


class GridEventOut(Schema):
    """An event of OpenADR, from our VTN or one that is followed."""

    event_id: str
    number: int | None = Field(description="of an event of a followed VTN; null for ours")
    name: str
    program: str
    source: str
    priority: int | None
    received_at: datetime
    ends_at: datetime | None = Field(description="null where it sets no limit and no price")
    limits: list[str] = Field(description="the limits of the tree that it sets now or later")
    lowest_import_kw: float | None
    is_out: bool = Field(description="whether the operator opted out")
    error: str = Field(description="why it cannot be followed, empty where it can")
    not_reported: list[str] = Field(description="reports it asks for that are not written")


class GridClientOut(Schema):
    """A client of our VTN, without its secret."""

    name: str
    role: str
    client_id: str
    sets_prices: bool


class GridConnectionOut(Schema):
    """A VTN that is followed, without its secret."""

    id: int
    name: str
    url: str
    version: str
    ven_name: str
    limit_id: str
    programs: list[str]
    offered: list[str]
    takes_limits: bool
    takes_prices: bool
    sends_reports: bool
    poll_s: int
    is_on: bool
    looked_at: datetime | None
    error: str


class ChoiceIn(Schema):
    """Out of an event, or in again."""

    is_out: bool


@router.get(
    "/organisations/{organisation}/grid-events",
    response=list[GridEventOut],
    operation_id="list_grid_events",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_grid_events(request: HttpRequest, organisation: str) -> Any:
    """Events of an organisation's VTN and of those it follows, newest first."""
    return events_of(tenant_of(request, organisation, Role.READER))


@router.get(
    "/organisations/{organisation}/grid-clients",
    response=list[GridClientOut],
    operation_id="list_grid_clients",
)
@api_access(Access.READER)
def list_grid_clients(request: HttpRequest, organisation: str) -> Any:
    """Clients of an organisation's VTN."""
    return clients_of(tenant_of(request, organisation, Role.READER))


@router.get(
    "/organisations/{organisation}/grid-connections",
    response=list[GridConnectionOut],
    operation_id="list_grid_connections",
)
@api_access(Access.READER)
def list_grid_connections(request: HttpRequest, organisation: str) -> Any:
    """The VTNs that an organisation follows."""
    return connections_of(tenant_of(request, organisation, Role.READER))


@router.post(
    "/organisations/{organisation}/grid-events/{grid_event}/choice",
    response={204: None},
    operation_id="choose_grid_event",
)
@api_access(Access.EDITOR)
def choose_grid_event(
    request: HttpRequest, organisation: str, grid_event: int, choice: ChoiceIn
) -> Any:
    """Opt out of an event of a followed VTN, or in again."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    row = get_object_or_404(ForeignEvent, connection__organisation=tenant, pk=grid_event)
    choose_event(visitor(request), row, is_out=choice.is_out)
    return Status(204, None)
