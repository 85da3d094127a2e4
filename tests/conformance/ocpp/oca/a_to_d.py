"""Security, provisioning, authorisation, local lists."""

from functools import partial

from oca.cases import Asked, Comes, Payload, Says, Step
from oca.pki import REVOKED
from oca.rows import described, sessions, told
from oca.security import (
    OLD_TLS,
    OVER_TLS,
    foreign_certificate,
    new_password,
    not_taken,
    own_certificate,
    renewed,
    subprotocol,
)
from oca.two import CHARGING as CHARGES
from oca.two import (
    EVSE,
    LEAVING,
    NINE,
    UP,
    admitted,
    asked,
    authorize,
    boot,
    cases,
    done,
    ended,
    started,
    status,
    token,
    updated,
    variable,
    verdict,
)
from oca.vehicles import (
    CONTRACT_TOKEN,
    combined_certificate,
    contract,
    presented,
    v2g_certificate,
)
from viavolta.protocols.ocpp.schemas import Version

SUBPROTOCOL = {Version.V201: "ocpp2.0.1", Version.V21: "ocpp2.1"}
UPGRADE: tuple[Step, ...] = (
    *UP,
    Asked(
        "SetVariables",
        {
            "setVariableData": [
                {
                    **variable("NetworkConfigurationPriority"),
                    "attributeValue": "2",
                }
            ]
        },
        {
            "setVariableResult": [
                {**variable("NetworkConfigurationPriority"), "attributeStatus": "Accepted"}
            ]
        },
    ),
    asked("Reset", type="OnIdle"),
    *OVER_TLS,
    *UP,
)

SECURITY = cases(
    "A Security",
    (
        ("A_01", "Basic authentication, valid", (Comes(), *UP)),
        (
            "A_02",
            "Basic authentication, another user name",
            (Comes(user="cp-other", refused=401),),
        ),
        ("A_03", "Basic authentication, invalid password", (Comes("wrong-password", 401),)),
        ("A_04", "TLS: certificate of the server", (*OVER_TLS, *UP)),
        ("A_06", "TLS: version too low", (OLD_TLS,)),
        ("A_07", "TLS: certificate of the station, valid", partial(own_certificate, up=UP)),
        ("A_08", "TLS: certificate of the station, invalid", partial(foreign_certificate, up=UP)),
        ("A_09", "New password, accepted", partial(new_password, answer="Accepted")),
        ("A_10", "New password, rejected", partial(new_password, answer="Rejected")),
        ("A_11", "New certificate of the station", partial(renewed, up=UP)),
        ("A_12", "New V2G certificate", partial(v2g_certificate, up=UP)),
        (
            "A_14",
            "New certificate, invalid",
            partial(not_taken, up=UP, event="InvalidChargingStationCertificate"),
        ),
        ("A_19", "Upgrade of the security profile", UPGRADE),
    ),
)


def _get(*names: Payload) -> Asked:
    found = [{**name, "attributeStatus": "Accepted", "attributeValue": "1"} for name in names]
    return Asked("GetVariables", {"getVariableData": list(names)}, {"getVariableResult": found})


def _set(*values: tuple[Payload, str]) -> Asked:
    data = [{**name, "attributeValue": value} for name, value in values]
    found = [{**name, "attributeStatus": "Accepted"} for name, _ in values]
    return Asked("SetVariables", {"setVariableData": data}, {"setVariableResult": found})


THRESHOLD = variable()
REMOTE = variable("AuthorizeRemoteStart", "AuthCtrlr")


def _report(action: str, answer: str = "Accepted", **words: object) -> tuple[Step, ...]:
    reported = {
        "requestId": 5,
        "generatedAt": NINE,
        "seqNo": 0,
        "reportData": [{**THRESHOLD, "variableAttribute": [{"value": "1"}]}],
    }
    ask = asked(action, answer, requestId=5, **words)
    if answer != "Accepted":
        return (ask,)
    return (ask, Says("NotifyReport", reported), told("NotifyReport", requestId=5))


NETWORK = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example/ocpp",
    "messageTimeout": 30,
    "securityProfile": 2,
    "ocppInterface": "Wired0",
}
RESET_END: tuple[Step, ...] = (
    ended("ResetCommand", 2, state="EVConnected", reason="ImmediateReset", wh=8000),
)
BOOTS_AGAIN: tuple[Step, ...] = (Comes(), boot("RemoteReset"), status("Available"))
COMPONENT = {"component": {"name": "EVSE", "evse": EVSE}, "variable": {"name": "AvailabilityState"}}

