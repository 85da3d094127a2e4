"""One decision for all sessions of a tenant: who gets how much now, why, and until when."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from viavolta.model.arrays import Floats
from viavolta.model.limit import LimitTree
from viavolta.model.progress import StopRule, never
from viavolta.model.signal import SignalTable
from viavolta.protocols.ocpp.charging_profile import ChargingProfile
from viavolta.services.live.believed import stay_of
from viavolta.services.live.departure import Leaving, leaving
from viavolta.services.live.facts import AtPlug, Levels, TenantFacts
from viavolta.services.live.fairness import fair_shares, is_short, possible_kwh
from viavolta.services.live.figures import LiveFigures
from viavolta.services.live.limits import Grid, limit_tree, place_of
from viavolta.services.live.orders import Order, Why, levels_of, orders_of, scarce_limit
from viavolta.services.live.plan import LivePlan, LiveSession, plan_now
from viavolta.services.live.prices import signals_of
from viavolta.services.live.safe import safe_kw

STEP_S = 900
_MISSES_KWH = 0.05
_WHOLE = 0.999
GAP, GAP_OF_MANY, MANY = 1e-3, 2e-2, 100
"""A plan is good enough within a thousandth of the best cost; of many sessions within a fiftieth,
since there time matters more."""

LONGEST = dt.timedelta(hours=48)
"""A plan looks ahead so far; who leaves later is planned up to there, again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided of a session.

    `share` is what fairness leaves of the need; `missing_kwh` what will lack at departure;
    `is_taken` whether the station keeps to a plan. `profile` is None where it does as it likes or
    cannot be told: then `power_kw` is what is reckoned with.
    """

    plug: AtPlug
    leaves: Leaving
    power_kw: float
    why: Why
    limit_id: str = ""
    until: dt.datetime | None = None
    served_at: dt.datetime | None = None
    energy_kwh: float
    missing_kwh: float = 0.0
    share: float = 1.0
    levels: Levels = ()
    profile: ChargingProfile | None = None
    is_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A plan of a tenant, and what it means for each of its sessions; `plan` None without any."""

    now: dt.datetime
    plan: LivePlan | None
    sessions: tuple[Decided, ...]


def decide(
    facts: TenantFacts,
    *,
    now: dt.datetime,
    figures: LiveFigures,
    before: LivePlan | None = None,
    stop: StopRule = never,
) -> Decision:
    """Plan all sessions of a tenant from now on.

    Sessions that follow are planned; those of stations that refuse, or cannot be reached, count as
    loads under their limits. The order in which sessions, limits and prices are given is nothing.

    Raises
    ------
    ValueError: limits hang on each other in a circle, or a figure is not finite.
    """
    plugs = sorted(facts.sessions, key=lambda one: one.session_id)
    leaves = {p.session_id: leaving(p, now=now, figures=figures) for p in plugs}
    followers = [p for p in plugs if p.is_on_line and not p.refuses]
    stays = [
        stay_of(
            p,
            leaves[p.session_id],
            limit_id=place_of(p.limit_id, facts.limits),
            now=now,
            figures=figures,
        )
        for p in followers
    ]
    grid = _grid([leaves[p.session_id].at for p in followers], facts, now)
    loads = {
        p.session_id: (p, load_kw(p, facts, grid, figures))
        for p in plugs
        if p.refuses or not p.is_on_line
    }
    decided = [_by_itself(p, leaves[i], float(kw[0]), figures) for i, (p, kw) in loads.items()]
    if not stays:
        return Decision(now=now, plan=None, sessions=tuple(decided))
    wanted = _wanted(facts, stays, loads, grid=grid)
    moment = np.datetime64(now.replace(tzinfo=None), "s")
    gap = GAP if len(stays) < MANY else GAP_OF_MANY
    plan = plan_now(
        stays, *wanted, now=moment, before=before, gap=gap, stop=stop, first_may_wait=False
    )
    shares, scarce = np.ones(len(stays)), [""] * len(stays)
    if is_short(plan):
        shares = fair_shares(plan, [stay.comes_first for stay in stays])
        scarce = [scarce_limit(plan, s) for s in range(len(stays))]
        needed = np.array([stay.energy_kwh for stay in stays])
        fair_kwh = np.minimum(needed, shares * possible_kwh(plan))
        fair = [replace(s, energy_kwh=float(kwh)) for s, kwh in zip(stays, fair_kwh, strict=True)]
        plan = plan_now(fair, *wanted, now=moment, before=plan, gap=gap, stop=stop)
    for k, order in enumerate(orders_of(plan)):
        plug = followers[k]
        found = _follows(plug, stays[k], plan.sessions[k], order, leaves[plug.session_id])
        decided.append(_limited(found, float(shares[k]), scarce[k]))
    return Decision(now=now, plan=plan, sessions=tuple(decided))


