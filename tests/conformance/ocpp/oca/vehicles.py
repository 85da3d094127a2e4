"""Steps of the cases about ISO 15118: what vehicles are shown, contracts, what others say."""

import base64
from typing import Any

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oca.cases import Asked, Does, Hears, Kept, Payload, Says, Step
from oca.certificates import Pair
from oca.pki import GOOD, pem
from oca.security import comes_with_it
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.v2g_authorities import v2g_authority_of

EMAID = "DE8AACA2B3C4D5"
CONTRACT_TOKEN = {"idToken": EMAID, "type": "eMAID"}
EXI = base64.b64encode(b"what only the vehicle reads").decode()
NEW_EXI = base64.b64encode(b"a certificate and its sealed key").decode()
SCHEMA_2, SCHEMA_20 = "urn:iso:15118:2:2013:MsgDef", "urn:iso:std:iso:15118:-20:CommonMessages"


def _new_request(stage: Any) -> None:
    stage.pair = Pair.new()
    stage.kept["csr"] = stage.pair.request(stage.station.identity)


def _is_for_vehicles(stage: Any, payload: Payload) -> None:
    """The station's, then the one above it; no root; for the key and the name that were asked."""
    leaf, above = x509.load_pem_x509_certificates(payload["certificateChain"].encode())
    root = v2g_authority_of(stage.gateway.settings.data, 1).root
    leaf.verify_directly_issued_by(above)
    above.verify_directly_issued_by(root)
    assert leaf.public_key() == stage.pair.key.public_key()
    names = {one.oid: one.value for one in leaf.subject}
    assert names[NameOID.COMMON_NAME] == stage.station.identity
    assert names[NameOID.DOMAIN_COMPONENT] == "CPO"
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    is_both = "certificateType" not in payload
    assert (ExtendedKeyUsageOID.CLIENT_AUTH in uses) == is_both
    assert is_both or payload["certificateType"] == "V2GCertificate"
    assert payload.get("requestId") == (9 if stage.version is Version.V21 else None)
    stage.pair = Pair(stage.pair.key, leaf)


def _for_vehicles(version: Version, trigger: str, **kind: str) -> tuple[Step, ...]:
    numbered = {"requestId": 9} if version is Version.V21 else {}
    return (
        Asked("TriggerMessage", {"requestedMessage": trigger}),
        Does(_new_request),
        Says("SignCertificate", {"csr": Kept("csr"), **kind, **numbered}, {"status": "Accepted"}),
        Hears("CertificateSigned", _is_for_vehicles),
    )


def v2g_certificate(version: Version, up: tuple[Step, ...]) -> tuple[Step, ...]:
    """A certificate to show vehicles."""
    kind = {"certificateType": "V2GCertificate"}
    return (*up, *_for_vehicles(version, "SignV2GCertificate", **kind))


def combined_certificate(version: Version, up: tuple[Step, ...]) -> tuple[Step, ...]:
    """One certificate for vehicles and for the link, with which the station then comes."""
    return (*up, *_for_vehicles(version, "SignCombinedCertificate"), *comes_with_it(up))


def contract(status: ocsp.OCSPCertStatus = GOOD) -> Does:
    """A vehicle has a contract, of whose certificate the responder says this."""

    def act(stage: Any) -> None:
        peers = stage.gateways.peers
        made = peers.contract(EMAID, status)
        chain = (made.certificate, peers.authority.certificate)
        issuers = (peers.authority, peers.root)
        stage.kept["certificate"] = pem(*chain)
        stage.kept["serial"] = made.certificate.serial_number
        stage.kept["hashes"] = [
            {**issuer.hash_data(one), "responderURL": peers.url}
            for one, issuer in zip(chain, issuers, strict=True)
        ]
        stage.kept["hash"] = stage.kept["hashes"][0]

    return Does(act)


def presented(what: str, status: str, verdict: str) -> tuple[Step, ...]:
    """A contract is presented, as "hashes" or "certificate"; what must be said of it.

    The responder was asked about it, once.
    """
    field = {"hashes": "iso15118CertificateHashData", "certificate": "certificate"}[what]

    def was_asked(stage: Any) -> None:
        assert stage.gateways.peers.asked.count(stage.kept["serial"]) == 1

    return (
        Says(
            "Authorize",
            {"idToken": CONTRACT_TOKEN, field: Kept(what)},
            {"idTokenInfo": {"status": verdict}, "certificateStatus": status},
        ),
        Does(was_asked),
    )


def _is_the_responders(stage: Any) -> None:
    peers = stage.gateways.peers
    said = peers.says[stage.kept["serial"]]
    assert base64.b64decode(stage.kept["ocspResult"]) == said
    assert peers.asked.count(stage.kept["serial"]) == 1


def _question(answer: Payload, keep: str = "") -> Says:
    asked = {"ocspRequestData": Kept("hash")}
    return Says("GetCertificateStatus", asked, answer, keep=keep)


STATUS_ASKED: tuple[Step, ...] = (
    contract(),
    # asked twice: the second time what was said still holds
    *(_question({"status": "Accepted"}, "ocspResult"), Does(_is_the_responders)) * 2,
)


def new_contract(action: str, schema: str = SCHEMA_2, **more: Any) -> tuple[Step, ...]:
    """A vehicle asks for a contract certificate; the pool hears what it said, and has one."""
    asked = {"iso15118SchemaVersion": schema, "action": action, "exiRequest": EXI, **more}

    def there_is_one(stage: Any) -> None:
        stage.gateways.peers.pool = {
            "status": "Accepted",
            "exiResponse": NEW_EXI,
            "remainingContracts": 1,
        }

    def was_wanted(stage: Any) -> None:
        assert stage.gateways.peers.wanted[-1] == asked

    expected: Payload = {"status": "Accepted", "exiResponse": NEW_EXI}
    if more:
        expected["remainingContracts"] = 1
    return (
        Does(there_is_one),
        Says("Get15118EVCertificate", asked, expected),
        Does(was_wanted),
    )


def _two_to_look_up(stage: Any) -> None:
    """One that a responder knows as good, one that a list has as revoked, one nobody knows."""
    peers = stage.gateways.peers
    good, gone, lost = (peers.contract(EMAID, GOOD).certificate for _ in range(3))
    path = f"/{gone.serial_number}.crl"
    peers.lists[path] = peers.authority.revokes(gone)
    list_url = f"http://{peers.host}{path}"
    sources = ((good, "OCSP", peers.url), (gone, "CRL", list_url), (lost, "CRL", peers.url))
    stage.kept["requests"] = [
        {
            "certificateHashData": peers.authority.hash_data(one),
            "source": source,
            "urls": [f"http://{peers.host}/nothing-here", url],
        }
        for one, source, url in sources
    ]


def _are_told(stage: Any) -> None:
    states = [one["status"] for one in stage.kept["certificateStatus"]]
    assert states == ["Good", "Revoked", "Failed"]


CHAIN_ASKED: tuple[Step, ...] = (
    Does(_two_to_look_up),
    Says(
        "GetCertificateChainStatus",
        {"certificateStatusRequests": Kept("requests")},
        keep="certificateStatus",
    ),
    Does(_are_told),
)
