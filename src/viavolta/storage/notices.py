"""Messages of stations that no table of their own takes in: kept as they came, for a while."""

import datetime as dt

from viavolta.services.central_system.record import Record
from viavolta.storage.tables.notices import Notice

KEPT = dt.timedelta(days=90)

_NAMES = (
    "ClearedChargingLimit ClosePeriodicEventStream DataTransfer DiagnosticsStatusNotification "
    "FirmwareStatusNotification LogStatusNotification NotifyChargingLimit "
    "NotifyCustomerInformation NotifyDERAlarm NotifyDERStartStop NotifyDisplayMessages "
    "NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyPeriodicEventStream "
    "NotifyPriorityCharging NotifyReport NotifySettlement "
    "OpenPeriodicEventStream PublishFirmwareStatusNotification ReportChargingProfiles "
    "ReportDERControl ReservationStatusUpdate SecurityEventNotification SignCertificate "
    "SignedFirmwareStatusNotification"
)
_ACTIONS = frozenset(_NAMES.split())


def notice_of(record: Record) -> Notice | None:
    """The notice in a record; None for what other tables take in, and for what tells nothing."""
    payload = record.payload or {}
    is_idle_meter = record.action == "MeterValues" and payload.get("transactionId") is None
    if record.action not in _ACTIONS and not is_idle_meter:
        return None
    return Notice(
        station_id=record.station,
        action=record.action,
        request_id=payload.get("requestId", payload.get("reservationId")),
        received_at=record.received_at,
        payload=payload,
    )


def forget(now: dt.datetime) -> int:
    """Delete what was kept long enough; how many."""
    return Notice.objects.filter(received_at__lt=now - KEPT).delete()[0]
