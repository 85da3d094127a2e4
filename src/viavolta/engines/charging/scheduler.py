"""The cheapest schedule of all stays under all limits, with a proven lower bound."""

import numpy as np

from viavolta.engines.charging.bound import charging_bound
from viavolta.engines.charging.cost import plan_of
from viavolta.engines.charging.decompose import Found, MakePool, Start, Task, master_of, search
from viavolta.engines.charging.finish import finish, is_small
from viavolta.engines.charging.fleet import RowShares
from viavolta.engines.charging.phases import chosen_phases
from viavolta.engines.charging.pool import ThreadPool
from viavolta.engines.charging.vehicles import Terms
from viavolta.engines.charging.window import windows
from viavolta.model.arrays import Floats
from viavolta.model.errors import PeerError
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.progress import StopRule, never
from viavolta.model.schedule import (
    SMALLEST_COST_EUR,
    BindingLimit,
    LimitPrices,
    PowerPlan,
    Schedule,
)
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_ROUNDING = 1e-6  # of the cost: more than that between cost and bound is no rounding

_BINDS_KW = 1e-6
"""A limit binds where the power comes this near, relative to the limit."""

MOST_PASSES = 240
"""Passes over all vehicles after which the search ends with the gap it has."""

_BEFORE_FINISH = 48
"""Passes after which a small task is finished by a linear program."""


def schedule(
    stays: StayTable,
    limits: LimitTree,
    signals: SignalTable,
    *,
    unmet_eur_per_kwh: float = 10.0,
    unfair_eur_per_kwh: float = 0.0,
    early_share: Floats | None = None,
    max_share: Floats | None = None,
    max_discharge_share: Floats | None = None,
    gap: float = 1e-3,
    stop: StopRule = never,
    seed: int = 1,
    most_passes: int = MOST_PASSES,
    make_pool: MakePool = ThreadPool,
    n_parts: int | None = None,
    start: Start | None = None,
) -> Schedule:
    """Find the power of every stay over time that costs least, and prove how good it is.

    All limits are priced by an augmented Lagrangian; every vehicle answers the prices by an exact
    oracle and moves toward its answer; what remains broken is repaired. Shortfall is soft: there is
    always an answer. The lower bound is the Lagrangian bound of `charging_bound`, which follows
    from the prices alone.

    Parameters
    ----------
    unmet_eur_per_kwh, unfair_eur_per_kwh
        Price of energy not delivered by departure, and what it costs more beyond half of what a
        stay wanted.
    early_share
        (K,) chance that the vehicle leaves for good at the end of a row of `windows(...)`.
    max_share, max_discharge_share
        (K,) share of max_kw and max_discharge_kw that a row allows; all of it without.
    gap
        Relative gap between cost and bound that is good enough.
    stop
        Asked after every pass; True ends the search with the best found so far.
    seed
        Random seed of the linear programs that finish small tasks.
    most_passes
        Passes over all vehicles at most.
    make_pool, n_parts
        Where parts work, and how many there are; the result depends on n_parts, not on the pool.
    start
        An earlier plan to begin with (see `reschedule`).

    Raises
    ------
    ValueError: the tables do not fit together (a stay outside the signals, an unknown limit).
    """
    if len(stays) and int(stays.limit.max()) >= len(limits):
        msg = "a stay hangs on a limit that is not in the tree"
        raise ValueError(msg)
    none = np.zeros(0)
    task = Task(
        stays=stays,
        limits=limits,
        signals=signals,
        terms=Terms(step_h=signals.step_h, unmet=unmet_eur_per_kwh, unfair=unfair_eur_per_kwh),
        rows=RowShares(
            scale=none if max_share is None else max_share,
            discharge_scale=none if max_discharge_share is None else max_discharge_share,
            early=none if early_share is None else early_share,
        ),
        window=windows(stays, signals),
        phase=chosen_phases(stays, limits),
    )
    master = master_of(task, make_pool=make_pool, n_parts=n_parts)

    def cost_of(power_kw: Floats) -> float:
        return _plan(task, power_kw).cost_eur

    small = is_small(master)
    found = search(
        master,
        cost_of=cost_of,
        gap=gap,
        stop=stop,
        most_passes=min(most_passes, _BEFORE_FINISH) if small else most_passes,
        start=start,
    )
    if small and not found.was_stopped and _gap(found) > gap:
        found = finish(master, found, cost_of=cost_of, gap=gap, stop=stop, seed=seed)
    return proven(task, found)


def _gap(found: Found) -> float:
    return (found.cost_eur - found.bound_eur) / max(abs(found.cost_eur), SMALLEST_COST_EUR)


def _plan(task: Task, power_kw: Floats) -> PowerPlan:
    return plan_of(
        power_kw,
        task.stays,
        limits=task.limits,
        signals=task.signals,
        unmet_eur_per_kwh=task.terms.unmet,
        unfair_eur_per_kwh=task.terms.unfair,
        early=task.rows.early if task.rows.early.size else None,
        phase_used=task.phase,
    )


def proven(task: Task, found: Found) -> Schedule:
    """Put the plan, its bound and the limits that bind together."""
    plan = _plan(task, found.power_kw)
    bound_eur = found.bound_eur
    if (task.stays.phase < 0).any():  # the bound must hold for every choice of phases
        bound_eur = charging_bound(
            found.prices,
            task.stays,
            limits=task.limits,
            signals=task.signals,
            unmet_eur_per_kwh=task.terms.unmet,
            unfair_eur_per_kwh=task.terms.unfair,
            rows=task.rows,
        )
    if bound_eur > plan.cost_eur + _ROUNDING * max(1.0, abs(plan.cost_eur)):
        raise PeerError(
            code="solver-failed",
            message=text("the schedule costs less than its own lower bound"),
            hint=text("figures that differ by more than a billion times are a common cause"),
        )
    return Schedule(
        plan=plan,
        prices=found.prices,
        lower_bound_eur=min(bound_eur, plan.cost_eur),
        binding_limits=binding_limits(
            found.prices, plan.net_kw, limits=task.limits, step_h=task.signals.step_h
        ),
        was_stopped=found.was_stopped,
    )


def binding_limits(
    prices: LimitPrices, net_kw: Floats, *, limits: LimitTree, step_h: float
) -> tuple[BindingLimit, ...]:
    """List the limits with a price, dearest first: how long, and what one more kW would save.

    An export price counts only where power flows out: at rest it prices nothing one could use.
    """
    grace = _BINDS_KW * np.maximum(1.0, limits.import_kw)
    imports = np.where(net_kw >= limits.import_kw - grace, prices.import_eur_per_kwh, 0.0)
    exports = np.where(net_kw < -_BINDS_KW, prices.export_eur_per_kwh, 0.0)
    price = imports + exports
    hours = (price > 0).sum(axis=1) * step_h
    value_eur = price.sum(axis=1) * step_h
    order = np.lexsort((np.arange(len(hours)), -value_eur))
    return tuple(
        BindingLimit(limit=int(row), hours=float(hours[row]), value_eur=float(value_eur[row]))
        for row in order
        if hours[row] > 0
    )
