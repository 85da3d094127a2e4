"""What the charging profiles of a station ask for at a moment.

Of the profiles of one purpose the highest stack level that says something now counts; a profile of
the transaction goes before the default; the station's own maximum caps both (OCPP 1.6 chapter 3.13,
2.0.1 part 2 K01). Amperes are taken at 230 V, over three phases unless the period says otherwise.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

VOLTS = 230.0
_STATION = ("ChargePointMaxProfile", "ChargingStationMaxProfile")
_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Most power, W, and the power asked for where one is (below zero: discharge)."""

    limit_w: float
    setpoint_w: float | None = None


def order_now(
    profiles: Iterable[Mapping[str, Any]],
    *,
    now: dt.datetime,
    started_at: dt.datetime,
    rated_w: float,
) -> Order:
    """The order of all profiles together; without any, the rated power."""
    found = list(profiles)
    own = _strongest(found, ("TxProfile",), now, started_at) or _strongest(
        found, ("TxDefaultProfile",), now, started_at
    )
    cap = _strongest(found, _STATION, now, started_at)
    limit_w = min(rated_w, *(order.limit_w for order in (own, cap) if order is not None), rated_w)
    return Order(limit_w=limit_w, setpoint_w=None if own is None else own.setpoint_w)


def _strongest(
    profiles: Iterable[Mapping[str, Any]],
    purposes: tuple[str, ...],
    now: dt.datetime,
    started_at: dt.datetime,
) -> Order | None:
    ranked = sorted(
        (p for p in profiles if p["chargingProfilePurpose"] in purposes),
        key=lambda p: -int(p["stackLevel"]),
    )
    orders = (_order(profile, now, started_at) for profile in ranked)
    return next((order for order in orders if order is not None), None)


def _order(profile: Mapping[str, Any], now: dt.datetime, started_at: dt.datetime) -> Order | None:
    if not _time(profile, "validFrom", now) <= now < _time(profile, "validTo", now + _DAY):
        return None
    schedule = profile["chargingSchedule"]
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    seconds = (now - _begin(profile, schedule, now, started_at)).total_seconds()
    if seconds < 0 or seconds >= schedule.get("duration", float("inf")):
        return None
    periods = [p for p in schedule["chargingSchedulePeriod"] if p["startPeriod"] <= seconds]
    if not periods:
        return None
    period = periods[-1]
    scale = 1.0
    if schedule["chargingRateUnit"] == "A":
        scale = VOLTS * period.get("numberPhases", 3)
    setpoint = period.get("setpoint")
    return Order(
        limit_w=period.get("limit", float("inf")) * scale,
        setpoint_w=None if setpoint is None else setpoint * scale,
    )


def _begin(
    profile: Mapping[str, Any],
    schedule: Mapping[str, Any],
    now: dt.datetime,
    started_at: dt.datetime,
) -> dt.datetime:
    kind = profile["chargingProfileKind"]
    if kind == "Relative":
        return started_at
    begin = _time(schedule, "startSchedule", started_at)
    if kind == "Recurring":
        every = _WEEK if profile.get("recurrencyKind") == "Weekly" else _DAY
        begin += (now - begin) // every * every
    return begin


def _time(where: Mapping[str, Any], name: str, otherwise: dt.datetime) -> dt.datetime:
    return dt.datetime.fromisoformat(where[name]) if name in where else otherwise
