"""The cheapest schedule of all stays under all limits, with a proven lower bound."""

import numpy as np

from viavolta.engines.charging.bound import charging_bound
from viavolta.engines.charging.cost import plan_of
from viavolta.engines.charging.first_come import first_come_kw
from viavolta.engines.charging.modes import Found, needs_modes, solve_with_modes
from viavolta.engines.charging.program import (
    Task,
    linear_program,
    power_of,
    prices_of,
    prices_without_search,
    task_of,
)
from viavolta.engines.kit.milp import Outcome, solve
from viavolta.model.arrays import Floats
from viavolta.model.errors import PeerError
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.progress import StopRule, never
from viavolta.model.schedule import BindingLimit, LimitPrices, Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_ROUNDING = 1e-5  # of the cost: more than that between cost and bound is no rounding

_BINDS_KW = 1e-6
"""A limit binds where the power comes this near, relative to the limit."""


def schedule(
    stays: StayTable,
    limits: LimitTree,
    signals: SignalTable,
    *,
    unmet_eur_per_kwh: float = 10.0,
    gap: float = 1e-3,
    stop: StopRule = never,
    seed: int = 1,
) -> Schedule:
    """Find the power of every stay over time that costs least, and prove how good it is.

    An exact linear program; only where vehicles have a minimum power, or would charge and
    discharge at once to burn energy under negative prices, binary columns are added and `gap` and
    the stop rule matter. Shortfall is soft: there is always an answer.

    The lower bound is the Lagrangian bound of `charging_bound` at the prices of the linear
    relaxation, recomputed from these prices alone.

    Parameters
    ----------
    unmet_eur_per_kwh
        Price of energy not delivered by departure.
    gap
        Relative gap between cost and bound at which the search for binaries ends.
    stop
        Asked during the search; True ends it with the best found so far, at worst first come,
        first served.
    seed
        Random seed of the solver.

    Raises
    ------
    ValueError: the tables do not fit together (a stay outside the signals, an unknown limit).
    PeerError: the solver fails.
    """
    task = task_of(stays, limits, signals=signals, unmet_eur_per_kwh=unmet_eur_per_kwh)
    program = linear_program(task)
    relaxed = solve(program, stop=stop, seed=seed)
    if relaxed.outcome is Outcome.STOPPED:
        return _proven(_first_come(task, was_stopped=True), prices_without_search(task), task=task)
    if relaxed.outcome is not Outcome.OPTIMAL:
        raise _failed(relaxed.outcome)
    prices = prices_of(relaxed, task)
    power_kw = power_of(relaxed.x, task)
    found: Found | None = Found(power_kw=power_kw, bound_eur=-np.inf, was_stopped=False)
    if needs_modes(power_kw, task):
        found = solve_with_modes(
            program, relaxed, task=task, prices=prices, gap=gap, stop=stop, seed=seed
        )
    return _proven(found or _first_come(task, was_stopped=stop()), prices, task=task)


def _failed(reason: str) -> PeerError:
    return PeerError(
        code="solver-failed",
        message=text("the solver HiGHS failed: {reason}", reason=reason),
        hint=text("figures that differ by more than a billion times are a common cause"),
    )


def _first_come(task: Task, *, was_stopped: bool) -> Found:
    power_kw = first_come_kw(
        task.stays, task.window, limits=task.limits, step_h=task.signals.step_h
    )
    return Found(power_kw=power_kw, bound_eur=-np.inf, was_stopped=was_stopped)


def _proven(found: Found, prices: LimitPrices, *, task: Task) -> Schedule:
    """Put the plan, its bound and the limits that bind together."""
    plan = plan_of(
        found.power_kw,
        task.stays,
        limits=task.limits,
        signals=task.signals,
        unmet_eur_per_kwh=task.unmet_eur_per_kwh,
    )
    bound_eur = charging_bound(
        prices,
        task.stays,
        limits=task.limits,
        signals=task.signals,
        unmet_eur_per_kwh=task.unmet_eur_per_kwh,
    )
    if max(bound_eur, found.bound_eur) > plan.cost_eur + _ROUNDING * max(1.0, abs(plan.cost_eur)):
        raise _failed(text("the cost is below its own lower bound"))
    lower_bound_eur = min(bound_eur, plan.cost_eur)
    return Schedule(
        plan=plan,
        prices=prices,
        lower_bound_eur=lower_bound_eur,
        solver_bound_eur=min(max(found.bound_eur, lower_bound_eur), plan.cost_eur),
        binding_limits=binding_limits(
            prices, plan.net_kw, limits=task.limits, step_h=task.signals.step_h
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
