"""A charging network for benchmarks: PostgreSQL, stations in its tables, a gateway, its callers.

As a program, `python ocpp_network.py fill N`, it makes the tables and N stations in the database
that DATABASE_URL names, with the data folder that VIAVOLTA_DATA names; `python ocpp_network.py
bill` closes the bills of ended sessions there, again and again.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

HERE = Path(__file__).parent
PASSWORD = "password-of-all-stations"  # noqa: S105 - of a throwaway network
CARD = "card"
SPARE_FILES = 200
"""Files that a process needs beside its connections, generously."""

START_S = 180.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def identity(number: int) -> str:
    """The name of the n-th station."""
    return f"load-{number}"


def most_files() -> int:
    """Files that a process of this machine may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@dataclass
class Network:
    """A running gateway and its database."""

    port: int
    data: Path
    database: str
    environment: Mapping[str, str]
    words: list[str]
    gateway: "subprocess.Popen[bytes]" = field(init=False)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.data / "gateway.log"

    def start(self) -> None:
        """Start the gateway, and wait until it listens."""
        with self.log.open("ab") as log:
            self.gateway = subprocess.Popen(
                [sys.executable, "-m", "viavolta", *self.words],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """End the gateway as an operator does."""
        if self.gateway.poll() is None:
            self.gateway.send_signal(signal.SIGTERM)
        self.gateway.wait(60)

    def asked(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def parts(self) -> dict[int, str]:
        """The gateway's processes by number: hold, project, or the one that keeps them."""
        found = {self.gateway.pid: "keeper"} if self.gateway.poll() is None else {}
        mark = str(self.data).encode()
        for pid in processes():
            words = command_of(pid)
            if b"viavolta.gateway.part" in words and any(mark in word for word in words):
                found[pid] = words[words.index(b"viavolta.gateway.part") + 1].decode()
        return found

    def is_listening(self, pid: int) -> bool:
        """Whether a process listens at the gateway's port."""
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        mine = {row[9] for row in rows if row[1].endswith(f":{self.port:04X}") and row[3] == "0A"}
        try:
            files = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            return False
        return any(file[8:-1] in mine for file in files if file.startswith("socket:["))

    def behind_bytes(self) -> int:
        """Bytes of the journals that the tables lack."""
        from viavolta.storage.journal import durable_end  # noqa: PLC0415 - once tables are set up

        rows = self.asked('SELECT gateway, segment, "offset" FROM tables_journalposition')
        reached = {gateway: (segment, offset) for gateway, segment, offset in rows}
        total = 0
        for folder in sorted((self.data / "journal").iterdir()):
            end, (segment, offset) = durable_end(folder), reached.get(folder.name, (0, 0))
            total += sum(
                path.stat().st_size
                for path in folder.glob("*.journal")
                if segment <= int(path.stem) < end.segment
            )
            total += end.offset - offset
        return total

    def wait_for_tables(self, seconds: float) -> float:
        """Wait until the tables have all that was heard; the seconds that took.

        Raises
        ------
        TimeoutError: it takes longer.
        """
        began = time.monotonic()
        while self.behind_bytes():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"the tables lack {self.behind_bytes()} bytes after {seconds} s")
            time.sleep(0.05)
        return time.monotonic() - began


@contextlib.contextmanager
def network(
    folder: Path, *, stations: int, holders: int, server: str | None = None
) -> Iterator[Network]:
    """A network with so many stations known and so many processes that may hold them.

    `server` is the address of a PostgreSQL; without one another is started.
    """
    from hub_pages import free_port  # noqa: PLC0415 - only here

    data, port = folder / "data", free_port()
    data.mkdir()
    words = ["gateway", "--port", str(port), "--data", str(data), "--processes", str(holders)]
    with database(folder / "postgresql", server) as url:
        environment = os.environ | {
            "VIAVOLTA_DATA": str(data),
            "DATABASE_URL": url,
            "VIAVOLTA_ORIGIN": "http://127.0.0.1",
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        fill = [sys.executable, str(HERE / "ocpp_network.py"), "fill", str(stations)]
        subprocess.run(fill, env=environment, check=True)
        made = Network(port=port, data=data, database=url, environment=environment, words=words)
        made.start()
        try:
            wait_until(made, holders)
            yield made
        finally:
            made.stop()


@contextlib.contextmanager
def database(folder: Path, server: str | None) -> Iterator[str]:
    """A database of its own, in a server that is there or in one of its own."""
    if server is None:
        from hub_pages import postgresql  # noqa: PLC0415 - only here

        programs = Path("/usr/lib/postgresql").glob("*/bin")
        newest = max(programs, key=lambda place: int(place.parent.name.split(".")[0]))
        with postgresql(folder, str(newest / "initdb"), str(newest / "pg_ctl")) as url:
            yield url
        return
    name = f"network_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def wait_until(made: Network, holders: int) -> None:
    """Wait until all holders of a gateway say that they live.

    Raises
    ------
    RuntimeError: they do not.
    """
    deadline = time.monotonic() + START_S
    while len(made.asked("SELECT gateway FROM tables_gatewayseen")) < holders:
        if made.gateway.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(made.log.read_text())
        time.sleep(0.1)


def start_callers(
    made: Network, shares: Iterable[Mapping[str, Any]]
) -> "list[subprocess.Popen[str]]":
    """Start a process for each share of stations; see `ocpp_caller`."""
    command = [sys.executable, str(HERE / "ocpp_caller.py")]
    return [
        subprocess.Popen(
            [*command, json.dumps({"port": made.port, **share})],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]


def processes() -> list[int]:
    """Numbers of all processes."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_of(pid: int) -> list[bytes]:
    """The words that a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def cpu_s_of(pid: int) -> float:
    """Seconds of CPU that a process has used; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_bytes_of(pid: int) -> int:
    """Memory that a process holds; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def fill(stations: int) -> None:
    """Make the tables, the stations and the card that may charge."""
    from viavolta.hub.site.start import migrate, set_up  # noqa: PLC0415 - as a program alone

    set_up()
    migrate()
    from django.conf import settings  # noqa: PLC0415 - set up by now

    from viavolta.storage.station_keys import gateway_key, key_hash  # noqa: PLC0415 - likewise
    from viavolta.storage.tables.stations import Station, Token  # noqa: PLC0415 - likewise

    key = gateway_key(settings.CONFIG.data)
    Token.objects.create(tenant_id=1, token=CARD)
    names = [identity(number) for number in range(stations)]
    Station.objects.bulk_create(
        (
            Station(tenant_id=1, identity=name, key_hash=key_hash(key, name, PASSWORD))
            for name in names
        ),
        batch_size=2000,
    )


def bill() -> None:
    """Close the bills of sessions that ended, until killed."""
    from viavolta.hub.site.start import set_up  # noqa: PLC0415 - as a program alone

    set_up()
    from django.utils import timezone  # noqa: PLC0415 - set up by now

    from viavolta.storage.billing import close_bills  # noqa: PLC0415 - likewise

    while True:
        close_bills(timezone.now())
        time.sleep(0.2)


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]))
    else:
        bill()
