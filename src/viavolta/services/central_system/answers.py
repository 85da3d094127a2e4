"""The answer to every call that a station may make, in OCPP 1.6, 2.0.1 and 2.1.

One rule per action. A call that only tells something is answered with nothing; what it tells is
read later from the journal. Sources: OCPP 1.6 edition 2, OCPP 2.0.1 edition 3 part 2 and OCPP 2.1
edition 1 part 2; use cases or functional blocks are named at the rules.
"""

from collections.abc import Callable, Mapping
from typing import Any

from viavolta.protocols.ocpp.charging_profile import utc_text
from viavolta.protocols.ocpp.ev_schedule import exceeds
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.billing.vat_numbers import VatVerdict, verdict_of
from viavolta.services.central_system.certificates import (
    chain_inquiry,
    contract_inquiry,
    holds_certificate,
    status_inquiry,
    vehicle_inquiry,
)
from viavolta.services.central_system.world import (
    Admission,
    Limits,
    TokenStatus,
    TokenVerdict,
    World,
)
from viavolta.services.plug_and_charge.others import Inquiry

Payload = Mapping[str, Any]
Answer = dict[str, Any]
Rule = Callable[[Version, Payload, World], Answer | Inquiry]

WITHOUT_ADMISSION = frozenset({"BootNotification"})
"""What a station may say before it is taken in (2.0.1 B02, B03); all else is a SecurityError."""

WHILE_PENDING = WITHOUT_ADMISSION | {"NotifyReport", "Heartbeat", "SecurityEventNotification"}
"""What it may say, too, while it waits: answers to what the operator asks it (2.0.1 B02.FR.02)."""

STATION_KIND = "ChargingStationCertificate"

_IN_1_6 = {
    TokenStatus.NO_CREDIT: "Blocked",
    TokenStatus.NOT_HERE: "Invalid",
    TokenStatus.NOT_NOW: "Invalid",
    TokenStatus.UNKNOWN: "Invalid",
}
"""1.6 has five words for the state of a token."""

ENERGY_TRANSFERS = ("AC_single_phase", "AC_three_phase", "DC", "AC_BPT", "DC_BPT")
"""Ways of transfer that an accepted token may choose (2.1 Q01); whether a vehicle discharges is
still its driver's to say, and the plan's."""

UNSUPPORTED = frozenset({"BatterySwap"})
"""Calls that are known and not supported (2.1 block S): the station is told so."""

_NO_CREDENTIAL = ("NoAuthorization", "Central")
"""Kinds of 2.x that stand for a decision made already: by the station, or by this side."""


def may_say(action: str, admission: Admission) -> bool:
    """Whether a station may make a call, as it stands with its operator."""
    match admission:
        case Admission.ACCEPTED:
            return True
        case Admission.PENDING:
            return action in WHILE_PENDING
        case Admission.REJECTED:
            return action in WITHOUT_ADMISSION


def answer(version: Version, action: str, payload: Payload, world: World) -> Answer | Inquiry:
    """The answer to a call that `may_say` allows, or what must be asked of others before.

    The payload is valid by its schema.

    Raises
    ------
    KeyError: no station may call this in any version.
    """
    return _RULES[action](version, payload, world)


def _nothing(_version: Version, _payload: Payload, _world: World) -> Answer:
    return {}


def _boot(_version: Version, _payload: Payload, world: World) -> Answer:
    """2.0.1 B01 to B03, 1.6 chapter 4.2."""
    return {
        "currentTime": utc_text(world.now()),
        "interval": world.heartbeat_s,
        "status": world.admission.value,
    }


def _heartbeat(_version: Version, _payload: Payload, world: World) -> Answer:
    return {"currentTime": utc_text(world.now())}


