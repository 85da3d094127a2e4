"""Firmware, certificates, diagnostics, display messages, data transfer."""

from typing import Any

from oca.cases import Asked, Comes, In21, Payload, Says, Step
from oca.rows import told
from oca.two import (
    CHARGING,
    EVSE,
    HASH,
    LATER,
    LEAVING,
    NINE,
    PEM,
    TX,
    UP,
    asked,
    boot,
    cases,
    status,
    token,
    variable,
)
from oca.vehicles import STATUS_ASKED, new_contract

FIRMWARE = {
    "location": "https://f.example/x.bin",
    "retrieveDateTime": NINE,
    "signingCertificate": PEM,
    "signature": "c2ln",
}


def _update(answer: str = "Accepted", number: int = 7, **more: Any) -> Asked:
    return asked("UpdateFirmware", answer, requestId=number, firmware={**FIRMWARE, **more})


def _states(action: str, *states: str, number: int = 7) -> tuple[Step, ...]:
    """States of an update or an upload, as they are told; the last one is kept."""
    said = (Says(action, {"status": state, "requestId": number}) for state in states)
    return (*said, told(action, len(states), status=states[-1]))


def _updating(*states: str) -> tuple[Step, ...]:
    return (*UP, _update(), *_states("FirmwareStatusNotification", *states))


def _event(kind: str) -> tuple[Step, ...]:
    return (
        Says("SecurityEventNotification", {"type": kind, "timestamp": NINE}),
        told("SecurityEventNotification", type=kind),
    )


FETCHED = ("Downloading", "Downloaded", "SignatureVerified", "Installing")


def _second(answer: str) -> tuple[Step, ...]:
    """A second update while the first is under way."""
    first = Says("FirmwareStatusNotification", {"status": "Downloading", "requestId": 7})
    return (*UP, _update(), first, _update(answer, 8))


def _published(*states: str) -> tuple[Step, ...]:
    where = {"Published": {"location": ["https://station/x.bin"]}}
    said = [{"status": state, **where.get(state, {})} for state in states]
    return (
        *UP,
        asked("PublishFirmware", location="https://f.example/x", checksum="c" * 32, requestId=9),
        *(Says("PublishFirmwareStatusNotification", words) for words in said),
        told("PublishFirmwareStatusNotification", len(states), status=states[-1]),
    )


def _unpublish(answer: str) -> tuple[Step, ...]:
    return (*UP, asked("UnpublishFirmware", answer, checksum="c" * 32))


_FIRMWARE = (
    (
        "L_01",
        "Installed",
        (
            *UP,
            _update(),
            *_states("FirmwareStatusNotification", *FETCHED, "InstallRebooting"),
            Comes(),
            boot("FirmwareUpdate"),
            status("Available"),
            Says("FirmwareStatusNotification", {"status": "Installed", "requestId": 7}),
            *_event("FirmwareUpdated"),
        ),
    ),
    (
        "L_02",
        "The installation waits",
        (
            *UP,
            _update(installDateTime=LATER),
            *_states("FirmwareStatusNotification", *FETCHED[:3], "InstallScheduled"),
        ),
    ),
    (
        "L_03",
        "The download waits",
        (
            *UP,
            _update(retrieveDateTime=LATER),
            *_states("FirmwareStatusNotification", "DownloadScheduled", *FETCHED, "Installed"),
        ),
    ),
    ("L_04", "The certificate was revoked", (*UP, _update("RevokedCertificate"))),
    (
        "L_05",
        "The certificate is invalid",
        (*UP, _update("InvalidCertificate"), *_event("InvalidFirmwareSigningCertificate")),
    ),
    (
        "L_06",
        "The signature is invalid",
        (
            *_updating("Downloading", "Downloaded", "InvalidSignature"),
            *_event("InvalidFirmwareSignature"),
        ),
    ),
    ("L_07", "The download fails", _updating("Downloading", "DownloadFailed")),
    ("L_08", "The check fails", _updating(*FETCHED, "InstallVerificationFailed")),
    ("L_09", "The installation fails", _updating(*FETCHED, "InstallationFailed")),
    ("L_10", "A second update replaces the first", _second("AcceptedCanceled")),
    ("L_11", "A second update is rejected", _second("Rejected")),
    (
        "L_13",
        "Not during a transaction",
        (
            *CHARGING,
            _update(),
            Says("FirmwareStatusNotification", {"status": "DownloadScheduled", "requestId": 7}),
            *LEAVING,
            Says("FirmwareStatusNotification", {"status": "Downloading", "requestId": 7}),
            told("FirmwareStatusNotification", 2, status="Downloading"),
        ),
    ),
    ("L_17", "Published at a local controller", _published("Downloading", "Published")),
    ("L_19", "Published, the checksum is wrong", _published("Downloading", "InvalidChecksum")),
    ("L_20", "Published, failed", _published("Downloading", "PublishFailed")),
    ("L_21", "No longer published", _unpublish("Unpublished")),
    ("L_22", "No longer published: was not there", _unpublish("NoFirmware")),
    ("L_23", "No longer published: under way", _unpublish("DownloadOngoing")),
    ("L_24", "Published, the download fails", _published("Downloading", "DownloadFailed")),
)


