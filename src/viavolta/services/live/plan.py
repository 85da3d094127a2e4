"""One plan of all sessions under way, made anew after every event.

A session is a stay from now to its departure; a driver who wants power at once is a stay that ends
when full power would have served it, or as much later as limits make it, so that nothing but a
limit makes her wait. What was planned before is kept where nothing speaks against it.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from viavolta.engines.charging.reschedule import reschedule
from viavolta.engines.charging.scheduler import schedule
from viavolta.model.arrays import Floats, Times
from viavolta.model.limit import LimitTree
from viavolta.model.progress import StopRule, never
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable, stay_table

SECONDS_PER_HOUR = 3600
MOST_ROUNDS = 4
"""Further plans until the stays of those who want power at once are long enough for the limits."""

_LACK_KWH = 0.01
Ends = list[np.datetime64]

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
    comes_first : before others that want power at once, where a limit does not leave it to all.
    phase : 0 for three phases evenly, 1 to 3 for the one that it loads.
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
    comes_first: bool = False
    phase: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """A plan from `now` on, and what it was made of.

    `latest` (S,) is when each session's stay could end at the latest: with the last step before
    its departure. `extra_kwh` (S,) is what stays were made to want beyond their sessions' need, so
    that those that want power at once fill their last step, too; it is no lack where they do not
    get it.
    """

    now: np.datetime64
    sessions: tuple[LiveSession, ...]
    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    schedule: Schedule
    latest: Times
    extra_kwh: Floats

    @property
    def lack_kwh(self) -> Floats:
        """(S,) what each session needs and does not get before its stay ends."""
        return np.maximum(self.schedule.plan.unmet_kwh - self.extra_kwh, 0.0)


def plan_now(
    sessions: Sequence[LiveSession],
    limits: LimitTree,
    signals: SignalTable,
    *,
    now: np.datetime64,
    before: LivePlan | None = None,
    gap: float = 1e-3,
    unmet_eur_per_kwh: float = 10.0,
    stop: StopRule = never,
    first_may_wait: bool = True,
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
    stop
        Asked now and then; True ends the search with the best plan found so far.
    first_may_wait
        Whether limits may keep those that come first waiting where all others wait already;
        without, they lack what does not fit.

    Raises
    ------
    ValueError: a session hangs on no limit of the tree, or the signals do not reach.
    """
    wide, left = _early_first(signals), _what_is_left(limits, signals, now)
    ends = soonest = [_end(session, signals, now) for session in sessions]
    latest = [_last_end(session, signals, now) for session in sessions]

    def planned(ends: Ends, earlier: LivePlan | None) -> LivePlan:
        extra_kwh = np.array(
            [
                _extra_kwh(s, end, first, now)
                for s, end, first in zip(sessions, ends, soonest, strict=True)
            ]
        )
        stays = _stays(sessions, ends, limits, now, extra_kwh)
        schedule_of = _again(earlier, left, wide, gap=gap, unmet=unmet_eur_per_kwh, stop=stop)
        return LivePlan(
            now=now,
            sessions=tuple(sessions),
            stays=stays,
            limits=left,
            signals=wide,
            schedule=schedule_of(stays),
            latest=np.array(latest, dtype="datetime64[s]"),
            extra_kwh=extra_kwh,
        )

    found = planned(ends, before)
    for _ in range(MOST_ROUNDS):
        longer = _longer(found, ends, latest, first_may_wait=first_may_wait)
        if longer == ends:
            break
        ends, found = longer, planned(longer, found)
    return found


def _again(
    before: LivePlan | None,
    limits: LimitTree,
    signals: SignalTable,
    *,
    gap: float,
    unmet: float,
    stop: StopRule,
) -> Callable[[StayTable], Schedule]:
    """How stays are scheduled: from an earlier plan on, if there is one under the same tree."""
    if before is None or before.limits.limit_id != limits.limit_id or not len(before.stays):
        return partial(
            schedule, limits=limits, signals=signals, gap=gap, unmet_eur_per_kwh=unmet, stop=stop
        )
    elapsed = (signals.start[0] - before.signals.start[0]).astype(np.int64) // signals.step_s

    def again(stays: StayTable) -> Schedule:
        return reschedule(
            before.schedule,
            before.stays,
            stays=stays,
            limits=limits,
            signals=signals,
            elapsed_steps=int(elapsed),
            gap=gap,
            unmet_eur_per_kwh=unmet,
            stop=stop,
        )

    return again


def _longer(plan: LivePlan, ends: Ends, latest: Ends, *, first_may_wait: bool) -> Ends:
    """Ends of stays that want power at once, later where limits did not leave them enough.

    Who comes first waits last: as long as others under the same limits can, they do.
    """
    lack_kwh = [
        float(kwh) if session.is_now and kwh > _LACK_KWH else 0.0
        for session, kwh in zip(plan.sessions, plan.lack_kwh, strict=True)
    ]
    top = [_top(plan, s) for s in range(len(ends))]
    before_kwh: dict[int, float] = {}
    for s, session in enumerate(plan.sessions):
        if session.comes_first:
            before_kwh[top[s]] = before_kwh.get(top[s], 0.0) + lack_kwh[s]
    found = list(ends)
    for s, session in enumerate(plan.sessions):
        if session.is_now and not session.comes_first:
            found[s] = _later(plan, s, lack_kwh[s] + before_kwh.get(top[s], 0.0), ends, latest)
    can_wait = {top[s] for s in range(len(ends)) if found[s] > ends[s]}
    for s, session in enumerate(plan.sessions):
        if first_may_wait and session.comes_first and top[s] not in can_wait:
            found[s] = _later(plan, s, lack_kwh[s], ends, latest)
    return found


