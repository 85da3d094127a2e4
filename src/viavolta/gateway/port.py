"""The port: sockets of stations, the address behind each, and how much one of them may do.

picows speaks WebSocket; what it lacks is said here. It gives no address with an upgrade request, so
that its protocol is derived from: the address is known from the first byte on, too many connections
end before they cost anything, and refusals are counted by address. A station that talks too fast is
not read from for a while: nothing of what it says is lost.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import picows
from picows import WSListener, WSTransport, WSUpgradeRequest, WSUpgradeResponseWithListener
from picows.picows import WSProtocol  # type: ignore[attr-defined] # it has no types

from viavolta.gateway.patience import Bucket
from viavolta.protocols.ocpp.frames import MAX_FRAME_BYTES

HANDSHAKE_S = 10.0
PING_AFTER_S = 30.0
PONG_WITHIN_S = 10.0
PROBE_S = 5.0
READ_BUFFER_BYTES = 2048
"""What a connection takes from the start; it grows with the frames that come."""

MOST_KNOCKING = 500
"""Connections of one address that are not through the upgrade yet."""

BURST_MESSAGES, MESSAGES_PER_S = 500, 100.0
MOST_EARLY = 20
MOST_FRAGMENTS = 1000
"""Frames of one message; fragments may be empty, so that their size alone bounds nothing."""

WRONG = 1002
NOT_TEXT = 1003
POLICY = 1008
TOO_BIG = 1009
log = logging.getLogger(__name__)
_QUIET = logging.LoggerAdapter(logging.getLogger("picows.gateway"), {})
"""An adapter, since picows makes a logger of its own for each connection otherwise."""


class Hears(Protocol):
    """What takes the frames of a station in."""

    def hear(self, raw: bytes) -> None:
        """Take in a frame."""

    def gone(self) -> None:
        """The link broke."""


Door = Callable[[WSUpgradeRequest, str], WSUpgradeResponseWithListener]
"""Judges an upgrade request from an address."""


class Port:
    """Connections by address, as far as limits need them.

    Parameters
    ----------
    most
        Connections at the same time.
    n_proxies
        Reverse proxies in front, whose word on addresses is believed.
    """

    def __init__(self, door: Door, *, most: int, n_proxies: int = 0) -> None:
        self.door, self._most, self._n_proxies = door, most, n_proxies
        self.n_open = 0
        self._knocking: Counter[str] = Counter()

    async def listen(
        self, host: str, port: int, *, tls: ssl.SSLContext | None, is_shared: bool
    ) -> asyncio.Server:
        """Open the port; shared with other gateways, the system spreads connections among them."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: _Socket(self), host, port, ssl=tls, reuse_port=is_shared or None, backlog=2048
        )

    def came(self, address: str) -> bool:
        """Take in a connection; False where it is one too many."""
        if self.n_open >= self._most or self._knocking[address] >= self._most_knocking:
            return False
        self.n_open += 1
        self._knocking[address] += 1
        return True

    def upgraded(self, address: str) -> None:
        """A connection asked to be a WebSocket."""
        self._knocking[address] -= 1
        if self._knocking[address] <= 0:
            del self._knocking[address]

    def went(self) -> None:
        """A connection is gone."""
        self.n_open -= 1

    @property
    def _most_knocking(self) -> int:
        # behind a proxy all have its address
        return self._most if self._n_proxies else MOST_KNOCKING

    def address_of(self, request: WSUpgradeRequest, peer: str) -> str:
        """The address that a request came from: the peer's, or what the proxies say."""
        if not self._n_proxies:
            return peer
        told = request.headers.get("X-Forwarded-For", "").split(",")
        return told[-self._n_proxies].strip()[:64] if len(told) >= self._n_proxies else peer


