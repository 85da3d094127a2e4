"""A station with one outlet, in any version, without sockets and without a clock.

`wants` says what it has to tell at a moment, `asked` answers what the central system asks. Power
follows the charging profiles; the car's own limits and its driver's minimum hold whatever is asked.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from viavolta.protocols.ocpp.charging_profile import utc_text
from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.car import Car
from viavolta.simulator.orders import order_now
from viavolta.simulator.words import needs, sampled_values

Call = tuple[str, dict[str, Any]]
METER_EVERY = dt.timedelta(seconds=60)
"""Between two meter values, unless the station is told otherwise."""

TELL_CHANGE_W = 500.0
"""A change of power by this much is told at once."""

_PLAIN = {
    "ClearCache": {"status": "Accepted"},
    "Reset": {"status": "Rejected"},
    "TriggerMessage": {"status": "Rejected"},
    "ChangeAvailability": {"status": "Rejected"},
    "UnlockConnector": {"status": "UnlockFailed"},
}
"""What it answers without more ado: it keeps no cache, and does nothing but charge."""

_STATUS_16 = {"Available": "Available", "Occupied": "Charging"}


class SimulatedStation:
    """A station of a version, with a meter that only rises.

    Parameters
    ----------
    rated_kw
        Of its outlet.
    new_id
        Makes names of transactions (2.x).
    """

    def __init__(
        self,
        identity: str,
        version: Version,
        *,
        rated_kw: float = 22.0,
        meter_every: dt.timedelta = METER_EVERY,
        new_id: Callable[[], str],
    ) -> None:
        self.identity, self.version = identity, version
        self.car: Car | None = None
        self.power_w = self._told_w = 0.0
        self.import_wh = self.export_wh = 0.0
        self.transaction: str | None = None
        self.is_accepted = False
        self._rated_w = rated_kw * 1000.0
        self._meter_every, self._new_id = meter_every, new_id
        self._profiles: dict[int, dict[str, Any]] = {}
        self._seq = 0
        self._last: dt.datetime | None = None
        self._metered_at: dt.datetime | None = None
        self._started_at: dt.datetime | None = None
        self._is_stopping = ""

    def boot(self) -> Call:
        """What it says first."""
        if self.version is Version.V16:
            words = {"chargePointVendor": "viavolta", "chargePointModel": "simulated"}
            return "BootNotification", words
        box = {"vendorName": "viavolta", "model": "simulated", "serialNumber": self.identity[:25]}
        return "BootNotification", {"reason": "PowerUp", "chargingStation": box}

    def status(self, now: dt.datetime) -> Call:
        """The state of its outlet."""
        state = "Available" if self.car is None else "Occupied"
        if self.version is Version.V16:
            return "StatusNotification", {
                "connectorId": 1,
                "errorCode": "NoError",
                "status": _STATUS_16[state],
                "timestamp": utc_text(now),
            }
        return "StatusNotification", {
            "timestamp": utc_text(now),
            "connectorStatus": state,
            "evseId": 1,
            "connectorId": 1,
        }

    def plug_in(self, car: Car, now: dt.datetime, *, departure: dt.datetime) -> list[Call]:
        """A car comes: what the station tells."""
        self.car, self._started_at, self._last, self._metered_at = car, now, now, now
        self._seq, self._is_stopping = 0, ""
        calls = [self.status(now)]
        if self.version is Version.V16:
            calls.append(("StartTransaction", self._start_16(now)))
            return calls
        self.transaction = self._new_id()
        calls.append(self._event("Started", "CablePluggedIn", now, token=car.token))
        calls.append(
            (
                "NotifyEVChargingNeeds",
                {"evseId": 1, "chargingNeeds": needs(self.version, car, departure)},
            )
        )
        return calls

    def started(self, answer: Mapping[str, Any]) -> None:
        """1.6: the central system named the transaction."""
        self.transaction = str(answer["transactionId"])

    def unplug(self, now: dt.datetime, reason: str = "EVDisconnected") -> list[Call]:
        """The car leaves: what the station tells."""
        if self.car is None or self.transaction is None:
            return []
        self.pass_time(now)
        if self.version is Version.V16:
            stop = {
                "transactionId": int(self.transaction),
                "meterStop": round(self.import_wh),
                "timestamp": utc_text(now),
                "reason": reason,
            }
            end: Call = ("StopTransaction", stop)
        else:
            trigger = "RemoteStop" if reason == "Remote" else "EVCommunicationLost"
            end = self._event("Ended", trigger, now, reason=reason)
        self.car, self.transaction, self.power_w = None, None, 0.0
        self._profiles = {
            k: p for k, p in self._profiles.items() if p["chargingProfilePurpose"] != "TxProfile"
        }
        return [end, self.status(now)]

    def wants(self, now: dt.datetime) -> list[Call]:
        """What it has to tell now: a meter value when one is due, an end that was asked for."""
        self.pass_time(now)
        if self._is_stopping and self.transaction is not None:
            return self.unplug(now, self._is_stopping)
        if self.transaction is None or self._metered_at is None:
            return []
        has_changed = abs(self.power_w - self._told_w) >= TELL_CHANGE_W
        if not has_changed and now - self._metered_at < self._meter_every:
            return []
        self._metered_at = now
        if self.version is Version.V16:
            meter = {
                "connectorId": 1,
                "transactionId": int(self.transaction),
                "meterValue": [self._meter_value(now)],
            }
            return [("MeterValues", meter)]
        trigger = "ChargingRateChanged" if has_changed else "MeterValuePeriodic"
        return [self._event("Updated", trigger, now)]

    def pass_time(self, now: dt.datetime) -> None:
        """Let the car charge up to now, as the profiles ask."""
        if self.car is None or self._last is None or self._started_at is None:
            return
        seconds = (now - self._last).total_seconds()
        if seconds > 0:
            self.car.pass_time(self.power_w, seconds)
            energy_wh = self.power_w * seconds / 3600.0
            self.import_wh += max(0.0, energy_wh)
            self.export_wh += max(0.0, -energy_wh)
            self._last = now
        order = order_now(
            self._profiles.values(), now=now, started_at=self._started_at, rated_w=self._rated_w
        )
        self.power_w = self.car.power_w(order.limit_w, order.setpoint_w)

    def asked(
        self, action: str, payload: Mapping[str, Any], now: dt.datetime
    ) -> dict[str, Any] | None:
        """Answer the central system; None for what a simulated station does not know."""
        match action:
            case "SetChargingProfile":
                profile = payload.get("csChargingProfiles", payload.get("chargingProfile"))
                return self._set_profile(dict(profile or {}), now)
            case "ClearChargingProfile":
                return self._clear_profiles(payload, now)
            case "RemoteStopTransaction" | "RequestStopTransaction":
                return self._stop(str(payload["transactionId"]))
            case "UpdateDynamicSchedule":
                return self._update(payload, now)
            case _:
                return _PLAIN.get(action)

    def _set_profile(self, profile: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
        number = int(profile.get("chargingProfileId", profile.get("id", 0)))
        if profile["chargingProfilePurpose"] == "TxProfile" and self.transaction is None:
            return {"status": "Rejected"}
        self.pass_time(now)
        # one profile per purpose and level: the newer replaces the older (2.0.1 K01.FR.05)
        same = (profile["chargingProfilePurpose"], profile["stackLevel"])
        self._profiles = {
            k: p
            for k, p in self._profiles.items()
            if (p["chargingProfilePurpose"], p["stackLevel"]) != same
        }
        self._profiles[number] = profile
        self.pass_time(now)
        return {"status": "Accepted"}

    def _clear_profiles(self, payload: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
        number = payload.get("id", payload.get("chargingProfileId"))
        gone = [k for k in self._profiles if number is None or k == number]
        for k in gone:
            del self._profiles[k]
        self.pass_time(now)
        return {"status": "Accepted" if gone else "Unknown"}

    def _update(self, payload: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
        profile = self._profiles.get(payload["chargingProfileId"])
        if profile is None:
            return {"status": "Rejected"}
        schedule = profile["chargingSchedule"][0]
        schedule["chargingSchedulePeriod"][-1].update(payload["scheduleUpdate"])
        self.pass_time(now)
        return {"status": "Accepted"}

    def _stop(self, transaction: str) -> dict[str, Any]:
        if transaction != self.transaction:
            return {"status": "Rejected"}
        self._is_stopping = "Remote"
        return {"status": "Accepted"}

    def _start_16(self, now: dt.datetime) -> dict[str, Any]:
        return {
            "connectorId": 1,
            "idTag": "" if self.car is None else self.car.token,
            "meterStart": round(self.import_wh),
            "timestamp": utc_text(now),
        }

    def _event(
        self, kind: str, trigger: str, now: dt.datetime, *, token: str = "", reason: str = ""
    ) -> Call:
        info: dict[str, Any] = {"transactionId": self.transaction or ""}
        if kind == "Ended":
            info["stoppedReason"] = reason
        else:
            info["chargingState"] = "Charging" if self.power_w > 0 else "SuspendedEVSE"
        event: dict[str, Any] = {
            "eventType": kind,
            "timestamp": utc_text(now),
            "triggerReason": trigger,
            "seqNo": self._seq,
            "evse": {"id": 1, "connectorId": 1},
            "transactionInfo": info,
            "meterValue": [self._meter_value(now)],
        }
        if token:
            event["idToken"] = {"idToken": token, "type": "ISO14443"}
        self._seq += 1
        return "TransactionEvent", event

    def _meter_value(self, now: dt.datetime) -> dict[str, Any]:
        self._told_w = self.power_w
        return {
            "timestamp": utc_text(now),
            "sampledValue": sampled_values(
                self.version,
                import_wh=self.import_wh,
                export_wh=self.export_wh,
                power_w=self.power_w,
                soc=0.0 if self.car is None else self.car.soc,
            ),
        }
