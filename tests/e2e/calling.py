"""The line of a station to a gateway that may just have heard of it."""

import asyncio
import contextlib

import picows

from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.line import Line, connect

TRIES = 10


async def called(url: str, identity: str, password: str, version: Version) -> Line:
    """The line of a station that calls again until it is known, as stations do."""
    for _ in range(TRIES):
        with contextlib.suppress(picows.WSError):
            return await connect(url, identity, password, version)
        await asyncio.sleep(1.0)
    return await connect(url, identity, password, version)
