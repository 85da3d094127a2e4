"""Simulated stations: valid in every version, and obedient within what the car can do."""

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.ocpp.schemas import Part, Version, first_violation
from viavolta.simulator.car import Car
from viavolta.simulator.orders import order_now
from viavolta.simulator.station import SimulatedStation

T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def new_station(version: Version) -> SimulatedStation:
    """A station whose transactions count up."""
    count = itertools.count(1)
    return SimulatedStation("cp", version, new_id=lambda: f"t{next(count)}")


def profile(version: Version, *, limit: float, setpoint: float | None = None) -> dict[str, Any]:
    """A call of SetChargingProfile with one period from T0 on."""
    period: dict[str, Any] = {"startPeriod": 0, "limit": limit}
    if setpoint is not None:
        period |= {"setpoint": setpoint, "operationMode": "CentralSetpoint"}
    schedule = {
        "startSchedule": "2026-03-01T08:00:00Z",
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [period],
    }
    common = {
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
    }
    if version is Version.V16:
        own = {"chargingProfileId": 1, **common, "chargingSchedule": schedule}
        return {"connectorId": 1, "csChargingProfiles": own}
    return {
        "evseId": 1,
        "chargingProfile": {"id": 1, **common, "chargingSchedule": [{"id": 1, **schedule}]},
    }


@pytest.mark.parametrize("version", list(Version))
def test_a_whole_day_is_valid_in_every_version(version: Version) -> None:
    """Every call from boot to unplugging is what the official schemas allow."""
    station = new_station(version)
    calls = [station.boot(), station.status(T0)]
    car = Car(token="card", max_discharge_kw=5.0)
    calls += station.plug_in(car, T0, departure=T0 + 8 * HOUR)
    if version is Version.V16:
        station.started({"transactionId": 7})
    calls += station.wants(T0 + HOUR)
    calls += station.unplug(T0 + 2 * HOUR)
    actions = [action for action, _ in calls]
    assert "MeterValues" in actions or "TransactionEvent" in actions
    for action, payload in calls:
        assert first_violation(version, action, payload) is None


@pytest.mark.parametrize("version", list(Version))
def test_power_follows_the_profile(version: Version) -> None:
    """A limit is kept from the moment it is set, and the energy is what the power was."""
    station = new_station(version)
    station.plug_in(Car(token="card"), T0, departure=T0 + 8 * HOUR)
    station.pass_time(T0)
    assert station.power_w == 11_000
    payload = profile(version, limit=4000)
    assert first_violation(version, "SetChargingProfile", payload) is None
    answer = station.asked("SetChargingProfile", payload, T0 + HOUR)
    assert answer == {"status": "Accepted"}
    assert station.power_w == 4000
    station.pass_time(T0 + 2 * HOUR)
    assert station.import_wh == pytest.approx(15_000)


def test_a_setpoint_below_zero_discharges_to_the_drivers_minimum() -> None:
    """2.1: the car gives what it is asked for, and stops at the minimum it must keep."""
    station = new_station(Version.V21)
    car = Car(token="card", soc=0.5, minimum_soc=0.4, max_discharge_kw=10.0)
    station.plug_in(car, T0, departure=T0 + 8 * HOUR)
    payload = profile(Version.V21, limit=11_000, setpoint=-6000)
    assert first_violation(Version.V21, "SetChargingProfile", payload) is None
    station.asked("SetChargingProfile", payload, T0)
    assert station.power_w == -6000
    for minute in range(120):
        station.pass_time(T0 + dt.timedelta(minutes=minute))
    assert station.power_w == 0
    assert station.export_wh > 5000
    assert car.soc == pytest.approx(0.4, abs=0.002)


@given(
    soc=st.floats(0, 1),
    limit_w=st.floats(0, 50_000),
    setpoint_w=st.none() | st.floats(-50_000, 50_000),
    seconds=st.floats(0, 36_000),
)
def test_no_order_breaks_the_car(
    soc: float, limit_w: float, setpoint_w: float | None, seconds: float
) -> None:
    """Power stays within limit, charger and discharger; the battery between empty and full."""
    car = Car(token="card", soc=soc, max_discharge_kw=8.0)
    power_w = car.power_w(limit_w, setpoint_w)
    assert -8000 <= power_w <= min(limit_w, 11_000)
    car.pass_time(power_w, seconds)
    assert 0 <= car.soc <= 1


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("action", ["Reset", "ClearCache", "UnlockConnector", "TriggerMessage"])
def test_answers_are_valid(version: Version, action: str) -> None:
    """What it answers is what the official schema of the answer allows."""
    answer = new_station(version).asked(action, {}, T0)
    assert answer is not None
    assert first_violation(version, action, answer, Part.RESPONSE) is None


def test_the_stronger_profile_counts() -> None:
    """A transaction's profile goes before the default, a higher level before a lower one, and the
    station's own maximum caps both; a profile that is not valid now says nothing."""

    def one(purpose: str, level: int, limit: float, **more: Any) -> dict[str, Any]:
        period = {"startPeriod": 0, "limit": limit}
        schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
        return {
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative",
            "stackLevel": level,
            "chargingSchedule": [schedule],
            **more,
        }

    def limit(*profiles: dict[str, Any]) -> float:
        return order_now(profiles, now=T0 + HOUR, started_at=T0, rated_w=22_000).limit_w

    low, high = one("TxDefaultProfile", 0, 5000), one("TxDefaultProfile", 3, 7000)
    own = one("TxProfile", 0, 9000)
    assert limit() == 22_000
    assert limit(low, high) == 7000
    assert limit(low, high, own) == 9000
    assert limit(own, one("ChargingStationMaxProfile", 0, 6000)) == 6000
    past = one("TxProfile", 9, 100, validTo="2026-03-01T08:30:00Z")
    assert limit(own, past) == 9000
