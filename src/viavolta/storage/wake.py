"""Tell gateways at once that something was asked or changed: NOTIFY on PostgreSQL, else a poll."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
from django.db import connection

CHANNEL = "viavolta_commands"
POLL_S = 0.2
"""How often is looked where nothing can wake: on SQLite."""

LOOK_EVERY_S = 1.0
"""How often is looked all the same where something can."""

RETRY_S = 1.0
Woken = Callable[[], Awaitable[None]]
log = logging.getLogger(__name__)


def wake() -> None:
    """Wake all gateways of this database, and who plans; in a transaction, once that is through."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Woken]:
    """Listen: what it gives waits until something was asked, or it is time to look anyway."""
    if connection.vendor != "postgresql":
        yield _poll
        return
    woken = asyncio.Event()
    task = asyncio.create_task(_listen(woken, connection.get_connection_params()))

    async def wait() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), LOOK_EVERY_S)
        woken.clear()

    try:
        yield wait
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _poll() -> None:
    await asyncio.sleep(POLL_S)


async def _listen(woken: asyncio.Event, parameters: dict[str, object]) -> None:
    """Set `woken` at every notification; a lost connection is made again."""
    wanted = ("dbname", "user", "password", "host", "port")
    known = {name: str(parameters[name]) for name in wanted if parameters.get(name)}
    while True:
        try:
            line = await psycopg.AsyncConnection.connect(
                psycopg.conninfo.make_conninfo("", **known), autocommit=True
            )
            async with line:
                await line.execute(f"LISTEN {CHANNEL}")
                woken.set()  # what was asked while nobody listened
                async for _ in line.notifies():
                    woken.set()
        except psycopg.OperationalError:
            log.warning("no notifications for the moment")
            await asyncio.sleep(RETRY_S)