def _authorize(version: Version, payload: Payload, world: World) -> Answer | Inquiry:
    """2.0.1 C01; with a contract certificate C07."""
    if version is Version.V16:
        return {"idTagInfo": _tag_info(world.verdict(payload["idTag"], ""))}
    found: Answer = {"idTokenInfo": _token_info(payload["idToken"], world)}
    is_accepted = found["idTokenInfo"]["status"] == TokenStatus.ACCEPTED
    if version is Version.V21 and is_accepted:  # without the list, charging alone is allowed
        found["allowedEnergyTransfer"] = list(ENERGY_TRANSFERS)
    return contract_inquiry(payload, found) if holds_certificate(payload) else found


def _start_16(_version: Version, payload: Payload, world: World) -> Answer:
    """1.6 chapter 4.8: a number is given whatever the token, since the station may have started."""
    return {
        "idTagInfo": _tag_info(world.verdict(payload["idTag"], "")),
        "transactionId": world.transaction_number(payload),
    }


def _stop_16(_version: Version, payload: Payload, world: World) -> Answer:
    if "idTag" not in payload:
        return {}
    return {"idTagInfo": _tag_info(world.verdict(payload["idTag"], ""))}


def _transaction(version: Version, payload: Payload, world: World) -> Answer:
    """2.0.1 E01 to E07: a token is judged whenever one comes.

    I02, I03: the cost so far, and in all; where nobody knows it nothing is said, since 0 means that
    the transaction is free. 2.1 E16: limits that the station does not know yet.
    """
    token = payload.get("idToken")
    found: Answer = {} if token is None else {"idTokenInfo": _token_info(token, world)}
    standing = world.standing(payload)
    if standing.cents is not None:
        found["totalCost"] = standing.cents / 100
    if version is Version.V21 and standing.limits is not None and payload["eventType"] != "Ended":
        found["transactionLimit"] = _limit(standing.limits)
    return found


def _limit(limits: Limits) -> Answer:
    said = {
        "maxCost": None if limits.max_cents is None else limits.max_cents / 100,
        "maxEnergy": limits.max_wh,
        "maxTime": limits.max_s,
    }
    return {name: value for name, value in said.items() if value is not None}


def _sign(version: Version, payload: Payload, world: World) -> Answer:
    """2.0.1 A02: accepted to be signed; the certificate follows in CertificateSigned."""
    of_16 = {"certificateType": STATION_KIND} if version is Version.V16 else {}
    why_not = world.why_unsigned({**payload, **of_16})
    if not why_not:
        return {"status": "Accepted"}
    more = {} if version is Version.V16 else {"statusInfo": {"reasonCode": why_not}}
    return {"status": "Rejected", **more}


def _vehicle(version: Version, payload: Payload, _world: World) -> Inquiry:
    return vehicle_inquiry(version, payload)


def _certificate_status(version: Version, payload: Payload, _world: World) -> Inquiry:
    return status_inquiry(version, payload)


def _chain_status(_version: Version, payload: Payload, world: World) -> Inquiry:
    return chain_inquiry(payload, world.now())


def _data(_version: Version, _payload: Payload, _world: World) -> Answer:
    """2.0.1 P02: no vendor's own messages are understood."""
    return {"status": "UnknownVendorId"}


def _needs(version: Version, payload: Payload, _world: World) -> Answer:
    """2.0.1 K15.FR.03: the profile follows as soon as it is computed; 2.1 Q01: unless refused."""
    way = payload["chargingNeeds"]["requestedEnergyTransfer"]
    if version is Version.V21 and way not in ENERGY_TRANSFERS:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NotSupported"}}
    return {"status": "Processing"}


def _ev_schedule(_version: Version, payload: Payload, world: World) -> Answer:
    """2.0.1 K15, K17: what the vehicle plans is accepted while the station's profile allows it."""
    allowed = world.profile_at(payload["evseId"])
    if allowed is not None and exceeds(payload, allowed):
        return {"status": "Rejected"}
    return {"status": "Accepted"}


def _stream(_version: Version, _payload: Payload, _world: World) -> Answer:
    """2.1 block N: streams of any variable are taken."""
    return {"status": "Accepted"}


