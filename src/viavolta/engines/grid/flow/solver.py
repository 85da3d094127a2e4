"""The solver of a grid: chooses how to calculate, and does."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike

from viavolta.engines.grid.flow.collect import Band, Worst
from viavolta.engines.grid.flow.mesh import MeshFlow, fits
from viavolta.engines.grid.flow.network import network_of
from viavolta.engines.grid.flow.peer import PeerFlow
from viavolta.engines.grid.flow.radial import RadialFlow
from viavolta.engines.grid.flow.results import Draw, Extremes, Flow, Method
from viavolta.engines.grid.flow.tree import tree_of
from viavolta.engines.kit.threads import side_by_side
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid, NodeLoads, Phase

_PHASES = (Phase.A, Phase.B, Phase.C)


def prepare(grid: Grid, *, method: Method | None = None) -> "FlowSolver":
    """Make a grid ready for power flows; the solver may be shared among threads.

    The method is the fastest that can calculate the grid: the sweep for any grid without meshes,
    the fixed point for meshed ones with at most two different regulated transformers,
    power-grid-model for the rest. Another can be asked for, to compare.

    Raises
    ------
    ValueError: the method asked for cannot calculate the grid.
    """
    return FlowSolver(grid, method=method)


class FlowSolver:
    """Power flow of one grid.

    Attributes
    ----------
    grid : the grid. method : how balanced loads are calculated. Loads by phase, and steps at which
        an own kernel finds no solution, are calculated by power-grid-model; what it does not solve
        either has not converged.
    """

    def __init__(self, grid: Grid, *, method: Method | None = None) -> None:
        self.grid = grid
        network = network_of(grid)
        self._is_supplied = network.is_supplied
        self._peer = PeerFlow(grid, network)
        self._own: RadialFlow | MeshFlow | None = None
        self.method = Method.POWER_GRID_MODEL
        tree = tree_of(grid, network) if method in {None, Method.SWEEP} else None
        if tree is not None:
            self._own, self.method = RadialFlow(grid, network, tree), Method.SWEEP
        elif method in {None, Method.FIXED_POINT} and fits(grid, network):
            self._own, self.method = MeshFlow(grid, network), Method.FIXED_POINT
        if method not in {None, self.method}:
            msg = f"{method} cannot calculate this grid"
            raise ValueError(msg)

    def solve(self, loads: NodeLoads) -> Flow:
        """Calculate every value of every step; by phase where a load hangs on one phase.

        Raises
        ------
        InputError: loads by phase at a grid without zero sequence.
        """
        p_kw, q_kvar = node_powers(loads, self.grid.n_nodes)
        if self._own is None or not loads.is_balanced:
            return self._peer.flow(p_kw, q_kvar)
        flow = self._own.flow(p_kw, q_kvar)
        left = np.flatnonzero(~flow.is_converged)
        if not len(left):
            return flow
        return _with_steps(flow, left, self._peer.flow(p_kw[:, left], q_kvar[:, left]))

    def extremes(
        self,
        p_kw: Floats,
        q_kvar: Floats,
        *,
        low_pu: ArrayLike,
        high_pu: ArrayLike,
        limit_share: ArrayLike = 1.0,
        step_h: float = 0.25,
    ) -> Extremes:
        """Calculate the worst values alone, block by block.

        Parameters
        ----------
        p_kw, q_kvar
            (N, T) power drawn at all nodes, or (N, 3, T) by phase.
        low_pu, high_pu
            (N,) or a number: the band of voltages.
        limit_share
            (B,) or a number: loading above which hours count in `hours_over`.
        step_h
            Length of a step in hours.

        Raises
        ------
        InputError: loads by phase at a grid without zero sequence.
        """
        band = self._band(low_pu, high_pu, limit_share)
        return self._extremes(_floats(p_kw), _floats(q_kvar), None, band, step_h)

    def extremes_of_draws(
        self,
        p_kw: Floats,
        q_kvar: Floats,
        draws: Sequence[Draw],
        *,
        low_pu: ArrayLike,
        high_pu: ArrayLike,
        limit_share: ArrayLike = 1.0,
        step_h: float = 0.25,
    ) -> list[Extremes]:
        """Calculate the worst values of each draw on top of (N, T) base loads, over all cores.

        Parameters as in `extremes`; the answers are in the order of the draws, and the same
        whatever the number of cores. It takes all threads of `side_by_side` itself: do not call it
        from within.
        """
        band = self._band(low_pu, high_pu, limit_share)
        p, q = _floats(p_kw), _floats(q_kvar)
        return side_by_side(lambda draw: self._extremes(p, q, draw, band, step_h), draws)

    def _band(self, low_pu: ArrayLike, high_pu: ArrayLike, limit_share: ArrayLike) -> Band:
        nodes, branches = (self.grid.n_nodes,), (self.grid.n_branches,)
        return Band(
            low_pu=np.broadcast_to(_floats(low_pu), nodes),
            high_pu=np.broadcast_to(_floats(high_pu), nodes),
            limit_share=np.broadcast_to(_floats(limit_share), branches),
        )

    def _extremes(
        self, p_kw: Floats, q_kvar: Floats, draw: Draw | None, band: Band, step_h: float
    ) -> Extremes:
        by_phase = p_kw.ndim == 3  # noqa: PLR2004 - nodes, phases, steps
        left = np.arange(p_kw.shape[-1])
        worst, method = Worst(self.grid.n_nodes, self.grid.n_branches), Method.POWER_GRID_MODEL
        if self._own is not None and not by_phase:
            method = self.method
            worst, left = self._own.worst(p_kw, q_kvar, draw, band)
        if len(left):
            p, q = (p_kw, q_kvar) if draw is None else _on_top(p_kw, q_kvar, draw)
            self._peer.add_worst(worst, p, q, left, band)
        return worst.extremes(method, self._is_supplied, step_h=step_h)


def _on_top(p_kw: Floats, q_kvar: Floats, draw: Draw) -> tuple[Floats, Floats]:
    p, q = p_kw.copy(), q_kvar.copy()
    p[draw.node] += draw.p_kw
    q[draw.node] += draw.q_kvar
    return p, q


def _with_steps(flow: Flow, steps: Ints, found: Flow) -> Flow:
    """Put what was found at some steps into a flow."""
    values = {field.name: getattr(flow, field.name) for field in fields(flow)}
    for name in ("u_pu", "current_a", "loading_share", "loss_kw", "source_kw", "source_kvar"):
        values[name] = values[name].copy()
        values[name][steps] = getattr(found, name)
    for name in ("is_converged", "tap"):
        values[name] = values[name].copy()
        values[name][steps] = getattr(found, name)
    return Flow(**values)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def node_powers(loads: NodeLoads, n_nodes: int) -> tuple[Floats, Floats]:
    """Sum loads by node: (N, T), or (N, 3, T) by phase where a load hangs on one phase."""
    if loads.is_balanced:
        return _summed(loads.node, loads.p_kw, n_nodes), _summed(loads.node, loads.q_kvar, n_nodes)
    p_kw, q_kvar = np.zeros((2, n_nodes, 3, loads.n_steps))
    for total, power in ((p_kw, loads.p_kw), (q_kvar, loads.q_kvar)):
        for load, (node, phase) in enumerate(zip(loads.node, loads.phase, strict=True)):
            if phase is Phase.ABC:
                total[node] += power[load] / 3
            else:
                total[node, _PHASES.index(phase)] += power[load]
    return p_kw, q_kvar


def _summed(node: Ints, power: Floats, n_nodes: int) -> Floats:
    total = np.zeros((n_nodes, power.shape[1]))
    for load, row in enumerate(node):
        total[row] += power[load]
    return total
