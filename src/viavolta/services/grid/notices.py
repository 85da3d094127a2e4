"""What must be known before the figures of a grid assessment are trusted."""

from collections.abc import Sequence

import numpy as np

from viavolta.model.grid import Grade, NodeKind
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.services.grid.calculate import Calculated, GridTask
from viavolta.services.grid.loads import LoadTask

_SHOWN = 3


def assess_warnings(
    task: GridTask, runs: Sequence[Calculated], loads: LoadTask, *, n_missing: int
) -> tuple[StudyWarning, ...]:
    """Give the warnings that follow from the power flows; those of the files come with them."""
    found = (
        _cut_short(n_missing),
        _cut_to_common(loads),
        _is_twin(task),
        _not_supplied(task, runs),
        _not_converged(runs),
        _unmet(runs),
        _no_charging(loads),
    )
    return tuple(warning for warning in found if warning is not None)


def _cut_short(n_missing: int) -> StudyWarning | None:
    if not n_missing:
        return None
    return _warning(
        code="grid-cut-short",
        message=text("--time-limit left {n} steps at the end without a power flow", n=n_missing),
    )


def _cut_to_common(loads: LoadTask) -> StudyWarning | None:
    if not loads.n_cut:
        return None
    return _warning(
        code="grid-steps-cut",
        message=text("{n} steps of the files lie outside what all of them cover", n=loads.n_cut),
    )


def _is_twin(task: GridTask) -> StudyWarning | None:
    if task.grid.grade is not Grade.TWIN:
        return None
    return _warning(
        code="grid-is-a-twin", message=text("the grid is a typical one, not that of the place")
    )


def _not_supplied(task: GridTask, runs: Sequence[Calculated]) -> StudyWarning | None:
    outcome = runs[0].outcome
    if outcome.n_not_converged == len(outcome.loss_kw):
        return None
    is_dark = np.isinf(outcome.u_min_pu) & ~task.grid.is_kind(NodeKind.SOURCE)
    rows = np.flatnonzero(is_dark)
    if not len(rows):
        return None
    names = ", ".join(task.grid.node_id[row] for row in rows[:_SHOWN])
    return _warning(
        code="grid-not-supplied",
        message=text(
            "{n} nodes have no closed path to a source; loads there count nowhere: {names}",
            n=len(rows),
            names=names,
        ),
    )


def _not_converged(runs: Sequence[Calculated]) -> StudyWarning | None:
    lost = {run.name: run.outcome.n_not_converged for run in runs if run.outcome.n_not_converged}
    if not lost:
        return None
    listed = ", ".join(f"{name}: {n}" for name, n in lost.items())
    return _warning(
        code="grid-not-converged",
        message=text("steps without a solution, reported as violations: {listed}", listed=listed),
    )


def _unmet(runs: Sequence[Calculated]) -> StudyWarning | None:
    short = {
        run.name: float(run.dimmed.unmet_kwh.sum())
        for run in runs
        if run.dimmed is not None and run.dimmed.unmet_kwh.sum() > _NOTHING_KWH
    }
    if not short:
        return None
    listed = ", ".join(f"{name}: {kwh:.1f} kWh" for name, kwh in short.items())
    return _warning(
        code="grid-dimming-unmet",
        message=text("dimming leaves vehicles short of energy: {listed}", listed=listed),
    )


def _no_charging(loads: LoadTask) -> StudyWarning | None:
    idle = [one.name for one in loads.strategies if not one.charging.power_kw.any()]
    if not idle:
        return None
    return _warning(
        code="grid-no-charging",
        message=text(
            "nobody charges within the steps of the study: {names}", names=", ".join(idle)
        ),
    )


_NOTHING_KWH = 1e-6


def _warning(*, code: str, message: str) -> StudyWarning:
    return StudyWarning(code=code, file=None, message=message)
