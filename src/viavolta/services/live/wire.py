"""What goes to a station: a session's charging profile, and its default for want of a link."""

import datetime as dt
from dataclasses import replace
from typing import Any

from viavolta.protocols.ocpp.charging_profile import ChargingProfile, profile_payload
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.facts import AtPlug, Levels

ACTION = "SetChargingProfile"
_FIRST_TX, _DEFAULT = 1000, 999
"""Numbers of profiles, unique within a station: one per EVSE, and the default."""

_W = 1000.0
_WHOLE_STATION = 0


def session_call(plug: AtPlug, profile: ChargingProfile) -> dict[str, Any]:
    """The call that gives a session its profile, in its station's version."""
    content = profile_payload(plug.version, replace(profile, profile_id=_FIRST_TX + plug.evse))
    if plug.version is Version.V16:
        content["transactionId"] = int(plug.transaction)
        return {"connectorId": plug.evse, "csChargingProfiles": content}
    content["transactionId"] = plug.transaction
    return {"evseId": plug.evse, "chargingProfile": content}


def default_call(version: Version, kw: float) -> dict[str, Any]:
    """The call that leaves a station its safe default: this much at each outlet, for good.

    A TxDefaultProfile for all outlets at the lowest level, so that a session's own profile goes
    before it and an operator's default, too (OCPP 1.6 chapter 3.13, 2.0.1 part 2 K02).
    """
    schedule = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(kw * _W, 1)}],
    }
    content: dict[str, Any] = {
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
    }
    if version is Version.V16:
        whole = {"chargingProfileId": _DEFAULT, **content, "chargingSchedule": schedule}
        return {"connectorId": _WHOLE_STATION, "csChargingProfiles": whole}
    whole = {"id": _DEFAULT, **content, "chargingSchedule": [{"id": _DEFAULT, **schedule}]}
    return {"evseId": _WHOLE_STATION, "chargingProfile": whole}


def levels_from(plan: list[list[Any]]) -> Levels:
    """The powers that a row keeps as pairs of a time (ISO 8601) and kW."""
    return tuple((dt.datetime.fromisoformat(at), float(kw)) for at, kw in plan)


def levels_to(levels: Levels) -> list[list[Any]]:
    """The same as a row keeps them."""
    return [[at.isoformat(), round(kw, 4)] for at, kw in levels]
