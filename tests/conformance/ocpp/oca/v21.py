"""What only OCPP 2.1 has, but for blocks Q and R."""

from typing import Any

from oca.cases import Asked, Comes, Payload, Says, Sends, Source, Step
from oca.k import NEEDS, TX_PROFILE, TX_SET, ev_schedule, put, schedule
from oca.l_to_p import message
from oca.money import PRICED, billed, wants
from oca.q_and_r import DYNAMIC, pulled
from oca.rows import outlet, planned, session, told
from oca.terminals import (
    AT_STATION,
    CANCELED,
    CENTRALLY,
    KIOSK_CENTRAL,
    KIOSK_LOCAL,
)
from oca.two import (
    CHARGING,
    LEAVING,
    NINE,
    PEM,
    PLUGGED,
    TX,
    UP,
    Listed,
    asked,
    authorize,
    boot,
    cases,
    done,
    ended,
    event,
    says,
    started,
    status,
    token,
    updated,
    variable,
)
from oca.vehicles import CHAIN_ASKED, SCHEMA_20, new_contract
from oca.web import CODES_ON, PAID_BY_CODE, REFUSED, scans
from viavolta.protocols.ocpp.schemas import Version

NETWORK = {
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example/ocpp",
    "messageTimeout": 30,
    "securityProfile": 2,
    "ocppInterface": "Any",
    "identity": "cp-9",
    "basicAuthPassword": "sixteen-characters",
}
RESUMED: tuple[Step, ...] = (
    Comes(),
    boot("RemoteReset"),
    status("Occupied"),
    updated("TxResumed", 2, state="Charging", wh=4000),
    ended("StopAuthorized", 3, reason="Local", wh=8000),
    done("Local"),
)
RESUMING = asked("Reset", type="ImmediateAndResume")
SLOT = {"component": {"name": "NetworkConfiguration", "instance": "1"}}
URL = {**SLOT, "variable": {"name": "OcppCsmsUrl"}, "attributeValue": "wss://csms.example"}

_B: tuple[Listed, ...] = (
    (
        "B_100",
        "A network profile with identity and password",
        (*UP, asked("SetNetworkProfile", configurationSlot=1, connectionData=NETWORK)),
    ),
    ("B_103", "Reset and resume, energy flows again", (*CHARGING, RESUMING, *RESUMED)),
    (
        "B_104",
        "Reset and resume without a transaction",
        (*UP, RESUMING, Comes(), boot("RemoteReset")),
    ),
    (
        "B_105",
        "A network configuration by variables",
        (
            *UP,
            Asked(
                "SetVariables",
                {"setVariableData": [URL]},
                {
                    "setVariableResult": [
                        {**SLOT, "variable": URL["variable"], "attributeStatus": "Accepted"}
                    ]
                },
            ),
        ),
    ),
    ("B_116", "Reset and resume, with a profile", (*CHARGING, TX_SET, RESUMING, *RESUMED)),
)


def _limited(trigger: str, seq: int = 2, **limit: float) -> Says:
    """The station sets a limit of the transaction; it is not told another."""
    said = event("Updated", trigger, seq, state="Charging", wh=2000 + 500 * seq)
    info = {**said.payload["transactionInfo"], "transactionLimit": limit}
    payload = {**said.payload, "transactionInfo": info}
    return Says(said.action, payload, lacks=("transactionLimit",))


REACHED = {
    "maxCost": ("CostLimitReached", "LocalOutOfCredit"),
    "maxEnergy": ("EnergyLimitReached", "EnergyLimitReached"),
    "maxTime": ("TimeLimitReached", "TimeLimitReached"),
}


def _limited_centrally(limit: Payload, **wanted: float) -> tuple[Step, ...]:
    """The driver's limit goes to the station, which confirms it and stops there."""
    why, reason = REACHED[next(iter(limit))]
    begun = started("Authorized", 0, state="Charging", card="card", wh=1000)
    confirmed = _limited("LimitSet", 1, **limit)
    return (
        PRICED,
        *PLUGGED,
        wants(**wanted),
        says(begun, totalCost=0.0, transactionLimit=limit),
        says(begun, totalCost=0.0, transactionLimit=limit),
        says(confirmed, totalCost=1.1),
        says(ended(why, 2, reason=reason, wh=7000), totalCost=2.9),
        done(reason, 6000),
        billed(290),
    )


