"""What the depots do to their grid: hours outside its limits, and what must be built.

Three cases are told apart: none (what else draws power, alone), unmanaged (every bus charges at
once at full power) and managed (as planned). The days are those of the plan: the sizing day, which
the grid must bear but which counts no hours of the year, and the days that stand for the year.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.flow import Extremes, prepare
from viavolta.engines.grid.reinforce import BuildRules, Measure, Plan, reinforce
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import NoSolutionError
from viavolta.model.grid import Grid
from viavolta.services.bus.charging import DepotCharging, DepotDay
from viavolta.services.bus.grid_sites import DepotGrid

NONE, UNMANAGED, MANAGED = "none", "unmanaged", "managed"
CASES = (NONE, UNMANAGED, MANAGED)
SIZING = "sizing"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridDays:
    """The days of a plan: their names, and how many of a year each stands for (0: none)."""

    name: tuple[str, ...]
    days: tuple[float, ...]
    step_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCase:
    """One way of charging over D days of T steps.

    Attributes
    ----------
    depot_kw : (D, K, T) drawn by the depots. found : (D,) worst values of each day.
    plan : what must be built; None where the allowed measures do not suffice.
    """

    name: str
    depot_kw: Floats
    found: tuple[Extremes, ...]
    plan: Plan | None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What must be built."""
        return () if self.plan is None else self.plan.measures

    @property
    def reinforcement_eur(self) -> float | None:
        """Its price; None where the allowed measures do not suffice."""
        return None if self.plan is None else self.plan.cost_eur


def grid_cases(
    grid: DepotGrid, charging: tuple[DepotCharging, ...], days: GridDays
) -> tuple[GridCase, ...]:
    """All cases: worst values of each day, and a cheap plan that holds on all of them."""
    return tuple(_case(grid, name, depot_powers_kw(charging, name), days) for name in CASES)


def depot_powers_kw(charging: tuple[DepotCharging, ...], case: str) -> Floats:
    """(D, K, T) power of the depots on the sizing day and the days of the year."""

    def power(day: DepotDay) -> Floats:
        if case == NONE:
            return np.zeros_like(day.managed_kw)
        return day.managed_kw if case == MANAGED else day.unmanaged_kw

    by_depot = [[power(day) for day in (depot.sizing, *depot.seasons)] for depot in charging]
    return np.array(by_depot, dtype=np.float64).transpose(1, 0, 2)


def _case(grid: DepotGrid, name: str, depot_kw: Floats, days: GridDays) -> GridCase:
    found = []
    for powers in depot_kw:
        p_kw, q_kvar = node_powers(grid, powers)
        found.append(
            grid.solver.extremes(
                p_kw,
                q_kvar,
                low_pu=grid.low_pu,
                high_pu=grid.high_pu,
                limit_share=grid.load_share,
                step_h=days.step_h,
            )
        )
    return GridCase(
        name=name, depot_kw=depot_kw, found=tuple(found), plan=_plan(grid, depot_kw, found)
    )


def node_powers(grid: DepotGrid, depot_kw: Floats) -> tuple[Floats, Floats]:
    """(N, T) what all nodes draw, from (K, T) of the depots on top of the base load."""
    n_steps = depot_kw.shape[1]
    p_kw = np.repeat(grid.base_kw[:, None], n_steps, axis=1)
    np.add.at(p_kw, grid.node, depot_kw)
    return p_kw, np.repeat(grid.base_kvar[:, None], n_steps, axis=1)


def _plan(grid: DepotGrid, depot_kw: Floats, found: list[Extremes]) -> Plan | None:
    """What must be built for every step of every day; verified by the engine over all of them."""
    powers = np.concatenate([*depot_kw], axis=1)
    steps = np.arange(powers.shape[1]) if not _is_within(found) else np.zeros(1, dtype=np.int64)
    p_kw, q_kvar = node_powers(grid, powers[:, steps])
    try:
        return reinforce(
            grid.grid, p_kw, q_kvar, prices=grid.prices, rules=build_rules_of(grid), flow=prepare
        )
    except NoSolutionError:
        return None


def _is_within(found: list[Extremes]) -> bool:
    return all(one.is_within for one in found)


def build_rules_of(grid: DepotGrid) -> BuildRules:
    """What is allowed, as the engine of reinforcement asks for it."""
    return BuildRules(
        low_pu=grid.low_pu,
        high_pu=grid.high_pu,
        load_share=grid.load_share,
        feed_in_share=np.ones(grid.grid.n_branches),
        pair_share=grid.rules.n1_transformer,
    )


def hours_of_year(case: GridCase, days: GridDays) -> tuple[Floats, Floats, Floats]:
    """Hours of a year: (N,) below, (N,) above the band, (B,) over what a branch may carry."""
    below, above, over = (
        sum(n * getattr(one, field) for n, one in zip(days.days, case.found, strict=True))
        for field in ("hours_below", "hours_above", "hours_over")
    )
    return np.asarray(below), np.asarray(above), np.asarray(over)


def lost_hours_of_year(case: GridCase, days: GridDays) -> float:
    """Hours of a year without a solution of the power flow."""
    lost = (n * one.n_not_converged for n, one in zip(days.days, case.found, strict=True))
    return float(sum(lost)) * days.step_h


def violation_hours(case: GridCase, days: GridDays) -> float:
    """Hours of a year outside any limit, summed over all elements."""
    hours = sum(float(one.sum()) for one in hours_of_year(case, days))
    return hours + lost_hours_of_year(case, days)


def worst_of(case: GridCase, field: str, *, lowest: bool) -> tuple[Floats, Ints, Ints]:
    """Worst value of each element over all days, the day it is on, and the step of that day."""
    values = np.stack([getattr(one, field) for one in case.found])
    name = "loading_max_step" if field == "loading_max" else field.replace("_pu", "_step")
    steps = np.stack([getattr(one, name) for one in case.found])
    known = np.where(np.isnan(values), np.inf if lowest else -np.inf, values)
    day = known.argmin(axis=0) if lowest else known.argmax(axis=0)
    element = np.arange(values.shape[1])
    return values[day, element], day, steps[day, element]


def element_rows(grid: Grid) -> dict[str, int]:
    """Row of each branch by its name."""
    return {name: row for row, name in enumerate(grid.branch_id)}
