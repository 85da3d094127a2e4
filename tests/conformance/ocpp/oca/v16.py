"""The cases of OCPP 1.6 for a central system: 77 by the names of the public lists."""

from functools import partial

from oca.cases import Asked, Case, Comes, Kept, Payload, Says, Source, Step
from oca.rows import described, outlet, session, told
from oca.security import OVER_TLS, new_password, not_taken, own_certificate, renewed, subprotocol
from viavolta.protocols.ocpp.schemas import Version

NINE, TEN = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"
BOOT = Says(
    "BootNotification",
    {"chargePointVendor": "v", "chargePointModel": "m"},
    {"status": "Accepted", "interval": 300},
)
HEARTBEAT = Says("Heartbeat", {})
_TAG = {"card": "Accepted", "expired": "Expired", "blocked": "Blocked", "stranger": "Invalid"}


def status(state: str, *, connector: int = 1, error: str = "NoError") -> Says:
    """A connector's state."""
    words = {"connectorId": connector, "errorCode": error, "status": state, "timestamp": NINE}
    return Says("StatusNotification", words)


def authorize(tag: str = "card") -> Says:
    """A card is shown."""
    return Says("Authorize", {"idTag": tag}, {"idTagInfo": {"status": _TAG[tag]}})


def start(tag: str = "card", **more: int) -> Says:
    """A transaction starts."""
    words = {"connectorId": 1, "idTag": tag, "meterStart": 1000, "timestamp": NINE, **more}
    expected = {"idTagInfo": {"status": _TAG[tag]}}
    return Says("StartTransaction", words, expected, keep="transactionId")


def stop(reason: str, tag: str = "card") -> Says:
    """The transaction ends after 7 kWh."""
    words = {
        "transactionId": Kept("transactionId"),
        "meterStop": 8000,
        "timestamp": TEN,
        "reason": reason,
        "idTag": tag,
    }
    return Says("StopTransaction", words, {"idTagInfo": {"status": _TAG[tag]}})


METER = Says(
    "MeterValues",
    {"connectorId": 1, "meterValue": [{"timestamp": NINE, "sampledValue": [{"value": "1000"}]}]},
)
UP: tuple[Step, ...] = (BOOT, status("Available", connector=0), status("Available"))
CHARGING: tuple[Step, ...] = (
    *UP,
    authorize(),
    status("Preparing"),
    start(),
    status("Charging"),
)
IDLE: tuple[Step, ...] = (status("Finishing"), status("Available"))


def ended(reason: str, tag: str = "card") -> Step:
    """One session of 7 kWh, complete."""
    return session(energy_wh=7000, stop_reason=reason, token=tag, is_complete=True)


def profile(purpose: str, **more: object) -> Payload:
    """A charging profile of one hour at 6 kW."""
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": NINE,
        "validTo": TEN,
        "chargingSchedule": {
            "startSchedule": NINE,
            "duration": 3600,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6000.0}],
        },
        **more,
    }


def set_profile(purpose: str, connector: int = 1, **more: object) -> Asked:
    """The operator sets a profile."""
    words = {"connectorId": connector, "csChargingProfiles": profile(purpose, **more)}
    return Asked("SetChargingProfile", words)


def firmware(action: str, *states: str, request: int | None = None) -> tuple[Step, ...]:
    """The states of an update or an upload, as told."""
    more = {} if request is None else {"requestId": request}
    return tuple(Says(action, {"status": state, **more}) for state in states)


def reserve(answer: str, connector: int = 1, **more: str) -> Asked:
    """The operator reserves a connector."""
    words = {
        "connectorId": connector,
        "expiryDate": TEN,
        "idTag": "card",
        "reservationId": 1,
        **more,
    }
    return Asked("ReserveNow", words, {"status": answer})


def triggered(message: str, then: Step) -> tuple[Step, ...]:
    """The operator triggers a message, and it comes."""
    return (Asked("TriggerMessage", {"requestedMessage": message}), then)


def local_list(update: str, version: int, answer: str) -> Asked:
    """The operator sends a local list with one card."""
    entry = {"idTag": "card", "idTagInfo": {"status": "Accepted"}}
    words = {
        "listVersion": version,
        "updateType": update,
        "localAuthorizationList": [entry],
    }
    return Asked("SendLocalList", words, {"status": answer})


