"""What others are asked before a station is answered: in threads, bounded in number and in time.

An inquiry has a thread of its own, which ends with the process. So many are under way at once, so
many of them for one operator, one for a station, and so many a minute; beyond, and after a time
that is shorter than stations wait, the answer is the one that was agreed for that.
"""

import asyncio
import datetime as dt
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from viavolta.gateway.patience import Patience
from viavolta.gateway.trust import Trust
from viavolta.model.errors import PeerError
from viavolta.model.messages import text
from viavolta.services.plug_and_charge import crl, ocsp, pool
from viavolta.services.plug_and_charge.chains import Trusted
from viavolta.services.plug_and_charge.ocsp import Believed, CertId, NotBelievedError, Status
from viavolta.services.plug_and_charge.others import Inquiry
from viavolta.storage.outgoing import Door, Reply, send

ANSWER_WITHIN_S = 20.0
"""Stations wait 30 s as a rule (MessageTimeout)."""

RESPONDER_S, POOL_S = 6.0, 18.0
MOST_UNDER_WAY = 64
MOST_OF_ONE_TENANT = 16
BURST, PER_MINUTE = 30, 30.0
"""Inquiries of one station."""

MOST_KEPT = 1000
MOST_KEPT_BYTES = 16_000
OK = 200
Answer = dict[str, Any]
log = logging.getLogger(__name__)


class KeptAnswers:
    """Responders' answers until they must be renewed. What is kept is believed anew each time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[CertId, tuple[dt.datetime, bytes]] = OrderedDict()

    def get(self, about: CertId, now: dt.datetime) -> bytes | None:
        """An answer that still holds."""
        with self._lock:
            until, answer = self._kept.get(about, (now, b""))
        return answer if until > now else None

    def keep(self, about: CertId, found: Believed) -> None:
        """Keep an answer that says until when it holds, and that is no shrug."""
        if found.until is None or found.status is Status.UNKNOWN:
            return
        if len(found.answer) <= MOST_KEPT_BYTES:
            with self._lock:
                self._kept.pop(about, None)
                self._kept[about] = (found.until, found.answer)
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """One inquiry's way to others (`services.plug_and_charge.others.Others`)."""

    tenant_id: int
    trust: Trust
    kept: KeptAnswers
    clock: Callable[[], dt.datetime]
    vouched: Collection[str]
    due_s: float

    @property
    def trusted(self) -> Trusted:
        return self.trust.of(self.tenant_id)

    def now(self) -> dt.datetime:
        return self.clock()

    def ask_responder(self, url: str, about: CertId, hints: Trusted) -> Believed:
        known = self.kept.get(about, self.now())
        if known is not None:
            try:
                return ocsp.believed(known, about, issuers=hints.all, now=self.now())
            except NotBelievedError:
                pass  # with these certificates it cannot be checked: another may bring them along
        headers = {
            "Content-Type": "application/ocsp-request",
            "Accept": "application/ocsp-response",
        }
        reply = self._send("POST", url, headers, about.question(), ocsp.MOST_BYTES)
        found = ocsp.believed(reply.body, about, issuers=hints.all, now=self.now())
        self.kept.keep(about, found)
        return found

    def read_list(self, url: str, about: CertId) -> Believed:
        reply = self._send("GET", url, {}, None, crl.MOST_BYTES)
        return crl.believed(reply.body, about, issuers=self.trusted.all, now=self.now())

    def ask_pool(self, body: bytes) -> bytes | None:
        named = self.trust.pool(self.tenant_id)
        if named is None:
            return None
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if named.token:
            headers["Authorization"] = f"Bearer {named.token}"
        reply = send(
            "POST",
            named.url,
            headers=headers,
            body=body,
            vouched=self.vouched,
            timeout_s=self._left_s(POOL_S),
            most_bytes=pool.MOST_BYTES,
        )
        return _content(named.url, reply)

    def _send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, most_bytes: int
    ) -> Reply:
        reply = send(
            method,
            url,
            headers=headers,
            body=body,
            door=Door.SIGNED,
            vouched=self.vouched,
            timeout_s=self._left_s(RESPONDER_S),
            most_bytes=most_bytes,
        )
        _content(url, reply)
        return reply

    def _left_s(self, most_s: float) -> float:
        left_s = self.due_s - time.monotonic()
        if left_s <= 0:
            raise _failed(text("there is no time left"))
        return min(most_s, left_s)


class Inquiries:
    """The inquiries under way.

    Parameters
    ----------
    vouched
        Hosts that may be asked wherever they are ("NAME:PORT").
    """

    def __init__(
        self, trust: Trust, *, clock: Callable[[], dt.datetime], vouched: Collection[str] = ()
    ) -> None:
        self._trust, self._clock, self._vouched = trust, clock, vouched
        self._kept = KeptAnswers()
        self._under_way: Counter[int] = Counter()
        self._patience = Patience(burst=BURST, per_minute=PER_MINUTE)
        self.within_s = ANSWER_WITHIN_S

    @property
    def n_under_way(self) -> int:
        """How many threads ask."""
        return self._under_way.total()

    def begin(
        self, station: int, tenant_id: int, inquiry: Inquiry, done: Callable[[Answer], None]
    ) -> None:
        """Ask; `done` is called once, in the event loop, in time; at once if there is no room."""
        loop = asyncio.get_running_loop()
        who = str(station)
        if self._patience.is_out(who, loop.time()):
            done(inquiry.otherwise("TooManyRequests"))
            return
        self._patience.refused(who, loop.time())
        is_full = self.n_under_way >= MOST_UNDER_WAY
        if is_full or self._under_way[tenant_id] >= MOST_OF_ONE_TENANT:
            done(inquiry.otherwise("Busy"))
            return
        self._under_way[tenant_id] += 1
        asking = _Asking(
            tenant_id=tenant_id,
            trust=self._trust,
            kept=self._kept,
            clock=self._clock,
            vouched=self._vouched,
            due_s=time.monotonic() + self.within_s,
        )
        answer: asyncio.Future[Answer] = loop.create_future()
        timer = loop.call_later(self.within_s, _give, answer, inquiry.otherwise("Timeout"))

        def ended(found: Future[Answer]) -> None:
            self._under_way[tenant_id] -= 1
            error = found.exception()
            if error is not None:
                log.error("inquiry failed", exc_info=error)
            _give(answer, inquiry.otherwise("InternalError") if error else found.result())

        def answered(found: asyncio.Future[Answer]) -> None:
            timer.cancel()
            done(found.result())

        answer.add_done_callback(answered)
        _in_a_thread(lambda: inquiry.ask(asking), ended, loop)


def _in_a_thread(
    work: Callable[[], Answer],
    ended: Callable[[Future[Answer]], None],
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Have something done in a thread that no end of the process waits for."""
    found: Future[Answer] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the station is answered
            found.set_exception(error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended, found)

    threading.Thread(target=run, name="inquiry", daemon=True).start()


def _give(answer: asyncio.Future[Answer], found: Answer) -> None:
    if not answer.done():
        answer.set_result(found)


def _content(url: str, reply: Reply) -> bytes:
    if reply.status != OK:
        raise _failed(text("{url} answered with status {n}", url=url[:200], n=reply.status))
    return reply.body


def _failed(why: str) -> PeerError:
    return PeerError(
        code="inquiry-failed",
        message=text("what must be asked of others was not answered: {why}", why=why),
        hint=text("the station may ask again; if it stays so, ask who runs that address"),
    )
