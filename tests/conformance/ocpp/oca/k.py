"""Smart charging."""

from typing import Any

from oca.cases import Asked, Payload, Says, Step
from oca.rows import told
from oca.two import (
    CHARGING,
    NINE,
    TEN,
    TX,
    UP,
    asked,
    authorize,
    cases,
    started,
    status,
    token,
    updated,
)

PERIODS = [{"startPeriod": 0, "limit": 6000.0}]


def schedule(number: int = 1, periods: list[Payload] | None = None, **more: Any) -> Payload:
    """A schedule of an hour, in W."""
    return {
        "id": number,
        "startSchedule": NINE,
        "duration": 3600,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": PERIODS if periods is None else periods,
        **more,
    }


def profile(purpose: str = "TxDefaultProfile", number: int = 1, **more: Any) -> Payload:
    """A charging profile."""
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": NINE,
        "validTo": TEN,
        "chargingSchedule": [schedule(number)],
        **more,
    }


def put(answer: str = "Accepted", evse: int = 1, **of: Any) -> Asked:
    """The operator sets a profile."""
    return asked("SetChargingProfile", answer, evseId=evse, chargingProfile=profile(**of))


TX_PROFILE = {"purpose": "TxProfile", "transactionId": TX}


def _find(evse: int | None = 1, **criterion: Any) -> tuple[Step, ...]:
    """The operator asks for profiles, and they are reported."""
    words: Payload = {"requestId": 5, "chargingProfile": criterion}
    if evse is not None:
        words["evseId"] = evse
    report = {
        "requestId": 5,
        "chargingLimitSource": "CSO",
        "evseId": evse or 0,
        "chargingProfile": [profile()],
    }
    return (
        Asked("GetChargingProfiles", words),
        Says("ReportChargingProfiles", report),
        told("ReportChargingProfiles", requestId=5),
    )


def _composite(evse: int) -> Asked:
    composite = {
        "evseId": evse,
        "duration": 300,
        "scheduleStart": NINE,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": PERIODS,
    }
    return Asked(
        "GetCompositeSchedule",
        {"evseId": evse, "duration": 300, "chargingRateUnit": "W"},
        {"status": "Accepted", "schedule": composite},
    )


def _clear(answer: str = "Accepted", **words: Any) -> Asked:
    return Asked("ClearChargingProfile", words, {"status": answer})


CRITERIA = {
    "chargingProfileCriteria": {
        "evseId": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "stackLevel": 0,
    }
}
LIMIT = Says(
    "NotifyChargingLimit",
    {"chargingLimit": {"chargingLimitSource": "EMS", "isGridCritical": False}},
)
RELEASED = Says("ClearedChargingLimit", {"chargingLimitSource": "EMS"})
NEEDS = Says(
    "NotifyEVChargingNeeds",
    {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "AC_three_phase",
            "departureTime": TEN,
            "acChargingParameters": {
                "energyAmount": 20000,
                "evMinCurrent": 6,
                "evMaxCurrent": 16,
                "evMaxVoltage": 400,
            },
        },
    },
    {"status": "Processing"},
)
TX_SET = put(**TX_PROFILE)
NEXT_SET = put(number=2, **TX_PROFILE)


def ev_schedule(limit: float, answer: str) -> Says:
    """What the vehicle means to draw, W, all the hour."""
    words = {
        "evseId": 1,
        "timeBase": NINE,
        "chargingSchedule": schedule(1, [{"startPeriod": 0, "limit": limit}]),
    }
    return Says("NotifyEVChargingSchedule", words, {"status": answer})


LEVELLED: tuple[Step, ...] = (
    *CHARGING,
    NEEDS,
    TX_SET,
    ev_schedule(6000.0, "Accepted"),
    updated("ChargingRateChanged", 2, state="Charging"),
)

