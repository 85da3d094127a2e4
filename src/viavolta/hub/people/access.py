"""Who may do what in an organisation. Every action of every app asks here."""

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from viavolta.hub.people.models import Membership, Organisation, Role, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_RANK = {Role.READER: 1, Role.EDITOR: 2, Role.OWNER: 3}


def visitor(request: HttpRequest) -> User:
    """The person who asks, where `access` or `api_access` let only those through who signed in.

    Raises
    ------
    PermissionDenied: nobody is signed in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def role_in(user: "User | AnonymousUser", organisation: Organisation) -> Role | None:
    """The role of a person in an organisation; None for strangers."""
    if not isinstance(user, User):
        return None
    role = (
        Membership.objects.filter(organisation=organisation, user=user)
        .values_list("role", flat=True)
        .first()
    )
    return None if role is None else Role(role)


def may(user: "User | AnonymousUser", organisation: Organisation, needs: Role) -> bool:
    """Whether a person has at least the role `needs`."""
    role = role_in(user, organisation)
    return role is not None and _RANK[role] >= _RANK[needs]


def require(user: "User | AnonymousUser", organisation: Organisation, needs: Role) -> User:
    """Return the person if she has at least the role `needs`.

    Raises
    ------
    PermissionDenied: she has not; views turn it into 404 where the thing itself is private.
    """
    if not isinstance(user, User) or not may(user, organisation, needs):
        raise PermissionDenied
    return user


def require_member(user: "User | AnonymousUser", organisation: Organisation, needs: Role) -> User:
    """Like `require`, for what strangers must not even know of.

    Raises
    ------
    Http404: she is no member.
    PermissionDenied: she is, with too low a role.
    """
    if role_in(user, organisation) is None:
        raise Http404
    return require(user, organisation, needs)


def organisations_of(
    user: "User | AnonymousUser", needs: Role = Role.READER
) -> QuerySet[Organisation]:
    """The organisations in which a person has at least the role `needs`."""
    if not isinstance(user, User):
        return Organisation.objects.none()
    roles = [role for role, rank in _RANK.items() if rank >= _RANK[needs]]
    return Organisation.objects.filter(membership__user=user, membership__role__in=roles)
