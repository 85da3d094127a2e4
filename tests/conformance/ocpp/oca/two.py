"""What cases of 2.0.1 and 2.1 share: usual messages, usual courses."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from oca.cases import Asked, Case, Does, Payload, Says, Source, Step, Stored
from oca.rows import session
from oca.security import station_is
from viavolta.protocols.ocpp.schemas import Version

NINE, TEN, LATER = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", "2040-01-01T00:00:00Z"
TX = "tx-1"
BOX = {"model": "m", "vendorName": "v"}
REJECTED: Payload = {"status": "Rejected"}
HEARTBEAT = Says("Heartbeat", {})
EVSE = {"id": 1}
PEM = "-----BEGIN CERTIFICATE-----"
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
}
_VERDICT = {
    "card": "Accepted",
    "card-2": "Accepted",
    "master": "Accepted",
    "expired": "Expired",
    "blocked": "Blocked",
    "empty": "NoCredit",
    "stranger": "Unknown",
}
_GROUP = {"card": "family", "card-2": "family", "master": "masters"}


def boot(reason: str = "PowerUp", answer: str = "Accepted") -> Says:
    """The station says hello."""
    return Says("BootNotification", {"reason": reason, "chargingStation": BOX}, {"status": answer})


def status(state: str, evse: int = 1, connector: int = 1) -> Says:
    """A connector's state."""
    words = {
        "timestamp": NINE,
        "connectorStatus": state,
        "evseId": evse,
        "connectorId": connector,
    }
    return Says("StatusNotification", words)


def token(name: str = "card") -> Payload:
    """A token as it is shown."""
    return {"idToken": name, "type": "ISO14443"}


def verdict(name: str = "card") -> Payload:
    """What must be said of a token."""
    info: Payload = {"status": _VERDICT[name]}
    if name in _GROUP:
        info["groupIdToken"] = {"idToken": _GROUP[name], "type": "Central"}
    return {"idTokenInfo": info}


def authorize(name: str = "card") -> Says:
    """A token is shown."""
    return Says("Authorize", {"idToken": token(name)}, verdict(name))


def meter(wh: float, context: str = "Sample.Periodic", **more: Any) -> Payload:
    """A reading of the meter."""
    return {"timestamp": NINE, "sampledValue": [{"value": wh, "context": context, **more}]}


def event(
    kind: str,
    trigger: str,
    seq: int,
    *,
    state: str = "",
    card: str = "",
    reason: str = "",
    wh: float | None = None,
    tx: str = TX,
    evse: int | None = 1,
    **more: Any,
) -> Says:
    """One event of a transaction."""
    info: Payload = {"transactionId": tx}
    if state:
        info["chargingState"] = state
    if reason:
        info["stoppedReason"] = reason
    words: Payload = {
        "eventType": kind,
        "timestamp": TEN if kind == "Ended" else NINE,
        "triggerReason": trigger,
        "seqNo": seq,
        "transactionInfo": info,
        **more,
    }
    if evse is not None:
        words["evse"] = {"id": evse, "connectorId": 1}
    if card:
        words["idToken"] = token(card)
    if wh is not None:
        words["meterValue"] = [meter(wh)]
    return Says("TransactionEvent", words, verdict(card) if card else {})


started = partial(event, "Started")
updated = partial(event, "Updated")
ended = partial(event, "Ended")


def says(what: Says, **expected: Any) -> Says:
    """The station says it, and is answered that, too."""
    return dataclasses.replace(what, expected=what.expected | expected)


UP: tuple[Step, ...] = (boot(), status("Available"))
PLUGGED: tuple[Step, ...] = (*UP, authorize(), status("Occupied"))
CHARGING: tuple[Step, ...] = (
    *PLUGGED,
    started("Authorized", 0, state="EVConnected", card="card", wh=1000),
    updated("ChargingStateChanged", 1, state="Charging"),
)
LEAVING: tuple[Step, ...] = (
    updated("StopAuthorized", 2, state="EVConnected", card="card"),
    ended("EVCommunicationLost", 3, state="Idle", reason="Local", wh=8000),
    status("Available"),
)


def done(reason: str, energy_wh: float = 7000, **more: Any) -> Stored:
    """One session, complete, ended so."""
    return session(stop_reason=reason, energy_wh=energy_wh, is_complete=True, **more)


def asked(action: str, answer: str = "Accepted", **words: Any) -> Asked:
    """The operator asks; the station answers with a status."""
    return Asked(action, words, {"status": answer})


def variable(name: str = "OfflineThreshold", component: str = "OCPPCommCtrlr") -> Payload:
    """A variable of a component."""
    return {"component": {"name": component}, "variable": {"name": name}}


def admitted(as_what: str) -> Does:
    """The operator decides whether a station is taken in."""
    return station_is(admission=as_what)


Course = tuple[Step, ...] | str | Callable[[Version], tuple[Step, ...]]
Listed = tuple[str, str, Course]


def _steps(course: Course, version: Version) -> tuple[Step, ...]:
    if isinstance(course, str):
        return ()
    return course if isinstance(course, tuple) else course(version)


def _source(version: Version, source: Source) -> Source:
    """The list that a case stands in."""
    return Source.EVTIVITY_21 if version is Version.V21 and source is Source.TZI else source


def cases(
    block: str,
    listed: tuple[Listed, ...],
    *,
    versions: tuple[Version, ...] = (Version.V201, Version.V21),
    source: Source = Source.TZI,
) -> tuple[Case, ...]:
    """Cases of a block, each in each version; a text in place of steps says why there are none."""
    return tuple(
        Case(
            id=number if source is Source.SPEC else f"TC_{number}_CSMS",
            name=name,
            version=version,
            block=block,
            source=_source(version, source),
            steps=_steps(course, version),
            missing=course if isinstance(course, str) else "",
        )
        for number, name, course in listed
        for version in versions
    )
