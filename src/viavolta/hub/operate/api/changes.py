"""What editors change through the API: limits by hand, tokens."""

from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Schema, Status
from pydantic import AwareDatetime, Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.operate.actions.limits import release_limit, set_limit
from viavolta.hub.operate.actions.tokens import TokenFacts, add_token, change_token
from viavolta.hub.operate.api.queries import router
from viavolta.hub.operate.api.schemas import TokenOut
from viavolta.hub.operate.queries.limits import limits_of
from viavolta.hub.operate.tenants import tenant_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Role
from viavolta.storage.tables.stations import Token

TokenStatus = Literal["Accepted", "Blocked", "NoCredit"]


class LimitBody(Schema):
    """A limit by hand (kW), from now on; null releases it."""

    import_kw: float | None = Field(ge=0, le=1_000_000)
    export_kw: float | None = Field(None, ge=0, le=1_000_000)


class NewToken(Schema):
    """A token that may charge."""

    token: str = Field(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")
    kind: str = Field("", max_length=20, pattern=r"^\w*$")
    status: TokenStatus = "Accepted"
    group: str = Field("", max_length=36, pattern=r"^[\x20-\x7e]*$")
    language: str = Field("", max_length=8, pattern=r"^[\w-]*$")
    expires_at: AwareDatetime | None = None


class TokenChange(Schema):
    """Whether a token may charge."""

    status: TokenStatus


@router.put(
    "/{organisation}/limits/{limit_name}",
    response={204: None},
    operation_id="set_limit",
    summary="Limit by hand, or release",
)
@api_access(Access.EDITOR)
def put_limit(request: HttpRequest, organisation: str, limit_name: str, body: LimitBody) -> Any:
    """Holds from now on in place of what was set by hand before; setpoints follow."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    row = get_object_or_404(limits_of(tenant), limit_id=limit_name)
    if body.import_kw is None and body.export_kw is None:
        release_limit(visitor(request), tenant, row)
    else:
        set_limit(visitor(request), tenant, row, import_kw=body.import_kw, export_kw=body.export_kw)
    return Status(204, None)


@router.post(
    "/{organisation}/tokens",
    response={201: TokenOut},
    operation_id="add_charging_token",
    summary="Add a token that may charge",
)
@api_access(Access.EDITOR)
def post_token(request: HttpRequest, organisation: str, body: NewToken) -> Any:
    """Known to every gateway within seconds."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    said = body.dict()
    return Status(201, add_token(visitor(request), tenant, said.pop("token"), TokenFacts(**said)))


@router.put(
    "/{organisation}/tokens/{charging_token}",
    response=TokenOut,
    operation_id="change_charging_token",
    summary="Block a token, or let it charge again",
)
@api_access(Access.EDITOR)
def put_token(
    request: HttpRequest, organisation: str, charging_token: int, body: TokenChange
) -> Token:
    """By the id that the list tells."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    row = get_object_or_404(Token, tenant_id=tenant.pk, pk=charging_token)
    change_token(visitor(request), tenant, row, status=body.status)
    return row
