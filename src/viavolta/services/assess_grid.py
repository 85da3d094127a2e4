"""From a grid, its loads and strategies of charging to a grid study: where it is too much, and why.

The tables of the study are described in `services.grid.tables`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from viavolta.catalogue.assumptions import Assumptions
from viavolta.engines.grid.assess.marks import AT_NODES, KINDS, Marks, ViolationKind
from viavolta.engines.grid.assess.watch import GridLoad, Limits, Outcome, loads_at
from viavolta.engines.grid.bands import reserve_shares, voltage_bands
from viavolta.engines.grid.dimming import Dimmed
from viavolta.engines.grid.flow import prepare
from viavolta.formats.grids import read_grid
from viavolta.formats.input_file import input_of
from viavolta.formats.weather import read_weather
from viavolta.model.arrays import Floats, Times
from viavolta.model.errors import UsageError, Where
from viavolta.model.grid import Grid, NodeLoads
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.progress import Progress, StopRule
from viavolta.model.study import Study
from viavolta.services.grid.calculate import (
    DIMMED,
    NONE,
    Calculated,
    GridTask,
    calculate,
    dim_strategy,
    finish,
    first_steps,
)
from viavolta.services.grid.charging import ReadFolder
from viavolta.services.grid.loads import LoadTask, Strategy, read_load_task
from viavolta.services.grid.notices import assess_warnings
from viavolta.services.grid.request import AssessRequest
from viavolta.services.grid.rules import dimming_rules, grid_rules, thermal_rules
from viavolta.services.grid.tables import assess_tables, most_kw
from viavolta.services.used_assumptions import used_assumptions

Clock = Callable[[], float]
"""Seconds that only go forward."""

_HOURS_PER_YEAR = 8760


@dataclass(slots=True)
class _Begun:
    """A strategy whose power flows are being calculated."""

    name: str
    load: GridLoad
    outcome: Outcome
    n_done: int
    dimmed: Dimmed | None = None


def assess_grid(
    request: AssessRequest, *, read: ReadFolder, progress: Progress, clock: Clock
) -> Study:
    """Read the files, calculate every step of every strategy, and put the study together.

    Raises
    ------
    UsageError: a missing file, or options that contradict each other.
    InputError: the files hold something that cannot be calculated.
    PeerError: the power flow fails as a whole.
    """
    began_s = clock()
    _check_names(request)
    figures = Assumptions(["grid"])
    progress(text("read"), 0.0)
    grid, repairs, warnings = read_grid(request.grid)
    task = _task(request, grid, figures)
    loads = read_load_task(
        request,
        grid,
        read=read,
        least_kw=task.dimming.device_kw,
        yield_kwh_per_kwp=figures.number("grid.sun.yield_kwh_per_kwp"),
    )
    ambient_c = _ambient_c(request, loads.rest.start, figures)
    read_s = clock()
    end_s = np.inf if request.time_limit_s is None else read_s + request.time_limit_s
    begun = _calculate(request, task, loads, progress=progress, stop=lambda: clock() >= end_s)
    flows_s = clock()
    progress(text("causes"), 0.9)
    n_steps = min(run.n_done for run in begun)
    runs: list[Calculated] = []
    for one in begun:
        calm = runs[0].warmth.marks if runs else None
        runs.append(_finished(task, one, n_steps, ambient_c[:n_steps], calm))
    study = _study(
        request,
        task,
        runs,
        figures=figures,
        ambient_c=ambient_c[:n_steps],
        repairs=repairs,
        warnings=(
            *warnings,
            *assess_warnings(task, runs, loads, n_missing=loads.rest.n_steps - n_steps),
        ),
    )
    study.timings_s.update(
        read=read_s - began_s, power_flow=flows_s - read_s, causes=clock() - flows_s
    )
    return study


def _check_names(request: AssessRequest) -> None:
    names = [source.name for source in request.charging]
    taken = [NONE, *(name + DIMMED for name in names)]
    wrong = [name for name in names if names.count(name) > 1 or name in taken or not name]
    unknown = [name for name in request.dim if name not in names]
    if wrong or unknown:
        name = (*wrong, *unknown)[0]
        raise UsageError(
            code="grid-strategy-name",
            message=text("{name!r} cannot be the name of a strategy here", name=name),
            where=Where(field="--dim" if not wrong else "--charging", value=name),
            expected=text("each name once, not {taken}; --dim names one of --charging", taken=NONE),
        )
    if request.loads is None and request.customers is None and not request.charging:
        raise UsageError(
            code="grid-without-loads",
            message=text("nothing hangs on the grid"),
            where=Where(field="--loads"),
            expected=text("--loads, --customers or --charging"),
        )


def _task(request: AssessRequest, grid: Grid, figures: Assumptions) -> GridTask:
    rules = grid_rules(figures)
    low_pu, high_pu = voltage_bands(grid, rules, request.split)
    return GridTask(
        grid=grid,
        solver=prepare(grid),
        limits=Limits(low_pu=low_pu, high_pu=high_pu, reserve_share=reserve_shares(grid, rules)),
        x=GridTask.transformers(grid),
        thermal=thermal_rules(figures),
        dimming=dimming_rules(figures),
        is_lv=rules.is_lv(grid),
    )


def _ambient_c(request: AssessRequest, start: Times, figures: Assumptions) -> Floats:
    """(T,) air around the transformers: a constant, or that hour of the year of the weather."""
    if request.weather is None:
        return np.full(len(start), figures.number("grid.thermal.ambient_c"))
    year = read_weather(request.weather).temperature_c
    day = start.astype("datetime64[D]")
    of_year = (day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
    hour = (start.astype("datetime64[h]") - day.astype("datetime64[h]")).astype(np.int64)
    return np.asarray(year[(of_year * 24 + hour) % len(year)], dtype=np.float64)


def _calculate(
    request: AssessRequest,
    task: GridTask,
    loads: LoadTask,
    *,
    progress: Progress,
    stop: StopRule,
) -> list[_Begun]:
    """All strategies over all steps: none, those given, and those that the operator dims."""
    n_all = 1 + len(loads.strategies) + len(request.dim)
    begun: list[_Begun] = []

    def run(name: str, strategy: Strategy | None, dimmed: Dimmed | None = None) -> _Begun:
        rest = loads.rest
        charging = None if strategy is None else strategy.loads(rest.start, rest.step_s)
        load = GridLoad(rest=rest, charging=charging)
        progress(text("power flow: {name}", name=name), 0.1 + 0.8 * len(begun) / n_all)
        outcome, done = calculate(
            task,
            load,
            told=lambda share: progress(
                text("power flow: {name}", name=name), 0.1 + 0.8 * (len(begun) + share) / n_all
            ),
            stop=stop,
        )
        return _Begun(name, load, outcome, done, dimmed)

    begun.append(run(NONE, None))
    for strategy in loads.strategies:
        begun.append(run(strategy.name, strategy))  # noqa: PERF401 - run looks at what was begun
    by_name = {strategy.name: strategy for strategy in loads.strategies}
    marks = {one.name: one.outcome.marks for one in begun}
    for name in request.dim:
        strategy, dimmed = dim_strategy(task, by_name[name], loads.rest, marks=marks[name])
        begun.append(run(strategy.name, strategy, dimmed))
    return begun


def _finished(
    task: GridTask, run: _Begun, n_steps: int, ambient_c: Floats, calm: Marks | None
) -> Calculated:
    """A strategy over the steps that all were calculated for."""
    load, outcome = run.load, run.outcome
    if n_steps < load.n_steps:
        load = GridLoad(
            rest=loads_at(load.rest, slice(n_steps)),
            charging=None if load.charging is None else loads_at(load.charging, slice(n_steps)),
        )
        outcome, _ = calculate(task, load, told=lambda _: None, stop=lambda: False)
    dimmed = run.dimmed
    if dimmed is not None:
        dimmed = replace(dimmed, is_dimmed=dimmed.is_dimmed[:, :n_steps])
    return finish(
        task,
        run.name,
        load,
        first_steps(outcome, n_steps),
        ambient_c=ambient_c,
        without_charging=calm,
        dimmed=dimmed,
    )


def _study(
    request: AssessRequest,
    task: GridTask,
    runs: list[Calculated],
    *,
    figures: Assumptions,
    ambient_c: Floats,
    repairs: tuple[Repair, ...],
    warnings: tuple[StudyWarning, ...],
) -> Study:
    return Study(
        kind="grid",
        title=text("What {grid} carries", grid=request.grid.name),
        seed=request.seed,
        effort=request.effort,
        service_date=None,
        timezone="UTC",
        inputs=tuple(input_of(path) for path in request.files),
        assumptions=used_assumptions(figures),
        repairs=repairs,
        warnings=warnings,
        summary=_summary(request, task, runs),
        tables=assess_tables(task, runs, rules=grid_rules(figures), ambient_c=ambient_c),
    )


def _summary(request: AssessRequest, task: GridTask, runs: list[Calculated]) -> dict[str, Any]:
    load: NodeLoads = runs[0].load.rest
    grid = task.grid
    return {
        "question": "assess",
        "grade": grid.grade.value,
        "n_nodes": grid.n_nodes,
        "n_branches": grid.n_branches,
        "n_transformers": len(task.x),
        "begin": f"{load.start[0]}Z",
        "steps": load.n_steps,
        "step_s": load.step_s,
        "split": request.split.value,
        "method": task.solver.method.value,
        "is_balanced": all(run.load.at(slice(1)).is_balanced for run in runs),
        "strategies": [run.name for run in runs],
        "violation_hours": {run.name: _violation_hours(run) for run in runs},
        "elements_violated": {run.name: _n_elements(run) for run in runs},
        "violation_hours_by_cause": {run.name: _by_cause(run) for run in runs},
        "loss_kwh": {run.name: _kwh(run, run.outcome.loss_kw) for run in runs},
        "loss_share": {run.name: _loss_share(run) for run in runs},
        "peak_import_kw": {run.name: most_kw(run.outcome.source_kw) for run in runs},
        "steps_not_converged": {run.name: run.outcome.n_not_converged for run in runs},
        "unmet_kwh": {
            run.name: float(run.dimmed.unmet_kwh.sum()) for run in runs if run.dimmed is not None
        },
    }


def _violation_hours(run: Calculated) -> float:
    return float(run.found.n_steps.sum() * run.load.rest.step_h)


def _n_elements(run: Calculated) -> int:
    """Nodes and branches that are outside some limit at some time."""
    at_node = np.isin(run.found.kind, [KINDS.index(kind) for kind in AT_NODES])
    lost = run.found.kind == KINDS.index(ViolationKind.NOT_CONVERGED)
    keys = zip(at_node.tolist(), run.found.element.tolist(), lost.tolist(), strict=True)
    return len({key for key in keys if not key[2]})


def _by_cause(run: Calculated) -> dict[str, float]:
    hours: dict[str, float] = {}
    for cause, n in zip(run.cause, run.found.n_steps.tolist(), strict=True):
        hours[cause] = hours.get(cause, 0.0) + n * run.load.rest.step_h
    return dict(sorted(hours.items()))


def _kwh(run: Calculated, power_kw: Floats) -> float:
    return float(np.nansum(power_kw) * run.load.rest.step_h)


def _loss_share(run: Calculated) -> float:
    """Losses over all energy that enters the grid, from sources and roofs."""
    parts = [run.load.rest, *([] if run.load.charging is None else [run.load.charging])]
    fed_in = -sum(float(np.minimum(part.p_kw, 0).sum()) for part in parts)
    total = _kwh(run, np.maximum(run.outcome.source_kw, 0)) + fed_in * run.load.rest.step_h
    return _kwh(run, run.outcome.loss_kw) / total if total > 0 else 0.0