def _pull_setpoint(_version: Version, payload: Payload, world: World) -> Answer:
    """2.1 block K: the present values of a dynamic profile."""
    update = world.setpoint(payload["chargingProfileId"])
    if update is None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownProfile"}}
    return {"status": "Accepted", "scheduleUpdate": dict(update)}


def _settlement(_version: Version, payload: Payload, world: World) -> Answer:
    """2.1 C21: a receipt, where the terminal gives none; C19, C20, C22: none without a payment."""
    has_own = "receiptId" in payload or "receiptUrl" in payload
    if payload["status"] != "Settled" or has_own:
        return {}
    found = world.receipt(payload["pspRef"])
    return {} if found is None else {"receiptId": found[0], "receiptUrl": found[1]}


def _vat(_version: Version, payload: Payload, _world: World) -> Answer:
    """2.1 C18: by form and check digit; no register is asked, and the answer says so."""
    verdict = verdict_of(payload["vatNumber"])
    is_formed = verdict in {VatVerdict.CHECKED, VatVerdict.FORM_ONLY}
    reason = "NotSupported" if verdict is VatVerdict.FOREIGN else "InvalidVatNumber"
    found: Answer = {
        "status": "Accepted" if is_formed else "Rejected",
        "vatNumber": payload["vatNumber"],
        "statusInfo": {"reasonCode": "FormOnly" if is_formed else reason},
    }
    return found | ({"evseId": payload["evseId"]} if "evseId" in payload else {})


def _tag_info(verdict: TokenVerdict) -> Answer:
    info: Answer = {"status": _IN_1_6.get(verdict.status, verdict.status.value)}
    if verdict.expires_at is not None:
        info["expiryDate"] = utc_text(verdict.expires_at)
    if verdict.group:
        info["parentIdTag"] = verdict.group[:20]
    return info


def _token_info(token: Payload, world: World) -> Answer:
    if token["type"] in _NO_CREDENTIAL:
        return {"status": TokenStatus.ACCEPTED.value}
    verdict = world.verdict(token["idToken"], token["type"])
    info: Answer = {"status": verdict.status.value}
    if verdict.expires_at is not None:
        info["cacheExpiryDateTime"] = utc_text(verdict.expires_at)
    if verdict.group:
        info["groupIdToken"] = {"idToken": verdict.group, "type": "Central"}
    if verdict.language:
        info["language1"] = verdict.language
    if verdict.priority is not None:
        info["chargingPriority"] = verdict.priority
    return info


_TELLS = (
    "BatterySwap ClearedChargingLimit ClosePeriodicEventStream DiagnosticsStatusNotification "
    "FirmwareStatusNotification LogStatusNotification MeterValues NotifyChargingLimit "
    "NotifyCustomerInformation NotifyDERAlarm NotifyDERStartStop NotifyDisplayMessages NotifyEvent "
    "NotifyMonitoringReport NotifyPriorityCharging NotifyReport "
    "PublishFirmwareStatusNotification ReportChargingProfiles "
    "ReportDERControl ReservationStatusUpdate SecurityEventNotification "
    "SignedFirmwareStatusNotification StatusNotification"
)

_RULES: dict[str, Rule] = dict.fromkeys(_TELLS.split(), _nothing) | {
    "Authorize": _authorize,
    "BootNotification": _boot,
    "DataTransfer": _data,
    "Get15118EVCertificate": _vehicle,
    "GetCertificateChainStatus": _chain_status,
    "GetCertificateStatus": _certificate_status,
    "Heartbeat": _heartbeat,
    "NotifyEVChargingNeeds": _needs,
    "NotifyEVChargingSchedule": _ev_schedule,
    "NotifySettlement": _settlement,
    "OpenPeriodicEventStream": _stream,
    "PullDynamicScheduleUpdate": _pull_setpoint,
    "SignCertificate": _sign,
    "StartTransaction": _start_16,
    "StopTransaction": _stop_16,
    "TransactionEvent": _transaction,
    "VatNumberValidation": _vat,
}
