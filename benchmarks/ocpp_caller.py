"""A process of callers: many stations, each with a session under way, telling at a steady pace.

`python ocpp_caller.py SETTINGS`, SETTINGS as JSON (`Settings`). Half of the stations speak OCPP
2.0.1, a quarter 1.6 and a quarter 2.1. Each has one call under way at a time, as OCPP asks. When a
message is due is fixed beforehand, and its time runs from then on, sent or not: a gateway that
falls behind is not spared (no coordinated omission). Writes `ready` when all are connected and
booted, begins at a line of input, writes one JSON document at the end.
"""

import asyncio
import base64
import collections
import contextlib
import datetime as dt
import json
import math
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

import picows
import uvloop
from ocpp_network import CARD, PASSWORD, identity

SUBPROTOCOLS = ("ocpp2.0.1", "ocpp1.6", "ocpp2.0.1", "ocpp2.1")
AT_ONCE = 100
"""Stations of this process that connect side by side."""

EVENTS_PER_SESSION = 20
WH_PER_EVENT = 100
ANSWER_WITHIN_S = 60.0
AGAIN_S = 0.5
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What this process does: stations from `first` on, messages a second of all, for `seconds`.

    Without `seconds` it goes on until a second line of input.
    `keeps` writes down every acknowledged event, and has stations call again when a link is lost.
    `skips` is the share of events of 2.x that a station forgets to tell: a gap to be reported.
    """

    port: int
    first: int
    stations: int
    rate: float
    seconds: float | None
    source: str = "127.0.0.1"
    keeps: bool = False
    skips: float = 0.0


class Station(picows.WSListener):
    """A station with a session under way; what it says next is decided by what was answered."""

    def __init__(self, number: int, caller: "Caller") -> None:
        super().__init__()
        self.identity, self._caller = identity(number), caller
        self.is_16 = SUBPROTOCOLS[number % 4] == "ocpp1.6"
        self.transport: picows.WSTransport | None = None
        self.due_s: float | None = None
        """When the call that waits for its answer was due."""

        self._n = self._wh = 0
        self._seq, self._session = 0, 0
        self._transaction = ""
        self._number: int | None = None
        self._repeat: tuple[str, str, str] | None = None
        self._booted: asyncio.Future[None] | None = None
        self._awaited = b""
        self.is_ready = False
        """Whether it is on the line and has said hello."""

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """The link is there."""
        self.transport = transport

    def on_ws_disconnected(self, _: picows.WSTransport) -> None:
        """The link is lost: what was not answered is told again on the next one."""
        self.transport, self.is_ready = None, False
        if self.due_s is not None:
            self._caller.lost += 1
        self.due_s = None
        if self._booted is not None and not self._booted.done():
            self._booted.set_exception(ConnectionError(self.identity))
        self._caller.gone(self)

    def on_ws_frame(self, _: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Take an answer in."""
        if frame.msg_type != picows.WSMsgType.TEXT:
            return
        raw = frame.get_payload_as_bytes()
        if raw[:3] == b"[2,":
            self._refuse(raw)
        elif raw[2:].startswith(self._awaited):
            if self.is_ready:
                self._answered(raw)
            elif self._booted is not None and not self._booted.done():
                self._booted.set_result(None)

    async def boot(self) -> None:
        """Say hello, and wait for the answer."""
        self._booted = asyncio.get_running_loop().create_future()
        words = '{"chargePointVendor":"v","chargePointModel":"m"}'
        if not self.is_16:
            words = '{"reason":"PowerUp","chargingStation":{"model":"m","vendorName":"v"}}'
        self._call("BootNotification", words)
        await asyncio.wait_for(self._booted, ANSWER_WITHIN_S)
        self.is_ready = True

    def tell(self, due_s: float) -> None:
        """Tell the next event of the session, or the last one again where nobody answered it."""
        if self._repeat is None:
            self._repeat = self._next_16() if self.is_16 else self._next_2()
            self._seq += 1
        action, payload, _ = self._repeat
        self.due_s = due_s
        self._call(action, payload)

    def _answered(self, raw: bytes) -> None:
        caller = self._caller
        caller.took(time.monotonic() - (self.due_s or 0.0))
        self.due_s = None
        if raw[:3] != b"[3,":
            caller.refused += 1
            return
        if self.is_16 and self._number is None:
            self._number = json.loads(raw)[2]["transactionId"]
            self._transaction = str(self._number)
        if self._repeat is not None:
            caller.acknowledged(self.identity, self._transaction, self._repeat[2])
        self._repeat = None
        if self._seq >= EVENTS_PER_SESSION:
            self._seq, self._number = 0, None

    def _next_2(self) -> tuple[str, str, str]:
        last = EVENTS_PER_SESSION - 1
        if self._seq == 0:
            self._begin()
            self._transaction = f"{self.identity}-{self._session}"
        elif self._seq < last and self._caller.skips():
            self._caller.skipped.append((self.identity, self._transaction, self._seq))
            self._meter()
            self._seq += 1
        kind = "Started" if self._seq == 0 else "Ended" if self._seq == last else "Updated"
        card = f'"idToken":{{"idToken":"{CARD}","type":"ISO14443"}},' if self._seq == 0 else ""
        at, wh = self._meter()
        payload = (
            f'{{"eventType":"{kind}","timestamp":"{at}","triggerReason":"MeterValuePeriodic",'
            f'"seqNo":{self._seq},{card}"evse":{{"id":1,"connectorId":1}},'
            f'"transactionInfo":{{"transactionId":"{self._transaction}"}},'
            f'"meterValue":[{{"timestamp":"{at}","sampledValue":[{{"value":{wh}}},'
            '{"value":11000,"measurand":"Power.Active.Import"}]}]}'
        )
        return "TransactionEvent", payload, str(self._seq)

    def _next_16(self) -> tuple[str, str, str]:
        at, wh = self._meter()
        if self._seq == 0:
            self._begin()
            start = f'{{"connectorId":1,"idTag":"{CARD}","meterStart":{wh},"timestamp":"{at}"}}'
            return "StartTransaction", start, "start"
        if self._seq == EVENTS_PER_SESSION - 1:
            stop = f'{{"transactionId":{self._number},"meterStop":{wh},"timestamp":"{at}"}}'
            return "StopTransaction", stop, "stop"
        meter = (
            f'{{"connectorId":1,"transactionId":{self._number},"meterValue":[{{"timestamp":"{at}",'
            f'"sampledValue":[{{"value":"{wh}"}}]}}]}}'
        )
        return "MeterValues", meter, f"meter 1 {at}"

    def _begin(self) -> None:
        self._session += 1
        self._caller.n_begun += 1

    def _meter(self) -> tuple[str, int]:
        self._wh += WH_PER_EVENT
        return f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%fZ}", self._wh

    def _refuse(self, raw: bytes) -> None:
        message_id = json.loads(raw)[1]
        self._send(json.dumps([4, message_id, "NotSupported", "", {}]))

    def _call(self, action: str, payload: str) -> None:
        self._n += 1
        self._awaited = f',"m{self._n}",'.encode()
        self._send(f'[2,"m{self._n}","{action}",{payload}]')

    def _send(self, text: str) -> None:
        if self.transport is not None:
            self.transport.send(picows.WSMsgType.TEXT, text.encode())


