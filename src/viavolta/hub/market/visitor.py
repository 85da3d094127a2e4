"""The person behind a request."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from viavolta.hub.people.models import User


def person_of(request: HttpRequest) -> User:
    """Whoever is signed in.

    Raises
    ------
    PermissionDenied: nobody is.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
