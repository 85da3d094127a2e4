"""A gateway that runs beside the tests, and one station's line to it, in another library."""

import asyncio
import base64
import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

import websocket
from running_gateway import running

from oca.cases import (
    Asked,
    Case,
    Comes,
    Does,
    Hears,
    In21,
    Kept,
    Payload,
    Says,
    Sends,
    Step,
    Stored,
)
from viavolta.gateway.server import Gateway
from viavolta.protocols.ocpp.schemas import Version, first_violation
from viavolta.storage.projector import project
from viavolta.storage.station_commands import ask
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.stations import Command, CommandState, Station

PASSWORD = "password-of-the-station"
PATIENCE_S = 15.0
SUBPROTOCOL = {Version.V16: "ocpp1.6", Version.V201: "ocpp2.0.1", Version.V21: "ocpp2.1"}
_WAITING = (CommandState.QUEUED, CommandState.SENT)


@contextlib.contextmanager
def gateway_beside(data: Path) -> Iterator[Gateway]:
    """A gateway on a free port of this machine, in a thread of its own."""
    found: queue.Queue[tuple[Gateway, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        async with running(data) as gateway:
            stop = asyncio.Event()
            found.put((gateway, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    gateway, loop, stop = found.get(timeout=PATIENCE_S)
    try:
        yield gateway
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)


@dataclass
class Stage:
    """One station and its line."""

    gateway: Gateway
    version: Version
    station: Station
    password: str = PASSWORD
    kept: dict[str, Any] = field(default_factory=dict)
    line: websocket.WebSocket | None = None
    count: int = 0

    @classmethod
    def of(cls, gateway: Gateway, case: Case) -> "Stage":
        """A new station, known to the gateway, for a case."""
        identity = f"{case.id}-{case.version}"
        hashed = key_hash(gateway_key(gateway.settings.data), identity, PASSWORD)
        station = Station.objects.create(tenant_id=1, identity=identity, key_hash=hashed)
        stage = cls(gateway, case.version, station)
        stage.wait_for(lambda: gateway.registry.station(identity) is not None)
        return stage

    def connect(self, *, user: str = "", password: str | None = None, offers: str = "") -> None:
        """Call the gateway. Raises `websocket.WebSocketBadStatusException` where it refuses."""
        name = self.station.identity
        secret = self.password if password is None else password
        credential = base64.b64encode(f"{user or name}:{secret}".encode()).decode()
        self.line = websocket.create_connection(
            f"ws://127.0.0.1:{self.gateway.settings.port}/ocpp/{name}",
            timeout=PATIENCE_S,
            subprotocols=(offers or SUBPROTOCOL[self.version]).split(","),
            header=[f"Authorization: Basic {credential}"],
        )

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()
            self.line = None
        self.wait_for(lambda: self.gateway.hall.get(self.station.pk) is None)

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, "never came to pass"
            time.sleep(0.005)

    def project(self) -> None:
        """Bring what was heard into the tables."""
        while project(self.gateway.settings.journal, self.gateway.settings.name):
            pass
        self.station.refresh_from_db()

    def play(self, steps: tuple[Step, ...]) -> None:
        """Play steps in order."""
        for step in steps:
            self._play(step)

    def _play(self, step: Step) -> None:
        match step:
            case Says():
                self._say(step)
            case Sends():
                self._write([6, self._new_id(), step.action, self._filled(step.payload)])
            case Asked():
                self._ask(step)
            case Hears():
                self._hear(step)
            case Does():
                step.what(self)
            case Comes():
                self._come(step)
            case Stored():
                self.project()
                step.check(self)
            case _ as never:
                assert_never(never)

    def _say(self, step: Says) -> None:
        message_id = self._new_id()
        payload = self._filled(step.payload)
        wrong = first_violation(self.version, step.action, payload)
        assert wrong is None, f"the case itself is wrong: {step.action} {wrong}"
        self._write([2, message_id, step.action, payload])
        heard = self._read()
        assert heard[1] == message_id, heard
        if step.refused:
            assert heard[0] == 4, heard
            assert heard[2] == step.refused, heard
            return
        assert heard[0] == 3, heard
        assert _has(heard[2], self._filled(step.expected)), heard[2]
        if step.keep:
            self.kept[step.keep] = heard[2][step.keep]

    def _ask(self, step: Asked) -> None:
        payload = self._filled(step.payload)
        row = ask(self.station.pk, step.action, payload, by="conformance")
        heard = self._answer(step.action, step.answer, error=step.error)
        assert heard == payload
        self.wait_for(lambda: self._state(row) not in _WAITING)
        if step.error:
            assert (row.state, row.error.split()[0]) == (CommandState.REFUSED, step.error)
        else:
            assert (row.state, row.answer) == (CommandState.ANSWERED, self._filled(step.answer))

    def _hear(self, step: Hears) -> None:
        step.check(self, self._answer(step.action, step.answer))

    def _answer(self, action: str, answer: Payload, *, error: str = "") -> Payload:
        """Wait for a call, answer it; what was asked."""
        kind, message_id, heard, payload = self._read()
        assert (kind, heard) == (2, action)
        wrong = first_violation(self.version, action, payload)
        assert wrong is None, str(wrong)
        if error:
            self._write([4, message_id, error, "", {}])
        else:
            self._write([3, message_id, self._filled(answer)])
        return dict(payload)

    def _come(self, step: Comes) -> None:
        self.close()
        if not step.refused:
            self.connect(password=step.password)
            return
        try:
            self.connect(password=step.password)
        except websocket.WebSocketBadStatusException as error:
            assert error.status_code == step.refused  # noqa: PT017 - the step says which
        else:
            msg = "the station was let in"
            raise AssertionError(msg)

    @staticmethod
    def _state(row: Command) -> str:
        row.refresh_from_db()
        return row.state

    def _new_id(self) -> str:
        self.count += 1
        return f"m{self.count}"

    def _write(self, frame: list[Any]) -> None:
        assert self.line is not None
        self.line.send(json.dumps(frame))

    def _read(self) -> list[Any]:
        assert self.line is not None
        return list(json.loads(self.line.recv()))

    def _filled(self, value: Any) -> Any:
        """A payload as it goes out, `Kept` and `In21` resolved."""
        match value:
            case Kept():
                return self.kept[value.name]
            case In21():
                return self._filled(value.value)
            case dict():
                return {
                    key: self._filled(part)
                    for key, part in value.items()
                    if self.version is Version.V21 or not isinstance(part, In21)
                }
            case list():
                return [self._filled(part) for part in value]
            case _:
                return value


def _has(found: Any, expected: Any) -> bool:
    """Whether everything expected is in what was found."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(key in found and _has(found[key], part) for key, part in expected.items())
    return bool(found == expected)
