"""Whether a contract certificate is one to charge by (OCPP 2.0.1 C07).

Presented as a whole, its chain is followed to a root that the operator trusts, it must be for the
contract that is named, and a responder must call every certificate below the root good. As hashes
alone (the station has followed the chain itself), each must be called good by a responder whose
issuer has a path to such a root.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from viavolta.model.errors import PlatformError
from viavolta.services.plug_and_charge.chains import (
    BrokenChainError,
    CertificateStatus,
    Trusted,
    is_end,
    path_to_root,
)
from viavolta.services.plug_and_charge.ocsp import (
    BROKEN,
    Believed,
    CertId,
    Doubt,
    NotBelievedError,
    Status,
    responders_of,
)
from viavolta.services.plug_and_charge.others import Others

MOST_PRESENTED = 4
EMAID_CHARS = 14
"""Of an eMAID without separators and without its check digit, which may be left out (DIN 91286)."""

_Question = tuple[CertId, list[str]]


def contract_status(payload: Mapping[str, Any], others: Others) -> CertificateStatus:
    """What the certificate of an Authorize is found to be; the contract is looked up elsewhere."""
    if not others.trusted.roots:
        return CertificateStatus.NOT_AVAILABLE
    hashes = payload.get("iso15118CertificateHashData", [])
    try:
        if "certificate" in payload:
            return _of_chain(payload["certificate"], payload["idToken"]["idToken"], hashes, others)
        return _of_hashes(hashes, others)
    except BrokenChainError as error:
        return error.status
    except (NotBelievedError, PlatformError):
        return CertificateStatus.NOT_AVAILABLE


def is_for(certificate: x509.Certificate, emaid: str) -> bool:
    """Whether a contract certificate (its CN) is for a contract, however that is written."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return len(names) == 1 and _plain(str(names[0].value)) == _plain(emaid) != ""


def _of_chain(
    pem: str, emaid: str, hashes: list[Mapping[str, Any]], others: Others
) -> CertificateStatus:
    try:
        presented = x509.load_pem_x509_certificates(pem.encode())
    except BROKEN as error:
        raise BrokenChainError(CertificateStatus.CHAIN) from error
    leaf, *above = presented
    if len(presented) > MOST_PRESENTED or not is_end(leaf) or not is_for(leaf, emaid):
        return CertificateStatus.CHAIN
    path = path_to_root(leaf, others=above, trusted=others.trusted, now=others.now())
    named = {CertId.of(one): [one["responderURL"]] for one in hashes}
    hints = Trusted(roots=others.trusted.roots, below=(*path, *others.trusted.below))
    for one, issuer in itertools.pairwise(path):
        about = CertId.under(issuer, one.serial_number)
        told = (urls for name, urls in named.items() if _is_same(name, about, issuer))
        urls = responders_of(one) or next(told, [])
        said = _asked(about, urls, hints, others).status
        if said is not Status.GOOD:
            return _status(said)
    return CertificateStatus.ACCEPTED


def _of_hashes(hashes: list[Mapping[str, Any]], others: Others) -> CertificateStatus:
    for about, urls in _questions(hashes):
        said = _asked(about, urls, others.trusted, others)
        path_to_root(
            said.issuer,
            others=said.others,
            trusted=others.trusted,
            now=others.now(),
            is_issuer=True,
        )
        if said.status is not Status.GOOD:
            return _status(said.status)
    return CertificateStatus.ACCEPTED


def _questions(hashes: list[Mapping[str, Any]]) -> Iterator[_Question]:
    for one in hashes:
        yield CertId.of(one), [one["responderURL"]]


def _asked(about: CertId, urls: list[str], hints: Trusted, others: Others) -> Believed:
    """What the first responder says that is believed; the last one's failure where none is.

    Raises
    ------
    NotBelievedError, PlatformError: nobody says anything that is believed.
    """
    failure: NotBelievedError | PlatformError = NotBelievedError(Doubt.NO_RESPONDER)
    for url in urls[:2]:
        try:
            return others.ask_responder(url, about, hints)
        except (NotBelievedError, PlatformError) as error:
            failure = error
    raise failure


def _is_same(named: CertId, about: CertId, issuer: x509.Certificate) -> bool:
    return named.serial == about.serial and named.is_by(issuer)


def _status(said: Status) -> CertificateStatus:
    return CertificateStatus.REVOKED if said is Status.REVOKED else CertificateStatus.CHAIN


def _plain(emaid: str) -> str:
    return "".join(c for c in emaid.upper() if c not in "-*")[:EMAID_CHARS]
