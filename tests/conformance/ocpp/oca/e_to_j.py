"""Transactions, remote control, availability, reservation, tariff and cost, meter values."""

from typing import Any

from oca.cases import Asked, Payload, Says, Step
from oca.money import PRICED, billed
from oca.rows import outlet, session, sessions, told
from oca.two import (
    CHARGING,
    EVSE,
    HEARTBEAT,
    LATER,
    LEAVING,
    NINE,
    PLUGGED,
    TX,
    UP,
    asked,
    authorize,
    cases,
    done,
    ended,
    event,
    meter,
    says,
    started,
    status,
    token,
    updated,
)

AWAY: tuple[Step, ...] = (ended("EVDeparted", 3, state="Idle", reason="Local", wh=8000),)
SUSPENDED: tuple[Step, ...] = (
    *CHARGING,
    updated("EVCommunicationLost", 2, state="Idle"),
    status("Occupied"),
)
SIGNED = {"signedMeterValue": {"signedMeterData": "T0NNRg==", "encodingMethod": "OCMF"}}
SIGNED["signedMeterValue"] |= {"signingMethod": "", "publicKey": "a2V5"}


def _status_of(ongoing: bool | None, queued: bool) -> Asked:
    """The operator asks how a transaction stands; without one, whether anything waits."""
    answer: Payload = {"messagesInQueue": queued}
    if ongoing is None:
        return Asked("GetTransactionStatus", {}, answer)
    answer["ongoingIndicator"] = ongoing
    return Asked("GetTransactionStatus", {"transactionId": TX}, answer)


def _gap(*, end: bool = False) -> tuple[Step, ...]:
    """An event that the station had kept while it was offline."""
    late = updated("MeterValuePeriodic", 2, state="Charging", wh=4000, offline=True)
    return (
        (late, ended("StopAuthorized", 3, reason="Local", wh=8000, offline=True))
        if end
        else (late,)
    )


def _stop(reason: str, trigger: str = "StopAuthorized", **more: Any) -> tuple[Step, ...]:
    """From charging to the end in one event."""
    last = ended(trigger, 2, reason=reason, wh=8000, **more)
    return (*CHARGING, last, status("Available"), done(reason))


