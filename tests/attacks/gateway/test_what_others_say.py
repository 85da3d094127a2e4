"""Certificates of vehicles: whom a station makes us ask, and what those say"""

import base64
import contextlib
import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from attacker import Attacker
from oca.peers import Peers
from oca.pki import DAY, GOOD, REVOKED, Holder, pem
from oca.vehicles import CONTRACT_TOKEN, EMAID, EXI
from target import Target, wait_for

from viavolta.gateway import conversation, inquiring
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.plug_and_charge import ocsp, pool
from viavolta.storage.trusted_certificates import add_trusted

pytestmark = pytest.mark.django_db(transaction=True)
NOT_AVAILABLE = {
    "idTokenInfo": {"status": "Invalid"},
    "certificateStatus": "NoCertificateAvailable",
}


def peers_of(target: Target) -> Peers:
    """Whom the gateways may ask."""
    assert target.gateways.peers is not None
    return target.gateways.peers


def hash_data(peers: Peers, holder: Holder, url: str = "") -> dict[str, str]:
    """A contract certificate as a station names it, with a responder."""
    named = peers.authority.hash_data(holder.certificate)
    return {**named, "responderURL": url or peers.url}


def state_of(line: Attacker, data: dict[str, str]) -> Any:
    """What a station is told of the state of a certificate: the reason why not, or its answer."""
    kind, _, found = line.call("GetCertificateStatus", {"ocspRequestData": data})
    assert kind == 3
    return found["statusInfo"]["reasonCode"] if found["status"] == "Failed" else found["ocspResult"]


def say_call(line: Attacker, message_id: str, action: str, payload: dict[str, Any]) -> None:
    """Call without waiting for the answer."""
    line.say(json.dumps([2, message_id, action, payload]))


def authorised(line: Attacker, *data: dict[str, str]) -> Any:
    """What a station is told of a contract."""
    words = {"idToken": CONTRACT_TOKEN, "iso15118CertificateHashData": list(data)}
    return line.call("Authorize", words)[2]


@contextlib.contextmanager
def inner_server() -> Iterator[tuple[int, list[bytes]]]:
    """A server behind our walls, and what reached it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = server.accept()
                    with connection:
                        heard.append(connection.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            stop.set()
            thread.join()


def test_inner_addresses_as_responders(target: Target) -> None:
    """A responder, a list or a certificate that names an inner address, in any spelling or scheme,
    or a port that is not the web's: nobody is called, and the station learns nothing else."""
    peers, station = peers_of(target), target.station()
    holder = peers.contract(EMAID, GOOD)
    with inner_server() as (port, heard), target.line(station, Version.V21) as line:
        for url in (
            f"http://127.0.0.1:{port}/",
            f"http://localhost:{port}/",
            f"http://2130706433:{port}/",
            f"http://[::ffff:127.0.0.1]:{port}/",
            f"http://{peers.host}@127.0.0.1:{port}/",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/",
            "http://93.184.216.34:25/",
            "file:///etc/passwd",
            f"http://127.0.0.1:{port}/\r\nX: y",
        ):
            assert state_of(line, hash_data(peers, holder, url)) == "Unreachable"
        listed = {
            "certificateHashData": peers.authority.hash_data(holder.certificate),
            "source": "CRL",
            "urls": [f"http://127.0.0.1:{port}/"],
        }
        words = {"certificateStatusRequests": [listed]}
        found = line.call("GetCertificateChainStatus", words)[2]
    assert found["certificateStatus"][0]["status"] == "Failed"
    assert heard == []


def test_hostile_answers_of_responders(target: Target) -> None:
    """Another signer, another certificate, an answer of last month, one too large, a page: none is
    believed, none is handed on, and no contract is accepted by it."""
    peers, now = peers_of(target), dt.datetime.now(dt.UTC)
    stranger = Holder.root("MO authority")
    for made in (
        lambda c: peers.authority.says(c, by=stranger, along=[stranger.certificate]),
        lambda c: peers.authority.says(c, by=stranger, is_named=True),
        lambda _c: peers.authority.says(peers.contract(EMAID, GOOD).certificate),
        lambda c: peers.authority.says(c, since=now - 30 * DAY, until=now - 20 * DAY),
        lambda c: peers.authority.says(c) + b"\0" * ocsp.MOST_BYTES,
        lambda _c: b"<html>welcome</html>",
    ):
        holder, station = peers.contract(EMAID, GOOD), target.station()
        peers.says[holder.certificate.serial_number] = made(holder.certificate)
        with target.line(station) as line:
            assert len(state_of(line, hash_data(peers, holder))) <= 20
            assert authorised(line, hash_data(peers, holder)) == NOT_AVAILABLE


