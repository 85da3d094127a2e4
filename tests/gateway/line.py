"""A station's end of the line, for tests: says what it is told to, keeps what it hears."""

import asyncio
import base64
import itertools
from typing import Any, Self

import picows

from viavolta.protocols.ocpp.link import Heard, Link, Outcome, Side
from viavolta.protocols.ocpp.schemas import Version

SUBPROTOCOL = {Version.V16: "ocpp1.6", Version.V201: "ocpp2.0.1", Version.V21: "ocpp2.1"}


class Line(picows.WSListener):
    """A link of a station over a real socket."""

    def __init__(self, version: Version) -> None:
        super().__init__()
        count = itertools.count(1)
        self.link = Link(version, Side.STATION, new_id=lambda: f"s{next(count)}")
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, _: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            heard = self.link.receive(frame.get_payload_as_bytes())
            if heard is not None:
                self.heard.put_nowait(heard)
            self.flush()
        elif frame.msg_type == picows.WSMsgType.CLOSE and not self.closed.done():
            self.closed.set_result(frame.get_close_code())

    def on_ws_disconnected(self, _: picows.WSTransport) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def flush(self) -> None:
        for text in self.link.to_send(0.0):
            self.transport.send(picows.WSMsgType.TEXT, text.encode())
        for outcome in self.link.outcomes():
            self.outcomes.put_nowait(outcome)

    async def call(self, action: str, payload: dict[str, Any]) -> Outcome:
        """Call, and wait for what becomes of it."""
        self.link.call(action, payload, timeout_s=1e9)
        self.flush()
        return await asyncio.wait_for(self.outcomes.get(), 10)

    async def asked(self) -> Heard:
        """Wait for a call of the central system."""
        return await asyncio.wait_for(self.heard.get(), 10)

    def answer(self, heard: Heard, payload: dict[str, Any]) -> None:
        """Answer it."""
        self.link.answer(heard.message_id, payload)
        self.flush()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.transport.disconnect()


async def connect(
    port: int, identity: str, password: str | None, version: Version = Version.V201
) -> Line:
    """Call the gateway as a station. Raises WSInvalidStatusError where it refuses."""
    headers = {"Sec-WebSocket-Protocol": SUBPROTOCOL[version]}
    if password is not None:
        credential = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {credential}"
    _, line = await picows.ws_connect(
        lambda: Line(version), f"ws://127.0.0.1:{port}/ocpp/{identity}", extra_headers=headers
    )
    return line