def _install(kind: str, answer: str = "Accepted") -> Asked:
    return asked("InstallCertificate", answer, certificateType=kind, certificate=PEM)


def _installed(*kinds: str, algorithm: str = "SHA256") -> Asked:
    """The operator asks which certificates are there; each kind is."""
    found = [
        {"certificateType": kind, "certificateHashData": {**HASH, "hashAlgorithm": algorithm}}
        for kind in kinds or ("CSMSRootCertificate", "V2GRootCertificate")
    ]
    return Asked(
        "GetInstalledCertificateIds",
        {"certificateType": list(kinds)} if kinds else {},
        {"status": "Accepted", "certificateHashDataChain": found},
    )


def _deleted(answer: str, algorithm: str = "SHA256") -> tuple[Step, ...]:
    return (
        _install("CSMSRootCertificate"),
        _installed("CSMSRootCertificate", algorithm=algorithm),
        asked(
            "DeleteCertificate",
            answer,
            certificateHashData={**HASH, "hashAlgorithm": algorithm},
        ),
    )


ALGORITHMS = ("SHA256", "SHA384", "SHA512")

_CERTIFICATES = (
    ("M_01", "Install a root of the central system", (*UP, _install("CSMSRootCertificate"))),
    (
        "M_02",
        "Install a root of the manufacturer",
        (*UP, _install("ManufacturerRootCertificate")),
    ),
    ("M_03", "Install a V2G root", (*UP, _install("V2GRootCertificate"))),
    ("M_04", "Install a root of a mobility operator", (*UP, _install("MORootCertificate"))),
    ("M_05", "Installing fails", (*UP, _install("CSMSRootCertificate", "Failed"))),
    (
        "M_12",
        "Find roots of the central system",
        (*UP, *(_installed("CSMSRootCertificate", algorithm=each) for each in ALGORITHMS)),
    ),
    ("M_13", "Find a root of the manufacturer", (*UP, _installed("ManufacturerRootCertificate"))),
    ("M_14", "Find a V2G root", (*UP, _installed("V2GRootCertificate"))),
    ("M_15", "Find a V2G chain", (*UP, _installed("V2GCertificateChain"))),
    ("M_16", "Find a root of a mobility operator", (*UP, _installed("MORootCertificate"))),
    (
        "M_17",
        "Find two kinds",
        (*UP, _installed("CSMSRootCertificate", "ManufacturerRootCertificate")),
    ),
    ("M_18", "Find all kinds", (*UP, _installed())),
    (
        "M_19",
        "Nothing is found",
        (
            *UP,
            Asked(
                "GetInstalledCertificateIds",
                {"certificateType": ["ManufacturerRootCertificate"]},
                {"status": "NotFound"},
            ),
        ),
    ),
    (
        "M_20",
        "Delete a certificate",
        (*UP, *(step for each in ALGORITHMS for step in _deleted("Accepted", each))),
    ),
    ("M_21", "Deleting fails", (*UP, *_deleted("Failed"))),
    ("M_24", "State of a certificate", (*UP, *STATUS_ASKED)),
    ("M_26", "Contract certificate for a vehicle", (*UP, *new_contract("Install"))),
    ("M_28", "Contract certificate of a vehicle, renewed", (*UP, *new_contract("Update"))),
)


