"""Where a vehicle must choose: zero or at least its minimum power, charging or discharging.

The relaxed program lets a stay charge below its minimum power, and charge and discharge at once.
The second pays only where energy is worth less than nothing; netted, it overfills the battery.
Three steps mend a relaxed answer: overfull batteries get a direction for the steps concerned (a
linear program again); powers below the minimum, and the cheapest unused steps of the same stays,
become binary choices in a small mixed-integer program; a task small enough is also solved whole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.charging.bound import plug_prices
from viavolta.engines.charging.choices import with_choices
from viavolta.engines.charging.cost import battery_gain_kwh
from viavolta.engines.charging.program import Task, layout, power_of
from viavolta.engines.charging.window import cumulate_by_stay
from viavolta.engines.kit.milp import Outcome, Program, Solution, solve
from viavolta.model.arrays import Floats
from viavolta.model.progress import StopRule
from viavolta.model.schedule import LimitPrices

_TOLERANCE_KW = 1e-6
_TOLERANCE_KWH = 1e-6
_WIDTHS = (2, 8)  # unused steps that a stay below its minimum may also take, round by round
_MAX_NODES = 200
_MAX_WHOLE_CHOICES = 250  # above, HiGHS takes minutes and the small program is as good
_MAX_WHOLE_NODES = 2000
_PATIENT_ROUNDS = 8  # of directions for single steps, before all steps of a battery get one


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Power (K,) that stays can really do; the solver's bound, and whether it was stopped."""

    power_kw: Floats
    bound_eur: float
    was_stopped: bool


def needs_modes(power_kw: Floats, task: Task) -> bool:
    """Whether a relaxed answer, charging and discharging netted, cannot be done by its stays."""
    return bool(_is_below_minimum(power_kw, task).any() or _is_overfull(power_kw, task).any())


def solve_with_modes(
    program: Program,
    relaxed: Solution,
    *,
    task: Task,
    prices: LimitPrices,
    gap: float,
    stop: StopRule,
    seed: int,
) -> Found | None:
    """Find powers that every stay can do, starting from a relaxed answer that some cannot.

    The work is limited by numbers of nodes, not by a clock. None if the stop rule ended it before
    there was an answer.

    Parameters
    ----------
    program, relaxed, prices
        The relaxed program of the task, its answer and its prices.
    gap
        Relative distance from the relaxed optimum that is good enough.
    """
    target = relaxed.objective + gap * abs(relaxed.objective)
    directed = _with_directions(program, relaxed, task=task, stop=stop, seed=seed)
    if directed is None:
        return None
    narrowed, best = directed
    at_plug = plug_prices(prices, task.stays, window=task.window, limits=task.limits)
    if _is_below_minimum(power_of(best.x, task), task).any():
        found = _with_minimum(
            narrowed, best, task=task, price=at_plug, target=target, stop=stop, seed=seed
        )
        if found is None:
            return None
        best = found
    bound_eur = -np.inf
    if best.objective > target:
        best, bound_eur = _whole(program, best, task=task, gap=gap, stop=stop, seed=seed)
    return Found(
        power_kw=_snapped_kw(power_of(best.x, task), task),
        bound_eur=bound_eur,
        was_stopped=stop(),
    )


def _is_below_minimum(power_kw: Floats, task: Task) -> NDArray[np.bool_]:
    """(K,) charging, but with less than the stay's minimum."""
    minimum_kw = task.stays.min_kw[task.window.stay] * task.window.share
    return (power_kw > _TOLERANCE_KW) & (power_kw < minimum_kw - _TOLERANCE_KW)


def _is_overfull(power_kw: Floats, task: Task) -> NDArray[np.bool_]:
    """(K,) whether the step belongs to a stay whose battery the net power overfills."""
    stays, window = task.stays, task.window
    gain_kwh = battery_gain_kwh(power_kw, stays, window=window, step_h=task.signals.step_h)
    energy_kwh = cumulate_by_stay(gain_kwh, window.offsets) + stays.soc_arrival_kwh[window.stay]
    is_over = energy_kwh > stays.capacity_kwh[window.stay] + _TOLERANCE_KWH
    is_overfull_stay = np.zeros(len(stays), dtype=bool)
    is_overfull_stay[window.stay[is_over]] = True
    return is_overfull_stay[window.stay]


def _with_directions(
    program: Program, relaxed: Solution, *, task: Task, stop: StopRule, seed: int
) -> tuple[Program, Solution] | None:
    """Forbid one direction at steps that overfill a battery by using both, until none does.

    Forbidding leaves the program feasible, since doing nothing always is. Each round forbids at
    least one more step, so there is an end.
    """
    solution, n_rounds = relaxed, 0
    at = layout(task)
    while True:
        rows = task.discharging
        power_kw = power_of(solution.x, task)
        is_overfull = _is_overfull(power_kw, task)[rows]
        if not is_overfull.any():
            return program, solution
        charge = solution.x[at.charge + rows]
        discharge = solution.x[at.discharge : at.energy]
        is_both = (charge > _TOLERANCE_KW) & (discharge > _TOLERANCE_KW)
        n_rounds += 1
        if n_rounds <= _PATIENT_ROUNDS and (is_overfull & is_both).any():
            is_overfull &= is_both
        program = _directed(program, task, which=is_overfull, is_charging=charge >= discharge)
        solution = solve(program, stop=stop, seed=seed)
        if solution.outcome is not Outcome.OPTIMAL:
            return None


