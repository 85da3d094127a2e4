"""Sessions of OCPP 2.0.1 as a gateway writes them down, brought into the tables."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.storage.journal import Journal
from viavolta.storage.projector import project
from viavolta.storage.tables.stations import Station

T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
_journals = itertools.count(1)


def told(
    station: Station, transaction: str, seq: int, last: int, *, start: dt.datetime = T0, **more: Any
) -> Record:
    """One event of a session: one kWh a minute; `more` goes into the payload.

    `signed` is what the meter signs, `export_wh` its other register.
    """
    at = (start + dt.timedelta(minutes=seq)).isoformat()
    signed, export_wh = more.pop("signed", ""), more.pop("export_wh", None)
    sample: dict[str, Any] = {"value": 1000 * seq}
    if signed:
        sample["signedMeterValue"] = {"signedMeterData": signed}
    samples = [sample]
    if export_wh is not None:
        samples.append({"value": export_wh, "measurand": "Energy.Active.Export.Register"})
    payload = {
        "eventType": "Started" if seq == 0 else "Ended" if seq == last else "Updated",
        "timestamp": at,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq,
        "transactionInfo": {"transactionId": transaction},
        "meterValue": [{"timestamp": at, "sampledValue": samples}],
    }
    return Record(
        kind=RecordKind.CALL,
        station=station.pk,
        version=Version.V201,
        received_at=start + dt.timedelta(hours=1),
        action="TransactionEvent",
        payload=payload | more,
        answer={},
    )


def bring_in(folder: Path, *records: Record) -> None:
    """Write records into a journal of their own and project it to the end."""
    name = f"{folder.name}-{next(_journals)}"
    with Journal(folder / name) as journal:
        journal.append([record_bytes(record) for record in records])
    while project(folder / name, name):
        pass
