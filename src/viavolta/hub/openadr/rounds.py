"""What goes on beside the pages: subscribers told, VTNs of others looked at, events followed anew.

Several processes may do this at once: each notification and each connection is taken by one.
"""

import logging
import threading
import time

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from viavolta.hub.openadr.effects import follow_events
from viavolta.hub.openadr.following import look_at_due
from viavolta.hub.openadr.models import VtnObject
from viavolta.hub.openadr.telling import send_due
from viavolta.hub.people.models import Organisation

LOG = logging.getLogger(__name__)

TICK_S = 0.5
FOLLOW_EVERY_S = 30.0
_PAUSE_S = 2.0


def run(stop: threading.Event) -> None:
    """Go round until `stop` is set."""
    LOG.info("grid signals started")
    follow_at = 0.0
    while not stop.wait(TICK_S):
        try:
            close_old_connections()
            send_due(timezone.now())
            look_at_due(timezone.now())
            if time.monotonic() >= follow_at:
                follow_all()
                follow_at = time.monotonic() + FOLLOW_EVERY_S
        except (OperationalError, InterfaceError):
            LOG.warning("database out of reach", exc_info=True)
            connection.close()
            stop.wait(_PAUSE_S)
    LOG.info("grid signals stopped")


def follow_all() -> None:
    """Follow the events of our own VTN again: the tree of limits may have changed meanwhile."""
    active = VtnObject.objects.filter(ends_at__gt=timezone.now())
    for row in Organisation.objects.filter(pk__in=active.values("organisation")):
        follow_events(row)
