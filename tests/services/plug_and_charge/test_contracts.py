"""Contract certificates: chains to trusted roots, and what others say of them."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from oca.pki import DAY, GOOD, REVOKED, UNKNOWN, Holder, pem

from viavolta.model.errors import PeerError
from viavolta.services.plug_and_charge import ocsp
from viavolta.services.plug_and_charge.chains import CertificateStatus, Trusted
from viavolta.services.plug_and_charge.contract import contract_status
from viavolta.services.plug_and_charge.ocsp import Believed, CertId

EMAID = "DE8AACA2B3C4D5"
URL = "http://o.example/"
NOW = dt.datetime.now(dt.UTC)
ROOT = Holder.root("root")
AUTHORITY = ROOT.below("authority", url=URL)
CONTRACT = AUTHORITY.contract(EMAID, url=URL)
Status = CertificateStatus


@dataclass
class World:
    """Others who answer from a list."""

    trusted: Trusted = field(
        default_factory=lambda: Trusted(roots=(ROOT.certificate,), below=(AUTHORITY.certificate,))
    )
    says: dict[int, bytes] = field(default_factory=dict)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def ask_responder(self, url: str, about: CertId, hints: Trusted) -> Believed:
        if url != URL or about.serial not in self.says:
            raise PeerError(code="partner-unreachable", message="no", hint="no")
        return ocsp.believed(self.says[about.serial], about, issuers=hints.all, now=self.now())

    def read_list(self, url: str, about: CertId) -> Believed:
        raise NotImplementedError

    def ask_pool(self, body: bytes) -> bytes | None:
        raise NotImplementedError

    def hears(self, *said: tuple[Holder, Holder, Any]) -> "World":
        """Of whom, from whom, what."""
        for one, issuer, status in said:
            self.says[one.certificate.serial_number] = issuer.says(one.certificate, status)
        return self


def all_good() -> World:
    """Everything is as it should be."""
    return World().hears((CONTRACT, AUTHORITY, GOOD), (AUTHORITY, ROOT, GOOD))


def shown(*chain: Holder, emaid: str = EMAID) -> dict[str, Any]:
    """A chain is presented."""
    certificates = pem(*(one.certificate for one in chain))
    return {"idToken": {"idToken": emaid, "type": "eMAID"}, "certificate": certificates}


def hashed(*pairs: tuple[Holder, Holder]) -> dict[str, Any]:
    """Hashes are presented: of whom, under whom."""
    data = [{**issuer.hash_data(one.certificate), "responderURL": URL} for one, issuer in pairs]
    return {
        "idToken": {"idToken": EMAID, "type": "eMAID"},
        "iso15118CertificateHashData": data,
    }


BY_HASH = hashed((CONTRACT, AUTHORITY), (AUTHORITY, ROOT))


def test_a_good_contract_is_accepted() -> None:
    """As a chain, whole or with its authority known, and as hashes."""
    for payload in (shown(CONTRACT, AUTHORITY), shown(CONTRACT), BY_HASH):
        assert contract_status(payload, all_good()) is Status.ACCEPTED


@pytest.mark.parametrize("emaid", ["de8aaca2b3c4d5", "DE-8AA-CA2B3C4D5", "DE-8AA-CA2B3C4D5-7"])
def test_a_contract_is_written_in_several_ways(emaid: str) -> None:
    """With separators and a check digit, or without."""
    assert contract_status(shown(CONTRACT, emaid=emaid), all_good()) is Status.ACCEPTED


@pytest.mark.parametrize("emaid", ["DE8AACA2B3C4D6", "", "DE8AA", "-"])
def test_a_contract_of_another(emaid: str) -> None:
    """The certificate is for the contract that is named, or for nothing."""
    assert contract_status(shown(CONTRACT, emaid=emaid), all_good()) is Status.CHAIN


def test_whom_nobody_trusts() -> None:
    """Without any root nothing is accepted; an unknown authority of the same names is none."""
    nobody = World(trusted=Trusted())
    assert contract_status(shown(CONTRACT), nobody) is Status.NOT_AVAILABLE
    assert contract_status(BY_HASH, nobody) is Status.NOT_AVAILABLE
    root = Holder.root("elsewhere")
    stranger = root.below("their authority", url=URL)
    theirs = stranger.contract(EMAID, url=URL)
    world = all_good().hears((theirs, stranger, GOOD), (stranger, root, GOOD))
    assert contract_status(shown(theirs, stranger), world) is Status.CHAIN
    assert contract_status(shown(theirs, stranger, root), world) is Status.CHAIN
    namesake = Holder.root("root").below("authority", url=URL)
    forged = namesake.contract(EMAID, url=URL)
    assert contract_status(shown(forged, namesake), world) is Status.SIGNATURE


def test_signed_in_the_name_of_another() -> None:
    """A signature by another key than the issuer's."""
    forged = AUTHORITY.contract(EMAID, url=URL, signer=Holder.root("x").key)
    assert contract_status(shown(forged, AUTHORITY), all_good()) is Status.SIGNATURE


