"""Requests to addresses that others gave: partners of OCPI, subscribers of OpenADR, responders that
certificates and stations name.

Such an address could name a machine behind our own walls. So: https only; every address that the
name resolves to must be public; the one that was looked at is the one that is called; no redirect
is followed, no proxy asked; time and size of the answer are bounded. `Door.LOOPBACK` opens plain
http to the own machine, for tests and trials. `Door.SIGNED` opens plain http to public addresses
for content that is signed itself, such as what responders say; hosts that whoever runs the hub
vouches for by name and port may stand behind the walls.
"""  # noqa: D205

import contextlib
import enum
import http.client
import ipaddress
import random
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from viavolta.model.errors import InputError, PeerError, Where
from viavolta.model.messages import text

TIMEOUT_S = 15.0
MOST_BYTES = 4_000_000
LONGEST_URL = 2_000
FIRST_WAIT_S = 10.0
LONGEST_WAIT_S = 6 * 3600.0
WEB_PORTS = frozenset({80, 443, *range(1024, 65536)})
"""Where servers of the web listen: not mail, not remote shells, nor others of the first 1024."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Held = TypeVar("Held", bound=socket.socket)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Door(enum.Enum):
    """Where requests may go."""

    PUBLIC = "https to public addresses"
    LOOPBACK = "https to public addresses, and http or https to this machine"
    SIGNED = "http or https to public addresses, at ports of the web alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; names of headers in lower case, the first of each."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    door: Door = Door.PUBLIC,
    vouched: Collection[str] = (),
    timeout_s: float = TIMEOUT_S,
    most_bytes: int = MOST_BYTES,
) -> Reply:
    """Send one request and read its answer, whatever its status; a redirect is an answer.

    `vouched` are hosts ("NAME:PORT") that may be called wherever they are, with plain http too.
    `timeout_s` bounds connection and answer together (the system bounds the look-up of the name).

    Raises
    ------
    InputError: an address that may not be called.
    PeerError: nobody answers, not in time, or with more than `most_bytes`.
    """
    parts = checked_url(url, door=door, vouched=vouched)
    host, is_tls, port = str(parts.hostname), parts.scheme == "https", _port(parts)
    is_vouched = f"{host}:{port}" in vouched
    addresses = _resolved(host, port, door=door, is_vouched=is_vouched)
    may_be_plain = is_vouched or door is Door.SIGNED
    if not is_tls and not may_be_plain and not all(one.is_loopback for one in addresses):
        raise _refused(url, text("plain http is for this machine alone"))
    connection = http.client.HTTPConnection(host, port)
    connection.default_port = 443 if is_tls else 80
    with _Alarm(timeout_s) as alarm, contextlib.closing(connection):
        try:
            held = alarm.watches(_connected(addresses, port, timeout_s))
            if is_tls:
                context = ssl.create_default_context()
                held = alarm.watches(
                    context.wrap_socket(held, server_hostname=host, do_handshake_on_connect=False)
                )
                held.do_handshake()
            connection.sock = held
            connection.request(method, _target(parts), body=body, headers=dict(headers))
            with contextlib.closing(connection.getresponse()) as answer:
                content = answer.read(most_bytes + 1)
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(host, alarm.says or f"{type(error).__name__}: {error}") from error
    if alarm.says:
        raise _unreachable(host, alarm.says)
    if len(content) > most_bytes:
        raise _unreachable(host, text("the answer is larger than {n} bytes", n=most_bytes))
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        found.setdefault(name.lower(), value)
    return Reply(status=answer.status, headers=found, body=content)


def checked_url(
    url: str, *, door: Door = Door.PUBLIC, vouched: Collection[str] = ()
) -> SplitResult:
    """The parts of an address that may be called as far as can be told without looking it up.

    Raises
    ------
    InputError: not an absolute http(s) address, plain http through the public door, a user in it,
        control characters, or a port that is not the web's.
    """
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError as error:
        raise _refused(url, text("this is not an address")) from error
    is_vouched = f"{parts.hostname}:{_port(parts)}" in vouched
    may_be_plain = is_vouched or door is not Door.PUBLIC
    if parts.scheme not in (("https", "http") if may_be_plain else ("https",)):
        raise _refused(url, text("only https addresses are called"))
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not is_plain or not has_port or not parts.hostname:
        raise _refused(url, text("this is not an address"))
    if "@" in parts.netloc:
        raise _refused(url, text("an address holds no user name and no password"))
    if door is Door.SIGNED and not is_vouched and _port(parts) not in WEB_PORTS:
        raise _refused(url, text("this is no port of the web"))
    return parts


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def wait_s(n_failures: int, *, rng: random.Random) -> float:
    """Seconds to wait after so many failures in a row: doubled each time up to six hours, and then
    up to a third more, so that not all come at once.
    """  # noqa: D205
    doubled = FIRST_WAIT_S * 2.0 ** min(max(n_failures, 1) - 1, 20)
    return min(doubled, LONGEST_WAIT_S) * (1.0 + rng.random() / 3.0)


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address not in _NAT64:
        return None
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _resolved(host: str, port: int, *, door: Door, is_vouched: bool) -> list[Address]:
    """The addresses to call; all that the name stands for must be allowed."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _unreachable(host, text("its name is not known")) from error
    found = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
    for address in found:
        is_own = door is Door.LOOPBACK and address.is_loopback
        if not (is_vouched or is_own or is_public(address)):
            raise _refused(host, text("it stands for an address that is not public"))
    return found


def _connected(addresses: list[Address], port: int, timeout_s: float) -> socket.socket:
    """A connection to the first address that takes it; the last one's refusal where none does."""
    *others, last = addresses
    for address in others:
        with contextlib.suppress(OSError):
            return socket.create_connection((str(address), port), timeout_s / len(addresses))
    return socket.create_connection((str(last), port), timeout_s / len(addresses))


def _target(parts: SplitResult) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


class _Alarm:
    """Ends a connection whose time is over: a peer that sends a byte a second holds nobody."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._timer = threading.Timer(after_s, self._ring)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.says = ""

    def watches(self, held: Held) -> Held:
        """The socket, which is shut when the time is over, and closed in the end."""
        self._socket = held
        return held

    def _ring(self) -> None:
        self.says = text("it did not answer within {s:g} s", s=self._after_s)
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may be closed by now
                self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Alarm":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._socket is not None:
            self._socket.close()


def _refused(value: str, why: str) -> InputError:
    return InputError(
        code="address-refused",
        message=text("this address is not called: {why}", why=why),
        where=Where(value=value[:LONGEST_URL]),
        expected=text("https and a name that stands for public addresses only"),
        hint=text("ask the partner for its public address"),
    )


def _unreachable(host: str, why: str) -> PeerError:
    return PeerError(
        code="partner-unreachable",
        message=text("{host} did not answer: {why}", host=host, why=why),
        hint=text("it is tried again; if it stays so, ask the partner"),
    )
