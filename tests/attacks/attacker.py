"""An attacker at the gateway's port: bytes as they please, over a socket of this machine."""

import base64
import contextlib
import json
import os
import socket
import ssl
import struct
from typing import Any, Self

from oca.stage import PASSWORD, SUBPROTOCOL

from viavolta.protocols.ocpp.schemas import Version

PATIENCE_S = 20.0
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_LONG, _LONGER = 126, 127
_MOST_SHORT = 65_535


class GoneError(Exception):
    """The other side ended the link; `code` is what it said, None where it said nothing."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


def basic(user: str, password: str) -> str:
    """The value of a header of HTTP basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Attacker:
    """A connection that asked to be a WebSocket; `status` is what the gateway answered."""

    def __init__(
        self,
        port: int,
        path: str,
        *,
        authorization: bytes | str | None = None,
        version: Version = Version.V201,
        more: str = "",
        tls: ssl.SSLContext | None = None,
        source: str = "127.0.0.1",
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0))
        self.socket = plain if tls is None else tls.wrap_socket(plain, server_hostname="127.0.0.1")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL[version]}",
        ]
        request = "\r\n".join(lines).encode() + b"\r\n" + more.encode()
        if authorization is not None:
            value = authorization if isinstance(authorization, bytes) else authorization.encode()
            request += b"Authorization: " + value + b"\r\n"
        self._left = b""
        self.head = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(request + b"\r\n")
            self.head = self._until(b"\r\n\r\n")
        parts = self.head.split(b" ", 2)
        self.status = int(parts[1]) if len(parts) > 1 else 0
        self._n = 0

    @classmethod
    def as_station(cls, port: int, name: str, password: str = PASSWORD, **more: Any) -> "Attacker":
        """A connection as a station makes it."""
        return cls(port, f"/ocpp/{name}", authorization=basic(name, password), **more)

    def frame(self, kind: int, payload: bytes, *, is_last: bool = True) -> None:
        """Send one frame, masked as a client must."""
        size = len(payload)
        if size < _LONG:
            length = struct.pack("!B", 0x80 | size)
        elif size <= _MOST_SHORT:
            length = struct.pack("!BH", 0x80 | _LONG, size)
        else:
            length = struct.pack("!BQ", 0x80 | _LONGER, size)
        # a mask of zeros is one, too
        self.send(bytes([kind | (0x80 * is_last)]) + length + bytes(4) + payload)

    def send(self, content: bytes) -> None:
        """Send bytes as they are; a link that is gone takes none."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(content)

    def say(self, text: str | bytes) -> None:
        """Send a text."""
        self.frame(TEXT, text if isinstance(text, bytes) else text.encode())

    def hear(self) -> list[Any]:
        """The next message.

        Raises
        ------
        GoneError: the link was ended instead.
        """
        while True:
            kind, payload = self._next()
            if kind == CLOSE:
                raise GoneError(int.from_bytes(payload[:2]) if payload else None)
            if kind == TEXT:
                return list(json.loads(payload))

    def call(self, action: str, payload: Any, message_id: str = "") -> list[Any]:
        """Call, and the answer."""
        self._n += 1
        message_id = message_id or f"a{self._n}"
        self.say(json.dumps([2, message_id, action, payload]))
        heard = self.hear()
        assert heard[1] == message_id, heard
        return heard

    def is_alive(self) -> bool:
        """Whether the gateway still answers on this link."""
        try:
            return bool(self.call("Heartbeat", {})[0] == 3)
        except GoneError:
            return False

    def ended_with(self) -> int | None:
        """Read until the link ends: the code that it was closed with.

        Raises
        ------
        TimeoutError: it is still there.
        """
        try:
            while True:
                self.hear()
        except GoneError as gone:
            return gone.code

    def close(self) -> None:
        """Hang up without a word."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next(self) -> tuple[int, bytes]:
        head = self._read(2)
        size = head[1] & 0x7F
        if size == _LONG:
            size = int.from_bytes(self._read(2))
        elif size == _LONGER:
            size = int.from_bytes(self._read(8))
        return head[0] & 0x0F, self._read(size)

    def _read(self, n: int) -> bytes:
        while len(self._left) < n:
            self._take()
        found, self._left = self._left[:n], self._left[n:]
        return found

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._left:
            try:
                self._take()
            except GoneError:
                found, self._left = self._left, b""
                return found
        found, _, self._left = self._left.partition(mark)
        return found

    def _take(self) -> None:
        try:
            more = self.socket.recv(65_536)
        except (ConnectionResetError, ssl.SSLError) as error:
            raise GoneError from error
        if not more:
            raise GoneError
        self._left += more
