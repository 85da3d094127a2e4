"""From a gateway's journal to the tables: each record once, whatever happens in between.

The position reached is written in the same transaction as what the records brought, so that a
projector that dies goes on where the tables stand. Events are kept by their content, and a session
is made anew from all of its events: a repeat changes nothing.
"""

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from viavolta.model.session import EventKind, Reading, SessionEvent
from viavolta.protocols.ocpp.transactions import events_of, time_of
from viavolta.services.central_system.record import Record, RecordKind, record_of
from viavolta.services.sessions.fold import session_of
from viavolta.storage import vehicle_needs
from viavolta.storage.journal import Position, read_journal
from viavolta.storage.notices import notice_of
from viavolta.storage.tables import stations as tables
from viavolta.storage.tables.notices import Notice

BATCH = 2000


def project(folder: Path, gateway: str, *, most: int = BATCH) -> int:
    """Bring at most so many further records of a gateway's journal into the tables; how many.

    Raises
    ------
    InputError: the journal is damaged.
    """
    with transaction.atomic():
        reached, _ = tables.JournalPosition.objects.select_for_update().get_or_create(
            gateway=gateway
        )
        after = Position(reached.segment, reached.offset)
        found = list(islice(read_journal(folder, after), most))
        if not found:
            return 0
        _bring_in([record_of(content) for _, content in found], gateway)
        end = found[-1][0]
        reached.segment, reached.offset = end.segment, end.offset
        reached.save()
    return len(found)


def start_key_of(start: Mapping[str, Any]) -> str:
    """What makes a start of OCPP 1.6, told again, recognisable as the same."""
    return hashlib.sha256(json.dumps(start, sort_keys=True).encode()).hexdigest()


def _bring_in(records: list[Record], gateway: str) -> None:
    known = tables.Station.objects.in_bulk({r.station for r in records})
    touched: dict[int, tables.Session] = {}
    heard: dict[int, dt.datetime] = {}
    notices: list[Notice] = []
    for record in records:
        station = known.get(record.station)
        if station is None:
            continue  # deleted since
        heard[station.pk] = record.received_at
        if record.kind in {RecordKind.CONNECTED, RecordKind.GONE}:
            _connection(station, record, gateway)
            continue
        session = _session_event(station, record)
        if session is not None:
            touched[session.pk] = session
        _told(station, record)
        notice = notice_of(record)
        if notice is not None:
            notices.append(notice)
    Notice.objects.bulk_create(notices)
    for session in touched.values():
        _fold(session)
    for pk, at in heard.items():
        known[pk].heard_at = at
    tables.Station.objects.bulk_update([known[pk] for pk in heard], ["heard_at"])


def _connection(station: tables.Station, record: Record, gateway: str) -> None:
    if record.kind is RecordKind.CONNECTED:
        station.gateway, station.connected_at = gateway, record.received_at
        station.ocpp_version = record.version.value
    elif station.gateway == gateway:
        station.gateway = ""
    station.save(update_fields=["gateway", "connected_at", "ocpp_version"])


def _told(station: tables.Station, record: Record) -> None:
    """What a call says of the station itself."""
    payload = record.payload or {}
    match record.action:
        case "BootNotification":
            box = payload.get("chargingStation", payload)
            station.vendor = box.get("vendorName", box.get("chargePointVendor", ""))
            station.model = box.get("model", box.get("chargePointModel", ""))
            station.serial = box.get("serialNumber", box.get("chargePointSerialNumber", ""))
            station.firmware = box.get("firmwareVersion", "")
            station.save(update_fields=["vendor", "model", "serial", "firmware"])
        case "StatusNotification":
            _status(station, payload, record)
        case vehicle_needs.ACTION:
            vehicle_needs.note_needs(station.pk, payload, received_at=record.received_at)


def _status(station: tables.Station, payload: Mapping[str, Any], record: Record) -> None:
    at = time_of(payload["timestamp"]) if "timestamp" in payload else record.received_at
    # 1.6 numbers connectors over the whole station, each an EVSE of its own
    evse = payload.get("evseId", payload["connectorId"])
    tables.Outlet.objects.update_or_create(
        station=station,
        evse=evse,
        connector=payload["connectorId"],
        defaults={
            "status": payload.get("connectorStatus", payload.get("status", "")),
            "error": payload.get("errorCode", "").replace("NoError", ""),
            "status_at": at,
        },
    )


def _session_event(station: tables.Station, record: Record) -> tables.Session | None:
    told = events_of(record.action, record.payload or {}, received_at=record.received_at)
    if told is None:
        return None
    number, event = told
    start_key = ""
    if number is None:
        number = str((record.answer or {})["transactionId"])
        start_key = start_key_of(record.payload or {})
    session = _session(station, number, start_key, event)
    content = _content(event)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    copies = tables.SessionEvent.objects.filter(session=session, key=event.key)
    tables.SessionEvent.objects.get_or_create(
        session=session,
        key=event.key,
        digest=digest,
        defaults={
            "copy": copies.count(),
            "content": content | {"received_at": event.received_at.isoformat()},
        },
    )
    return session


def _session(
    station: tables.Station, number: str, start_key: str, event: SessionEvent
) -> tables.Session:
    """The session of a transaction; a start told twice under two numbers is one session."""
    if start_key:
        same = tables.Session.objects.filter(station=station, start_key=start_key).first()
        if same is not None and same.transaction != number:
            tables.TransactionAlias.objects.get_or_create(
                station=station, transaction=number, defaults={"session": same}
            )
            return same
    alias = tables.TransactionAlias.objects.filter(station=station, transaction=number).first()
    if alias is not None:
        return alias.session
    session, _ = tables.Session.objects.get_or_create(
        station=station, transaction=number, defaults={"started_at": event.at}
    )
    if start_key and not session.start_key:
        session.start_key = start_key
        session.save(update_fields=["start_key"])
    return session


def _fold(session: tables.Session) -> None:
    view = session_of(map(event_of_row, session.events.all()))
    session.started_at, session.ended_at = view.started_at, view.ended_at
    session.evse, session.connector, session.token = view.evse, view.connector, view.token
    session.stop_reason = view.stop_reason
    session.energy_wh, session.discharged_wh = view.energy_wh, view.discharged_wh
    session.power_w, session.soc = view.last_power_w, view.last_soc
    session.is_complete, session.missing = view.is_complete, list(view.missing)
    session.doubts = sorted(view.doubts)
    session.updated_at = timezone.now()
    session.save()


def _content(event: SessionEvent) -> dict[str, Any]:
    """The event as JSON, without when it arrived: a repeat arrives later and is the same."""
    content = dataclasses.asdict(event)
    del content["received_at"]
    content["at"] = event.at.isoformat()
    for reading in content["readings"]:
        reading["at"] = reading["at"].isoformat()
    content["readings"] = list(content["readings"])
    return content


def event_of_row(row: tables.SessionEvent) -> SessionEvent:
    """An event as it was kept."""
    content = dict(row.content)
    readings: Iterable[dict[str, Any]] = content.pop("readings")
    return SessionEvent(
        **content
        | {
            "kind": EventKind(content["kind"]),
            "at": dt.datetime.fromisoformat(content["at"]),
            "received_at": dt.datetime.fromisoformat(content["received_at"]),
            "readings": tuple(
                Reading(**r | {"at": dt.datetime.fromisoformat(r["at"])}) for r in readings
            ),
        }
    )
