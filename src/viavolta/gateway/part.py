"""One process of the gateway: `python -m viavolta.gateway.part PART SETTINGS`, SETTINGS as JSON.

`hold` is the event loop that holds stations, `project` brings what it heard into the tables,
`control` plans the sessions. The command line starts them and keeps them.
"""

import asyncio
import contextlib
import json
import logging
import resource
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import django

from viavolta.model.errors import PlatformError

SPARE_FILES = 100
"""Files that a process needs beside its connections."""


def main() -> None:
    """Be one part until told to stop."""
    part, values = sys.argv[1], json.loads(sys.argv[2])
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format=f"%(asctime)s %(levelname)s {part} %(message)s",
    )
    logging.getLogger("viavolta").setLevel(logging.INFO)
    django.setup()
    try:
        _PARTS[part](values)
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def hold(values: dict[str, Any]) -> None:
    """Hold stations."""
    import uvloop  # noqa: PLC0415 - this part alone

    from viavolta.gateway.server import Gateway, GatewaySettings  # noqa: PLC0415 - needs the tables

    tls, data = values.pop("tls"), Path(values.pop("data"))
    gateway = Gateway(
        settings=GatewaySettings(
            **values,
            data=data,
            tls=None if tls is None else tls_context(**tls),
            most_connections=_raise_files() - SPARE_FILES,
        )
    )

    _until_told_to_stop(uvloop.run, gateway.run())


def project(values: dict[str, Any]) -> None:
    """Bring journals into the tables."""
    from viavolta.gateway.projecting import keep_up  # noqa: PLC0415 - needs the tables

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_up(Path(values["data"]), stop)


def control(_values: dict[str, Any]) -> None:
    """Plan sessions."""
    from viavolta.gateway.control import run, warm_up  # noqa: PLC0415 - needs tables and engine
    from viavolta.storage.processes import identity  # noqa: PLC0415 - this part alone

    warm_up()  # not in the loop yet: who is told to stop meanwhile ends at once
    _until_told_to_stop(asyncio.run, run(identity()))


def _until_told_to_stop(
    runner: Callable[[Coroutine[Any, Any, None]], None], work: Coroutine[Any, Any, None]
) -> None:
    """Let something run in a loop of its own until the process is told to stop."""

    async def told() -> None:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    runner(told())


def tls_context(certificate: str, key: str, client_ca: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later; with `client_ca` stations may show certificates that it signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _raise_files() -> int:
    """Have as many files open as the system lets this process; how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard
    return soft


_PARTS = {"hold": hold, "project": project, "control": control}

if __name__ == "__main__":
    main()
