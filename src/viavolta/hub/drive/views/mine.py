"""What is kept of the visitor, for how long; and the button that deletes it."""

import datetime as dt

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from viavolta.hub.drive import actions, words
from viavolta.hub.drive.fair_use import fair_use
from viavolta.hub.drive.queries import (
    LOOK_BACK,
    kept_of,
    operators_of,
    preference_days,
    preference_of_phone,
    taken_by,
)
from viavolta.hub.drive.visitor import cookie_name, key_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.forms import Source
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.numbers import shown_number, shown_percent
from viavolta.services.billing.measures import measures_of
from viavolta.services.billing.wear import usual_wear


@require_GET
@access(Access.PUBLIC)
@fair_use
def mine(request: HttpRequest) -> HttpResponseBase:
    """Sessions, receipts and preferences of this phone."""
    key = key_of(request)
    kept, preference = kept_of(key), preference_of_phone(key)
    answer = render(
        request,
        "drive/mine.html",
        {
            "title": _("My charging"),
            "lead": _("What is kept of you, and for how long."),
            "kept": kept,
            "preference": preference,
            "preference_days": preference_days(preference),
            "operators": operators_of(kept, preference),
            "earned": _earned(key, timezone.now()) if kept or preference else [],
        },
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


def _earned(key: str, now: dt.datetime) -> list[Figure]:
    """How much this phone's holder plugged in and took part, and what it brought."""
    start = now - LOOK_BACK
    found = measures_of(taken_by(key, start), start, now)
    low, high = (words.money(c) for c in usual_wear().cents(found.discharged_kwh * 1000))
    return [
        Figure(
            label=_("Plug-in rate"),
            value=shown_percent(found.plug_in_share, digits=1),
            why=Why(rule=_("Hours plugged in, over all hours of the 30 days.")),
        ),
        Figure(
            label=_("Participation"),
            value=shown_percent(found.participation),
            why=Why(
                rule=_(
                    "Share of your sessions in which you left the power to the plan for some of "
                    "the time: cheapest hours, no boost."
                )
            ),
        ),
        Figure(
            label=_("Offered as flexible"),
            value=shown_number(found.flexible_kwh, digits=1),
            unit="kWh",
        ),
        Figure(
            label=_("Given back"), value=shown_number(found.discharged_kwh, digits=1), unit="kWh"
        ),
        Figure(
            label=_("Wear of the battery"),
            value=f"{low} \N{EN DASH} {high}",
            why=Why(
                rule=_("Estimated for what you gave back, by the kind of battery."),
                sources=[Source(label=source) for source in usual_wear().sources],
            ),
        ),
        Figure(label=_("Your reward"), value=words.money(found.reward_cents)),
    ]


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