UPDATE = Asked("UpdateFirmware", {"location": "ftp://f/x.bin", "retrieveDate": NINE}, {})
SIGNED_UPDATE = Asked(
    "SignedUpdateFirmware",
    {
        "requestId": 7,
        "firmware": {
            "location": "https://f.example/x.bin",
            "retrieveDateTime": NINE,
            "signingCertificate": "-----BEGIN CERTIFICATE-----",
            "signature": "c2lnbmF0dXJl",
        },
    },
)
FIRMWARE = partial(firmware, "FirmwareStatusNotification")
SIGNED = partial(firmware, "SignedFirmwareStatusNotification", request=7)
DIAGNOSTICS = partial(firmware, "DiagnosticsStatusNotification")
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa" * 32,
    "issuerKeyHash": "bb" * 32,
    "serialNumber": "01",
}


def security_event(kind: str) -> Says:
    """A security event."""
    return Says("SecurityEventNotification", {"type": kind, "timestamp": NINE})


def installed(kind: str) -> tuple[Step, ...]:
    """A root certificate is installed, and found again."""
    pem = "-----BEGIN CERTIFICATE-----"
    return (
        Asked("InstallCertificate", {"certificateType": kind, "certificate": pem}),
        Asked(
            "GetInstalledCertificateIds",
            {"certificateType": kind},
            {"status": "Accepted", "certificateHashData": [HASH]},
        ),
    )


def unlock(answer: str) -> Asked:
    """The operator unlocks connector 1."""
    return Asked("UnlockConnector", {"connectorId": 1}, {"status": answer})


def configure(key: str, value: str, answer: str = "Accepted") -> Asked:
    """The operator changes a configuration key."""
    return Asked("ChangeConfiguration", {"key": key, "value": value}, {"status": answer})


REMOTE_START = {"connectorId": 1, "idTag": "card"}
REMOTE_STOP = {"transactionId": Kept("transactionId")}
REJECTED = {"status": "Rejected"}
KEYS = {"configurationKey": [{"key": "k", "readonly": False, "value": "1"}], "unknownKey": []}

