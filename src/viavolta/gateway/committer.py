"""Many records, one flush: what arrives while the disk works is written with the next flush."""

import asyncio
import logging
from collections.abc import Callable

from viavolta.storage.journal import Journal

MOST_WAITING = 50_000
"""Records that may wait for the disk; beyond, stations are told to come back."""

Done = Callable[[bool], None]
log = logging.getLogger(__name__)


class Committer:
    """Writes records to a journal in groups and tells each when it is durable, or is not."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: list[tuple[bytes, Done]] = []
        self._arrived = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether the disk has fallen too far behind to take more."""
        return len(self._waiting) >= MOST_WAITING

    def submit(self, record: bytes, done: Done) -> None:
        """Have a record written; `done` is called with whether it is durable."""
        self._waiting.append((record, done))
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled; what waits then is written first."""
        try:
            while True:
                await self._arrived.wait()
                await self._flush()
        finally:
            await self._flush()

    async def _flush(self) -> None:
        self._arrived.clear()
        group, self._waiting = self._waiting, []
        if not group:
            return
        try:
            await asyncio.to_thread(self._journal.append, [record for record, _ in group])
        except OSError:
            log.exception("journal refused", extra={"records": len(group)})
            is_durable = False
        else:
            is_durable = True
        for _, done in group:
            done(is_durable)
