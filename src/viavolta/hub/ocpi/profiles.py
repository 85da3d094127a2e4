"""Charging profiles of partners for sessions of their tokens (mod_charging_profiles).

Where our own planning steers a session, its plan has the last word, for it keeps the limits of the
grid and what drivers wish: then a partner reads the plan and sets no profile.
"""

import datetime as dt
from enum import StrEnum

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from viavolta.hub.ocpi.callers import CPO, body_of, for_partners, told
from viavolta.hub.ocpi.models import Partner, PartnerCommand
from viavolta.hub.ocpi.refusals import invalid, too_little
from viavolta.hub.ocpi.station_asks import (
    TIMEOUT_S,
    About,
    CannotAskError,
    ask_station,
    check_response_url,
    point_of,
    push_result,
    session_of,
)
from viavolta.protocols.ocpi.objects import findings
from viavolta.services.roaming import orders
from viavolta.storage.tables.live import Order
from viavolta.storage.tables.stations import Session

LONGEST_S = 7 * 86_400
_FIRST_NUMBER = 1_000_000_000
_URL = "response_url"


class Ask(StrEnum):
    """What may be asked of a session's profile."""

    GET = "GET_PROFILE"
    SET = "SET_PROFILE"
    CLEAR = "CLEAR_PROFILE"


@for_partners("GET", "PUT", "DELETE", role=CPO)
def charging_profile(request: HttpRequest, partner: Partner, object_id: str) -> HttpResponse:
    """The profile of a session: what it is, set, taken back; the result follows."""
    session = session_of(partner, object_id)
    content = body_of(request, "SetChargingProfile") if request.method == "PUT" else None
    url = content[_URL] if content is not None else _url_of(request)
    check_response_url(url)
    duration_s = _duration(request) if request.method == "GET" else 0
    if session is None or session.evse is None:
        return _answer("UNKNOWN_SESSION")
    if session.ended_at is not None:
        return _answer("REJECTED")
    order = Order.objects.filter(session=session).first()
    try:
        if request.method == "GET":
            _read(partner, session, order, url, duration_s)
        elif order is not None:
            return _answer("REJECTED")
        else:
            _change(partner, session, url, None if content is None else content["charging_profile"])
    except CannotAskError:
        return _answer("REJECTED")
    except ValueError as error:
        raise invalid(str(error)) from error
    return _answer("ACCEPTED")


def plan_of(order: Order) -> list[tuple[dt.datetime, float]]:
    """The powers of an order: from a time on, so many kW."""
    return [(dt.datetime.fromisoformat(at), float(kw)) for at, kw in order.plan]


def _answer(result: str) -> HttpResponse:
    return told({"result": result, "timeout": TIMEOUT_S})


def _url_of(request: HttpRequest) -> str:
    url = request.GET.get(_URL, "")
    if not url:
        msg = f"{_URL}: is required"
        raise too_little(msg)
    return url[:256]


def _duration(request: HttpRequest) -> int:
    text = request.GET.get("duration", "")
    is_number = text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004 - bounded next
    if not is_number or not 0 < int(text) <= LONGEST_S:
        msg = f"duration: 1 to {LONGEST_S} seconds"
        raise too_little(msg)
    return int(text)


def _read(
    partner: Partner, session: Session, order: Order | None, url: str, duration_s: int
) -> None:
    if order is not None and order.plan:
        now = timezone.now()
        profile = orders.profile_planned(plan_of(order), now, duration_s)
        content = {"result": "ACCEPTED", "profile": profile}
        assert not findings("ActiveChargingProfileResult", content)  # noqa: S101 - made above
        push_result(partner, Ask.GET, url, content)
        return
    at = point_of(session.station, session.evse or 0)
    about = About(kind=Ask.GET, response_url=url, session=session)
    ask_station(partner, session.station, orders.active_profile(at, duration_s), about)


@transaction.atomic
def _change(
    partner: Partner, session: Session, url: str, profile: dict[str, object] | None
) -> None:
    """Set a profile, or take the one that was set back.

    Raises
    ------
    CannotAskError: there is none to take back, or the station cannot be asked. ValueError: a
    profile that makes no sense.
    """
    at = point_of(session.station, session.evse or 0)
    number = _FIRST_NUMBER + session.pk % _FIRST_NUMBER
    if profile is None:
        was_set = PartnerCommand.objects.filter(partner=partner, session=session, kind=Ask.SET)
        if not was_set.exists():
            msg = "no profile was set"
            raise CannotAskError(msg)
        what, kind = orders.clear_profile(at, number), Ask.CLEAR
    else:
        what = orders.set_profile(at, session.transaction, number, profile, timezone.now())
        kind = Ask.SET
    about = About(kind=kind, response_url=url, session=session)
    ask_station(partner, session.station, what, about)
