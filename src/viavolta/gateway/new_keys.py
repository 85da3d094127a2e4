"""New passwords for stations, given over the link that they hold.

The password itself is kept nowhere: its hash is written before it is sent, and counts from the
first time that the station shows it, so that a lost answer shuts nobody out.
"""

from dataclasses import dataclass
from typing import Any

from django.db import close_old_connections
from django.db.models import F
from django.utils import timezone

from viavolta.gateway.registry import Entry
from viavolta.protocols.ocpp.link import End, Outcome
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.station_keys import key_hash, new_password
from viavolta.storage.tables.stations import Station

TIMEOUT_S = 30.0
_TAKEN = frozenset({"Accepted"})
_TAKEN_LATER = frozenset({"RebootRequired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A password on its way to a station: the call that brings it."""

    station: int
    action: str
    payload: dict[str, Any]


def prepare(entry: Entry, version: Version, key: bytes) -> NewKey:
    """Make a password for a station and keep its hash; blocking, in a thread.

    Sources: OCPP 2.0.1 part 2, A01; for 1.6 the security white paper, edition 3, A01.
    """
    close_old_connections()
    password = new_password()
    Station.objects.filter(pk=entry.pk).update(
        next_key_hash=key_hash(key, entry.identity, password), changed_at=timezone.now()
    )
    if version is Version.V16:
        payload: dict[str, Any] = {"key": "AuthorizationKey", "value": password}
        return NewKey(station=entry.pk, action="ChangeConfiguration", payload=payload)
    variable = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": password,
    }
    return NewKey(station=entry.pk, action="SetVariables", payload={"setVariableData": [variable]})


def note(station: int, outcome: Outcome) -> None:
    """Write down what a station did with its new password; blocking, in a thread.

    Where nobody knows, both passwords count until the station shows one of them.
    """
    close_old_connections()
    if outcome.end in {End.TIMED_OUT, End.LOST}:
        return
    status = _status(outcome)
    if status in _TAKEN:
        promote([station])
    elif status in _TAKEN_LATER:
        _change(station, wants_key=False)
    else:
        why = f"{status or outcome.end} {outcome.description}".strip()
        _change(station, wants_key=False, next_key_hash="", key_note=why[:120])


def promote(stations: list[int]) -> None:
    """The passwords under way to these stations are theirs now, and no others; blocking."""
    close_old_connections()
    for station in stations:
        Station.objects.filter(pk=station).exclude(next_key_hash="").update(
            key_hash=F("next_key_hash"),
            next_key_hash="",
            wants_key=False,
            key_note="",
            changed_at=timezone.now(),
        )


def _status(outcome: Outcome) -> str:
    payload = outcome.payload or {}
    results = payload.get("setVariableResult")
    return str(results[0]["attributeStatus"] if results else payload.get("status", ""))


def _change(station: int, **columns: Any) -> None:
    Station.objects.filter(pk=station).update(changed_at=timezone.now(), **columns)
