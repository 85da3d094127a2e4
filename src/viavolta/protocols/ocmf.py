"""Signed readings of meters in the Open Charge Metering Format, and the check of their signature.

`OCMF|<payload>|<signature>`: the signature is over the payload's bytes as they came. Source: OCMF
1.0 to 1.4, SAFE e.V. (https://github.com/SAFE-eV/OCMF-Open-Charge-Metering-Format). Meters know
their key, readers get it by another way; a key that comes with the record proves nothing.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

MOST_CHARS = 20_000
MOST_READINGS = 100
_USUAL = "ECDSA-secp256r1-SHA256"
"""Where the record names no algorithm (table 8)."""

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
_CURVES = {
    "secp192r1": "secp192r1",
    "secp256k1": "secp256k1",
    "secp256r1": "secp256r1",
    "secp384r1": "secp384r1",
    "secp521r1": "secp521r1",
    "brainpool256r1": "brainpoolP256r1",
    "brainpoolp256r1": "brainpoolP256r1",
    "brainpool384r1": "brainpoolP384r1",
    "brainpoolp384r1": "brainpoolP384r1",
}


class Verdict(StrEnum):
    """What the check of a signature says."""

    VALID = "valid"
    FORGED = "forged"
    """The signature does not fit payload and key."""
    NOT_CHECKABLE = "not-checkable"
    """An algorithm that is not known here, or a key of another curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReading:
    """One reading: `kind` is B at the begin, E at the end; `status` G where the meter is well."""

    at: dt.datetime | None
    clock: str
    kind: str
    value: float | None
    unit: str
    register: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OcmfRecord:
    """A record: its text, what was signed, its readings, and the signature."""

    text: str
    payload: str
    pagination: str
    meter: str
    readings: tuple[SignedReading, ...]
    algorithm: str
    signature: bytes


def record_of(text: str) -> OcmfRecord:
    """A record from its text, as it is or as base64 or hexadecimal, as OCPP carries it.

    Raises
    ------
    ValueError: it is no OCMF record.
    """
    plain = _plain(text)
    parts = plain.split("|")
    if len(parts) < 3 or parts[0] != "OCMF":  # noqa: PLR2004 - header, payload, signature
        msg = "no OCMF record"
        raise ValueError(msg)
    fields, signed = _object(parts[1]), _object(parts[2])
    rows = fields.get("RD")
    readings: list[SignedReading] = []
    for row in rows[:MOST_READINGS] if isinstance(rows, list) else []:
        if isinstance(row, dict):
            readings.append(_reading(row, before=readings[-1] if readings else None))
    return OcmfRecord(
        text=plain,
        payload=parts[1],
        pagination=_word(fields.get("PG")),
        meter=_word(fields.get("MS")) or _word(fields.get("GS")),
        readings=tuple(readings),
        algorithm=_word(signed.get("SA")) or _USUAL,
        signature=_bytes(_word(signed.get("SD"), 2000), _word(signed.get("SE")) or "hex"),
    )


def checked(record: OcmfRecord, public_key: str) -> Verdict:
    """Whether a record was signed with the private key of this public one.

    Parameters
    ----------
    public_key
        DER (SubjectPublicKeyInfo) in hexadecimal or base64.

    Raises
    ------
    ValueError: that is no public key of an elliptic curve.
    """
    key = key_of(public_key)
    method, _, rest = record.algorithm.partition("-")
    curve, _, digest = rest.partition("-")
    if (
        method != "ECDSA"
        or digest not in _HASHES
        or _CURVES.get(curve.lower(), "").lower() != key.curve.name.lower()
    ):
        return Verdict.NOT_CHECKABLE
    try:
        key.verify(record.signature, record.payload.encode(), ec.ECDSA(_HASHES[digest]))
    except InvalidSignature:
        return Verdict.FORGED
    return Verdict.VALID


def key_of(text: str) -> ec.EllipticCurvePublicKey:
    """A public key from DER in hexadecimal or base64.

    Raises
    ------
    ValueError: it is none of an elliptic curve.
    """
    try:
        key = load_der_public_key(_decoded("".join(text[:MOST_CHARS].split())))
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = "no public key of an elliptic curve"
        raise ValueError(msg) from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        msg = "a key of another kind"
        raise ValueError(msg)
    return key


def _plain(text: str) -> str:
    if len(text) > MOST_CHARS:
        msg = "too long for an OCMF record"
        raise ValueError(msg)
    return text if text.startswith("OCMF|") else _decoded(text.strip()).decode()


def _decoded(text: str) -> bytes:
    """Bytes from hexadecimal, else from base64; ValueError where it is neither."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return base64.b64decode(text, validate=True)


def _bytes(text: str, encoding: str) -> bytes:
    try:
        return (
            base64.b64decode(text, validate=True) if encoding == "base64" else bytes.fromhex(text)
        )
    except (ValueError, binascii.Error) as error:
        msg = "a signature that cannot be read"
        raise ValueError(msg) from error


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except RecursionError as error:
        msg = "nested too deeply"
        raise ValueError(msg) from error
    if not isinstance(found, dict):
        msg = "not an object"
        raise ValueError(msg)
    return found


def _reading(row: Mapping[str, Any], *, before: SignedReading | None) -> SignedReading:
    """A reading; what it leaves out is as in the one before (section on readings)."""
    moment, _, clock = _word(row.get("TM")).partition(" ")
    value = row.get("RV")
    return SignedReading(
        at=_time(moment),
        clock=clock,
        kind=_word(row.get("TX")),
        value=float(value) if isinstance(value, int | float) else None,
        unit=_word(row.get("RU")) or (before.unit if before else ""),
        register=_word(row.get("RI")) or (before.register if before else ""),
        status=_word(row.get("ST")),
    )


def _time(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S,%f%z")
    except ValueError:
        return None


def _word(value: object, most: int = 120) -> str:
    return value[:most] if isinstance(value, str) else ""