def _vat(number: str, state: str) -> Says:
    """A driver types a VAT number at the terminal."""
    return Says(
        "VatNumberValidation",
        {"vatNumber": number, "evseId": 1},
        {"status": state, "vatNumber": number, "evseId": 1},
    )


_C: tuple[Listed, ...] = (
    ("C_103", "Prepaid, with credit", "no credit is kept for tokens"),
    ("C_104", "Prepaid, no credit", (*UP, authorize("empty"))),
    (
        "C_108",
        "VAT number at a payment terminal, by form and check digit",
        (*UP, _vat("ATU13585627", "Accepted"), _vat("ATU13585628", "Rejected")),
    ),
    ("C_113", "Cancelled at a payment terminal", CANCELED),
    ("C_117", "Settled centrally", CENTRALLY),
    ("C_118", "Settled at the station, receipt centrally", AT_STATION),
    *(
        (
            number,
            f"Settlement: {state.lower()}",
            (
                *CHARGING,
                *LEAVING,
                Says(
                    "NotifySettlement",
                    {
                        "transactionId": TX,
                        "pspRef": "r",
                        "status": state,
                        "settlementAmount": 0.0,
                        "settlementTime": NINE,
                    },
                ),
                told("NotifySettlement", status=state),
            ),
        )
        for number, state in (("C_119", "Failed"), ("C_120", "Rejected"))
    ),
    ("C_125", "Stand-alone terminal, central cost", KIOSK_CENTRAL),
    ("C_126", "Stand-alone terminal, local cost", KIOSK_LOCAL),
    ("C_131", "QR code", PAID_BY_CODE),
    (
        "C_132",
        "QR code with invalid parameters",
        (*CODES_ON, scans("?maxenergy=lots"), REFUSED),
    ),
    (
        "C_133",
        "QR code with an invalid one-time password",
        (*CODES_ON, scans(password=lambda right: right[::-1]), REFUSED),
    ),
)

_E: tuple[Listed, ...] = (
    (
        "E_102",
        "Limits of both sides",
        (
            *CHARGING,
            _limited("LimitSet", maxEnergy=6000.0),
            wants(most_kwh=10.0),
            says(
                updated("MeterValuePeriodic", 3, state="Charging", wh=3000),
                transactionLimit={"maxEnergy": 10000.0},
            ),
            _limited("LimitSet", 4, maxEnergy=10000.0),
            ended("EnergyLimitReached", 5, reason="EnergyLimitReached", wh=11000),
            done("EnergyLimitReached", 10000),
        ),
    ),
    (
        "E_106",
        "The station limits energy",
        (
            *CHARGING,
            _limited("LimitSet", maxEnergy=7000.0),
            ended("EnergyLimitReached", 3, reason="EnergyLimitReached", wh=8000),
            done("EnergyLimitReached"),
        ),
    ),
    (
        "E_107",
        "The station limits time",
        (
            *CHARGING,
            _limited("LimitSet", maxTime=3600),
            ended("TimeLimitReached", 3, reason="TimeLimitReached", wh=8000),
            done("TimeLimitReached"),
        ),
    ),
    (
        "E_108",
        "The station limits cost",
        (
            *CHARGING,
            _limited("LimitSet", maxCost=5.0),
            ended("CostLimitReached", 3, reason="LocalOutOfCredit", wh=8000),
            done("LocalOutOfCredit"),
        ),
    ),
    (
        "E_109",
        "The central system limits cost",
        _limited_centrally({"maxCost": 10.0}, most_cents=1000),
    ),
    (
        "E_110",
        "The central system limits energy",
        _limited_centrally({"maxEnergy": 6000.0}, most_kwh=6.0),
    ),
    ("E_111", "The central system limits time", _limited_centrally({"maxTime": 1200}, most_min=20)),
    ("E_113", "Resumed after an interruption", (*CHARGING, *RESUMED)),
    ("E_117", "Resumed after an interruption, with a profile", (*CHARGING, TX_SET, *RESUMED)),
)

