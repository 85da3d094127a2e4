"""What a vehicle means to draw, beside what its station was told (OCPP 2.0.1 K15 to K17)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from viavolta.protocols.ocpp.transactions import time_of

_SLACK = 0.05
"""Limits have one decimal: less than half of its last digit is no difference."""


def exceeds(notified: Mapping[str, Any], profile: Mapping[str, Any]) -> bool:
    """Whether a vehicle's schedule is above a station's profile at any moment of both.

    `notified` is NotifyEVChargingSchedule, `profile` a charging profile of 2.x. Schedules in
    different units cannot be compared and count as not above.
    """
    wanted = notified["chargingSchedule"]
    base = time_of(notified["timeBase"])
    for allowed in profile["chargingSchedule"]:
        if allowed["chargingRateUnit"] != wanted["chargingRateUnit"]:
            continue
        start = time_of(allowed["startSchedule"]) if "startSchedule" in allowed else base
        for moment in _steps(wanted, base) + _steps(allowed, start):
            most, draws = _level(allowed, start, moment), _level(wanted, base, moment)
            if most is not None and draws is not None and draws > most + _SLACK:
                return True
    return False


def _steps(schedule: Mapping[str, Any], start: dt.datetime) -> list[dt.datetime]:
    return [
        start + dt.timedelta(seconds=period["startPeriod"])
        for period in schedule["chargingSchedulePeriod"]
    ]


def _level(schedule: Mapping[str, Any], start: dt.datetime, moment: dt.datetime) -> float | None:
    """The limit at a moment; None outside of the schedule and where a period has none."""
    seconds = (moment - start).total_seconds()
    if seconds < 0 or seconds >= schedule.get("duration", float("inf")):
        return None
    periods = [p for p in schedule["chargingSchedulePeriod"] if p["startPeriod"] <= seconds]
    limit: float | None = periods[-1].get("limit") if periods else None
    return limit
