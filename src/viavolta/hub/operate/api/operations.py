"""Every command to a station as an operation with a name of its own, in any version."""

from dataclasses import dataclass

from viavolta.protocols.ocpp.schemas import Version

_16, _201, _21 = Version.V16, Version.V201, Version.V21


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: name in addresses, summary, and the action of each version that has it."""

    name: str
    summary: str
    actions: dict[Version, str]


def _in_all(name: str, summary: str, action: str) -> Operation:
    return Operation(name=name, summary=summary, actions=dict.fromkeys(Version, action))


def _in_16(name: str, summary: str, action: str) -> Operation:
    return Operation(name=name, summary=summary, actions={_16: action})


def _in_2(name: str, summary: str, action: str) -> Operation:
    return Operation(name=name, summary=summary, actions={_201: action, _21: action})


def _in_21(name: str, summary: str, action: str) -> Operation:
    return Operation(name=name, summary=summary, actions={_21: action})


OPERATIONS: tuple[Operation, ...] = (
    _in_all("reset", "Restart the station", "Reset"),
    _in_all("unlock-connector", "Unlock a connector", "UnlockConnector"),
    _in_all("change-availability", "Put into or out of service", "ChangeAvailability"),
    _in_all("trigger-message", "Have a message sent now", "TriggerMessage"),
    _in_16(
        "extended-trigger-message",
        "Have a message of the security extension sent now",
        "ExtendedTriggerMessage",
    ),
    _in_all("clear-cache", "Empty the cache of tokens", "ClearCache"),
    _in_all("data-transfer", "Send data of a vendor's own", "DataTransfer"),
    # configuration and variables
    _in_16("get-configuration", "Read the configuration", "GetConfiguration"),
    _in_16("change-configuration", "Change a key of the configuration", "ChangeConfiguration"),
    _in_2("get-variables", "Read variables", "GetVariables"),
    _in_2("set-variables", "Set variables", "SetVariables"),
    _in_2("get-base-report", "Have all variables reported", "GetBaseReport"),
    _in_2("get-report", "Have some variables reported", "GetReport"),
    _in_2("set-network-profile", "Set a network connection profile", "SetNetworkProfile"),
    # tokens and reservations
    _in_all(
        "get-local-list-version", "Ask for the version of the local list", "GetLocalListVersion"
    ),
    _in_all("send-local-list", "Send the local list of tokens", "SendLocalList"),
    _in_all("reserve-now", "Reserve", "ReserveNow"),
    _in_all("cancel-reservation", "Cancel a reservation", "CancelReservation"),
    # transactions
    Operation(
        name="remote-start",
        summary="Start a transaction",
        actions={
            _16: "RemoteStartTransaction",
            _201: "RequestStartTransaction",
            _21: "RequestStartTransaction",
        },
    ),
    Operation(
        name="remote-stop",
        summary="End a transaction",
        actions={
            _16: "RemoteStopTransaction",
            _201: "RequestStopTransaction",
            _21: "RequestStopTransaction",
        },
    ),
    _in_2("get-transaction-status", "Ask how a transaction stands", "GetTransactionStatus"),
    _in_2("cost-updated", "Tell the cost so far", "CostUpdated"),
    # charging profiles
    _in_all("set-charging-profile", "Set a charging profile", "SetChargingProfile"),
    _in_all("clear-charging-profile", "Clear charging profiles", "ClearChargingProfile"),
    _in_all("get-composite-schedule", "Ask for the schedule in force", "GetCompositeSchedule"),
    _in_2("get-charging-profiles", "Have charging profiles reported", "GetChargingProfiles"),
    # diagnostics, logs, firmware
    _in_16("get-diagnostics", "Have diagnostics uploaded", "GetDiagnostics"),
    _in_all("get-log", "Have a log uploaded", "GetLog"),
    _in_all("update-firmware", "Update the firmware", "UpdateFirmware"),
    _in_16(
        "signed-update-firmware", "Update the firmware by a signed file", "SignedUpdateFirmware"
    ),
    _in_2("publish-firmware", "Publish firmware in the local network", "PublishFirmware"),
    _in_2("unpublish-firmware", "Publish firmware no longer", "UnpublishFirmware"),
    # certificates
    _in_all("install-certificate", "Install a certificate", "InstallCertificate"),
    _in_all("delete-certificate", "Delete a certificate", "DeleteCertificate"),
    _in_all(
        "get-installed-certificate-ids",
        "Ask for the installed certificates",
        "GetInstalledCertificateIds",
    ),
    _in_all("certificate-signed", "Hand over a signed certificate", "CertificateSigned"),
    # monitoring and customers
    _in_2("set-monitoring-base", "Choose the set of monitors", "SetMonitoringBase"),
    _in_2("set-monitoring-level", "Choose from which severity on", "SetMonitoringLevel"),
    _in_2("set-variable-monitoring", "Set monitors", "SetVariableMonitoring"),
    _in_2("get-monitoring-report", "Have monitors reported", "GetMonitoringReport"),
    _in_2("clear-variable-monitoring", "Clear monitors", "ClearVariableMonitoring"),
    _in_2("customer-information", "Report or clear a customer's data", "CustomerInformation"),
    # display messages
    _in_2("set-display-message", "Show a message", "SetDisplayMessage"),
    _in_2("get-display-messages", "Have messages reported", "GetDisplayMessages"),
    _in_2("clear-display-message", "Show a message no longer", "ClearDisplayMessage"),
    # 2.1: distributed energy resources, V2X, tariffs, streams, batteries
    _in_21("set-der-control", "Set a DER control", "SetDERControl"),
    _in_21("get-der-control", "Have DER controls reported", "GetDERControl"),
    _in_21("clear-der-control", "Clear DER controls", "ClearDERControl"),
    _in_21("use-priority-charging", "Give priority, or end it", "UsePriorityCharging"),
    _in_21("update-dynamic-schedule", "Update a dynamic schedule", "UpdateDynamicSchedule"),
    _in_21("afrr-signal", "Send a signal of frequency restoration", "AFRRSignal"),
    _in_21(
        "notify-allowed-energy-transfer",
        "Tell which energy transfer is allowed",
        "NotifyAllowedEnergyTransfer",
    ),
    _in_21("set-default-tariff", "Set the usual tariff", "SetDefaultTariff"),
    _in_21(
        "notify-web-payment-started",
        "Tell that somebody is paying on the web",
        "NotifyWebPaymentStarted",
    ),
    _in_21("get-tariffs", "Ask for the tariffs", "GetTariffs"),
    _in_21("clear-tariffs", "Clear tariffs", "ClearTariffs"),
    _in_21("change-transaction-tariff", "Change a tariff midway", "ChangeTransactionTariff"),
    _in_21("adjust-periodic-event-stream", "Adjust a stream", "AdjustPeriodicEventStream"),
    _in_21("get-periodic-event-stream", "Ask for the streams", "GetPeriodicEventStream"),
    _in_21("request-battery-swap", "Start a battery swap", "RequestBatterySwap"),
)
