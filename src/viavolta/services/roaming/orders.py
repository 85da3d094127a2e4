"""What partners ask of stations, in the words of each version of OCPP, and what came of it in OCPI.

Source: OCPI 2.2.1-d2, mod_commands and mod_charging_profiles; OCPP 1.6 chapters 5.3, 5.11, 5.12,
5.16, 5.18; OCPP 2.0.1 parts F, H and K.
"""

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from viavolta.protocols.ocpi.objects import as_date_time, moment_of
from viavolta.protocols.ocpp.charging_profile import (
    UNITS_PER_ONE,
    ChargingProfile,
    Purpose,
    RateUnit,
    profile_payload,
    utc_text,
)
from viavolta.protocols.ocpp.schemas import Version

Ask = tuple[str, dict[str, Any]]
FAR = 2**31
USUAL_DURATION = dt.timedelta(hours=24)
STACK_LEVEL = 1
"""That of our own plan, which so replaces a partner's profile where the session is planned."""

_RESULTS = {
    "ReserveNow": {
        "Accepted": "ACCEPTED",
        "Occupied": "EVSE_OCCUPIED",
        "Faulted": "EVSE_INOPERATIVE",
        "Unavailable": "EVSE_INOPERATIVE",
        "Rejected": "REJECTED",
    },
    "CancelReservation": {"Accepted": "ACCEPTED", "Rejected": "UNKNOWN_RESERVATION"},
    "UnlockConnector": {
        "Unlocked": "ACCEPTED",
        "UnlockFailed": "FAILED",
        "NotSupported": "NOT_SUPPORTED",
        "OngoingAuthorizedTransaction": "REJECTED",
        "UnknownConnector": "FAILED",
    },
}
_USUAL = {"Accepted": "ACCEPTED", "NotSupported": "NOT_SUPPORTED"}
_ENDS = {
    "timed-out": "TIMEOUT",
    "expired": "TIMEOUT",
    "lost": "TIMEOUT",
    "misunderstood": "NOT_SUPPORTED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where something is asked."""

    version: Version
    evse: int
    connector: int

    @property
    def is_16(self) -> bool:
        """Whether it numbers connectors over the whole station."""
        return self.version is Version.V16


def start(at: Point, token: str, kind: str) -> Ask:
    """Start a session with a token."""
    if at.is_16:
        return "RemoteStartTransaction", {"idTag": token, "connectorId": at.evse}
    return "RequestStartTransaction", {
        "idToken": {"idToken": token, "type": kind},
        "remoteStartId": secrets.randbelow(FAR),
        "evseId": at.evse,
    }


def stop(version: Version, transaction: str) -> Ask:
    """End a session."""
    if version is Version.V16:
        return "RemoteStopTransaction", {"transactionId": int(transaction)}
    return "RequestStopTransaction", {"transactionId": transaction}


def reserve(at: Point, token: str, kind: str, number: int, until: dt.datetime) -> Ask:
    """Keep an EVSE free for a token."""
    if at.is_16:
        return "ReserveNow", {
            "connectorId": at.evse,
            "expiryDate": utc_text(until),
            "idTag": token,
            "reservationId": number,
        }
    return "ReserveNow", {
        "id": number,
        "expiryDateTime": utc_text(until),
        "idToken": {"idToken": token, "type": kind},
        "evseId": at.evse,
    }


def cancel(number: int) -> Ask:
    """Give a reservation up."""
    return "CancelReservation", {"reservationId": number}


def unlock(at: Point) -> Ask:
    """Let a cable go."""
    if at.is_16:
        return "UnlockConnector", {"connectorId": at.evse}
    return "UnlockConnector", {"evseId": at.evse, "connectorId": at.connector}


def set_profile(
    at: Point, transaction: str, number: int, told: Mapping[str, Any], now: dt.datetime
) -> Ask:
    """Have a session follow a charging profile of OCPI.

    Raises
    ------
    ValueError: it has no period, none that begins at once, or one that is not in order.
    """
    periods = told.get("charging_profile_period") or []
    starts = [int(one["start_period"]) for one in periods]
    if not starts or starts[0] != 0 or starts != sorted(set(starts)):
        msg = "charging_profile_period: begins at 0, in order"
        raise ValueError(msg)
    if min(one["limit"] for one in periods) < 0:
        msg = "charging_profile_period: limits are 0 or more"
        raise ValueError(msg)
    duration = told.get("duration") or int(USUAL_DURATION.total_seconds())
    profile = ChargingProfile(
        profile_id=number,
        stack_level=STACK_LEVEL,
        purpose=Purpose.TX,
        unit=RateUnit(told["charging_rate_unit"]),
        start_utc=moment_of(told.get("start_date_time")) or now,
        duration_s=duration,
        start_s=starts,
        tenths=[round(one["limit"] * UNITS_PER_ONE) for one in periods],
        min_tenths=round((told.get("min_charging_rate") or 0) * UNITS_PER_ONE),
    )
    payload = profile_payload(at.version, profile)
    if at.is_16:
        payload["transactionId"] = int(transaction)
        return "SetChargingProfile", {"connectorId": at.evse, "csChargingProfiles": payload}
    payload["transactionId"] = transaction
    return "SetChargingProfile", {"evseId": at.evse, "chargingProfile": payload}


def clear_profile(at: Point, number: int) -> Ask:
    """Take a partner's profile back."""
    key = "id" if at.is_16 else "chargingProfileId"
    return "ClearChargingProfile", {key: number}


def active_profile(at: Point, duration_s: int) -> Ask:
    """What a station will let a vehicle draw."""
    key = "connectorId" if at.is_16 else "evseId"
    return "GetCompositeSchedule", {key: at.evse, "duration": duration_s}


def command_result(action: str, state: str, answer: Mapping[str, Any] | None) -> str:
    """The CommandResultType of a command that has ended."""
    if state != "answered":
        return _ENDS.get(state, "REJECTED")
    status = str((answer or {}).get("status", ""))
    return _RESULTS.get(action, _USUAL).get(status, "REJECTED")


def profile_result(state: str, answer: Mapping[str, Any] | None) -> str:
    """The ChargingProfileResultType of a command that has ended."""
    if state != "answered":
        return "REJECTED"
    status = str((answer or {}).get("status", ""))
    return {"Accepted": "ACCEPTED", "Unknown": "UNKNOWN"}.get(status, "REJECTED")


def profile_told(answer: Mapping[str, Any], now: dt.datetime) -> dict[str, Any] | None:
    """The ActiveChargingProfile in an answer to GetCompositeSchedule; None without one."""
    schedule = answer.get("chargingSchedule") or answer.get("schedule")
    if answer.get("status") != "Accepted" or not isinstance(schedule, Mapping):
        return None
    begin = answer.get("scheduleStart") or schedule.get("scheduleStart")
    begin = begin or schedule.get("startSchedule")
    periods = [
        {"start_period": one["startPeriod"], "limit": one["limit"]}
        for one in schedule["chargingSchedulePeriod"]
        if "limit" in one
    ]
    return {
        "start_date_time": as_date_time(moment_of(begin) or now),
        "charging_profile": {
            "charging_rate_unit": schedule["chargingRateUnit"],
            "charging_profile_period": periods,
        }
        | ({"duration": schedule["duration"]} if "duration" in schedule else {}),
    }


def profile_planned(
    plan: list[tuple[dt.datetime, float]], now: dt.datetime, duration_s: int
) -> dict[str, Any]:
    """The ActiveChargingProfile of our own plan (kW from a time on) for the seconds to come."""
    until = now + dt.timedelta(seconds=duration_s)
    inside = [(at, kw) for at, kw in plan if at < until]
    past = [(at, kw) for at, kw in inside if at <= now]
    rest = [(now, past[-1][1])] if past else []
    rest += [(at, kw) for at, kw in inside if at > now]
    return {
        "start_date_time": as_date_time(now.replace(microsecond=0)),
        "charging_profile": {
            "charging_rate_unit": "W",
            "duration": duration_s,
            "charging_profile_period": [
                {"start_period": int((at - now).total_seconds()), "limit": max(0.0, kw * 1000)}
                for at, kw in rest
            ],
        },
    }
