"""Bidirectional power transfer (block Q) and control of distributed resources (block R) of 2.1."""

from typing import Any

from oca.cases import Asked, Payload, Says, Source, Step
from oca.k import TX_PROFILE, put, schedule
from oca.rows import planned, told
from oca.two import CHARGING, NINE, PLUGGED, TX, UP, Listed, asked, cases, token, updated
from oca.two import verdict as known
from viavolta.protocols.ocpp.schemas import Version


def needs(mode: str = "AC_BPT", answer: str = "Processing", **more: Any) -> Says:
    """What a bidirectional vehicle needs."""
    wants = {
        "requestedEnergyTransfer": mode,
        "controlMode": "ScheduledControl",
        "v2xChargingParameters": {
            "maxChargePower": 11000.0,
            "maxDischargePower": 10000.0,
            "evTargetEnergyRequest": 20000.0,
            "evMaxEnergyRequest": 30000.0,
            "evMinEnergyRequest": -10000.0,
            "targetSoC": 80,
        },
        **more,
    }
    return Says("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": wants}, {"status": answer})


def v2x(mode: str = "CentralSetpoint", number: int = 1, **level: Any) -> Asked:
    """A profile of the transaction with a mode of operation."""
    period: Payload = {"startPeriod": 0, "operationMode": mode, **level}
    return put(number=number, chargingSchedule=[schedule(number, [period])], **TX_PROFILE)


DISCHARGE = {"limit": 11000.0, "dischargeLimit": -10000.0, "setpoint": -5000.0}
DYNAMIC = put(
    chargingProfileKind="Dynamic",
    chargingSchedule=[
        {
            **schedule(1, [{"startPeriod": 0, "operationMode": "CentralSetpoint", **DISCHARGE}]),
        }
    ],
    **TX_PROFILE,
)
CHANGED = updated("OperationModeChanged", 2, state="Charging")
MODES = ["AC_single_phase", "AC_three_phase", "DC", "AC_BPT", "DC_BPT"]
SIGNALS = [{"signal": -100, "power": -10000.0}, {"signal": 100, "power": 11000.0}]
CURVE = [{"frequency": 49.8, "power": 11000.0}, {"frequency": 50.2, "power": -10000.0}]


def _update(setpoint: float) -> Asked:
    return asked(
        "UpdateDynamicSchedule", chargingProfileId=1, scheduleUpdate={"setpoint": setpoint}
    )


def pulled(answer: str, **update: float) -> Says:
    """The station asks for the present setpoint of profile 1."""
    expected: Payload = {"status": answer, **({"scheduleUpdate": update} if update else {})}
    return Says("PullDynamicScheduleUpdate", {"chargingProfileId": 1}, expected)


V2X: tuple[Step, ...] = (*CHARGING, needs())

_Q: tuple[Listed, ...] = (
    (
        "Q_102",
        "Authorised for energy both ways",
        (
            *UP,
            Says(
                "Authorize",
                {"idToken": token()},
                {**known(), "allowedEnergyTransfer": MODES},
            ),
        ),
    ),
    (
        "Q_103",
        "Needs that are rejected",
        (*PLUGGED, needs("WPT", "Rejected")),
    ),
    (
        "Q_107",
        "Charging only, then both ways",
        (
            *CHARGING,
            needs("AC_three_phase", availableEnergyTransfer=["AC_three_phase", "AC_BPT"]),
            v2x("ChargingOnly", limit=6000.0),
            asked(
                "NotifyAllowedEnergyTransfer",
                transactionId=TX,
                allowedEnergyTransfer=["AC_BPT"],
            ),
            needs(),
            v2x(number=2, **DISCHARGE),
            CHANGED,
        ),
    ),
    ("Q_108", "Central control by a schedule", (*V2X, v2x(**DISCHARGE), CHANGED)),
    (
        "Q_109",
        "Central control by setpoints, pushed",
        (
            *V2X,
            DYNAMIC,
            _update(-3000.0),
            _update(4000.0),
            Asked("ClearChargingProfile", {"chargingProfileId": 1}),
        ),
    ),
    (
        "Q_110",
        "Central control by setpoints, pulled",
        (
            *V2X,
            pulled("Rejected"),
            DYNAMIC,
            planned((-1, -3.0), (5, 11.0)),
            pulled("Accepted", setpoint=-3000.0, limit=0.0, dischargeLimit=-3000.0),
            planned((-9, -3.0), (-1, 4.0)),
            pulled("Accepted", setpoint=4000.0, limit=4000.0),
            Asked("ClearChargingProfile", {"chargingProfileId": 1}),
        ),
    ),
    ("Q_111", "Control from outside, a setpoint", (*V2X, v2x("ExternalSetpoint"), CHANGED)),
    ("Q_112", "Control from outside, a limit", (*V2X, v2x("ExternalLimits"), CHANGED)),
    (
        "Q_117",
        "Frequency, central control, pushed",
        (*V2X, v2x("CentralFrequency", setpoint=0.0, v2xBaseline=0.0), _update(-2000.0)),
    ),
    (
        "Q_120",
        "Frequency, local control by a signal (aFRR)",
        (
            *V2X,
            v2x("LocalFrequency", v2xBaseline=0.0, v2xSignalWattCurve=SIGNALS),
            asked("AFRRSignal", timestamp=NINE, signal=50),
        ),
    ),
    (
        "Q_121",
        "Frequency, local control",
        (*V2X, v2x("LocalFrequency", v2xBaseline=0.0, v2xFreqWattCurve=CURVE), CHANGED),
    ),
    ("Q_124", "Local control that levels the load", (*V2X, v2x("LocalLoadBalancing"), CHANGED)),
)

