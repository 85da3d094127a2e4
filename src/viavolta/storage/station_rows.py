"""What stations say of themselves and their outlets, into their rows."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from viavolta.protocols.ocpp.transactions import time_of
from viavolta.services.central_system.record import Record
from viavolta.storage.bulk import in_turn, write
from viavolta.storage.tables.stations import Outlet, Station

HEARD_EVERY = dt.timedelta(seconds=15)
"""A row that says that its station was heard so lately is left as it is."""

_ABOUT = ("vendor", "model", "serial", "firmware")


def bring_in_stations(known: Mapping[int, Station], records: Iterable[Record]) -> None:
    """Write what records say of stations; of two that say the same thing the later counts."""
    heard: dict[int, dt.datetime] = {}
    booted: set[int] = set()
    outlets: dict[tuple[int, int, int], Outlet] = {}
    for record in records:
        heard[record.station] = record.received_at
        payload = record.payload or {}
        if record.action == "BootNotification":
            _describe(known[record.station], payload)
            booted.add(record.station)
        elif record.action == "StatusNotification":
            outlet = outlet_of(record, payload)
            outlets[outlet.station_id, outlet.evse, outlet.connector] = outlet
    late = [pk for pk, at in heard.items() if _is_worth_it(known[pk].heard_at, at)]
    in_turn({*booted, *late})
    Outlet.objects.bulk_create(
        outlets.values(),
        update_conflicts=True,
        unique_fields=("station", "evse", "connector"),
        update_fields=("status", "error", "status_at"),
    )
    write([known[pk] for pk in booted], _ABOUT)
    for pk in late:
        known[pk].heard_at = heard[pk]
    write([known[pk] for pk in late], ("heard_at",))


def _is_worth_it(before: dt.datetime | None, at: dt.datetime) -> bool:
    return before is None or at - before >= HEARD_EVERY


def _describe(station: Station, payload: Mapping[str, Any]) -> None:
    box = payload.get("chargingStation", payload)
    station.vendor = box.get("vendorName", box.get("chargePointVendor", ""))
    station.model = box.get("model", box.get("chargePointModel", ""))
    station.serial = box.get("serialNumber", box.get("chargePointSerialNumber", ""))
    station.firmware = box.get("firmwareVersion", "")


def outlet_of(record: Record, payload: Mapping[str, Any]) -> Outlet:
    """The row of the outlet whose state a StatusNotification tells."""
    # 1.6 numbers connectors over the whole station, each an EVSE of its own
    return Outlet(
        station_id=record.station,
        evse=payload.get("evseId", payload["connectorId"]),
        connector=payload["connectorId"],
        status=payload.get("connectorStatus", payload.get("status", "")),
        error=payload.get("errorCode", "").replace("NoError", ""),
        status_at=time_of(payload["timestamp"]) if "timestamp" in payload else record.received_at,
    )
