"""What a power flow gives: every value, or the worst values alone."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viavolta.model.arrays import Floats, Ints, freeze, require

Flags = NDArray[np.bool_]


class Method(StrEnum):
    """How a power flow was calculated."""

    SWEEP = "radial sweep"
    """Own kernel for grids without meshes: backward and forward along the branches."""
    FIXED_POINT = "fixed point"
    """Own kernel for meshed grids: currents from voltages, voltages from currents, and again."""
    POWER_GRID_MODEL = "power-grid-model"
    """Newton-Raphson of power-grid-model, in batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Power flow of a grid with N nodes and B branches over T steps.

    Values at steps that did not converge, and voltages at nodes without a path to a source, are
    NaN; loads at such nodes are not served and count nowhere. Open branches carry nothing.

    Attributes
    ----------
    u_pu : (T, N) voltage over nominal; (T, N, 3) by phase to neutral where loads are unbalanced.
    current_a : (T, B) of one of the parallel systems, the larger of both ends, the largest phase.
    loading_share : (T, B) current over rated current, the larger of both ends (a transformer's
        rated current follows from its rated power and voltages); 0 where no rating is known.
    loss_kw : (T,) in branches, no-load losses of transformers included.
    source_kw, source_kvar : (T,) what the sources feed in at their nodes.
    is_converged : (T,). is_supplied : (N,) whether a node has a path to a source.
    tap : (T, B) tap positions.
    method : how it was calculated.
    """

    u_pu: Floats
    current_a: Floats
    loading_share: Floats
    loss_kw: Floats
    source_kw: Floats
    source_kvar: Floats
    is_converged: Flags
    is_supplied: Flags
    tap: Ints
    method: Method

    def __post_init__(self) -> None:
        steps, nodes = self.u_pu.shape[:2]
        branches = self.current_a.shape[1]
        freeze(self, "u_pu", "float64", (steps, nodes, *self.u_pu.shape[2:]))
        for field in ("current_a", "loading_share"):
            freeze(self, field, "float64", (steps, branches))
        freeze(self, "tap", "int64", (steps, branches))
        for field in ("loss_kw", "source_kw", "source_kvar"):
            freeze(self, field, "float64", (steps,))
        freeze(self, "is_converged", "bool", (steps,))
        freeze(self, "is_supplied", "bool", (nodes,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Power on top of a base load: what one draw of chance adds at some nodes.

    Attributes
    ----------
    node : (K,) rows of the grid's nodes, each at most once. p_kw, q_kvar : (K, T).
    """

    node: Ints
    p_kw: Floats
    q_kvar: Floats

    def __post_init__(self) -> None:
        freeze(self, "node", "int64", (len(self.node),))
        shape = np.shape(self.p_kw)
        require(len(shape) == 2, "p_kw is (K, T)")  # noqa: PLR2004 - loads by steps
        freeze(self, "p_kw", "float64", (len(self.node), shape[1]))
        freeze(self, "q_kvar", "float64", (len(self.node), shape[1]))
        require(len(np.unique(self.node)) == len(self.node), "each node at most once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """The worst values of a power flow over T steps: N nodes, B branches.

    Steps that did not converge count in `not_converged` alone. Nodes without a path to a source
    have NaN voltages and no hours.

    Attributes
    ----------
    u_min_pu, u_max_pu : (N,) lowest and highest voltage, of the worst phase.
    u_min_step, u_max_step : (N,) a step of these; -1 where there is none.
    hours_below, hours_above : (N,) below low_pu, above high_pu.
    loading_max : (B,) share of the rating. loading_max_step : (B,). hours_over : (B,) above the
        limit asked for.
    loss_kwh : in all branches. source_min_kw, source_max_kw : least and most the sources feed in.
    n_steps : T. not_converged : steps without a solution. is_supplied : (N,).
    method : how it was calculated.
    """

    u_min_pu: Floats
    u_max_pu: Floats
    u_min_step: Ints
    u_max_step: Ints
    hours_below: Floats
    hours_above: Floats
    loading_max: Floats
    loading_max_step: Ints
    hours_over: Floats
    loss_kwh: float
    source_min_kw: float
    source_max_kw: float
    n_steps: int
    not_converged: Ints
    is_supplied: Flags
    method: Method

    def __post_init__(self) -> None:
        nodes, branches = (len(self.u_min_pu),), (len(self.loading_max),)
        for field in ("u_min_pu", "u_max_pu", "hours_below", "hours_above"):
            freeze(self, field, "float64", nodes)
        for field in ("u_min_step", "u_max_step"):
            freeze(self, field, "int64", nodes)
        for field in ("loading_max", "hours_over"):
            freeze(self, field, "float64", branches)
        freeze(self, "loading_max_step", "int64", branches)
        freeze(self, "not_converged", "int64", (len(self.not_converged),))
        freeze(self, "is_supplied", "bool", nodes)

    @property
    def n_not_converged(self) -> int:
        """Number of steps without a solution."""
        return len(self.not_converged)

    @property
    def hours_outside(self) -> Floats:
        """(N,) hours below or above the band."""
        return self.hours_below + self.hours_above

    @property
    def is_within(self) -> bool:
        """Whether every step has a solution, within the band and the ratings."""
        hours = self.hours_outside.sum() + self.hours_over.sum()
        return self.n_not_converged == 0 and not hours
