"""Links that sign a person in once: made at the command line by whoever runs the hub.

A link is signed with the hub's key, ends after an hour, and ends with the person's next sign-in,
by itself or otherwise. It stands for both factors: who can make it has the hub's key anyway.
"""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access, mark_strong
from viavolta.hub.people.models import User

_SALT = "viavolta.sign-in-link"
LIFE_S = 3600
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def sign_in_link(user: User) -> str:
    """A new link for a person, valid once and for an hour."""
    token = signing.dumps(_state(user), salt=_SALT)
    return f"{settings.CONFIG.origin}{reverse('sign_in_by_link', args=[token])}"


@access(Access.PUBLIC)
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in whom the link is for, if it still counts."""
    with transaction.atomic():
        user = _user_of(token)
        if user is not None:
            login(request, user, backend=_BACKEND)
            mark_strong(request)
    if user is None:
        messages.error(request, _("This link has been used before, or it is too old."))
        return redirect("account_login")
    return redirect("home")


def _state(user: User) -> list[str | int]:
    """Changes with every sign-in."""
    last = user.last_login
    return [user.pk, "" if last is None else last.isoformat()]


def _user_of(token: str) -> User | None:
    try:
        state = signing.loads(token, salt=_SALT, max_age=LIFE_S)
    except signing.BadSignature:
        return None
    user = User.objects.select_for_update().filter(pk=state[0], is_active=True).first()
    return user if user is not None and _state(user) == state else None
