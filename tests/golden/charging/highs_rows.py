"""Columns and rows collected one by one and handed to HiGHS as one program."""

from dataclasses import dataclass, field

import highspy
import numpy as np

INF = highspy.kHighsInf
_TIGHT = 1e-9  # feasibility, optimality and gap
Terms = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Values of the columns, their cost, and the cost that no other values go below."""

    x: np.ndarray
    cost: float
    bound: float


@dataclass(slots=True)
class Rows:
    """A mixed-integer program: minimise cost over columns within bounds and rows."""

    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    binaries: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    offset: float = 0.0

    def add(self, lower: float, upper: float, *, cost: float = 0.0) -> int:
        """Add a column; returns its number."""
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.cost) - 1

    def binary(self) -> int:
        """Add a column that is 0 or 1; returns its number."""
        self.binaries.append(self.add(0.0, 1.0))
        return self.binaries[-1]

    def between(self, lower: float, terms: Terms, upper: float) -> None:
        """Add the row lower <= sum of factor x column <= upper."""
        for column, factor in terms:
            self.column.append(column)
            self.value.append(factor)
        self.start.append(len(self.column))
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def at_least(self, terms: Terms, lower: float) -> None:
        """Add the row sum >= lower."""
        self.between(lower, terms, INF)

    def at_most(self, terms: Terms, upper: float) -> None:
        """Add the row sum <= upper."""
        self.between(-INF, terms, upper)

    def equal(self, terms: Terms, value: float) -> None:
        """Add the row sum = value."""
        self.between(value, terms, value)

    def solve(self, *, gap: float = _TIGHT) -> Answer:
        """Find the cheapest values; only with binaries may cost and bound differ by the gap."""
        solver = _solver(gap)
        solver.passModel(self._program())
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            msg = f"no optimum: {solver.modelStatusToString(solver.getModelStatus())}"
            raise RuntimeError(msg)
        info = solver.getInfo()
        cost = info.objective_function_value
        return Answer(
            x=np.array(solver.getSolution().col_value),
            cost=cost,
            bound=min(info.mip_dual_bound, cost) if self.binaries else cost,
        )

    def _program(self) -> highspy.HighsLp:
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(self.cost), len(self.row_lower)
        program.col_cost_ = np.array(self.cost)
        program.col_lower_, program.col_upper_ = np.array(self.lower), np.array(self.upper)
        program.row_lower_ = np.array(self.row_lower)
        program.row_upper_ = np.array(self.row_upper)
        program.offset_ = self.offset
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.array(self.start, dtype=np.int32)
        matrix.index_ = np.array(self.column, dtype=np.int32)
        matrix.value_ = np.array(self.value)
        if self.binaries:
            kind = np.zeros(len(self.cost), dtype=int)
            kind[self.binaries] = 1
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            program.integrality_ = [kinds[k] for k in kind]
        return program


def _solver(gap: float) -> highspy.Highs:
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("primal_feasibility_tolerance", _TIGHT),
        ("dual_feasibility_tolerance", _TIGHT),
        ("mip_feasibility_tolerance", _TIGHT),
        ("mip_rel_gap", gap),
        ("mip_abs_gap", _TIGHT),
    ):
        if solver.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            msg = f"HiGHS does not know {option}"
            raise RuntimeError(msg)
    return solver
