"""Requests for certificates: what is signed, and what is not."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from viavolta.services.station_certificates import (
    new_authority,
    pem_of,
    sha256_of,
    signed,
    why_unsigned,
)

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
P256 = ec.generate_private_key(ec.SECP256R1())


def csr(
    *names: str,
    organisation: str = "Town",
    key: object = P256,
    algorithm: hashes.HashAlgorithm | None = None,
) -> str:
    """A request with these common names."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]
    attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    default = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = builder.sign(key, algorithm or default)  # type: ignore[arg-type]
    return request.public_bytes(serialization.Encoding.PEM).decode()


def broken() -> str:
    """A request whose signature is another's."""
    pem = csr("cp-1")
    der = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    request = x509.load_der_x509_csr(bytes(der))
    return request.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("request_pem", "why"),
    [
        (csr("cp-1"), ""),
        (csr("serial-9"), ""),
        (csr("cp-1", key=rsa.generate_private_key(65537, 2048)), ""),
        (csr("cp-1", key=ec.generate_private_key(ec.SECP384R1())), ""),
        (csr("cp-2"), "WrongCommonName"),
        (csr("cp-1", "cp-2"), "WrongCommonName"),
        (csr(), "WrongCommonName"),
        (csr("cp-1", organisation="Other"), "WrongOrganization"),
        (csr("cp-1", key=rsa.generate_private_key(65537, 1024)), "WeakKey"),  # noqa: S505 - weak it is
        (csr("cp-1", key=rsa.generate_private_key(3, 2048)), "WeakKey"),
        (csr("cp-1", key=ec.generate_private_key(ec.SECP192R1())), "WeakKey"),
        (csr("cp-1", key=dsa.generate_private_key(2048)), "WeakKey"),
        (csr("cp-1", key=ed25519.Ed25519PrivateKey.generate()), "InvalidCSR"),
        (broken(), "InvalidCSR"),
        (pem_of(new_authority("Town", now=NOW).certificate), "InvalidCSR"),
        ("", "InvalidCSR"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
            "InvalidCSR",
        ),
    ],
)
def test_requests_are_checked(request_pem: str, why: str) -> None:
    """Name, organisation, key and signature, each on its own."""
    assert why_unsigned(request_pem, names={"cp-1", "serial-9"}, organisation="Town") == why


def test_a_certificate_says_what_the_operator_says() -> None:
    """It is a client's, no authority's, whatever the request asked for."""
    authority = new_authority("Town", now=NOW)
    made = signed(authority, csr("cp-1"), now=NOW)
    made.verify_directly_issued_by(authority.certificate)
    assert made.subject.rfc4514_string() == "CN=cp-1,O=Town"
    assert made.public_key() == P256.public_key()
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert made.not_valid_after_utc == NOW + dt.timedelta(days=365)
    assert len(sha256_of(made)) == 64
    assert len(pem_of(made)) < 10_000  # what CertificateSigned takes
