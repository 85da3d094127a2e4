"""A gateway on a free port of this process, for tests that let stations call it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from viavolta.gateway.server import Gateway, GatewaySettings


@contextlib.asynccontextmanager
async def running(data: Path, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway on a free port, stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gateway = Gateway(settings=GatewaySettings(data=data, port=port, **settings))
    ready = asyncio.Event()
    task = asyncio.create_task(gateway.run(ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield gateway
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
