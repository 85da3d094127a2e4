"""A station's end of a WebSocket: carries a `Link`, and a simulated station over it."""

import asyncio
import base64
import datetime as dt
import itertools
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Self

import picows

from viavolta.protocols.ocpp.frames import ErrorCode
from viavolta.protocols.ocpp.link import End, Heard, Link, Outcome, Side
from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.station import Call, SimulatedStation

SUBPROTOCOL = {Version.V16: "ocpp1.6", Version.V201: "ocpp2.0.1", Version.V21: "ocpp2.1"}
ANSWER_WITHIN_S = 30.0


class Line(picows.WSListener):
    """A link over a socket: calls go out, what the central system asks is queued in `heard`."""

    def __init__(self, version: Version) -> None:
        super().__init__()
        count = itertools.count(1)
        self.link = Link(version, Side.STATION, new_id=lambda: f"s{next(count)}")
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """The socket is there."""
        self.transport = transport

    def on_ws_frame(self, _: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Take in a frame."""
        if frame.msg_type == picows.WSMsgType.TEXT:
            heard = self.link.receive(frame.get_payload_as_bytes())
            if heard is not None:
                self.heard.put_nowait(heard)
            self._flush()
        elif frame.msg_type == picows.WSMsgType.CLOSE and not self.closed.done():
            self.closed.set_result(int(frame.get_close_code().value))

    def on_ws_disconnected(self, _: picows.WSTransport) -> None:
        """The socket is gone: what was asked is lost."""
        if not self.closed.done():
            self.closed.set_result(None)
        for outcome in self.link.close():
            self._outcomes.put_nowait(outcome)

    async def call(self, action: str, payload: dict[str, Any]) -> Outcome:
        """Call, and wait for what becomes of it; one call at a time.

        Raises
        ------
        TimeoutError: no answer in time.
        """
        self.link.call(action, payload, timeout_s=ANSWER_WITHIN_S)
        self._flush()
        return await asyncio.wait_for(self._outcomes.get(), ANSWER_WITHIN_S)

    def answer(self, heard: Heard, payload: dict[str, Any] | None) -> None:
        """Answer what was asked; None says that this is not supported."""
        if payload is None:
            self.link.refuse(heard.message_id, ErrorCode.NOT_SUPPORTED, heard.action)
        else:
            self.link.answer(heard.message_id, payload)
        self._flush()

    def _flush(self) -> None:
        for text in self.link.to_send(0.0):
            self.transport.send(picows.WSMsgType.TEXT, text.encode())
        for outcome in self.link.outcomes():
            self._outcomes.put_nowait(outcome)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.transport.disconnect()


async def connect(
    url: str,
    identity: str,
    password: str | None,
    version: Version,
    *,
    tls: ssl.SSLContext | None = None,
) -> Line:
    """Call a gateway as a station: `url` up to the identity, such as ws://127.0.0.1:9000/ocpp.

    Raises
    ------
    picows.WSError: it refuses. OSError: nobody is there.
    """
    headers = {"Sec-WebSocket-Protocol": SUBPROTOCOL[version]}
    if password is not None:
        credential = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {credential}"
    line = Line(version)
    await picows.ws_connect(
        lambda: line, f"{url}/{identity}", extra_headers=headers, ssl_context=tls
    )
    return line


class Drive:
    """Lets a simulated station live on a line.

    What it could not tell is kept, in order, and told on the next line.

    Parameters
    ----------
    clock
        The station's time, UTC; may run faster than the world's.
    untold
        What an earlier line took no answer to.
    """

    def __init__(
        self,
        station: SimulatedStation,
        line: Line,
        *,
        clock: Callable[[], dt.datetime],
        untold: deque[Call] | None = None,
    ) -> None:
        self.station, self.line = station, line
        self._clock = clock
        self._untold: deque[Call] = deque() if untold is None else untold

    async def boot(self) -> bool:
        """Say hello; whether the station is taken in, and has told what was not told before.

        Raises
        ------
        ConnectionError: the line broke.
        """
        outcome = await self._call(*self.station.boot())
        if outcome.payload is None or outcome.payload["status"] != "Accepted":
            return False
        await self._call(*self.station.status(self._clock()))
        await self.tell([])
        return True

    async def tell(self, calls: list[Call]) -> None:
        """Make calls in order and take their answers to heart.

        Raises
        ------
        ConnectionError: the line broke.
        """
        self._untold.extend(calls)
        while self._untold:
            action, payload = self._untold[0]
            outcome = await self._call(action, payload)
            self._untold.popleft()
            if action == "StartTransaction" and outcome.payload is not None:
                self.station.started(outcome.payload)

    async def _call(self, action: str, payload: dict[str, Any]) -> Outcome:
        outcome = await self.line.call(action, payload)
        if outcome.end is End.LOST:
            msg = f"no answer to {action}"
            raise ConnectionError(msg)
        return outcome

    async def listen(self) -> None:
        """Answer what the central system asks, until cancelled."""
        while True:
            heard = await self.line.heard.get()
            found = self.station.asked(heard.action, heard.payload, self._clock())
            self.line.answer(heard, found)

    async def tick(self) -> None:
        """Tell what is due now."""
        await self.tell(self.station.wants(self._clock()))
