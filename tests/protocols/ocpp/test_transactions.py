"""Session events from the payloads of the three versions."""

import datetime as dt
from typing import Any

import pytest

from viavolta.model.session import EventKind
from viavolta.protocols.ocpp.schemas import Version, first_violation
from viavolta.protocols.ocpp.transactions import events_of, time_of

NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


def told(version: Version, action: str, payload: dict[str, Any]) -> Any:
    """The event of a payload that its official schema allows."""
    assert first_violation(version, action, payload) is None
    return events_of(action, payload, received_at=NOW)


def test_a_start_of_1_6_has_no_transaction_yet() -> None:
    """The central system names the transaction; the register at the start is a reading."""
    payload = {
        "connectorId": 2,
        "idTag": "card",
        "meterStart": 1500,
        "timestamp": "2026-03-01T08:00:00Z",
    }
    transaction, event = told(Version.V16, "StartTransaction", payload)
    assert transaction is None
    assert (event.kind, event.evse, event.token) == (EventKind.STARTED, 2, "card")
    assert event.readings[0].import_wh == 1500


def test_a_stop_of_1_6_carries_its_data() -> None:
    """Readings of the transaction come with the stop; the reason is Local where none is said."""
    payload = {
        "transactionId": 7,
        "meterStop": 9000,
        "timestamp": "2026-03-01T09:00:00+01:00",
        "transactionData": [
            {
                "timestamp": "2026-03-01T07:30:00Z",
                "sampledValue": [
                    {"value": "4.5", "unit": "kWh"},
                    {"value": "7", "measurand": "Power.Active.Import", "unit": "kW"},
                    {
                        "value": "2.3",
                        "measurand": "Power.Active.Import",
                        "phase": "L1",
                        "unit": "kW",
                    },
                    {"value": "60", "measurand": "SoC", "location": "EV", "unit": "Percent"},
                    {"value": "abc", "measurand": "Energy.Active.Export.Register"},
                ],
            }
        ],
    }
    transaction, event = told(Version.V16, "StopTransaction", payload)
    assert transaction == "7"
    assert (event.kind, event.reason) == (EventKind.ENDED, "Local")
    assert event.at == dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    first, last = event.readings
    assert (first.import_wh, first.power_w, first.export_wh) == (4500, 7000, None)
    assert last.import_wh == 9000


def test_the_charge_of_the_vehicle_is_read_wherever_it_is_measured() -> None:
    """State of charge is measured in the vehicle, not at the outlet."""
    value = {"value": "60", "measurand": "SoC", "location": "EV"}
    payload = {
        "connectorId": 1,
        "transactionId": 7,
        "meterValue": [{"timestamp": "2026-03-01T08:00:00Z", "sampledValue": [value]}],
    }
    _, event = told(Version.V16, "MeterValues", payload)
    assert event.readings[0].soc == 0.6


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_an_event_of_2_x(version: Version) -> None:
    """Number, units with multiplier, discharging below zero, signed record, offline flag."""
    payload = {
        "eventType": "Ended",
        "timestamp": "2026-03-01T08:00:00Z",
        "triggerReason": "RemoteStop",
        "seqNo": 4,
        "offline": True,
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "card", "type": "ISO14443"},
        "transactionInfo": {"transactionId": "t", "stoppedReason": "Remote"},
        "meterValue": [
            {
                "timestamp": "2026-03-01T08:00:00Z",
                "sampledValue": [
                    {
                        "value": 12.5,
                        "unitOfMeasure": {"unit": "Wh", "multiplier": 3},
                        "signedMeterValue": {
                            "signedMeterData": "OCMF|x",
                            "encodingMethod": "OCMF",
                            "signingMethod": "",
                            "publicKey": "",
                        },
                    },
                    {
                        "value": 3,
                        "measurand": "Power.Active.Export",
                        "unitOfMeasure": {"unit": "kW"},
                    },
                ],
            }
        ],
    }
    transaction, event = told(version, "TransactionEvent", payload)
    assert (transaction, event.seq, event.key, event.is_offline) == ("t", 4, "4", True)
    assert event.reason == "Remote"
    (reading,) = event.readings
    assert (reading.import_wh, reading.power_w, reading.signed) == (12500, -3000, "OCMF|x")


def test_meter_values_outside_a_transaction_are_no_event() -> None:
    """A meter that is read while nobody charges belongs to no session."""
    value = {"timestamp": "2026-03-01T08:00:00Z", "sampledValue": [{"value": "1"}]}
    assert told(Version.V16, "MeterValues", {"connectorId": 0, "meterValue": [value]}) is None
    assert told(Version.V16, "Heartbeat", {}) is None


def test_a_time_without_offset_is_utc() -> None:
    """Stations that forget the Z are understood."""
    assert time_of("2026-03-01T08:00:00") == time_of("2026-03-01T08:00:00Z")