class Caller:
    """All stations of this process, and what became of what they said."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stations = [
            Station(number, self)
            for number in range(settings.first, settings.first + settings.stations)
        ]
        self.refused = self.lost = self.unanswered = self.n_acknowledged = self.n_calls_again = 0
        self.n_begun = 0
        self.kept: list[tuple[str, str, str]] = []
        self.skipped: list[tuple[str, str, int]] = []
        self._rng = random.Random(settings.first)  # noqa: S311 - no secret
        self.tenths_ms: collections.Counter[int] = collections.Counter()
        self.answered_s = self.seconds = 0.0
        self._is_over = False
        self._calling: dict[str, asyncio.Task[None]] = {}

    def took(self, seconds: float) -> None:
        """An answer took so long from when its call was due."""
        self.answered_s = time.monotonic()
        self.tenths_ms[round(seconds * 10_000)] += 1

    def acknowledged(self, station: str, transaction: str, key: str) -> None:
        """An event was acknowledged; `key` is what names it within its session."""
        self.n_acknowledged += 1
        if self.settings.keeps:
            self.kept.append((station, transaction, key))

    def skips(self) -> bool:
        """Whether a station forgets its next event."""
        return self._rng.random() < self.settings.skips

    def gone(self, station: Station) -> None:
        """A link was lost: call again."""
        if self._is_over or not self.settings.keeps or station.identity in self._calling:
            return
        task = asyncio.create_task(self._again(station))
        self._calling[station.identity] = task
        task.add_done_callback(lambda _: self._called(station))

    def _called(self, station: Station) -> None:
        del self._calling[station.identity]
        if not station.is_ready:  # lost again at once
            self.gone(station)

    async def _again(self, station: Station) -> None:
        while not self._is_over and not station.is_ready:
            # RuntimeError: uvloop's, where a socket closes while it still connects
            with contextlib.suppress(OSError, picows.WSError, TimeoutError, RuntimeError):
                await self.connect(station)
                self.n_calls_again += 1
                return
            if station.transport is not None:
                station.transport.disconnect(graceful=False)
            await asyncio.sleep(AGAIN_S)

    async def connect(self, station: Station) -> None:
        """Connect a station and have it say hello."""
        protocol = SUBPROTOCOLS[int(station.identity.rpartition("-")[2]) % 4]
        credential = base64.b64encode(f"{station.identity}:{PASSWORD}".encode()).decode()
        await picows.ws_connect(
            lambda: station,
            f"ws://127.0.0.1:{self.settings.port}/ocpp/{station.identity}",
            extra_headers={
                "Sec-WebSocket-Protocol": protocol,
                "Authorization": f"Basic {credential}",
            },
            local_addr=(self.settings.source, 0),
            websocket_handshake_timeout=ANSWER_WITHIN_S,
        )
        await station.boot()

    async def connect_all(self) -> None:
        """Connect all stations, some side by side."""
        rest = iter(self.stations)

        async def some() -> None:
            for station in rest:
                await self.connect(station)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    async def talk(self) -> None:
        """Tell events at the pace, round by round, until it is time to end."""
        settings, n_told = self.settings, 0
        began, waiting = time.monotonic(), collections.deque(self.stations)
        over = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        n_due = math.inf if settings.seconds is None else int(settings.seconds * settings.rate)
        until_s = math.inf if settings.seconds is None else began + settings.seconds
        while n_told < n_due and not (settings.seconds is None and over.done()):
            now_s = time.monotonic()
            while n_told < n_due and began + n_told / settings.rate <= now_s:
                station = next_free(waiting)
                if station is None:
                    break
                station.tell(began + n_told / settings.rate)
                n_told += 1
            if now_s > until_s + ANSWER_WITHIN_S:
                break
            await asyncio.sleep(0.002)
        for _ in range(int(ANSWER_WITHIN_S / LOOK_EVERY_S)):
            if all(s.due_s is None for s in self.stations):
                break
            await asyncio.sleep(LOOK_EVERY_S)
        told_none = 0 if settings.seconds is None else int(n_due) - n_told
        self.unanswered = told_none + sum(1 for s in self.stations if s.due_s is not None)
        self.seconds = max(settings.seconds or 0.0, self.answered_s - began)

    def result(self) -> dict[str, Any]:
        """What became of it all."""
        self._is_over = True
        return {
            "connected": sum(1 for s in self.stations if s.transport is not None),
            "seconds": self.seconds,
            "acknowledged": self.n_acknowledged,
            "refused": self.refused,
            "lost": self.lost,
            "unanswered": self.unanswered,
            "calls_again": self.n_calls_again,
            "tenths_ms": sorted(self.tenths_ms.items()),
            "begun": self.n_begun,
            "kept": self.kept,
            "skipped": self.skipped,
        }


def next_free(waiting: collections.deque[Station]) -> Station | None:
    """The next station in turn that is on the line and waits for nothing; None where all wait."""
    for _ in range(len(waiting)):
        station = waiting[0]
        waiting.rotate(-1)
        if station.is_ready and station.due_s is None:
            return station
    return None


async def run(settings: Settings) -> None:
    """Connect, wait for the word, talk, tell."""
    caller = Caller(settings)
    await caller.connect_all()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await caller.talk()
    print(json.dumps(caller.result()), flush=True)


if __name__ == "__main__":
    uvloop.run(run(Settings(**json.loads(sys.argv[1]))))
