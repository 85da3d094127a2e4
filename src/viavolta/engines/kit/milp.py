"""The door to HiGHS: linear and mixed-integer programs as arrays."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from viavolta.model.errors import PeerError
from viavolta.model.messages import text
from viavolta.model.progress import StopRule, never

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_TOLERANCE = 1e-9  # primal and dual feasibility of linear programs
_MIP_FEASIBILITY = 1e-9


class Outcome(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"  # within the gap, or at the target, that was asked for
    STOPPED = "stopped"  # by the stop rule or the node limit; the values may still be usable
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Minimise cost @ x + offset with lower <= x <= upper and row_lower <= A x <= row_upper.

    Attributes
    ----------
    cost, lower, upper : (C,); infinite bounds are +-inf.
    row_lower, row_upper : (R,)
    row_start : (R + 1,), column, value : (K,)
        A row by row: row r holds column[row_start[r]:row_start[r + 1]] with the same `value`s.
    is_integer : (C,) bool, or None where every column is continuous.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    row_start: Ints
    column: Ints
    value: Floats
    is_integer: NDArray[np.bool_] | None = None
    offset: float = 0.0

    def __post_init__(self) -> None:
        n_columns, n_rows = len(self.cost), len(self.row_lower)
        fits = (
            len(self.lower) == len(self.upper) == n_columns
            and len(self.row_upper) == n_rows
            and len(self.row_start) == n_rows + 1
            and len(self.column) == len(self.value) == self.row_start[-1]
            and (self.is_integer is None or len(self.is_integer) == n_columns)
        )
        if not fits:
            msg = "the arrays of a program do not fit together"
            raise ValueError(msg)

    def with_bounds(self, lower: Floats, upper: Floats) -> "Program":
        """Copy the program with other column bounds."""
        return replace(self, lower=lower, upper=upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Answer to a program.

    Attributes
    ----------
    outcome : how it ended. has_values : whether `x` is a feasible point.
    x : (C,), objective : value at x (NaN without values).
    bound : proven lower bound of the objective; -inf where none is known.
    row_dual : (R,) change of the optimum per unit of the row's bound, reduced_cost : (C,); both
        zero for programs with integer columns.
    """

    outcome: Outcome
    has_values: bool
    x: Floats
    objective: float
    bound: float
    row_dual: Floats
    reduced_cost: Floats


def solve(
    program: Program,
    *,
    gap: float = 1e-4,
    stop: StopRule = never,
    seed: int = 1,
    max_nodes: int | None = None,
    start: Floats | None = None,
    target: float | None = None,
    solver: str = "simplex",
    presolve: str = "on",
) -> Solution:
    """Solve a program with HiGHS on one thread: same program and seed, same answer.

    Parameters
    ----------
    gap
        Relative gap at which a program with integer columns counts as solved.
    stop
        Asked during the solve; True ends it with the best found so far.
    max_nodes
        Node limit of the branch-and-bound tree: an amount of work that does not depend on a clock.
    start
        (C,) a feasible point to start a program with integer columns from.
    target
        Objective at which a program with integer columns counts as good enough.
    solver
        For continuous programs: `simplex` or `ipm` (interior point with crossover).
    presolve
        `on` or `off`: what it finds in a network can cost a hundred times the solve itself.

    Raises
    ------
    PeerError: HiGHS rejects the program or fails.
    """
    highs = _load(program)
    _set_options(highs, gap=gap, seed=seed, solver=solver)
    highs.setOptionValue("presolve", presolve)
    if max_nodes is not None:
        highs.setOptionValue("mip_max_nodes", max_nodes)
    if target is not None:
        highs.setOptionValue("objective_target", target)
    if start is not None:
        point = highspy.HighsSolution()
        point.col_value = start.tolist()
        highs.setSolution(point)
    _run(highs, stop)
    return _solution(highs, program)


def _load(program: Program) -> Any:
    highs = highspy.Highs()  # type: ignore[no-untyped-call] # highspy leaves it without types
    highs.setOptionValue("output_flag", False)  # noqa: FBT003 - the name of HiGHS's own option
    integrality = (
        np.zeros(len(program.cost), dtype=np.int32)
        if program.is_integer is None
        else program.is_integer.astype(np.int32)
    )
    status = highs.passModel(
        len(program.cost),
        len(program.row_lower),
        len(program.column),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        program.offset,
        program.cost,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        program.row_start,
        program.column,
        program.value,
        integrality,
    )
    if status == highspy.HighsStatus.kError:
        raise solver_failed(highspy.HighsModelStatus.kModelError.name)
    return highs


