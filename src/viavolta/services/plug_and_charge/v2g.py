"""What a station shows vehicles: certificates of ISO 15118-2, by an authority of its operator.

A root of the operator's own, an authority below it, and short-lived certificates for stations: keys
on P-256, ECDSA with SHA-256, the domain component CPO, usage and lifetimes as public descriptions
of the standard's annex F give them. Vehicles know such a root only where it was put into them; the
roots that cars are sold with belong to others.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from viavolta.services.plug_and_charge.ocsp import CertId, NotBelievedError
from viavolta.services.station_certificates import CLOCKS_DIFFER

ROOT_VALID = dt.timedelta(days=40 * 365)
AUTHORITY_VALID = dt.timedelta(days=4 * 365)
STATION_VALID = dt.timedelta(days=60)
_CPO = "CPO"
_V2G = "V2G"


class Use(StrEnum):
    """What a station's certificate is for, in the words of OCPP; BOTH where it says none."""

    STATION = "ChargingStationCertificate"
    V2G = "V2GCertificate"
    BOTH = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class V2GAuthority:
    """An operator's own root and the authority below it, with the key of each."""

    organisation: str
    root: x509.Certificate
    root_key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_v2g_authority(organisation: str, *, now: dt.datetime) -> V2GAuthority:
    """A root and an authority with new keys."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    name = _name(organisation, "V2G root", _V2G)
    root = _signed(
        root_key.public_key(), name, name, root_key, now=now, ends=now + ROOT_VALID, n_below=1
    )
    return _below(organisation, root, root_key, now=now)


def renewed(authority: V2GAuthority, *, now: dt.datetime) -> V2GAuthority:
    """A new authority below the same root."""
    return _below(authority.organisation, authority.root, authority.root_key, now=now)


def use_of(request: Mapping[str, Any], *, has_authority: bool) -> Use | None:
    """What a request for a certificate (SignCertificate of 2.x) is for; None: not signed here.

    A request that does not say so is for both uses (2.0.1 A02), where its key allows it and the
    operator has an authority for it; else for the link to the central system alone.
    """
    kind = request.get("certificateType", "")
    if kind == Use.STATION or (not kind and not (has_authority and is_fit(request["csr"]))):
        return Use.STATION
    if kind in {Use.V2G, Use.BOTH} and has_authority:
        return Use(kind)
    return None


def is_fit(csr: str) -> bool:
    """Whether a request's key and signature are those of ISO 15118-2."""
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        key, algorithm = request.public_key(), request.signature_hash_algorithm
    except ValueError:
        return False
    is_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    return is_curve and isinstance(algorithm, hashes.SHA256)


def is_root(asked: Mapping[str, Any] | None, root: x509.Certificate) -> bool:
    """Whether a station asks for a certificate under this root (2.1), or under any."""
    if asked is None:
        return True
    try:
        return CertId.of(asked) == CertId.under(root, root.serial_number, asked["hashAlgorithm"])
    except NotBelievedError:
        return False


def signed_for_vehicles(
    authority: V2GAuthority, csr: str, use: Use, *, now: dt.datetime
) -> x509.Certificate:
    """The certificate for a request that was checked, with its name and nothing else of it."""
    request = x509.load_pem_x509_csr(csr.encode())
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        msg = "a request that was not checked"
        raise TypeError(msg)
    (common_name,) = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
    if use is Use.BOTH:
        purposes.append(ExtendedKeyUsageOID.CLIENT_AUTH)
    return _signed(
        key,
        _name(authority.organisation, str(common_name.value), _CPO),
        authority.certificate.subject,
        authority.key,
        now=now,
        ends=min(now + STATION_VALID, authority.certificate.not_valid_after_utc),
        purposes=purposes,
    )


def is_for_vehicles(certificate: x509.Certificate) -> bool:
    """Whether a station shows a certificate to vehicles: its domain component says so."""
    domains = certificate.subject.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT)
    return [one.value for one in domains] == [_CPO]


def _below(
    organisation: str,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    *,
    now: dt.datetime,
) -> V2GAuthority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(
        key.public_key(),
        _name(organisation, "V2G stations", _V2G),
        root.subject,
        root_key,
        now=now,
        ends=min(now + AUTHORITY_VALID, root.not_valid_after_utc),
        n_below=0,
    )
    return V2GAuthority(
        organisation=organisation, root=root, root_key=root_key, certificate=certificate, key=key
    )


def _name(organisation: str, common_name: str, domain: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.DOMAIN_COMPONENT, domain),
        ]
    )


def _signed(
    key: ec.EllipticCurvePublicKey,
    subject: x509.Name,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    *,
    now: dt.datetime,
    ends: dt.datetime,
    n_below: int | None = None,
    purposes: list[x509.ObjectIdentifier] | None = None,
) -> x509.Certificate:
    """A certificate; `n_below`: how many authorities may be below it, None for a station's."""
    is_authority = n_below is not None
    own = x509.SubjectKeyIdentifier.from_public_key(key)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(is_authority, n_below), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(own, critical=False)
        .add_extension(above, critical=False)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return builder.sign(by, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
