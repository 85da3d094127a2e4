"""A gateway that runs beside the tests, and one station's line to it, in another library."""

import asyncio
import base64
import contextlib
import json
import queue
import ssl
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
from oca.certificates import Pair, client_context
from oca.peers import Peers
from viavolta.gateway.server import Gateway
from viavolta.protocols.ocpp.schemas import Version, first_violation
from viavolta.storage.projector import project
from viavolta.storage.station_commands import ask
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.stations import Command, CommandState, Station

PASSWORD = "password-of-the-station"
PATIENCE_S = 15.0
SUBPROTOCOL = {Version.V16: "ocpp1.6", Version.V201: "ocpp2.0.1", Version.V21: "ocpp2.1"}
FIRST = Comes()
_WAITING = (CommandState.QUEUED, CommandState.SENT)


@dataclass(frozen=True)
class Gateways:
    """Two gateways of one operator: a plain port, and one with TLS."""

    plain: Gateway
    tls: Gateway
    trusted: Path
    """The certificate (PEM) of the port with TLS."""
    peers: Peers | None = None
    """Whom they ask about certificates."""


@contextlib.contextmanager
def gateway_beside(data: Path, **settings: Any) -> Iterator[Gateway]:
    """A gateway on a free port of this machine, in a thread of its own."""
    found: queue.Queue[tuple[Gateway, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        async with running(data, **settings) as gateway:
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

    gateways: Gateways
    version: Version
    station: Station
    password: str = PASSWORD
    new_password: str = ""
    pair: Pair = field(default_factory=Pair.new)
    kept: dict[str, Any] = field(default_factory=dict)
    line: websocket.WebSocket | None = None
    count: int = 0
    is_tls: bool = False

    @property
    def gateway(self) -> Gateway:
        """The gateway that the station calls."""
        return self.gateways.tls if self.is_tls else self.gateways.plain

    @classmethod
    def of(cls, gateways: Gateways, name: str, version: Version) -> "Stage":
        """A new station, known to the gateways."""
        hashed = key_hash(gateway_key(gateways.plain.settings.data), name, PASSWORD)
        station = Station.objects.create(tenant_id=1, identity=name, key_hash=hashed)
        stage = cls(gateways, version, station)
        stage.wait_for_registry()
        return stage

    def connect(self, how: Comes = FIRST) -> None:
        """Call the gateway.

        Raises
        ------
        websocket.WebSocketException, OSError: it refuses.
        """
        self.is_tls = self.is_tls if how.tls is None else how.tls
        name = self.station.identity
        own = self.new_password if how.password == "new" else how.password
        secret = self.password if own is None else own
        credential = base64.b64encode(f"{how.user or name}:{secret}".encode()).decode()
        scheme = "wss" if self.is_tls else "ws"
        self.line = websocket.create_connection(
            f"{scheme}://127.0.0.1:{self.gateway.settings.port}/ocpp/{name}",
            timeout=PATIENCE_S,
            subprotocols=(how.offers or SUBPROTOCOL[self.version]).split(","),
            header=[f"Authorization: Basic {credential}"],
            sslopt={"context": self._tls(how)} if self.is_tls else None,
        )

    def _tls(self, how: Comes) -> ssl.SSLContext:
        folder = self.gateways.trusted.parent
        shown = None
        if how.shows:
            pair = self.pair if how.shows == "own" else Pair.new().self_signed("other")
            shown = pair.write(folder, f"{self.station.pk}-{how.shows}")
        at_most = ssl.TLSVersion.TLSv1_1 if how.is_old_tls else None
        return client_context(self.gateways.trusted, shown, at_most=at_most)

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()
            self.line.shutdown()
            self.line = None
        for gateway in (self.gateways.plain, self.gateways.tls):
            self.wait_for(lambda held=gateway: held.hall.get(self.station.pk) is None)

    def wait_for_end(self, command: Command) -> None:
        """Wait until it is known what became of a command."""

        def is_over() -> bool:
            command.refresh_from_db()
            return command.state not in _WAITING

        self.wait_for(is_over)

    def wait_for_registry(self, **columns: Any) -> None:
        """Wait until the gateways know this of the station."""
        identity = self.station.identity

        def know(gateway: Gateway) -> bool:
            entry = gateway.registry.station(identity)
            return entry is not None and all(
                getattr(entry, name) == value for name, value in columns.items()
            )

        for gateway in (self.gateways.plain, self.gateways.tls):
            self.wait_for(lambda asked=gateway: know(asked))

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, "never came to pass"
            time.sleep(0.005)

    def project(self) -> None:
        """Bring what was heard into the tables."""
        for gateway in (self.gateways.plain, self.gateways.tls):
            while project(gateway.settings.journal, gateway.settings.name):
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
        assert not set(step.lacks) & set(heard[2]), heard[2]
        if step.keep:
            self.kept[step.keep] = heard[2][step.keep]

    def _ask(self, step: Asked) -> None:
        payload = self._filled(step.payload)
        row = ask(self.station.pk, step.action, payload, by="conformance")
        heard = self._answer(step.action, step.answer, error=step.error)
        assert heard == payload
        self.wait_for_end(row)
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
            self.connect(step)
            return
        try:
            self.connect(step)
            # a certificate is seen after the upgrade: the link is closed at once
            assert self.line is not None
            assert step.refused < 0
            self.line.recv()
        except websocket.WebSocketBadStatusException as error:
            assert error.status_code == step.refused  # noqa: PT017 - the step says which
        except (websocket.WebSocketException, OSError):
            assert step.refused < 0
        else:
            assert self.line is None or not self.line.connected, "the station was let in"
        self.close()

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