def _log(kind: str, answer: str = "Accepted", number: int = 7) -> Asked:
    words = {
        "logType": kind,
        "requestId": number,
        "log": {"remoteLocation": "https://f.example/"},
    }
    return Asked("GetLog", words, {"status": answer})


def _monitors(answer: str = "Accepted", **words: Any) -> tuple[Step, ...]:
    ask = asked("GetMonitoringReport", answer, requestId=5, **words)
    if answer != "Accepted":
        return (ask,)
    monitor: Payload = {
        "id": 1,
        "transaction": False,
        "value": 1,
        "type": "UpperThreshold",
        "severity": 5,
    }
    monitor["eventNotificationType"] = In21("CustomMonitor")
    report = {
        "requestId": 5,
        "seqNo": 0,
        "generatedAt": NINE,
        "monitor": [{**variable(), "variableMonitoring": [monitor]}],
    }
    return (ask, Says("NotifyMonitoringReport", report), told("NotifyMonitoringReport"))


POWER = variable("Power", "ChargingStation")
STATE = {"component": {"name": "EVSE", "evse": EVSE}, "variable": {"name": "AvailabilityState"}}
STATES = [variable("AvailabilityState", "ChargingStation"), STATE]


def _watch(*what: Payload) -> Asked:
    data = [{**each, "value": 1, "type": "Delta", "severity": 8} for each in what]
    found = [{**each, "status": "Accepted", "type": "Delta", "severity": 8} for each in what]
    return Asked(
        "SetVariableMonitoring",
        {"setMonitoringData": data},
        {"setMonitoringResult": [{**each, "id": n} for n, each in enumerate(found)]},
    )


def _unwatch(*numbers: int, answer: str = "Accepted") -> Asked:
    return Asked(
        "ClearVariableMonitoring",
        {"id": list(numbers)},
        {"clearMonitoringResult": [{"status": answer, "id": n} for n in numbers]},
    )


def _alert(n: int = 1, **more: Any) -> tuple[Step, ...]:
    data = {
        "eventId": 1,
        "timestamp": NINE,
        "trigger": "Alerting",
        "actualValue": "x",
        "eventNotificationType": "HardWiredMonitor",
        **STATE,
        **more,
    }
    said = Says("NotifyEvent", {"generatedAt": NINE, "seqNo": 0, "eventData": [data]})
    return (*UP, *[said] * n, told("NotifyEvent", n))


def _customer(
    answer: str = "Accepted", *, report: bool = True, clear: bool = False, **who: Any
) -> tuple[Step, ...]:
    whom = who or {"idToken": token()}
    ask = asked("CustomerInformation", answer, requestId=5, report=report, clear=clear, **whom)
    if answer != "Accepted":
        return (*UP, ask)
    said = {"requestId": 5, "seqNo": 0, "generatedAt": NINE, "data": "x" if report else ""}
    return (
        *UP,
        ask,
        Says("NotifyCustomerInformation", said),
        told("NotifyCustomerInformation", requestId=5),
    )


UPLOADED = _states("LogStatusNotification", "Uploading", "Uploaded")
LIMIT = Asked(
    "GetVariables",
    {"getVariableData": [variable("ItemsPerMessage", "MonitoringCtrlr")]},
    {
        "getVariableResult": [
            {
                **variable("ItemsPerMessage", "MonitoringCtrlr"),
                "attributeStatus": "Accepted",
                "attributeValue": "3",
            }
        ]
    },
)
DELTA, THRESHOLD = ["DeltaMonitoring"], ["ThresholdMonitoring"]