CUSTOM = Says("DataTransfer", {"vendorId": "none"}, {"status": "UnknownVendorId"})
_F: tuple[Listed, ...] = (
    (
        "F_100",
        "A vendor's own trigger",
        (
            *UP,
            asked("TriggerMessage", requestedMessage="CustomTrigger", customTrigger="x"),
            CUSTOM,
        ),
    ),
)
_G: tuple[Listed, ...] = (
    (
        "G_01",
        "The state of a connector",
        (*UP, status("Occupied"), status("Available"), outlet("Available")),
    ),
)

TARIFF = {
    "tariffId": "t1",
    "currency": "EUR",
    "energy": {"prices": [{"priceKwh": 0.4}]},
}
BY_DAY = {
    **TARIFF,
    "energy": {
        "prices": [
            {
                "priceKwh": 0.3,
                "conditions": {"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"},
            },
            {"priceKwh": 0.4},
        ]
    },
}


def _tariff(answer: str = "Accepted", tariff: Payload = TARIFF) -> Asked:
    return asked("SetDefaultTariff", answer, evseId=0, tariff=tariff)


def _change(answer: str = "Accepted", tariff: Payload = TARIFF) -> Asked:
    return asked("ChangeTransactionTariff", answer, transactionId=TX, tariff=tariff)


def _cost() -> Payload:
    return {
        "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 2.8}},
        "totalUsage": {"energy": 7.0, "chargingTime": 3600, "idleTime": 0},
    }


_I: tuple[Listed, ...] = (
    ("I_101", "Default tariff by the time of day", (*UP, _tariff(tariff=BY_DAY))),
    ("I_102", "Default tariff: too many elements", (*UP, _tariff("TooManyElements", BY_DAY))),
    (
        "I_105",
        "Default tariff: no conditions",
        (*UP, _tariff("ConditionNotSupported", BY_DAY), _tariff()),
    ),
    ("I_106", "Default tariff: checked", (*UP, _tariff("DuplicateTariffId"))),
    ("I_109", "The driver's own tariff", "the answer to Authorize carries no tariff"),
    (
        "I_110",
        "Clear tariffs",
        (
            *UP,
            _tariff(),
            Asked(
                "GetTariffs",
                {"evseId": 0},
                {
                    "status": "Accepted",
                    "tariffAssignments": [{"tariffId": "t1", "tariffKind": "DefaultTariff"}],
                },
            ),
            Asked(
                "ClearTariffs",
                {"tariffIds": ["t1"]},
                {"clearTariffsResult": [{"tariffId": "t1", "status": "Accepted"}]},
            ),
        ),
    ),
    ("I_113", "Another tariff: too many elements", (*CHARGING, _change("TooManyElements"))),
    ("I_114", "Another tariff: no conditions", (*CHARGING, _change("ConditionNotSupported"))),
    (
        "I_115",
        "Another tariff on the way",
        (*CHARGING, _change(tariff=BY_DAY), updated("TariffChanged", 2, state="Charging")),
    ),
    (
        "I_122",
        "Cost details of a transaction",
        (
            *CHARGING,
            ended("StopAuthorized", 2, reason="Local", wh=8000, costDetails=_cost()),
            done("Local"),
        ),
    ),
)


def _level(limit: float, **more: Any) -> list[Payload]:
    return [{"startPeriod": 0, "limit": limit, **more}]


DYNAMIC_NEEDS = Says(
    NEEDS.action,
    {
        "evseId": 1,
        "chargingNeeds": {**NEEDS.payload["chargingNeeds"], "controlMode": "DynamicControl"},
    },
    NEEDS.expected,
)
PRIORITY: tuple[Step, ...] = (
    asked("UsePriorityCharging", transactionId=TX, activate=True),
    Says("NotifyPriorityCharging", {"transactionId": TX, "activated": True}),
    told("NotifyPriorityCharging", activated=True),
)
RENEWED: tuple[Step, ...] = (
    *CHARGING,
    NEEDS,
    TX_SET,
    ev_schedule(6000.0, "Accepted"),
)

