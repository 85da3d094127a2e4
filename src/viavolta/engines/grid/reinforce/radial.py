"""A plan for a grid without meshes: the search, verified over all steps by full power flow."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from viavolta.engines.grid.reinforce.greedy import greedy_plan
from viavolta.engines.grid.reinforce.options import Option, Site
from viavolta.engines.grid.reinforce.plan import Method, Plan, YearLoad
from viavolta.engines.grid.reinforce.program import Side
from viavolta.engines.grid.reinforce.rules import MeasureKind
from viavolta.engines.grid.reinforce.search import Broken, Loads, Search, not_verified
from viavolta.engines.grid.reinforce.space import (
    Choice,
    Space,
    built_choice,
    feeder_of,
    less,
    measures_of,
    space_of,
    state_of,
)
from viavolta.engines.grid.reinforce.verify import Finding, FindingKind, PrepareFlow, verify
from viavolta.engines.grid.reinforce.written import discount_factors, written
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import NoSolutionError
from viavolta.model.grid import Grid
from viavolta.model.progress import StopRule

ALL_STEPS = 64
"""Steps of a year up to which all are looked at from the start."""
_NEW_STEPS = 24  # of a year that a verification adds at once
_MAX_VERIFIED = 60
_MOST_TRIED = 300  # nodes up to which cheaper options are tried too
_NEARLY = 1e-6  # share of the price

Findings = tuple[Finding, ...]


def radial_plan(
    site: Site,
    loads: Sequence[YearLoad],
    findings: Sequence[Findings],
    *,
    flow: PrepareFlow,
    stop: StopRule,
) -> Plan:
    """The plan of a radial grid; `findings` are those of the grid as it is, by year.

    Raises
    ------
    NoSolutionError: the allowed measures do not suffice.
    """
    run = _Run(site, loads, findings, flow=flow, stop=stop)
    try:
        choices = run.verified()
    except NoSolutionError as error:
        if error.code != not_verified().code:
            raise
        return _one_by_one(site, loads, flow, bound_eur=run.search.proven_bound())
    space = run.search.space
    if not run.search.is_proving:
        choices = _improved(run.search, choices, loads, flow)
    plan = written(space, choices, run.looked_at(), flow=flow, bound_eur=run.search.proven_bound())
    is_exact = run.search.is_proving or plan.gap < _NEARLY
    return plan.with_method(Method.EXACT if is_exact else Method.BOUNDED)


def _one_by_one(
    site: Site, loads: Sequence[YearLoad], flow: PrepareFlow, *, bound_eur: float
) -> Plan:
    """A plan by one measure after the other, where the search ends without one."""
    plan = greedy_plan(site.grid, loads, prices=site.prices, rules=site.rules, flow=flow)
    return replace(plan, lower_bound_eur=min(bound_eur, plan.present_eur), method=Method.BOUNDED)


class _Run:
    """A search over the columns that verification asks for."""

    def __init__(
        self,
        site: Site,
        loads: Sequence[YearLoad],
        findings: Sequence[Findings],
        *,
        flow: PrepareFlow,
        stop: StopRule,
    ) -> None:
        self._loads, self._flow = loads, flow
        self._column: dict[tuple[int, int], int] = {}
        first = [
            self._fresh(year, _first_steps(load, found))
            for year, (load, found) in enumerate(zip(loads, findings, strict=True))
        ]
        self.search = Search(
            space_of(site, worst_of_feeders(site, findings)),
            discount_factors([load.year for load in loads], site.prices.interest_share),
            Loads(
                p_kw=np.concatenate(
                    [load.p_kw[:, of] for load, of in zip(loads, first, strict=True)], axis=1
                ),
                q_kvar=np.concatenate(
                    [load.q_kvar[:, of] for load, of in zip(loads, first, strict=True)], axis=1
                ),
                year=np.repeat(np.arange(len(loads)), [len(of) for of in first]),
            ),
            stop,
        )

    def verified(self) -> tuple[Choice, ...]:
        """Choices by year that hold over all steps."""
        for _ in range(_MAX_VERIFIED):
            choices = self.search.run().choices
            left = findings_of(self.search.space, choices, self._loads, self._flow)
            if not any(left):
                return choices
            if not self._look_at_more(left):
                self.search.learn(choices, self._broken(choices, left))
        raise not_verified()

    def looked_at(self) -> list[tuple[YearLoad, list[int]]]:
        """Loads of the decisive steps of each year, and which steps of it they are."""
        steps: list[list[int]] = [[] for _ in self._loads]
        for year, step in self._column:
            steps[year].append(step)
        return [
            (YearLoad(year=load.year, p_kw=load.p_kw[:, of], q_kvar=load.q_kvar[:, of]), of)
            for load, of in zip(self._loads, steps, strict=True)
        ]

    def _fresh(self, year: int, steps: list[int]) -> list[int]:
        """Steps of a year that are no columns yet; they become ones."""
        fresh = [step for step in dict.fromkeys(steps) if (year, step) not in self._column]
        for step in fresh:
            self._column[year, step] = len(self._column)
        return fresh

    def _look_at_more(self, left: list[Findings]) -> bool:
        has_more = False
        for year, (load, found) in enumerate(zip(self._loads, left, strict=True)):
            fresh = self._fresh(year, _steps_of(found)[:_NEW_STEPS])
            if fresh:
                has_more = True
                years = np.full(len(fresh), year)
                self.search.add_steps(load.p_kw[:, fresh], load.q_kvar[:, fresh], years)
        return has_more

    def _broken(self, choices: tuple[Choice, ...], left: list[Findings]) -> list[Broken]:
        """Findings as the search knows rules that are broken."""
        space = self.search.space
        broken = []
        for year, (choice, found) in enumerate(zip(choices, left, strict=True)):
            built = built_choice(space, choice)
            parent = state_of(space, choice).parent
            for one in found:
                if one.kind is FindingKind.NOT_CONVERGED:
                    continue
                is_load = one.kind is FindingKind.OVERLOAD
                node = _below(built.grid, one.row, parent) if is_load else one.row
                side = Side.LOW if one.kind is FindingKind.UNDERVOLTAGE else Side.HIGH
                broken.append(
                    Broken(
                        node=node,
                        step=self._column[year, one.step],
                        side=None if is_load else side,
                        value=one.value,
                        excess=one.excess,
                    )
                )
        return sorted(broken, key=lambda one: -one.excess)


def findings_of(
    space: Space, choices: tuple[Choice, ...], loads: Sequence[YearLoad], flow: PrepareFlow
) -> list[Findings]:
    """What breaks the rules with choices, by year, over all steps."""
    found = []
    for choice, load in zip(choices, loads, strict=True):
        built = built_choice(space, choice)
        found.append(verify(built.grid, load.p_kw, load.q_kvar, rules=built.rules, flow=flow))
    return found


def _improved(
    search: Search, choices: tuple[Choice, ...], loads: Sequence[YearLoad], flow: PrepareFlow
) -> tuple[Choice, ...]:
    """Choices with cheaper options, or none, where the rules hold all the same."""
    space, better = search.space, choices
    is_moving = True
    while is_moving:
        is_moving = False
        for node, option in sorted(
            measures_of(space, better[-1]), key=lambda one: -one[1].cost_eur
        ):
            for trial in _cheaper(space, better, node, option):
                if not search.broken(trial):
                    better, is_moving = trial, True
                    break
    if better is not choices and any(findings_of(space, better, loads, flow)):
        return choices
    return better


def _cheaper(
    space: Space, choices: tuple[Choice, ...], node: int, option: Option
) -> list[tuple[Choice, ...]]:
    """Choices with each cheaper option in place of a measure, in all years that have it."""
    trials = [tuple(less(space, choice, node) for choice in choices)]
    if len(space.options) > _MOST_TRIED:
        return trials
    for k, other in sorted(enumerate(space.options[node]), key=lambda one: one[1].cost_eur):
        if k and other.cost_eur < option.cost_eur and option.kind is not MeasureKind.FEEDER_SPLIT:
            trials.append(
                tuple(
                    Choice(edge={**choice.edge, node: k}, split=choice.split)
                    if node in choice.edge
                    else choice
                    for choice in choices
                )
            )
    return trials


def _first_steps(load: YearLoad, found: Findings) -> list[int]:
    """Steps to begin with: all of a few, else the worst of each element and of all loads."""
    n_steps = load.p_kw.shape[1]
    if n_steps <= ALL_STEPS:
        return list(range(n_steps))
    total: Floats = load.p_kw.sum(axis=0)
    peaks = [int(total.argmax()), int(total.argmin())]
    return list(dict.fromkeys([*peaks, *_steps_of(found)[:_NEW_STEPS]]))


def _steps_of(found: Findings) -> list[int]:
    """Worst steps of findings, the furthest beyond its limit first."""
    worst = sorted(found, key=lambda one: -one.excess)
    return list(dict.fromkeys(one.step for one in worst))


def worst_of_feeders(site: Site, findings: Sequence[Findings]) -> dict[int, int]:
    """The node towards which each feeder that breaks a rule would be split.

    The one with the worst voltage in the last year that has any, else the one furthest by
    resistance.
    """
    worst: dict[int, int] = {}
    troubled: dict[int, None] = {}
    for found in reversed(findings):
        for one in sorted(found, key=lambda one: -one.excess):
            if one.kind is FindingKind.NOT_CONVERGED:
                continue
            is_load = one.kind is FindingKind.OVERLOAD
            node = _below(site.grid, one.row, site.tree.parent) if is_load else one.row
            first = feeder_of(site, node)
            if first is None:
                continue
            troubled[first] = None
            if not is_load:
                worst.setdefault(first, node)
    for first in troubled:
        if first not in worst:
            worst[first] = _furthest(site, first)
    return worst


def _furthest(site: Site, first: int) -> int:
    """The node of a feeder with the most resistance on the way from its busbar."""
    tree = site.tree
    resistance = {first: tree.edge[first].r}
    for node in tree.order.tolist():
        above = int(tree.parent[node])
        if above in resistance and feeder_of(site, node) == first:
            resistance[node] = resistance[above] + tree.edge[node].r
    return max(resistance, key=lambda node: resistance[node])


def _below(grid: Grid, row: int, parent: Ints) -> int:
    """The lower end of a branch of a tree."""
    a, b = int(grid.from_node[row]), int(grid.to_node[row])
    return b if int(parent[b]) == a else a
