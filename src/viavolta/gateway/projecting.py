"""The projector's process: journals into tables, beside the event loop and never in its way."""

import contextlib
import logging
import threading
import time
from pathlib import Path

from django.db import DataError, Error, IntegrityError, close_old_connections

from viavolta.model.errors import InputError
from viavolta.storage.journal import Position, durable_end
from viavolta.storage.projector import BATCH, forget, project, reached, set_aside_next

LOOK_EVERY_S = 0.1
RETRY_S = 1.0
TRIES = 2
"""How often a single record is offered to the tables before it is set aside."""

_UNFIT = (DataError, IntegrityError, ValueError, OverflowError, TypeError, LookupError)
"""What comes of a record that cannot be read, or that no column takes."""

FORGET_EVERY_S = 60.0
log = logging.getLogger(__name__)


def keep_up(data: Path, stop: threading.Event) -> None:
    """Bring all journals of a data folder into the tables, until told to stop and at their ends."""
    behind = {folder: Projected(folder) for folder in _journals(data)}
    while True:
        for folder in _journals(data):
            behind.setdefault(folder, Projected(folder))
        n = sum([one.go_on() for one in behind.values()])
        if not n and stop.wait(LOOK_EVERY_S):
            return


class Projected:
    """How far one journal stands in the tables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reached: Position | None = None
        self._forgot_s = time.monotonic()
        self._not_before_s = 0.0
        self._most = BATCH
        self._n_refused = 0

    def go_on(self) -> int:
        """Bring further records in; how many."""
        name, now_s = self._folder.name, time.monotonic()
        if now_s < self._not_before_s:
            return 0
        close_old_connections()
        try:
            if durable_end(self._folder) == self._reached:
                return 0
            n = project(self._folder, name, most=self._most)
            self._reached = reached(name)
            self._most, self._n_refused = min(2 * self._most, BATCH), 0
            if now_s - self._forgot_s > FORGET_EVERY_S:
                self._forgot_s = now_s
                forget(self._folder, name)
        except _UNFIT as error:
            self._narrow_down(error)
            return 0
        except Error as error:  # busy, away, or another projector met the same session
            log.warning("projector tries again", extra={"journal": name, "why": str(error)[:200]})
            self._not_before_s = now_s + RETRY_S
            return 0
        except InputError as error:
            log.error("journal damaged", extra={"journal": name, "why": str(error)})
            self._not_before_s = now_s + FORGET_EVERY_S
            return 0
        return n

    def _narrow_down(self, error: Exception) -> None:
        """Find the record that the tables do not take, and set it aside."""
        name, why = self._folder.name, f"{type(error).__name__}: {error}"[:200]
        if self._most > 1:
            self._most //= 2
            return
        self._not_before_s = time.monotonic() + RETRY_S
        self._n_refused += 1
        if self._n_refused < TRIES:  # another projector may have met the same session
            return
        log.error("record set aside", extra={"journal": name, "why": why})
        with contextlib.suppress(Error):  # away by now: it is tried again
            set_aside_next(self._folder, name, why)
            self._n_refused, self._not_before_s = 0, 0.0


def _journals(data: Path) -> list[Path]:
    folder = data / "journal"
    return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
