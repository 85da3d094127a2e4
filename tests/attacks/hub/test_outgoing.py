"""Making the hub call where it must not"""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cast import Cast, make_cast
from django.utils import timezone
from openadr_vtn import Speaker, limiting, speaker

from viavolta.hub.openadr.models import ClientRole, Notification, VtnObject
from viavolta.hub.openadr.telling import send_due
from viavolta.model.errors import InputError, PeerError
from viavolta.storage.outgoing import Door, send

pytestmark = pytest.mark.django_db


class Inner(ThreadingHTTPServer):
    """A server within our own walls, which must never be called; it leads on to another one."""

    def __init__(self, leads_to: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.leads_to = leads_to
        self.n_connected = 0

    def verify_request(self, *_: object) -> bool:
        """Somebody connected."""
        self.n_connected += 1
        return True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Inner

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(302 if self.server.leads_to else 200)
        if self.server.leads_to:
            self.send_header("Location", self.server.leads_to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(leads_to: str = "") -> Iterator[Inner]:
    """That server while the block lasts."""
    server = Inner(leads_to)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def inner() -> Iterator[Inner]:
    """A server within our own walls."""
    with served() as server:
        yield server


@pytest.fixture
def cast(db: None) -> Cast:
    """An organisation."""
    del db
    return make_cast()


@pytest.fixture
def ven(cast: Cast) -> Speaker:
    """A client that may subscribe."""
    return speaker(cast.users["owner"], cast.organisation, ClientRole.VEN)


@pytest.fixture
def dso(cast: Cast) -> Speaker:
    """The grid operator that gives events."""
    return speaker(cast.users["owner"], cast.organisation, ClientRole.BL)


@pytest.fixture
def program(dso: Speaker) -> str:
    """A programme that everybody sees."""
    return str(dso.made("programs", {"programName": "p"})["id"])


def subscription(program: str, url: str) -> dict[str, Any]:
    """Tell that address of all events."""
    operation = {
        "objects": ["EVENT"],
        "operations": ["CREATE"],
        "callbackUrl": url,
        "bearerToken": "tell-me",
    }
    return {"clientName": "v", "programID": program, "objectOperations": [operation]}


HOSTS = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "0.0.0.0",  # noqa: S104 - an attacker's spelling of this machine
    "169.254.169.254",
    "10.0.0.1",
    "[fd00::1]",
    "[fe80::1]",
)


@pytest.mark.parametrize("host", HOSTS)
def test_inner_addresses_as_subscribers(
    ven: Speaker, dso: Speaker, program: str, inner: Inner, host: str
) -> None:
    """A webhook to an inner address, in any spelling or wrapping, is never called; the reason is
    told, and nothing of what an inner server would say."""
    ven.made("subscriptions", subscription(program, f"https://{host}:{inner.port}/hook"))
    dso.made("events", limiting(program, 10, targets=None))
    send_due(timezone.now())
    (tried,) = Notification.objects.all()
    assert (tried.tries, tried.sent_at, inner.n_connected) == (1, None, 0)
    assert "not public" in tried.error


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "https://user:secret@partner.example/",
        "https://partner.example\\@127.0.0.1/",
        "https://partner.example/\r\nX-Injected: 1",
        "//127.0.0.1/",
        "https:///x",
        "https://partner.example:0/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_for_a_webhook(ven: Speaker, program: str, url: str) -> None:
    """Other schemes, credentials, line breaks and tricks of spelling are refused at once."""
    status, problem = ven.ask("POST", "subscriptions", subscription(program, url))
    assert status == 400, problem
    assert not VtnObject.objects.filter(kind="subscription").exists()


def names(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """A name server of the attacker's that gives these addresses, one after the other."""
    left, asked, real = list(answers), [], socket.getaddrinfo

    def look_up(host: str, port: int, *more: Any, **named: Any) -> Any:
        if host != "partner.example":
            return real(host, port, *more, **named)
        asked.append(host)
        return real(left.pop(0) if len(left) > 1 else left[0], port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_name_of_an_inner_address(monkeypatch: pytest.MonkeyPatch, inner: Inner) -> None:
    """A public name whose address is an inner one is not called."""
    names(monkeypatch, "127.0.0.1")
    with pytest.raises(InputError, match="not public"):
        send("POST", f"https://partner.example:{inner.port}/", headers={}, body=b"")
    assert inner.n_connected == 0


def test_name_that_changes_its_mind(monkeypatch: pytest.MonkeyPatch, inner: Inner) -> None:
    """A name that is public when it is looked at and inner when it is called: the address that was
    looked at is the one that is called, and asked for once."""
    asked = names(monkeypatch, "192.0.2.1", "127.0.0.1")
    with pytest.raises((InputError, PeerError)):
        send("POST", f"https://partner.example:{inner.port}/", headers={}, body=b"", timeout_s=0.5)
    assert (len(asked), inner.n_connected) == (1, 0)


def test_redirect_to_an_inner_address(inner: Inner) -> None:
    """A partner that answers with a redirect to an inner server leads nowhere."""
    with served(leads_to=f"http://127.0.0.1:{inner.port}/secrets") as partner:
        url = f"http://127.0.0.1:{partner.port}/"
        assert send("POST", url, headers={}, body=b"", door=Door.LOOPBACK).status == 302
        assert partner.n_connected == 1
    assert inner.n_connected == 0


def test_line_breaks_in_headers(inner: Inner) -> None:
    """A token with a line break makes no second header and no second request."""
    with pytest.raises((ValueError, PeerError, InputError)):
        send(
            "POST",
            f"http://127.0.0.1:{inner.port}/",
            headers={"Authorization": "Bearer x\r\nX-Injected: 1"},
            body=b"",
            door=Door.LOOPBACK,
        )
    assert inner.n_connected <= 1


def test_what_comes_back_is_not_shown(ven: Speaker, program: str) -> None:
    """What a subscriber's server answers is shown to nobody: a webhook reads nothing for its
    owner."""
    made = ven.made("subscriptions", subscription(program, "https://192.0.2.1/hook"))
    _, again = ven.ask("GET", f"subscriptions/{made['id']}")
    assert set(again) <= set(made)
    assert "bearerToken" not in json.dumps(again)
