"""Start and stop from afar, in the words of each version of OCPP."""

import secrets
from typing import Any

from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import Command, Session, Station

BY = "driver"


def start(station: Station, evse: int, token: str, *, kind: str = "Central") -> Command:
    """Have a station start a session with a token of a kind (of OCPP 2.x).

    Raises
    ------
    ValueError: the station never told its version.
    """
    payload: dict[str, Any]
    if Version(station.ocpp_version) is Version.V16:
        action, payload = "RemoteStartTransaction", {"idTag": token, "connectorId": evse}
    else:
        action, payload = (
            "RequestStartTransaction",
            {
                "idToken": {"idToken": token, "type": kind},
                "remoteStartId": secrets.randbelow(2**31),
                "evseId": evse,
            },
        )
    return ask(station.pk, action, payload, by=BY)


def stop(session: Session, *, by: str = BY) -> Command:
    """Have a station end a session; `by` is who asks.

    Raises
    ------
    ValueError: the station never told its version.
    """
    payload: dict[str, Any]
    if Version(session.station.ocpp_version) is Version.V16:
        action, payload = "RemoteStopTransaction", {"transactionId": int(session.transaction)}
    else:
        action, payload = "RequestStopTransaction", {"transactionId": session.transaction}
    return ask(session.station_id, action, payload, by=by)
