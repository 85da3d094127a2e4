"""Violations: single steps at which an element is outside its limits, and runs of them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from viavolta.model.arrays import Floats, Ints


class ViolationKind(StrEnum):
    """What is outside its limits."""

    LOW_VOLTAGE = "low-voltage"
    """Voltage of a node below its band."""
    HIGH_VOLTAGE = "high-voltage"
    """Voltage of a node above its band."""
    OVERLOAD = "overload"
    """Loading of a branch above its rating."""
    RESERVE = "reserve"
    """Loading of medium voltage, in the load case, above what leaves room for a fault."""
    HOT_SPOT = "hot-spot"
    """Hot spot of a transformer above the limit of normal cyclic loading."""
    TOP_OIL = "top-oil"
    """Top oil of a transformer above the limit of normal cyclic loading."""
    NOT_CONVERGED = "not-converged"
    """The power flow has no solution that could be found: mostly far more load than fits."""


KINDS = tuple(ViolationKind)
AT_NODES = (ViolationKind.LOW_VOLTAGE, ViolationKind.HIGH_VOLTAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """K single violations.

    Attributes
    ----------
    step : (K,) step. kind : (K,) row of KINDS. element : (K,) row of the nodes or the branches,
        0 where the whole grid is meant. value : (K,) pu, share of the rating, or degC; NaN where
        there is none.
    """

    step: Ints
    kind: Ints
    element: Ints
    value: Floats

    @staticmethod
    def joined(parts: list["Marks"]) -> "Marks":
        """All marks of several."""
        none = np.zeros(0, dtype=np.int64)
        return Marks(
            step=np.concatenate([none, *(part.step for part in parts)]),
            kind=np.concatenate([none, *(part.kind for part in parts)]),
            element=np.concatenate([none, *(part.element for part in parts)]),
            value=np.concatenate([np.zeros(0), *(part.value for part in parts)]),
        )

    def of(self, *kinds: ViolationKind) -> "Marks":
        """Only those of some kinds."""
        rows = np.isin(self.kind, [KINDS.index(kind) for kind in kinds])
        return Marks(
            step=self.step[rows],
            kind=self.kind[rows],
            element=self.element[rows],
            value=self.value[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """V runs of steps, without a gap, in which an element is outside one limit.

    Attributes
    ----------
    kind, element : (V,) as in Marks. first_step, n_steps : (V,). worst : (V,) the value furthest
        outside; worst_step : (V,) the first step that has it.
    """

    kind: Ints
    element: Ints
    first_step: Ints
    n_steps: Ints
    worst: Floats
    worst_step: Ints

    def __len__(self) -> int:
        return len(self.kind)


def marks_where(
    values: Floats, is_outside: np.ndarray, *, kind: ViolationKind, first_step: int, rows: Ints
) -> Marks:
    """Marks of a block of steps: values and is_outside (T, X); rows (X,) elements of columns."""
    step, column = np.nonzero(is_outside)
    return Marks(
        step=step + first_step,
        kind=np.full(len(step), KINDS.index(kind)),
        element=rows[column],
        value=values[step, column],
    )


def episodes(marks: Marks) -> Episodes:
    """Runs of marks, by kind, element and time."""
    order = np.lexsort((marks.step, marks.element, marks.kind))
    kind, element, step = marks.kind[order], marks.element[order], marks.step[order]
    value = marks.value[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(kind) != 0) | (np.diff(element) != 0) | (np.diff(step) != 1)
    run = np.cumsum(is_first) - 1
    first = np.flatnonzero(is_first)
    severity = np.where(kind == KINDS.index(ViolationKind.LOW_VOLTAGE), -value, value)
    by_severity = np.lexsort((step, -severity, run))
    worst = by_severity[first]  # runs are in order, and as long as before
    return Episodes(
        kind=kind[first],
        element=element[first],
        first_step=step[first],
        n_steps=np.diff(np.append(first, len(order))),
        worst=value[worst],
        worst_step=step[worst],
    )
