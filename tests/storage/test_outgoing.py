"""Requests to others' addresses: what is called, what never is."""

import contextlib
import ipaddress
import random
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.model.errors import InputError, PeerError
from viavolta.storage import outgoing
from viavolta.storage.outgoing import Door, Reply, checked_url, is_public, send, wait_s


class _Peer(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.rfile.read(length))

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
        elif self.path == "/large":
            self._answer(b"x" * 2_000)
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while not self.server.stop.wait(0.05):  # type: ignore[attr-defined]
                    self.wfile.write(b"x")
        else:
            self._answer(f"{self.path} for {self.headers['Host']}".encode())

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("X-Total-Count", "1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def a_peer(context: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Peer) as server:
        server.stop = threading.Event()  # type: ignore[attr-defined]
        server.daemon_threads = True
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.stop.set()  # type: ignore[attr-defined]
            server.shutdown()
            thread.join()


def ask(url: str, **more: object) -> Reply:
    return send("GET", url, headers={}, door=Door.LOOPBACK, **more)  # type: ignore[arg-type]


def resolves_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make names resolve to these addresses, one answer after the other; the names asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", look_up)
    return asked


def test_a_request_is_answered() -> None:
    """Path, query, body, status and headers pass."""
    with a_peer() as port:
        reply = ask(f"http://127.0.0.1:{port}/a/b?c=d")
        told = send("POST", f"http://127.0.0.1:{port}/", headers={}, body=b"{}", door=Door.LOOPBACK)
    assert (reply.status, reply.body) == (200, f"/a/b?c=d for 127.0.0.1:{port}".encode())
    assert told.headers["x-total-count"] == "1"
    assert told.body == b"{}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
        "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2001:db8::1",
    ],
)  # fmt: skip
def test_names_of_inner_addresses_are_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """However an inner address is written or wrapped: refused before anything is connected."""
    resolves_to(monkeypatch, [address])
    monkeypatch.setattr(outgoing.socket, "create_connection", lambda *_: pytest.fail("connected"))
    with pytest.raises(InputError) as caught:
        send("GET", "https://partner.example/", headers={})
    assert caught.value.code == "address-refused"


def test_one_inner_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for a public and an inner address is refused."""
    resolves_to(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(InputError):
        send("GET", "https://partner.example/", headers={})


def test_the_address_looked_at_is_the_one_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its mind after the look-up (DNS rebinding) leads nowhere else."""
    asked = resolves_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    called: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _timeout_s: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing.socket, "create_connection", connect)
    with pytest.raises(PeerError) as caught:
        send("GET", "https://partner.example/", headers={})
    assert caught.value.code == "partner-unreachable"
    assert (asked, called) == (["partner.example"], [("93.184.216.34", 443)])


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/", "ftp://partner.example/", "file:///etc/passwd", "//x/", "/x",
        "", "https:///x", "https://user:secret@partner.example/", "https://x\r\nHost: y/",
        "https://x y/", "https://partner.example:0/", "https://partner.example:99999/",
        "https://pärtner.example/", "https://[::1/", "https://x/" + "y" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_refused(url: str) -> None:
    """Only absolute https addresses without user, port 0 or control characters are called."""
    with pytest.raises(InputError) as caught:
        checked_url(url)
    assert caught.value.code == "address-refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::1]"])
def test_this_machine_is_called_through_its_own_door_only(host: str) -> None:
    """Loopback, whatever its spelling, is refused unless a setting opens that door."""
    with pytest.raises(InputError):
        send("GET", f"https://{host}/", headers={})


def test_plain_http_reaches_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door for trials does not open plain http to the world, nor any inner network."""
    resolves_to(monkeypatch, ["93.184.216.34"], ["10.0.0.1"])
    for _ in range(2):
        with pytest.raises(InputError):
            ask("http://partner.example/")


def test_signed_content_comes_by_plain_http_from_public_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through its own door: at ports of the web, and never from an inner address."""
    resolves_to(monkeypatch, ["93.184.216.34"], ["93.184.216.34"], ["10.0.0.1"])
    called: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _timeout_s: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing.socket, "create_connection", connect)
    for url in ("http://o.example/", "http://o.example:8080/"):
        with pytest.raises(PeerError):
            send("GET", url, headers={}, door=Door.SIGNED)
    assert called == [("93.184.216.34", 80), ("93.184.216.34", 8080)]
    for url in ("http://o.example/", "http://o.example:25/", "ftp://o.example/"):
        with pytest.raises(InputError):
            send("GET", url, headers={}, door=Door.SIGNED)
    assert len(called) == 2


def test_hosts_that_are_vouched_for_are_called_by_name_and_port() -> None:
    """Wherever they are; another port or name of the same machine is not."""
    with a_peer() as port, a_peer() as other:
        vouched = (f"127.0.0.1:{port}",)
        for door in (Door.PUBLIC, Door.SIGNED):
            url = f"http://127.0.0.1:{port}/x"
            assert send("GET", url, headers={}, door=door, vouched=vouched).status == 200
            for wrong in (f"http://127.0.0.1:{other}/", f"http://localhost:{port}/"):
                with pytest.raises(InputError):
                    send("GET", wrong, headers={}, door=door, vouched=vouched)


def test_no_redirect_is_followed() -> None:
    """A redirect to the address of cloud secrets is an answer like any other."""
    with a_peer() as port:
        assert ask(f"http://127.0.0.1:{port}/elsewhere").status == 302


def test_size_and_time_are_bounded() -> None:
    """Neither a large answer nor one that comes a byte at a time holds the sender."""
    with a_peer() as port:
        for path, more in (("large", {"most_bytes": 1_000}), ("drip", {"timeout_s": 0.3})):
            with pytest.raises(PeerError) as caught:
                ask(f"http://127.0.0.1:{port}/{path}", **more)
            assert caught.value.code == "partner-unreachable"


def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS with a certificate that somebody trusted signed for that name, or none at all."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with a_peer(context) as port:
        with pytest.raises(PeerError, match="CERTIFICATE_VERIFY_FAILED"):
            ask(f"https://127.0.0.1:{port}/")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(f"https://127.0.0.1:{port}/x").status == 200
        with pytest.raises(PeerError, match="CERTIFICATE_VERIFY_FAILED"):
            ask(f"https://localhost:{port}/")


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look up names itself."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    with a_peer() as port:
        assert ask(f"http://127.0.0.1:{port}/").status == 200


@given(st.ip_addresses(v=4))
def test_wrapping_never_makes_an_address_public(address: ipaddress.IPv4Address) -> None:
    """A mapped, translated or tunnelled address is as public as the one inside."""
    number = int(address)
    for wrapped in (
        (0xFFFF << 32) | number,
        (0x64FF9B << 96) | number,
        (0x2002 << 112) | number << 80,
    ):
        assert is_public(ipaddress.IPv6Address(wrapped)) == is_public(address)


@given(st.integers(0, 2_000))
def test_waits_grow_to_a_bound(n_failures: int) -> None:
    """Longer after each failure, never longer than eight hours."""
    wait, next_wait = (
        wait_s(n, rng=random.Random(1))  # noqa: S311 - splay, no secret
        for n in (n_failures, n_failures + 1)
    )
    assert 10.0 <= wait <= next_wait <= 8 * 3600.0