_K: tuple[Listed, ...] = (
    (
        "K_100",
        "A profile for so long without the central system",
        (*CHARGING, put(maxOfflineDuration=600, **TX_PROFILE)),
    ),
    (
        "K_101",
        "Another mode of operation",
        (
            *CHARGING,
            put(
                chargingSchedule=[schedule(1, _level(6000.0, operationMode="ChargingOnly"))],
                **TX_PROFILE,
            ),
            updated("OperationModeChanged", 2, state="Charging"),
        ),
    ),
    (
        "K_102",
        "A limit from a state of charge on",
        (
            *CHARGING,
            put(chargingSchedule=[schedule(limitAtSoC={"soc": 80, "limit": 3.0})], **TX_PROFILE),
        ),
    ),
    ("K_104", "A profile of priority charging", (*CHARGING, put(purpose="PriorityCharging"))),
    (
        "K_106",
        "A profile with a random delay",
        (*CHARGING, put(chargingSchedule=[schedule(randomizedDelay=60)], **TX_PROFILE)),
    ),
    (
        "K_109",
        "Numbers of profiles beyond those from outside",
        (*UP, put(number=1001)),
    ),
    (
        "K_113",
        "ISO 15118-20: a new schedule of the central system",
        (*RENEWED, put(number=2, **TX_PROFILE), ev_schedule(6000.0, "Accepted")),
    ),
    (
        "K_114",
        "ISO 15118-20: the vehicle asks anew, V2X",
        (*RENEWED, NEEDS, put(number=2, **TX_PROFILE)),
    ),
    (
        "K_115",
        "ISO 15118-20: dynamic control",
        (
            *CHARGING,
            DYNAMIC_NEEDS,
            put(
                chargingProfileKind="Dynamic",
                chargingSchedule=[{**schedule(), "duration": 0}],
                **TX_PROFILE,
            ),
        ),
    ),
    (
        "K_117",
        "ISO 15118-20: a dynamic schedule is adjusted",
        (
            *CHARGING,
            DYNAMIC_NEEDS,
            put(chargingProfileKind="Dynamic", **TX_PROFILE),
            asked("UpdateDynamicSchedule", chargingProfileId=1, scheduleUpdate={"limit": 3000.0}),
        ),
    ),
    ("K_118", "Priority charging asked from afar", (*CHARGING, *PRIORITY)),
    (
        "K_121",
        "A dynamic profile, pulled",
        (
            *CHARGING,
            DYNAMIC,
            planned((-1, 3.0)),
            pulled("Accepted", setpoint=3000.0),
        ),
    ),
    ("K_126", "ISO 15118-20: no profile", (*CHARGING, DYNAMIC_NEEDS)),
)

_M: tuple[Listed, ...] = (
    (
        "M_100",
        "Contract certificate, ISO 15118-20",
        (*UP, *new_contract("Install", SCHEMA_20, maximumContractCertificateChains=2)),
    ),
    (
        "M_101",
        "Install a root of the vehicle's manufacturer",
        (
            *UP,
            asked("InstallCertificate", certificateType="OEMRootCertificate", certificate=PEM),
        ),
    ),
)


def _log(kind: str, where: str) -> tuple[Step, ...]:
    words = {"logType": kind, "requestId": 7, "log": {"remoteLocation": where}}
    said = ({"status": state, "requestId": 7} for state in ("Uploading", "Uploaded"))
    return (
        *UP,
        Asked("GetLog", words),
        *(Says("LogStatusNotification", each) for each in said),
        told("LogStatusNotification", 2, status="Uploaded"),
    )


WATCHED = variable("Power", "EVSE")
STREAM = {"id": 3, "params": {"interval": 10, "values": 2}, "variableMonitoringId": 1}
SAMPLES = Sends(
    "NotifyPeriodicEventStream",
    {"id": 3, "pending": 0, "basetime": NINE, "data": [{"t": 0, "v": "1"}, {"t": 5, "v": "2"}]},
)
OPEN: tuple[Step, ...] = (
    *UP,
    Says("OpenPeriodicEventStream", {"constantStreamData": STREAM}, {"status": "Accepted"}),
    SAMPLES,
    SAMPLES,
    status("Available"),
    told("NotifyPeriodicEventStream", 2, id=3),
)


