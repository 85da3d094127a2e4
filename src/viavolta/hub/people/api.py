"""People and organisations in the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.people.access import require_member, visitor
from viavolta.hub.people.actions import change_organisation, create_organisation
from viavolta.hub.people.models import Organisation, OrganisationKind, Role, SizeBand
from viavolta.hub.people.queries import members_of, memberships_of, visible_organisations
from viavolta.hub.people.regions import region_name

router = Router(tags=["people and organisations"])


class MembershipOut(Schema):
    """An organisation of the caller, and the role in it."""

    organisation: str = Field(description="the slug in addresses")
    name: str
    role: Role


class MeOut(Schema):
    """Who is asking."""

    name: str
    email: str | None = Field(description="null for a token")
    language: str
    is_moderator: bool
    is_lab_host: bool
    memberships: list[MembershipOut]


class OrganisationOut(Schema):
    """An organisation as everybody sees it."""

    slug: str
    name: str
    kind: OrganisationKind
    country: str = Field(description="ISO 3166-1 alpha-2")
    nuts: str
    region: str = Field(description="the name of the NUTS region")
    size_band: str
    is_sme: bool = Field(description="self-declared, by Recommendation 2003/361/EC")
    inhabitants: int | None
    lat: float | None
    lon: float | None
    website: str
    about: str
    is_sample: bool
    joined_at: datetime
    version: int

    @staticmethod
    def resolve_region(row: Organisation) -> str:
        """The name of the region."""
        return region_name(row.nuts)


class OrganisationIn(Schema):
    """What an owner says of an organisation."""

    name: str = Field(min_length=2, max_length=160)
    kind: OrganisationKind
    country: str = Field(pattern="^[A-Z]{2}$")
    nuts: str = Field("", max_length=5)
    size_band: SizeBand | None = None
    is_sme: bool = False
    inhabitants: int | None = Field(None, ge=0, le=100_000_000)
    website: str = Field("", max_length=200)
    about: str = Field("", max_length=5_000)

    def fields(self) -> dict[str, Any]:
        """As the model wants them."""
        return {**self.dict(), "size_band": self.size_band or ""}


class OrganisationChange(OrganisationIn):
    """A change; `version` is that of the row it was made from."""

    version: int = Field(ge=1)

    def fields(self) -> dict[str, Any]:
        """As the model wants them."""
        fields = super().fields()
        del fields["version"]
        return fields


class OrganisationFilter(Schema):
    """Which organisations to list."""

    kind: OrganisationKind | None = None
    country: str = Field("", max_length=2)
    nuts: str = Field("", max_length=5, description="a region with all regions in it")
    is_sme: bool | None = None
    text: str = Field("", max_length=100, description="part of the name")


class MemberOut(Schema):
    """A member, as other members see her."""

    name: str
    role: Role
    since: datetime

    @staticmethod
    def resolve_name(row: Any) -> str:
        """The person's name; the e-mail address stays with the owners."""
        return str(row.user.name)


@router.get("/me", response=MeOut, operation_id="me", summary="Who is asking")
@api_access(Access.SIGNED_IN)
def me(request: HttpRequest) -> dict[str, Any]:
    """The caller and the organisations she belongs to."""
    user = visitor(request)
    return {
        "name": user.name,
        "email": None if user.is_machine else user.email,
        "language": user.language,
        "is_moderator": user.is_moderator,
        "is_lab_host": user.is_lab_host,
        "memberships": [
            {"organisation": row.organisation.slug, "name": row.organisation.name, "role": row.role}
            for row in memberships_of(user)
        ],
    }


@router.get(
    "/organisations",
    response=list[OrganisationOut],
    operation_id="list_organisations",
    summary="Organisations",
)
@api_access(Access.PUBLIC)
@paginate(LimitOffsetPagination)
def list_organisations(request: HttpRequest, wanted: Query[OrganisationFilter]) -> Any:
    """All organisations, by name."""
    rows = visible_organisations(request.user)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.country:
        rows = rows.filter(country=wanted.country)
    if wanted.nuts:
        rows = rows.filter(nuts__startswith=wanted.nuts)
    if wanted.is_sme is not None:
        rows = rows.filter(is_sme=wanted.is_sme)
    if wanted.text:
        rows = rows.filter(name__icontains=wanted.text)
    return rows


@router.post(
    "/organisations",
    response={201: OrganisationOut},
    operation_id="create_organisation",
    summary="Let an organisation join",
)
@api_access(Access.SIGNED_IN)
def create(request: HttpRequest, body: OrganisationIn) -> Any:
    """The caller becomes the owner; a token cannot do this."""
    return Status(201, create_organisation(visitor(request), body.fields()))


@router.get(
    "/organisations/{organisation}",
    response=OrganisationOut,
    operation_id="get_organisation",
    summary="One organisation",
)
@api_access(Access.PUBLIC)
def get_organisation(request: HttpRequest, organisation: str) -> Organisation:
    """An organisation by the slug in its address."""
    return get_object_or_404(visible_organisations(request.user), slug=organisation)


@router.put(
    "/organisations/{organisation}",
    response=OrganisationOut,
    operation_id="change_organisation",
    summary="Change an organisation",
)
@api_access(Access.OWNER)
def change(request: HttpRequest, organisation: str, body: OrganisationChange) -> Organisation:
    """Refused with 409 if somebody else saved it since `version`."""
    row = get_object_or_404(visible_organisations(request.user), slug=organisation)
    change_organisation(visitor(request), row, body.fields(), seen=body.version)
    return row


@router.get(
    "/organisations/{organisation}/members",
    response=list[MemberOut],
    operation_id="list_members",
    summary="Members",
)
@api_access(Access.READER)
def list_members(request: HttpRequest, organisation: str) -> Any:
    """The people of an organisation; for its members only."""
    row = get_object_or_404(visible_organisations(request.user), slug=organisation)
    require_member(request.user, row, Role.READER)
    return members_of(row)
