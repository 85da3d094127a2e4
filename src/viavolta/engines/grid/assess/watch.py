"""A year of power flows against the limits of a grid, without keeping every voltage.

Steps are calculated in blocks; of each strategy only extremes, hours and violations are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np

from viavolta.engines.grid.assess.marks import Marks, ViolationKind, marks_where
from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.grid import Grid, NodeLoads, Phase

_CELLS_AT_ONCE = 2_000_000  # voltages and loadings of a block: some 16 MB for each array
_TOLERANCE = 1e-9


class FlowResult(Protocol):
    """Power flow of T steps; see engines.grid.flow."""

    @property
    def u_pu(self) -> Floats:
        """(T, N) voltages, or (T, N, 3) by phase."""

    @property
    def loading_share(self) -> Floats:
        """(T, B) of the rating."""

    @property
    def loss_kw(self) -> Floats:
        """(T,) losses."""

    @property
    def source_kw(self) -> Floats:
        """(T,) power out of all sources."""

    @property
    def is_converged(self) -> Flags:
        """(T,) whether a solution was found."""


class Solver(Protocol):
    """A power flow that is prepared for one grid."""

    def solve(self, loads: NodeLoads, /) -> FlowResult:
        """Flows of all steps of the loads."""


class Part(StrEnum):
    """What a load consists of."""

    BASE = "base load"
    SUN = "sun"
    CHARGING = "charging"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLoad:
    """Load of a grid in parts: base load and sun together, told apart by sign, and charging."""

    rest: NodeLoads
    charging: NodeLoads | None = None

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return self.rest.n_steps

    def at(self, steps: slice | Ints, *, without: Part | None = None) -> NodeLoads:
        """All loads in some steps, one part of them left out."""
        rest = loads_at(self.rest, steps)
        if without is Part.BASE:
            rest = _kept(rest, rest.p_kw < 0)
        elif without is Part.SUN:
            rest = _kept(rest, rest.p_kw >= 0)
        if self.charging is None or without is Part.CHARGING:
            return rest
        charging = loads_at(self.charging, steps)
        return NodeLoads(
            start=rest.start,
            step_s=rest.step_s,
            node=np.concatenate([rest.node, charging.node]),
            phase=(*rest.phase, *charging.phase),
            p_kw=np.concatenate([rest.p_kw, charging.p_kw]),
            q_kvar=np.concatenate([rest.q_kvar, charging.q_kvar]),
        )


def loads_at(loads: NodeLoads, steps: slice | Ints) -> NodeLoads:
    """Loads of some steps only."""
    return replace(
        loads, start=loads.start[steps], p_kw=loads.p_kw[:, steps], q_kvar=loads.q_kvar[:, steps]
    )


def _kept(loads: NodeLoads, is_kept: Flags) -> NodeLoads:
    return replace(
        loads, p_kw=np.where(is_kept, loads.p_kw, 0), q_kvar=np.where(is_kept, loads.q_kvar, 0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Allowed voltages (N,) in pu, and loading (B,) that leaves room for a fault in load case."""

    low_pu: Floats
    high_pu: Floats
    reserve_share: Floats


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of a grid under one strategy, over the steps that were looked at.

    Attributes
    ----------
    u_min_pu, u_max_pu, hours_outside : (N,); infinite where nothing was seen, as at nodes without a
    path to a source. loading_max, hours_over, hours_over_reserve : (B,).
    transformer_share : (T, X) loading of transformers. source_kw, loss_kw, lowest_pu, highest_pu,
    highest_share : (T,) of the whole grid. All are NaN where the power flow did not converge.
    marks : every violation of voltage, loading and convergence.
    """

    u_min_pu: Floats
    u_max_pu: Floats
    hours_outside: Floats
    loading_max: Floats
    hours_over: Floats
    hours_over_reserve: Floats
    transformer_share: Floats
    source_kw: Floats
    loss_kw: Floats
    lowest_pu: Floats
    highest_pu: Floats
    highest_share: Floats
    parts: list[Marks] = field(default_factory=list)

    @property
    def marks(self) -> Marks:
        """Every violation so far."""
        return Marks.joined(self.parts)

    @property
    def n_not_converged(self) -> int:
        """Steps without a solution."""
        return int(np.isnan(self.loss_kw).sum())


def blank(grid: Grid, n_steps: int, transformers: Ints) -> Outcome:
    """Nothing seen yet."""
    nodes, branches = grid.n_nodes, grid.n_branches
    return Outcome(
        u_min_pu=np.full(nodes, np.inf),
        u_max_pu=np.full(nodes, -np.inf),
        hours_outside=np.zeros(nodes),
        loading_max=np.zeros(branches),
        hours_over=np.zeros(branches),
        hours_over_reserve=np.zeros(branches),
        transformer_share=np.full((n_steps, len(transformers)), np.nan),
        source_kw=np.full(n_steps, np.nan),
        loss_kw=np.full(n_steps, np.nan),
        lowest_pu=np.full(n_steps, np.nan),
        highest_pu=np.full(n_steps, np.nan),
        highest_share=np.full(n_steps, np.nan),
    )


def watch(
    outcome: Outcome, flow: FlowResult, *, first: int, limits: Limits, step_h: float, x: Ints
) -> None:
    """Add a block of steps from `first` on to an outcome; x (X,) rows of the transformers."""
    marks, seen = inspect(flow, limits, first=first)
    outcome.parts.append(marks)
    u_low, u_high = extremes_of_phases(flow.u_pu[seen])
    loading = loading_of(flow)[seen]
    if seen.any():
        outcome.u_min_pu = np.fmin(outcome.u_min_pu, u_low.min(axis=0))
        outcome.u_max_pu = np.fmax(outcome.u_max_pu, u_high.max(axis=0))
        outcome.loading_max = np.maximum(outcome.loading_max, loading.max(axis=0))
    outside = _is_below(u_low, limits) | _is_above(u_high, limits)
    outcome.hours_outside += outside.sum(axis=0) * step_h
    outcome.hours_over += (loading > 1 + _TOLERANCE).sum(axis=0) * step_h
    is_load = flow.source_kw[seen] >= 0
    over = _is_over_reserve(loading, is_load, limits)
    outcome.hours_over_reserve += over.sum(axis=0) * step_h
    rows = first + np.flatnonzero(seen)
    outcome.transformer_share[rows] = loading[:, x]
    outcome.source_kw[rows] = flow.source_kw[seen]
    outcome.loss_kw[rows] = flow.loss_kw[seen]
    outcome.lowest_pu[rows] = np.fmin.reduce(u_low, axis=1)
    outcome.highest_pu[rows] = np.fmax.reduce(u_high, axis=1)
    outcome.highest_share[rows] = loading.max(axis=1, initial=0.0)


def inspect(flow: FlowResult, limits: Limits, *, first: int) -> tuple[Marks, Flags]:
    """Violations of a block of steps from `first` on, and which of them have a solution (T,)."""
    seen = np.asarray(flow.is_converged, dtype=bool)
    u_low, u_high = extremes_of_phases(flow.u_pu)
    loading = loading_of(flow)
    is_load = flow.source_kw >= 0
    found = (
        (ViolationKind.LOW_VOLTAGE, u_low, _is_below(u_low, limits)),
        (ViolationKind.HIGH_VOLTAGE, u_high, _is_above(u_high, limits)),
        (ViolationKind.OVERLOAD, loading, loading > 1 + _TOLERANCE),
        (ViolationKind.RESERVE, loading, _is_over_reserve(loading, is_load, limits)),
    )
    parts = [
        marks_where(
            values,
            is_outside & seen[:, None],
            kind=kind,
            first_step=first,
            rows=np.arange(values.shape[1]),
        )
        for kind, values, is_outside in found
    ]
    lost = marks_where(
        np.full((len(seen), 1), np.nan),
        ~seen[:, None],
        kind=ViolationKind.NOT_CONVERGED,
        first_step=first,
        rows=np.zeros(1, dtype=np.int64),
    )
    return Marks.joined([*parts, lost]), seen


def extremes_of_phases(u_pu: Floats) -> tuple[Floats, Floats]:
    """(T, N) lowest and highest voltage of the phases."""
    by_phase = 3
    return (u_pu.min(axis=2), u_pu.max(axis=2)) if u_pu.ndim == by_phase else (u_pu, u_pu)


def loading_of(flow: FlowResult) -> Floats:
    """(T, B) loading; 0 for branches without a rating."""
    return np.nan_to_num(flow.loading_share, nan=0.0, posinf=0.0)


def _is_below(u_pu: Floats, limits: Limits) -> Flags:
    return np.asarray(u_pu < limits.low_pu - _TOLERANCE)


def _is_above(u_pu: Floats, limits: Limits) -> Flags:
    return np.asarray(u_pu > limits.high_pu + _TOLERANCE)


def _is_over_reserve(loading: Floats, is_load: Flags, limits: Limits) -> Flags:
    """Where a branch that keeps a reserve has none left in the load case."""
    share = limits.reserve_share
    return np.asarray((loading > share + _TOLERANCE) & (share < 1) & is_load[:, None])


def blocks(grid: Grid, n_steps: int) -> Sequence[slice]:
    """Steps in blocks that fit into memory."""
    size = max(1, _CELLS_AT_ONCE // (grid.n_nodes + grid.n_branches))
    return [slice(first, min(first + size, n_steps)) for first in range(0, n_steps, size)]


def no_load(like: NodeLoads) -> NodeLoads:
    """No load at all in the same steps, at the first node."""
    nothing = np.zeros((1, like.n_steps))
    return replace(
        like, node=np.zeros(1, dtype=np.int64), phase=(Phase.ABC,), p_kw=nothing, q_kvar=nothing
    )
