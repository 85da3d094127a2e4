"""Charging within the limits of the grid: plan, see what the flow breaks, tighten, plan again.

The scheduler knows powers alone. Where a plan breaks a voltage or a rating all the same, the area
that binds gets a lower limit in that week, and the week is planned anew, a bounded number of times.
Where too much energy is not delivered, the limits of the area are raised instead: what they then
break is for the grid to be built for.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.grid import BranchKind, Grid
from viavolta.services.town.areas import Areas
from viavolta.services.town.calendar import WEEK_STEPS, n_weeks
from viavolta.services.town.charging import Charging, WeeklyPlan
from viavolta.services.town.flow import TownFlow, WeekFlow

_SAFETY = 0.98  # of what would be just allowed, since other areas change too
_SAFER, _SAFEST = 0.01, 0.85  # with every round less, until it holds
_RAISE = 1.25
_NOTHING_KW = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedYear:
    """Outcome of the loop.

    Attributes
    ----------
    charging, flow : of the last plan. n_rounds : how often it was planned.
    least_limit_kw : (L,) lowest limit of each area over the weeks.
    is_raised : (L,) areas whose limits were raised because energy was not delivered.
    """

    charging: Charging
    flow: dict[int, WeekFlow]
    n_rounds: int
    least_limit_kw: Floats
    is_raised: Flags


def plan_within(
    plan: WeeklyPlan,
    flow: TownFlow,
    *,
    unmet_allowed_share: float,
    most_rounds: int,
) -> ManagedYear:
    """Plan a year, and again where the flow says so."""
    weeks = range(n_weeks(plan.n_steps))
    reach = reaches(plan.areas, plan.directly)
    plan.plan(weeks)
    found = flow.weeks(plan.power_kw, weeks)
    n_rounds = 1
    is_raised = np.zeros(plan.areas.n_areas, dtype=bool)
    for number in range(most_rounds):
        safety = max(_SAFEST, _SAFETY - number * _SAFER)
        again = tighten(plan, found, reach=reach, is_raised=is_raised, safety=safety)
        short, rows = short_areas(plan, flow.grid, reach=reach, share=unmet_allowed_share)
        if short.any():
            plan.import_kw[short] *= _RAISE
            is_raised |= short
            again |= rows
        if not again:
            break
        plan.plan(sorted(again))
        touched = again | {week + 1 for week in again if week + 1 in weeks}
        found.update(flow.weeks(plan.power_kw, sorted(touched)))
        n_rounds += 1
    return ManagedYear(
        charging=plan.charging(),
        flow=found,
        n_rounds=n_rounds,
        least_limit_kw=plan.import_kw.min(axis=1),
        is_raised=is_raised,
    )


def reaches(areas: Areas, directly: Floats) -> Floats:
    """(L, C) 1 where a connection lies in an area or below it."""
    return np.asarray(areas.above().astype(np.float64) @ directly)


def tighten(
    plan: WeeklyPlan,
    found: dict[int, WeekFlow],
    *,
    reach: Floats,
    is_raised: Flags,
    safety: float = _SAFETY,
) -> set[int]:
    """Lower the limits of areas in weeks in which their cars break something; returns the weeks.

    `safety` is the share of what would be just allowed that they are lowered to.
    """
    again: set[int] = set()
    for week, flow in found.items():
        if not len(flow.step):
            continue
        steps, at = np.unique(flow.step, return_inverse=True)
        cars_kw = (reach @ plan.power_kw[:, steps])[flow.area, at]
        net_kw = cars_kw + (reach @ plan.base.p_kw(steps))[flow.area, at]
        is_import = (net_kw > 0) & (cars_kw > _NOTHING_KW)
        is_export = (net_kw < 0) & (cars_kw < -_NOTHING_KW)
        excess_kw = np.abs(net_kw) * (1 - np.clip(flow.room_share, 0.2, 1.0) * safety)
        for limits, wrong in ((plan.import_kw, is_import), (plan.export_kw, is_export)):
            here = wrong & ~is_raised[flow.area]
            now = limits[:, week][flow.area[here]]
            # within an hour the net power may have been above the limit of the plan
            target = np.minimum(now, np.abs(net_kw[here])) - excess_kw[here]
            new = limits[:, week].copy()
            np.minimum.at(new, flow.area[here], np.maximum(target, 0.0))
            if (new < limits[:, week] - _NOTHING_KW).any():
                limits[:, week] = new
                again.add(week)
                early = steps.min() % WEEK_STEPS < WEEK_STEPS // 7
                if early and week > 0:  # cars that came in the week before are still there
                    limits[:, week - 1] = np.minimum(limits[:, week - 1], np.maximum(new, 0.0))
                    again.add(week - 1)
    return again


def short_areas(
    plan: WeeklyPlan, grid: Grid, *, reach: Floats, share: float
) -> tuple[Flags, set[int]]:
    """Areas of stations, and all in them, that fail to deliver; and the weeks in which they do."""
    n_connections = reach.shape[1]
    stays = plan.stays
    unmet = np.bincount(stays.limit, weights=plan.unmet_kwh, minlength=n_connections)
    wanted = np.bincount(stays.limit, weights=plan.charging().wanted_kwh, minlength=n_connections)
    is_short = is_station(plan.areas, grid)
    is_short &= reach @ unmet > share * (reach @ wanted)
    if not is_short.any():
        return np.zeros(plan.areas.n_areas, dtype=bool), set()
    below = np.logical_or.reduce(plan.areas.above()[is_short], axis=0)
    at = np.logical_or.reduce(reach[is_short] > 0, axis=0)
    lacking = (plan.unmet_kwh > 0) & at[stays.limit]
    return below, {int(week) for week in np.unique(plan.week_of_stay[lacking])}


def is_station(areas: Areas, grid: Grid) -> Flags:
    """(L,) areas of transformers, or the heads of feeders where there is no transformer."""
    kinds = [grid.branch_kind[row] if row >= 0 else None for row in areas.branch.tolist()]
    of_transformer = np.array([kind is BranchKind.TRANSFORMER for kind in kinds])
    if of_transformer.any():
        return of_transformer
    return np.array([kind is not None for kind in kinds])


def first_limits(
    areas: Areas, allowed_share: Floats, *, most_kw: float, margin_share: float, weeks: int
) -> Floats:
    """(L, W) limits to begin with: ratings less a margin; more than all can take where unknown."""
    share = np.where(areas.branch >= 0, allowed_share[np.maximum(areas.branch, 0)], 1.0)
    kw = np.minimum(areas.capacity_kva * share * (1 - margin_share), most_kw)
    return np.repeat(kw[:, None], weeks, axis=1)


def connections_below(reach: Floats, area: Ints, step_row: Ints, n_steps: int) -> Flags:
    """(C, K) whether a connection lies in an area that is named (V,) at a step (V,), 0..K-1."""
    named = np.zeros((reach.shape[0], n_steps), dtype=bool)
    named[area, step_row] = True
    return np.asarray((reach.T @ named) > 0)
