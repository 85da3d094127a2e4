"""What must be built so that a year of loads breaks nothing, by the engine of reinforcement."""

from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.grid.bands import GridRules, Split, reserve_shares, voltage_bands
from viavolta.engines.grid.reinforce import BuildRules, reinforce
from viavolta.engines.grid.reinforce import Measure as Work
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import NoSolutionError
from viavolta.model.grid import Grid
from viavolta.model.grid_prices import GridPrices
from viavolta.services.town.areas import areas_of
from viavolta.services.town.calendar import n_weeks
from viavolta.services.town.flow import Allowed, TownFlow, WeekFlow, year_of
from viavolta.services.town.place import BaseLoad, Place

_MOST_ROUNDS = 12
"""Plans for ever more decisive steps until the full year holds."""
_MOST_LOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator must hold, and the prices of works."""

    grid: GridRules
    split: Split
    prices: GridPrices


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A work on the grid.

    Attributes
    ----------
    element : the branch that it is about. node : at its lower end. type_id, count, length_km : what
        is built; a length of 0 is no cable.
    removes : what it is for, in words. binds : the element that would break a rule without it, and
        value and limit : how (pu, or share of the rating); NaN where the flow has no solution.
    eur_per_kw : what one kW less would be worth there.
    """

    measure_id: str
    kind: str
    element: str
    node: str
    type_id: str
    count: int
    length_km: float
    cost_eur: float
    removes: str
    binds: str
    value: float
    limit: float
    eur_per_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A grid with all measures, and the power flow of a full year in it.

    `is_solved` is False where no allowed measures suffice; the grid is then as it was.
    """

    grid: Grid
    allowed: Allowed
    measures: tuple[Measure, ...]
    lower_bound_eur: float
    flow: WeekFlow
    is_solved: bool = True


def build(
    place: Place,
    *,
    rules: Rules,
    allowed: Allowed,
    base: BaseLoad,
    power_kw: Floats,
    start: Times,
    flow: WeekFlow,
    town: str,
) -> Built:
    """Strengthen a grid until a full year breaks nothing any more; as it is, if it breaks nothing.

    The plan is made for the worst steps of all elements. Then all steps of the year are calculated
    in the strengthened grid; what they break is added, until they break nothing.

    Parameters
    ----------
    power_kw
        (C, T) of cars.
    flow
        The year's flow in the grid as it is.
    """
    grid = place.grid
    as_it_is = Built(grid=grid, allowed=allowed, measures=(), lower_bound_eur=0.0, flow=flow)
    if flow.broken_hours == 0:
        return as_it_is
    length = dict(zip(grid.branch_id, grid.length_km.tolist(), strict=True))
    steps = _worst_steps(flow)
    for _ in range(_MOST_ROUNDS):
        p_kw, q_kvar = np.zeros((2, grid.n_nodes, len(steps)))
        p_kw[place.node] = base.p_kw(steps) + power_kw[:, steps]
        q_kvar[place.node] = base.q_kvar(steps)
        try:
            plan = reinforce(
                grid,
                p_kw,
                q_kvar,
                prices=rules.prices,
                rules=build_rules_of(allowed, rules.grid),
            )
        except NoSolutionError:
            break
        now = _allowed_by(plan.rules[-1])
        full_year = TownFlow(
            plan.grid,
            place.in_grid(plan.grid).node,
            base=base,
            start=start,
            allowed=now,
            areas=areas_of(plan.grid, town=town),
        )
        year = year_of(full_year.weeks(power_kw, range(n_weeks(len(start)))))
        if year.broken_hours == 0:
            return Built(
                grid=plan.grid,
                allowed=now,
                measures=tuple(_measure(work, length[work.element]) for work in plan.measures),
                lower_bound_eur=plan.lower_bound_eur,
                flow=year,
            )
        steps = np.union1d(steps, _worst_steps(year))
    return replace(as_it_is, is_solved=False)


def build_rules_of(allowed: Allowed, rules: GridRules) -> BuildRules:
    """What is allowed, as the engine of reinforcement asks for it."""
    return BuildRules(
        low_pu=allowed.low_pu,
        high_pu=allowed.high_pu,
        load_share=allowed.load_share,
        feed_in_share=allowed.feed_in_share,
        pair_share=rules.n1_transformer,
    )


def _allowed_by(rules: BuildRules) -> Allowed:
    return Allowed(
        low_pu=rules.low_pu,
        high_pu=rules.high_pu,
        load_share=rules.load_share,
        feed_in_share=rules.feed_in_share,
    )


def _worst_steps(flow: WeekFlow) -> Ints:
    """The worst step of every element that is broken, and the first ones without a solution."""
    return np.unique(
        np.concatenate(
            (
                flow.u_min_step[flow.hours_low > 0],
                flow.u_max_step[flow.hours_high > 0],
                flow.loading_step[flow.hours_over > 0],
                flow.lost_steps[:_MOST_LOST],
            )
        )
    )


def _measure(work: Work, length_km: float) -> Measure:
    return Measure(
        measure_id=work.measure_id,
        kind=work.kind.value,
        element=work.element,
        node=work.node,
        type_id=work.type_id,
        count=work.count,
        length_km=length_km,
        cost_eur=work.cost_eur,
        removes=work.removes,
        binds=work.why.element,
        value=work.why.value,
        limit=work.why.limit,
        eur_per_kw=work.why.eur_per_kw,
    )


def allowed_in(grid: Grid, rules: Rules) -> Allowed:
    """Voltages and loadings that are allowed in a grid."""
    low, high = voltage_bands(grid, rules.grid, rules.split)
    return Allowed(
        low_pu=low,
        high_pu=high,
        load_share=reserve_shares(grid, rules.grid),
        feed_in_share=np.ones(grid.n_branches),
    )


def crossing_share(
    measure: Measure,
    grid: Grid,
    *,
    allowed: Allowed,
    before: WeekFlow | None,
    after: WeekFlow,
    shares: tuple[float, float],
) -> float:
    """EV share at which a measure is first needed, on a straight line between two shares.

    The element that it is about, its lower end and the one that binds without it are looked at; the
    first that is broken counts. One that was broken before counts from the smaller share on.
    """
    low, high = shares
    first = high
    nodes = {name: n for n, name in enumerate(grid.node_id)}
    branches = {name: n for n, name in enumerate(grid.branch_id)}
    if before is None:
        return high
    for element in (measure.element, measure.node, measure.binds):
        for was, now in _strains(
            nodes.get(element), branches.get(element), allowed, (before, after)
        ):
            if now > 1:
                passed = 0.0 if was >= 1 else (1 - was) / (now - was)
                first = min(first, low + passed * (high - low))
    return first


def _strains(
    node: int | None, branch: int | None, allowed: Allowed, flows: tuple[WeekFlow, WeekFlow]
) -> list[tuple[float, float]]:
    """How strained an element is before and after: 1 is just allowed."""
    pairs = []
    if node is not None:
        drop, rise = 1 - allowed.low_pu[node], allowed.high_pu[node] - 1
        pairs.append(tuple(float((1 - flow.u_min_pu[node]) / drop) for flow in flows))
        pairs.append(tuple(float((flow.u_max_pu[node] - 1) / rise) for flow in flows))
    if branch is not None:
        pairs.append(tuple(float(flow.loading_max[branch]) for flow in flows))
    return [(was, now) for was, now in pairs]
