"""OCMF: a record of a real meter verifies, a changed one does not, nonsense is told as such."""

import base64
import datetime as dt
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from ocmf_sample import KEY, PAYLOAD, RECORD

from viavolta.protocols.ocmf import Verdict, checked, record_of


@pytest.mark.parametrize(
    "text", [RECORD, RECORD.encode().hex(), base64.b64encode(RECORD.encode()).decode()]
)
def test_a_real_meter(text: str) -> None:
    """Read as it is, as hexadecimal (1.6) and as base64 (2.x), and verified."""
    record = record_of(text)
    begin, end = record.readings
    assert begin.at == dt.datetime(2019, 8, 13, 10, 3, 15, tzinfo=dt.UTC)
    assert (begin.kind, begin.value, begin.unit, begin.status) == ("B", 0.2596, "kWh", "G")
    assert (end.kind, end.value, end.clock, record.meter) == ("E", 0.2597, "R", "17619300")
    assert checked(record, KEY) is Verdict.VALID


def test_a_changed_reading_is_found_out() -> None:
    """One digit more, or white space elsewhere: forged."""
    for changed in (RECORD.replace("0.2597", "0.3597"), RECORD.replace('"B",', '"B", ')):
        assert checked(record_of(changed), KEY) is Verdict.FORGED


@pytest.mark.parametrize(
    ("curve", "name", "digest", "hash_name"),
    [
        (ec.SECP192R1(), "secp192r1", hashes.SHA256(), "SHA256"),
        (ec.SECP384R1(), "secp384r1", hashes.SHA256(), "SHA256"),
        (ec.SECP521R1(), "secp521r1", hashes.SHA512(), "SHA512"),
        (ec.BrainpoolP256R1(), "brainpool256r1", hashes.SHA256(), "SHA256"),
        (ec.BrainpoolP384R1(), "brainpoolP384r1", hashes.SHA256(), "SHA256"),
    ],
)
def test_every_curve_of_the_format(
    curve: ec.EllipticCurve, name: str, digest: hashes.HashAlgorithm, hash_name: str
) -> None:
    """Signed here, verified here, with a signature in base64."""
    secret = ec.generate_private_key(curve)
    signature = base64.b64encode(secret.sign(PAYLOAD.encode(), ec.ECDSA(digest))).decode()
    signed = json.dumps({"SA": f"ECDSA-{name}-{hash_name}", "SE": "base64", "SD": signature})
    key = secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = record_of(f"OCMF|{PAYLOAD}|{signed}")
    assert checked(record, base64.b64encode(key).decode()) is Verdict.VALID
    assert checked(record, KEY) is Verdict.NOT_CHECKABLE


@pytest.mark.parametrize("key", ["", "xyz", "30", KEY[:60]])
def test_what_is_no_key_is_told(key: str) -> None:
    """Never taken for a key."""
    with pytest.raises(ValueError, match="key"):
        checked(record_of(RECORD), key)


@given(
    text=st.text() | st.text().map(lambda t: f"OCMF|{t}") | st.just("OCMF|" + "[" * 9000 + "|{}")
)
def test_nonsense_is_no_record(text: str) -> None:
    """A ValueError, whatever came."""
    with pytest.raises(ValueError, match=r"."):
        record_of(text)
