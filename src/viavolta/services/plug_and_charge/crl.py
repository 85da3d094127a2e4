"""Lists of revoked certificates, believed where the issuer signed them (RFC 5280 chapter 5)."""

import datetime as dt
from collections.abc import Iterable

from cryptography import x509

from viavolta.services.plug_and_charge.ocsp import (
    BROKEN,
    CLOCKS_DIFFER,
    Believed,
    CertId,
    Doubt,
    NotBelievedError,
    Status,
)
from viavolta.services.plug_and_charge.signatures import is_signed

MOST_BYTES = 2_000_000


def believed(
    content: bytes, asked: CertId, *, issuers: Iterable[x509.Certificate], now: dt.datetime
) -> Believed:
    """What a list (DER) says of a certificate.

    Raises
    ------
    NotBelievedError: it is none, is not the issuer's, holds no longer, or covers only a part of
        what the issuer signed.
    """
    if len(content) > MOST_BYTES:
        raise NotBelievedError(Doubt.TOO_LARGE)
    try:
        read = x509.load_der_x509_crl(content)
        issuer = next((one for one in issuers if asked.is_by(one)), None)
        if issuer is None:
            raise NotBelievedError(Doubt.ISSUER_UNKNOWN)
        key = issuer.public_key()
        is_its_own = read.issuer == issuer.subject and is_signed(
            key, read.signature, read.tbs_certlist_bytes, read.signature_hash_algorithm
        )
        if not is_its_own:
            raise NotBelievedError(Doubt.WRONG_SIGNER)
        if any(extension.critical for extension in read.extensions):
            raise NotBelievedError(Doubt.PARTIAL)  # deltas and lists of other scopes say so
        until = read.next_update_utc
        if read.last_update_utc > now + CLOCKS_DIFFER:
            raise NotBelievedError(Doubt.NOT_YET)
        if until is None or until <= now:
            raise NotBelievedError(Doubt.TOO_OLD)
        is_listed = read.get_revoked_certificate_by_serial_number(asked.serial) is not None
    except BROKEN as error:
        raise NotBelievedError(Doubt.NO_LIST) from error
    return Believed(status=Status.REVOKED if is_listed else Status.GOOD, until=until, issuer=issuer)