def _watch(kind: str, **more: Any) -> Asked:
    found = {**WATCHED, "id": 1, "status": "Accepted", "type": kind, "severity": 8}
    data = {**WATCHED, "value": 1, "type": kind, "severity": 8, **more}
    return Asked(
        "SetVariableMonitoring", {"setMonitoringData": [data]}, {"setMonitoringResult": [found]}
    )


_N: tuple[Listed, ...] = (
    ("N_100", "Log of the data collector", _log("DataCollectorLog", "https://f.example/")),
    ("N_102", "Log, with a password, HTTP", _log("SecurityLog", "http://u:p@f.example/")),
    ("N_102_2", "Log, with a password, HTTPS", _log("SecurityLog", "https://u:p@f.example/")),
    ("N_104", "A monitor of the distance from a target", (*UP, _watch("TargetDelta"))),
    (
        "N_105",
        "A monitor of frequent events",
        (*UP, _watch("Periodic", periodicEventStream={"interval": 10, "values": 2}), *OPEN[2:]),
    ),
    (
        "N_107",
        "Streams of periodic events",
        (
            *OPEN,
            Asked("GetPeriodicEventStream", {}, {"constantStreamData": [STREAM]}),
            asked("AdjustPeriodicEventStream", id=3, params={"interval": 20, "values": 4}),
            Says("ClosePeriodicEventStream", {"id": 3}),
            told("ClosePeriodicEventStream", id=3),
        ),
    ),
)

FRENCH = message(message={"format": "UTF8", "language": "fr", "content": "Bienvenue"})
_O: tuple[Listed, ...] = (
    (
        "O_100",
        "A message in a language that is not supported",
        (*UP, asked("SetDisplayMessage", "LanguageNotSupported", message=FRENCH)),
    ),
    (
        "O_101",
        "A message in the driver's language",
        (*UP, asked("SetDisplayMessage", message=FRENCH)),
    ),
)

SWAP = {
    "eventType": "BatteryIn",
    "requestId": 1,
    "idToken": token(),
    "batteryData": [{"evseId": 1, "serialNumber": "b", "soC": 20.0, "soH": 90.0}],
}
NO_SWAP = "swapping of batteries is not offered: a station that swaps is told NotSupported"
_S: tuple[Listed, ...] = (
    ("S_102", "Swap asked from afar, too few batteries", NO_SWAP),
    ("S_103", "Swap asked from afar", NO_SWAP),
)

_OWN: tuple[tuple[str, str, str, tuple[Step, ...]], ...] = (
    (
        "M Certificates",
        "M_chain",
        "State of the certificates of a chain, from a responder and from a list",
        (*UP, *CHAIN_ASKED),
    ),
    (
        "C Authorisation",
        "C_web",
        "A payment on the web has begun, told by a program",
        (
            *UP,
            Asked("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}, {}),
        ),
    ),
    (
        "C Authorisation",
        "C_vat",
        "A VAT number of no form that is known",
        (
            *UP,
            Says(
                "VatNumberValidation",
                {"vatNumber": "CH12345678"},
                {"status": "Rejected", "vatNumber": "CH12345678"},
            ),
        ),
    ),
    (
        "S Battery swap",
        "S_told",
        "A station that swaps is told that this is not supported",
        (*UP, Says("BatterySwap", SWAP, refused="NotSupported")),
    ),
    (
        "K Smart charging",
        "K_done",
        "Priority charging ends with the transaction",
        (*CHARGING, *PRIORITY, *LEAVING, session(stop_reason="Local")),
    ),
)

_21 = (Version.V21,)
CASES = (
    *cases("B Provisioning", _B, versions=_21),
    *cases("C Authorisation", _C, versions=_21),
    *cases("E Transactions", _E, versions=_21),
    *cases("F Remote control", _F, versions=_21),
    *cases("G Availability", _G, versions=_21),
    *cases("I Tariff and cost", _I, versions=_21),
    *cases("K Smart charging", _K, versions=_21),
    *cases("M Certificates", _M, versions=_21),
    *cases("N Diagnostics", _N, versions=_21),
    *cases("O Display messages", _O, versions=_21),
    *cases("S Battery swap", _S, versions=_21),
    *(
        case
        for block, name, what, steps in _OWN
        for case in cases(block, ((name, what, steps),), versions=_21, source=Source.SPEC)
    ),
)
