"""One station's conversation: frames in, durable records, answers out."""

import datetime as dt
import itertools
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from viavolta.gateway.committer import Committer
from viavolta.gateway.prices import Place
from viavolta.gateway.registry import Entry, Registry
from viavolta.protocols.ocpp.frames import ErrorCode
from viavolta.protocols.ocpp.link import Heard, Link, Outcome, Side
from viavolta.protocols.ocpp.schemas import Part, Version, first_violation
from viavolta.protocols.ocpp.transactions import events_of
from viavolta.services.central_system.answers import UNSUPPORTED, answer, may_say
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.services.central_system.world import (
    Admission,
    Standing,
    TokenStatus,
    TokenVerdict,
)
from viavolta.services.plug_and_charge.others import Answer, Inquiry
from viavolta.services.plug_and_charge.v2g import Use, is_fit, is_root, use_of
from viavolta.services.station_certificates import why_unsigned
from viavolta.storage.fitness import why_no_event, why_unfit
from viavolta.storage.session_rows import Told, start_key_of
from viavolta.storage.terminal_payments import KIND, receipt_id

NOT_WRITTEN = frozenset({"Heartbeat"})
"""Calls that tell nothing to be kept: answered at once."""

BUSY = (ErrorCode.INTERNAL, "busy, please repeat")
HEARTBEAT_S = 300
KNOCK_AGAIN_S = 30
"""After which a station that waits for adoption may boot again."""

SIGNED_AT_MOST_EVERY = dt.timedelta(minutes=1)
"""A station that asks for certificates of one use more often is told to wait."""

MOST_HELD = 20
"""Calls of a station that wait until others have answered what it asked before: it should make none
before it has its answer (OCPP-J)."""

log = logging.getLogger(__name__)


class Wire(Protocol):
    """The way back to the station."""

    def send(self, text: str) -> None:
        """Send a text."""

    def close(self, code: int, reason: str) -> None:
        """End the link."""

    def probe(self) -> None:
        """End the link unless the station gives a sign of life."""


class Ended(Protocol):
    """Who wants to know what became of a call."""

    def __call__(self, station: int, outcome: Outcome) -> None:
        """Take note of an outcome."""


class Inquire(Protocol):
    """Who asks others on behalf of a station."""

    def __call__(
        self, station: int, tenant_id: int, inquiry: Inquiry, done: Callable[[Answer], None]
    ) -> None:
        """Ask; `done` is called with the answer, once, in time."""


class _StationWorld:
    """The surroundings of one station (`services.central_system.world.World`)."""

    def __init__(self, entry: Entry, registry: Registry, clock: Callable[[], dt.datetime]) -> None:
        self._entry, self._registry, self._clock = entry, registry, clock
        self.profiles: dict[int, dict[str, Any]] = {}
        """The profile that the station took last for each EVSE, on this link."""
        self._signed_at: dict[Use, dt.datetime] = {}
        registry.transactions.expect(self._place)

    @property
    def heartbeat_s(self) -> int:
        is_waiting = self.admission is Admission.PENDING
        return KNOCK_AGAIN_S if is_waiting else HEARTBEAT_S

    @property
    def admission(self) -> Admission:
        known = self._registry.station(self._entry.identity)
        return Admission.REJECTED if known is None else known.admission

    def now(self) -> dt.datetime:
        return self._clock()

    def verdict(self, token: str, kind: str) -> TokenVerdict:
        tenant = self._entry.tenant_id
        found = self._registry.verdict(tenant, token, self._clock())
        is_paid = kind == KIND and self._registry.transactions.prices.takes_terminals(tenant)
        if is_paid and found.status is TokenStatus.UNKNOWN:
            return TokenVerdict(status=TokenStatus.ACCEPTED)
        return found

    def receipt(self, psp_ref: str) -> tuple[str, str] | None:
        where = self._registry.transactions.prices.receipts_at(self._entry.tenant_id)
        if not where or not self._registry.key:
            return None
        number = receipt_id(self._registry.key, self._entry.pk, psp_ref)
        return number, where + number

    def transaction_number(self, start: Mapping[str, Any]) -> int:
        return self._registry.number_of(self._entry.pk, start_key_of(start))

    def standing(self, event: Mapping[str, Any]) -> Standing:
        try:
            told = events_of("TransactionEvent", event, received_at=self._clock())
        except (ValueError, OverflowError):  # no time: `why_unfit` says so
            return Standing()
        number, heard = told or (None, None)
        if number is None or heard is None:
            return Standing()
        if why_no_event(
            Told(station=self._entry.pk, transaction=number, start_key="", event=heard)
        ):
            return Standing()
        return self._registry.transactions.heard(self._place, number, heard)

    @property
    def _place(self) -> Place:
        known = self._registry.station(self._entry.identity) or self._entry
        return Place(station=known.pk, tenant_id=known.tenant_id, site=known.site)

    def setpoint(self, profile_id: int) -> Mapping[str, Any] | None:
        return self._registry.setpoints.at(self._entry.pk, profile_id, self._clock())

    def profile_at(self, evse: int) -> Mapping[str, Any] | None:
        return self.profiles.get(evse)

    def why_unsigned(self, request: Mapping[str, Any]) -> str:
        tenant, csr = self._entry.tenant_id, request["csr"]
        v2g = self._registry.trust.v2g_root(tenant)
        use = use_of(request, has_authority=v2g is not None)
        organisation = self._registry.signing_organisation(tenant)
        if use is not None and use is not Use.STATION and v2g is not None:
            organisation, root = v2g
            if not is_fit(csr):
                return "WeakKey"
            if not is_root(request.get("hashRootCertificate"), root):
                return "UnknownRoot"
        if organisation is None or use is None:
            return "NotSupported"
        known = self._registry.station(self._entry.identity) or self._entry
        names = {known.identity, known.serial} - {""}
        why_not = why_unsigned(csr, names=names, organisation=organisation)
        if why_not:
            return why_not
        now, before = self._clock(), self._signed_at.get(use)
        if before is not None and now - before < SIGNED_AT_MOST_EVERY:
            return "TooManyRequests"
        self._signed_at[use] = now
        return ""


