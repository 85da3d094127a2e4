"""A hub with all of its parts, as `viavolta serve` runs it, and the letters it sends."""

import email
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default as modern
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

_BETWEEN_LETTERS = "-" * 79


@dataclass
class Live:
    """A running hub: its address, that of its gateway, its folder, the letters read so far.

    `surroundings` are those that commands of the same hub need.
    """

    address: str
    data: Path
    stations_url: str
    surroundings: dict[str, str]
    _read: set[str] = field(default_factory=set)

    def letter(self, to: str) -> str:
        """The text of the next letter to this person, once it is there."""
        return str(until(lambda: self._unread(to), f"a letter to {to}", 30.0))

    def _unread(self, to: str) -> str:
        for path in sorted((self.data / "outbox").iterdir()):
            for n, text in enumerate(path.read_text(encoding="utf-8").split(_BETWEEN_LETTERS)):
                key, message = (
                    f"{path.name}:{n}",
                    email.message_from_string(text.strip(), policy=modern),
                )
                if key in self._read or to not in str(message["To"]):
                    continue
                self._read.add(key)
                body = message.get_body(("plain",))
                return "" if body is None else str(body.get_content())
        return ""


def until(look: Callable[[], Any], what: str, seconds: float) -> Any:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)  # another process is at work; there is nothing else to wait for
    return found


@contextmanager
def live_hub(data: Path, assets: Path) -> Iterator[Live]:
    """Serve a hub of its own: on SQLite, or in a new database of the PostgreSQL we are given."""
    with _database() as database, _served(data, assets, database) as hub:
        yield hub


@contextmanager
def _database() -> Iterator[str]:
    """A database for this hub alone, beside the one DATABASE_URL names; empty for SQLite."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield ""
        return
    import psycopg  # noqa: PLC0415 - where there is a PostgreSQL

    name = f"live_{uuid4().hex}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(given)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _served(data: Path, assets: Path, database: str) -> Iterator[Live]:
    with socket.socket() as free, socket.socket() as other:
        for one in (free, other):
            one.bind(("127.0.0.1", 0))
        port, ocpp_port = free.getsockname()[1], other.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    surroundings = os.environ | {
        "DJANGO_SETTINGS_MODULE": "viavolta.hub.site.settings",
        "DATABASE_URL": database,
        "VIAVOLTA_ASSETS": str(assets),
        "VIAVOLTA_DATA": str(data),
        "VIAVOLTA_ORIGIN": address,
    }
    command = [sys.executable, "-m", "viavolta", "serve", "--port", str(port)]
    command += ["--ocpp-port", str(ocpp_port)]
    with (data / "serve.log").open("wb") as log:
        server = subprocess.Popen(command, env=surroundings, stderr=log, stdout=log)
    try:
        until(lambda: _answers(address, server), "the hub", 240.0)
        yield Live(
            address=address,
            data=data,
            stations_url=f"ws://127.0.0.1:{ocpp_port}/ocpp",
            surroundings=surroundings,
        )
    finally:
        server.terminate()
        server.wait(30)


def _answers(address: str, server: "subprocess.Popen[bytes]") -> bool:
    assert server.poll() is None, "the hub ended before it answered"
    try:
        urllib.request.urlopen(f"{address}/health", timeout=5).close()  # noqa: S310 - our own server
    except OSError:  # not there yet, or busy starting
        return False
    return True
