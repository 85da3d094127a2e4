"""Power flows of all strategies over all steps, and temperatures of the transformers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.grid.assess.causes import causes
from viavolta.engines.grid.assess.marks import Episodes, Marks, ViolationKind, episodes
from viavolta.engines.grid.assess.warmth import ThermalRules, Warmth, warmth
from viavolta.engines.grid.assess.watch import (
    GridLoad,
    Limits,
    Outcome,
    blank,
    blocks,
    inspect,
    loads_at,
    watch,
)
from viavolta.engines.grid.dimming import Charging, Dimmed, dim_until_fine, least_power_kw
from viavolta.engines.grid.flow import FlowSolver
from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import BranchKind, Grid, NodeLoads
from viavolta.model.messages import text
from viavolta.model.progress import StopRule
from viavolta.services.grid.loads import Strategy
from viavolta.services.grid.rules import DimmingRules

NONE = "none"
"""The strategy without any charging."""
DIMMED = "-dimmed"
"""What the name of a strategy ends in when the operator dims it."""
_ROUNDS = 192
_DIMS_FOR = (ViolationKind.LOW_VOLTAGE, ViolationKind.OVERLOAD, ViolationKind.NOT_CONVERGED)

Told = Callable[[float], None]
"""Called with the share of the work that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculated:
    """One strategy over the steps that were calculated.

    Attributes
    ----------
    load : all loads. outcome, warmth : what became of the grid. found, cause : runs of violations.
    dimmed : what the operator did, None where it did nothing.
    """

    name: str
    load: GridLoad
    outcome: Outcome
    warmth: Warmth
    found: Episodes
    cause: list[str]
    dimmed: Dimmed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridTask:
    """A grid made ready, its limits, and its transformers x (X,)."""

    grid: Grid
    solver: FlowSolver
    limits: Limits
    x: Ints
    thermal: ThermalRules
    dimming: DimmingRules
    is_lv: Flags

    @staticmethod
    def transformers(grid: Grid) -> Ints:
        """(X,) branches that are closed transformers."""
        return np.flatnonzero(grid.is_kind(BranchKind.TRANSFORMER) & grid.is_closed)


def calculate(task: GridTask, load: GridLoad, *, told: Told, stop: StopRule) -> tuple[Outcome, int]:
    """Power flows over all steps, or until the stop rule says so; and the steps that were done."""
    outcome = blank(task.grid, load.n_steps, task.x)
    done = 0
    for part in blocks(task.grid, load.n_steps):
        if done and stop():
            break
        flow = task.solver.solve(load.at(part))
        watch(
            outcome, flow, first=part.start, limits=task.limits, step_h=load.rest.step_h, x=task.x
        )
        done = part.stop
        told(done / load.n_steps)
    return outcome, done


def finish(
    task: GridTask,
    name: str,
    load: GridLoad,
    outcome: Outcome,
    *,
    ambient_c: Floats,
    without_charging: Marks | None = None,
    dimmed: Dimmed | None = None,
) -> Calculated:
    """Temperatures, runs of violations and their causes.

    without_charging : violations of temperatures in the run without charging.
    """
    warm = warmth(
        outcome.transformer_share,
        ambient_c,
        step_s=load.rest.step_s,
        grid=task.grid,
        x=task.x,
        rules=task.thermal,
    )
    found = episodes(Marks.joined([outcome.marks, warm.marks]))
    return Calculated(
        name=name,
        load=load,
        outcome=outcome,
        warmth=warm,
        found=found,
        cause=causes(task.solver, load, found, task.limits, without_charging=without_charging),
        dimmed=dimmed,
    )


def first_steps(outcome: Outcome, n: int) -> Outcome:
    """An outcome whose later steps were never reached."""
    return replace(
        outcome,
        transformer_share=outcome.transformer_share[:n],
        **{
            name: getattr(outcome, name)[:n]
            for name in ("source_kw", "loss_kw", "lowest_pu", "highest_pu", "highest_share")
        },
    )