_TRANSACTIONS = (
    (
        "E_01",
        "Starts with the power path closed",
        (
            *UP,
            authorize(),
            status("Occupied"),
            started("ChargingStateChanged", 0, state="SuspendedEVSE", card="card", wh=0),
            updated("ChargingStateChanged", 1, state="Charging"),
        ),
    ),
    (
        "E_02",
        "Starts with the transfer of energy",
        (*PLUGGED, started("ChargingStateChanged", 0, state="Charging", card="card", wh=0)),
    ),
    (
        "E_03",
        "Local start, cable first",
        (
            *UP,
            status("Occupied"),
            started("CablePluggedIn", 0, state="EVConnected", wh=0),
            authorize(),
            updated("Authorized", 1, state="EVConnected", card="card"),
            updated("ChargingStateChanged", 2, state="Charging"),
            session(token="card"),
        ),
    ),
    (
        "E_04",
        "Local start, authorisation first",
        (
            *UP,
            authorize(),
            started("Authorized", 0, card="card", wh=0),
            status("Occupied"),
            updated("CablePluggedIn", 1, state="EVConnected"),
            updated("ChargingStateChanged", 2, state="Charging"),
        ),
    ),
    ("E_07", "Ends with the power path, local", _stop("Local", state="EVConnected")),
    ("E_08", "Ends with the transfer of energy", _stop("Local", state="EVConnected", card="card")),
    (
        "E_09",
        "Starts with the vehicle's connection",
        (*UP, status("Occupied"), started("CablePluggedIn", 0, state="EVConnected", wh=0)),
    ),
    (
        "E_10",
        "Starts with the authorisation",
        (*UP, authorize(), started("Authorized", 0, card="card")),
    ),
    (
        "E_11",
        "Starts with signed data",
        (
            *PLUGGED,
            started(
                "SignedDataReceived",
                0,
                state="EVConnected",
                card="card",
                meterValue=[meter(0, "Transaction.Begin", **SIGNED)],
            ),
        ),
    ),
    ("E_12", "Starts with an occupied bay", (*UP, started("EVDetected", 0))),
    ("E_14", "Ends with the disconnection at the station", (*CHARGING, *LEAVING, done("Local"))),
    ("E_15", "Ends with an authorised stop", _stop("Local", card="card")),
    (
        "E_16",
        "Ends since the token is invalid",
        (
            *UP,
            started("Authorized", 0, card="stranger", wh=0),
            ended("Deauthorized", 1, reason="DeAuthorized", wh=0),
            done("DeAuthorized", 0),
        ),
    ),
    (
        "E_17",
        "Ends since the vehicle was disconnected, deauthorised",
        (
            *SUSPENDED,
            ended("EVCommunicationLost", 3, reason="EVDisconnected", wh=8000),
            done("EVDisconnected"),
        ),
    ),
    ("E_19", "Ends with an empty bay", (*CHARGING, *LEAVING[:1], *AWAY, done("Local"))),
    ("E_20", "Ends with the disconnection at the vehicle", _stop("EVDisconnected")),
    (
        "E_21",
        "Ends with a remote stop",
        (
            *CHARGING,
            asked("RequestStopTransaction", transactionId=TX),
            ended("RemoteStop", 2, reason="Remote", wh=8000),
            done("Remote"),
        ),
    ),
    (
        "E_22",
        "Ends since the vehicle stopped",
        _stop("StoppedByEV", "ChargingStateChanged", state="SuspendedEV"),
    ),
    (
        "E_26",
        "Suspended while the vehicle is disconnected",
        (
            *SUSPENDED,
            updated("CablePluggedIn", 3, state="EVConnected"),
            updated("ChargingStateChanged", 4, state="Charging"),
            session(ended_at=None),
        ),
    ),
    ("E_29", "Status: ongoing, messages wait", (*CHARGING, _status_of(True, True), *_gap())),
    ("E_30", "Status: ongoing, none waits", (*CHARGING, _status_of(True, False))),
    (
        "E_31",
        "Status: ended, messages wait",
        (*CHARGING, _status_of(False, True), *_gap(end=True), done("Local")),
    ),
    ("E_33", "Status of all: messages wait", (*CHARGING, _status_of(None, True), *_gap())),
    ("E_34", "Status of all: none waits", (*UP, _status_of(None, False))),
    (
        "E_38",
        "Local start, the vehicle is not ready",
        (
            *PLUGGED,
            started("Authorized", 0, state="EVConnected", card="card"),
            updated("ChargingStateChanged", 1, state="SuspendedEV"),
        ),
    ),
    (
        "E_39",
        "Ends with the time-out of the connection",
        (
            *UP,
            authorize(),
            started("Authorized", 0, card="card", wh=0),
            ended("EVConnectTimeout", 1, reason="Timeout", wh=0),
            done("Timeout", 0),
        ),
    ),
    (
        "E_53",
        "Numbers begin at 0 again",
        (
            *CHARGING,
            *LEAVING,
            started("Authorized", 0, tx="tx-2", card="card", wh=8000),
            ended("StopAuthorized", 1, tx="tx-2", reason="Local", wh=9000),
            sessions(2),
        ),
    ),
)

REMOTE = {"remoteStartId": 7, "idToken": token(), "evseId": 1}
START = Asked("RequestStartTransaction", REMOTE)


def _remote(kind: str, seq: int, **more: Any) -> Says:
    """An event that names the remote start."""
    said = event(kind, "RemoteStart", seq, card="card", **more)
    info = {**said.payload["transactionInfo"], "remoteStartId": 7}
    return Says(said.action, {**said.payload, "transactionInfo": info}, said.expected)


def _trigger(message: str, *then: Step, **where: Any) -> tuple[Step, ...]:
    """The operator triggers a message, and it comes."""
    return (asked("TriggerMessage", requestedMessage=message, **where), *then)


IDLE_METER = Says("MeterValues", {"evseId": 1, "meterValue": [meter(1000, "Trigger")]})
IDLE_LOG = Says("LogStatusNotification", {"status": "Idle"})
IDLE_FIRMWARE = Says("FirmwareStatusNotification", {"status": "Idle"})
CONNECTOR = {"id": 1, "connectorId": 1}
TRIGGERED = updated("Trigger", 2, state="Charging", wh=2000)

