"""Between the event loop and the tables: commands, presence, passwords, who may come.

The event loop never waits for the database: one thread meets it, this errand-runner goes between.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography import x509
from django.db import Error

from viavolta.gateway import commands, new_keys, signing
from viavolta.gateway.hall import Hall
from viavolta.gateway.registry import Registry
from viavolta.protocols.ocpp.link import NotAPayloadError, Outcome, QueueFullError
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.station_certificates import sha256_of
from viavolta.storage import presence, wake
from viavolta.storage.processes import identity
from viavolta.storage.station_authorities import trusted_certificates

if TYPE_CHECKING:
    from viavolta.gateway.server import GatewaySettings

REFRESH_EVERY_S = 1.0
SEEN_EVERY_S = 2.0
RENEW_EVERY_S = 60.0
RETRY_S = 1.0
_Found = TypeVar("_Found")
_Item = TypeVar("_Item")
log = logging.getLogger(__name__)


class Errands:
    """Runs errands for one gateway."""

    def __init__(
        self,
        settings: "GatewaySettings",
        hall: Hall,
        registry: Registry,
        thread: ThreadPoolExecutor,
    ) -> None:
        self._settings, self._gateway = settings, settings.name
        self._hall, self._registry = hall, registry
        self._thread, self._process = thread, identity()
        self._asked: dict[str, int] = {}
        self._outcomes: list[tuple[int, Outcome]] = []
        self._keys_asked: dict[str, int] = {}
        self._key_outcomes: list[tuple[int, Outcome]] = []
        self._promoted: list[int] = []
        self._to_sign: list[tuple[int, dict[str, Any], Version]] = []
        self._certificates: list[tuple[int, int, Outcome]] = []
        self._shown: list[tuple[int, bytes]] = []
        self._trusted: set[str] = set()
        self._flying: set[int] = set()
        self._refreshed_s = self._seen_s = 0.0
        self._renewed_s: float | None = None

    async def call(self, what: Callable[..., _Found], *values: Any) -> _Found:
        """Do something that may wait for the database."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, partial(what, *values)
        )

    async def begin(self) -> None:
        """Take the name, end what the forerunner left behind, and know who may come.

        Raises
        ------
        UsageError: a gateway of that name lives on another machine.
        """
        await self.call(presence.begin, self._gateway, self._process)
        await self.call(commands.lose_those_of, self._gateway)
        await self.call(self._registry.refresh)

    async def run(self, key: bytes) -> None:
        """Run errands until cancelled."""
        async with wake.listening() as woken:
            while True:
                try:
                    await self._once(key)
                except Error as error:  # away, or in each other's way: what waits still waits
                    log.warning("tables out of reach", extra={"why": str(error)[:200]})
                    await asyncio.sleep(RETRY_S)
                await woken()

    async def end(self) -> None:
        """Write down what is left, and that this gateway holds nobody."""
        await self._note_outcomes()
        await self._note_presence()
        await self.call(presence.end, self._gateway)

    def ended(self, station: int, outcome: Outcome) -> None:
        """Take note of what became of a call."""
        which = f"{station} {outcome.message_id}"
        if (pk := self._asked.pop(which, None)) is not None:
            self._outcomes.append((pk, outcome))
            if outcome.action == signing.SIGNED:
                self._certificates.append((station, pk, outcome))
        elif self._keys_asked.pop(which, None) is not None:
            self._key_outcomes.append((station, outcome))

    def has_next_key(self, station: int) -> None:
        """A station showed the password that was under way to it."""
        self._promoted.append(station)

    def sign(self, station: int, request: dict[str, Any], version: Version) -> None:
        """A station's request for a certificate was accepted."""
        self._to_sign.append((station, request, version))

    def showed_certificate(self, station: int, shown: bytes) -> None:
        """A station came in with a certificate (DER) whose end is not known yet."""
        self._shown.append((station, shown))

    async def _once(self, key: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._refreshed_s >= REFRESH_EVERY_S:
            self._refreshed_s = now_s
            await self.call(self._registry.refresh)
            await self._give_keys(key)
            await self._see_to_certificates(now_s)
        if now_s - self._seen_s >= SEEN_EVERY_S:
            self._seen_s = now_s
            await self.call(presence.seen, self._gateway, self._process, len(self._hall))
            for station in await self.call(presence.moved_away, self._gateway):
                self._hall.release(station)
        await self._note_presence()
        while taken := await self.call(commands.take, self._gateway, self._holds):
            for asked in taken:
                await self._send(asked)
            if len(taken) < commands.MOST_AT_ONCE:
                break
        self._end_overdue()
        await self._note_outcomes()

    async def _note_outcomes(self) -> None:
        known = list(self._outcomes)
        if known:
            await self.call(commands.note, known)
            del self._outcomes[: len(known)]

    async def _note_presence(self) -> None:
        entered, left = self._hall.take_changes()
        if not entered and not left:
            return
        came = [(one.entry.pk, one.version.value) for one in entered]
        try:
            await self.call(presence.note, self._gateway, came, left)
        except (Error, asyncio.CancelledError):  # written twice is no harm, never written is
            self._hall.put_back(entered, left)
            raise

    async def _each(self, waiting: list[_Item], do: Callable[[_Item], Awaitable[None]]) -> None:
        """Do something for each that waits, in order; one that it fails for still waits."""
        while waiting:
            await do(waiting[0])
            del waiting[0]

    async def _give_keys(self, key: bytes) -> None:
        await self._each(self._promoted, lambda one: self.call(new_keys.promote, [one]))
        await self._each(self._key_outcomes, lambda one: self.call(new_keys.note, *one))
        for entry in self._registry.who_wants_a_key():
            conversation = self._hall.get(entry.pk)
            if conversation is None or conversation.was_given_key:
                continue
            new = await self.call(new_keys.prepare, entry, conversation.version, key)
            conversation.was_given_key = True
            message_id = conversation.ask(new.action, new.payload, timeout_s=new_keys.TIMEOUT_S)
            self._keys_asked[f"{entry.pk} {message_id}"] = entry.pk
            self._flying.add(entry.pk)

    async def _see_to_certificates(self, now_s: float) -> None:
        data = self._settings.data
        await self._each(self._to_sign, lambda one: self.call(signing.sign, data, *one))
        await self._each(self._certificates, lambda one: self.call(signing.note, *one))
        await self._each(self._shown, self._promote)
        if self._settings.tls is not None:
            for pem in set(await self.call(trusted_certificates)) - self._trusted:
                self._settings.tls.load_verify_locations(cadata=pem)
                self._settings.tls.verify_mode = ssl.CERT_OPTIONAL
                self._trusted.add(pem)
        if self._renewed_s is None or now_s - self._renewed_s >= RENEW_EVERY_S:
            self._renewed_s = now_s
            await self.call(signing.ask_for_renewals, self._gateway)

    async def _promote(self, one: tuple[int, bytes]) -> None:
        station, der = one
        shown = x509.load_der_x509_certificate(der)
        await self.call(signing.promote, station, sha256_of(shown), shown.not_valid_after_utc)

    async def _send(self, asked: commands.Asked) -> None:
        conversation = self._hall.get(asked.station)
        if conversation is None:
            await self.call(commands.refuse, asked.pk, "the station has just gone")
            return
        try:
            message_id = conversation.ask(asked.action, asked.payload, timeout_s=asked.timeout_s)
        except NotAPayloadError as error:
            await self.call(commands.refuse, asked.pk, str(error))
        except QueueFullError:
            await self.call(commands.refuse, asked.pk, "too many commands wait for this station")
        else:
            self._asked[f"{asked.station} {message_id}"] = asked.pk
            self._flying.add(asked.station)

    def _end_overdue(self) -> None:
        """Have calls that took too long ended."""
        for station in list(self._flying):
            conversation = self._hall.get(station)
            if conversation is not None:
                conversation.flush()
            if conversation is None or conversation.next_due_s() is None:
                self._flying.discard(station)

    def _holds(self, station: int) -> bool:
        return self._hall.get(station) is not None
