"""Ask something of a station: a row, which the gateway that holds the station takes."""

import datetime as dt
from typing import Any

from django.utils import timezone

from viavolta.storage.tables.stations import Command
from viavolta.storage.wake import wake


def ask(
    station_id: int,
    action: str,
    payload: dict[str, Any],
    *,
    by: str,
    wait: dt.timedelta = dt.timedelta(minutes=5),
) -> Command:
    """Have something asked of a station; the row tells what becomes of it.

    `action` and `payload` in the station's own version of OCPP, as on the wire; `wait` is how long
    the station may take to connect before the command expires.
    """
    command = Command.objects.create(
        station_id=station_id,
        action=action,
        payload=payload,
        asked_by=by,
        expires_at=timezone.now() + wait,
    )
    wake()
    return command