DROOP = {
    "priority": 6,
    "overFreq": 50.5,
    "underFreq": 49.5,
    "overDroop": 0.05,
    "underDroop": 0.05,
    "responseTime": 10.0,
}
ENTER = {
    "priority": 1,
    "highVoltage": 250.0,
    "lowVoltage": 210.0,
    "highFreq": 50.5,
    "lowFreq": 49.5,
}
WATT = {
    "priority": 4,
    "yUnit": "PctMaxW",
    "curveData": [{"x": 49.0, "y": 75.0}, {"x": 50.5, "y": 100.0}],
    "startTime": NINE,
    "duration": 900.0,
}
FACTOR = {"priority": 3, "displacement": 0.95, "excitation": True}
_CURVES = (
    "FreqWatt HFMustTrip HFMayTrip HVMustTrip HVMomCess HVMayTrip LFMustTrip LVMustTrip LVMomCess "
    "LVMayTrip PowerMonitoringMustTrip VoltVar VoltWatt WattPF WattVar"
)


def der(kind: str, *, is_default: bool = False, **what: Payload) -> Asked:
    """The operator sets a control."""
    name = f"{kind}-1"
    return asked("SetDERControl", isDefault=is_default, controlId=name, controlType=kind, **what)


def _reported(number: int, asks: Payload, **found: Any) -> tuple[Step, ...]:
    """The operator asks which controls there are, and they are reported."""
    return (
        asked("GetDERControl", requestId=number, **asks),
        Says("ReportDERControl", {"requestId": number, **found}),
    )


SET: tuple[Step, ...] = (
    der("FreqDroop", is_default=True, freqDroop=DROOP),
    der("FreqWatt", curve=WATT),
    der("EnterService", enterService=ENTER),
)
CURVES = [
    {
        "id": "FreqWatt-1",
        "curveType": "FreqWatt",
        "isDefault": False,
        "isSuperseded": False,
        "curve": WATT,
    }
]

_R: tuple[Listed, ...] = (
    (
        "R_107",
        "Controls are set, found, cleared",
        (
            *UP,
            asked("ClearDERControl", isDefault=True),
            asked("ClearDERControl", isDefault=False),
            *SET,
            *_reported(
                1,
                {"isDefault": True},
                enterService=[{"id": "EnterService-1", "enterService": ENTER}],
                freqDroop=[
                    {
                        "id": "FreqDroop-1",
                        "isDefault": True,
                        "isSuperseded": False,
                        "freqDroop": DROOP,
                    }
                ],
            ),
            *_reported(2, {"isDefault": False}, curve=CURVES),
            asked("GetDERControl", "NotFound", requestId=3, controlType="LimitMaxDischarge"),
            *_reported(4, {"controlId": "FreqWatt-1"}, curve=CURVES),
            Says(
                "NotifyDERStartStop",
                {
                    "controlId": "FreqWatt-1",
                    "started": True,
                    "timestamp": NINE,
                    "supersededIds": ["EnterService-1"],
                },
            ),
            told("ReportDERControl", 3, requestId=4),
            told("NotifyDERStartStop", started=True),
        ),
    ),
    (
        "R_108",
        "An event of the grid is reported",
        (
            *UP,
            *SET[:2],
            *(
                Says(
                    "NotifyDERAlarm",
                    {
                        "controlType": "FreqWatt",
                        "gridEventFault": "OverFrequency",
                        "alarmEnded": is_over,
                        "timestamp": NINE,
                    },
                )
                for is_over in (False, True)
            ),
            told("NotifyDERAlarm", 2, alarmEnded=True),
        ),
    ),
)

ALL_KINDS: tuple[Step, ...] = (
    *UP,
    *(der(kind, curve=WATT) for kind in _CURVES.split()),
    der("EnterService", enterService=ENTER),
    der("FreqDroop", freqDroop=DROOP),
    der("FixedPFAbsorb", fixedPFAbsorb=FACTOR),
    der("FixedPFInject", fixedPFInject=FACTOR),
    der("FixedVar", fixedVar={"priority": 2, "setpoint": 10.0, "unit": "PctMaxVar"}),
    der("Gradients", gradient={"priority": 2, "gradient": 10.0, "softGradient": 5.0}),
    der("LimitMaxDischarge", limitMaxDischarge={"priority": 2, "pctMaxDischargePower": 50.0}),
)
_21 = (Version.V21,)
CASES = (
    *cases("Q Bidirectional power", _Q, versions=_21),
    *cases("R Distributed resources", _R, versions=_21),
    *cases(
        "R Distributed resources",
        (("R_kinds", "All 22 kinds of control", ALL_KINDS),),
        versions=_21,
        source=Source.SPEC,
    ),
)