class Conversation:
    """A station on the line.

    Parameters
    ----------
    clock, seconds
        The time in UTC, and a clock for time-outs that never jumps.
    ended
        Told what became of each call.
    asks_signature
        Told of each request for a certificate (the call) that was accepted and is durable.
    inquire
        Asks others what some calls need. The station's further calls wait for that, in order.
    """

    def __init__(
        self,
        entry: Entry,
        version: Version,
        wire: Wire,
        *,
        registry: Registry,
        committer: Committer,
        clock: Callable[[], dt.datetime],
        seconds: Callable[[], float],
        ended: Ended,
        asks_signature: Callable[[int, dict[str, Any], Version], None],
        inquire: Inquire,
    ) -> None:
        self.entry, self.version = entry, version
        self._wire, self._committer = wire, committer
        self._clock, self._seconds, self._ended = clock, seconds, ended
        self._asks_signature, self._inquire = asks_signature, inquire
        self._held: deque[Heard] = deque()
        self._inquiring: str | None = None
        """The id of the call for which others are asked."""
        self._world = _StationWorld(entry, registry, clock)
        self._profiles: dict[str, dict[str, Any]] = {}
        count = itertools.count(1)
        start = int(clock().timestamp() * 1000)
        self._link = Link(version, Side.CENTRAL, new_id=lambda: f"{start:x}-{next(count)}")
        self._is_open = True
        self.was_given_key = False
        self._write_down(RecordKind.CONNECTED)

    def hear(self, raw: bytes) -> None:
        """Take in a frame."""
        heard = self._link.receive(raw)
        if heard is not None:
            self._take(heard)
        self.flush()

    def ask(self, action: str, payload: dict[str, Any], *, timeout_s: float) -> str:
        """Queue a call to the station; returns its message id. Raises as `Link.call` does."""
        message_id = self._link.call(action, payload, timeout_s=timeout_s)
        if action == "SetChargingProfile" and "chargingProfile" in payload:
            self._profiles[message_id] = payload
        self.flush()
        return message_id

    def flush(self) -> None:
        """Send what is due, end what timed out."""
        if not self._is_open:
            return
        for text in self._link.to_send(self._seconds()):
            self._wire.send(text)
        for outcome in self._link.outcomes():
            asked = self._profiles.pop(outcome.message_id, None)
            if asked is not None and (outcome.payload or {}).get("status") == "Accepted":
                self._world.profiles[asked["evseId"]] = asked["chargingProfile"]
            self._ended(self.entry.pk, outcome)

    def next_due_s(self) -> float | None:
        """When a call times out."""
        return self._link.next_due_s()

    def gone(self) -> None:
        """The link broke."""
        if not self._is_open:
            return
        self._is_open = False
        for outcome in self._link.close():
            self._ended(self.entry.pk, outcome)
        self._write_down(RecordKind.GONE)

    def probe(self) -> None:
        """Find out whether the station is still there, and end the link if it is not."""
        self._wire.probe()

    def end(self, code: int, reason: str) -> None:
        """End the link from this side."""
        self.gone()
        self._wire.close(code, reason)

    def _take(self, heard: Heard) -> None:
        if heard.is_send:  # nobody would read why it is not taken
            if self._refusal(heard) is None:
                self._write_down(RecordKind.SEND, heard.action, heard.payload)
        elif self._inquiring is None:
            self._decide(heard)
        elif len(self._held) < MOST_HELD:
            self._held.append(heard)
        else:
            self._link.refuse(heard.message_id, *BUSY)

    def _decide(self, heard: Heard) -> None:
        refusal = self._refusal(heard)
        if refusal is not None:
            self._link.refuse(heard.message_id, *refusal)
            return
        try:
            found = answer(self.version, heard.action, heard.payload, self._world)
        except IndexError:  # no transaction number left for a moment
            self._link.refuse(heard.message_id, *BUSY)
            return
        if isinstance(found, Inquiry):
            self._ask_others(heard, found)
        else:
            self._conclude(heard, found)

    def _ask_others(self, heard: Heard, inquiry: Inquiry) -> None:
        def answered(found: Answer) -> None:
            if self._is_open:
                wrong = first_violation(self.version, heard.action, found, Part.RESPONSE)
                self._conclude(heard, inquiry.otherwise("InvalidAnswer") if wrong else found)
                self.flush()

        self._inquiring = heard.message_id
        self._inquire(self.entry.pk, self.entry.tenant_id, inquiry, answered)

    def _go_on(self, answered: Heard) -> None:
        """Take in what waited for this answer."""
        if answered.message_id == self._inquiring:
            self._inquiring = None
            while self._held and self._inquiring is None:
                self._decide(self._held.popleft())

    def _conclude(self, heard: Heard, found: Answer) -> None:
        if heard.action in NOT_WRITTEN:
            self._link.answer(heard.message_id, found)
            return
        record = self._record(RecordKind.CALL, heard.action, heard.payload, found)
        why_not = why_unfit(record)
        if why_not:
            self._link.refuse(heard.message_id, ErrorCode.PROPERTY, why_not)
            self._go_on(heard)
        else:
            self._answer_when_kept(heard, record, found)

    def _answer_when_kept(self, heard: Heard, record: Record, found: dict[str, Any]) -> None:
        def durable(is_durable: bool) -> None:  # noqa: FBT001 - the form of the committer's call
            if not self._is_open:
                return
            if is_durable:
                if heard.action == "SignCertificate" and found["status"] == "Accepted":
                    self._asks_signature(self.entry.pk, heard.payload, self.version)
                self._link.answer(heard.message_id, found)
            else:
                self._link.refuse(heard.message_id, ErrorCode.INTERNAL, "not stored, please repeat")
            self._go_on(heard)
            self.flush()

        self._committer.submit(record_bytes(record), durable)

    def _refusal(self, heard: Heard) -> tuple[ErrorCode, str] | None:
        """Why a call is not even looked at."""
        if not may_say(heard.action, self._world.admission):
            return ErrorCode.SECURITY, "not accepted yet"
        if heard.action in UNSUPPORTED:
            return ErrorCode.NOT_SUPPORTED, heard.action
        return BUSY if self._committer.is_full else None

    def _write_down(
        self, kind: RecordKind, action: str = "", payload: dict[str, Any] | None = None
    ) -> None:
        self._committer.submit(record_bytes(self._record(kind, action, payload)), _nobody_waits)

    def _record(
        self,
        kind: RecordKind,
        action: str = "",
        payload: dict[str, Any] | None = None,
        found: dict[str, Any] | None = None,
    ) -> Record:
        return Record(
            kind=kind,
            station=self.entry.pk,
            version=self.version,
            received_at=self._clock(),
            action=action,
            payload=payload,
            answer=found,
        )


def _nobody_waits(is_durable: bool) -> None:  # noqa: FBT001 - the form of the committer's call
    if not is_durable:
        log.error("a record that nobody waits for was not stored")
