"""Which actions each version of OCPP knows, and who may call them.

Source: OCPP 1.6 edition 2 with the security whitepaper edition 3, OCPP 2.0.1 edition 3 and OCPP 2.1
edition 1, Open Charge Alliance; the names are those of the official schemas, and a test compares.
"""

from collections.abc import Mapping

from viavolta.protocols.ocpp.schemas import Version


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FROM_STATION_16 = _names(
    "Authorize BootNotification DataTransfer DiagnosticsStatusNotification "
    "FirmwareStatusNotification Heartbeat LogStatusNotification MeterValues "
    "SecurityEventNotification SignCertificate SignedFirmwareStatusNotification StartTransaction "
    "StatusNotification StopTransaction"
)
_FROM_CENTRAL_16 = _names(
    "CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache "
    "ClearChargingProfile DataTransfer DeleteCertificate ExtendedTriggerMessage "
    "GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds "
    "GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction RemoteStopTransaction "
    "ReserveNow Reset SendLocalList SetChargingProfile SignedUpdateFirmware TriggerMessage "
    "UnlockConnector UpdateFirmware"
)
_FROM_STATION_201 = _names(
    "Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification "
    "Get15118EVCertificate GetCertificateStatus Heartbeat LogStatusNotification MeterValues "
    "NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds "
    "NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport "
    "PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate "
    "SecurityEventNotification SignCertificate StatusNotification TransactionEvent"
)
_FROM_CENTRAL_201 = _names(
    "CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile "
    "ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer "
    "DeleteCertificate GetBaseReport GetChargingProfiles GetCompositeSchedule GetDisplayMessages "
    "GetInstalledCertificateIds GetLocalListVersion GetLog GetMonitoringReport GetReport "
    "GetTransactionStatus GetVariables InstallCertificate PublishFirmware RequestStartTransaction "
    "RequestStopTransaction ReserveNow Reset SendLocalList SetChargingProfile SetDisplayMessage "
    "SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables "
    "TriggerMessage UnlockConnector UnpublishFirmware UpdateFirmware"
)
_FROM_STATION_21 = _FROM_STATION_201 | _names(
    "BatterySwap ClosePeriodicEventStream GetCertificateChainStatus NotifyDERAlarm "
    "NotifyDERStartStop NotifyPriorityCharging NotifySettlement "
    "OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl VatNumberValidation"
)
_FROM_CENTRAL_21 = _FROM_CENTRAL_201 | _names(
    "AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff ClearDERControl ClearTariffs "
    "GetDERControl GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer "
    "NotifyWebPaymentStarted RequestBatterySwap SetDERControl SetDefaultTariff "
    "UpdateDynamicSchedule UsePriorityCharging"
)

FROM_STATION: Mapping[Version, frozenset[str]] = {
    Version.V16: _FROM_STATION_16,
    Version.V201: _FROM_STATION_201,
    Version.V21: _FROM_STATION_21,
}
"""Calls that a station may make."""

FROM_CENTRAL: Mapping[Version, frozenset[str]] = {
    Version.V16: _FROM_CENTRAL_16,
    Version.V201: _FROM_CENTRAL_201,
    Version.V21: _FROM_CENTRAL_21,
}
"""Calls that the central system may make."""

SENT_BY_STATION: Mapping[Version, frozenset[str]] = {
    Version.V16: frozenset(),
    Version.V201: frozenset(),
    Version.V21: frozenset({"NotifyPeriodicEventStream"}),
}
"""Messages that a station sends without an answer (SEND, new in 2.1)."""
