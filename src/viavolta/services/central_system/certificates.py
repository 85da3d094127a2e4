"""Answers about certificates of ISO 15118: what must be asked of others, and what is made of it.

OCPP 2.0.1 C07, M01, M02 and M06; OCPP 2.1 block M.
"""

import base64
import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from viavolta.model.errors import PlatformError
from viavolta.protocols.ocpp.charging_profile import utc_text
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.world import TokenStatus
from viavolta.services.plug_and_charge import pool
from viavolta.services.plug_and_charge.chains import CertificateStatus
from viavolta.services.plug_and_charge.contract import contract_status
from viavolta.services.plug_and_charge.ocsp import Believed, CertId, Doubt, NotBelievedError
from viavolta.services.plug_and_charge.others import Answer, Inquiry, Others

Payload = Mapping[str, Any]
ASK_AGAIN = dt.timedelta(hours=1)
"""When a station may ask again for a state that could not be found out."""

_MOST_OCSP_CHARS = {Version.V201: 5_500, Version.V21: 18_000}
_UNREACHABLE = "Unreachable"


def holds_certificate(payload: Payload) -> bool:
    """Whether a call comes with a contract certificate, or its hashes."""
    return "certificate" in payload or "iso15118CertificateHashData" in payload


def contract_inquiry(payload: Payload, accepted: Answer) -> Inquiry:
    """2.0.1 C07: `accepted` is the answer for a certificate that nothing is wrong with.

    A certificate that is not accepted makes the token invalid, an expired one expired. A contract
    that the operator has blocked is one that was cancelled.
    """

    def answer(status: CertificateStatus) -> Answer:
        contract = TokenStatus(accepted["idTokenInfo"]["status"])
        if status is CertificateStatus.ACCEPTED and contract is TokenStatus.BLOCKED:
            status = CertificateStatus.CANCELLED
        if status is CertificateStatus.ACCEPTED:
            return {**accepted, "certificateStatus": status.value}
        is_old = status is CertificateStatus.EXPIRED
        verdict = TokenStatus.EXPIRED if is_old else TokenStatus.INVALID
        return {"idTokenInfo": {"status": verdict.value}, "certificateStatus": status.value}

    return Inquiry(
        ask=lambda others: answer(contract_status(payload, others)),
        otherwise=lambda _reason: answer(CertificateStatus.NOT_AVAILABLE),
    )


def status_inquiry(version: Version, payload: Payload) -> Inquiry:
    """2.0.1 M06: the responder's own answer, whatever it says, if it is to be believed."""
    asked = payload["ocspRequestData"]

    def ask(others: Others) -> Answer:
        try:
            about = CertId.of(asked)
            found = others.ask_responder(asked["responderURL"], about, others.trusted)
        except NotBelievedError as error:
            return _failed(error.doubt)
        except PlatformError as error:
            return _failed(_UNREACHABLE, error.message)
        result = base64.b64encode(found.answer).decode()
        if len(result) > _MOST_OCSP_CHARS[version]:
            return _failed(Doubt.TOO_LARGE)
        return {"status": "Accepted", "ocspResult": result}

    return Inquiry(ask=ask, otherwise=_failed)


def chain_inquiry(payload: Payload, now: dt.datetime) -> Inquiry:
    """2.1 block M: the state of each certificate, from responders or lists, as the station asks."""
    requests = payload["certificateStatusRequests"]
    return Inquiry(
        ask=lambda others: {"certificateStatus": [_state(one, others) for one in requests]},
        otherwise=lambda _reason: {
            "certificateStatus": [_said(one, "Failed", now + ASK_AGAIN) for one in requests]
        },
    )


def vehicle_inquiry(version: Version, payload: Payload) -> Inquiry:
    """2.0.1 M01, M02: the operator's pool of contract certificates is asked."""

    def ask(others: Others) -> Answer:
        try:
            said = others.ask_pool(pool.question(payload))
        except PlatformError:
            return pool.failed(_UNREACHABLE)
        return pool.failed("NoPool") if said is None else pool.answer_of(said, version)

    return Inquiry(ask=ask, otherwise=pool.failed)


def _state(request: Payload, others: Others) -> Answer:
    read = others.read_list if request["source"] == "CRL" else partial(_responder, others)
    for url in request["urls"]:
        try:
            found = read(url, CertId.of(request["certificateHashData"]))
        except (NotBelievedError, PlatformError):
            continue
        return _said(request, found.status.value, found.until or others.now())
    return _said(request, "Failed", others.now() + ASK_AGAIN)


def _responder(others: Others, url: str, about: CertId) -> Believed:
    return others.ask_responder(url, about, others.trusted)


def _said(request: Payload, status: str, until: dt.datetime) -> Answer:
    return {
        "certificateHashData": request["certificateHashData"],
        "source": request["source"],
        "status": status,
        "nextUpdate": utc_text(until),
    }


def _failed(reason: str, more: str = "") -> Answer:
    info = {"reasonCode": reason} | ({"additionalInfo": more[:512]} if more else {})
    return {"status": "Failed", "statusInfo": info}
