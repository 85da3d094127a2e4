"""Power flow of small meshed grids, by own kernels with a dense matrix of impedances."""

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.grid.flow.collect import Band, Worst
from viavolta.engines.grid.flow.fixed_point import Impedances, find_voltages, new_room
from viavolta.engines.grid.flow.network import Network
from viavolta.engines.grid.flow.results import Draw, Flow, Method
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

Complexes = NDArray[np.complex128]

MOST_BUSES = 200
"""Above, power-grid-model is as fast (docs/decisions/0007-power-flow.md)."""
_BLOCK = 64  # steps
_CHUNK = 512  # steps whose every value is in memory at once


def fits(network: Network) -> bool:
    """Whether a grid is small, has no regulated transformer, and one source at a bus at most."""
    n_buses = len(np.unique(network.bus[network.is_supplied]))
    source_buses = network.bus[network.source]
    is_one_each = len(np.unique(source_buses)) == len(source_buses)
    return n_buses <= MOST_BUSES and not len(network.regulated) and is_one_each


class DenseFlow:
    """Flow of a grid that `fits`; threads may share it.

    A bus is all nodes joined without impedance. A source without impedance holds its bus; any other
    one is a current into its bus.
    """

    def __init__(self, grid: Grid, network: Network) -> None:
        """Take a grid, and the same in per unit."""
        self._grid, self._network = grid, network
        self._scale = network.base_kv / grid.nominal_kv
        rows, place = np.unique(network.bus[network.is_supplied], return_inverse=True)
        self._bus_of = np.full(grid.n_nodes, -1)
        self._bus_of[network.is_supplied] = place
        one, other = self._bus_of[grid.from_node], self._bus_of[grid.to_node]
        is_short = (grid.r_ohm == 0) & (grid.x_ohm == 0)
        self._branch = np.flatnonzero(network.is_live & ~is_short)
        self._from, self._to = one[self._branch], other[self._branch]
        self._set_branches()
        self._set_shorts()
        admittance = self._admittance(len(rows))
        source = self._bus_of[network.source]
        impedance = network.source_r + 1j * network.source_x
        is_stiff = impedance == 0
        inflow = np.zeros(len(rows), dtype=np.complex128)
        soft = source[~is_stiff]
        admittance[soft, soft] += 1 / impedance[~is_stiff]
        inflow[soft] = network.source_u[~is_stiff] / impedance[~is_stiff]
        self._u0 = np.zeros(len(rows), dtype=np.complex128)
        self._u0[source[is_stiff]] = network.source_u[is_stiff]
        free = np.setdiff1d(np.arange(len(rows)), source[is_stiff])
        inner = np.linalg.inv(admittance[np.ix_(free, free)])
        self._u0[free] = inner @ (inflow - admittance @ self._u0)[free]
        self._z = np.zeros_like(admittance)
        self._z[np.ix_(free, free)] = inner

    def _set_branches(self) -> None:
        network, rows = self._network, self._branch
        # a branch beside one without impedance carries nothing but its own charging
        is_beside = self._from == self._to
        self._y = ~is_beside / (network.r[rows] + 1j * network.x[rows])
        self._half = (network.g[rows] + 1j * network.b[rows]) / 2
        turns = network.turns[rows] * (1 + network.tap[rows] * network.tap_step[rows])
        self._turns = turns * np.exp(1j * np.deg2rad(30) * network.hour[rows])

    def _admittance(self, n_buses: int) -> Complexes:
        total = np.zeros((n_buses, n_buses), dtype=np.complex128)
        own, turns = self._y + self._half, self._turns
        np.add.at(total, (self._from, self._from), own / np.abs(turns) ** 2)
        np.add.at(total, (self._to, self._to), own)
        np.add.at(total, (self._from, self._to), -self._y / turns.conj())
        np.add.at(total, (self._to, self._from), -self._y / turns)
        return total

    def _set_shorts(self) -> None:
        """Branches without impedance: the balance of their nodes says what flows in them."""
        grid, network = self._grid, self._network
        is_short = (grid.r_ohm == 0) & (grid.x_ohm == 0)
        self._short = np.flatnonzero(network.is_live & is_short)
        out = np.zeros((grid.n_nodes, len(self._short)))
        pick = np.arange(len(self._short))
        out[grid.from_node[self._short], pick] += 1
        out[grid.to_node[self._short], pick] -= 1
        self._short_nodes = np.flatnonzero(out.any(axis=1))
        self._through = np.linalg.pinv(out[self._short_nodes])

    def flow(self, p_kw: Floats, q_kvar: Floats) -> Flow:
        """Calculate every value for (N, T) loads; NaN at steps that do not settle."""
        grid, network, n_steps = self._grid, self._network, p_kw.shape[1]
        s = (p_kw + 1j * q_kvar) * network.is_supplied[:, None]
        u, has_flow = self._voltages(s)
        behind = u[self._from] / self._turns[:, None]
        series = self._y[:, None] * (behind - u[self._to])
        half = self._half[:, None]
        into = np.stack(
            [
                (series + half * behind) / self._turns.conj()[:, None],
                half * u[self._to] - series,
            ]
        )
        power = np.stack([u[self._from], u[self._to]]) * into.conj()
        loss = power.sum(axis=(0, 1))
        current = np.zeros((grid.n_branches, 2, n_steps))
        current[self._branch] = np.abs(into).transpose(1, 0, 2)
        if len(self._short):
            current[self._short] = np.abs(self._through_shorts(s, u, power))[:, None]
        current_a = current * network.ampere[:, :, None]
        u_pu = np.full((n_steps, grid.n_nodes), np.nan)
        known = network.is_supplied
        u_pu[:, known] = (np.abs(u[self._bus_of[known]]) * self._scale[known, None]).T
        values = {
            "u_pu": u_pu,
            "current_a": current_a.max(axis=1).T,
            "loading_share": (current_a / network.rated_a[:, :, None]).max(axis=1).T,
            "loss_kw": loss.real,
            "source_kw": s.real.sum(axis=0) + loss.real,
            "source_kvar": s.imag.sum(axis=0) + loss.imag,
        }
        for value in values.values():
            value[~has_flow] = np.nan
        return Flow(
            **values,
            is_converged=has_flow,
            is_supplied=network.is_supplied,
            tap=np.repeat(network.tap[None], n_steps, axis=0),
            method=Method.DENSE,
        )

    def worst(
        self, p_kw: Floats, q_kvar: Floats, draw: Draw | None, band: Band
    ) -> tuple[Worst, Ints]:
        """Calculate the worst values for (N, T) loads; also the steps that do not settle."""
        worst = Worst(self._grid.n_nodes, self._grid.n_branches)
        n_steps = p_kw.shape[1]
        for start in range(0, n_steps, _CHUNK):
            part = slice(start, start + _CHUNK)
            p, q = p_kw[:, part], q_kvar[:, part]
            if draw is not None:
                p, q = p.copy(), q.copy()
                p[draw.node] += draw.p_kw[:, part]
                q[draw.node] += draw.q_kvar[:, part]
            worst.add_flow(self.flow(p, q), np.arange(start, start + p.shape[1]), band)
        left = np.array(worst.failed, dtype=np.int64)
        worst.n_steps -= len(left)
        worst.failed = []
        return worst, left

    def _voltages(self, s: Complexes) -> tuple[Complexes, NDArray[np.bool_]]:
        """Find (buses, T) voltages for (N, T) loads, and (T,) whether there are any."""
        n_buses, n_steps = len(self._u0), s.shape[1]
        drawn = np.zeros((n_buses, n_steps), dtype=np.complex128)
        known = self._network.is_supplied
        np.add.at(drawn, self._bus_of[known], s[known])
        draws = np.abs(self._z).any(axis=1) & drawn.any(axis=1)
        order = np.argsort(~draws, kind="stable")
        n_drawing = int(draws.sum())
        z = self._z[np.ix_(order, order[:n_drawing])]
        u0 = self._u0[order]
        u_r, u_i = np.zeros((2, n_buses, n_steps))
        has_flow = np.zeros(n_steps, dtype=bool)
        some = drawn[order[:n_drawing]]
        find_voltages(
            Impedances(z.real.copy(), z.imag.copy(), u0.real.copy(), u0.imag.copy()),
            some.real.copy(),
            some.imag.copy(),
            new_room(n_buses, n_drawing, _BLOCK),
            u_r,
            u_i,
            has_flow,
        )
        u = np.empty((n_buses, n_steps), dtype=np.complex128)
        u[order] = u_r + 1j * u_i
        return u, has_flow

    def _through_shorts(self, s: Complexes, u: Complexes, power: Complexes) -> Complexes:
        """Find (Z, T) currents in branches without impedance."""
        grid, network = self._grid, self._network
        taken = s.copy()
        np.add.at(taken, grid.from_node[self._branch], power[0])
        np.add.at(taken, grid.to_node[self._branch], power[1])
        by_bus = np.zeros((len(self._u0), s.shape[1]), dtype=np.complex128)
        known = network.is_supplied
        np.add.at(by_bus, self._bus_of[known], taken[known])
        taken[network.source] -= by_bus[self._bus_of[network.source]]
        through = -self._through @ taken[self._short_nodes]
        found: Complexes = through / u[self._bus_of[grid.from_node[self._short]]]
        return found
