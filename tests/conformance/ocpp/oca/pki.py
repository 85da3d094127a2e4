"""A public key infrastructure of ISO 15118 for tests: authorities, certificates, what they say."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

DAY = dt.timedelta(days=1)
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
UNKNOWN = ocsp.OCSPCertStatus.UNKNOWN
SHA256 = hashes.SHA256()
_ENCODING = {True: ocsp.OCSPResponderEncoding.NAME, False: ocsp.OCSPResponderEncoding.HASH}


def pem(*certificates: x509.Certificate) -> str:
    """Certificates as text, one after the other."""
    encoding = serialization.Encoding.PEM
    return "".join(one.public_bytes(encoding).decode() for one in certificates)


@dataclass(frozen=True)
class Holder:
    """Who has a key and a certificate for it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def root(cls, name: str, **more: Any) -> "Holder":
        """An authority that nobody is above."""
        return _made(name, None, is_ca=True, **more)

    def below(self, name: str, **more: Any) -> "Holder":
        """An authority below this one."""
        return _made(name, self, is_ca=True, **more)

    def contract(self, emaid: str, **more: Any) -> "Holder":
        """A contract certificate."""
        return _made(emaid, self, **more)

    def responder(self, name: str = "responder", **more: Any) -> "Holder":
        """Who may answer in this one's place."""
        return _made(name, self, purpose=ExtendedKeyUsageOID.OCSP_SIGNING, **more)

    def says(
        self,
        certificate: x509.Certificate,
        status: ocsp.OCSPCertStatus = GOOD,
        *,
        by: "Holder | None" = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        along: Iterable[x509.Certificate] = (),
        algorithm: hashes.HashAlgorithm = SHA256,
        is_named: bool = False,
    ) -> bytes:
        """What is said (DER) of a certificate that this authority issued, by itself or another."""
        signer, now = by or self, dt.datetime.now(dt.UTC)
        is_revoked = status is REVOKED
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=self.certificate,
                algorithm=algorithm,
                cert_status=status,
                this_update=since or now - dt.timedelta(minutes=1),
                next_update=until or now + DAY,
                revocation_time=now - DAY if is_revoked else None,
                revocation_reason=None,
            )
            .responder_id(_ENCODING[is_named], signer.certificate)
        )
        if along:
            builder = builder.certificates(list(along))
        return builder.sign(signer.key, SHA256).public_bytes(serialization.Encoding.DER)

    def revokes(self, *certificates: x509.Certificate, until: dt.datetime | None = None) -> bytes:
        """A list (DER) of the certificates that this authority has revoked."""
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - DAY)
            .next_update(until or now + DAY)
        )
        for one in certificates:
            gone = x509.RevokedCertificateBuilder().serial_number(one.serial_number)
            builder = builder.add_revoked_certificate(gone.revocation_date(now - DAY).build())
        return builder.sign(self.key, SHA256).public_bytes(serialization.Encoding.DER)

    def hash_data(self, certificate: x509.Certificate, algorithm: str = "SHA256") -> dict[str, str]:
        """A certificate that this authority issued, as OCPP names it."""
        kind = getattr(hashes, algorithm)()
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, self.certificate, kind)
        asked = builder.build()
        return {
            "hashAlgorithm": algorithm,
            "issuerNameHash": asked.issuer_name_hash.hex(),
            "issuerKeyHash": asked.issuer_key_hash.hex(),
            "serialNumber": f"{certificate.serial_number:X}",
        }


def _made(
    name: str,
    by: Holder | None,
    *,
    is_ca: bool = False,
    url: str = "",
    ends: dt.datetime | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
    signer: ec.EllipticCurvePrivateKey | None = None,
    purpose: x509.ObjectIdentifier | None = None,
    path_length: int | None = None,
) -> Holder:
    """A certificate; `signer` signs in the issuer's name without being the issuer."""
    own, now = key or ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    last = ends or now + 30 * DAY
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(last - 60 * DAY)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(is_ca, path_length if is_ca else None), critical=True)
    )
    if url:
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    issuer_key = own if by is None else by.key
    return Holder(own, builder.sign(signer or issuer_key, SHA256))
