"""One plan of all sessions under way, made anew after every event.

A session is a stay from now to its departure; a driver who wants power at once is a stay that ends
when full power would have served it, so that nothing but a limit makes her wait. What was planned
before is kept where nothing speaks against it.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.reschedule import reschedule
from viavolta.engines.charging.scheduler import schedule
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable, stay_table

SECONDS_PER_HOUR = 3600

EARLY_EUR_PER_KWH_H = 5e-4
"""What an hour's delay counts, per kWh: of hours that cost the same the earlier is taken, since a
driver may leave before she said. Half a cent over a night: no cheaper hour is given up for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A vehicle at a plug, now.

    Attributes
    ----------
    session_id : unique.
    limit_id : of the tree, what its plug hangs on.
    departure : datetime64[s], UTC: what the driver said, or what was forecast.
    energy_kwh : still to be charged into the battery by then.
    max_kw, min_kw : at the plug; charging is 0 or between the two.
    max_discharge_kw : 0 where the driver or the plug does not allow it.
    capacity_kwh, soc_kwh : NaN where they are not known: then nothing is discharged.
    soc_min_kwh : what the driver always keeps.
    efficiency : of charging, and of discharging.
    wear_eur_per_kwh : what the driver is paid for each kWh taken out.
    is_now : full power at once, whatever it costs.
    """

    session_id: str
    limit_id: str
    departure: np.datetime64
    energy_kwh: float
    max_kw: float
    min_kw: float = 0.0
    max_discharge_kw: float = 0.0
    capacity_kwh: float = math.nan
    soc_kwh: float = math.nan
    soc_min_kwh: float = 0.0
    efficiency: float = 1.0
    wear_eur_per_kwh: float = 0.0
    is_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """A plan from `now` on, and what it was made of."""

    now: np.datetime64
    sessions: tuple[LiveSession, ...]
    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    schedule: Schedule


def plan_now(
    sessions: Sequence[LiveSession],
    limits: LimitTree,
    signals: SignalTable,
    *,
    now: np.datetime64,
    before: LivePlan | None = None,
    gap: float = 1e-3,
    unmet_eur_per_kwh: float = 10.0,
) -> LivePlan:
    """Plan all sessions from now on, at least cost under all limits, with a proven bound.

    Signals are the given ones plus `EARLY_EUR_PER_KWH_H`; cost and bound are by them. Every stay
    ends with a step, so that what a step holds on average it holds at every moment; of the step
    that is under way the plan has what is left, of its limits too.

    Parameters
    ----------
    signals
        Begin at or before now, and reach beyond every departure.
    before
        The plan that was in force, if there is one under the same tree of limits.

    Raises
    ------
    ValueError: a session hangs on no limit of the tree, or the signals do not reach.
    """
    stays = _stays(sessions, limits, signals, now)
    signals, limits = _early_first(signals), _what_is_left(limits, signals, now)
    if before is not None and before.limits.limit_id == limits.limit_id and len(before.stays):
        elapsed = (signals.start[0] - before.signals.start[0]).astype(np.int64) // signals.step_s
        found = reschedule(
            before.schedule,
            before.stays,
            stays=stays,
            limits=limits,
            signals=signals,
            elapsed_steps=int(elapsed),
            gap=gap,
            unmet_eur_per_kwh=unmet_eur_per_kwh,
        )
    else:
        found = schedule(stays, limits, signals, gap=gap, unmet_eur_per_kwh=unmet_eur_per_kwh)
    return LivePlan(
        now=now,
        sessions=tuple(sessions),
        stays=stays,
        limits=limits,
        signals=signals,
        schedule=found,
    )


def _early_first(signals: SignalTable) -> SignalTable:
    """Prices that grow a little with time, buying and selling alike."""
    hours = (signals.start - signals.start[0]).astype(np.int64) / SECONDS_PER_HOUR
    later = EARLY_EUR_PER_KWH_H * hours
    return dataclasses.replace(
        signals,
        buy_eur_per_kwh=signals.buy_eur_per_kwh + later,
        sell_eur_per_kwh=signals.sell_eur_per_kwh + later,
    )


def _what_is_left(limits: LimitTree, signals: SignalTable, now: np.datetime64) -> LimitTree:
    """Limits whose step under way counts, as a mean over the whole step, for what is left of it."""
    passed_s = int((now - signals.start[0]).astype(np.int64))
    step, into_s = divmod(passed_s, signals.step_s)
    share = np.ones(signals.n_steps)
    share[step] -= into_s / signals.step_s
    return dataclasses.replace(
        limits,
        import_kw=limits.import_kw * share,
        export_kw=limits.export_kw * share,
        base_load_kw=limits.base_load_kw * share,
    )


def _stays(
    sessions: Sequence[LiveSession],
    limits: LimitTree,
    signals: SignalTable,
    now: np.datetime64,
) -> StayTable:
    row = {name: k for k, name in enumerate(limits.limit_id)}
    lost = [s.session_id for s in sessions if s.limit_id not in row]
    if lost:
        msg = f"sessions on no limit of the tree: {', '.join(lost[:5])}"
        raise ValueError(msg)
    efficiency = [s.efficiency for s in sessions]
    return stay_table(
        tuple(s.session_id for s in sessions),
        np.full(len(sessions), now),
        departure=[_end(s, signals, now) for s in sessions],
        soc_arrival_kwh=[s.soc_kwh for s in sessions],
        limit=[row[s.limit_id] for s in sessions],
        charge_efficiency=efficiency,
        discharge_efficiency=efficiency,
        energy_kwh=[s.energy_kwh for s in sessions],
        max_kw=[s.max_kw for s in sessions],
        min_kw=[s.min_kw for s in sessions],
        max_discharge_kw=[s.max_discharge_kw for s in sessions],
        capacity_kwh=[s.capacity_kwh for s in sessions],
        soc_min_kwh=[s.soc_min_kwh for s in sessions],
        wear_eur_per_kwh=[s.wear_eur_per_kwh for s in sessions],
    )


def _end(session: LiveSession, signals: SignalTable, now: np.datetime64) -> np.datetime64:
    """When the stay ends: the last step before departure, one step at least."""
    first, step_s = signals.start[0], signals.step_s
    under_way = int((now - first).astype(np.int64)) // step_s
    last = int((session.departure - first).astype(np.int64)) // step_s
    if session.is_now:
        hours = max(session.energy_kwh, 0.0) / session.efficiency / session.max_kw
        served_s = (now - first).astype(np.int64) + hours * SECONDS_PER_HOUR
        last = min(last, math.ceil(served_s / step_s))
    steps = min(max(last, under_way + 1), signals.n_steps)
    end: np.datetime64 = first + np.timedelta64(steps * step_s, "s")
    return end


def with_limit(limits: LimitTree, limit_id: str, *, import_kw: float) -> LimitTree:
    """The tree with another import limit at one place, over all its steps.

    Raises
    ------
    ValueError: the tree has no such limit.
    """
    if limit_id not in limits.limit_id:
        msg = f"no limit {limit_id}"
        raise ValueError(msg)
    changed = np.array(limits.import_kw)
    changed[limits.limit_id.index(limit_id)] = import_kw
    return dataclasses.replace(limits, import_kw=changed)
