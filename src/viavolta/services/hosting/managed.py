"""How many vehicles can be charged when charging is managed, with or without giving back.

The scheduler is given the limits of `engines.grid.hosting.budgets`, which the grid bears by proof,
and asked for the weeks that are hardest by energy wanted over energy allowed. A number of vehicles
counts as served when at most `unmet_share` of the energy lacks. The number is never below the one
without management, since not managing is one way to manage.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.window import windows
from viavolta.engines.grid.hosting.budgets import Budget, budget_of
from viavolta.engines.grid.hosting.placement import Placement
from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.engines.grid.hosting.unmanaged import Filled
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.progress import StopRule
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable
from viavolta.services.hosting.vehicles import VehicleYears, flat_signals, stays_at

_GAP = 0.01
_WEEK_H = 168
_AFTER_H = 48
_NO_LIMIT_KW = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Management:
    """How managed charging is judged.

    Attributes
    ----------
    has_v2x : whether vehicles that can give back may. n_weeks : hardest weeks that are scheduled;
        0 for the whole time at once. most_passes : of the scheduler. unmet_share : see above.
    """

    has_v2x: bool
    n_weeks: int
    most_passes: int
    unmet_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """What one draw found. G areas, as `Filled`."""

    n_vehicles: Ints
    plug_kw: Floats
    is_full: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def manage(
    task: HostingTask,
    years: VehicleYears,
    placement: Placement,
    *,
    filled: Filled,
    management: Management,
) -> Managed:
    """Search the number of vehicles of each area, from the number without management upward."""
    n_areas = len(task.areas.area_id)
    found = filled.n_vehicles.copy()
    below = task.areas.is_below[:, placement.node]
    most = below.sum(axis=1)
    order = [*range(1, n_areas), 0]  # the grid last: it holds no more than its areas do
    for area in order:
        members = np.flatnonzero(below[area])
        if area == 0:
            members = members[: _first_full(below, found, most)]

        def is_served(n: int, area: int = area, members: Ints = members) -> bool:
            chosen = members[:n]
            counts = np.bincount(placement.node[chosen], minlength=task.grid.n_nodes)
            budget = budget_of(task, area, n_vehicles=counts)
            return served(
                task,
                years,
                budget,
                node=placement.node[chosen],
                vehicle=placement.vehicle[chosen],
                management=management,
            )

        found[area] = max(found[area], largest(is_served, int(found[area]), len(members)))
    plugs = years.pool.plug_kw[placement.vehicle]
    plug_kw = np.array(
        [
            plugs[np.flatnonzero(below[area])[: found[area]]].sum()
            if found[area] > filled.n_vehicles[area]
            else filled.plug_kw[area]
            for area in range(n_areas)
        ]
    )
    return Managed(n_vehicles=found, plug_kw=plug_kw, is_full=found < most)


def _first_full(
    below: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], found: Ints, most: Ints
) -> int:
    """How many vehicles of the placement have come before the first area is one too many."""
    first = below.shape[1]
    for area in range(1, len(found)):
        if found[area] < most[area]:
            first = min(first, int(np.flatnonzero(below[area])[found[area]]))
    return first


def largest(is_fine: Callable[[int], bool], low: int, high: int) -> int:
    """Largest number from low to high that is fine, low being so; bisected, to two per cent."""
    if high <= low:
        return low
    if is_fine(high):
        return high
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        if is_fine(middle):
            low = middle
        else:
            high = middle
    return low


def served(
    task: HostingTask,
    years: VehicleYears,
    budget: Budget,
    *,
    node: Ints,
    vehicle: Ints,
    management: Management,
) -> bool:
    """Whether the scheduler can charge vehicles at nodes within limits, in the hardest weeks."""
    parts = _spans(task, years, budget, vehicle=vehicle, n_weeks=management.n_weeks)
    return all(
        lacking_share(
            task, years, budget, node=node, vehicle=vehicle, span=span, management=management
        )
        <= management.unmet_share
        for span in parts
    )


def lacking_share(
    task: HostingTask,
    years: VehicleYears,
    budget: Budget,
    *,
    node: Ints,
    vehicle: Ints,
    span: tuple[int, int],
    management: Management,
) -> float:
    """Share of the energy that cannot be delivered; span is (first step, last arrivals)."""
    found = planned(
        task, years, budget, node=node, vehicle=vehicle, span=span, management=management
    )
    if found is None:
        return 0.0
    return float(found.plan.plan.unmet_kwh.sum() / max(found.stays.energy_kwh.sum(), 1e-9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A schedule of vehicles at nodes. place : (S,) which of the vehicles a stay is of."""

    stays: StayTable
    place: Ints
    plan: Schedule
    signals: SignalTable


