"""Charging profiles on the wire: the shape of each version, and the official schemas."""

import copy
import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.protocols.ocpp.charging_profile import (
    MAX_PERIODS,
    ChargingProfile,
    Purpose,
    RateUnit,
    profile_payload,
    utc_text,
    violation,
)
from viavolta.protocols.ocpp.schemas import Version, first_violation

START = dt.datetime(2025, 3, 30, 0, 30, tzinfo=dt.UTC)


def profile(**changes):
    """A profile of two periods over five hours; the clocks change within it."""
    fields = {
        "profile_id": 7,
        "stack_level": 1,
        "purpose": Purpose.TX_DEFAULT,
        "unit": RateUnit.WATT,
        "start_utc": START,
        "duration_s": 18_000,
        "start_s": [0, 3600],
        "tenths": [110_000, 0],
    }
    return ChargingProfile(**{**fields, **changes})


def test_version_16():
    """One schedule, an object; the identity is called chargingProfileId."""
    assert profile_payload(Version.V16, profile()) == {
        "chargingProfileId": 7,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": "2025-03-30T00:30:00Z",
        "validTo": "2025-03-30T05:30:00Z",
        "chargingSchedule": {
            "startSchedule": "2025-03-30T00:30:00Z",
            "duration": 18_000,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 11_000.0},
                {"startPeriod": 3600, "limit": 0.0},
            ],
        },
    }


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_version_2(version):
    """A list of schedules, each with an identity; charging alone is the same in 2.1."""
    old = profile_payload(Version.V16, profile())
    new = profile_payload(version, profile())
    assert new["id"] == old["chargingProfileId"]
    assert new["chargingSchedule"] == [{"id": 7, **old["chargingSchedule"]}]
    shared = set(old) - {"chargingProfileId", "chargingSchedule"}
    assert {key: new[key] for key in shared} == {key: old[key] for key in shared}


def test_amperes_on_one_phase():
    """Phases, the one to use and the least current are named where they are known."""
    one = profile(unit=RateUnit.AMPERE, tenths=[160, 62], min_tenths=60, n_phases=1, phase=2)
    schedule = profile_payload(Version.V201, one)["chargingSchedule"][0]
    assert schedule["minChargingRate"] == 6.0
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16.0, "numberPhases": 1, "phaseToUse": 2},
        {"startPeriod": 3600, "limit": 6.2, "numberPhases": 1, "phaseToUse": 2},
    ]
    in_16 = profile_payload(Version.V16, one)["chargingSchedule"]["chargingSchedulePeriod"]
    assert in_16[1] == {"startPeriod": 3600, "limit": 6.2, "numberPhases": 1}


def test_discharging_is_a_setpoint():
    """In 2.1 each period of a profile that discharges is held between its setpoint and zero."""
    payload = profile_payload(Version.V21, profile(tenths=[110_000, -50_005]))
    assert payload["chargingSchedule"][0]["chargingSchedulePeriod"] == [
        {
            "startPeriod": 0,
            "limit": 11_000.0,
            "setpoint": 11_000.0,
            "dischargeLimit": 0.0,
            "operationMode": "CentralSetpoint",
        },
        {
            "startPeriod": 3600,
            "limit": 0.0,
            "setpoint": -5_000.5,
            "dischargeLimit": -5_000.5,
            "operationMode": "CentralSetpoint",
        },
    ]
    assert violation(Version.V21, payload) is None


@pytest.mark.parametrize("version", [Version.V16, Version.V201])
def test_other_versions_do_not_discharge(version):
    """A level below zero is refused where the version has no words for it."""
    with pytest.raises(ValueError, match="no discharging"):
        profile_payload(version, profile(tenths=[1, -1]))


profiles = st.builds(
    profile,
    unit=st.sampled_from(list(RateUnit)),
    purpose=st.sampled_from(list(Purpose)),
    start_utc=st.integers(0, 7_000_000_000).map(lambda s: dt.datetime.fromtimestamp(s, tz=dt.UTC)),
    start_s=st.just(range(20)),
    tenths=st.lists(st.integers(0, 10**10), min_size=20, max_size=20),
    min_tenths=st.integers(0, 10**10),
    n_phases=st.sampled_from([None, 1, 3]),
    phase=st.sampled_from([None, 1, 2, 3]),
)


@settings(deadline=None)
@given(st.sampled_from(list(Version)), profiles)
def test_the_official_schemas_accept_it(version, one):
    """Whatever the levels, also after a way through text, one digit after the point included."""
    payload = json.loads(json.dumps(profile_payload(version, one)))
    assert violation(version, payload) is None


@settings(deadline=None)
@given(st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=50))
def test_the_schema_of_21_accepts_discharging(periods):
    """Whatever the levels of a profile that discharges."""
    one = profile(start_s=range(len(periods)), tenths=periods)
    assert violation(Version.V21, profile_payload(Version.V21, one)) is None


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(
    "spoil",
    [
        lambda payload: payload.pop("stackLevel"),
        lambda payload: payload.update(chargingProfileKind="Sometimes"),
        lambda payload: payload.update(validFrom="30 March"),
        lambda payload: payload.update(unknown=1),
        lambda payload: payload.update(chargingSchedule=7),
    ],
)
def test_the_schemas_find_what_is_wrong(version, spoil):
    """A missing field, an unknown word, no time, a field too many, a wrong type."""
    payload = profile_payload(version, profile())
    assert violation(version, payload) is None
    spoil(payload)
    assert violation(version, payload)


def test_too_fine_a_limit_is_found():
    """The schema of 1.6 takes one digit after the point, and says where there are two."""
    payload = copy.deepcopy(profile_payload(Version.V16, profile()))
    payload["chargingSchedule"]["chargingSchedulePeriod"][1]["limit"] = 6.25
    wrong = violation(Version.V16, payload)
    assert wrong is not None
    assert "chargingSchedulePeriod/1/limit" in wrong


def test_more_periods_than_the_schema_has_are_found():
    """2.0.1 and 2.1 take 1,024 periods: one more is too many."""
    many = profile(start_s=range(MAX_PERIODS + 1), tenths=[1] * (MAX_PERIODS + 1))
    assert violation(Version.V201, profile_payload(Version.V201, many)) is not None
    assert violation(Version.V21, profile_payload(Version.V21, many)) is not None


def test_times_are_utc_with_z():
    """Offsets are turned into UTC; fractions of a second are cut off."""
    rome = dt.timezone(dt.timedelta(hours=2))
    assert utc_text(dt.datetime(2025, 7, 1, 1, 2, 3, 999, tzinfo=rome)) == "2025-06-30T23:02:03Z"


def test_every_version_has_its_schemas():
    """Other requests are found by their action too."""
    assert first_violation(Version.V16, "Heartbeat", {}) is None
    assert first_violation(Version.V201, "Heartbeat", {}) is None
    assert first_violation(Version.V21, "Heartbeat", {"a": 1}) is not None
