"""Held against the work of others, OpenSSL: its responder, its lists, its view of our chains."""

import contextlib
import datetime as dt
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from oca.certificates import Pair
from oca.pki import Holder, pem

from viavolta.services.plug_and_charge import crl, ocsp
from viavolta.services.plug_and_charge.ocsp import CertId, Doubt, NotBelievedError, Status
from viavolta.services.plug_and_charge.v2g import Use, new_v2g_authority, signed_for_vehicles

NOW = dt.datetime.now(dt.UTC)
AUTHORITY = Holder.root("root").below("authority")
RESPONDER = AUTHORITY.responder()
GOOD, GONE = AUTHORITY.contract("DE8AACA2B3C4D5"), AUTHORITY.contract("DE8AACA2B3C4D6")
NEVER_SEEN = AUTHORITY.contract("DE8AACA2B3C4D7")
KNOWN = [AUTHORITY.certificate]


def openssl(*words: object) -> None:
    """Run OpenSSL."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of an authority as OpenSSL keeps them: who was issued what, and what is revoked."""
    for name, holder in (("authority", AUTHORITY), ("responder", RESPONDER)):
        key = holder.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (tmp_path / f"{name}.key").write_bytes(key)
        (tmp_path / f"{name}.crt").write_text(pem(holder.certificate))
    rows = []
    for holder, state, when in (
        (GOOD, "V", ""),
        (GONE, "R", f"{NOW - dt.timedelta(1):%y%m%d%H%M%SZ}"),
    ):
        number = f"{holder.certificate.serial_number:X}"
        number = number.zfill(len(number) + len(number) % 2)
        ends = f"{holder.certificate.not_valid_after_utc:%y%m%d%H%M%SZ}"
        rows.append(f"{state}\t{ends}\t{when}\t{number}\tunknown\t/CN=x\n")
    (tmp_path / "index.txt").write_text("".join(rows))
    return tmp_path


def answered(folder: Path, about: CertId, by: str) -> bytes:
    """What OpenSSL's responder answers our question."""
    (folder / "question.der").write_bytes(about.question())
    openssl(
        *("ocsp", "-index", folder / "index.txt", "-CA", folder / "authority.crt"),
        *("-rsigner", folder / f"{by}.crt", "-rkey", folder / f"{by}.key", "-rmd", "sha256"),
        *("-reqin", folder / "question.der", "-respout", folder / "answer.der", "-nmin", "60"),
    )
    return (folder / "answer.der").read_bytes()


@pytest.mark.parametrize("by", ["authority", "responder"])
@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize(
    ("holder", "status"),
    [(GOOD, Status.GOOD), (GONE, Status.REVOKED), (NEVER_SEEN, Status.UNKNOWN)],
)
def test_the_responder_of_openssl_is_understood(
    folder: Path, holder: Holder, status: Status, algorithm: str, by: str
) -> None:
    """It finds the certificate that we name, and we believe what it says while it holds."""
    about = CertId.under(AUTHORITY.certificate, holder.certificate.serial_number, algorithm)
    answer = answered(folder, about, by)
    found = ocsp.believed(answer, about, issuers=KNOWN, now=dt.datetime.now(dt.UTC))
    assert found.status is status
    assert found.until is not None
    with pytest.raises(NotBelievedError) as caught:
        ocsp.believed(answer, about, issuers=KNOWN, now=NOW + dt.timedelta(hours=2))
    assert caught.value.doubt is Doubt.TOO_OLD


def test_a_list_of_openssl_is_understood(folder: Path) -> None:
    """Who is revoked there is revoked here."""
    settings = folder / "ca.cnf"
    settings.write_text(
        f"[ca]\ndefault_ca = own\n[own]\ndatabase = {folder / 'index.txt'}\n"
        f"certificate = {folder / 'authority.crt'}\nprivate_key = {folder / 'authority.key'}\n"
        "default_md = sha256\ndefault_crl_days = 1\n"
    )
    openssl("ca", "-config", settings, "-gencrl", "-out", folder / "list.pem")
    openssl("crl", "-in", folder / "list.pem", "-outform", "DER", "-out", folder / "list.der")
    content = (folder / "list.der").read_bytes()
    for holder, status in ((GOOD, Status.GOOD), (GONE, Status.REVOKED)):
        about = CertId.under(AUTHORITY.certificate, holder.certificate.serial_number)
        found = crl.believed(content, about, issuers=KNOWN, now=dt.datetime.now(dt.UTC))
        assert found.status is status


@pytest.mark.parametrize(
    ("use", "purposes"),
    [(Use.V2G, {"sslserver"}), (Use.BOTH, {"sslserver", "sslclient"})],
)
def test_openssl_follows_our_chains(tmp_path: Path, use: Use, purposes: set[str]) -> None:
    """What stations show vehicles leads to the root, for its purposes and no others."""
    authority = new_v2g_authority("Town", now=NOW)
    leaf = signed_for_vehicles(authority, Pair.new().request("cp-1", "Town"), use, now=NOW)
    files = {"root": authority.root, "above": authority.certificate, "leaf": leaf}
    for name, certificate in files.items():
        (tmp_path / f"{name}.pem").write_text(pem(certificate))
    good = set()
    for purpose in ("sslserver", "sslclient"):
        words = ("verify", "-x509_strict", "-purpose", purpose, "-CAfile", tmp_path / "root.pem")
        with contextlib.suppress(subprocess.CalledProcessError):
            openssl(*words, "-untrusted", tmp_path / "above.pem", tmp_path / "leaf.pem")
            good.add(purpose)
    assert good == purposes