def planned(
    task: HostingTask,
    years: VehicleYears,
    budget: Budget,
    *,
    node: Ints,
    vehicle: Ints,
    span: tuple[int, int],
    management: Management,
) -> Planned | None:
    """Schedule what begins in a span; None where nothing does."""
    first, last = span
    per_h = 3600 // task.step_s
    end = min(last + _AFTER_H * per_h, task.n_steps)
    start = task.start[first:end]
    after_end = start[-1] + np.timedelta64(task.step_s, "s")
    arrivals_end = task.start[0] + np.timedelta64(last * task.step_s, "s")
    chosen = years.stays_of(vehicle, first=start[0], end=arrivals_end)
    if not len(chosen.row):
        return None
    stays = stays_at(
        years.drawn.stays,
        chosen,
        limit=budget.node_limit[node],
        until=after_end,
        may_discharge=management.has_v2x,
    )
    n_limits = len(budget.parent)
    limits = LimitTree(
        limit_id=tuple(str(row) for row in range(n_limits)),
        parent=budget.parent,
        import_kw=np.minimum(budget.import_kw[:, first:end], _NO_LIMIT_KW),
        export_kw=budget.export_kw[:, first:end],
        base_load_kw=np.zeros(1),
        peak_eur_per_kw=np.zeros(n_limits),
        peak_so_far_kw=np.zeros(n_limits),
        zone=("",) * n_limits,
    )
    signals = flat_signals(start, task.step_s)
    found = schedule(
        stays,
        limits,
        signals,
        gap=_GAP,
        stop=_after(management.most_passes),
        most_passes=management.most_passes + 1,
        n_parts=1,
    )
    return Planned(stays=stays, place=chosen.place, plan=found, signals=signals)


def whole_time(
    task: HostingTask,
    years: VehicleYears,
    *,
    node: Ints,
    vehicle: Ints,
    management: Management,
) -> tuple[float, Floats]:
    """Schedule vehicles at nodes over all steps; the share that lacks, and (N, T) their power."""
    power_kw = np.zeros((task.grid.n_nodes, task.n_steps))
    counts = np.bincount(node, minlength=task.grid.n_nodes)
    found = planned(
        task,
        years,
        budget_of(task, 0, n_vehicles=counts),
        node=node,
        vehicle=vehicle,
        span=(0, task.n_steps),
        management=management,
    )
    if found is None:
        return 0.0, power_kw
    window = windows(found.stays, found.signals)
    at = node[found.place[window.stay]]
    np.add.at(power_kw, (at, window.step), found.plan.plan.power_kw)
    wanted = max(float(found.stays.energy_kwh.sum()), 1e-9)
    return float(found.plan.plan.unmet_kwh.sum()) / wanted, power_kw


def _after(n_asked: int) -> StopRule:
    """Stop at the n-th asking: the same work on every machine."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= n_asked

    return stop


def _spans(
    task: HostingTask, years: VehicleYears, budget: Budget, *, vehicle: Ints, n_weeks: int
) -> list[tuple[int, int]]:
    """First step and end of the hardest weeks, hardest first; the whole time where n_weeks is 0."""
    per_week = _WEEK_H * 3600 // task.step_s
    if n_weeks == 0 or task.n_steps <= per_week:
        return [(0, task.n_steps)]
    n_all = task.n_steps // per_week  # what is left at the end belongs to the last week
    stays = years.drawn.stays
    chosen = years.stays_of(vehicle, first=task.start[0], end=stays.arrival.max() + 1)
    step = (stays.arrival[chosen.row] - task.start[0]).astype(np.int64) // task.step_s
    wanted = np.bincount(
        np.minimum(step // per_week, n_all - 1),
        weights=stays.energy_kwh[chosen.row],
        minlength=n_all,
    )
    top = np.minimum(budget.import_kw[budget.parent < 0].sum(axis=0), _NO_LIMIT_KW)
    if (top >= _NO_LIMIT_KW).all():  # the first limit only holds the others together
        top = budget.import_kw[budget.parent == 0].sum(axis=0)
    starts = np.arange(n_all) * per_week
    allowed = np.add.reduceat(top, starts) * task.step_s / 3600
    hard = np.argsort(-wanted / np.maximum(allowed, 1e-3), kind="stable")[:n_weeks]
    return [(int(week) * per_week, min((int(week) + 1) * per_week, task.n_steps)) for week in hard]
