"""The page behind the QR code of a charging point."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from viavolta.hub.drive import actions, codes, words
from viavolta.hub.drive.fair_use import fair_use
from viavolta.hub.drive.forms import WishForm, initial_of
from viavolta.hub.drive.qr_code import qr_svg
from viavolta.hub.drive.queries import (
    Point,
    Stay,
    others_start,
    point_at,
    preference_of_phone,
    session_at,
    stay_of,
    visit_of,
)
from viavolta.hub.drive.receipt import address_of
from viavolta.hub.drive.visitor import hand_over, key_of, with_key
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.refusals import RefusedError
from viavolta.services.billing.tariff import Per
from viavolta.services.billing.wear import usual_wear
from viavolta.storage.driver_wishes import tie
from viavolta.storage.tables.live import Wish


@require_GET
@access(Access.PUBLIC)
@fair_use
def point(request: HttpRequest, station: str, evse: int) -> HttpResponseBase:
    """Price, form and start; or what goes on, why, and how to stop it."""
    return _page(request, point_or_404(station, evse), None)


@require_POST
@access(Access.PUBLIC)
@fair_use
def start(request: HttpRequest, station: str, evse: int) -> HttpResponseBase:
    """Start with what the form says."""
    here, form = point_or_404(station, evse), WishForm(request.POST)
    if not form.is_valid():
        return _page(request, here, form)
    key, secret = with_key(request)
    now = timezone.now()

    def do() -> None:
        if form.cleaned_data["remember"]:
            actions.keep(key, form.wanted(), now)
        has_scanned = codes.scanned_at(request, here) is not None
        actions.begin(key, here, form.wanted(), now, has_scanned=has_scanned)

    return hand_over(_done(request, here, do, ""), secret)


@require_POST
@access(Access.PUBLIC)
@fair_use
def change(request: HttpRequest, station: str, evse: int) -> HttpResponseBase:
    """Want something else from now on."""
    here, form = point_or_404(station, evse), WishForm(request.POST)
    stay = _own(request, here)
    if not form.is_valid():
        return _page(request, here, form)
    now = timezone.now()

    def do() -> None:
        if form.cleaned_data["remember"]:
            actions.keep(key_of(request), form.wanted(), now)
        actions.wish(here, stay, form.wanted(), now)

    return _done(request, here, do, _("Your wish counts from now on."))


@require_POST
@access(Access.PUBLIC)
@fair_use
def boost(request: HttpRequest, station: str, evse: int) -> HttpResponseBase:
    """Full power before others."""
    here = point_or_404(station, evse)
    stay = _own(request, here)
    return _done(
        request, here, lambda: actions.boost(here, stay, timezone.now()), _("You have the boost.")
    )


@require_POST
@access(Access.PUBLIC)
@fair_use
def stop(request: HttpRequest, station: str, evse: int) -> HttpResponseBase:
    """End the visitor's own session."""
    here = point_or_404(station, evse)
    stay = _own(request, here)
    return _done(request, here, lambda: actions.stop(stay), _("The station is asked to stop."))


@require_GET
@access(Access.PUBLIC)
@fair_use
def qr(request: HttpRequest, station: str, evse: int) -> HttpResponse:
    """The QR code that leads to the page of this point."""
    here = point_or_404(station, evse)
    address = request.build_absolute_uri(_address(here))
    return HttpResponse(qr_svg(address), content_type="image/svg+xml")


def point_or_404(station: str, evse: int) -> Point:
    """The point of an address.

    Raises
    ------
    Http404: there is none that visitors may use.
    """
    found = point_at(station, evse, timezone.now())
    if found is None:
        raise Http404
    return found


def _address(here: Point) -> str:
    return reverse("drive-point", args=(here.station.identity, here.evse))


def _own(request: HttpRequest, here: Point) -> Stay:
    """What this visitor has under way; of somebody else's she learns nothing.

    Raises
    ------
    Http404: nothing.
    """
    _tie(key_of(request), here)
    stay = stay_of(key_of(request), here, timezone.now())
    if stay is None:
        raise Http404
    return stay


