"""What a gateway writes into its journal: one thing that it heard, with what it answered."""

import datetime as dt
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from viavolta.protocols.ocpp.schemas import Version

# made once: `json.dumps` with options makes a new one for every record
_WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class RecordKind(StrEnum):
    """What was heard."""

    CALL = "call"
    SEND = "send"
    CONNECTED = "connected"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of the journal.

    `station` is the number of its row, which no renaming changes; `received_at` is in UTC. The
    answer stands beside the call, so that reading the journal decides nothing anew.
    """

    kind: RecordKind
    station: int
    version: Version
    received_at: dt.datetime
    action: str = ""
    payload: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None


def record_bytes(record: Record) -> bytes:
    """A record as compact JSON."""
    parts = (
        record.kind,
        record.station,
        record.version,
        record.received_at.timestamp(),
        record.action,
        record.payload,
        record.answer,
    )
    return _WRITER.encode(parts).encode()


def record_of(content: bytes) -> Record:
    """The record that `record_bytes` wrote.

    Raises
    ------
    ValueError: it was not written so.
    """
    kind, station, version, received, action, payload, answer = json.loads(content)
    return Record(
        kind=RecordKind(kind),
        station=station,
        version=Version(version),
        received_at=dt.datetime.fromtimestamp(received, dt.UTC),
        action=action,
        payload=payload,
        answer=answer,
    )
