"""The door to HiGHS for linear programs that grow by columns while they are solved."""

from typing import Any, NamedTuple

import highspy
import numpy as np

from viavolta.engines.kit.milp import Floats, Ints, ask_in_solver, solver_failed
from viavolta.model.progress import StopRule, never

_PRIMAL_SIMPLEX = 4
_INTS = np.int32


class Optimum(NamedTuple):
    """Values of the columns (C,), duals of the rows (R,), and the objective."""

    x: Floats
    row_dual: Floats
    objective: float


class GrowingProgram:
    """Minimise cost @ x with x >= 0 and row_lower <= A x <= row_upper, column by column.

    Each solve starts from the basis of the last: after more columns it is still primal feasible.
    """

    def __init__(self, row_lower: Floats, row_upper: Floats) -> None:
        self._n_rows = len(row_lower)
        self._n_columns = 0
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call] # highspy has no types
        options: dict[str, bool | int | str] = {
            "output_flag": False,
            "threads": 1,
            "parallel": "off",
            "presolve": "off",
            "solver": "simplex",
            "simplex_strategy": _PRIMAL_SIMPLEX,
        }
        for name, value in options.items():
            self._highs.setOptionValue(name, value)
        self._stop: StopRule = never
        self._interrupts: list[KeyboardInterrupt] | None = None
        none = np.zeros(0)
        empty = np.zeros(0, dtype=_INTS)
        status = self._highs.addRows(
            self._n_rows, row_lower, row_upper, 0, np.zeros(self._n_rows, _INTS), empty, none
        )
        self._check(status)

    def add(self, cost: Floats, first: Ints, rows: Ints) -> None:
        """Add columns that hold 1 in their rows: those of column c are rows[first[c]:first[c + 1]].

        cost (C,), first (C + 1,).

        Raises
        ------
        PeerError: HiGHS rejects them.
        """
        count = len(cost)
        status = self._highs.addCols(
            count,
            cost,
            np.zeros(count),
            np.full(count, np.inf),
            len(rows),
            first[:-1].astype(_INTS),
            rows.astype(_INTS),
            np.ones(len(rows)),
        )
        self._check(status)
        self._n_columns += count

    def solve(self, stop: StopRule = never) -> Optimum | None:
        """Solve to the optimum; None where told to stop before that, which ends the program.

        Raises
        ------
        PeerError: there is none, or HiGHS fails.
        """
        if stop():
            return None
        self._stop = stop
        if stop is not never and self._interrupts is None:
            self._interrupts = ask_in_solver(self._highs, self._is_stopped)
        self._check(self._highs.run())
        if self._interrupts:
            raise self._interrupts[0]
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise solver_failed(self._highs.modelStatusToString(status))
        solution = self._highs.getSolution()
        return Optimum(
            np.array(solution.col_value),
            np.array(solution.row_dual),
            float(self._highs.getInfo().objective_function_value),
        )

    def _is_stopped(self) -> bool:
        return self._stop()

    def _check(self, status: Any) -> None:
        if status == highspy.HighsStatus.kError:
            raise solver_failed(highspy.HighsModelStatus.kModelError.name)
