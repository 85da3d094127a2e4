"""The solver of a grid: chooses how to calculate, and does."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viavolta.engines.grid.flow.collect import Collector
from viavolta.engines.grid.flow.network import Network, network_of
from viavolta.engines.grid.flow.results import Draw, Extremes, Flow, Method
from viavolta.engines.kit.power_grid import BatchFlow, PowerGrid
from viavolta.engines.kit.threads import side_by_side
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid, NodeLoads, Phase

_CHUNK = 2048  # steps that are in memory at once where extremes are asked for
_PHASES = (Phase.A, Phase.B, Phase.C)


def prepare(grid: Grid) -> "FlowSolver":
    """Make a grid ready for power flows; the solver may be shared among threads."""
    return FlowSolver(grid)


class FlowSolver:
    """Power flow of one grid.

    Attributes
    ----------
    grid : the grid. method : how balanced loads are calculated; loads by phase always by
        power-grid-model.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.method = Method.POWER_GRID_MODEL
        self._network = network_of(grid)
        self._peer = PowerGrid(
            grid,
            base_kv=self._network.base_kv,
            is_live=self._network.is_live,
            is_supplied=self._network.is_supplied,
        )

    def solve(self, loads: NodeLoads) -> Flow:
        """Calculate every value of every step; by phase where a load hangs on one phase.

        Raises
        ------
        InputError: loads by phase at a grid without zero sequence.
        """
        return self._peer_flow(*node_powers(loads, self.grid.n_nodes))

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
        p_kw, q_kvar = np.asarray(p_kw, float), np.asarray(q_kvar, float)
        collector = Collector(
            network=self._network,
            low_pu=np.broadcast_to(np.asarray(low_pu, float), (self.grid.n_nodes,)),
            high_pu=np.broadcast_to(np.asarray(high_pu, float), (self.grid.n_nodes,)),
            limit_share=np.broadcast_to(np.asarray(limit_share, float), (self.grid.n_branches,)),
        )
        n_steps = p_kw.shape[-1]
        for start in range(0, n_steps, _CHUNK):
            part = slice(start, start + _CHUNK)
            collector.add(self._peer_flow(p_kw[..., part], q_kvar[..., part]))
        return collector.extremes(step_h=step_h, method=Method.POWER_GRID_MODEL)

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
        """Calculate the worst values of each draw on top of (N, T) base loads, over all cores."""

        def of(draw: Draw) -> Extremes:
            p, q = p_kw.copy(), q_kvar.copy()
            p[draw.node] += draw.p_kw
            q[draw.node] += draw.q_kvar
            return self.extremes(
                p, q, low_pu=low_pu, high_pu=high_pu, limit_share=limit_share, step_h=step_h
            )

        return side_by_side(of, draws)

    def _peer_flow(self, p_kw: Floats, q_kvar: Floats) -> Flow:
        steps_axis = tuple(range(1, p_kw.ndim))
        node = np.flatnonzero(((p_kw != 0) | (q_kvar != 0)).any(axis=steps_axis))
        found = self._peer.flow(node, p_kw[node], q_kvar[node])
        return _flow_of(found, self.grid, self._network)


def _flow_of(found: BatchFlow, grid: Grid, network: Network) -> Flow:
    scale = network.base_kv / grid.nominal_kv
    u_pu = found.u_pu * scale[:, None]
    of_one = found.current_a / grid.n_parallel[:, None, None]
    n_steps = len(found.is_converged)
    return Flow(
        u_pu=u_pu if u_pu.shape[2] > 1 else u_pu[..., 0],
        current_a=of_one.max(axis=(2, 3)),
        loading_share=(of_one / network.rated_a[..., None]).max(axis=(2, 3)),
        loss_kw=found.loss_kw,
        source_kw=found.source_kw,
        source_kvar=found.source_kvar,
        is_converged=found.is_converged,
        is_supplied=network.is_supplied,
        tap=np.broadcast_to(network.tap, (n_steps, grid.n_branches)),
        method=Method.POWER_GRID_MODEL,
    )


def node_powers(loads: NodeLoads, n_nodes: int) -> tuple[Floats, Floats]:
    """Sum loads by node: (N, T), or (N, 3, T) by phase where a load hangs on one phase."""
    if loads.is_balanced:
        return tuple(_summed(loads.node, power, n_nodes) for power in (loads.p_kw, loads.q_kvar))  # type: ignore[return-value]
    sums = []
    for power in (loads.p_kw, loads.q_kvar):
        by_phase = np.zeros((n_nodes, 3, loads.n_steps))
        for load, (node, phase) in enumerate(zip(loads.node, loads.phase, strict=True)):
            if phase is Phase.ABC:
                by_phase[node] += power[load] / 3
            else:
                by_phase[node, _PHASES.index(phase)] += power[load]
        sums.append(by_phase)
    return sums[0], sums[1]


def _summed(node: Ints, power: Floats, n_nodes: int) -> Floats:
    total: NDArray[np.float64] = np.zeros((n_nodes, power.shape[1]))
    np.add.at(total, node, power)
    return total
