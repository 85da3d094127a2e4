"""The present setpoints of dynamic profiles, from the last plan of each session (2.1 K28, Q04)."""

import datetime as dt
from typing import Any

from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.tables.live import Order

_PROFILE = "command__payload__chargingProfile"
_UNIT = f"{_PROFILE}__chargingSchedule__0__chargingRateUnit"
_SETPOINT = f"{_PROFILE}__chargingSchedule__0__chargingSchedulePeriod__0__setpoint"
_COLUMNS = ("session__station_id", f"{_PROFILE}__id", _UNIT, _SETPOINT, "plan")
_W_PER_KW = 1000.0

Plan = list[tuple[dt.datetime, float]]


class Setpoints:
    """Plans by station and number of the profile that was sent for them."""

    def __init__(self) -> None:
        self._plans: dict[tuple[int, int], tuple[Plan, bool]] = {}

    def refresh(self, since: dt.datetime | None) -> None:
        """Read plans made since then, or all of running sessions; blocking, in a thread."""
        rows = Order.objects.filter(
            session__ended_at=None,
            session__station__ocpp_version=Version.V21.value,
            command__isnull=False,
        )
        if since is None:
            self._plans = {}
        else:
            rows = rows.filter(planned_at__gt=since)
        for station, number, unit, setpoint, plan in rows.values_list(*_COLUMNS):
            if number is None or unit != "W":
                continue  # amperes per phase are not what a plan says
            levels = [(dt.datetime.fromisoformat(at), float(kw)) for at, kw in plan]
            self._plans[station, number] = (levels, setpoint is not None)

    def at(self, station: int, profile_id: int, now: dt.datetime) -> dict[str, Any] | None:
        """What a profile asks for now, W; None where no plan says.

        A vehicle that may feed back gets a setpoint and the limits around it; another gets a limit.
        """
        levels, follows = self._plans.get((station, profile_id), ([], False))
        past = [kw for at, kw in levels if at <= now]
        if not past:
            return None
        level_w = round(past[-1] * _W_PER_KW, 1)
        limit = {"limit": max(level_w, 0.0)}
        if not follows:
            return limit
        return {**limit, "setpoint": level_w, "dischargeLimit": min(level_w, 0.0)}