_DIAGNOSTICS = (
    (
        "N_01",
        "Monitors by criteria",
        (
            *UP,
            *_monitors("EmptyResultSet", monitoringCriteria=DELTA),
            *_monitors(monitoringCriteria=THRESHOLD),
        ),
    ),
    (
        "N_02",
        "Monitors of a variable",
        (
            *UP,
            *_monitors("EmptyResultSet", componentVariable=[POWER]),
            *_monitors(componentVariable=[STATE]),
        ),
    ),
    (
        "N_03",
        "Monitors by criteria, of a variable",
        (
            *UP,
            *_monitors("EmptyResultSet", monitoringCriteria=DELTA, componentVariable=[STATE]),
            *_monitors(monitoringCriteria=THRESHOLD, componentVariable=[POWER]),
        ),
    ),
    (
        "N_05",
        "Set which monitors are active",
        (
            *UP,
            *(
                asked("SetMonitoringBase", monitoringBase=base)
                for base in ("All", "FactoryDefault", "HardWiredOnly")
            ),
        ),
    ),
    ("N_08", "Set a monitor", (*UP, _watch(STATE))),
    ("N_09", "Set several monitors", (*UP, _watch(STATE, STATES[0]))),
    ("N_16", "Set the level of reports", (*UP, asked("SetMonitoringLevel", severity=4))),
    (
        "N_17",
        "Set the level, rejected",
        (*UP, asked("SetMonitoringLevel", "Rejected", severity=4)),
    ),
    ("N_18", "Clear monitors within the limit", (*UP, LIMIT, _unwatch(1, 2, 3), _unwatch(4))),
    ("N_21", "An alert of a built-in monitor", _alert()),
    ("N_24", "Periodic events", _alert(3, trigger="Periodic")),
    ("N_25", "Diagnostics log", (*UP, _log("DiagnosticsLog"), *UPLOADED)),
    ("N_27", "Customer information", _customer()),
    ("N_28", "Customer information, none there", _customer()),
    ("N_29", "Customer information, rejected", _customer("Rejected")),
    ("N_30", "Customer information cleared and reported", _customer(clear=True)),
    ("N_31", "Customer information cleared, none there", _customer(clear=True)),
    (
        "N_32",
        "Customer information cleared, not reported",
        _customer(report=False, clear=True),
    ),
    ("N_34", "Log, rejected", (*UP, _log("DiagnosticsLog", "Rejected"))),
    ("N_35", "Security log", (*UP, _log("SecurityLog"), *UPLOADED)),
    (
        "N_36",
        "A second request for a log",
        (
            *UP,
            _log("SecurityLog"),
            Says("LogStatusNotification", {"status": "Uploading", "requestId": 7}),
            _log("SecurityLog", "AcceptedCanceled", 8),
            Says("LogStatusNotification", {"status": "AcceptedCanceled", "requestId": 7}),
            Says("LogStatusNotification", {"status": "Uploading", "requestId": 8}),
            Says("LogStatusNotification", {"status": "Uploaded", "requestId": 8}),
            told("LogStatusNotification", 4, status="Uploaded", requestId=8),
        ),
    ),
    ("N_44", "Clearing a monitor is rejected", (*UP, _unwatch(1, answer="Rejected"))),
    (
        "N_46",
        "Customer information cleared, and the local list",
        (
            *_customer(clear=True),
            asked(
                "SendLocalList",
                versionNumber=2,
                updateType="Differential",
                localAuthorizationList=[{"idToken": token()}],
            ),
        ),
    ),
    ("N_47", "All monitors", (*UP, *_monitors())),
    ("N_48", "An alert of a variable that cannot be read", _alert(actualValue="")),
    ("N_49", "An alert is over after a reboot", _alert(cleared=True)),
    ("N_50", "A periodic alert", _alert(trigger="Periodic")),
    (
        "N_60",
        "Monitors by criteria, of several variables",
        (
            *UP,
            *_monitors("EmptyResultSet", monitoringCriteria=DELTA, componentVariable=STATES),
            *_monitors(monitoringCriteria=THRESHOLD, componentVariable=STATES),
        ),
    ),
    (
        "N_62",
        "Customer information by an identifier",
        _customer(clear=True, customerIdentifier="OpenChargeAlliance"),
    ),
    (
        "N_63",
        "Customer information by a certificate",
        _customer(clear=True, customerCertificate=HASH),
    ),
)