def test_whoever_has_expired() -> None:
    """The contract, or an authority above it."""
    old = AUTHORITY.contract(EMAID, url=URL, ends=NOW - DAY)
    assert contract_status(shown(old, AUTHORITY), all_good()) is Status.EXPIRED
    gone = ROOT.below("old authority", url=URL, ends=NOW - DAY)
    below = gone.contract(EMAID, url=URL)
    assert contract_status(shown(below, gone), all_good()) is Status.EXPIRED


def test_a_vehicle_is_no_authority() -> None:
    """Who has a contract certificate issues none: neither in a chain nor by hashes, where it would
    vouch for itself; and an authority is no vehicle.
    """
    made_up = CONTRACT.contract(EMAID, url=URL)
    world = all_good().hears((made_up, CONTRACT, GOOD))
    assert contract_status(shown(made_up, CONTRACT, AUTHORITY), world) is Status.CHAIN
    along = [CONTRACT.certificate, AUTHORITY.certificate]
    world.says[made_up.certificate.serial_number] = CONTRACT.says(made_up.certificate, along=along)
    assert contract_status(hashed((made_up, CONTRACT)), world) is Status.CHAIN
    assert contract_status(shown(AUTHORITY, emaid="authority"), all_good()) is Status.CHAIN


def test_paths_that_are_too_long() -> None:
    """No more authorities below one than it allows, and no more certificates than there are."""
    narrow = ROOT.below("narrow", url=URL, path_length=0)
    inner = narrow.below("inner", url=URL)
    contract = inner.contract(EMAID, url=URL)
    assert contract_status(shown(contract, inner, narrow), all_good()) is Status.CHAIN
    assert contract_status(shown(*[CONTRACT] * 5), all_good()) is Status.CHAIN


@pytest.mark.parametrize("payload", [shown(CONTRACT, AUTHORITY), BY_HASH])
def test_what_responders_say_counts(payload: dict[str, Any]) -> None:
    """Of the contract and of every authority below the root."""
    revoked = all_good().hears((CONTRACT, AUTHORITY, REVOKED))
    assert contract_status(payload, revoked) is Status.REVOKED
    above = all_good().hears((AUTHORITY, ROOT, REVOKED))
    assert contract_status(payload, above) is Status.REVOKED
    shrugged = all_good().hears((CONTRACT, AUTHORITY, UNKNOWN))
    assert contract_status(payload, shrugged) is Status.CHAIN
    silent = World().hears((AUTHORITY, ROOT, GOOD))
    assert contract_status(payload, silent) is Status.NOT_AVAILABLE


def test_a_responder_must_be_named() -> None:
    """By the certificate, or with its hashes; else nobody knows whether it was revoked."""
    bare = AUTHORITY.contract(EMAID)
    world = all_good().hears((bare, AUTHORITY, GOOD))
    assert contract_status(shown(bare, AUTHORITY), world) is Status.NOT_AVAILABLE
    both = {**hashed((bare, AUTHORITY)), **shown(bare, AUTHORITY)}
    assert contract_status(both, world) is Status.ACCEPTED


def test_hashes_under_an_issuer_that_nobody_trusts() -> None:
    """A responder that vouches for certificates of its own, with all the certificates along."""
    stranger = Holder.root("elsewhere")
    theirs = stranger.contract(EMAID)
    world = all_good()
    world.says[theirs.certificate.serial_number] = stranger.says(
        theirs.certificate, along=[stranger.certificate]
    )
    assert contract_status(hashed((theirs, stranger)), world) is Status.CHAIN


def test_a_text_that_is_no_certificate() -> None:
    """Nothing, half of one, another text."""
    for text in ("", "pem", pem(CONTRACT.certificate)[:200]):
        payload = {**shown(CONTRACT), "certificate": text}
        assert contract_status(payload, all_good()) is Status.CHAIN
