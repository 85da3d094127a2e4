"""What a plan means for a session: a charging profile for its station, a reason for its driver."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from viavolta.engines.profiles.staircase import Keep, PowerPieces, staircases
from viavolta.model.arrays import Floats, Times
from viavolta.protocols.ocpp.charging_profile import (
    UNITS_PER_ONE,
    ChargingProfile,
    Purpose,
    RateUnit,
)
from viavolta.services.live.facts import Levels
from viavolta.services.live.plan import LivePlan

MAX_PERIODS = 24
"""Periods of a profile: what stations of 1.6 bear without complaint."""

TENTHS_PER_KW = 1000 * UNITS_PER_ONE
_IDLE_KW = 1e-3
_FULL = 0.98
_SERVED_KWH = 1e-3
_PRICED_EUR = 1e-6


class Why(StrEnum):
    """Why a session has the power that it has now."""

    FULL_POWER = "full-power"
    SERVED = "served"
    """It has what the driver wanted."""
    LIMITED = "limited"
    """A limit that others need, too, binds now; `limit_id` says which."""
    CHEAPER_LATER = "cheaper-later"
    """It waits, or goes slowly, for cheaper hours; `until` says when it goes on."""
    GIVES_BACK = "gives-back"
    """It discharges while energy is dear."""
    BY_ITSELF = "by-itself"
    """Its station did not take the plan and gives what it can."""
    AWAY = "away"
    """Its station cannot be reached and keeps to what it was told last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a session gets.

    Attributes
    ----------
    power_kw : now; below zero for discharging.
    until : when the power next rises, None where it does not.
    served_at : when the driver has what she wanted, None where the plan does not get there.
    missing_kwh : what will lack at departure.
    """

    session_id: str
    power_kw: float
    why: Why
    limit_id: str
    until: np.datetime64 | None
    served_at: np.datetime64 | None
    missing_kwh: float
    profile: ChargingProfile


def orders_of(plan: LivePlan, *, first_profile_id: int = 1) -> list[Order]:
    """The order of every session of a plan, in their order."""
    steps = [plan.schedule.plan.steps_of(s) for s in range(len(plan.sessions))]
    stairs = staircases(_pieces(plan), max_periods=MAX_PERIODS, keep=Keep.LIMITS)
    found = []
    for s, session in enumerate(plan.sessions):
        periods = slice(int(stairs.offsets[s]), int(stairs.offsets[s + 1]))
        mean_kw = plan.schedule.plan.power_kw[steps[s]]
        power_kw = mean_kw / np.maximum(_seconds(plan, s), 1) * plan.signals.step_s
        starts = _starts(plan, s)
        why, limit_id = _why(plan, s, float(power_kw[0]))
        profile = ChargingProfile(
            profile_id=first_profile_id + s,
            stack_level=1,
            purpose=Purpose.TX,
            unit=RateUnit.WATT,
            start_utc=_utc(plan.now),
            duration_s=int((plan.stays.departure[s] - plan.now).astype(np.int64)),
            start_s=stairs.start_s[periods].tolist(),
            tenths=stairs.units[periods].tolist(),
            min_tenths=int(session.min_kw * TENTHS_PER_KW),
        )
        found.append(
            Order(
                session_id=session.session_id,
                power_kw=float(power_kw[0]),
                why=why,
                limit_id=limit_id,
                until=_next_rise(power_kw, starts),
                served_at=_served_at(plan, s, mean_kw, starts),
                missing_kwh=float(plan.lack_kwh[s]),
                profile=profile,
            )
        )
    return found


def levels_of(profile: ChargingProfile) -> Levels:
    """The powers of a profile (kW) from each time on; the last entry is its end, with 0."""
    levels = [
        (profile.start_utc + dt.timedelta(seconds=start_s), tenths / TENTHS_PER_KW)
        for start_s, tenths in zip(profile.start_s, profile.tenths, strict=True)
    ]
    end = profile.start_utc + dt.timedelta(seconds=profile.duration_s)
    return (*levels, (end, 0.0))


def is_same(first: Levels, second: Levels, *, now: dt.datetime) -> bool:
    """Whether two courses of power are one and the same from now on."""
    return _course(first, now) == _course(second, now)


def scarce_limit(plan: LivePlan, s: int) -> str:
    """The dearest limit above a plug over its whole stay; "" where none has a price."""
    prices, steps = plan.schedule.prices, plan.schedule.plan.steps_of(s)
    first = int(plan.schedule.plan.first_step[s])
    here = slice(first, first + steps.stop - steps.start)
    best, name, row = _PRICED_EUR, "", int(plan.stays.limit[s])
    while row >= 0:
        price = float((prices.import_eur_per_kwh[row, here]).sum())
        if prices.phase_eur_per_kwh is not None:
            price += float(prices.phase_eur_per_kwh[row, :, here].sum())
        if price > best:
            best, name = price, plan.limits.limit_id[row]
        row = int(plan.limits.parent[row])
    return name


def _course(levels: Levels, now: dt.datetime) -> list[tuple[dt.datetime, int]]:
    """What a course says from now on, with no more entries than it needs."""
    found: list[tuple[dt.datetime, int]] = []
    for at, kw in levels:
        entry = (max(at, now), round(kw * TENTHS_PER_KW))
        if found and found[-1][0] == entry[0]:
            found.pop()
        if not found or found[-1][1] != entry[1]:
            found.append(entry)
    return [*found, (max(levels[-1][0], now), 0)] if levels else []


def _starts(plan: LivePlan, s: int) -> Times:
    """Begin of each step of a stay; the first one is now."""
    n = plan.schedule.plan.steps_of(s)
    first = int(plan.schedule.plan.first_step[s])
    starts = plan.signals.start[first : first + n.stop - n.start].copy()
    starts[0] = plan.now
    return starts


def _seconds(plan: LivePlan, s: int) -> Times:
    starts = _starts(plan, s)
    ends = np.append(starts[1:], plan.stays.departure[s])
    return (ends - starts).astype(np.int64)


def _pieces(plan: LivePlan) -> PowerPieces:
    """Power at the plug while a step lasts: what is planned as a mean over the whole step."""
    seconds = [_seconds(plan, s) for s in range(len(plan.sessions))]
    flat_s = np.concatenate([*seconds, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    share = np.maximum(flat_s, 1) / plan.signals.step_s
    power_kw = plan.schedule.plan.power_kw / share
    size = np.floor(np.abs(power_kw) * TENTHS_PER_KW + 1e-6).astype(np.int64)
    return PowerPieces(
        offsets=plan.schedule.plan.offsets,
        seconds=flat_s,
        power_kw=power_kw,
        units=np.where(power_kw < 0, -size, size),
        min_units=np.floor(plan.stays.min_kw * TENTHS_PER_KW).astype(np.int64),
    )


def _why(plan: LivePlan, s: int, now_kw: float) -> tuple[Why, str]:
    session = plan.sessions[s]
    if now_kw < -_IDLE_KW:
        return Why.GIVES_BACK, ""
    if session.energy_kwh <= _SERVED_KWH:
        return Why.SERVED, ""
    if now_kw >= session.max_kw * _FULL:
        return Why.FULL_POWER, ""
    binding = _binding_above(plan, s)
    if binding:
        return Why.LIMITED, binding
    return (Why.FULL_POWER if session.is_now else Why.CHEAPER_LATER), ""


def _binding_above(plan: LivePlan, s: int) -> str:
    """The dearest limit above a plug that has a price in its first step; "" where none has."""
    prices, step = plan.schedule.prices, int(plan.schedule.plan.first_step[s])
    best, name, row = _PRICED_EUR, "", int(plan.stays.limit[s])
    while row >= 0:
        price = float(prices.import_eur_per_kwh[row, step] + prices.peak_eur_per_kwh[row, step])
        if price > best:
            best, name = price, plan.limits.limit_id[row]
        row = int(plan.limits.parent[row])
    return name


def _next_rise(power_kw: Floats, starts: Times) -> np.datetime64 | None:
    rises = np.flatnonzero(power_kw[1:] > power_kw[0] + _IDLE_KW)
    if rises.size == 0:
        return None
    moment: np.datetime64 = starts[rises[0] + 1]
    return moment


def _served_at(plan: LivePlan, s: int, mean_kw: Floats, starts: Times) -> np.datetime64 | None:
    session = plan.sessions[s]
    if session.energy_kwh <= _SERVED_KWH:
        return plan.now
    gain = np.where(mean_kw > 0, mean_kw * session.efficiency, mean_kw / session.efficiency)
    charged = np.cumsum(gain) * plan.signals.step_h
    reached = np.flatnonzero(charged >= session.energy_kwh - _SERVED_KWH)
    if reached.size == 0:
        return None
    k = int(reached[0])
    within_h = (session.energy_kwh - (charged[k - 1] if k else 0.0)) / max(gain[k], _IDLE_KW)
    share = _seconds(plan, s)[k] / plan.signals.step_s
    moment: np.datetime64 = starts[k] + np.timedelta64(round(within_h * share * 3600), "s")
    return moment


def _utc(moment: np.datetime64) -> dt.datetime:
    found: dt.datetime = moment.astype("datetime64[s]").astype(dt.datetime)
    return found.replace(tzinfo=dt.UTC)