_LISTED = (
    ("K_01", "A default profile of an EVSE", (*UP, put())),
    (
        "K_02",
        "A profile of a transaction that is not there",
        (*UP, put("Rejected", chargingProfileKind="Relative", **TX_PROFILE)),
    ),
    ("K_03", "A maximum of the station", (*UP, put(evse=0, purpose="ChargingStationMaxProfile"))),
    (
        "K_04",
        "A profile is replaced",
        (*UP, put(), put(chargingSchedule=[schedule(1, [{"startPeriod": 0, "limit": 9.0}])])),
    ),
    (
        "K_05",
        "Clear by number",
        (*UP, put(), *_find(None, chargingProfileId=[1]), _clear(chargingProfileId=1)),
    ),
    ("K_06", "Clear by level and purpose", (*UP, put(), _clear(**CRITERIA))),
    ("K_08", "Clear what is not there", (*UP, _clear("Unknown", **CRITERIA))),
    ("K_10", "A default profile of all EVSEs", (*UP, put(evse=0))),
    (
        "K_15",
        "Profiles are not supported",
        (
            *UP,
            Asked(
                "SetChargingProfile",
                {"evseId": 1, "chargingProfile": profile()},
                error="NotSupported",
            ),
        ),
    ),
    (
        "K_19",
        "A profile that recurs",
        (*UP, put(chargingProfileKind="Recurring", recurrencyKind="Daily")),
    ),
    (
        "K_29",
        "Find profiles of the station",
        (*CHARGING, *_find(0, chargingProfilePurpose="TxDefaultProfile")),
    ),
    (
        "K_30",
        "Find profiles of an EVSE",
        (*UP, *_find(chargingProfilePurpose="TxDefaultProfile")),
    ),
    (
        "K_31",
        "Find profiles anywhere",
        (*UP, *_find(None, chargingProfilePurpose="TxDefaultProfile")),
    ),
    ("K_32", "Find a profile by number", (*UP, *_find(None, chargingProfileId=[1]))),
    ("K_33", "Find profiles by level", (*UP, *_find(stackLevel=0))),
    ("K_34", "Find profiles by source", (*UP, *_find(chargingLimitSource=["CSO"]))),
    ("K_35", "Find profiles by purpose", (*UP, *_find(chargingProfilePurpose="TxProfile"))),
    (
        "K_36",
        "Find profiles by purpose and level",
        (*UP, *_find(chargingProfilePurpose="TxProfile", stackLevel=0)),
    ),
    (
        "K_37",
        "Remote start with a profile",
        (
            *UP,
            asked(
                "RequestStartTransaction",
                remoteStartId=7,
                idToken=token(),
                evseId=1,
                chargingProfile=profile("TxProfile"),
            ),
            authorize(),
            status("Occupied"),
            started("RemoteStart", 0, state="Charging", card="card"),
        ),
    ),
    ("K_43", "Composite schedule of an EVSE", (*UP, _composite(1))),
    ("K_44", "Composite schedule of the station", (*UP, _composite(0))),
    ("K_48", "A limit from outside", (*UP, LIMIT, told("NotifyChargingLimit"))),
    ("K_50", "A limit from outside ends", (*UP, RELEASED, told("ClearedChargingLimit"))),
    (
        "K_51",
        "A limit from outside ends, in a transaction",
        (*CHARGING, RELEASED, updated("ChargingRateChanged", 2, state="Charging")),
    ),
    (
        "K_52",
        "A limit from outside is reported",
        (*UP, LIMIT, *_find(chargingProfilePurpose="ChargingStationExternalConstraints")),
    ),
    ("K_53", "Levelling by the vehicle's needs", LEVELLED),
    (
        "K_55",
        "The vehicle means to draw more than it may",
        (
            *CHARGING,
            NEEDS,
            TX_SET,
            ev_schedule(9000.0, "Rejected"),
            NEXT_SET,
            ev_schedule(6000.0, "Accepted"),
        ),
    ),
    (
        "K_57",
        "The vehicle asks anew",
        (*LEVELLED, NEEDS, NEXT_SET, ev_schedule(5000.0, "Accepted")),
    ),
    (
        "K_58",
        "The central system gives a new schedule",
        (*LEVELLED, NEXT_SET, ev_schedule(6000.0, "Accepted")),
    ),
    (
        "K_59",
        "The central system gives a new schedule, the vehicle new needs",
        (*LEVELLED, NEXT_SET, NEEDS, put(number=3, **TX_PROFILE), ev_schedule(6000.0, "Accepted")),
    ),
    ("K_60", "A profile of the transaction", (*CHARGING, TX_SET)),
    (
        "K_70",
        "Several profiles",
        (*CHARGING, put(), put(evse=0, number=2, purpose="ChargingStationMaxProfile")),
    ),
)

CASES = cases("K Smart charging", _LISTED)
