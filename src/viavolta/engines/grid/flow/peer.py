"""Power flow of any grid, by power-grid-model."""

import numpy as np

from viavolta.engines.grid.flow.collect import Band, Worst
from viavolta.engines.grid.flow.network import Network
from viavolta.engines.grid.flow.results import Flow, Method
from viavolta.engines.grid.flow.taps import chosen_taps
from viavolta.engines.kit.power_grid import PowerGrid
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

_CHUNK = 2048  # steps whose every value is in memory at once


class PeerFlow:
    """Flow of any grid; threads may share it."""

    def __init__(self, grid: Grid, network: Network) -> None:
        """Take a grid, and the same in per unit."""
        self._grid, self._network = grid, network
        self._scale = network.base_kv / grid.nominal_kv
        self._peer = PowerGrid(
            grid,
            base_kv=network.base_kv,
            bus=network.bus,
            hour=network.hour,
            is_live=network.is_live,
            is_supplied=network.is_supplied,
        )

    def flow(self, p_kw: Floats, q_kvar: Floats) -> Flow:
        """Calculate every value for (N, T) loads, or (N, 3, T) by phase.

        Raises
        ------
        InputError: loads by phase at a grid without zero sequence.
        """
        grid, network, n_steps = self._grid, self._network, p_kw.shape[-1]
        beyond_first = tuple(range(1, p_kw.ndim))
        node = np.flatnonzero(((p_kw != 0) | (q_kvar != 0)).any(axis=beyond_first))
        p, q = p_kw[node], q_kvar[node]
        tap = np.repeat(network.tap[None], n_steps, axis=0)

        def voltages(steps: Ints, taps: Ints) -> Floats:
            there = tap[steps]
            there[:, network.regulated] = taps.T
            found = self._peer.flow(node, p[..., steps], q[..., steps], there)
            sides = grid.to_node[network.regulated]
            mean: Floats = found.u_pu[:, sides].mean(axis=2).T * self._scale[sides, None]
            return mean

        tap[:, network.regulated] = chosen_taps(grid, network, n_steps, voltages).T
        found = self._peer.flow(node, p, q, tap)
        u_pu = found.u_pu * self._scale[:, None]
        of_one = found.current_a / grid.n_parallel[:, None, None]
        return Flow(
            u_pu=u_pu if u_pu.shape[2] > 1 else u_pu[..., 0],
            current_a=of_one.max(axis=(2, 3)),
            loading_share=(of_one / network.rated_a[..., None]).max(axis=(2, 3)),
            loss_kw=found.loss_kw,
            source_kw=found.source_kw,
            source_kvar=found.source_kvar,
            is_converged=found.is_converged,
            is_supplied=network.is_supplied,
            tap=tap,
            method=Method.POWER_GRID_MODEL,
        )

    def add_worst(
        self, worst: Worst, p_kw: Floats, q_kvar: Floats, steps: Ints, band: Band
    ) -> None:
        """Take in the worst values of (n,) steps, chunk by chunk."""
        for start in range(0, len(steps), _CHUNK):
            some = steps[start : start + _CHUNK]
            worst.add_flow(self.flow(p_kw[..., some], q_kvar[..., some]), some, band)
