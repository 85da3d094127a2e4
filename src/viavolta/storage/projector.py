"""From a gateway's journal to the tables: each record once, whatever happens in between.

The position reached is written in the same transaction as what the records brought, so that a
projector that dies goes on where the tables stand. A batch is read and written in bulk; events are
kept by their content, and what a repeat brings is there already: it changes nothing.
"""

import base64
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from viavolta.services.central_system.record import Record, record_of
from viavolta.storage import vehicle_needs
from viavolta.storage.journal import Position, durable_end, forget_before, read_journal
from viavolta.storage.notices import notice_of
from viavolta.storage.session_rows import Told, bring_in_sessions
from viavolta.storage.station_rows import bring_in_stations
from viavolta.storage.tables import stations as tables
from viavolta.storage.tables.notices import Notice
from viavolta.storage.terminal_payments import bring_in_payments

BATCH = 4000
SET_ASIDE = "SetAside"
"""The action of a notice that keeps a record which no table takes."""


def project(folder: Path, gateway: str, *, most: int = BATCH) -> int:
    """Bring at most so many further records of a gateway's journal into the tables; how many.

    Raises
    ------
    InputError: the journal is damaged. django.db.Error: another projector met the same session;
    nothing was written, and the same call will do.
    """
    with transaction.atomic():
        position, _ = tables.JournalPosition.objects.select_for_update().get_or_create(
            gateway=gateway
        )
        after = Position(position.segment, position.offset)
        found = list(islice(read_journal(folder, after), most))
        if not found:
            return 0
        records = [record_of(content) for _, content in found]
        _bring_in(records)
        end = found[-1][0]
        position.segment, position.offset = end.segment, end.offset
        position.reached_at = records[-1].received_at
        position.save()
    return len(found)


def set_aside_next(folder: Path, gateway: str, why: str) -> None:
    """Pass over the next record, which no table takes; it is kept as a notice that says why.

    Raises
    ------
    InputError: the journal is damaged.
    """
    with transaction.atomic():
        position, _ = tables.JournalPosition.objects.select_for_update().get_or_create(
            gateway=gateway
        )
        after = Position(position.segment, position.offset)
        found = next(read_journal(folder, after), None)
        if found is None:
            return
        end, content = found
        _note_set_aside(gateway, after, content, why)
        position.segment, position.offset = end.segment, end.offset
        position.save()


def _note_set_aside(gateway: str, at: Position, content: bytes, why: str) -> None:
    try:
        station = record_of(content).station
    except ValueError:
        return  # not even whose it was can be read: the log alone says so
    if not tables.Station.objects.filter(pk=station).exists():
        return
    Notice.objects.create(
        station_id=station,
        action=SET_ASIDE,
        received_at=timezone.now(),
        payload={
            "why": why,
            "journal": f"{gateway} {at.segment}:{at.offset}",
            "record": base64.b64encode(content).decode(),
        },
    )


def reached(gateway: str) -> Position:
    """How far a gateway's journal stands in the tables."""
    row = tables.JournalPosition.objects.filter(gateway=gateway).first()
    return Position() if row is None else Position(row.segment, row.offset)


def is_behind(folder: Path, gateway: str) -> bool:
    """Whether a journal has records that the tables lack."""
    return reached(gateway) < durable_end(folder)


def forget(folder: Path, gateway: str) -> int:
    """Delete the segments of a journal that stand in the tables; how many.

    What the database has only written and not yet flushed is flushed first.
    """
    position = reached(gateway)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(FULL)")
            is_busy = bool(cursor.fetchone()[0])
        if is_busy:
            return 0
    return forget_before(folder, position)


def _bring_in(records: list[Record]) -> None:
    numbers = {record.station for record in records}
    known = tables.Station.objects.in_bulk(numbers)
    # a station may have been deleted since
    there = [record for record in records if record.station in known]
    bring_in_sessions(told for record in there if (told := Told.of(record)))
    bring_in_stations(known, there)
    bring_in_payments(there)
    Notice.objects.bulk_create(notice for record in there if (notice := notice_of(record)))
    for record in there:
        if record.action == vehicle_needs.ACTION:
            vehicle_needs.note_needs(
                record.station, record.payload or {}, received_at=record.received_at
            )
