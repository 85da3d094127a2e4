"""Who may open a view: said at each view, enforced here, walked by the permission matrix.

A view without a word on access does not pass the tests.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase

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


def access(needs: Access) -> Callable[[View], View]:
    """Mark a view with who may open it, and turn away those who are not even signed in.

    READER, EDITOR and OWNER depend on the object: the view's query or action checks them
    (`people.access.require`); here they mean "signed in". A moderator's page is 404 to others.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if needs is not Access.PUBLIC and not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if needs is Access.MODERATOR and not getattr(user, "is_moderator", False):
                raise Http404
            if needs is Access.LAB_HOST and not getattr(user, "is_lab_host", False):
                raise Http404
            return view(request, *args, **kwargs)

        guarded.access = needs  # type: ignore[attr-defined] # read by the matrix
        return guarded

    return mark
