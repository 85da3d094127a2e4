"""From the journal to the tables: nothing twice, nothing lost, whatever the order."""

import contextlib
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import (
    Record,
    RecordKind,
    record_bytes,
    record_of,
)
from viavolta.storage.journal import Journal, forget_before
from viavolta.storage.projector import forget, is_behind, project, reached
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.stations import (
    JournalPosition,
    Session,
    SessionEvent,
    SessionHour,
    Station,
)

T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
_numbers = itertools.count(1)
pytestmark = pytest.mark.django_db


def new_station() -> Station:
    """A station of its own for each example."""
    return Station.objects.create(tenant_id=1, identity=f"station-{next(_numbers)}")


def told(station: Station, seq: int, last: int, *, at_s: int = 0) -> Record:
    """One event of a session of OCPP 2.0.1, 100 Wh a minute, heard at a time of its own."""
    at = (T0 + dt.timedelta(minutes=seq)).isoformat()
    kind = "Started" if seq == 0 else "Ended" if seq == last else "Updated"
    payload = {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq,
        "transactionInfo": {"transactionId": "t"},
        "meterValue": [{"timestamp": at, "sampledValue": [{"value": 100 * seq}]}],
    }
    return call(station, "TransactionEvent", payload, at_s=at_s)


def call(
    station: Station,
    action: str,
    payload: dict[str, Any],
    answer: dict[str, Any] | None = None,
    *,
    at_s: int = 0,
) -> Record:
    """A call as the gateway writes it down."""
    return Record(
        kind=RecordKind.CALL,
        station=station.pk,
        version=Version.V201,
        received_at=T0 + dt.timedelta(hours=1, seconds=at_s),
        action=action,
        payload=payload,
        answer=answer or {},
    )


def call_16(station: Station, *told: Any) -> Record:
    """A call of a station of 1.6."""
    return dataclasses.replace(call(station, *told), version=Version.V16)


def bring_in(folder: Path, records: list[Record], *, most: int = 1000) -> None:
    """Write records into a journal and project it to the end."""
    with Journal(folder) as journal:
        journal.append([record_bytes(record) for record in records])
    while project(folder, folder.name, most=most):
        pass


def seen(station: Station) -> dict[str, Any]:
    """What the tables say of the one session of a station."""
    (row,) = Session.objects.filter(station=station).values(
        "started_at", "ended_at", "energy_wh", "is_complete", "missing", "doubts"
    )
    hours = SessionHour.objects.filter(session__station=station).order_by("hour")
    kwh = {hour: round(energy, 9) for hour, energy in hours.values_list("hour", "energy_kwh")}
    return dict(row) | {"hours": kwh}


def test_records_survive_being_written() -> None:
    """What a gateway writes down reads back the same."""
    record = told(Station(pk=7), 3, 5)
    assert record_of(record_bytes(record)) == record


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), n=st.integers(2, 7))
def test_order_repeats_and_batches_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, n: int
) -> None:
    """Shuffled, repeated and in batches of any size: the same session as in order, in one go."""
    kept = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1)))
    plain, shuffled = new_station(), new_station()
    bring_in(tmp_path_factory.mktemp("plain"), [told(plain, k, n - 1) for k in kept])
    repeats = data.draw(st.lists(st.sampled_from(kept), max_size=4))
    order = data.draw(st.permutations(kept + repeats))
    records = [told(shuffled, k, n - 1, at_s=i) for i, k in enumerate(order)]
    most = data.draw(st.integers(1, 5))
    bring_in(tmp_path_factory.mktemp("shuffled"), records, most=most)
    assert seen(shuffled) == seen(plain)
    row = seen(plain)
    assert row["is_complete"] == (kept == list(range(n)))
    if n - 1 in kept:
        assert row["missing"] == [k for k in range(n - 1) if k not in kept]


def test_a_start_told_twice_under_two_numbers_is_one_session(tmp_path: Path) -> None:
    """1.6: the answer was lost, the station asks again, another gateway gives another number."""
    station = new_station()
    start = {"connectorId": 1, "idTag": "card", "meterStart": 5, "timestamp": T0.isoformat()}
    stop = {"transactionId": 12, "meterStop": 905, "timestamp": T0.isoformat()}
    info = {"idTagInfo": {"status": "Accepted"}}
    bring_in(
        tmp_path,
        [
            call_16(station, "StartTransaction", start, info | {"transactionId": 11}),
            call_16(station, "StartTransaction", start, info | {"transactionId": 12}),
            call_16(station, "StopTransaction", stop, {}),
        ],
    )
    row = seen(station)
    assert (row["energy_wh"], row["is_complete"]) == (900, True)


