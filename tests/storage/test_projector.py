"""From the journal to the tables: nothing twice, nothing lost, whatever the order."""

import dataclasses
import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import (
    Record,
    RecordKind,
    record_bytes,
    record_of,
)
from viavolta.storage.journal import Journal
from viavolta.storage.projector import project
from viavolta.storage.tables.stations import Session, Station

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
    return dict(row)


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
    """Maker and model from the boot, the state of each connector, who holds the link."""
    station = new_station()
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    status = {
        "timestamp": T0.isoformat(),
        "connectorStatus": "Occupied",
        "evseId": 2,
        "connectorId": 1,
    }
    link = Record(
        kind=RecordKind.CONNECTED, station=station.pk, version=Version.V21, received_at=T0
    )
    bring_in(
        tmp_path,
        [
            link,
            call(station, "BootNotification", boot),
            call(station, "StatusNotification", status),
        ],
    )
    station.refresh_from_db()
    assert (station.vendor, station.model, station.ocpp_version) == ("V", "M", "2.1")
    assert station.gateway == tmp_path.name
    assert station.outlets.values_list("evse", "connector", "status").get() == (2, 1, "Occupied")


def test_a_deleted_station_stops_nothing(tmp_path: Path) -> None:
    """Records of a station that is gone are passed over."""
    gone, there = new_station(), new_station()
    records = [told(gone, 0, 1), told(there, 0, 1)]
    gone.delete()
    bring_in(tmp_path, records)
    assert seen(there)["energy_wh"] is None