def test_authority_of_an_attacker(target: Target) -> None:
    """Who has a contract certificate, or a whole authority of the same name, vouches for nobody;
    nor does a root that another operator trusts."""
    peers, station = peers_of(target), target.station()
    mine, stranger = peers.contract(EMAID, GOOD), Holder.root("MO root")
    add_trusted(2, "mo-root", pem(stranger.certificate))
    wait_for(lambda: stranger.certificate in target.gateway.registry.trust.of(2).roots)
    for issuer in (mine, stranger):
        forged = issuer.contract(EMAID, url=peers.url)
        along = [issuer.certificate, peers.authority.certificate, peers.root.certificate]
        peers.says[forged.certificate.serial_number] = issuer.says(forged.certificate, along=along)
        named = {**issuer.hash_data(forged.certificate), "responderURL": peers.url}
        chain = pem(forged.certificate, issuer.certificate, peers.authority.certificate)
        with target.line(station) as line:
            assert authorised(line, named)["certificateStatus"] == "CertChainError"
            words = {"idToken": CONTRACT_TOKEN, "certificate": chain}
            found = line.call("Authorize", words)[2]
        assert found["idTokenInfo"] == {"status": "Invalid"}
        assert found["certificateStatus"] in {"CertChainError", "SignatureError"}


def test_revoked_contract_shown_again(target: Target) -> None:
    """A revoked contract stays revoked, also where a responder would call it good a moment
    later, until what was said holds no longer."""
    peers, station = peers_of(target), target.station()
    holder = peers.contract(EMAID, REVOKED)
    with target.line(station) as line:
        for _ in range(2):
            found = authorised(line, hash_data(peers, holder))
            assert found["certificateStatus"] == "CertificateRevoked"
            good = peers.authority.says(holder.certificate)
            peers.says[holder.certificate.serial_number] = good


def test_slow_responder(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A responder that does not answer holds up its own station alone, and not for long: it is
    answered before it gives up, and what it said meanwhile is answered after that, in order."""
    peers, station, other = peers_of(target), target.station(), target.station()
    holder, free = peers.contract(EMAID, GOOD), threading.Event()
    monkeypatch.setattr(target.gateway.inquiries, "within_s", 1.0)

    def waits() -> bytes:
        free.wait(15.0)
        return b""

    peers.says[holder.certificate.serial_number] = waits
    with target.line(station) as line, target.line(other) as calm:
        question = {"ocspRequestData": hash_data(peers, holder)}
        say_call(line, "a", "GetCertificateStatus", question)
        wait_for(lambda: holder.certificate.serial_number in peers.asked)
        for k in range(conversation.MOST_HELD + 1):
            say_call(line, f"h{k}", "Heartbeat", {})
        assert calm.is_alive()
        refused = line.hear()
        heard = [line.hear() for _ in range(conversation.MOST_HELD + 1)]
        free.set()
    assert refused[:2] == [4, f"h{conversation.MOST_HELD}"]
    assert [frame[1] for frame in heard] == [
        "a",
        *(f"h{k}" for k in range(conversation.MOST_HELD)),
    ]
    assert heard[0][2]["status"] == "Failed"


def test_gone_before_the_answer(target: Target) -> None:
    """A station that hangs up while others are asked is answered nothing, and may come again."""
    peers, station = peers_of(target), target.station()
    holder, free = peers.contract(EMAID, GOOD), threading.Event()
    said = peers.authority.says(holder.certificate)

    def waits() -> bytes:
        free.wait(15.0)
        return said

    peers.says[holder.certificate.serial_number] = waits
    with target.line(station) as line:
        say_call(line, "a", "GetCertificateStatus", {"ocspRequestData": hash_data(peers, holder)})
        wait_for(lambda: holder.certificate.serial_number in peers.asked)
    wait_for(lambda: not target.is_held(station))
    free.set()
    with target.line(station) as line:
        assert base64.b64decode(state_of(line, hash_data(peers, holder))) == said


def test_flood_of_questions(target: Target) -> None:
    """A station that asks for ever other certificates is told to wait: it makes us call nobody
    without end."""
    peers, station = peers_of(target), target.station()
    before = len(peers.asked)
    with target.line(station) as line:
        n = inquiring.BURST + 5
        for _ in range(n):
            stranger = {**hash_data(peers, peers.authority), "serialNumber": "01"}
            last = state_of(line, stranger)
    assert last == "TooManyRequests"
    assert len(peers.asked) - before < n


def test_hostile_pool(target: Target) -> None:
    """A pool that answers with too much, with nothing, or with what is no answer of its interface:
    the vehicle is told Failed."""
    peers, station = peers_of(target), target.station()
    words = {"iso15118SchemaVersion": "v", "action": "Install", "exiRequest": EXI}
    with target.line(station, Version.V21) as line:
        for said in (
            b"x" * (pool.MOST_BYTES + 1),
            b"",
            b'{"status": "Accepted", "exiResponse": "<script>"}',
            {"status": "Accepted", "exiResponse": "A" * 20_000},
            {"status": "Failed", "reasonCode": "x" * 1_000},
        ):
            peers.pool = said
            found = line.call("Get15118EVCertificate", words)[2]
            assert (found["status"], found["exiResponse"]) == ("Failed", "")
