"""Session events from what stations say about transactions, in any version.

1.6 tells a session in StartTransaction, MeterValues and StopTransaction, without sequence numbers;
2.0.1 and 2.1 in TransactionEvent. Units are brought to Wh and W, shares to 0..1.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

from viavolta.model.session import EventKind, Reading, SessionEvent

_REGISTERS = {
    "Energy.Active.Import.Register": "import_wh",
    "Energy.Active.Export.Register": "export_wh",
}
_POWERS = {"Power.Active.Import": 1.0, "Power.Active.Export": -1.0}
_KILO = ("kWh", "kW")
_PERCENT = 100.0
_AT_OUTLET = ("Outlet", None)
"""Where registers and power that count are measured; the standard's default is the outlet."""


def events_of(
    action: str, payload: Mapping[str, Any], *, received_at: dt.datetime
) -> tuple[str | None, SessionEvent] | None:
    """The transaction and its event in a call of a station; None where it tells of none.

    The transaction is None for StartTransaction of 1.6: the central system names it in its answer.
    """
    match action:
        case "TransactionEvent":
            return payload["transactionInfo"]["transactionId"], _event_2(payload, received_at)
        case "StartTransaction":
            return None, _start_16(payload, received_at)
        case "StopTransaction":
            return str(payload["transactionId"]), _stop_16(payload, received_at)
        case "MeterValues" if payload.get("transactionId") is not None and payload["meterValue"]:
            return str(payload["transactionId"]), _meter_16(payload, received_at)
        case _:
            return None


def time_of(text: str) -> dt.datetime:
    """A time of the wire in UTC; one without offset counts as UTC.

    Raises
    ------
    ValueError: not a time.
    """
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _event_2(payload: Mapping[str, Any], received_at: dt.datetime) -> SessionEvent:
    info, evse = payload["transactionInfo"], payload.get("evse", {})
    seq = payload["seqNo"]
    kind = EventKind(payload["eventType"].lower())
    reason = info.get("stoppedReason", "") if kind is EventKind.ENDED else ""
    return SessionEvent(
        kind=kind,
        key=str(seq),
        seq=seq,
        at=time_of(payload["timestamp"]),
        received_at=received_at,
        evse=evse.get("id"),
        connector=evse.get("connectorId"),
        token=payload.get("idToken", {}).get("idToken", ""),
        reason=reason or payload["triggerReason"],
        state=info.get("chargingState", ""),
        is_offline=payload.get("offline", False),
        readings=_readings(payload.get("meterValue", ())),
    )


def _start_16(payload: Mapping[str, Any], received_at: dt.datetime) -> SessionEvent:
    at = time_of(payload["timestamp"])
    return SessionEvent(
        kind=EventKind.STARTED,
        key="start",
        seq=None,
        at=at,
        received_at=received_at,
        evse=payload["connectorId"],
        connector=payload["connectorId"],
        token=payload["idTag"],
        readings=(Reading(at=at, import_wh=float(payload["meterStart"])),),
    )


def _stop_16(payload: Mapping[str, Any], received_at: dt.datetime) -> SessionEvent:
    at = time_of(payload["timestamp"])
    last = Reading(at=at, import_wh=float(payload["meterStop"]))
    return SessionEvent(
        kind=EventKind.ENDED,
        key="stop",
        seq=None,
        at=at,
        received_at=received_at,
        token=payload.get("idTag", ""),
        reason=payload.get("reason", "Local"),  # the standard's default
        readings=(*_readings(payload.get("transactionData", ())), last),
    )


def _meter_16(payload: Mapping[str, Any], received_at: dt.datetime) -> SessionEvent:
    readings = _readings(payload["meterValue"])
    at = readings[0].at if readings else received_at
    return SessionEvent(
        kind=EventKind.UPDATED,
        key=f"meter {payload['connectorId']} {payload['meterValue'][0]['timestamp']}",
        seq=None,
        at=at,
        received_at=received_at,
        evse=payload["connectorId"],
        connector=payload["connectorId"],
        readings=readings,
    )


def _readings(meter_values: Iterable[Mapping[str, Any]]) -> tuple[Reading, ...]:
    return tuple(_reading(value) for value in meter_values)


def _reading(meter_value: Mapping[str, Any]) -> Reading:
    found: dict[str, float] = {}
    signed = ""
    for sample in meter_value["sampledValue"]:
        signed = signed or _signed(sample)
        # a value of one phase is a part; the standard's default is the import register
        measurand = sample.get("measurand", "Energy.Active.Import.Register")
        at_outlet = sample.get("location") in _AT_OUTLET and sample.get("phase") is None
        value = _number(sample)
        if value is None or not (at_outlet or measurand == "SoC"):
            continue
        if measurand in _REGISTERS:
            found[_REGISTERS[measurand]] = value
        elif measurand in _POWERS:
            found["power_w"] = found.get("power_w", 0.0) + _POWERS[measurand] * value
        elif measurand == "SoC":
            found["soc"] = value / _PERCENT
    return Reading(at=time_of(meter_value["timestamp"]), signed=signed, **found)


def _signed(sample: Mapping[str, Any]) -> str:
    """The signed record: a field of its own from 2.0.1 on, in 1.6 a format of the value."""
    if "signedMeterValue" in sample:
        return str(sample["signedMeterValue"]["signedMeterData"])
    return str(sample["value"]) if sample.get("format") == "SignedData" else ""


def _number(sample: Mapping[str, Any]) -> float | None:
    """The value in Wh, W or percent; None where it is no finite number."""
    if sample.get("format") == "SignedData":
        return None
    try:
        value = float(sample["value"])
    except ValueError:  # 1.6 writes numbers as texts
        return None
    if not math.isfinite(value):
        return None
    unit = sample.get("unitOfMeasure", {})
    is_kilo: bool = (sample.get("unit") or unit.get("unit")) in _KILO
    multiplier: int = unit.get("multiplier", 0)
    return float(value * 10.0 ** (multiplier + 3 * is_kilo))
