"""Choices written down as a plan: measures with year, price and reason."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from viavolta.engines.grid.reinforce.options import Option, SplitFeeder
from viavolta.engines.grid.reinforce.plan import Measure, Method, Plan, Why, YearLoad
from viavolta.engines.grid.reinforce.rules import MeasureKind
from viavolta.engines.grid.reinforce.space import (
    Choice,
    Space,
    built_choice,
    less,
    measures_of,
    state_of,
)
from viavolta.engines.grid.reinforce.verify import FindingKind, PrepareFlow, verify
from viavolta.engines.grid.reinforce.why import removes, resistance_pu, why
from viavolta.model.arrays import Floats
from viavolta.model.grid import Grid


def discount_factors(years: Sequence[int], interest_share: float) -> Floats:
    """(G,) worth of money of each year in the first one."""
    return np.array([(1 + interest_share) ** (years[0] - year) for year in years])


def written(
    space: Space,
    choices: tuple[Choice, ...],
    looked_at: Sequence[tuple[YearLoad, list[int]]],
    *,
    flow: PrepareFlow,
    bound_eur: float,
) -> Plan:
    """The plan of choices by year; `looked_at` are the decisive loads of each, and their steps."""
    site = space.site
    years = tuple(load.year for load, _ in looked_at)
    discount = discount_factors(years, site.prices.interest_share)
    measures: list[Measure] = []
    present, seen = 0.0, set()
    for index, choice in enumerate(choices):
        for node, option in measures_of(space, choice):
            key = (node, option.kind, option.type_id, option.count)
            if key in seen:
                continue
            seen.add(key)
            present += option.cost_eur * float(discount[index])
            reason = _reason(space, choices[index:], looked_at[index:], (node, option), flow)
            row = site.tree.rows[node][0]
            measures.append(
                Measure(
                    measure_id=f"M{len(measures) + 1}",
                    kind=kind_of(option),
                    element=site.grid.branch_id[row],
                    node=site.grid.node_id[node],
                    type_id=option.type_id,
                    count=option.count,
                    length_km=length_km(site.grid, option, row),
                    year=years[index],
                    cost_eur=option.cost_eur,
                    removes=removes(reason),
                    why=reason,
                )
            )
    built = [built_choice(space, choice) for choice in choices]
    return Plan(
        measures=tuple(measures),
        years=years,
        grids=tuple(one.grid for one in built),
        rules=tuple(one.rules for one in built),
        cost_eur=sum(one.cost_eur for one in measures),
        present_eur=present,
        lower_bound_eur=min(bound_eur, present),
        method=Method.BOUNDED,
    )


def length_km(grid: Grid, option: Option, row: int) -> float:
    """Length of what an option lays at a branch."""
    if isinstance(option.change, SplitFeeder):
        return option.change.length_km
    return float(grid.length_km[row])


def kind_of(option: Option) -> MeasureKind:
    """Kind of an option that builds something."""
    if option.kind is None:
        msg = "what is as it is, is no measure"
        raise ValueError(msg)
    return option.kind


def _reason(
    space: Space,
    choices: tuple[Choice, ...],
    looked_at: Sequence[tuple[YearLoad, list[int]]],
    built: tuple[int, Option],
    flow: PrepareFlow,
) -> Why:
    """What is broken without a measure in the first year in which something is."""
    node, option = built
    for choice, (load, steps) in zip(choices, looked_at, strict=True):
        fewer = less(space, choice, node)
        without = built_choice(space, fewer)
        found = verify(without.grid, load.p_kw, load.q_kvar, rules=without.rules, flow=flow)
        if not found:
            continue
        worst = max(found, key=lambda one: one.excess)
        at = worst.row if worst.kind in _VOLTAGES else node
        ohm_pu = resistance_pu(state_of(space, fewer), at)
        reason = why(without.grid, worst, load, option=option, ohm_pu=ohm_pu)
        return replace(reason, step=steps[worst.step])
    return Why(
        kind=FindingKind.NOT_CONVERGED,
        element="",
        year=looked_at[0][0].year,
        step=-1,
        value=float("nan"),
        limit=float("nan"),
        excess_kw=float("nan"),
        eur_per_kw=float("nan"),
    )


_VOLTAGES = {FindingKind.UNDERVOLTAGE, FindingKind.OVERVOLTAGE}