def test_what_a_station_says_of_itself_is_kept(tmp_path: Path) -> None:
    """Maker and model from the boot, the state of each connector."""
    station = new_station()
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    status = {
        "timestamp": T0.isoformat(),
        "connectorStatus": "Occupied",
        "evseId": 2,
        "connectorId": 1,
    }
    bring_in(
        tmp_path,
        [
            call(station, "BootNotification", boot),
            call(station, "StatusNotification", status),
        ],
    )
    station.refresh_from_db()
    assert (station.vendor, station.model) == ("V", "M")
    assert station.heard_at == T0 + dt.timedelta(hours=1)
    assert station.outlets.values_list("evse", "connector", "status").get() == (2, 1, "Occupied")


def test_a_deleted_station_stops_nothing(tmp_path: Path) -> None:
    """Records of a station that is gone are passed over."""
    gone, there = new_station(), new_station()
    records = [told(gone, 0, 1), told(there, 0, 1)]
    gone.delete()
    bring_in(tmp_path, records)
    assert seen(there)["energy_wh"] is None


class Killed(BaseException):
    """The process dies."""


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_projector_killed_at_any_moment_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Killed between any two statements, any number of times: as if it had gone through at once."""
    folder = tmp_path_factory.mktemp("killed")
    stations = [new_station() for _ in range(3)]
    records = [
        told(station, k, 5, at_s=k)
        for station in stations
        for k in data.draw(st.permutations(range(6)))
    ]
    with Journal(folder) as journal:
        journal.append([record_bytes(record) for record in records])

    for n in data.draw(st.lists(st.integers(0, 25), max_size=4)):
        steps = iter(range(n))

        def dying(execute: Any, *what: Any, steps: Iterator[int] = steps) -> Any:
            if next(steps, None) is None:
                raise Killed
            return execute(*what)

        with (
            contextlib.suppress(Killed),
            transaction.atomic(),
            connection.execute_wrapper(dying),
        ):
            project(folder, folder.name, most=7)
    while project(folder, folder.name, most=7):
        pass
    for station in stations:
        row = seen(station)
        assert (row["energy_wh"], row["is_complete"], row["doubts"]) == (500, True, [])
        session = Session.objects.get(station=station)
        assert sorted(e.seq or 0 for e in events_of_session(session)) == list(range(6))


def test_a_journal_projected_twice_changes_nothing(tmp_path: Path) -> None:
    """Even where the position itself was lost."""
    station = new_station()
    bring_in(tmp_path, [told(station, k, 3) for k in range(4)])
    before = seen(station)
    JournalPosition.objects.all().delete()
    while project(tmp_path, tmp_path.name):
        pass
    assert seen(station) == before
    assert SessionEvent.objects.filter(session__station=station).count() == 4


def test_a_late_end_closes_one_session_once(tmp_path: Path) -> None:
    """The end comes, then what was offline before it, then the end again."""
    station = new_station()
    order = [0, 4, 4, 2, 1, 3, 4]
    bring_in(tmp_path, [told(station, k, 4, at_s=i) for i, k in enumerate(order)], most=1)
    row = seen(station)
    assert (row["is_complete"], row["energy_wh"], row["missing"]) == (True, 400, [])


def test_two_different_events_of_one_number_are_both_kept(tmp_path: Path) -> None:
    """The second is counted, and the session says so."""
    station = new_station()
    bring_in(tmp_path, [told(station, 0, 3), told(station, 1, 3), told(station, 1, 1)])
    assert seen(station)["doubts"] == ["conflict"]
    copies = SessionEvent.objects.filter(session__station=station, key="1")
    assert sorted(copies.values_list("copy", flat=True)) == [0, 1]


def test_what_stands_in_the_tables_is_forgotten_in_the_journal(tmp_path: Path) -> None:
    """Segment by segment; what the tables lack stays."""
    station = new_station()
    records = [record_bytes(told(station, k, 9)) for k in range(10)]
    with Journal(tmp_path, segment_bytes=1) as journal:
        for record in records:
            journal.append([record])
        project(tmp_path, tmp_path.name, most=4)
        assert is_behind(tmp_path, tmp_path.name)
        before = len(list(tmp_path.glob("*.journal")))
        assert forget_before(tmp_path, reached(tmp_path.name)) == 3
        assert len(list(tmp_path.glob("*.journal"))) == before - 3
        while project(tmp_path, tmp_path.name):
            pass
        assert not is_behind(tmp_path, tmp_path.name)
    assert seen(station)["is_complete"]


@pytest.mark.django_db(transaction=True)
def test_forgetting_flushes_the_database_first(tmp_path: Path) -> None:
    """Nothing is deleted that a cut of the power could take back from the tables."""
    station = new_station()
    with Journal(tmp_path, segment_bytes=1) as journal:
        for k in range(3):
            journal.append([record_bytes(told(station, k, 2))])
        while project(tmp_path, tmp_path.name):
            pass
        assert forget(tmp_path, tmp_path.name) == 2