COMBINED = cases(
    "A Security",
    (("A_13", "New certificate, combined", partial(combined_certificate, up=UP)),),
    versions=(Version.V201,),
)

PROVISIONING = cases(
    "B Provisioning",
    (
        ("B_01", "Cold boot, accepted", (*UP, described(vendor="v", model="m"))),
        (
            "B_02",
            "Cold boot, pending",
            (
                admitted("Pending"),
                boot(answer="Pending"),
                _set((THRESHOLD, "9")),
                admitted("Accepted"),
                *UP,
            ),
        ),
        ("B_06", "Get one variable", (*UP, _get(THRESHOLD))),
        ("B_07", "Get several variables", (*UP, _get(THRESHOLD, REMOTE))),
        ("B_08", "Get variables within the limit", (*UP, _get(*[THRESHOLD] * 4), _get(REMOTE))),
        ("B_09", "Set one variable", (*UP, _set((THRESHOLD, "123")))),
        ("B_10", "Set several variables", (*UP, _set((THRESHOLD, "123"), (REMOTE, "false")))),
        (
            "B_12",
            "Base report: configuration",
            (*UP, *_report("GetBaseReport", reportBase="ConfigurationInventory")),
        ),
        (
            "B_13",
            "Base report: all",
            (*UP, *_report("GetBaseReport", reportBase="FullInventory")),
        ),
        (
            "B_14",
            "Base report: summary",
            (*UP, *_report("GetBaseReport", reportBase="SummaryInventory")),
        ),
        (
            "B_18",
            "Report by criteria and variables",
            (
                *UP,
                *_report(
                    "GetReport",
                    "EmptyResultSet",
                    componentCriteria=["Problem"],
                    componentVariable=[COMPONENT],
                ),
                *_report(
                    "GetReport", componentCriteria=["Available"], componentVariable=[COMPONENT]
                ),
            ),
        ),
        ("B_20", "Reset when idle", (*UP, asked("Reset", type="OnIdle"), *BOOTS_AGAIN)),
        (
            "B_21",
            "Reset when idle, with a transaction",
            (
                *CHARGES,
                asked("Reset", "Scheduled", type="OnIdle"),
                *LEAVING,
                *BOOTS_AGAIN,
                done("Local"),
            ),
        ),
        (
            "B_22",
            "Reset at once, with a transaction",
            (
                *CHARGES,
                asked("Reset", type="Immediate"),
                *RESET_END,
                *BOOTS_AGAIN,
                done("ImmediateReset"),
            ),
        ),
        ("B_25", "Reset an EVSE", (*UP, asked("Reset", type="OnIdle", evseId=1))),
        (
            "B_26",
            "Reset an EVSE when idle, with a transaction",
            (*CHARGES, asked("Reset", "Scheduled", type="OnIdle", evseId=1), *LEAVING),
        ),
        (
            "B_27",
            "Reset an EVSE at once, with a transaction",
            (
                *CHARGES,
                asked("Reset", type="Immediate", evseId=1),
                *RESET_END,
                done("ImmediateReset"),
            ),
        ),
        (
            "B_30",
            "Pending: what is not allowed yet",
            (
                admitted("Pending"),
                boot(answer="Pending"),
                Says("Authorize", {"idToken": token()}, refused="SecurityError"),
            ),
        ),
        (
            "B_31",
            "Pending: a message is triggered",
            (
                admitted("Pending"),
                boot(answer="Pending"),
                asked("TriggerMessage", requestedMessage="BootNotification"),
                boot("Triggered", "Pending"),
            ),
        ),
        (
            "B_42",
            "A new network profile",
            (*UP, asked("SetNetworkProfile", configurationSlot=1, connectionData=NETWORK)),
        ),
        (
            "B_44",
            "A new network profile, failed",
            (
                *UP,
                asked("SetNetworkProfile", "Failed", configurationSlot=1, connectionData=NETWORK),
            ),
        ),
        ("B_58", "Subprotocol of the WebSocket", lambda v: subprotocol(SUBPROTOCOL[v])),
    ),
)


def _local_list(update: str, number: int, *entries: Payload) -> Asked:
    words: Payload = {"versionNumber": number, "updateType": update}
    if entries:
        words["localAuthorizationList"] = list(entries)
    return Asked("SendLocalList", words)


def _entry(name: str) -> Payload:
    return {"idToken": token(name), **verdict(name)}


