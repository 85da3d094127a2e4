"""What responders and lists say: what is believed, and what is not."""

import datetime as dt
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given
from hypothesis import strategies as st
from oca.pki import DAY, GOOD, REVOKED, UNKNOWN, Holder

from viavolta.services.plug_and_charge import crl, ocsp
from viavolta.services.plug_and_charge.ocsp import CertId, Doubt, NotBelievedError, Status

ROOT = Holder.root("root")
AUTHORITY = ROOT.below("authority")
CONTRACT = AUTHORITY.contract("DE8AACA2B3C4D5", url="http://o.example/a")
OTHER = AUTHORITY.contract("DE8AACA2B3C4D6")
STRANGER = Holder.root("authority")
ASKED = CertId.of(AUTHORITY.hash_data(CONTRACT.certificate))
NOW = dt.datetime.now(dt.UTC)
SAID = AUTHORITY.says(CONTRACT.certificate, REVOKED)


def now() -> dt.datetime:
    """Answers are made when tests run, long after this file was read perhaps."""
    return dt.datetime.now(dt.UTC)


def doubt(answer: bytes, issuers: tuple[Holder, ...] = (AUTHORITY,)) -> str:
    """Why an answer is not believed."""
    known = [one.certificate for one in issuers]
    with pytest.raises(NotBelievedError) as caught:
        ocsp.believed(answer, ASKED, issuers=known, now=now())
    assert len(caught.value.doubt) <= 20
    return caught.value.doubt


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_a_certificate_is_named_as_the_library_names_it(algorithm: str) -> None:
    """By the hashes of its issuer's name and key, in each algorithm of OCPP."""
    named = CertId.of(AUTHORITY.hash_data(CONTRACT.certificate, algorithm))
    serial = CONTRACT.certificate.serial_number
    assert named == CertId.under(AUTHORITY.certificate, serial, algorithm)
    assert named.is_by(AUTHORITY.certificate)
    assert not named.is_by(STRANGER.certificate)
    asked = ocsp.ocsp.load_der_ocsp_request(named.question())
    assert (asked.serial_number, asked.issuer_key_hash) == (serial, named.key_hash)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuerNameHash": "no hex"}, {"issuerKeyHash": "aa"}, {"serialNumber": ""},
        {"serialNumber": "-1"}, {"serialNumber": "F" * 40 + "F"}, {"serialNumber": "0"},
        {"hashAlgorithm": "SHA512"}, {"issuerNameHash": "ä" * 32},
    ],
)  # fmt: skip
def test_hashes_that_are_none(wrong: dict[str, str]) -> None:
    """What names no certificate is not asked about."""
    with pytest.raises(NotBelievedError) as caught:
        CertId.of({**AUTHORITY.hash_data(CONTRACT.certificate), **wrong})
    assert caught.value.doubt is Doubt.INVALID_HASHES


@pytest.mark.parametrize(
    ("status", "known"),
    [(GOOD, Status.GOOD), (REVOKED, Status.REVOKED), (UNKNOWN, Status.UNKNOWN)],
)
def test_the_issuer_is_believed(status: ocsp.ocsp.OCSPCertStatus, known: Status) -> None:
    """And so is who it named, even where the issuer's certificate only comes along."""
    responder = AUTHORITY.responder()
    along = (responder.certificate, AUTHORITY.certificate)
    by_another = AUTHORITY.says(CONTRACT.certificate, status, by=responder, along=along)
    own = AUTHORITY.says(CONTRACT.certificate, status)
    named = AUTHORITY.says(CONTRACT.certificate, status, is_named=True)
    assert ocsp.believed(named, ASKED, issuers=[AUTHORITY.certificate], now=now()).status is known
    found = ocsp.believed(own, ASKED, issuers=[AUTHORITY.certificate], now=now())
    again = ocsp.believed(by_another, ASKED, issuers=[], now=now())
    assert (found.status, again.status) == (known, known)
    assert found.issuer == again.issuer == AUTHORITY.certificate
    assert found.answer == own
    assert found.until is not None


