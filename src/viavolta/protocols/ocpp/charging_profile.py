"""Charging profiles as OCPP 1.6, 2.0.1 and 2.1 write them.

A profile tells a station the most power, or current, over time. Times are absolute, in UTC with
the suffix Z; a period starts so many seconds after the schedule. Limits have one decimal.

Only 2.1 can ask for discharging: with operation mode CentralSetpoint a period has a setpoint,
negative for discharging, and two limits that hold the vehicle between it and zero. A profile
without discharging is written in 2.1 as in 2.0.1.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from viavolta.protocols.ocpp.schemas import Version, first_violation

UNITS_PER_ONE = 10
"""Limits accept one digit after the point: they are counted in tenths."""

MAX_PERIODS = 1024
"""Of a schedule: what the schemas of 2.0.1 and 2.1 allow; 1.6 leaves it to the station."""


class RateUnit(StrEnum):
    """What limits are counted in: watts in all, or amperes per phase."""

    WATT = "W"
    AMPERE = "A"


class Purpose(StrEnum):
    """Which charging a profile is for.

    TX_DEFAULT : whatever charging happens at the connector in the profile's time.
    TX : one transaction; the sender adds its identity, or sends the profile with a remote start.
    """

    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingProfile:
    """A profile with one schedule, whatever the version.

    Attributes
    ----------
    profile_id : unique within a station.
    start_utc : begin of the schedule, in UTC.
    duration_s : its length.
    start_s : begin of each period in seconds after `start_utc`, the first 0.
    tenths : level of each period in tenths of the unit; below zero for discharging.
    min_tenths : least that the vehicle charges with; 0 where there is no such minimum.
    n_phases : phases in use, None to leave it to the station.
    phase : the one phase to use, None to leave it to the station.
    """

    profile_id: int
    stack_level: int
    purpose: Purpose
    unit: RateUnit
    start_utc: dt.datetime
    duration_s: int
    start_s: Sequence[int]
    tenths: Sequence[int]
    min_tenths: int = 0
    n_phases: int | None = None
    phase: int | None = None


def profile_payload(version: Version, profile: ChargingProfile) -> dict[str, Any]:
    """Write a profile as the version's charging profile object.

    Raises
    ------
    ValueError: a level below zero in a version that cannot say so.
    """
    discharges = min(profile.tenths) < 0
    if discharges and version is not Version.V21:
        msg = f"OCPP {version} has no discharging"
        raise ValueError(msg)
    schedule: dict[str, Any] = {
        "startSchedule": utc_text(profile.start_utc),
        "duration": profile.duration_s,
        "chargingRateUnit": profile.unit.value,
        "chargingSchedulePeriod": [
            _period(version, profile, start_s=start_s, tenths=tenths, discharges=discharges)
            for start_s, tenths in zip(profile.start_s, profile.tenths, strict=True)
        ],
    }
    if profile.min_tenths:
        schedule["minChargingRate"] = profile.min_tenths / UNITS_PER_ONE
    common = {
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": profile.purpose.value,
        "chargingProfileKind": "Absolute",
        "validFrom": utc_text(profile.start_utc),
        "validTo": utc_text(profile.start_utc + dt.timedelta(seconds=profile.duration_s)),
    }
    match version:
        case Version.V16:
            return {
                "chargingProfileId": profile.profile_id,
                **common,
                "chargingSchedule": schedule,
            }
        case Version.V201 | Version.V21:
            schedules = [{"id": profile.profile_id, **schedule}]
            return {"id": profile.profile_id, **common, "chargingSchedule": schedules}
        case _ as never:
            assert_never(never)


def violation(version: Version, payload: dict[str, Any]) -> str | None:
    """What the official schema of SetChargingProfile first finds wrong with a profile, or None."""
    if version is Version.V16:
        request = {"connectorId": 1, "csChargingProfiles": payload}
    else:
        request = {"evseId": 1, "chargingProfile": payload}
    wrong = first_violation(version, "SetChargingProfile", request)
    return None if wrong is None else str(wrong)


def utc_text(moment: dt.datetime) -> str:
    """RFC 3339 in UTC, whole seconds, with the suffix Z."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _period(
    version: Version, profile: ChargingProfile, *, start_s: int, tenths: int, discharges: bool
) -> dict[str, Any]:
    period: dict[str, Any] = {"startPeriod": start_s, "limit": max(tenths, 0) / UNITS_PER_ONE}
    if discharges:
        period["setpoint"] = tenths / UNITS_PER_ONE
        period["dischargeLimit"] = min(tenths, 0) / UNITS_PER_ONE
        period["operationMode"] = "CentralSetpoint"
    if profile.n_phases is not None:
        period["numberPhases"] = profile.n_phases
    # 1.6 has no phaseToUse; elsewhere it goes with one phase only
    if profile.phase is not None and profile.n_phases == 1 and version is not Version.V16:
        period["phaseToUse"] = profile.phase
    return period