LISTED: tuple[Step, ...] = (*UP, _local_list("Full", 1, _entry("card"), _entry("card-2")))


def _master(both: bool) -> tuple[Step, ...]:
    """Two cars, or one; the master's token ends them."""
    steps: list[Step] = list(CHARGES)
    if both:
        steps.append(started("Authorized", 0, tx="tx-2", evse=2, card="card-2", wh=0))
    steps.append(authorize("master"))
    steps.append(ended("StopAuthorized", 2, card="master", reason="MasterPass", wh=8000))
    if both:
        steps.append(
            ended("StopAuthorized", 1, tx="tx-2", evse=2, reason="MasterPass", card="master", wh=0)
        )
    return (*steps, sessions(2 if both else 1))


def _by_contract(what: str) -> tuple[Step, ...]:
    """A vehicle charges by its contract."""
    shown = {"idToken": CONTRACT_TOKEN}
    return (
        *UP,
        status("Occupied"),
        contract(),
        *presented(what, "Accepted", "Accepted"),
        started("Authorized", 0, state="EVConnected", wh=1000, **shown),
        updated("ChargingStateChanged", 1, state="Charging"),
        ended("EVCommunicationLost", 2, state="Idle", reason="Local", wh=8000),
        done("Local"),
    )


AUTHORISATION = cases(
    "C Authorisation",
    (
        ("C_02", "Local start: unknown", (*UP, authorize("stranger"))),
        ("C_06", "Local start: blocked", (*UP, authorize("blocked"))),
        ("C_07", "Local start: expired", (*UP, authorize("expired"))),
        (
            "C_08",
            "From the cache, accepted",
            (*UP, status("Occupied"), started("Authorized", 0, card="card")),
        ),
        (
            "C_20",
            "From the cache, no longer valid",
            (
                *UP,
                status("Occupied"),
                started("Authorized", 0, card="stranger", wh=0),
                ended("Deauthorized", 1, reason="DeAuthorized", wh=0),
                done("DeAuthorized", 0),
            ),
        ),
        ("C_37", "Clear the cache", (*UP, asked("ClearCache"))),
        ("C_38", "Clear the cache, rejected", (*UP, asked("ClearCache", "Rejected"))),
        (
            "C_39",
            "Started and stopped by two tokens of a group",
            (*CHARGES, authorize("card-2"), *LEAVING, done("Local")),
        ),
        (
            "C_40",
            "Tokens of a group in the local list",
            (*LISTED, *CHARGES[1:], authorize("card-2"), *LEAVING),
        ),
        (
            "C_43",
            "Tokens of a group in the local list, one invalid there",
            (
                *UP,
                _local_list(
                    "Full",
                    1,
                    _entry("card"),
                    {"idToken": token("card-2"), "idTokenInfo": {"status": "Invalid"}},
                ),
                authorize("card-2"),
            ),
        ),
        ("C_47", "Master pass, with a screen, all transactions", _master(both=True)),
        ("C_48", "Master pass, with a screen, one transaction", _master(both=False)),
        ("C_49", "Master pass without a screen", _master(both=True)),
        ("C_50", "Contract certificate, checked at the station", _by_contract("hashes")),
        (
            "C_51",
            "Contract certificate, revoked",
            (
                *UP,
                status("Occupied"),
                contract(REVOKED),
                *presented("hashes", "CertificateRevoked", "Invalid"),
            ),
        ),
        ("C_52", "Contract certificate, checked centrally", _by_contract("certificate")),
    ),
)

LOCAL_LIST = cases(
    "D Local list",
    (
        ("D_01", "Send the list, whole", LISTED),
        (
            "D_02",
            "Send the list, an addition",
            (*LISTED, _local_list("Differential", 2, _entry("master"))),
        ),
        (
            "D_03",
            "Send the list, a removal",
            (*LISTED, _local_list("Differential", 2, {"idToken": token("card-2")})),
        ),
        ("D_04", "Send the list, empty", (*LISTED, _local_list("Full", 2))),
        (
            "D_08",
            "Version of the list",
            (*LISTED, Asked("GetLocalListVersion", {}, {"versionNumber": 1})),
        ),
        (
            "D_09",
            "Version of the list, none there",
            (*UP, Asked("GetLocalListVersion", {}, {"versionNumber": 0})),
        ),
    ),
)

CASES = (*SECURITY, *COMBINED, *PROVISIONING, *AUTHORISATION, *LOCAL_LIST)