def _set_options(highs: Any, *, gap: float, seed: int, solver: str) -> None:
    options: dict[str, object] = {
        "threads": 1,
        "parallel": "off",
        "random_seed": seed,
        "solver": solver,
        "primal_feasibility_tolerance": _TOLERANCE,
        "dual_feasibility_tolerance": _TOLERANCE,
        "mip_rel_gap": gap,
        "mip_feasibility_tolerance": _MIP_FEASIBILITY,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)


def _run(highs: Any, stop: StopRule) -> None:
    # asking costs a call into Python per iteration
    interrupts = [] if stop is never else ask_in_solver(highs, stop)
    highs.run()
    if interrupts:
        raise interrupts[0]


def ask_in_solver(highs: Any, stop: StopRule) -> list[KeyboardInterrupt]:
    """Have HiGHS ask a stop rule while it runs; returns where interrupts of a user will stand.

    An exception must not travel through the C++ of HiGHS: the caller raises what it finds there.
    """
    interrupts: list[KeyboardInterrupt] = []

    def ask(event: Any) -> None:
        try:
            if interrupts or stop():
                event.interrupt()
        except KeyboardInterrupt as interrupt:
            interrupts.append(interrupt)
            event.interrupt()

    for callback in (highs.cbSimplexInterrupt, highs.cbIpmInterrupt, highs.cbMipInterrupt):
        callback.subscribe(ask)
    return interrupts


def _solution(highs: Any, program: Program) -> Solution:
    status = highs.getModelStatus()
    outcome = _OUTCOMES.get(status)
    if outcome is None:
        raise solver_failed(highs.modelStatusToString(status))
    info, values = highs.getInfo(), highs.getSolution()
    n_columns, n_rows = len(program.cost), len(program.row_lower)
    is_mip = program.is_integer is not None and bool(program.is_integer.any())
    is_feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    has_values = is_feasible and outcome in {Outcome.OPTIMAL, Outcome.STOPPED}
    x = np.asarray(values.col_value, dtype=np.float64) if has_values else np.zeros(n_columns)
    has_duals = outcome is Outcome.OPTIMAL and not is_mip
    objective = float(info.objective_function_value) if has_values else float("nan")
    bound = -np.inf
    if is_mip:
        bound = float(info.mip_dual_bound)
    elif outcome is Outcome.OPTIMAL:
        bound = objective
    return Solution(
        outcome=outcome,
        has_values=has_values,
        x=x,
        objective=objective,
        bound=bound,
        row_dual=np.asarray(values.row_dual) if has_duals else np.zeros(n_rows),
        reduced_cost=np.asarray(values.col_dual) if has_duals else np.zeros(n_columns),
    )


_OUTCOMES = {
    highspy.HighsModelStatus.kOptimal: Outcome.OPTIMAL,
    highspy.HighsModelStatus.kModelEmpty: Outcome.OPTIMAL,
    highspy.HighsModelStatus.kObjectiveTarget: Outcome.OPTIMAL,
    highspy.HighsModelStatus.kInterrupt: Outcome.STOPPED,
    highspy.HighsModelStatus.kSolutionLimit: Outcome.STOPPED,
    highspy.HighsModelStatus.kIterationLimit: Outcome.STOPPED,
    highspy.HighsModelStatus.kTimeLimit: Outcome.STOPPED,
    highspy.HighsModelStatus.kInfeasible: Outcome.INFEASIBLE,
    highspy.HighsModelStatus.kUnboundedOrInfeasible: Outcome.INFEASIBLE,
    highspy.HighsModelStatus.kUnbounded: Outcome.UNBOUNDED,
}


def solver_failed(reason: str) -> PeerError:
    """Make the error of a solver that failed, for the reason it gave."""
    return PeerError(
        code="solver-failed",
        message=text("the solver HiGHS failed: {reason}", reason=reason),
        hint=text("figures that differ by more than a billion times are a common cause"),
    )