class _Socket(WSProtocol):  # type: ignore[misc] # it has no types
    """A connection, known by its address."""

    def __init__(self, port: Port) -> None:
        super().__init__(
            None,  # host: of clients
            None,  # path: of clients
            False,  # noqa: FBT003 - is_client_side: picows takes its arguments by place
            self._knock,
            _QUIET,
            True,  # noqa: FBT003 - disconnect on exceptions
            HANDSHAKE_S,
            True,  # noqa: FBT003 - pings by itself
            PING_AFTER_S,
            PONG_WITHIN_S,
            picows.WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # noqa: FBT003 - no answers to pings: they count, and are answered below
            MAX_FRAME_BYTES,
            None,  # headers: of clients
            READ_BUFFER_BYTES,
        )
        self._port = port
        self._peer = ""
        self._is_in = self._is_knocking = False

    def connection_made(self, transport: Any) -> None:
        """Take it in, or end it before it costs anything."""
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._port.came(self._peer):
            transport.abort()
            return
        self._is_in = self._is_knocking = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Let it go."""
        if not self._is_in:
            return
        self._is_in = False
        self._end_knocking()
        self._port.went()
        super().connection_lost(error)

    def _knock(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        self._end_knocking()
        return self._port.door(request, self._port.address_of(request, self._peer))

    def _end_knocking(self) -> None:
        if self._is_knocking:
            self._is_knocking = False
            self._port.upgraded(self._peer)


class StationSocket(WSListener):
    """A station's socket: frames to whatever hears them, texts to the socket.

    Parameters
    ----------
    begin
        Called once the upgrade is through; `hear_with` is due then, or later.
    """

    def __init__(self, begin: Callable[["StationSocket"], None]) -> None:
        super().__init__()
        self._begin = begin
        self._transport: WSTransport | None = None
        self._hears: Hears | None = None
        self._left: Callable[[], None] | None = None
        self._early: list[bytes] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._heard_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._bucket = Bucket(size=BURST_MESSAGES, per_s=MESSAGES_PER_S, now_s=self._loop.time())
        self._is_too_fast = self._is_choked = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade is through."""
        self._transport = transport
        self._begin(self)

    def hear_with(self, hears: Hears, left: Callable[[], None]) -> None:
        """Give frames to `hears`, those that came meanwhile first; `left` is told of the end."""
        if self._transport is None or self._transport.is_disconnected:
            left()
            return
        self._hears, self._left = hears, left
        early, self._early = self._early, []
        for raw in early:
            hears.hear(raw)

    def certificate(self) -> bytes | None:
        """The certificate that the station showed (DER), if it did."""
        if self._transport is None:
            return None
        secure = self._transport.underlying_transport.get_extra_info("ssl_object")
        return None if secure is None else secure.getpeercert(binary_form=True)

    def on_ws_frame(self, transport: WSTransport, frame: picows.WSFrame) -> None:
        """Put fragments together, and answer what belongs to the socket itself."""
        kind = frame.msg_type
        self._heard_s = self._loop.time()
        self._slow_down(self._bucket.add(self._heard_s))
        if kind == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind == picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind == picows.WSMsgType.BINARY:
            self.close(NOT_TEXT, "text only")
        elif kind in {picows.WSMsgType.TEXT, picows.WSMsgType.CONTINUATION}:
            self._put_together(frame)

    def _put_together(self, frame: picows.WSFrame) -> None:
        # RFC 6455, 5.2 and 5.4: no bits that nobody agreed on, no second message within one
        is_first = frame.msg_type == picows.WSMsgType.TEXT
        if frame.rsv1 or frame.rsv2 or frame.rsv3 or is_first == bool(self._parts):
            self.close(WRONG, "not in turn")
            return
        self._size += frame.payload_size
        if self._size > MAX_FRAME_BYTES:
            self.close(TOO_BIG, "too long")
            return
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            raw, self._parts, self._size = b"".join(self._parts), [], 0
            self._hear(raw)
        elif len(self._parts) >= MOST_FRAGMENTS:
            self.close(POLICY, "too many fragments")

    def _hear(self, raw: bytes) -> None:
        if self._hears is not None:
            self._hears.hear(raw)
        elif len(self._early) < MOST_EARLY:
            self._early.append(raw)
        else:
            self.close(POLICY, "too fast")

    def _slow_down(self, wait_s: float) -> None:
        """Read nothing for a while from a station that talks too fast."""
        if wait_s and not self._is_too_fast:
            self._is_too_fast = True
            self._loop.call_later(max(wait_s, 0.1), self._may_talk)
            self._read_or_not()

    def _may_talk(self) -> None:
        self._is_too_fast = False
        self._read_or_not()

    def pause_writing(self) -> None:
        """Read nothing from a station that does not read: its answers would fill the memory."""
        self._is_choked = True
        self._read_or_not()

    def resume_writing(self) -> None:
        """It reads again."""
        self._is_choked = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        if self._transport is None or self._transport.is_disconnected:
            return
        if self._is_too_fast or self._is_choked:
            self._transport.underlying_transport.pause_reading()
        else:
            self._transport.underlying_transport.resume_reading()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - the one it has
        """The socket is gone."""
        if self._left is not None:
            self._left()

    def send(self, text: str) -> None:
        """Send a text."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send(picows.WSMsgType.TEXT, text.encode())

    def close(self, code: int, reason: str) -> None:
        """End the link."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(picows.WSCloseCode(code), reason.encode())
            self._transport.disconnect()

    def probe(self) -> None:
        """End the link unless the station gives a sign of life within PROBE_S."""
        if self._transport is None or self._transport.is_disconnected:
            return
        asked_s = self._loop.time()
        self._transport.send_ping(b"probe")

        def look() -> None:
            if self._heard_s < asked_s:
                self.close(POLICY, "no sign of life")

        self._loop.call_later(PROBE_S, look)


def refusal(status: int) -> WSUpgradeResponseWithListener:
    """An upgrade request turned away."""
    response = picows.WSUpgradeResponse.create_error_response(status, b"")
    return WSUpgradeResponseWithListener(response, None)


def accepted(subprotocol: str, socket: StationSocket) -> WSUpgradeResponseWithListener:
    """An upgrade request let through."""
    headers = {"Sec-WebSocket-Protocol": subprotocol}
    response = picows.WSUpgradeResponse.create_101_response(headers)
    return WSUpgradeResponseWithListener(response, socket)