def _directed(
    program: Program, task: Task, *, which: NDArray[np.bool_], is_charging: NDArray[np.bool_]
) -> Program:
    """Leave one direction at steps of stays that can discharge. which, is_charging: (D,)."""
    at, upper = layout(task), program.upper.copy()
    upper[at.discharge + np.flatnonzero(which & is_charging)] = 0.0
    upper[at.charge + task.discharging[which & ~is_charging]] = 0.0
    return program.with_bounds(program.lower, upper)


def _with_minimum(
    program: Program,
    solution: Solution,
    *,
    task: Task,
    price: Floats,
    target: float,
    stop: StopRule,
    seed: int,
) -> Solution | None:
    """Choose between zero and the minimum where the answer is in between; the rest keeps its mode.

    Wider rounds follow while the answer is not good enough: each frees more unused steps.
    """
    best: Solution | None = None
    for width in _WIDTHS:
        is_free = _is_free(solution, task, price=price, width=width)
        found = solve(
            with_choices(
                _keeping_modes(program, solution, task=task, is_free=is_free),
                task,
                np.flatnonzero(is_free),
            ),
            stop=stop,
            seed=seed,
            max_nodes=_MAX_NODES,
            target=target,
        )
        if found.has_values and (best is None or found.objective < best.objective):
            best = found
        if stop() or (best is not None and best.objective <= target):
            break
    return best


def _whole(
    program: Program, best: Solution, *, task: Task, gap: float, stop: StopRule, seed: int
) -> tuple[Solution, float]:
    """Solve a small task with all its choices; returns the better answer and the proven bound."""
    at, window = layout(task), task.window
    is_choice = (task.stays.min_kw > 0) | (task.stays.max_discharge_kw > 0)
    rows = np.flatnonzero(is_choice[window.stay])
    if len(rows) > _MAX_WHOLE_CHOICES:
        return best, -np.inf
    x = best.x[: at.end]
    found = solve(
        with_choices(program, task, rows),
        gap=gap,
        stop=stop,
        seed=seed,
        max_nodes=_MAX_WHOLE_NODES,
        start=np.append(x, x[at.charge + rows] > _TOLERANCE_KW),
    )
    is_better = found.has_values and found.objective < best.objective
    return (found if is_better else best), found.bound


def _snapped_kw(power_kw: Floats, task: Task) -> Floats:
    """Lift powers that miss the minimum by the solver's tolerance; drop what is as good as zero."""
    minimum_kw = task.stays.min_kw[task.window.stay] * task.window.share
    is_dust = (np.abs(power_kw) < _TOLERANCE_KW) & (minimum_kw > _TOLERANCE_KW)
    is_near = (power_kw < minimum_kw) & (power_kw > minimum_kw - _TOLERANCE_KW) & ~is_dust
    return np.where(is_dust, 0.0, np.where(is_near, minimum_kw, power_kw))


def _is_free(solution: Solution, task: Task, *, price: Floats, width: int) -> NDArray[np.bool_]:
    """(K,) steps to choose for: those below the minimum, and for each of their stays the cheapest
    `width` steps that it does not use.
    """  # noqa: D205 - one sentence
    power_kw = power_of(solution.x, task)
    is_below = _is_below_minimum(power_kw, task)
    stay = task.window.stay
    is_concerned = np.zeros(len(task.stays), dtype=bool)
    is_concerned[stay[is_below]] = True
    unused = np.flatnonzero(is_concerned[stay] & (np.abs(power_kw) <= _TOLERANCE_KW))
    unused = unused[np.lexsort((unused, price[unused], stay[unused]))]
    first = np.searchsorted(stay[unused], stay[unused])
    is_free = is_below.copy()
    is_free[unused[np.arange(len(unused)) - first < width]] = True
    return is_free


def _keeping_modes(
    program: Program, solution: Solution, *, task: Task, is_free: NDArray[np.bool_]
) -> Program:
    """Bound all other charging to the mode it has: zero, or at least the minimum.

    Stays that can discharge keep their directions, so that no battery becomes overfull.
    """
    at, window = layout(task), task.window
    lower, upper = program.lower.copy(), program.upper.copy()
    power_kw = power_of(solution.x, task)
    minimum_kw = task.stays.min_kw[window.stay] * window.share
    has_minimum = minimum_kw > 0
    is_on = power_kw > _TOLERANCE_KW
    charge = at.charge + np.arange(len(window))
    upper[charge[has_minimum & ~is_on & ~is_free]] = 0.0
    is_held = has_minimum & is_on & ~is_free
    lower[charge[is_held]] = np.minimum(minimum_kw, upper[charge])[is_held]
    narrowed = program.with_bounds(lower, upper)
    is_charging = (is_on | is_free)[task.discharging]
    every = np.ones(len(task.discharging), dtype=bool)
    return _directed(narrowed, task, which=every, is_charging=is_charging)
