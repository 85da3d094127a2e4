"""Paths from a certificate to a root that the operator trusts (RFC 5280 chapter 6, as far as the
chains of ISO 15118 go: a leaf, up to two authorities below the root, names compared as they are).
"""  # noqa: D205

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from viavolta.services.plug_and_charge.ocsp import BROKEN, is_issued

MOST_CERTIFICATES = 5
_UNDERSTOOD = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.CertificatePolicies,
)


class CertificateStatus(StrEnum):
    """What a contract certificate is found to be, in the words of OCPP 2.0.1."""

    ACCEPTED = "Accepted"
    SIGNATURE = "SignatureError"
    EXPIRED = "CertificateExpired"
    REVOKED = "CertificateRevoked"
    NOT_AVAILABLE = "NoCertificateAvailable"
    CHAIN = "CertChainError"
    CANCELLED = "ContractCancelled"


class BrokenChainError(Exception):
    """There is no path; `status` says why."""

    def __init__(self, status: CertificateStatus) -> None:
        super().__init__(status.value)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What an operator trusts: roots (of mobility operators, of V2G), and authorities below them
    that only help to build a path.
    """  # noqa: D205

    roots: tuple[x509.Certificate, ...] = ()
    below: tuple[x509.Certificate, ...] = ()

    @property
    def all(self) -> tuple[x509.Certificate, ...]:
        """All of them."""
        return (*self.roots, *self.below)


def path_to_root(
    first: x509.Certificate,
    *,
    others: Iterable[x509.Certificate],
    trusted: Trusted,
    now: dt.datetime,
    is_issuer: bool = False,
) -> list[x509.Certificate]:
    """The certificates from one to a trusted root, both included.

    Parameters
    ----------
    others
        What was presented along with it.
    is_issuer
        Whether the first must be one that may issue certificates itself.

    Raises
    ------
    BrokenChainError: an issuer is not there, did not sign, may not sign, or is not valid now.
    """
    pool = [*trusted.all, *others]
    path = [first]
    while path[-1] not in trusted.roots:
        issuer = _issuer_of(path[-1], pool)
        if issuer in path or len(path) >= MOST_CERTIFICATES:
            raise BrokenChainError(CertificateStatus.CHAIN)
        path.append(issuer)
    if any(not one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in path):
        raise BrokenChainError(CertificateStatus.EXPIRED)
    issuers = path if is_issuer else path[1:]
    is_right = all(_is_understood(one) for one in path) and all(
        _may_sign(one, n_below) for n_below, one in enumerate(issuers)
    )
    if not is_right:
        raise BrokenChainError(CertificateStatus.CHAIN)
    return path


def is_end(certificate: x509.Certificate) -> bool:
    """Whether a certificate is nobody's issuer, and may sign messages."""
    try:
        extensions = certificate.extensions
        ca = [e.value.ca for e in extensions if isinstance(e.value, x509.BasicConstraints)]
        signs = [
            e.value.digital_signature for e in extensions if isinstance(e.value, x509.KeyUsage)
        ]
    except BROKEN:
        return False
    return not any(ca) and all(signs)


def _issuer_of(
    certificate: x509.Certificate, pool: Collection[x509.Certificate]
) -> x509.Certificate:
    named = [one for one in pool if one.subject == certificate.issuer]
    if not named:
        raise BrokenChainError(CertificateStatus.CHAIN)
    issuer = next((one for one in named if is_issued(certificate, one)), None)
    if issuer is None:
        raise BrokenChainError(CertificateStatus.SIGNATURE)
    return issuer


def _is_understood(certificate: x509.Certificate) -> bool:
    try:
        return all(isinstance(e.value, _UNDERSTOOD) for e in certificate.extensions if e.critical)
    except BROKEN:
        return False


def _may_sign(certificate: x509.Certificate, n_below: int) -> bool:
    """Whether it may issue certificates, with so many authorities below it."""
    values = [extension.value for extension in certificate.extensions]
    basic = next((v for v in values if isinstance(v, x509.BasicConstraints)), None)
    usage = next((v for v in values if isinstance(v, x509.KeyUsage)), None)
    if basic is None or not basic.ca or (usage is not None and not usage.key_cert_sign):
        return False
    return basic.path_length is None or basic.path_length >= n_below
