"""Certificates of stations: requests checked, signed by their operator's own authority.

OCPP 2.0.1 part 2, A02, A03 and A00.FR.501 to 514; 1.6 security whitepaper edition 3. A certificate
says two things alone, the station's name and its operator's, and is good for TLS as a client.
What else a request asks for is not taken over.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

STATION_VALID = dt.timedelta(days=365)
AUTHORITY_VALID = dt.timedelta(days=3650)
CLOCKS_DIFFER = dt.timedelta(hours=1)
"""A certificate counts from so long before it was made: clocks of stations are not exact."""

_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_RSA_BITS = range(2048, 8193)
_LEAST_EXPONENT = 65537
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An operator's own authority: the name of the organisation, its certificate, its key."""

    organisation: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_authority(organisation: str, *, now: dt.datetime) -> Authority:
    """An authority with a new key."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, "stations"),
        ]
    )
    certificate = (
        _builder(name, name, key.public_key(), now=now, valid=AUTHORITY_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA384())
    )
    return Authority(organisation=organisation, certificate=certificate, key=key)


def why_unsigned(csr: str, *, names: Collection[str], organisation: str) -> str:
    """Why a request is not signed, in one word for the station; "" where it may be.

    `names` are those that the station may call itself: its identity and its serial number.
    """
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        key, is_signed = request.public_key(), request.is_signature_valid
        algorithm = request.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return "InvalidCSR"
    if not is_signed or not isinstance(algorithm, _HASHES):
        return "InvalidCSR"
    if not _is_strong(key):
        return "WeakKey"
    if _only(request.subject, NameOID.COMMON_NAME) not in names:
        return "WrongCommonName"
    if _only(request.subject, NameOID.ORGANIZATION_NAME) != organisation:
        return "WrongOrganization"
    return ""


def signed(authority: Authority, csr: str, *, now: dt.datetime) -> x509.Certificate:
    """The certificate for a request that `why_unsigned` found nothing wrong with."""
    request = x509.load_pem_x509_csr(csr.encode())
    subject = x509.Name(
        attribute
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for attribute in request.subject.get_attributes_for_oid(oid)
    )
    issuer = authority.certificate
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    key = request.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        msg = "a request that was not checked"
        raise TypeError(msg)
    return (
        _builder(subject, issuer.subject, key, now=now, valid=STATION_VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(authority_key, critical=False)
        .sign(authority.key, hashes.SHA384())
    )


def pem_of(certificate: x509.Certificate) -> str:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def sha256_of(certificate: x509.Certificate) -> str:
    """The fingerprint that a station's row keeps."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    *,
    now: dt.datetime,
    valid: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + valid)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_strong(key: object) -> bool:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return isinstance(key.curve, _CURVES)
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size in _RSA_BITS and key.public_numbers().e >= _LEAST_EXPONENT
    return False


def _only(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    """The value of an attribute that stands there exactly once."""
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else None
