"""The projector's process: journals into tables, beside the event loop and never in its way."""

import logging
import threading
import time
from pathlib import Path

from django.db import Error, close_old_connections

from viavolta.model.errors import InputError
from viavolta.storage.journal import Position, durable_end
from viavolta.storage.projector import forget, project, reached

LOOK_EVERY_S = 0.1
RETRY_S = 1.0
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

    def go_on(self) -> int:
        """Bring further records in; how many."""
        name, now_s = self._folder.name, time.monotonic()
        if now_s < self._not_before_s or durable_end(self._folder) == self._reached:
            return 0
        close_old_connections()
        try:
            n = project(self._folder, name)
            self._reached = reached(name)
            if now_s - self._forgot_s > FORGET_EVERY_S:
                self._forgot_s = now_s
                forget(self._folder, name)
        except Error as error:  # busy, away, or another projector met the same session
            log.warning("projector tries again", extra={"journal": name, "why": str(error)[:200]})
            self._not_before_s = now_s + RETRY_S
            return 0
        except InputError as error:
            log.error("journal damaged", extra={"journal": name, "why": str(error)})
            self._not_before_s = now_s + FORGET_EVERY_S
            return 0
        return n


def _journals(data: Path) -> list[Path]:
    folder = data / "journal"
    return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
