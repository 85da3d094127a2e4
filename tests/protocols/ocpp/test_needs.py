"""What a vehicle says of its needs, in both versions that can say it."""

import datetime as dt
from typing import Any

import pytest

from viavolta.protocols.ocpp.needs import Needs, needs_of, phases_of
from viavolta.protocols.ocpp.schemas import Version, first_violation

SEVEN = dt.datetime(2026, 3, 2, 7, tzinfo=dt.UTC)


def told(mode: str, *, version: Version = Version.V21, **more: Any) -> Needs:
    """The needs in a call that the schema allows."""
    payload = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": mode, **more}}
    assert first_violation(version, "NotifyEVChargingNeeds", payload) is None
    return needs_of(payload)


@pytest.mark.parametrize(
    ("mode", "max_kw"),
    [("AC_single_phase", 3.68), ("AC_two_phase", 7.36), ("AC_three_phase", 11.04)],
)
def test_currents_count_per_phase(mode: str, max_kw: float) -> None:
    """16 A are 3.68 kW a phase (230 V)."""
    ac = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
    found = told(
        mode,
        version=Version.V201,
        departureTime="2026-03-02T08:00:00+01:00",
        acChargingParameters=ac,
    )
    assert found.departure_at == SEVEN
    assert (found.energy_kwh, found.max_kw) == (20, pytest.approx(max_kw))
    assert found.min_kw == pytest.approx(max_kw * 6 / 16)
    assert found.max_discharge_kw is None


def test_direct_current_tells_the_battery() -> None:
    """Without an amount, what is wanted is up to what the vehicle takes for full."""
    dc = {"evMaxCurrent": 200, "evMaxVoltage": 400, "evEnergyCapacity": 60_000}
    dc |= {"stateOfCharge": 25, "fullSoC": 95}
    found = told("DC", version=Version.V201, dcChargingParameters=dc)
    assert (found.capacity_kwh, found.soc) == (60, 0.25)
    assert found.energy_kwh == pytest.approx(42)
    assert found.max_kw == 80
    with_power = told("DC", dcChargingParameters=dc | {"evMaxPower": 50_000, "energyAmount": 7000})
    assert (with_power.max_kw, with_power.energy_kwh) == (50, 7)


def test_v2x_tells_battery_and_reserve() -> None:
    """From 30 kWh to the target of 80 % and 42 kWh to full the battery has 60 kWh, 18 charged."""
    v2x = {
        "minChargePower": 4140,
        "maxChargePower": 11_000,
        "maxDischargePower": 10_000,
        "evTargetEnergyRequest": 30_000,
        "evMaxEnergyRequest": 42_000,
        "evMinEnergyRequest": -6000,
        "evMinV2XEnergyRequest": -3000,
        "targetSoC": 80,
    }
    found = told("AC_BPT", v2xChargingParameters=v2x)
    assert found.capacity_kwh == pytest.approx(60)
    assert found.soc == pytest.approx(0.3)
    assert (found.energy_kwh, found.min_energy_kwh) == (30, -3)
    assert (found.min_kw, found.max_kw, found.max_discharge_kw) == (4.14, 11, 10)


def test_powers_of_three_phases_are_added() -> None:
    """With the other phases told, the first field is phase L1 alone."""
    v2x = {"maxChargePower": 3000, "maxChargePower_L2": 3000, "maxChargePower_L3": 2500}
    assert told("AC_BPT", v2xChargingParameters=v2x).max_kw == 8.5


def test_a_battery_that_cannot_be_known_is_not_guessed() -> None:
    """A target of full says nothing about the capacity."""
    v2x = {"evTargetEnergyRequest": 30_000, "evMaxEnergyRequest": 30_000, "targetSoC": 100}
    found = told("DC_BPT", v2xChargingParameters=v2x)
    assert (found.capacity_kwh, found.soc) == (None, None)


@pytest.mark.parametrize(
    ("mode", "phases"),
    [("AC_single_phase", 1), ("AC_three_phase", 3), ("DC_BPT", 3), ("AC_BPT", None)],
)
def test_phases_follow_from_the_mode_where_it_says_them(mode: str, phases: int | None) -> None:
    """Direct current loads all three; two-way alternating current may use any number."""
    assert phases_of({"requestedEnergyTransfer": mode}) == phases
