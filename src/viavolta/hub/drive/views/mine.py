"""What is kept of the visitor, for how long; and the button that deletes it."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from viavolta.hub.drive import actions
from viavolta.hub.drive.fair_use import fair_use
from viavolta.hub.drive.queries import kept_of, preference_of_phone
from viavolta.hub.drive.visitor import cookie_name, key_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.notices import done


@require_GET
@access(Access.PUBLIC)
@fair_use
def mine(request: HttpRequest) -> HttpResponseBase:
    """Sessions, receipts and preferences of this phone."""
    key = key_of(request)
    answer = render(
        request,
        "drive/mine.html",
        {
            "title": _("My charging"),
            "lead": _("What is kept of you, and for how long."),
            "kept": kept_of(key),
            "preference": preference_of_phone(key),
        },
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@access(Access.PUBLIC)
@fair_use
def forget(request: HttpRequest) -> HttpResponseBase:
    """Delete all that is kept under the secret of this phone."""
    key = key_of(request)
    answer = redirect("drive-mine")
    if key:
        actions.forget_me(key, timezone.now())
        done(request, _("Deleted. Receipts stay at the addresses that you have kept."))
        if not kept_of(key):
            answer.delete_cookie(cookie_name())
    return answer
