"""The central system's answers, held against the official schemas."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import pytest

from viavolta.protocols.ocpp.actions import FROM_STATION
from viavolta.protocols.ocpp.schemas import Part, Version, first_violation
from viavolta.services.central_system import certificates
from viavolta.services.central_system.answers import answer, may_say
from viavolta.services.central_system.world import (
    Admission,
    Limits,
    Standing,
    TokenStatus,
    TokenVerdict,
)
from viavolta.services.plug_and_charge.chains import CertificateStatus, Trusted
from viavolta.services.plug_and_charge.ocsp import Believed, CertId
from viavolta.services.plug_and_charge.others import Inquiry

_FOLDER = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
_TEXTS = {"date-time": "2026-03-01T08:00:00Z", "uri": "https://example.org/"}


@dataclass(kw_only=True)
class Town:
    """A world with one card that is known."""

    admission: Admission = Admission.ACCEPTED
    heartbeat_s: int = 300
    known: dict[str, TokenVerdict] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    stands: Standing = field(default_factory=Standing)

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)

    def verdict(self, token: str, kind: str) -> TokenVerdict:  # noqa: ARG002 - one card, any kind
        return self.known.get(token, TokenVerdict(status=TokenStatus.UNKNOWN))

    def transaction_number(self, start: Mapping[str, Any]) -> int:
        return self.numbers.setdefault(json.dumps(start, sort_keys=True), len(self.numbers) + 1)

    def standing(self, event: Mapping[str, Any]) -> Standing:  # noqa: ARG002 - whatever it was
        return self.stands

    def receipt(self, psp_ref: str) -> tuple[str, str] | None:
        return (f"r-{psp_ref}", f"https://hub.example/receipt/r-{psp_ref}")

    def setpoint(self, profile_id: int) -> Mapping[str, Any] | None:
        return {"setpoint": -5000.0} if profile_id == 1 else None

    def profile_at(self, evse: int) -> Mapping[str, Any] | None:  # noqa: ARG002 - none is known
        return None

    def why_unsigned(self, request: Mapping[str, Any]) -> str:
        return "" if request["csr"] else "InvalidCSR"


class Nobody:
    """Others who know nothing."""

    trusted = Trusted()

    def now(self) -> dt.datetime:
        return Town().now()

    def ask_responder(self, url: str, about: CertId, hints: Trusted) -> Believed:
        raise AssertionError(url, about, hints)

    def read_list(self, url: str, about: CertId) -> Believed:
        raise AssertionError(url, about)

    def ask_pool(self, body: bytes) -> bytes | None:  # noqa: ARG002 - there is none
        return None


def said(found: dict[str, Any] | Inquiry) -> dict[str, Any]:
    """An answer for which nobody else must be asked."""
    assert not isinstance(found, Inquiry)
    return found


def least(  # noqa: PLR0911 - one return per type of JSON
    schema: dict[str, Any], definitions: dict[str, Any]
) -> Any:
    """The smallest value that a schema allows: required parts only."""
    if "$ref" in schema:
        return least(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {name: least(parts[name], definitions) for name in schema.get("required", ())}
        case "array":
            return [least(schema["items"], definitions)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return _TEXTS.get(schema.get("format", ""), "x")


def smallest_call(version: Version, action: str) -> dict[str, Any]:
    """The smallest valid call of an action."""
    suffix = "" if version is Version.V16 else "Request"
    file = resources.files("ocpp") / _FOLDER[version] / "schemas" / f"{action}{suffix}.json"
    schema = json.loads(file.read_text(encoding="utf-8-sig"))
    payload: dict[str, Any] = least(schema, schema.get("definitions", {}))
    assert first_violation(version, action, payload) is None
    return payload


@pytest.mark.parametrize(
    ("version", "action"), [(v, action) for v in Version for action in sorted(FROM_STATION[v])]
)
def test_every_call_has_a_valid_answer(version: Version, action: str) -> None:
    """Whatever a station may call, the answer is what the official schema of the answer allows.

    So are the answers where others must be asked, who know nothing, or are not asked to the end.
    """
    found = answer(version, action, smallest_call(version, action), Town())
    every = [found.ask(Nobody()), found.otherwise("x")] if isinstance(found, Inquiry) else [found]
    for one in every:
        assert first_violation(version, action, one, Part.RESPONSE) is None


def test_a_known_card_is_accepted_in_the_words_of_each_version() -> None:
    """Status, expiry, group, language and priority go over as the version writes them."""
    verdict = TokenVerdict(
        status=TokenStatus.ACCEPTED,
        expires_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
        group="fleet",
        language="sl",
        priority=2,
    )
    town = Town(known={"card": verdict})
    assert answer(Version.V16, "Authorize", {"idTag": "card"}, town) == {
        "idTagInfo": {
            "status": "Accepted",
            "expiryDate": "2027-01-01T00:00:00Z",
            "parentIdTag": "fleet",
        }
    }
    token = {"idToken": {"idToken": "card", "type": "ISO14443"}}
    assert answer(Version.V201, "Authorize", token, town) == {
        "idTokenInfo": {
            "status": "Accepted",
            "cacheExpiryDateTime": "2027-01-01T00:00:00Z",
            "groupIdToken": {"idToken": "fleet", "type": "Central"},
            "language1": "sl",
            "chargingPriority": 2,
        }
    }


@pytest.mark.parametrize("status", list(TokenStatus))
def test_every_state_of_a_token_can_be_said_in_every_version(status: TokenStatus) -> None:
    """1.6 has fewer words; none of ours is lost on the wire."""
    town = Town(known={"x": TokenVerdict(status=status)})
    for version in Version:
        payload = smallest_call(version, "Authorize")
        if version is not Version.V16:
            payload["idToken"] = {"idToken": "x", "type": "ISO14443"}
        found = said(answer(version, "Authorize", payload, town))
        assert first_violation(version, "Authorize", found, Part.RESPONSE) is None


def test_a_contract_certificate_is_not_waved_through() -> None:
    """What cannot be checked is not accepted, however good the token looks."""
    town = Town(known={"card": TokenVerdict(status=TokenStatus.ACCEPTED)})
    payload = {"idToken": {"idToken": "card", "type": "eMAID"}, "certificate": "pem"}
    inquiry = answer(Version.V201, "Authorize", payload, town)
    assert isinstance(inquiry, Inquiry)
    for found in (inquiry.ask(Nobody()), inquiry.otherwise("Timeout")):
        assert found["idTokenInfo"]["status"] == "Invalid"
        assert found["certificateStatus"] == "NoCertificateAvailable"


@pytest.mark.parametrize(
    ("contract", "certificate", "status", "verdict"),
    [
        ("Accepted", "Accepted", "Accepted", "Accepted"),
        ("NoCredit", "Accepted", "Accepted", "NoCredit"),
        ("Blocked", "Accepted", "ContractCancelled", "Invalid"),
        ("Accepted", "CertificateExpired", "CertificateExpired", "Expired"),
        ("Accepted", "CertificateRevoked", "CertificateRevoked", "Invalid"),
        ("Blocked", "CertificateRevoked", "CertificateRevoked", "Invalid"),
    ],
)
def test_certificate_and_contract_agree(
    monkeypatch: pytest.MonkeyPatch, contract: str, certificate: str, status: str, verdict: str
) -> None:
    """2.0.1 C07: what the certificate is found to be, and what is known of the contract."""
    found_to_be = CertificateStatus(certificate)
    monkeypatch.setattr(certificates, "contract_status", lambda _payload, _others: found_to_be)
    town = Town(known={"card": TokenVerdict(status=TokenStatus(contract))})
    payload = {"idToken": {"idToken": "card", "type": "eMAID"}, "certificate": "pem"}
    inquiry = answer(Version.V201, "Authorize", payload, town)
    assert isinstance(inquiry, Inquiry)
    assert inquiry.ask(Nobody()) == {
        "idTokenInfo": {"status": verdict},
        "certificateStatus": status,
    }


def test_the_same_start_gets_the_same_number() -> None:
    """A start of 1.6 that is told again, after a lost answer, is the same transaction."""
    town = Town()
    start = smallest_call(Version.V16, "StartTransaction")
    other = start | {"connectorId": 2}
    numbers = [
        said(answer(Version.V16, "StartTransaction", one, town))["transactionId"]
        for one in (start, start, other)
    ]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_dynamic_profile_gets_its_setpoint() -> None:
    """The present setpoint, below zero for discharging; an unknown profile is refused."""
    payload = {"chargingProfileId": 1}
    found = answer(Version.V21, "PullDynamicScheduleUpdate", payload, Town())
    assert found == {"status": "Accepted", "scheduleUpdate": {"setpoint": -5000.0}}
    assert (
        said(answer(Version.V21, "PullDynamicScheduleUpdate", {"chargingProfileId": 2}, Town()))[
            "status"
        ]
        == "Rejected"
    )


def test_who_is_not_taken_in_may_only_knock() -> None:
    """Before adoption a station may boot; while it waits, answer what it is asked, too."""
    every = set().union(*FROM_STATION.values())
    assert {a for a in every if may_say(a, Admission.REJECTED)} == {"BootNotification"}
    assert "TransactionEvent" not in {a for a in every if may_say(a, Admission.PENDING)}
    assert all(may_say(a, Admission.ACCEPTED) for a in every)


def test_a_cost_is_said_only_where_it_is_known() -> None:
    """0.00 says that the transaction is free; nothing says that nobody knows."""
    event = smallest_call(Version.V21, "TransactionEvent") | {"eventType": "Updated"}
    for version in (Version.V201, Version.V21):
        known = answer(version, "TransactionEvent", event, Town(stands=Standing(cents=285)))
        assert known == {"totalCost": 2.85}
        free = answer(version, "TransactionEvent", event, Town(stands=Standing(cents=0)))
        assert free == {"totalCost": 0.0}
        assert answer(version, "TransactionEvent", event, Town()) == {}


def test_limits_are_told_in_2_1_while_the_transaction_goes_on() -> None:
    """Cost in the currency, energy in Wh, time in seconds."""
    stands = Standing(limits=Limits(max_cents=2050, max_wh=15000.0, max_s=3600))
    event = smallest_call(Version.V21, "TransactionEvent") | {"eventType": "Started"}
    found = answer(Version.V21, "TransactionEvent", event, Town(stands=stands))
    assert found == {"transactionLimit": {"maxCost": 20.5, "maxEnergy": 15000.0, "maxTime": 3600}}
    assert first_violation(Version.V21, "TransactionEvent", found, Part.RESPONSE) is None
    assert answer(Version.V201, "TransactionEvent", event, Town(stands=stands)) == {}
    ended = event | {"eventType": "Ended"}
    assert answer(Version.V21, "TransactionEvent", ended, Town(stands=stands)) == {}