_REMOTE_CONTROL = (
    (
        "F_01",
        "Remote start, cable first",
        (
            *UP,
            status("Occupied"),
            started("CablePluggedIn", 0, state="EVConnected"),
            START,
            _remote("Updated", 1),
        ),
    ),
    (
        "F_02",
        "Remote start first, authorised again",
        (*UP, START, authorize(), _remote("Started", 0), status("Occupied")),
    ),
    (
        "F_03",
        "Remote start first, not authorised again",
        (*UP, START, _remote("Started", 0), status("Occupied"), session(token="card")),
    ),
    (
        "F_04",
        "Remote start, no cable in time",
        (
            *UP,
            START,
            _remote("Started", 0, wh=0),
            ended("EVConnectTimeout", 1, reason="Timeout", wh=0),
            done("Timeout", 0),
        ),
    ),
    (
        "F_06",
        "Remote unlock",
        (*UP, asked("UnlockConnector", "Unlocked", evseId=1, connectorId=1)),
    ),
    ("F_11", "Trigger: meter of an EVSE", (*UP, *_trigger("MeterValues", IDLE_METER, evse=EVSE))),
    ("F_12", "Trigger: meters of all", (*UP, *_trigger("MeterValues", IDLE_METER))),
    (
        "F_13",
        "Trigger: transaction of an EVSE",
        (*CHARGING, *_trigger("TransactionEvent", TRIGGERED, evse=EVSE)),
    ),
    (
        "F_14",
        "Trigger: transactions of all",
        (*CHARGING, *_trigger("TransactionEvent", TRIGGERED)),
    ),
    ("F_15", "Trigger: state of the log", (*UP, *_trigger("LogStatusNotification", IDLE_LOG))),
    (
        "F_18",
        "Trigger: state of the firmware",
        (*UP, *_trigger("FirmwareStatusNotification", IDLE_FIRMWARE)),
    ),
    ("F_20", "Trigger: heartbeat", (*UP, *_trigger("Heartbeat", HEARTBEAT))),
    (
        "F_23",
        "Trigger: state, available",
        (*UP, *_trigger("StatusNotification", status("Available"), evse=CONNECTOR)),
    ),
    (
        "F_24",
        "Trigger: state, occupied",
        (
            *UP,
            status("Occupied"),
            *_trigger("StatusNotification", status("Occupied"), evse=CONNECTOR),
            outlet("Occupied"),
        ),
    ),
    (
        "F_27",
        "Trigger: not implemented",
        (*UP, asked("TriggerMessage", "NotImplemented", requestedMessage="MeterValues")),
    ),
)


def _availability(state: str, then: str, **where: Any) -> tuple[Step, ...]:
    """The operator changes availability, and the connector says so."""
    change = asked("ChangeAvailability", operationalStatus=state, **where)
    return (change, status(then), outlet(then))


EVSE_1, CONNECTOR_1 = {"evse": EVSE}, {"evse": CONNECTOR}
LOCK_FAILURE = {
    "eventId": 1,
    "timestamp": NINE,
    "trigger": "Alerting",
    "actualValue": "true",
    "eventNotificationType": "HardWiredNotification",
    "component": {"name": "ConnectorPlugRetentionLock"},
    "variable": {"name": "Problem"},
}

_AVAILABILITY = (
    (
        "G_03",
        "EVSE out of operation",
        (*UP, *_availability("Inoperative", "Unavailable", **EVSE_1)),
    ),
    ("G_04", "EVSE in operation", (*UP, *_availability("Operative", "Available", **EVSE_1))),
    ("G_05", "Station out of operation", (*UP, *_availability("Inoperative", "Unavailable"))),
    ("G_06", "Station in operation", (*UP, *_availability("Operative", "Available"))),
    (
        "G_07",
        "Connector out of operation",
        (*UP, *_availability("Inoperative", "Unavailable", **CONNECTOR_1)),
    ),
    (
        "G_08",
        "Connector in operation",
        (*UP, *_availability("Operative", "Available", **CONNECTOR_1)),
    ),
    *(
        (
            number,
            f"{what} out of operation after the transaction",
            (
                *CHARGING,
                asked("ChangeAvailability", "Scheduled", operationalStatus="Inoperative", **where),
                *LEAVING[:2],
                status("Unavailable"),
                outlet("Unavailable"),
            ),
        )
        for number, what, where in (
            ("G_11", "EVSE", EVSE_1),
            ("G_14", "Station", {}),
            ("G_17", "Connector", CONNECTOR_1),
        )
    ),
    (
        "G_20",
        "Lock failure of a connector",
        (
            *PLUGGED,
            Says("NotifyEvent", {"generatedAt": NINE, "seqNo": 0, "eventData": [LOCK_FAILURE]}),
            told("NotifyEvent"),
        ),
    ),
)


def _reserve(answer: str = "Accepted", number: int = 1, **more: Any) -> Asked:
    """The operator reserves."""
    return asked("ReserveNow", answer, id=number, expiryDateTime=LATER, idToken=token(), **more)


def _reserved(state: str) -> tuple[Step, ...]:
    """The station ends a reservation."""
    return (
        Says("ReservationStatusUpdate", {"reservationId": 1, "reservationUpdateStatus": state}),
        told("ReservationStatusUpdate", reservationId=1, reservationUpdateStatus=state),
    )


USED = (
    authorize(),
    started("Authorized", 0, card="card", reservationId=1),
    session(token="card"),
)

