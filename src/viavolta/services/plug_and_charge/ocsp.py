"""OCSP: a certificate named, asked about, and answers that are believed (RFC 6960).

An answer is believed if it is about that certificate, fresh, and signed by who issued it or by whom
the issuer named for that. Who the issuer is, is told by the hash of its key in the name of the
certificate (CertID): a certificate of that key, wherever it comes from, is the issuer's.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from viavolta.services.plug_and_charge.signatures import HASHES, is_signed

CLOCKS_DIFFER = dt.timedelta(minutes=5)
WITHOUT_NEXT = dt.timedelta(hours=1)
"""How old an answer may be that does not say until when it holds."""

MOST_BYTES = 64_000
MOST_SERIAL_BITS = 160
"""RFC 5280 allows serial numbers of 20 octets."""

BROKEN = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library says of content that is none."""

_DER = serialization.Encoding.DER
_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}


class Status(StrEnum):
    """What is said of a certificate, in the words of OCPP 2.1."""

    GOOD = "Good"
    REVOKED = "Revoked"
    UNKNOWN = "Unknown"


_STATUS = {
    ocsp.OCSPCertStatus.GOOD: Status.GOOD,
    ocsp.OCSPCertStatus.REVOKED: Status.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: Status.UNKNOWN,
}


class Doubt(StrEnum):
    """Why what came is not believed: a word of 20 characters at most, for the station."""

    INVALID_HASHES = "InvalidHashData"
    TOO_LARGE = "AnswerTooLarge"
    REFUSES = "ResponderRefuses"
    WRONG_CERTIFICATE = "WrongCertificate"
    ISSUER_UNKNOWN = "IssuerUnknown"
    WRONG_SIGNER = "WrongSigner"
    NO_ANSWER = "NoOcspAnswer"
    NOT_YET = "NotYetValid"
    TOO_OLD = "AnswerTooOld"
    PARTIAL = "PartialList"
    NO_LIST = "NoList"
    NO_RESPONDER = "NoResponder"