_BLOCKS: dict[str, tuple[tuple[str, str, tuple[Step, ...] | str], ...]] = {
    "Core": (
        ("TC_001", "Cold boot", (*UP, HEARTBEAT, described(vendor="v", model="m"))),
        (
            "TC_003",
            "Regular session, plug in first",
            (*UP, status("Preparing"), authorize(), start(), status("Charging")),
        ),
        ("TC_004_1", "Regular session, identification first", (*CHARGING, outlet("Charging"))),
        (
            "TC_004_2",
            "Identification first, connection time-out",
            (*UP, authorize(), status("Preparing"), status("Available"), outlet("Available")),
        ),
        (
            "TC_005_1",
            "Disconnected on the vehicle's side",
            (
                *CHARGING,
                status("SuspendedEV"),
                stop("EVDisconnected"),
                *IDLE,
                ended("EVDisconnected"),
            ),
        ),
        (
            "TC_007",
            "Regular start with a cached identification",
            (*UP, status("Preparing"), start(), status("Charging"), session(token="card")),
        ),
        (
            "TC_010",
            "Remote start, cable first",
            (
                *UP,
                status("Preparing"),
                Asked("RemoteStartTransaction", REMOTE_START),
                authorize(),
                start(),
                status("Charging"),
            ),
        ),
        (
            "TC_011_1",
            "Remote start first",
            (
                *UP,
                Asked("RemoteStartTransaction", REMOTE_START),
                authorize(),
                status("Preparing"),
                start(),
                status("Charging"),
            ),
        ),
        (
            "TC_011_2",
            "Remote start, time-out",
            (
                *UP,
                Asked("RemoteStartTransaction", REMOTE_START),
                authorize(),
                status("Preparing"),
                status("Available"),
                outlet("Available"),
            ),
        ),
        (
            "TC_012",
            "Remote stop",
            (
                *CHARGING,
                Asked("RemoteStopTransaction", REMOTE_STOP),
                stop("Remote"),
                *IDLE,
                ended("Remote"),
            ),
        ),
        ("TC_013", "Hard reset", (*UP, Asked("Reset", {"type": "Hard"}), Comes(), *UP)),
        ("TC_014", "Soft reset", (*UP, Asked("Reset", {"type": "Soft"}), Comes(), *UP)),
        ("TC_017_1", "Unlock without a session", (*UP, unlock("Unlocked"))),
        ("TC_017_2", "Unlock with a fixed cable", (*UP, unlock("NotSupported"))),
        (
            "TC_018_1",
            "Unlock during a session",
            (
                *CHARGING,
                unlock("Unlocked"),
                stop("UnlockCommand"),
                *IDLE,
                ended("UnlockCommand"),
            ),
        ),
        ("TC_019_1", "All configuration keys", (*UP, Asked("GetConfiguration", {}, KEYS))),
        (
            "TC_019_2",
            "One configuration key",
            (*UP, Asked("GetConfiguration", {"key": ["SupportedFeatureProfiles"]}, KEYS)),
        ),
        (
            "TC_021",
            "Change a configuration key",
            (*UP, configure("MeterValueSampleInterval", "60")),
        ),
        ("TC_023_1", "Authorisation: invalid", (*UP, status("Preparing"), authorize("stranger"))),
        ("TC_023_2", "Authorisation: expired", (*UP, status("Preparing"), authorize("expired"))),
        ("TC_023_3", "Authorisation: blocked", (*UP, status("Preparing"), authorize("blocked"))),
        (
            "TC_024",
            "Lock failure at the start",
            (
                *UP,
                authorize(),
                status("Preparing"),
                status("Faulted", error="ConnectorLockFailure"),
                outlet("Faulted", error="ConnectorLockFailure"),
            ),
        ),
        (
            "TC_026",
            "Remote start, rejected",
            (*UP, Asked("RemoteStartTransaction", REMOTE_START, REJECTED)),
        ),
        (
            "TC_028",
            "Remote stop, rejected",
            (
                *CHARGING,
                Asked("RemoteStopTransaction", {"transactionId": 999_999_999}, REJECTED),
                session(ended_at=None),
            ),
        ),
        ("TC_030", "Unlock fails", (*UP, unlock("UnlockFailed"))),
        ("TC_031", "Unlock of an unknown connector", (*UP, unlock("NotSupported"))),
        (
            "TC_032_1",
            "Boot after a power failure that stops transactions",
            (*CHARGING, Comes(), BOOT, *IDLE, stop("PowerLoss"), ended("PowerLoss")),
        ),
        (
            "TC_037_1",
            "Started offline, valid",
            (*UP, start(), status("Charging"), session(token="card")),
        ),
        (
            "TC_037_3",
            "Started offline, invalid: stopped",
            (
                *UP,
                start("stranger"),
                status("Charging"),
                stop("DeAuthorized", "stranger"),
                status("Finishing"),
                ended("DeAuthorized", "stranger"),
            ),
        ),
        ("TC_039", "A whole transaction offline", (*UP, start(), stop("Local"), ended("Local"))),
        ("TC_040_1", "A key that is not supported", (*UP, configure("k", "1", "NotSupported"))),
        (
            "TC_040_2",
            "A value that is not valid",
            (*UP, configure("MeterValueSampleInterval", "-1", "Rejected")),
        ),
        ("TC_061", "Clear the cache of authorisations", (*UP, Asked("ClearCache"))),
        (
            "TC_064",
            "Data transfer to the central system",
            (
                *UP,
                Says("DataTransfer", {"vendorId": "none"}, {"status": "UnknownVendorId"}),
                told("DataTransfer"),
            ),
        ),
    ),
    "Local list": (
        (
            "TC_042_1",
            "Version of the list, not supported",
            (*UP, Asked("GetLocalListVersion", {}, {"listVersion": -1})),
        ),
        (
            "TC_042_2",
            "Version of the list, empty",
            (*UP, Asked("GetLocalListVersion", {}, {"listVersion": 0})),
        ),
        ("TC_043_1", "Send the list, not supported", (*UP, local_list("Full", 1, "NotSupported"))),
        ("TC_043_3", "Send the list, failed", (*UP, local_list("Full", 1, "Failed"))),
        ("TC_043_4", "Send the list, whole", (*UP, local_list("Full", 1, "Accepted"))),
        (
            "TC_043_5",
            "Send the list, a difference",
            (
                *UP,
                local_list("Full", 1, "Accepted"),
                local_list("Differential", 2, "Accepted"),
            ),
        ),
    ),
    "Firmware and diagnostics": (
        (
            "TC_044_1",
            "Update: download and install",
            (
                *UP,
                UPDATE,
                *FIRMWARE("Downloading", "Downloaded", "Installing"),
                Comes(),
                *UP,
                *FIRMWARE("Installed"),
                told("FirmwareStatusNotification", 4, status="Installed"),
            ),
        ),
        (
            "TC_044_2",
            "Update: download fails",
            (
                *UP,
                UPDATE,
                *FIRMWARE("Downloading", "DownloadFailed"),
                told("FirmwareStatusNotification", 2, status="DownloadFailed"),
            ),
        ),
        (
            "TC_044_3",
            "Update: installation fails",
            (
                *UP,
                UPDATE,
                *FIRMWARE("Downloading", "Downloaded", "Installing"),
                Comes(),
                *UP,
                *FIRMWARE("InstallationFailed"),
                told("FirmwareStatusNotification", 4, status="InstallationFailed"),
            ),
        ),
        (
            "TC_045_1",
            "Diagnostics",
            (
                *UP,
                Asked("GetDiagnostics", {"location": "ftp://f/"}, {"fileName": "log"}),
                *DIAGNOSTICS("Uploading", "Uploaded"),
                told("DiagnosticsStatusNotification", 2, status="Uploaded"),
            ),
        ),
        (
            "TC_045_2",
            "Diagnostics, upload fails",
            (
                *UP,
                Asked("GetDiagnostics", {"location": "ftp://f/"}, {"fileName": "log"}),
                *DIAGNOSTICS("Uploading", "UploadFailed"),
                told("DiagnosticsStatusNotification", 2, status="UploadFailed"),
            ),
        ),
    ),
    "Reservation": (
        (
            "TC_046",
            "Reserved and used",
            (
                *UP,
                reserve("Accepted"),
                status("Reserved"),
                authorize(),
                start(reservationId=1),
                status("Charging"),
            ),
        ),
        (
            "TC_047",
            "Reserved and expired",
            (*UP, reserve("Accepted"), status("Reserved"), status("Available")),
        ),
        ("TC_048_1", "Reservation: faulted", (*UP, reserve("Faulted"))),
        (
            "TC_048_2",
            "Reservation: occupied",
            (*UP, status("Preparing"), reserve("Occupied")),
        ),
        (
            "TC_048_3",
            "Reservation: unavailable",
            (
                *UP,
                Asked("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
                status("Unavailable"),
                reserve("Unavailable"),
                outlet("Unavailable"),
            ),
        ),
        ("TC_048_4", "Reservation: rejected", (*UP, reserve("Rejected"))),
        (
            "TC_049",
            "The whole charge point reserved",
            (
                *UP,
                reserve("Accepted", connector=0),
                status("Reserved", connector=0),
                authorize(),
                start(reservationId=1),
            ),
        ),
        (
            "TC_051",
            "Reservation cancelled",
            (
                *UP,
                reserve("Accepted"),
                status("Reserved"),
                Asked("CancelReservation", {"reservationId": 1}),
                status("Available"),
            ),
        ),
        (
            "TC_052",
            "Cancelling is rejected",
            (*UP, Asked("CancelReservation", {"reservationId": 9}, REJECTED)),
        ),
        (
            "TC_053",
            "A reserved connector used by a tag of the same parent",
            (
                *UP,
                reserve("Accepted", parentIdTag="family"),
                status("Reserved"),
                Says(
                    "Authorize",
                    {"idTag": "card-2"},
                    {"idTagInfo": {"status": "Accepted", "parentIdTag": "family"}},
                ),
            ),
        ),
    ),
    "Remote trigger": (
        (
            "TC_054",
            "Trigger messages",
            (
                *UP,
                *triggered("MeterValues", METER),
                *triggered("Heartbeat", HEARTBEAT),
                *triggered("StatusNotification", status("Available")),
                *triggered("DiagnosticsStatusNotification", *DIAGNOSTICS("Idle")),
                *triggered("FirmwareStatusNotification", *FIRMWARE("Idle")),
            ),
        ),
        (
            "TC_055",
            "Trigger rejected",
            (*UP, Asked("TriggerMessage", {"requestedMessage": "MeterValues"}, REJECTED)),
        ),
    ),
    "Smart charging": (
        ("TC_056", "A default profile", (*UP, set_profile("TxDefaultProfile"))),
        (
            "TC_057",
            "A profile of the transaction",
            (*CHARGING, set_profile("TxProfile", transactionId=Kept("transactionId"))),
        ),
        (
            "TC_059",
            "Remote start with a profile",
            (
                *UP,
                Asked(
                    "RemoteStartTransaction",
                    {**REMOTE_START, "chargingProfile": profile("TxProfile")},
                ),
                authorize(),
                status("Preparing"),
                start(),
                status("Charging"),
            ),
        ),
        (
            "TC_066",
            "Composite schedule",
            (
                *UP,
                Asked(
                    "GetCompositeSchedule",
                    {"connectorId": 1, "duration": 300, "chargingRateUnit": "W"},
                    {
                        "status": "Accepted",
                        "connectorId": 1,
                        "scheduleStart": NINE,
                        "chargingSchedule": profile("TxProfile")["chargingSchedule"],
                    },
                ),
            ),
        ),
        (
            "TC_067",
            "Clear profiles by number, by criteria, all",
            (
                *CHARGING,
                set_profile("ChargePointMaxProfile", connector=0),
                set_profile("TxDefaultProfile", chargingProfileId=2),
                set_profile("TxProfile", chargingProfileId=3, transactionId=Kept("transactionId")),
                Asked("ClearChargingProfile", {"id": 1}),
                Asked(
                    "ClearChargingProfile",
                    {
                        "connectorId": 1,
                        "chargingProfilePurpose": "TxDefaultProfile",
                        "stackLevel": 0,
                    },
                ),
                Asked("ClearChargingProfile"),
            ),
        ),
    ),
    "Security": (
        ("TC_073", "A new password", new_password(Version.V16, "Accepted")),
        ("TC_074", "A new certificate", renewed(Version.V16, UP)),
        (
            "TC_075_1",
            "Install a root of the manufacturer",
            (*UP, *installed("ManufacturerRootCertificate")),
        ),
        (
            "TC_075_2",
            "Install a root of the central system",
            (*UP, *installed("CentralSystemRootCertificate")),
        ),
        (
            "TC_076",
            "Delete a certificate",
            (
                *UP,
                *installed("CentralSystemRootCertificate"),
                Asked("DeleteCertificate", {"certificateHashData": HASH}),
            ),
        ),
        (
            "TC_077",
            "Invalid certificate of the charge point",
            not_taken(Version.V16, UP, "InvalidChargePointCertificate"),
        ),
        (
            "TC_078",
            "Invalid certificate of the central system",
            (
                *UP,
                Asked(
                    "InstallCertificate",
                    {
                        "certificateType": "CentralSystemRootCertificate",
                        "certificate": "-----BEGIN CERTIFICATE-----",
                    },
                    {"status": "Rejected"},
                ),
                security_event("InvalidCentralSystemCertificate"),
                told("SecurityEventNotification", type="InvalidCentralSystemCertificate"),
            ),
        ),
        (
            "TC_079",
            "Security log",
            (
                *UP,
                Asked(
                    "GetLog",
                    {
                        "logType": "SecurityLog",
                        "requestId": 3,
                        "log": {"remoteLocation": "https://f.example/"},
                    },
                    {"status": "Accepted", "filename": "log"},
                ),
                *firmware("LogStatusNotification", "Uploading", "Uploaded", request=3),
                told("LogStatusNotification", 2, status="Uploaded"),
            ),
        ),
        (
            "TC_080",
            "Signed update",
            (
                *UP,
                SIGNED_UPDATE,
                *SIGNED("Downloading", "Downloaded", "SignatureVerified", "Installing"),
                *SIGNED("InstallRebooting"),
                Comes(),
                *UP,
                *SIGNED("Installed"),
                security_event("FirmwareUpdated"),
                told("SignedFirmwareStatusNotification", 6, status="Installed"),
            ),
        ),
        (
            "TC_081",
            "Signed update, invalid signature",
            (
                *UP,
                SIGNED_UPDATE,
                *SIGNED("Downloading", "Downloaded", "InvalidSignature"),
                security_event("InvalidFirmwareSignature"),
                told("SignedFirmwareStatusNotification", 3, status="InvalidSignature"),
            ),
        ),
        (
            "TC_083",
            "Upgrade of the security profile",
            (
                *UP,
                configure("SecurityProfile", "2"),
                Asked("Reset", {"type": "Hard"}),
                *OVER_TLS,
                *UP,
            ),
        ),
        ("TC_085", "Basic authentication", (Comes(), *UP)),
        ("TC_086", "TLS: certificate of the server", (*OVER_TLS, *UP)),
        ("TC_087", "TLS: certificate of the client", own_certificate(Version.V16, UP)),
        ("TC_088", "Subprotocol of the WebSocket", subprotocol("ocpp1.6")),
    ),
}

CASES = tuple(
    Case(
        id=f"{number}_CSMS",
        name=name,
        version=Version.V16,
        block=block,
        source=Source.EVTIVITY_16,
        steps=() if isinstance(course, str) else course,
        missing=course if isinstance(course, str) else "",
    )
    for block, cases in _BLOCKS.items()
    for number, name, course in cases
)
