"""Why a measure is there: what would be broken without it, and what a kW less would be worth."""

import math

from viavolta.engines.grid.reinforce.options import Option
from viavolta.engines.grid.reinforce.plan import Why, YearLoad
from viavolta.engines.grid.reinforce.sweep import TreeState
from viavolta.engines.grid.reinforce.verify import Finding, FindingKind
from viavolta.model.grid import BranchKind, Grid
from viavolta.model.messages import text


def why(grid: Grid, finding: Finding, load: YearLoad, *, option: Option, ohm_pu: float) -> Why:
    """The reason for an option, from the worst finding in the `grid` without it.

    `ohm_pu` is the resistance from the source to the finding's node, in pu of 1 kVA there.
    """
    excess_kw = _excess_kw(grid, finding, ohm_pu)
    return Why(
        kind=finding.kind,
        element=finding.element,
        year=load.year,
        step=finding.step,
        value=finding.value,
        limit=finding.limit,
        excess_kw=excess_kw,
        eur_per_kw=option.cost_eur / excess_kw if excess_kw > 0 else float("nan"),
    )


def removes(reason: Why) -> str:
    """What a measure is for, in words."""
    if reason.kind is FindingKind.OVERLOAD:
        return text(
            "overload of {element}: {value} of {limit} %",
            element=reason.element,
            value=round(100 * reason.value),
            limit=round(100 * reason.limit),
        )
    if reason.kind is FindingKind.NOT_CONVERGED:
        return text("no power flow is possible without it")
    words = {
        FindingKind.UNDERVOLTAGE: text("too little voltage at"),
        FindingKind.OVERVOLTAGE: text("too much voltage at"),
    }
    return text(
        "{what} {element}: {value:.4f} pu, limit {limit:.4f}",
        what=words[reason.kind],
        element=reason.element,
        value=reason.value,
        limit=reason.limit,
    )


def _excess_kw(grid: Grid, finding: Finding, ohm_pu: float) -> float:
    """Power to be shifted from the element at the step to keep the limit."""
    if finding.kind is FindingKind.NOT_CONVERGED:
        return float("nan")
    if finding.kind is FindingKind.OVERLOAD:
        return (finding.value - finding.limit) * rating_kva(grid, finding.row)
    if ohm_pu <= 0:
        return float("nan")
    return abs(finding.limit**2 - finding.value**2) / (2 * ohm_pu)


def rating_kva(grid: Grid, row: int) -> float:
    """What a branch bears at nominal voltage, all its systems."""
    n = int(grid.n_parallel[row])
    if grid.branch_kind[row] is BranchKind.TRANSFORMER:
        return float(grid.sn_kva[row]) * n
    kv = float(grid.nominal_kv[grid.to_node[row]])
    return math.sqrt(3) * kv * float(grid.max_a[row]) * n


def resistance_pu(state: TreeState, node: int) -> float:
    """Resistance of the way from the source to a node, in pu of 1 kVA at the node."""
    total, scale = 0.0, 1.0
    while node >= 0:
        total += scale * float(state.r[node])
        scale *= float(state.a[node])
        node = int(state.parent[node])
    return total
