"""A card's wishes follow it: the link that its operator hands out, and the page behind it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.drive.cards import link_of, make_link, tie
from viavolta.hub.drive.fair_use import fair_use
from viavolta.hub.drive.qr_code import qr_svg
from viavolta.hub.drive.visitor import hand_over, with_key
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.storage.billing import terms_of
from viavolta.storage.tables.stations import Token


@operators_page(Access.EDITOR)
@require_POST
def new_link(request: HttpRequest, tenant: Organisation, charging_token: int) -> HttpResponse:
    """Make a link for the holder of a card and show it this once."""
    token = get_object_or_404(Token, tenant_id=tenant.pk, pk=charging_token)
    link, secret = make_link(visitor(request), tenant, token, timezone.now())
    address = request.build_absolute_uri(reverse("drive-card", args=(secret,)))
    drawing = qr_svg(address).decode().partition("?>")[2]
    answer = render(
        request,
        "drive/card_link.html",
        {
            **page_context(request, tenant, "operate-tokens"),
            "title": _("Link for the holder of %(token)s") % {"token": token.token},
            "address": address,
            "drawing": mark_safe(drawing),  # noqa: S308 - drawn here, of an address of ours
            "expires_at": link.expires_at,
            "back": reverse("operate-token", args=(tenant.slug, token.pk)),
        },
    )
    answer["Cache-Control"] = "no-store"
    return answer


@access(Access.PUBLIC)
@fair_use
def card(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Say what tying does; do it when it is asked for."""
    now = timezone.now()
    link = link_of(secret, now)
    issuer = None
    if link is not None:
        issuer = Organisation.objects.filter(pk=link.tenant_id, hidden=False).first()
    if link is None or issuer is None:
        raise Http404
    if request.method != "POST":
        answer: HttpResponseBase = render(
            request,
            "drive/card.html",
            {
                "title": _("Tie your card to this phone"),
                "kicker": issuer.name,
                "is_sample": issuer.is_sample,
                "terms": terms_of(issuer.pk),
            },
        )
        answer["Referrer-Policy"] = "same-origin"  # without it browsers hide where a form is from
        answer["Cache-Control"] = "private, no-store"
        return answer
    key, new = with_key(request)
    try:
        tie(key, link, now)
    except RefusedError as error:
        refused(request, error.reason)
    else:
        done(request, _("Your card is tied to this phone. Say what you usually want at a station."))
    return hand_over(redirect("drive-mine"), new)
