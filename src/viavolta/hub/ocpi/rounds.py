"""What goes on beside the pages: objects brought up to date, partners told and asked.

Several processes may do this at once: each thing to tell and each list is taken by one.
"""

import logging
import threading
import time

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from viavolta.hub.ocpi.exchanges import forget_old
from viavolta.hub.ocpi.own.refreshing import refresh_all
from viavolta.hub.ocpi.pulling import read_due
from viavolta.hub.ocpi.pushing import send_due
from viavolta.hub.ocpi.results import conclude

LOG = logging.getLogger(__name__)

TICK_S = 1.0
REFRESH_EVERY_S = 10.0
FORGET_EVERY_S = 3600.0
_PAUSE_S = 2.0


def run(stop: threading.Event) -> None:
    """Go round until `stop` is set."""
    LOG.info("roaming started")
    due = {"refresh": 0.0, "forget": 0.0}
    while not stop.wait(TICK_S):
        try:
            close_old_connections()
            now = time.monotonic()
            if now >= due["refresh"]:
                refresh_all(timezone.now())
                due["refresh"] = time.monotonic() + REFRESH_EVERY_S
            conclude(timezone.now())
            send_due(timezone.now())
            read_due(timezone.now())
            if now >= due["forget"]:
                forget_old(timezone.now())
                due["forget"] = time.monotonic() + FORGET_EVERY_S
        except (OperationalError, InterfaceError):
            LOG.warning("database out of reach", exc_info=True)
            connection.close()
            stop.wait(_PAUSE_S)
    LOG.info("roaming stopped")