def _later(plan: LivePlan, s: int, kwh: float, ends: Ends, latest: Ends) -> np.datetime64:
    """The end of a stay that needs so much more time; of one that may wait half as long again."""
    session = plan.sessions[s]
    if kwh <= 0:
        return ends[s]
    hours = kwh / session.efficiency / session.max_kw
    steps = math.ceil(hours / plan.signals.step_h)
    later = ends[s] + np.timedelta64(steps * plan.signals.step_s, "s")
    if not session.comes_first:  # few rounds
        later = max(later, _whole(plan, ends[s] + (ends[s] - plan.now) / 2))
    return min(latest[s], later)


def _top(plan: LivePlan, s: int) -> int:
    """The root above a plug."""
    row = int(plan.stays.limit[s])
    while plan.limits.parent[row] >= 0:
        row = int(plan.limits.parent[row])
    return row


def _whole(plan: LivePlan, moment: np.datetime64) -> np.datetime64:
    """The end of the step that a moment lies in."""
    step_s = plan.signals.step_s
    steps = -(-(moment - plan.signals.start[0]).astype(np.int64) // step_s)
    end: np.datetime64 = plan.signals.start[0] + np.timedelta64(int(steps) * step_s, "s")
    return end


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
    ends: Sequence[np.datetime64],
    limits: LimitTree,
    now: np.datetime64,
    extra_kwh: Floats,
) -> StayTable:
    row = {name: k for k, name in enumerate(limits.limit_id)}
    lost = [s.session_id for s in sessions if s.limit_id not in row]
    if lost:
        msg = f"sessions on no limit of the tree: {', '.join(lost[:5])}"
        raise ValueError(msg)
    efficiency = [s.efficiency for s in sessions]
    return stay_table(
        tuple(s.session_id for s in sessions),
        np.full(len(sessions), now, dtype="datetime64[s]"),
        departure=np.array(ends, dtype="datetime64[s]"),
        soc_arrival_kwh=[s.soc_kwh for s in sessions],
        limit=[row[s.limit_id] for s in sessions],
        charge_efficiency=efficiency,
        discharge_efficiency=efficiency,
        energy_kwh=np.array([s.energy_kwh for s in sessions]) + extra_kwh,
        max_kw=[s.max_kw for s in sessions],
        min_kw=[s.min_kw for s in sessions],
        max_discharge_kw=[s.max_discharge_kw for s in sessions],
        capacity_kwh=[s.capacity_kwh for s in sessions],
        soc_min_kwh=[s.soc_min_kwh for s in sessions],
        wear_eur_per_kwh=[s.wear_eur_per_kwh for s in sessions],
        phase=[s.phase for s in sessions],
    )


def _end(session: LiveSession, signals: SignalTable, now: np.datetime64) -> np.datetime64:
    """When the stay ends: with the last step before departure, or once full power served it."""
    latest = _last_end(session, signals, now)
    if not session.is_now:
        return latest
    hours = max(session.energy_kwh, 0.0) / session.efficiency / session.max_kw
    served_s = (now - signals.start[0]).astype(np.int64) + hours * SECONDS_PER_HOUR
    steps = max(math.ceil(served_s / signals.step_s), _under_way(signals, now) + 1)
    served: np.datetime64 = signals.start[0] + np.timedelta64(steps * signals.step_s, "s")
    return min(served, latest)


def _extra_kwh(
    session: LiveSession, end: np.datetime64, soonest: np.datetime64, now: np.datetime64
) -> float:
    """What full power until the end of a stay that nothing has lengthened gives beyond the need."""
    if not session.is_now or end != soonest or session.energy_kwh <= 0:
        return 0.0
    hours = float((end - now).astype(np.int64)) / SECONDS_PER_HOUR
    full_kwh = session.max_kw * hours * session.efficiency
    if not math.isnan(session.capacity_kwh):
        full_kwh = min(full_kwh, session.capacity_kwh - session.soc_kwh)
    return max(full_kwh - session.energy_kwh, 0.0)


def _last_end(session: LiveSession, signals: SignalTable, now: np.datetime64) -> np.datetime64:
    """The last end of a step before departure; of the step under way at least."""
    whole = int((session.departure - signals.start[0]).astype(np.int64)) // signals.step_s
    steps = min(max(whole, _under_way(signals, now) + 1), signals.n_steps)
    end: np.datetime64 = signals.start[0] + np.timedelta64(steps * signals.step_s, "s")
    return end


def _under_way(signals: SignalTable, now: np.datetime64) -> int:
    """The step that now lies in."""
    return int((now - signals.start[0]).astype(np.int64)) // signals.step_s


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
