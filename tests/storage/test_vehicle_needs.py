"""Needs of vehicles, from a gateway's journal to the tables."""

import datetime as dt
from pathlib import Path

import pytest

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.storage.journal import Journal
from viavolta.storage.projector import project
from viavolta.storage.tables.live import VehicleNeeds
from viavolta.storage.tables.stations import Station

T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
PAYLOAD = {
    "evseId": 2,
    "chargingNeeds": {
        "requestedEnergyTransfer": "AC_three_phase",
        "departureTime": "2026-03-01T17:00:00Z",
        "acChargingParameters": {
            "energyAmount": 12_000,
            "evMinCurrent": 6,
            "evMaxCurrent": 16,
            "evMaxVoltage": 400,
        },
    },
}


@pytest.mark.django_db
def test_needs_are_written_down_once(tmp_path: Path) -> None:
    """Told twice in the journal, once in the table."""
    station = Station.objects.create(tenant_id=1, identity="cp-1")
    record = Record(
        kind=RecordKind.CALL,
        station=station.pk,
        version=Version.V201,
        received_at=T0,
        action="NotifyEVChargingNeeds",
        payload=PAYLOAD,
        answer={"status": "Accepted"},
    )
    with Journal(tmp_path / "gateway") as journal:
        journal.append([record_bytes(record)] * 2)
    while project(tmp_path / "gateway", "gateway"):
        pass
    needs = VehicleNeeds.objects.get()
    assert (needs.evse, needs.energy_kwh, needs.told_at) == (2, 12, T0)
    assert needs.departure_at == dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC)
    assert needs.content == PAYLOAD
