"""Something asked of a station: validated, written down with who asked, taken by a gateway."""

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.models import AskedOnce
from viavolta.hub.operate.queries.stations import account_key
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.model.errors import InputError, Where
from viavolta.protocols.ocpp.actions import FROM_CENTRAL
from viavolta.protocols.ocpp.schemas import Version, first_violation
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import Command, CommandState, Station

WAIT = dt.timedelta(minutes=5)
"""How long a station may take to connect before a command expires, unless said otherwise."""

MOST_WAITING = 200
"""Commands that may wait for one station."""


def version_of(station: Station) -> Version:
    """The version that the station spoke last.

    Raises
    ------
    RefusedError: it never connected.
    """
    if not station.ocpp_version:
        raise RefusedError(_("The station has never connected: its version is not known yet."))
    return Version(station.ocpp_version)


def check_payload(version: Version, action: str, payload: dict[str, Any]) -> None:
    """Let pass what the version's official schema allows.

    Raises
    ------
    InputError: the version has no such command, or its schema does not allow the payload.
    """
    said = {"action": action[:200], "version": version}
    if action not in FROM_CENTRAL[version]:
        raise InputError(
            code="command-unknown",
            message=_("OCPP %(version)s has no %(action)s") % said,
            where=Where(field="action", value=action[:200]),
            hint=_("Ask for what the station's version has; the API's description lists it."),
        )
    if "\\u0000" in json.dumps(payload):
        raise InputError(
            code="payload-refused",
            message=_("The payload holds a NUL character"),
            where=Where(field=action),
            hint=_("Mend the payload; the API's description has the schema."),
        )
    wrong = first_violation(version, action, payload)
    if wrong is not None:
        raise InputError(
            code="payload-refused",
            message=_("The schema of %(action)s in OCPP %(version)s does not allow this") % said,
            where=Where(field=wrong.place or action),
            expected=wrong.message[:500],
            hint=_("Mend the payload; the API's description has the schema."),
        )


@transaction.atomic
def ask_station(
    user: User,
    tenant: Organisation,
    station: Station,
    action: str,
    payload: dict[str, Any],
    *,
    wait: dt.timedelta = WAIT,
    once: str = "",
) -> Command:
    """Have something asked of a station; with `once`, a repeat under the same key asks nothing new.

    Raises
    ------
    InputError: the payload is not as the station's version wants it.
    RefusedError: the version is not known, too much waits already, or the key stands for another
    command.
    """
    require_member(user, tenant, Role.EDITOR)
    check_payload(version_of(station), action, payload)
    digest = hashlib.sha256(
        json.dumps([station.pk, action, payload], sort_keys=True).encode()
    ).hexdigest()
    if once and (known := _asked_before(tenant, once, digest)):
        return known
    waiting = Command.objects.filter(station=station, state=CommandState.QUEUED).count()
    if waiting >= MOST_WAITING:
        raise RefusedError(_("Too many commands wait for this station already."))
    try:
        with transaction.atomic():
            made = ask(station.pk, action, payload, by=account_key(user), wait=wait)
            if once:
                AskedOnce.objects.create(organisation=tenant, key=once, digest=digest, command=made)
    except IntegrityError:  # the same key at the same moment
        known = _asked_before(tenant, once, digest)
        if known is None:
            raise
        return known
    record(
        Verb.COMMAND_ASKED,
        actor=user,
        organisation=tenant,
        subject=made,
        detail={"action": action, "station": station.identity},
    )
    return made


def _asked_before(tenant: Organisation, key: str, digest: str) -> Command | None:
    """The command of that key.

    Raises
    ------
    RefusedError: the key stands for another command.
    """
    known = AskedOnce.objects.filter(organisation=tenant, key=key).select_related("command").first()
    if known is None:
        return None
    if known.digest != digest:
        raise RefusedError(_("This idempotency key stands for another command."))
    return known.command
