"""The gateway's event loop: the port, the hall, and the thread that meets the database."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import picows

from viavolta.gateway import commands
from viavolta.gateway.committer import Committer
from viavolta.gateway.conversation import Conversation, Wire
from viavolta.gateway.doors import MAX_IDENTITY_CHARS, PREFIX, Doors, Patience, Refused, Welcome
from viavolta.gateway.hall import Hall
from viavolta.gateway.registry import Registry
from viavolta.protocols.ocpp.frames import MAX_FRAME_BYTES
from viavolta.protocols.ocpp.link import NotAPayloadError, Outcome, QueueFullError
from viavolta.storage.journal import Journal
from viavolta.storage.projector import project
from viavolta.storage.station_keys import gateway_key

TICK_S = 0.2
"""How often commands are looked for and time-outs are seen to."""

PING_AFTER_S = 30.0
PONG_WITHIN_S = 10.0
GOING_AWAY = 1001
NOT_TEXT = 1003
POLICY = 1008
TOO_BIG = 1009
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where and how a gateway listens. `name` is its own among several, and names its journal."""

    data: Path
    name: str = "gateway"
    host: str = "127.0.0.1"
    port: int = 9000
    tls: ssl.SSLContext | None = None
    allows_profile_0: bool = False

    @property
    def journal(self) -> Path:
        """The folder of its journal."""
        return self.data / "journal" / self.name