def dim_strategy(
    task: GridTask, strategy: Strategy, rest: NodeLoads, *, marks: Marks
) -> tuple[Strategy, Dimmed]:
    """Let the operator dim low voltage charging wherever the grid would be overloaded.

    marks : violations of the strategy without dimming.

    Raises
    ------
    InputError: nobody said how many devices there are.
    """
    strategy = _dimmable(task, strategy)
    least_kw = _least_kw(strategy, task.dimming)
    reach = _Reach(task, strategy)

    def overloaded(charging: Charging, steps: Ints) -> Flags:
        after = replace(strategy, charging=charging)
        power = after.loads(rest.start, rest.step_s, steps=steps)
        load = GridLoad(rest=loads_at(rest, steps), charging=power)
        parts = []
        for part in blocks(task.grid, len(steps)):
            flow = task.solver.solve(load.at(part))
            parts.append(inspect(flow, task.limits, first=part.start)[0])
        return reach.points(Marks.joined(parts), len(steps))

    dimmed = dim_until_fine(
        strategy.charging,
        overloaded,
        is_overloaded=reach.points(marks, rest.n_steps),
        least_kw=least_kw,
        step_h=rest.step_h,
        most_rounds=_ROUNDS,
    )
    after = replace(strategy, name=strategy.name + DIMMED, charging=dimmed.charging)
    return after, dimmed


def _dimmable(task: GridTask, strategy: Strategy) -> Strategy:
    """Only devices at low voltage may be dimmed."""
    of = strategy.charging
    allowed = of.is_controllable & task.is_lv[strategy.node[of.point]]
    return replace(strategy, charging=replace(of, is_controllable=allowed))


def _least_kw(strategy: Strategy, rules: DimmingRules) -> Floats:
    used = np.unique(strategy.charging.point[strategy.charging.is_controllable])
    if (strategy.devices[used] < 0).any():
        raise InputError(
            code="grid-devices-unknown",
            message=text("nobody said how many devices {name} has", name=strategy.name),
            where=Where(field="--dim", value=strategy.name),
            expected=text("a number of devices behind each connection"),
            hint=text("say it in column devices of --places PLACES.csv, or give a charge study"),
        )
    return np.array(
        [
            least_power_kw(max(int(n), 0), device_kw=rules.device_kw, factors=rules.factors)
            for n in strategy.devices
        ]
    )


class _Reach:
    """Which points an operator dims for a violation: those behind it at low voltage.

    A violation within a low voltage grid, or at its transformer, concerns the points in it; one at
    medium voltage concerns all.
    """

    def __init__(self, task: GridTask, strategy: Strategy) -> None:
        grid = task.grid
        area = _areas(grid)
        self._of_point = area[strategy.node]
        self._of_node = np.where(task.is_lv, area, -1)
        to_lv = task.is_lv[grid.to_node]
        self._of_branch = np.where(to_lv, area[grid.to_node], -1)
        self._n_areas = int(area.max()) + 1

    def points(self, marks: Marks, n_steps: int) -> Flags:
        """(P, T) points to dim."""
        marks = marks.of(*_DIMS_FOR)
        at_node = marks.of(ViolationKind.LOW_VOLTAGE)
        at_branch = marks.of(ViolationKind.OVERLOAD)
        lost = marks.of(ViolationKind.NOT_CONVERGED)
        in_area = np.zeros((self._n_areas + 1, n_steps), dtype=bool)  # the last row stands for all
        in_area[self._of_node[at_node.element], at_node.step] = True
        in_area[self._of_branch[at_branch.element], at_branch.step] = True
        in_area[-1, lost.step] = True
        return np.asarray(in_area[self._of_point] | in_area[-1])


def _areas(grid: Grid) -> Ints:
    """(N,) number of the part of the grid that is joined without a transformer."""
    joins = ~grid.is_kind(BranchKind.TRANSFORMER) & grid.is_closed
    area = np.arange(grid.n_nodes)
    while True:
        lowest = area.copy()
        for one, other in (("from_node", "to_node"), ("to_node", "from_node")):
            np.minimum.at(lowest, getattr(grid, one)[joins], area[getattr(grid, other)[joins]])
        lowest = lowest[lowest]
        if (lowest == area).all():
            return area
        area = lowest
