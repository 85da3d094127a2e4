"""What stations show vehicles, and what a pool of contracts may answer."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from oca.certificates import Pair

from viavolta.protocols.ocpp.schemas import Part, Version, first_violation
from viavolta.services.plug_and_charge import pool
from viavolta.services.plug_and_charge.ocsp import CertId
from viavolta.services.plug_and_charge.v2g import (
    STATION_VALID,
    Use,
    is_fit,
    is_root,
    new_v2g_authority,
    renewed,
    signed_for_vehicles,
    use_of,
)

NOW = dt.datetime.now(dt.UTC)
AUTHORITY = new_v2g_authority("Town", now=NOW)
CSR = Pair.new().request("cp-1", "Town")


def _request(curve: ec.EllipticCurve, algorithm: hashes.HashAlgorithm) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cp-1")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    made = builder.sign(ec.generate_private_key(curve), algorithm)
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_what_a_request_is_for() -> None:
    """As it says; where it says nothing, for both if that can be."""
    strong = _request(ec.SECP384R1(), hashes.SHA384())
    assert use_of({"csr": CSR}, has_authority=True) is Use.BOTH
    assert use_of({"csr": CSR}, has_authority=False) is Use.STATION
    assert use_of({"csr": strong}, has_authority=True) is Use.STATION
    for kind, use in (
        ("ChargingStationCertificate", Use.STATION),
        ("V2GCertificate", Use.V2G),
        ("V2G20Certificate", None),
    ):
        assert use_of({"csr": CSR, "certificateType": kind}, has_authority=True) is use
    kind = {"certificateType": "V2GCertificate"}
    assert use_of({"csr": CSR, **kind}, has_authority=False) is None


def test_keys_of_the_standard() -> None:
    """P-256 and SHA-256, nothing else."""
    assert is_fit(CSR)
    assert not is_fit(_request(ec.SECP384R1(), hashes.SHA256()))
    assert not is_fit(_request(ec.SECP256R1(), hashes.SHA384()))
    assert not is_fit("no request")


def test_a_certificate_for_vehicles() -> None:
    """The station's name, its operator's and the domain CPO; two months; a server's, not a CA's."""
    leaf = signed_for_vehicles(AUTHORITY, CSR, Use.V2G, now=NOW)
    leaf.verify_directly_issued_by(AUTHORITY.certificate)
    AUTHORITY.certificate.verify_directly_issued_by(AUTHORITY.root)
    assert leaf.subject.rfc4514_string() == "DC=CPO,O=Town,CN=cp-1"
    assert leaf.not_valid_after_utc - NOW <= STATION_VALID
    extensions = leaf.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_agreement, usage.key_cert_sign) == (
        True,
        True,
        False,
    )
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    purposes = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == [ExtendedKeyUsageOID.SERVER_AUTH]
    both = signed_for_vehicles(AUTHORITY, CSR, Use.BOTH, now=NOW).extensions
    assert (
        ExtendedKeyUsageOID.CLIENT_AUTH in both.get_extension_for_class(x509.ExtendedKeyUsage).value
    )


def test_nothing_outlives_its_authority() -> None:
    """A certificate ends with the authority; a new authority stands under the same root."""
    late = AUTHORITY.certificate.not_valid_after_utc - dt.timedelta(days=1)
    leaf = signed_for_vehicles(AUTHORITY, CSR, Use.V2G, now=late)
    assert leaf.not_valid_after_utc == AUTHORITY.certificate.not_valid_after_utc
    again = renewed(AUTHORITY, now=late)
    assert (again.root, again.root_key) == (AUTHORITY.root, AUTHORITY.root_key)
    again.certificate.verify_directly_issued_by(AUTHORITY.root)


def test_a_station_may_ask_for_a_root() -> None:
    """2.1: by its hashes."""
    named = CertId.under(AUTHORITY.root, AUTHORITY.root.serial_number)
    words = {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": named.name_hash.hex(),
        "issuerKeyHash": named.key_hash.hex(),
        "serialNumber": f"{named.serial:x}",
    }
    assert is_root(words, AUTHORITY.root)
    assert is_root(None, AUTHORITY.root)
    assert not is_root({**words, "serialNumber": "01"}, AUTHORITY.root)
    assert not is_root({**words, "issuerKeyHash": "x"}, AUTHORITY.root)


EXI = base64.b64encode(b"exi").decode()
GOOD: dict[str, Any] = {"status": "Accepted", "exiResponse": EXI}


def test_the_pool_is_asked_what_the_vehicle_said() -> None:
    """The fields of the call, and no others."""
    payload = {"iso15118SchemaVersion": "v", "action": "Install", "exiRequest": EXI}
    more = {"maximumContractCertificateChains": 2, "prioritizedEMAIDs": ["a"]}
    asked = json.loads(pool.question({**payload, **more, "customData": {"vendorId": "x"}}))
    assert asked == {**payload, **more}


def test_what_the_pool_has_is_taken() -> None:
    """2.1 is told how many contracts are left; 2.0.1 has no word for it."""
    content = json.dumps({**GOOD, "remainingContracts": 2}).encode()
    assert pool.answer_of(content, Version.V201) == GOOD
    assert pool.answer_of(content, Version.V21) == {**GOOD, "remainingContracts": 2}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"3", b"{}", b"\xff", b"[" * 30_000, b'{"status": "Maybe"}',
        b'{"status": "Accepted"}', b'{"status": "Accepted", "exiResponse": "!"}',
        b'{"status": "Accepted", "exiResponse": 3}', b'{"status": "Accepted", "exiResponse": ""}',
        b'{"status": "Accepted", "exiResponse": "%s"}' % (b"AAAA" * 5_000),
        b'{"status": "Accepted", "exiResponse": "AAAA", "remainingContracts": -1}',
        b'{"status": "Accepted", "exiResponse": "AAAA", "remainingContracts": true}',
        b'{"status": "Failed"}', b'{"status": "Failed", "reasonCode": "%s"}' % (b"x" * 100),
        b'{"status": "Failed", "reasonCode": {"a": "\\u0000"}}',
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_as_that(content: bytes, version: Version) -> None:
    """Whatever the pool says, the station hears Failed, in the form of the standard."""
    found = pool.answer_of(content, version)
    assert found["status"] == "Failed"
    assert first_violation(version, "Get15118EVCertificate", found, Part.RESPONSE) is None
