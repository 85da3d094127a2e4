"""The gateway's event loop: the port, the hall, the journal, and the errands between."""

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

import picows
from django.db import Error

from viavolta.gateway.committer import Committer
from viavolta.gateway.conversation import Conversation
from viavolta.gateway.doors import Doors, Newcomer, Refused, Welcome, knock_of
from viavolta.gateway.errands import Errands
from viavolta.gateway.hall import Hall
from viavolta.gateway.inquiring import Inquiries
from viavolta.gateway.patience import Patience
from viavolta.gateway.port import POLICY, Port, StationSocket, accepted, refusal
from viavolta.gateway.registry import Entry, Registry
from viavolta.protocols.ocpp.link import Outcome
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.enrolment import knock
from viavolta.storage.journal import Journal
from viavolta.storage.projector import reached
from viavolta.storage.station_keys import gateway_key

GOING_AWAY = 1001
TRY_LATER = 1013
MOST_CONNECTIONS = 25_000
TOO_MANY = 429
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where and how a gateway listens. `name` is its own among several, and names its journal.

    `is_shared`: other gateways listen at the same port, and the system spreads stations among them.
    `vouched`: hosts ("NAME:PORT") behind our own walls that may be asked about certificates.
    """

    data: Path
    name: str = "gateway"
    host: str = "127.0.0.1"
    port: int = 9000
    is_shared: bool = False
    tls: ssl.SSLContext | None = None
    allows_profile_0: bool = False
    n_proxies: int = 0
    most_connections: int = MOST_CONNECTIONS
    vouched: tuple[str, ...] = ()

    @property
    def journal(self) -> Path:
        """The folder of its journal."""
        return self.data / "journal" / self.name


@dataclass(kw_only=True)
class Gateway:
    """A running gateway."""

    settings: GatewaySettings
    registry: Registry = field(init=False)
    inquiries: Inquiries = field(init=False)
    hall: Hall = field(default_factory=Hall)
    by_address: Patience = field(default_factory=lambda: Patience(burst=100, per_minute=60.0))
    by_identity: Patience = field(default_factory=lambda: Patience(burst=20, per_minute=20.0))
    known_at: dict[str, str] = field(default_factory=dict)
    """Where each station came from last: there it is never turned away for another's guesses."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.registry = Registry(self.settings.data)
        self.inquiries = Inquiries(
            self.registry.trust,
            clock=lambda: dt.datetime.now(dt.UTC),
            vouched=self.settings.vouched,
        )

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Serve until cancelled; stations are told to go, and what they said is durable."""
        settings = self.settings
        thread = ThreadPoolExecutor(1, thread_name_prefix="tables")
        self.errands = Errands(settings, self.hall, self.registry, thread)
        self._key = gateway_key(settings.data)
        await self.errands.begin()
        behind = await self.errands.call(reached, settings.name)
        with Journal(settings.journal, behind=behind) as journal:
            self._committer = Committer(journal)
            self._doors = Doors(
                self.registry,
                key=self._key,
                is_tls=settings.tls is not None,
                allows_profile_0=settings.allows_profile_0,
            )
            writing = asyncio.create_task(self._committer.run())
            port = Port(self._door, most=settings.most_connections, n_proxies=settings.n_proxies)
            server = await port.listen(
                settings.host, settings.port, tls=settings.tls, is_shared=settings.is_shared
            )
            log.info("gateway listens", extra={"gateway": settings.name, "port": settings.port})
            if ready is not None:
                ready.set()
            try:
                await self.errands.run(self._key)
            finally:
                server.close()
                for conversation in self.hall:
                    conversation.end(GOING_AWAY, "the gateway stops")
                writing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await writing
                await self.errands.end()
                thread.shutdown()

    def _door(
        self, request: picows.WSUpgradeRequest, address: str
    ) -> picows.WSUpgradeResponseWithListener:
        path, now_s = request.path.decode("latin-1"), asyncio.get_running_loop().time()
        if self.by_address.is_out(address, now_s):
            return refusal(TOO_MANY)
        called = knock_of(path)
        identity = "" if called is None else called.identity
        is_at_home = self.known_at.get(identity) == address
        if not is_at_home and self.by_identity.is_out(identity, now_s):
            self.by_address.refused(address, now_s)
            return refusal(TOO_MANY)
        judged = self._doors.judge(path, request.headers)
        if isinstance(judged, Welcome) and judged.is_unproven:
            judged = self._if_nobody_is_there(judged)
        if isinstance(judged, Refused):
            self.by_address.refused(address, now_s)
            self.by_identity.refused(identity, now_s)
            log.warning("station refused", extra={"reason": judged.reason})
            return refusal(judged.status)
        if isinstance(judged, Newcomer):
            return accepted(judged.subprotocol, StationSocket(partial(self._enrol, judged)))
        return accepted(judged.subprotocol, StationSocket(partial(self._begin, judged, address)))

    def _if_nobody_is_there(self, welcome: Welcome) -> Welcome | Refused:
        """A station without a credential may be anybody: it comes in where no one is there."""
        there = self.hall.get(welcome.entry.pk)
        if there is None or welcome.entry.security_profile == 0 or welcome.needs_certificate:
            return welcome
        there.probe()
        return Refused(status=401, reason="somebody of that name is there")

    def _begin(self, welcome: Welcome, address: str, socket: StationSocket) -> None:
        """A station is on the line, if its certificate is its own."""
        entry = welcome.entry
        if welcome.needs_certificate and not self._is_shown(entry, socket):
            now_s = asyncio.get_running_loop().time()
            self.by_address.refused(address, now_s)
            self.by_identity.refused(entry.identity, now_s)
            log.warning("station refused", extra={"reason": "wrong certificate"})
            socket.close(POLICY, "certificate")
            return
        if welcome.has_next_key:
            self.errands.has_next_key(entry.pk)
        if not welcome.is_unproven:
            self.known_at[entry.identity] = address
        self._talk(entry, welcome.version, socket)

    def _is_shown(self, entry: Entry, socket: StationSocket) -> bool:
        """Whether the certificate that a station showed is one that it is known by."""
        shown = socket.certificate()
        if not shown:
            return False
        sha256 = hashlib.sha256(shown).hexdigest()
        known = (entry.certificate_sha256, entry.next_certificate_sha256)
        if not any(hmac.compare_digest(sha256, one) for one in known):
            return False
        if sha256 == entry.next_certificate_sha256 or entry.certificate_expires_at is None:
            self.errands.showed_certificate(entry.pk, shown)
        return True

    def _enrol(self, newcomer: Newcomer, socket: StationSocket) -> None:
        """Put a station into its inbox; what it says meanwhile waits."""
        task = asyncio.create_task(self._take_in(newcomer, socket))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_in(self, newcomer: Newcomer, socket: StationSocket) -> None:
        try:
            station = await self.errands.call(
                knock,
                newcomer.window,
                newcomer.identity,
                newcomer.key_hash,
                newcomer.security_profile,
            )
        except Error:
            log.warning("tables out of reach", extra={"reason": "a station knocks"})
            socket.close(TRY_LATER, "please call again")
            return
        if station is None:
            socket.close(POLICY, "no room")
        else:
            self._talk(self.registry.add(station), newcomer.version, socket)

    def _talk(self, entry: Entry, version: Version, socket: StationSocket) -> None:
        """Begin the conversation with a station that came in."""
        conversation = Conversation(
            entry,
            version,
            socket,
            registry=self.registry,
            committer=self._committer,
            clock=lambda: dt.datetime.now(dt.UTC),
            seconds=asyncio.get_running_loop().time,
            ended=self._ended,
            asks_signature=self.errands.sign,
            inquire=self.inquiries.begin,
        )
        self.hall.enter(conversation)
        socket.hear_with(conversation, partial(self.hall.leave, conversation))

    def _ended(self, station: int, outcome: Outcome) -> None:
        self.errands.ended(station, outcome)
