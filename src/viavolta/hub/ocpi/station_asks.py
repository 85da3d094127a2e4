"""Something that a partner has asked of a station: written down with where its result goes."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from viavolta.hub.frame.refusals import RefusedError as NotDoneError
from viavolta.hub.ocpi.doors import partner_door
from viavolta.hub.ocpi.models import ForeignToken, Module, OwnObject, Partner, PartnerCommand, Push
from viavolta.hub.ocpi.own.plugs import Connector
from viavolta.hub.ocpi.refusals import invalid
from viavolta.hub.operate.actions.commands import MOST_WAITING, check_payload, version_of
from viavolta.model.errors import InputError
from viavolta.services.roaming.orders import Ask, Point
from viavolta.storage.outgoing import checked_url
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import CommandState, Session, Station

WAIT = timedelta(seconds=60)
TIMEOUT_S = 120
"""What a partner is told to wait for a result: for the station to connect, and to answer."""
RESULT = "results"
"""The module of a Push that brings a result to the address that came with a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What belongs to a command beside what is asked."""

    kind: str
    response_url: str
    token: ForeignToken | None = None
    session: Session | None = None
    reservation_id: str = ""
    authorization_reference: str = ""


class CannotAskError(Exception):
    """The station cannot be asked this."""


def check_response_url(url: str) -> None:
    """Refuse an address for results that may not be called.

    Raises
    ------
    RefusedError: it leads nowhere public.
    """
    try:
        checked_url(url, door=partner_door())
    except InputError as error:
        msg = "response_url: an https address of the public internet"
        raise invalid(msg) from error


@transaction.atomic
def ask_station(partner: Partner, station: Station, what: Ask, about: About) -> PartnerCommand:
    """Have a station asked something for a partner.

    Raises
    ------
    CannotAskError: its version does not know that, or too much waits for it already.
    """
    action, payload = what
    try:
        check_payload(version_of(station), action, payload)
    except (InputError, NotDoneError) as error:
        raise CannotAskError(str(error)) from error
    if station.commands.filter(state=CommandState.QUEUED).count() >= MOST_WAITING:
        msg = "too many commands wait for this station"
        raise CannotAskError(msg)
    command = ask(station.pk, action, payload, by=f"ocpi:{partner.pk}", wait=WAIT)
    return PartnerCommand.objects.create(
        partner=partner,
        station=station,
        command=command,
        kind=about.kind,
        response_url=about.response_url,
        token=about.token,
        session=about.session,
        reservation_id=about.reservation_id,
        authorization_reference=about.authorization_reference,
    )


def tell_result(row: PartnerCommand, content: dict[str, Any], result: str, now: datetime) -> None:
    """Queue the result of a command; part of the caller's transaction."""
    row.result, row.told_at = result, now
    row.save(update_fields=["result", "told_at"])
    push_result(row.partner, row.kind, row.response_url, content)


def push_result(partner: Partner, kind: str, url: str, content: dict[str, Any]) -> None:
    """Queue something for the address that came with a request."""
    Push.objects.create(
        partner=partner,
        module=RESULT,
        object_id=kind,
        method="POST",
        path=url,
        content=content,
        request_id=str(uuid.uuid4()),
    )


def session_of(partner: Partner, session_id: str) -> Session | None:
    """A session of a partner's token, by its name on the wire."""
    row = OwnObject.objects.filter(
        organisation=partner.organisation_id,
        partner=partner,
        module=Module.SESSIONS,
        object_id=session_id,
    ).first()
    if row is None:
        return None
    return Session.objects.select_related("station").filter(pk=int(row.object_id)).first()


def point_of(station: Station, evse: int, connector: int = 1) -> Point:
    """Where something is asked.

    Raises
    ------
    CannotAskError: the station never told its version.
    """
    try:
        return Point(version=version_of(station), evse=evse, connector=connector)
    except NotDoneError as error:
        raise CannotAskError(str(error)) from error


def point_at(one: Connector) -> Point:
    """The same for a published connector."""
    return point_of(one.station, one.evse, one.connector)
