"""QR codes that change: turned on by an operator, checked when a driver comes from one."""

import datetime as dt
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from viavolta.hub.drive.queries import STARTING, Point, others_start, session_at
from viavolta.hub.drive.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.protocols.ocpp.changing_code import VERSION, ChangingCode, without_secret
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.sealed import seal, unseal
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.payments import StationCode
from viavolta.storage.tables.stations import Command, CommandState, Station

BY = "qr-code"
SCANNED_HOLDS = dt.timedelta(minutes=15)
_SALT = "viavolta.scanned"
_COOKIE = "scanned"
_WAITING = (CommandState.QUEUED, CommandState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A code was scanned: at which point, and how far charging may go by its address."""

    most_eur: float | None = None
    most_kwh: float | None = None
    most_min: int | None = None


@transaction.atomic
def turn_on(user: User, tenant: Organisation, station: Station, template: str) -> Command:
    """Have a station show codes that change; a new secret ends those of before.

    Raises
    ------
    RefusedError: the station does not speak OCPP 2.1.
    """
    require_member(user, tenant, Role.OWNER)
    if station.ocpp_version != Version.V21:
        raise RefusedError(_("Codes that change need a station of OCPP 2.1."))
    code = ChangingCode(secret=secrets.token_urlsafe(32))
    command = ask(station.pk, "SetVariables", code.variables(template), by=BY)
    StationCode.objects.update_or_create(
        station=station,
        defaults={
            "secret": seal(settings.CONFIG.data, code.secret),
            "validity_s": code.validity_s,
            "length": code.length,
            "command": command,
            "is_set": False,
            "note": "",
        },
    )
    record(Verb.CODES_TURNED_ON, actor=user, organisation=tenant, subject=station)
    return command


@transaction.atomic
def turn_off(user: User, tenant: Organisation, station: Station) -> None:
    """Let anybody start from the page of a point again; the station may still show its codes."""
    require_member(user, tenant, Role.OWNER)
    StationCode.objects.filter(station=station).delete()
    record(Verb.CODES_TURNED_OFF, actor=user, organisation=tenant, subject=station)


def settle_codes() -> int:
    """Note what stations answered, and take the secret out of the command; how many."""
    rows = StationCode.objects.filter(command__isnull=False).exclude(command__state__in=_WAITING)
    settled = 0
    for row in rows.select_related("command"):
        command = row.command
        if command is None:
            continue
        results = (command.answer or {}).get("setVariableResult", [])
        said = {str(one.get("attributeStatus", "")) for one in results}
        row.is_set = said == {"Accepted"}
        row.note = "" if row.is_set else ", ".join(sorted(said - {"Accepted"})) or command.state
        row.command = None
        row.save(update_fields=["is_set", "note", "command"])
        command.payload = without_secret(command.payload)
        command.save(update_fields=["payload"])
        settled += 1
    return settled


def scan(here: Point, version: str, password: str, said: Mapping[str, str]) -> Scanned:
    """What a scanned address says.

    Raises
    ------
    RefusedError: its password does not hold (any more), or it makes no sense.
    """
    row = StationCode.objects.filter(station=here.station, is_set=True).first()
    if row is None or version != VERSION:
        raise RefusedError(_("This code is not one of this station. Scan the one that it shows."))
    code = ChangingCode(
        secret=unseal(settings.CONFIG.data, row.secret),
        validity_s=row.validity_s,
        length=row.length,
    )
    if not code.holds(password, dt.datetime.now(dt.UTC)):
        raise RefusedError(_("This code holds no more. Scan the one that the station shows now."))
    cost, energy, time = (_number(said, name) for name in ("maxcost", "maxenergy", "maxtime"))
    return Scanned(
        most_eur=cost,
        most_kwh=None if energy is None else energy / 1000,
        most_min=None if time is None else math.ceil(time / 60),
    )


def _number(said: Mapping[str, str], name: str) -> float | None:
    found = [value for key, value in said.items() if key.lower() == name]
    if not found:
        return None
    try:
        number = float(found[0])
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise RefusedError(_("This code is damaged. Scan the one that the station shows."))
    return number


def is_needed(here: Point) -> bool:
    """Whether one must have scanned a code to start here."""
    return StationCode.objects.filter(station=here.station, is_set=True).exists()


def tell_station(here: Point, key: str, now: dt.datetime) -> None:
    """Have the station know that somebody is about to pay, so that nobody else begins (C25)."""
    if session_at(here) is not None or others_start(here, key, now):
        return
    asked = Command.objects.filter(
        station=here.station, action="NotifyWebPaymentStarted", asked_at__gt=now - STARTING
    )
    if any(one.payload.get("evseId") == here.evse for one in asked):
        return
    timeout_s = int(STARTING.total_seconds())
    payload = {"evseId": here.evse, "timeout": timeout_s}
    ask(here.station.pk, "NotifyWebPaymentStarted", payload, by=BY, wait=STARTING)


def remember(answer: HttpResponseBase, here: Point, scanned: Scanned) -> None:
    """Give the phone a ticket that it has scanned the code of a point."""
    said = [here.station.identity, here.evse]
    limits = [scanned.most_eur, scanned.most_kwh, scanned.most_min]
    answer.set_cookie(
        _name(),
        signing.dumps([*said, *limits], salt=_SALT),
        max_age=int(SCANNED_HOLDS.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.CONFIG.is_https,
    )


def scanned_at(request: HttpRequest, here: Point) -> Scanned | None:
    """What the phone's ticket says, if it is for this point and still holds."""
    try:
        said: Any = signing.loads(
            request.COOKIES.get(_name(), ""), salt=_SALT, max_age=SCANNED_HOLDS
        )
    except signing.BadSignature:
        return None
    if said[:2] != [here.station.identity, here.evse]:
        return None
    return Scanned(most_eur=said[2], most_kwh=said[3], most_min=said[4])


def _name() -> str:
    return f"__Host-{_COOKIE}" if settings.CONFIG.is_https else _COOKIE
