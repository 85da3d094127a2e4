"""Sessions for tests of live charging."""

import datetime as dt
from typing import Any

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.facts import AtPlug

NOW = dt.datetime(2026, 3, 1, 18, 7, tzinfo=dt.UTC)


def plug(session_id: str = "1", **more: Any) -> AtPlug:
    """A session at a site that has just begun, of which nobody said anything."""
    fields: dict[str, Any] = {
        "session_id": session_id,
        "station_id": 1,
        "evse": 1,
        "version": Version.V21,
        "transaction": f"tx-{session_id}",
        "limit_id": "site",
        "started_at": NOW,
    }
    return AtPlug(**fields | more)