class NotBelievedError(Exception):
    """What came is not believed, and why."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class CertId:
    """A certificate by its number and the hashes of its issuer's name and key."""

    algorithm: str
    name_hash: bytes
    key_hash: bytes
    serial: int

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> "CertId":
        """What OCPP calls CertificateHashDataType or OCSPRequestDataType; numbers in hexadecimal.

        Raises
        ------
        NotBelievedError: it names no certificate.
        """
        try:
            found = cls(
                algorithm=words["hashAlgorithm"],
                name_hash=bytes.fromhex(words["issuerNameHash"]),
                key_hash=bytes.fromhex(words["issuerKeyHash"]),
                serial=int(words["serialNumber"], 16),
            )
        except ValueError as error:
            raise NotBelievedError(Doubt.INVALID_HASHES) from error
        size = _ALGORITHMS[found.algorithm].digest_size
        is_one = len(found.name_hash) == len(found.key_hash) == size
        if not is_one or found.serial <= 0 or found.serial.bit_length() > MOST_SERIAL_BITS:
            raise NotBelievedError(Doubt.INVALID_HASHES)
        return found

    @classmethod
    def under(cls, issuer: x509.Certificate, serial: int, algorithm: str = "SHA256") -> "CertId":
        """The certificate of a number that an issuer signed."""
        kind = _ALGORITHMS[algorithm]
        name = hashes.Hash(kind)
        name.update(issuer.subject.public_bytes())
        # the library takes the name from the first certificate, the key from the second
        own = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, kind).build()
        return cls(
            algorithm=algorithm,
            name_hash=name.finalize(),
            key_hash=own.issuer_key_hash,
            serial=serial,
        )

    def is_by(self, issuer: x509.Certificate) -> bool:
        """Whether that is who issued it."""
        try:
            return self == CertId.under(issuer, self.serial, self.algorithm)
        except BROKEN:
            return False

    def question(self) -> bytes:
        """The request for a responder (DER)."""
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            self.name_hash, self.key_hash, self.serial, _ALGORITHMS[self.algorithm]
        )
        return builder.build().public_bytes(_DER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What is known of a certificate, until when, from whom, and the answer itself (DER)."""

    status: Status
    until: dt.datetime | None
    issuer: x509.Certificate
    others: tuple[x509.Certificate, ...] = ()
    """Certificates that came along: they may build a path, and vouch for nothing."""
    answer: bytes = b""


def believed(
    answer: bytes, asked: CertId, *, issuers: Iterable[x509.Certificate], now: dt.datetime
) -> Believed:
    """What a responder's answer says of the certificate that was asked about.

    Parameters
    ----------
    issuers
        Certificates that may be the issuer's; those in the answer are looked at as well.

    Raises
    ------
    NotBelievedError: it is no answer, not about that, not fresh, or not signed by the issuer or a
        responder that the issuer named.
    """
    if len(answer) > MOST_BYTES:
        raise NotBelievedError(Doubt.TOO_LARGE)
    try:
        read = ocsp.load_der_ocsp_response(answer)
        if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NotBelievedError(Doubt.REFUSES)
        others = tuple(read.certificates)
        single = next((one for one in read.responses if _is_about(one, asked)), None)
        if single is None:
            raise NotBelievedError(Doubt.WRONG_CERTIFICATE)
        until = _fresh_until(single, now)
        issuer = next((one for one in (*issuers, *others) if asked.is_by(one)), None)
        if issuer is None:
            raise NotBelievedError(Doubt.ISSUER_UNKNOWN)
        if not any(_signed(read, signer) for signer in _signers(read, issuer, others, now)):
            raise NotBelievedError(Doubt.WRONG_SIGNER)
        status = _STATUS[single.certificate_status]
    except BROKEN as error:
        raise NotBelievedError(Doubt.NO_ANSWER) from error
    return Believed(status=status, until=until, issuer=issuer, others=others, answer=answer)


def responders_of(certificate: x509.Certificate) -> list[str]:
    """The addresses of responders that a certificate names."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, *BROKEN):
        return []
    return [
        one.access_location.value
        for one in access.value
        if one.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    ]


def is_issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether one certificate names and verifies the other; with hashes that are strong enough."""
    try:
        algorithm = certificate.signature_hash_algorithm
        if algorithm is not None and not isinstance(algorithm, HASHES):
            return False
        certificate.verify_directly_issued_by(by)
    except (InvalidSignature, *BROKEN):
        return False
    return True


def _is_about(single: ocsp.OCSPSingleResponse, asked: CertId) -> bool:
    return (
        isinstance(single.hash_algorithm, type(_ALGORITHMS[asked.algorithm]))
        and single.issuer_name_hash == asked.name_hash
        and single.issuer_key_hash == asked.key_hash
        and single.serial_number == asked.serial
    )


def _fresh_until(single: ocsp.OCSPSingleResponse, now: dt.datetime) -> dt.datetime | None:
    since, until = single.this_update_utc, single.next_update_utc
    if since > now + CLOCKS_DIFFER:
        raise NotBelievedError(Doubt.NOT_YET)
    ends = since + WITHOUT_NEXT if until is None else until
    if ends <= now:
        raise NotBelievedError(Doubt.TOO_OLD)
    return until


def _signers(
    read: ocsp.OCSPResponse,
    issuer: x509.Certificate,
    others: Iterable[x509.Certificate],
    now: dt.datetime,
) -> Iterable[x509.Certificate]:
    """The issuer, and whom it named to answer (RFC 6960 4.2.2.2), if they are who signs here."""
    if _calls_itself(read, issuer):
        yield issuer
    for one in others:
        if _calls_itself(read, one) and _may_answer(one, issuer, now):
            yield one


def _may_answer(one: x509.Certificate, issuer: x509.Certificate, now: dt.datetime) -> bool:
    try:
        usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, *BROKEN):
        return False
    is_valid = one.not_valid_before_utc <= now <= one.not_valid_after_utc
    return is_valid and ExtendedKeyUsageOID.OCSP_SIGNING in usage and is_issued(one, issuer)


def _calls_itself(read: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    if read.responder_name is not None:
        return read.responder_name == signer.subject
    own = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    return read.responder_key_hash == own.digest


def _signed(read: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    return is_signed(
        signer.public_key(),
        read.signature,
        read.tbs_response_bytes,
        read.signature_hash_algorithm,
    )
