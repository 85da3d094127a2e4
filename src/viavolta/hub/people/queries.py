"""What pages and the API read of people and organisations."""

from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import (
    ApiToken,
    Invitation,
    Membership,
    Organisation,
    Role,
    User,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def visible_organisations(user: "User | AnonymousUser") -> QuerySet[Organisation]:
    """What this visitor sees: all that is not hidden, her own, and for moderators everything."""
    if isinstance(user, User) and user.is_moderator:
        return Organisation.objects.all()
    if not isinstance(user, User):
        return Organisation.objects.filter(hidden=False)
    own = organisations_of(user).values("pk")
    return Organisation.objects.filter(Q(hidden=False) | Q(pk__in=own))


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    """The people of an organisation, owners first; not the accounts of its tokens."""
    return (
        Membership.objects.filter(organisation=organisation, user__is_machine=False)
        .select_related("user")
        .order_by("since", "id")
    )


def people_of(organisation: Organisation, needs: Role = Role.READER) -> QuerySet[User]:
    """An organisation's people with at least a role, for letters."""
    ranks = list(Role)
    roles = ranks[ranks.index(needs) :]
    return User.objects.filter(
        is_active=True,
        is_machine=False,
        membership__organisation=organisation,
        membership__role__in=roles,
    )


def memberships_of(user: User) -> QuerySet[Membership]:
    """A person's organisations with her role in each."""
    return (
        Membership.objects.filter(user=user)
        .select_related("organisation")
        .order_by("organisation__name")
    )


def sole_owner_of(user: User) -> QuerySet[Organisation]:
    """The organisations that would be without an owner if this person left."""
    return Organisation.objects.filter(membership__user=user, membership__role=Role.OWNER).exclude(
        pk__in=Membership.objects.filter(role=Role.OWNER)
        .exclude(user=user)
        .values("organisation_id")
    )


def open_invitations(organisation: Organisation) -> list[Invitation]:
    """Invitations that can still be accepted."""
    rows = Invitation.objects.filter(organisation=organisation, accepted_at=None, revoked_at=None)
    return [row for row in rows.select_related("invited_by") if row.is_open]


def tokens_of(organisation: Organisation) -> QuerySet[ApiToken]:
    """Tokens of an organisation that were not revoked."""
    return ApiToken.objects.filter(organisation=organisation, revoked_at=None)


def count_by(organisations: QuerySet[Organisation], field: str) -> list[tuple[str, int]]:
    """How many organisations there are for each value of a field, most first."""
    rows = organisations.order_by().values_list(field).annotate(n=Count("pk"))
    return sorted(
        ((str(value), n) for value, n in rows if value), key=lambda row: (-row[1], row[0])
    )