def test_an_answer_of_another_signer() -> None:
    """A key that is not the issuer's, a namesake, a responder of another issuer, one whose time is
    over, and a certificate that is for something else: none of them is believed.
    """
    certificate = CONTRACT.certificate
    foreign = STRANGER.responder()
    late = AUTHORITY.responder(ends=NOW - DAY)
    for by in (STRANGER, foreign, late, OTHER):
        answer = AUTHORITY.says(certificate, by=by, along=[by.certificate])
        assert doubt(answer) == Doubt.WRONG_SIGNER
    namesake = AUTHORITY.says(certificate, by=STRANGER, is_named=True)
    assert doubt(namesake) == Doubt.WRONG_SIGNER
    assert doubt(AUTHORITY.says(certificate), issuers=()) == Doubt.ISSUER_UNKNOWN
    assert doubt(AUTHORITY.says(certificate), issuers=(STRANGER,)) == Doubt.ISSUER_UNKNOWN


def test_an_answer_about_another() -> None:
    """Another number, another issuer, or named by another algorithm."""
    assert doubt(AUTHORITY.says(OTHER.certificate)) == Doubt.WRONG_CERTIFICATE
    assert doubt(STRANGER.says(CONTRACT.certificate)) == Doubt.WRONG_CERTIFICATE
    answer = AUTHORITY.says(CONTRACT.certificate, algorithm=hashes.SHA1())  # noqa: S303 - refused
    assert doubt(answer) == Doubt.WRONG_CERTIFICATE


def test_an_answer_of_another_time() -> None:
    """One that held once, and one that is to hold some day."""
    old = AUTHORITY.says(CONTRACT.certificate, since=NOW - 2 * DAY, until=NOW - DAY)
    assert doubt(old) == Doubt.TOO_OLD
    early = AUTHORITY.says(CONTRACT.certificate, since=NOW + DAY, until=NOW + 2 * DAY)
    assert doubt(early) == Doubt.NOT_YET


def test_an_answer_that_is_none() -> None:
    """A refusal, too much, nothing."""
    refusal = ocsp.ocsp.OCSPResponseBuilder.build_unsuccessful(
        ocsp.ocsp.OCSPResponseStatus.UNAUTHORIZED
    )
    assert doubt(refusal.public_bytes(serialization.Encoding.DER)) == Doubt.REFUSES
    assert doubt(b"\x30" * (ocsp.MOST_BYTES + 1)) == Doubt.TOO_LARGE
    assert doubt(b"") == Doubt.NO_ANSWER
    assert doubt(b"<html>no</html>") == Doubt.NO_ANSWER


@given(at=st.integers(0, 1_000), change=st.integers(1, 255))
def test_no_byte_of_an_answer_may_change(at: int, change: int) -> None:
    """Of an answer in which a byte is another nothing is believed but the very same."""
    answer = bytearray(SAID)
    answer[at % len(SAID)] ^= change
    try:
        found = ocsp.believed(
            bytes(answer), ASKED, issuers=[AUTHORITY.certificate], now=dt.datetime.now(dt.UTC)
        )
    except NotBelievedError:
        return
    assert found.status is Status.REVOKED


def test_responders_are_read_off_certificates() -> None:
    """Where a certificate names one."""
    assert ocsp.responders_of(CONTRACT.certificate) == ["http://o.example/a"]
    assert ocsp.responders_of(OTHER.certificate) == []


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (STRANGER.revokes, Doubt.WRONG_SIGNER),
        (ROOT.revokes, Doubt.WRONG_SIGNER),
        (lambda: AUTHORITY.revokes(until=NOW - DAY / 2), Doubt.TOO_OLD),
        (lambda: b"no list", Doubt.NO_LIST),
        (lambda: b"\x30" * (crl.MOST_BYTES + 1), Doubt.TOO_LARGE),
    ],
)
def test_a_list_that_is_not_believed(made: Callable[[], bytes], why: Doubt) -> None:
    """Of another, of yesterday, none, too much."""
    known = [STRANGER.certificate, AUTHORITY.certificate, ROOT.certificate]
    with pytest.raises(NotBelievedError) as caught:
        crl.believed(made(), ASKED, issuers=known, now=now())
    assert caught.value.doubt is why


def test_a_list_says_who_is_revoked() -> None:
    """Who stands on it is; who does not is good."""
    for gone, status in ((OTHER, Status.GOOD), (CONTRACT, Status.REVOKED)):
        content = AUTHORITY.revokes(gone.certificate)
        found = crl.believed(content, ASKED, issuers=[AUTHORITY.certificate], now=now())
        assert found.status is status
    with pytest.raises(NotBelievedError) as caught:
        crl.believed(AUTHORITY.revokes(), ASKED, issuers=[], now=now())
    assert caught.value.doubt is Doubt.ISSUER_UNKNOWN
