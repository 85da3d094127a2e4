"""Commands of partners to our stations: answered at once, their results told later.

A partner starts sessions of its own tokens, ends its own sessions, gives up its own reservations,
and has a cable let go where its own driver charged last. The result goes to the address that came
with the command, which is looked at like every address of others.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from viavolta.hub.ocpi.callers import CPO, body_of, for_partners, party_of, told
from viavolta.hub.ocpi.foreign_tokens import TakenError, grant, take_token
from viavolta.hub.ocpi.models import ForeignToken, Partner, PartnerCommand, Place
from viavolta.hub.ocpi.own.keeping import locked
from viavolta.hub.ocpi.own.plugs import Connector, connectors_of
from viavolta.hub.ocpi.own.sessions import foreign_token_of
from viavolta.hub.ocpi.refusals import invalid, missing
from viavolta.hub.ocpi.station_asks import (
    TIMEOUT_S,
    About,
    CannotAskError,
    ask_station,
    check_response_url,
    point_at,
    session_of,
)
from viavolta.hub.operate.actions.commands import version_of
from viavolta.protocols.ocpi.envelope import Status
from viavolta.protocols.ocpi.objects import moment_of
from viavolta.services.roaming import orders
from viavolta.storage.tables.stations import Session

LONGEST_RESERVATION = timedelta(hours=24)
Content = dict[str, Any]


class SaysNoError(Exception):
    """A command is not done; `result` is a word of CommandResponseType."""

    def __init__(self, message: str, result: str = "REJECTED") -> None:
        super().__init__(message)
        self.result = result


@for_partners("POST", role=CPO)
def command(request: HttpRequest, partner: Partner, object_id: str) -> HttpResponse:
    """One of the five commands."""
    if object_id not in _COMMANDS:
        msg = "command"
        raise missing(msg)
    kind, do = _COMMANDS[object_id]
    content = body_of(request, kind)
    check_response_url(content["response_url"])
    try:
        with transaction.atomic():
            do(partner, content)
    except SaysNoError as error:
        return _answer(error.result, str(error))
    except CannotAskError as error:
        return _answer("REJECTED", str(error))
    return _answer("ACCEPTED")


def _answer(result: str, message: str = "") -> HttpResponse:
    more = {"message": [{"language": "en", "text": message[:512]}]} if message else {}
    return told({"result": result, "timeout": TIMEOUT_S, **more})


def _start(partner: Partner, content: Content) -> None:
    at = _connector(partner, content)
    token = _token(partner, content["token"])
    if not content["token"]["valid"]:
        msg = "the token is not valid"
        raise SaysNoError(msg)
    what = orders.start(point_at(at), token.uid, _kind(token))
    about = About(
        kind="START_SESSION",
        response_url=content["response_url"],
        token=token,
        authorization_reference=content.get("authorization_reference") or "",
    )
    ask_station(partner, at.station, what, about)
    grant(token, timezone.now())


def _stop(partner: Partner, content: Content) -> None:
    session = session_of(partner, content["session_id"])
    if session is None:
        msg = "you have no such session here"
        raise SaysNoError(msg, "UNKNOWN_SESSION")
    if session.ended_at is not None:
        msg = "the session has ended"
        raise SaysNoError(msg)
    what = orders.stop(version_of(session.station), session.transaction)
    ask_station(
        partner,
        session.station,
        what,
        About(kind="STOP_SESSION", response_url=content["response_url"], session=session),
    )


def _reserve(partner: Partner, content: Content) -> None:
    until, now = moment_of(content["expiry_date"]), timezone.now()
    if until is None or not now < until <= now + LONGEST_RESERVATION:
        msg = "expiry_date: within the next 24 hours"
        raise SaysNoError(msg)
    at = _connector(partner, content)
    token = _token(partner, content["token"])
    name = content["reservation_id"]
    before = _reservation(partner, name)
    if before is not None and before.station_id != at.station.pk:
        msg = "this reservation is at another station: cancel it first"
        raise SaysNoError(msg)
    about = About(
        kind="RESERVE_NOW",
        response_url=content["response_url"],
        token=token,
        reservation_id=name,
        authorization_reference=content.get("authorization_reference") or "",
    )
    number = _next_number(partner) if before is None else before.reservation or 0
    what = orders.reserve(point_at(at), token.uid, _kind(token), number, until)
    row = ask_station(partner, at.station, what, about)
    row.reservation = number
    row.save(update_fields=["reservation"])


def _cancel(partner: Partner, content: Content) -> None:
    before = _reservation(partner, content["reservation_id"])
    if before is None:
        msg = "you have no such reservation here"
        raise SaysNoError(msg)
    about = About(
        kind="CANCEL_RESERVATION",
        response_url=content["response_url"],
        reservation_id=content["reservation_id"],
    )
    ask_station(partner, before.station, orders.cancel(before.reservation or 0), about)


def _unlock(partner: Partner, content: Content) -> None:
    at = _connector(partner, content)
    last = Session.objects.filter(station=at.station, evse=at.evse).order_by("-started_at").first()
    token = None if last is None else foreign_token_of(last)
    if token is None or token.partner_id != partner.pk:
        msg = "the last session there is none of yours"
        raise SaysNoError(msg)
    about = About(kind="UNLOCK_CONNECTOR", response_url=content["response_url"])
    ask_station(partner, at.station, orders.unlock(point_at(at)), about)


_COMMANDS: dict[str, tuple[str, Callable[[Partner, Content], None]]] = {
    "START_SESSION": ("StartSession", _start),
    "STOP_SESSION": ("StopSession", _stop),
    "RESERVE_NOW": ("ReserveNow", _reserve),
    "CANCEL_RESERVATION": ("CancelReservation", _cancel),
    "UNLOCK_CONNECTOR": ("UnlockConnector", _unlock),
}


def _connector(partner: Partner, content: Content) -> Connector:
    """The published connector that a command names; without an EVSE the location has but one.

    Raises
    ------
    RefusedError: the location is not known. SaysNoError: no such EVSE, or more than one.
    """
    places = Place.objects.filter(organisation=partner.organisation_id)
    place = next((p for p in places if p.location_id == content["location_id"].upper()), None)
    if place is None:
        msg = "location"
        raise missing(msg, Status.UNKNOWN_LOCATION)
    found = connectors_of(place)
    evse, connector = content.get("evse_uid"), content.get("connector_id")
    if evse:
        found = [one for one in found if one.evse_uid == evse]
    if connector:
        found = [one for one in found if str(one.connector) == connector]
    if not found:
        msg = "there is no such EVSE or connector"
        raise SaysNoError(msg)
    if len({one.evse_uid for one in found}) > 1:
        msg = "evse_uid: the location has several"
        raise SaysNoError(msg)
    return found[0]


def _token(partner: Partner, content: Content) -> ForeignToken:
    """The token of a command, kept like one that the partner tells.

    Raises
    ------
    RefusedError: a party that is not the partner's. SaysNoError: it is somebody else's token.
    """
    if not partner.is_party(content["country_code"], content["party_id"], "EMSP"):
        msg = "token: none of your parties issued it"
        raise invalid(msg)
    try:
        return take_token(partner, content)
    except TakenError as error:
        msg = "another issuer has this token here"
        raise SaysNoError(msg) from error


def _kind(token: ForeignToken) -> str:
    """What OCPP calls a token that the central system brings."""
    return "ISO14443" if token.kind == "RFID" else "Central"


def _reservation(partner: Partner, name: str) -> PartnerCommand | None:
    return PartnerCommand.objects.filter(
        partner=partner, kind="RESERVE_NOW", reservation_id__iexact=name
    ).first()


def _next_number(partner: Partner) -> int:
    """A number for a reservation that no other of the organisation has."""
    locked(party_of(partner).pk)
    rows = PartnerCommand.objects.filter(partner__organisation=partner.organisation_id)
    last = rows.exclude(reservation=None).order_by("-reservation").first()
    return 1 if last is None else (last.reservation or 0) + 1
