"""Records that no table takes hold up nobody: they are set aside, on any database."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from viavolta.gateway import projecting
from viavolta.gateway.projecting import Projected
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.storage.fitness import why_unfit
from viavolta.storage.journal import Journal, durable_end
from viavolta.storage.projector import SET_ASIDE, reached
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import Session, Station

NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def record(station: Station, action: str = "TransactionEvent", **payload: Any) -> Record:
    """A call as the gateway writes it down: by default the next event of a session."""
    told: dict[str, Any] = {
        "eventType": "Updated",
        "timestamp": NOW.isoformat(),
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "t"},
    }
    return Record(
        kind=RecordKind.CALL,
        station=station.pk,
        version=Version.V201,
        received_at=NOW,
        action=action,
        payload=told | payload,
        answer={},
    )


BAD: dict[str, dict[str, Any]] = {
    "a negative connector": {"evse": {"id": -1}},
    "a number beyond the column": {"evse": {"id": 10**12}},
    "a transaction that is too long": {"transactionInfo": {"transactionId": "x" * 300}},
    "a key that is too long": {"seqNo": 10**200},
    "no time": {"timestamp": "2026-06-30T23:59:60Z"},
    "a time before the calendar": {"timestamp": "0001-01-01T00:00:00+14:00"},
}


@pytest.mark.parametrize("bad", list(BAD))
def test_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    """The bad one is found among many, kept with its reason, and told before it is answered."""
    monkeypatch.setattr(projecting, "RETRY_S", 0.0)
    station = Station.objects.create(tenant_id=1, identity="cp")
    wrong = record(station, **BAD[bad])
    good = [record(station, seqNo=k) for k in range(20)]
    with Journal(tmp_path) as journal:
        journal.append([record_bytes(one) for one in (*good[:13], wrong, *good[13:])])
    projected = Projected(tmp_path)
    for _ in range(100):
        projected.go_on()
    assert reached(tmp_path.name) == durable_end(tmp_path)
    sessions = Session.objects.filter(station=station, transaction="t")
    assert sessions.get().events.filter(copy=0).count() >= 20
    # SQLite takes texts of any length
    n_kept = Notice.objects.filter(station=station, action=SET_ASIDE).count()
    assert n_kept == 1 or Session.objects.count() == 2 or sessions[0].events.count() == 21
    assert why_unfit(wrong)
    assert not any(why_unfit(one) for one in good)
