"""Whether a grid holds its rules, by full power flow over every step."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from viavolta.engines.grid.flow import Extremes, prepare
from viavolta.engines.grid.reinforce.rules import BuildRules, load_case
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid


class WorstOf(Protocol):
    """Power flow of a grid that is made ready, such as engines.grid.flow.FlowSolver."""

    def extremes(
        self,
        p_kw: Floats,
        q_kvar: Floats,
        *,
        low_pu: ArrayLike,
        high_pu: ArrayLike,
        limit_share: ArrayLike,
        step_h: float,
    ) -> Extremes:
        """Worst voltages and loadings over (N, T) loads."""


PrepareFlow = Callable[[Grid], WorstOf]
"""Makes a grid ready for power flows."""


class FindingKind(StrEnum):
    """How a rule can be broken."""

    UNDERVOLTAGE = "undervoltage"
    OVERVOLTAGE = "overvoltage"
    OVERLOAD = "overload"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that an element breaks, with the worst step.

    Attributes
    ----------
    element : node_id or branch_id; "" where a step has no solution. row : of the element, or -1.
    step : the worst one. value, limit : pu, or share of the rating; NaN without solution.
    n_steps : at which the rule is broken.
    """

    kind: FindingKind
    element: str
    row: int
    step: int
    value: float
    limit: float
    n_steps: int

    @property
    def excess(self) -> float:
        """How far the limit is exceeded, as a share of it; infinite without a solution."""
        if self.kind is FindingKind.NOT_CONVERGED:
            return float("inf")
        return abs(self.value - self.limit) / self.limit


def verify(
    grid: Grid,
    p_kw: Floats,
    q_kvar: Floats,
    *,
    rules: BuildRules,
    flow: PrepareFlow = prepare,
) -> tuple[Finding, ...]:
    """Every broken rule of a grid under (N, T) loads, worst step of each element; () if it holds.

    No tolerance: what is beyond the limit by the last digit is found. An element that breaks the
    same rule in both cases, load and feed-in, is found in each.
    """
    solver = flow(grid)
    is_load_case = load_case(p_kw)
    found: list[Finding] = []
    for is_case, shares in (
        (is_load_case, rules.load_share),
        (~is_load_case, rules.feed_in_share),
    ):
        steps = np.flatnonzero(is_case)
        if not len(steps):
            continue
        p, q = (p_kw, q_kvar) if is_case.all() else (p_kw[:, steps], q_kvar[:, steps])
        worst = solver.extremes(
            p, q, low_pu=rules.low_pu, high_pu=rules.high_pu, limit_share=shares, step_h=1.0
        )
        found += _findings(grid, rules, worst, shares=shares, steps=steps)
    return tuple(sorted(found, key=lambda one: -one.excess))


def _findings(
    grid: Grid, rules: BuildRules, worst: Extremes, *, shares: Floats, steps: Ints
) -> list[Finding]:
    nan = float("nan")
    found = []
    if len(worst.not_converged):
        found.append(
            Finding(
                kind=FindingKind.NOT_CONVERGED,
                element="",
                row=-1,
                step=int(steps[worst.not_converged[0]]),
                value=nan,
                limit=nan,
                n_steps=len(worst.not_converged),
            )
        )
    for kind, names, (hours, value, step, limit) in (
        (
            FindingKind.UNDERVOLTAGE,
            grid.node_id,
            (worst.hours_below, worst.u_min_pu, worst.u_min_step, rules.low_pu),
        ),
        (
            FindingKind.OVERVOLTAGE,
            grid.node_id,
            (worst.hours_above, worst.u_max_pu, worst.u_max_step, rules.high_pu),
        ),
        (
            FindingKind.OVERLOAD,
            grid.branch_id,
            (worst.hours_over, worst.loading_max, worst.loading_max_step, shares),
        ),
    ):
        found += [
            Finding(
                kind=kind,
                element=names[row],
                row=row,
                step=int(steps[step[row]]),
                value=float(value[row]),
                limit=float(limit[row]),
                n_steps=round(float(hours[row])),
            )
            for row in np.flatnonzero(hours > 0).tolist()
        ]
    return found
