"""Roaming in the API: who we are, partners, what was exchanged, what is published."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.ocpi.models import Partner
from viavolta.hub.ocpi.partners import suspend
from viavolta.hub.ocpi.queries import exchanges_of, modules_of, partners_of, party_of, sites_of
from viavolta.hub.operate.tenants import tenant_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Role

router = Router(tags=["roaming"])


class RoamingPartyOut(Schema):
    """Who the organisation is in roaming."""

    country_code: str
    party_id: str
    name: str
    website: str
    is_cpo: bool
    is_emsp: bool


class RoamingPartnerOut(Schema):
    """A partner, without its tokens."""

    id: int
    name: str
    state: str = Field(description="invited, registered or left")
    is_suspended: bool
    parties: str
    n_waiting: int = Field(description="changes that it is still to be told")
    n_refused: int = Field(description="changes that it did not take")
    heard_at: datetime | None
    invited_until: datetime | None
    error: str = Field(description="why it cannot be told now, empty where it can")


class RoamingModuleOut(Schema):
    """What goes both ways with a partner in a module."""

    module: str
    n_ours: int
    n_theirs: int
    looked_at: datetime | None
    error: str


class RoamingExchangeOut(Schema):
    """A request between a partner and us, without content."""

    at: datetime
    is_ours: bool
    method: str
    what: str
    http_status: int | None
    status: int | None = Field(description="the status code of OCPI")
    request_id: str
    error: str


class RoamingSiteOut(Schema):
    """A site: published or not, and what lacks."""

    site: str
    location_id: str | None = Field(description="its id for partners; null where not published")
    n_stations: int
    n_connectors: int
    n_without_plug: int = Field(description="connectors left out: nobody said what they are")


class SuspensionIn(Schema):
    """Suspended, or back."""

    is_suspended: bool


_BASE = "/organisations/{organisation}/roaming"


@router.get(f"{_BASE}/party", response=RoamingPartyOut | None, operation_id="get_roaming_party")
@api_access(Access.READER)
def get_roaming_party(request: HttpRequest, organisation: str) -> Any:
    """Who an organisation is in roaming; null where it has not said."""
    return party_of(tenant_of(request, organisation, Role.READER))


@router.get(
    f"{_BASE}/partners", response=list[RoamingPartnerOut], operation_id="list_roaming_partners"
)
@api_access(Access.READER)
def list_roaming_partners(request: HttpRequest, organisation: str) -> Any:
    """The roaming partners of an organisation."""
    return partners_of(tenant_of(request, organisation, Role.READER))


@router.get(
    f"{_BASE}/partners/{{roaming_partner}}/modules",
    response=list[RoamingModuleOut],
    operation_id="list_roaming_modules",
)
@api_access(Access.READER)
def list_roaming_modules(request: HttpRequest, organisation: str, roaming_partner: int) -> Any:
    """What goes both ways with a partner, module by module."""
    return modules_of(_partner(request, organisation, roaming_partner, Role.READER))


@router.get(
    f"{_BASE}/partners/{{roaming_partner}}/exchanges",
    response=list[RoamingExchangeOut],
    operation_id="list_roaming_exchanges",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_roaming_exchanges(request: HttpRequest, organisation: str, roaming_partner: int) -> Any:
    """Requests between a partner and us, newest first."""
    return exchanges_of(_partner(request, organisation, roaming_partner, Role.READER))


@router.post(
    f"{_BASE}/partners/{{roaming_partner}}/suspension",
    response={204: None},
    operation_id="suspend_roaming_partner",
)
@api_access(Access.OWNER)
def suspend_roaming_partner(
    request: HttpRequest, organisation: str, roaming_partner: int, choice: SuspensionIn
) -> Any:
    """Suspend a partner, or take it back."""
    row = _partner(request, organisation, roaming_partner, Role.OWNER)
    suspend(visitor(request), row, is_suspended=choice.is_suspended)
    return Status(204, None)


@router.get(f"{_BASE}/sites", response=list[RoamingSiteOut], operation_id="list_roaming_sites")
@api_access(Access.READER)
def list_roaming_sites(request: HttpRequest, organisation: str) -> Any:
    """The sites of an organisation, published or not."""
    return [
        {
            "site": one.site,
            "location_id": None if one.place is None else one.place.location_id,
            "n_stations": one.n_stations,
            "n_connectors": one.n_connectors,
            "n_without_plug": one.n_without_plug,
        }
        for one in sites_of(tenant_of(request, organisation, Role.READER))
    ]


def _partner(request: HttpRequest, organisation: str, number: int, needs: Role) -> Partner:
    tenant = tenant_of(request, organisation, needs)
    rows = Partner.objects.select_related("organisation")
    return get_object_or_404(rows, organisation=tenant, pk=number)