def message(number: int = 1, **more: Any) -> Payload:
    """A message for the display."""
    text = {"format": "UTF8", "language": "en", "content": "Welcome"}
    return {"id": number, "priority": "NormalCycle", "message": text, **more}


def _show(answer: str = "Accepted", **more: Any) -> Asked:
    return asked("SetDisplayMessage", answer, message=message(**more))


def _shown(answer: str = "Accepted", **words: Any) -> tuple[Step, ...]:
    ask = asked("GetDisplayMessages", answer, requestId=5, **words)
    if answer != "Accepted":
        return (ask,)
    report = {"requestId": 5, "messageInfo": [message()]}
    return (ask, Says("NotifyDisplayMessages", report), told("NotifyDisplayMessages"))


def _hide(answer: str) -> Asked:
    return asked("ClearDisplayMessage", answer, id=1)


_DISPLAY = (
    ("O_01", "A message is shown", (*UP, _show(state="Idle"))),
    ("O_02", "All messages", (*UP, _show(), *_shown())),
    ("O_03", "All messages, none there", (*UP, *_shown("Unknown"))),
    ("O_04", "A message is cleared", (*UP, _show(), _hide("Accepted"))),
    ("O_05", "An unknown message is cleared", (*UP, _hide("Unknown"))),
    ("O_06", "A message for a transaction", (*CHARGING, _show(transactionId=TX), *LEAVING)),
    ("O_07", "A message by number", (*UP, _show(), *_shown(id=[1]))),
    ("O_08", "Messages by priority", (*UP, _show(), *_shown(priority="NormalCycle"))),
    ("O_09", "Messages by state", (*UP, _show(state="Idle"), *_shown(state="Idle"))),
    (
        "O_10",
        "A message for an unknown transaction",
        (*CHARGING, _show("UnknownTransaction", transactionId="none")),
    ),
    ("O_11", "Messages that are not there", (*UP, _show(), *_shown("Unknown", id=[2]))),
    ("O_12", "A message is replaced", (*UP, _show(), _show(state="Charging"))),
    ("O_13", "A message from a time on", (*UP, _show(startDateTime=LATER))),
    ("O_14", "A message until a time", (*UP, _show(endDateTime=LATER))),
    (
        "O_17",
        "The priority is not supported",
        (*UP, _show("NotSupportedPriority", priority="AlwaysFront")),
    ),
    ("O_18", "The state is not supported", (*UP, _show("NotSupportedState", state="Faulted"))),
    ("O_19", "The format is not supported", (*UP, _show("NotSupportedMessageFormat"))),
    ("O_25", "A message for a state", (*UP, _show(state="Charging"))),
    ("O_26", "A message is rejected", (*UP, _show("Rejected"))),
    (
        "O_27",
        "A message for a transaction from a time on",
        (*CHARGING, _show(transactionId=TX, startDateTime=LATER)),
    ),
    (
        "O_28",
        "A message for a transaction until a time",
        (*CHARGING, _show(transactionId=TX, endDateTime=LATER)),
    ),
)

_DATA = (
    (
        "P_02",
        "Data for the central system from an unknown vendor",
        (
            *UP,
            Says("DataTransfer", {"vendorId": "none", "data": {}}, {"status": "UnknownVendorId"}),
            told("DataTransfer"),
        ),
    ),
    (
        "P_03",
        "Data of a vendor within a message",
        (*UP, Says("Heartbeat", {"customData": {"vendorId": "none", "more": [1]}})),
    ),
)

CASES = (
    *cases("L Firmware", _FIRMWARE),
    *cases("M Certificates", _CERTIFICATES),
    *cases("N Diagnostics", _DIAGNOSTICS),
    *cases("O Display messages", _DISPLAY),
    *cases("P Data transfer", _DATA),
)
