"""What people ask of stations most, in the words of each version of OCPP.

Each function returns the action and its payload; a payload for every action goes through
`actions.commands` all the same.
"""

import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from viavolta.protocols.ocpp.schemas import Version

Ask = tuple[str, dict[str, Any]]


class Wanted(StrEnum):
    """What a person may want of a station."""

    SOFT_RESET = "soft-reset"
    HARD_RESET = "hard-reset"
    UNLOCK = "unlock"
    IN_SERVICE = "in-service"
    OUT_OF_SERVICE = "out-of-service"
    TELL_STATUS = "tell-status"
    TELL_METER = "tell-meter"
    START = "start"
    LOCAL_LIST = "local-list"


LABELS: dict[Wanted, str | Promise] = {
    Wanted.START: _("Start charging with a token"),
    Wanted.UNLOCK: _("Unlock the connector"),
    Wanted.IN_SERVICE: _("Put into service"),
    Wanted.OUT_OF_SERVICE: _("Take out of service"),
    Wanted.TELL_STATUS: _("Ask for the status"),
    Wanted.TELL_METER: _("Ask for a meter value"),
    Wanted.SOFT_RESET: _("Restart when nobody charges"),
    Wanted.HARD_RESET: _("Restart at once"),
    Wanted.LOCAL_LIST: _("Ask for the version of the local list"),
}


def asked(wanted: Wanted, version: Version, *, evse: int, connector: int, token: str) -> Ask:
    """The action and payload of a wish; `evse` 0 is the whole station where that makes sense."""
    return _ASKS[wanted](version, evse, connector, token)


def stop(version: Version, transaction: str) -> Ask:
    """End a session from afar."""
    if version is Version.V16:
        return "RemoteStopTransaction", {"transactionId": int(transaction)}
    return "RequestStopTransaction", {"transactionId": transaction}


def _reset(kind_16: str, kind_2: str) -> Callable[[Version, int, int, str], Ask]:
    def ask(version: Version, _evse: int, _connector: int, _token: str) -> Ask:
        return "Reset", {"type": kind_16 if version is Version.V16 else kind_2}

    return ask


def _unlock(version: Version, evse: int, connector: int, _token: str) -> Ask:
    if version is Version.V16:
        return "UnlockConnector", {"connectorId": max(1, evse)}
    return "UnlockConnector", {"evseId": max(1, evse), "connectorId": max(1, connector)}


def _availability(kind: str) -> Callable[[Version, int, int, str], Ask]:
    def ask(version: Version, evse: int, _connector: int, _token: str) -> Ask:
        if version is Version.V16:
            return "ChangeAvailability", {"connectorId": evse, "type": kind}
        where = {"evse": {"id": evse}} if evse else {}
        return "ChangeAvailability", {"operationalStatus": kind, **where}

    return ask


def _trigger(message: str) -> Callable[[Version, int, int, str], Ask]:
    def ask(version: Version, evse: int, connector: int, _token: str) -> Ask:
        payload: dict[str, Any] = {"requestedMessage": message}
        if evse and version is Version.V16:
            payload["connectorId"] = evse
        elif evse:
            payload["evse"] = {"id": evse, "connectorId": max(1, connector)}
        return "TriggerMessage", payload

    return ask


def _start(version: Version, evse: int, _connector: int, token: str) -> Ask:
    where = max(1, evse)
    if version is Version.V16:
        return "RemoteStartTransaction", {"idTag": token, "connectorId": where}
    return "RequestStartTransaction", {
        "idToken": {"idToken": token, "type": "Central"},
        "remoteStartId": secrets.randbelow(2**31),
        "evseId": where,
    }


def _list_version(_version: Version, _evse: int, _connector: int, _token: str) -> Ask:
    return "GetLocalListVersion", {}


_ASKS: dict[Wanted, Callable[[Version, int, int, str], Ask]] = {
    Wanted.SOFT_RESET: _reset("Soft", "OnIdle"),
    Wanted.HARD_RESET: _reset("Hard", "Immediate"),
    Wanted.UNLOCK: _unlock,
    Wanted.IN_SERVICE: _availability("Operative"),
    Wanted.OUT_OF_SERVICE: _availability("Inoperative"),
    Wanted.TELL_STATUS: _trigger("StatusNotification"),
    Wanted.TELL_METER: _trigger("MeterValues"),
    Wanted.START: _start,
    Wanted.LOCAL_LIST: _list_version,
}
