"""What vehicles say of their needs, from the journal to the tables."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from viavolta.protocols.ocpp.needs import needs_of
from viavolta.protocols.ocpp.transactions import time_of
from viavolta.storage.tables.live import VehicleNeeds

ACTION = "NotifyEVChargingNeeds"
"""The call of a station that tells them."""

_FIELDS = (
    "evse",
    "departure_at",
    "energy_kwh",
    "min_energy_kwh",
    "max_kw",
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc",
)


def note_needs(station_id: int, payload: Mapping[str, Any], *, received_at: dt.datetime) -> None:
    """Write down a call of NotifyEVChargingNeeds; the same one, read again, changes nothing.

    2.1 may tell later when the needs were; then that is their time.
    """
    needs = needs_of(payload)
    told_at = time_of(payload["timestamp"]) if "timestamp" in payload else received_at
    values = {name: getattr(needs, name) for name in _FIELDS if name != "evse"}
    VehicleNeeds.objects.get_or_create(
        station_id=station_id,
        evse=needs.evse,
        told_at=min(told_at, received_at),
        defaults=values | {"content": payload},
    )