@dataclass(kw_only=True)
class Gateway:
    """A running gateway."""

    settings: GatewaySettings
    registry: Registry = field(default_factory=Registry)
    hall: Hall = field(default_factory=Hall)
    patience: Patience = field(default_factory=Patience)
    asked: dict[str, int] = field(default_factory=dict)
    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Serve until cancelled; stations are told to go, and what they said is durable."""
        settings = self.settings
        thread = ThreadPoolExecutor(1, thread_name_prefix="tables")
        loop = asyncio.get_running_loop()
        with Journal(settings.journal) as journal:
            await loop.run_in_executor(thread, self._prepare)
            self._committer = Committer(journal)
            self._doors = Doors(
                self.registry,
                key=gateway_key(settings.data),
                is_tls=settings.tls is not None,
                allows_profile_0=settings.allows_profile_0,
            )
            writing = asyncio.create_task(self._committer.run())
            server = await picows.ws_create_server(
                self._door,
                settings.host,
                settings.port,
                ssl=settings.tls,
                max_frame_size=MAX_FRAME_BYTES,
                websocket_handshake_timeout=10,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_AFTER_S,
                auto_ping_reply_timeout=PONG_WITHIN_S,
                enable_auto_pong=True,
                logger_name="gateway",
            )
            log.info("gateway listens", extra={"port": settings.port})
            if ready is not None:
                ready.set()
            try:
                await self._meet_the_tables(thread)
            finally:
                server.close()
                for conversation in self.hall:
                    conversation.end(GOING_AWAY, "the gateway stops")
                writing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await writing
                await loop.run_in_executor(thread, commands.note, self._take_outcomes())
                thread.shutdown()

    def _prepare(self) -> None:
        """Bring the journal into the tables to its end, and know who may come."""
        while project(self.settings.journal, self.settings.name):
            pass
        commands.lose_those_of(self.settings.name)
        self.registry.refresh()

    async def _meet_the_tables(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        call = partial(loop.run_in_executor, thread)
        while True:
            await call(self.registry.refresh)
            for asked in await call(commands.take, self.settings.name, self._holds):
                await self._send(asked, call)
            for conversation in self.hall:
                conversation.flush()
            await call(commands.note, self._take_outcomes())
            await asyncio.sleep(TICK_S)

    async def _send(self, asked: commands.Asked, call: Any) -> None:
        conversation = self.hall.get(asked.station)
        if conversation is None:
            await call(commands.refuse, asked.pk, "the station has just gone")
            return
        try:
            message_id = conversation.ask(asked.action, asked.payload, timeout_s=asked.timeout_s)
        except NotAPayloadError as error:
            await call(commands.refuse, asked.pk, str(error))
        except QueueFullError:
            await call(commands.refuse, asked.pk, "too many commands wait for this station")
        else:
            self.asked[f"{asked.station} {message_id}"] = asked.pk

    def _ended(self, station: int, outcome: Outcome) -> None:
        pk = self.asked.pop(f"{station} {outcome.message_id}", None)
        if pk is not None:
            self.outcomes.append((pk, outcome))

    def _take_outcomes(self) -> list[tuple[int, Outcome]]:
        taken, self.outcomes = self.outcomes, []
        return taken

    def _holds(self, station: int) -> bool:
        return self.hall.get(station) is not None

    def _door(self, request: picows.WSUpgradeRequest) -> picows.WSUpgradeResponseWithListener:
        path, now_s = request.path.decode("latin-1"), asyncio.get_running_loop().time()
        knocker = path.removeprefix(PREFIX)[:MAX_IDENTITY_CHARS]
        if self.patience.is_out(knocker, now_s):
            return _refusal(429)
        judged = self._doors.judge(path, request.headers)
        if isinstance(judged, Refused):
            self.patience.refused(knocker, now_s)
            log.warning("station refused", extra={"reason": judged.reason})
            return _refusal(judged.status)
        headers = {"Sec-WebSocket-Protocol": judged.subprotocol}
        response = picows.WSUpgradeResponse.create_101_response(headers)
        return picows.WSUpgradeResponseWithListener(response, _Listener(self, judged))

    def welcome(self, welcome: Welcome, wire: Wire) -> Conversation:
        """Begin the conversation with a station that came in."""
        loop = asyncio.get_running_loop()
        conversation = Conversation(
            welcome.entry,
            welcome.version,
            wire,
            registry=self.registry,
            committer=self._committer,
            clock=lambda: dt.datetime.now(dt.UTC),
            seconds=loop.time,
            ended=self._ended,
        )
        self.hall.enter(conversation)
        return conversation


class _Listener(picows.WSListener):
    """A station's socket: frames to the conversation, texts to the socket."""

    def __init__(self, gateway: Gateway, welcome: Welcome) -> None:
        super().__init__()
        self._gateway, self._admitted = gateway, welcome
        self._transport: picows.WSTransport | None = None
        self._conversation: Conversation | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """The upgrade is through: the station is on the line, if its certificate is its own."""
        self._transport = transport
        welcome = self._admitted
        if welcome.needs_certificate and not _is_of(transport, welcome.entry.certificate_sha256):
            log.warning("station refused", extra={"reason": "wrong certificate"})
            self.close(POLICY, "certificate")
            return
        self._conversation = self._gateway.welcome(welcome, self)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Put fragments together, and answer what belongs to the socket itself."""
        kind = frame.msg_type
        if kind == picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind == picows.WSMsgType.BINARY:
            self.close(NOT_TEXT, "text only")
        elif kind in {picows.WSMsgType.TEXT, picows.WSMsgType.CONTINUATION}:
            self._size += frame.payload_size
            if self._size > MAX_FRAME_BYTES:
                self.close(TOO_BIG, "too long")
                return
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                raw, self._parts, self._size = b"".join(self._parts), [], 0
                if self._conversation is not None:
                    self._conversation.hear(raw)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:  # noqa: ARG002 - the one it has
        """The socket is gone."""
        if self._conversation is not None:
            self._gateway.hall.leave(self._conversation)

    def send(self, text: str) -> None:
        """Send a text."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send(picows.WSMsgType.TEXT, text.encode())

    def close(self, code: int, reason: str) -> None:
        """End the link."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(picows.WSCloseCode(code), reason.encode())
            self._transport.disconnect()


def _refusal(status: int) -> picows.WSUpgradeResponseWithListener:
    response = picows.WSUpgradeResponse.create_error_response(status, b"")
    return picows.WSUpgradeResponseWithListener(response, None)


def _is_of(transport: picows.WSTransport, sha256: str) -> bool:
    """Whether the certificate that the station showed is the one that it is known by."""
    secure = transport.underlying_transport.get_extra_info("ssl_object")
    shown = None if secure is None else secure.getpeercert(binary_form=True)
    if not shown or not sha256:
        return False
    return hmac.compare_digest(hashlib.sha256(shown).hexdigest(), sha256)
