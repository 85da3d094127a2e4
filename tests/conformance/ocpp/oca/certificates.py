"""Keys, requests and certificates of the stations that the cases play, and of the gateway."""

import datetime as dt
import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ORGANISATION = "Town"
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A key, and what was signed for it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate | None = None

    @classmethod
    def new(cls) -> "Pair":
        """A new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def request(self, name: str, organisation: str = ORGANISATION) -> str:
        """A request for a certificate."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(_name(name, organisation))
        return _pem(builder.sign(self.key, hashes.SHA256()))

    def self_signed(self, name: str) -> "Pair":
        """A certificate of its own making, for this machine."""
        subject, now = _name(name, "Other"), dt.datetime.now(dt.UTC)
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(here, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Pair(self.key, made)

    def write(self, folder: Path, name: str) -> tuple[str, str]:
        """The files of certificate and key."""
        assert self.certificate is not None
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        files = folder / f"{name}.crt", folder / f"{name}.key"
        files[0].write_text(_pem(self.certificate))
        files[1].write_bytes(key)
        return str(files[0]), str(files[1])


def client_context(
    trusted: Path, shows: tuple[str, str] | None = None, *, at_most: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """A station's side of TLS: whom it trusts, what it shows."""
    context = ssl.create_default_context(cafile=str(trusted))
    if shows is not None:
        context.load_cert_chain(*shows)
    if at_most is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that old it is meant to be
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = at_most
    return context


def _name(name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _pem(what: x509.Certificate | x509.CertificateSigningRequest) -> str:
    return what.public_bytes(serialization.Encoding.PEM).decode()