def load_kw(plug: AtPlug, facts: TenantFacts, grid: Grid, figures: LiveFigures) -> Floats:
    """(T,) what a session is reckoned with that is not planned.

    One that refuses draws on as it does now. One whose station is away keeps to what it was told
    last while that holds, and to the safe default after it; but never counts less than it drew.
    """
    now_kw = max(plug.power_kw or 0.0, 0.0)
    if plug.power_kw is None:
        now_kw = figures.plug_kw if plug.outlet_kw is None else plug.outlet_kw
    if plug.is_on_line or not plug.held:
        return np.full(grid.n_steps, now_kw)
    default_kw = safe_kw(plug.limit_id, facts)
    after_kw = now_kw if default_kw is None else default_kw
    moments = zip(grid.starts(), grid.ends(), strict=True)
    told = [[_held_kw(plug.held, at, after_kw) for at in both] for both in moments]
    found = np.array([max(*both, 0.0) for both in told])
    found[0] = max(found[0], now_kw)
    return found


def _held_kw(held: Levels, moment: dt.datetime, after_kw: float) -> float:
    """The power that holds at a moment; the last entry is where the profile ends."""
    if held[-1][0] <= moment:
        return after_kw
    past = [kw for at, kw in held[:-1] if at <= moment]
    return past[-1] if past else held[0][1]


def _grid(departures: Sequence[dt.datetime], facts: TenantFacts, now: dt.datetime) -> Grid:
    """Steps on the quarters of the hour, as prices change; from now on where fuses limit phases.

    What is left of a step that is under way has its own limits, but phases have the same in all.
    """
    second = int(now.timestamp())
    has_phases = any(one.fuse_a is not None for one in facts.limits)
    passed_s = 0 if has_phases else second % STEP_S
    first = dt.datetime.fromtimestamp(second - passed_s, dt.UTC)
    last = min(max([now, *departures]), now + LONGEST)
    n_steps = max(math.ceil((last - first).total_seconds() / STEP_S), 1)
    return Grid(first=first, now=now, n_steps=n_steps, step_s=STEP_S)


def _wanted(
    facts: TenantFacts,
    stays: Sequence[LiveSession],
    loads: Mapping[str, tuple[AtPlug, Floats]],
    *,
    grid: Grid,
) -> tuple[LimitTree, SignalTable]:
    """Limits, with the loads of those that are not planned, and prices."""
    loads_kw: dict[str, Floats] = {}
    for plug, kw in loads.values():
        place = place_of(plug.limit_id, facts.limits)
        loads_kw[place] = loads_kw.get(place, np.zeros(grid.n_steps)) + kw
    limits = limit_tree(
        facts.limits,
        facts.spans,
        loads_kw=loads_kw,
        roof_kw=1.0 + sum(s.max_kw + s.max_discharge_kw for s in stays),
        grid=grid,
    )
    return limits, signals_of(facts.prices, grid)


def _follows(
    plug: AtPlug, stay: LiveSession, planned: LiveSession, order: Order, leaves: Leaving
) -> Decided:
    """What the plan means for a session; `planned` is its stay as fairness left it."""
    missing_kwh = order.missing_kwh + max(stay.energy_kwh - planned.energy_kwh, 0.0)
    return Decided(
        plug=plug,
        leaves=leaves,
        power_kw=order.power_kw,
        why=order.why,
        limit_id=order.limit_id,
        until=_utc(order.until),
        served_at=None if missing_kwh > _MISSES_KWH else _utc(order.served_at),
        energy_kwh=stay.energy_kwh,
        missing_kwh=missing_kwh,
        levels=levels_of(order.profile),
        profile=order.profile,
        is_taken=True,
    )


def _limited(decided: Decided, share: float, limit_id: str) -> Decided:
    """The same with the share that fairness left, and the limit that made it necessary."""
    if share >= _WHOLE:
        return decided
    is_told = decided.why in {Why.LIMITED, Why.GIVES_BACK, Why.FULL_POWER}
    if is_told or not limit_id:
        return replace(decided, share=share)
    return replace(decided, share=share, why=Why.LIMITED, limit_id=limit_id)


def _by_itself(plug: AtPlug, leaves: Leaving, kw: float, figures: LiveFigures) -> Decided:
    """A session that is not planned: what it is reckoned with."""
    place = plug.limit_id
    stay = stay_of(plug, leaves, limit_id=place, now=leaves.at, figures=figures)
    return Decided(
        plug=plug,
        leaves=leaves,
        power_kw=kw,
        why=Why.BY_ITSELF if plug.is_on_line else Why.AWAY,
        energy_kwh=stay.energy_kwh,
        levels=() if plug.is_on_line else plug.held,
        is_taken=not plug.is_on_line and bool(plug.held),
    )


def _utc(moment: np.datetime64 | None) -> dt.datetime | None:
    if moment is None:
        return None
    found: dt.datetime = moment.astype("datetime64[s]").astype(dt.datetime)
    return found.replace(tzinfo=dt.UTC)