_RESERVATION = (
    ("H_01", "An EVSE is reserved", (*UP, _reserve(evseId=1), status("Reserved"), *USED)),
    (
        "H_07",
        "A reservation expires",
        (*UP, _reserve(evseId=1), status("Reserved"), *_reserved("Expired"), status("Available")),
    ),
    ("H_08", "Any EVSE is reserved", (*UP, _reserve(), status("Reserved"), *USED)),
    (
        "H_14",
        "As many reservations as EVSEs",
        (*UP, status("Available", 2), _reserve(), _reserve(number=2), status("Reserved", 2)),
    ),
    (
        "H_15",
        "A kind of connector is reserved",
        (*UP, _reserve(connectorType="cType2"), status("Reserved"), *USED),
    ),
    (
        "H_17",
        "A reservation is cancelled",
        (
            *UP,
            _reserve(evseId=1),
            status("Reserved"),
            asked("CancelReservation", reservationId=1),
            status("Available"),
        ),
    ),
    (
        "H_19",
        "Reserved for a group",
        (
            *UP,
            _reserve(evseId=1, groupIdToken={"idToken": "family", "type": "Central"}),
            status("Reserved"),
            authorize("card-2"),
            started("Authorized", 0, card="card-2", reservationId=1),
        ),
    ),
    (
        "H_20",
        "A fault removes the reservation",
        (*UP, _reserve(evseId=1), status("Reserved"), status("Faulted"), *_reserved("Removed")),
    ),
    ("H_22", "A reservation is rejected", (*UP, _reserve("Rejected", evseId=1))),
)

_COST = (
    (
        "I_01",
        "The cost so far",
        (*CHARGING, Asked("CostUpdated", {"totalCost": 1.5, "transactionId": TX}, {})),
    ),
    (
        "I_02",
        "The cost in all",
        (
            PRICED,
            *CHARGING,
            says(updated("MeterValuePeriodic", 2, state="Charging", wh=3500), totalCost=1.5),
            says(updated("MeterValuePeriodic", 2, state="Charging", wh=3500), totalCost=1.5),
            says(ended("StopAuthorized", 3, reason="Local", wh=8000), totalCost=3.3),
            done("Local"),
            billed(330),
        ),
    ),
)


def _clock(**more: Any) -> Payload:
    return meter(1000, "Sample.Clock", **more)


_METER = (
    (
        "J_01",
        "By the clock, no transaction",
        (
            *UP,
            Says("MeterValues", {"evseId": 1, "meterValue": [_clock()]}),
            told("MeterValues", evseId=1),
        ),
    ),
    (
        "J_02",
        "By the clock, in a transaction",
        (*CHARGING, updated("MeterValueClock", 2, meterValue=[_clock()]), session(energy_wh=0)),
    ),
    (
        "J_03",
        "By the clock, at the end",
        (
            *CHARGING,
            ended(
                "StopAuthorized",
                2,
                reason="Local",
                meterValue=[_clock(), meter(8000, "Transaction.End")],
            ),
            session(stop_reason="Local", is_complete=True),
        ),
    ),
    (
        "J_04",
        "By the clock, signed",
        (*CHARGING, updated("MeterValueClock", 2, meterValue=[_clock(**SIGNED)])),
    ),
    (
        "J_07",
        "Sampled, at the start",
        (
            *PLUGGED,
            started("Authorized", 0, card="card", meterValue=[meter(1, "Transaction.Begin")]),
        ),
    ),
    (
        "J_08",
        "Sampled, at the start, the EVSE is not known",
        (
            *UP,
            authorize(),
            started("Authorized", 0, card="card", evse=None),
            updated("CablePluggedIn", 1, meterValue=[meter(1, "Transaction.Begin")]),
            session(evse=1),
        ),
    ),
    (
        "J_09",
        "Sampled, on the way",
        (*CHARGING, updated("MeterValuePeriodic", 2, wh=3000), session(energy_wh=2000)),
    ),
    (
        "J_10",
        "Sampled, at the end",
        (
            *CHARGING,
            ended("StopAuthorized", 2, reason="Local", meterValue=[meter(8000, "Transaction.End")]),
            done("Local"),
        ),
    ),
    (
        "J_11",
        "Sampled, signed",
        (*CHARGING, updated("MeterValuePeriodic", 2, meterValue=[meter(3000, **SIGNED)])),
    ),
)

CASES = (
    *cases("E Transactions", _TRANSACTIONS),
    *cases("F Remote control", _REMOTE_CONTROL),
    *cases("G Availability", _AVAILABILITY),
    *cases("H Reservation", _RESERVATION),
    *cases("I Tariff and cost", _COST),
    *cases("J Meter values", _METER),
)
