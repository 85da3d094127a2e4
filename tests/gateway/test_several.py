"""Several gateways on one database: who holds a station answers for it."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import picows
import psycopg
import pytest

from viavolta.protocols.ocpp.link import End
from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.line import Line, connect

PASSWORD = "a-password-of-the-station"
PATIENCE_S = 90.0
FILL = """
from viavolta.hub.site.start import migrate, set_up
set_up()
migrate()
from django.conf import settings
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.stations import Station
key = gateway_key(settings.CONFIG.data)
for name in ("cp-1", "cp-2"):
    Station.objects.create(tenant_id=1, identity=name, key_hash=key_hash(key, name, "PASSWORD"))
"""
ASK = """
import sys
from viavolta.hub.site.start import set_up
set_up()
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import Station
print(ask(Station.objects.get(identity=sys.argv[1]).pk, "ClearCache", {}, by="test").pk)
"""


class Gateways:
    """Two gateways of one name each, in processes of their own, on one database."""

    def __init__(self, data: Path, database: str) -> None:
        others = ("DJANGO_SETTINGS_MODULE", "VIAVOLTA_ORIGIN")
        self.environment = {k: v for k, v in os.environ.items() if k not in others} | {
            "VIAVOLTA_DATA": str(data),
            "DATABASE_URL": database,
        }
        self.database, self.data = database, data
        self.ports: dict[str, int] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, code: str, *words: str) -> str:
        """What a program of the hub's says."""
        command = [sys.executable, "-c", code, *words]
        ran = subprocess.run(command, env=self.environment, capture_output=True, check=True)
        return ran.stdout.decode().strip()

    def start(self, name: str) -> None:
        """Start a gateway at a port of its own."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = self.ports[name] = free.getsockname()[1]
        command = [sys.executable, "-m", "viavolta", "gateway", "--port", str(port)]
        command += ["--name", name, "--data", str(self.data)]
        with (self.data / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log
            )
        until(lambda: self.asked("SELECT 1 FROM tables_gatewayseen WHERE gateway = %s", name))

    def asked(self, statement: LiteralString, *values: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()

    def command(self, number: str) -> tuple[str, str]:
        """State and gateway of a command."""
        (row,) = self.asked("SELECT state, gateway FROM tables_command WHERE id = %s", number)
        return row[0], row[1]

    def holder(self, identity: str) -> str:
        """The gateway that holds a station."""
        rows = self.asked("SELECT gateway FROM tables_station WHERE identity = %s", identity)
        return str(rows[0][0])

    def stop(self) -> None:
        """End them."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(60)


def until(is_so: Callable[[], Any]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "never came to pass"
        time.sleep(0.05)  # other processes are at work


@pytest.fixture
def gateways(tmp_path: Path, postgres_url: str) -> Iterator[Gateways]:
    """Two gateways, north and south, and two stations that they know."""
    name = f"several_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    made = Gateways(tmp_path, urlsplit(postgres_url)._replace(path=f"/{name}").geturl())
    try:
        made.run(FILL.replace("PASSWORD", PASSWORD))
        made.start("north")
        made.start("south")
        yield made
    finally:
        made.stop()
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextlib.asynccontextmanager
async def calling(gateways: Gateways, at: str, identity: str) -> AsyncIterator[Line]:
    """A station that calls one of the gateways, as soon as that listens."""
    url = f"ws://127.0.0.1:{gateways.ports[at]}/ocpp"
    for _ in range(int(PATIENCE_S / 0.1)):
        try:
            line = await connect(url, identity, PASSWORD, Version.V201)
        except (OSError, picows.WSError):
            await asyncio.sleep(0.1)  # another process is starting
        else:
            break
    async with line:
        yield line


def test_commands_go_to_the_gateway_that_holds_the_station(gateways: Gateways) -> None:
    """Each station at another gateway gets its own command, through the gateway that holds it; once
    it has moved, through the other; and the forsaken one lets it go."""

    async def asked(line: Line, identity: str, at: str) -> None:
        number = await asyncio.to_thread(gateways.run, ASK, identity)
        heard = await asyncio.wait_for(line.heard.get(), PATIENCE_S)
        assert heard.action == "ClearCache"
        line.answer(heard, {"status": "Accepted"})
        await asyncio.to_thread(until, lambda: gateways.command(number) == ("answered", at))

    async def story() -> None:
        async with (
            calling(gateways, "north", "cp-1") as first,
            calling(gateways, "south", "cp-2") as second,
        ):
            await asked(first, "cp-1", "north")
            await asked(second, "cp-2", "south")
            assert second.heard.empty()
            async with calling(gateways, "south", "cp-1") as moved:
                await asyncio.to_thread(until, lambda: gateways.holder("cp-1") == "south")
                await asked(moved, "cp-1", "south")
                assert await asyncio.wait_for(first.closed, PATIENCE_S) == 1008
                assert (await moved.call("Heartbeat", {})).end is End.ANSWERED

    asyncio.run(story())
