"""Who may open a view: said at each view, enforced here, walked by the permission matrix.

A view or an operation of the API without a word on access does not pass the tests.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError

_STRONG = "is_strong"
View = Callable[..., HttpResponseBase]


class Access(StrEnum):
    """What a visitor must be to open a page; roles in an organisation are checked by the action."""

    PUBLIC = "public"  # anybody; the view itself hides what is private
    SIGNED_IN = "signed-in"
    READER = "reader"  # of the organisation that owns what is shown
    EDITOR = "editor"
    OWNER = "owner"
    MODERATOR = "moderator"
    LAB_HOST = "lab-host"
    MACHINE = "machine"  # programs with tokens of another protocol; no session counts


def access(needs: Access) -> Callable[[View], View]:
    """Mark a view with who may open it, and turn away those who are not even signed in.

    READER, EDITOR and OWNER depend on the object: the view's query or action checks them
    (`people.access.require`) before it looks at a form; here they mean "signed in". A moderator's
    page is 404 to others, and asks a moderator without a second factor to set one up.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if needs is not Access.PUBLIC and not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            _require_platform_role(user, needs)
            if needs is Access.MODERATOR and not is_strong(request):
                messages.warning(request, _("Moderators need a second factor or a passkey."))
                return redirect("mfa_index")
            return view(request, *args, **kwargs)

        guarded.access = needs  # type: ignore[attr-defined] # read by the matrix
        return guarded

    return mark


def api_access(needs: Access) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The same for an operation of the API: 401, 403 and 404 instead of pages.

    Write it between the router's decorator and the function; `request.user` is the person of the
    session or, for a token, the account of that token (`people.tokens`).
    """

    def mark(operation: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(operation)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            user = request.user
            if needs is not Access.PUBLIC and not user.is_authenticated:
                raise AuthenticationError
            _require_platform_role(user, needs)
            if needs is Access.MODERATOR and not is_strong(request):
                raise PermissionDenied
            return operation(request, *args, **kwargs)

        guarded.access = needs  # type: ignore[attr-defined] # read by the matrix
        return guarded

    return mark


def mark_strong(request: HttpRequest) -> None:
    """Remember that this session began with something as good as two factors."""
    request.session[_STRONG] = True


def is_strong(request: HttpRequest) -> bool:
    """Whether more than a password stands behind this session."""
    return bool(request.session.get(_STRONG)) or has_second_factor(request.user)


def has_second_factor(user: Any) -> bool:
    """Whether this person proves who she is by more than a password."""
    return bool(is_mfa_enabled(user))


def _require_platform_role(user: Any, needs: Access) -> None:
    if needs is Access.MODERATOR and not getattr(user, "is_moderator", False):
        raise Http404
    if needs is Access.LAB_HOST and not getattr(user, "is_lab_host", False):
        raise Http404