def _tie(key: str, here: Point) -> None:
    visit = visit_of(key, here)
    if visit is not None and visit.session is None:
        tie(visit)


def _done(
    request: HttpRequest, here: Point, do: Callable[[], object], text: str
) -> HttpResponseBase:
    try:
        do()
    except RefusedError as error:
        refused(request, error.reason)
    else:
        if text:
            done(request, text)
    return redirect(_address(here))


def _page(request: HttpRequest, here: Point, form: WishForm | None) -> HttpResponseBase:
    now, key = timezone.now(), key_of(request)
    _tie(key, here)
    stay = stay_of(key, here, now)
    kept = preference_of_phone(key)
    wish = stay.wish if stay is not None else None
    initial = initial_of(kept, wish, _ready(here, kept, wish))
    scanned = codes.scanned_at(request, here)
    if scanned is not None and stay is None:
        initial |= {name: value for name, value in asdict(scanned).items() if value is not None}
    context = {
        "title": here.station.name or here.station.identity,
        "kicker": here.operator.name,
        "lead": here.station.site,
        "is_sample": here.operator.is_sample,
        "point": here,
        "prices": words.price_rows(here.prices),
        "rewards": words.rewards(here.prices.reward),
        "vat_percent": here.prices.vat_share * 100,
        "is_test": here.terms.payment == "test",
        "is_free": here.terms.payment == "free" or not here.prices.components,
        "stay": stay,
        "needs_code": stay is None and codes.is_needed(here) and scanned is None,
        "form": form or WishForm(initial=initial),
        "is_open": form is not None,
        **(_live(here, stay) if stay is not None else _idle(here, key)),
    }
    answer = render(request, "drive/point.html", context, status=200 if form is None else 422)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _ready(here: Point, kept: Any, wish: Any) -> str:
    """The time in the form, as clocks at the station show it."""
    if wish is not None:
        if wish.ready_at is None:
            return ""
        with timezone.override(here.terms.zone):
            return timezone.localtime(wish.ready_at).strftime("%H:%M")
    return "" if kept is None else str(kept.ready_clock)


def _live(here: Point, stay: Stay) -> dict[str, Any]:
    """What goes on, why, what it costs so far."""
    now, zone = timezone.now(), here.terms.zone
    session, boosts = stay.session, here.prices.of(Per.BOOST)
    is_boosted = stay.wish is not None and stay.wish.is_boosted
    return {
        "start_state": words.start_state(actions.last_start(stay.visit))
        if session is None and stay.visit is not None
        else "",
        "reason": words.reason(stay, zone, now),
        "outlook": words.outlook(stay.order, stay.wish, zone, now),
        "stops_at": words.limits(stay.wish),
        "power_kw": None if session is None or session.power_w is None else session.power_w / 1000,
        "energy_kwh": (session.energy_wh or 0.0) / 1000 if session is not None else 0.0,
        "discharged_kwh": (session.discharged_wh or 0.0) / 1000 if session is not None else 0.0,
        "wear": tuple(words.money(cents) for cents in usual_wear().cents(session.discharged_wh))
        if session is not None and session.discharged_wh
        else (),
        "is_fleets": stay.wish is not None and stay.wish.given_by == Wish.Giver.FLEET,
        "soc": session.soc if session is not None else None,
        "cost": words.money(stay.so_far.cents) if stay.so_far is not None else "",
        "reward": words.money(stay.so_far.reward_cents)
        if stay.so_far is not None and stay.so_far.reward_cents
        else "",
        "boost_price": words.money(round(boosts[0].eur * 100)) if boosts and not is_boosted else "",
        "is_boosted": is_boosted,
    }


def _idle(here: Point, key: str) -> dict[str, Any]:
    """Whether one can start here, and the last receipt of this visitor."""
    last = visit_of(key, here)
    session = last.session if last is not None else None
    return {
        "is_away": not here.station.gateway,
        "is_taken": session_at(here) is not None,
        "others_start": others_start(here, key, timezone.now()),
        "last_receipt": address_of(session) if session is not None and session.ended_at else "",
    }
