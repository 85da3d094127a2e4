"""Power flow of meshed grids, by own kernels with sparse factors of the matrix of admittances."""

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.grid.flow.collect import Band, Worst
from viavolta.engines.grid.flow.factors import Rows, factors_of
from viavolta.engines.grid.flow.fixed_point import Factors, find_voltages, new_room
from viavolta.engines.grid.flow.network import Network
from viavolta.engines.grid.flow.results import Draw, Flags, Flow, Method
from viavolta.engines.grid.flow.taps import chosen_taps
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

Complexes = NDArray[np.complex128]

_MOST_REGULATED = 2
"""Regulated transformers that differ: each combination of their taps needs factors of its own."""
_BLOCK = 64  # steps
_CHUNK = 512  # steps whose every value is in memory at once


def fits(grid: Grid, network: Network) -> bool:
    """Whether a grid has one source at a bus at most, and few regulated transformers."""
    source_buses = network.bus[network.source]
    is_one_each = len(np.unique(source_buses)) == len(source_buses)
    rows = network.regulated
    rules = np.stack(
        [
            grid.to_node[rows],
            grid.regulated_pu[rows],
            network.tap_step[rows],
            network.tap[rows],
            network.tap_min[rows],
            network.tap_max[rows],
        ]
    )
    return is_one_each and len(np.unique(rules, axis=1).T) <= _MOST_REGULATED


class MeshFlow:
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
        n_nodes = np.bincount(place)[place]
        known = np.flatnonzero(network.is_supplied)
        self._alone, self._together = known[n_nodes == 1], known[n_nodes > 1]
        one, other = self._bus_of[grid.from_node], self._bus_of[grid.to_node]
        is_short = (grid.r_ohm == 0) & (grid.x_ohm == 0)
        self._branch = np.flatnonzero(network.is_live & ~is_short)
        self._from, self._to = one[self._branch], other[self._branch]
        self._set_shorts()
        self._n_buses = len(rows)
        # a branch beside one without impedance carries nothing but its own charging
        is_beside = self._from == self._to
        at = self._branch
        self._y = ~is_beside / (network.r[at] + 1j * network.x[at])
        self._half = (network.g[at] + 1j * network.b[at]) / 2
        source = self._bus_of[network.source]
        impedance = network.source_r + 1j * network.source_x
        self._is_free = np.ones(self._n_buses, dtype=bool)
        self._is_free[source[impedance == 0]] = False
        self._held = np.zeros(self._n_buses, dtype=np.complex128)
        self._held[source[impedance == 0]] = network.source_u[impedance == 0]
        self._soft = source[impedance != 0]
        self._soft_y = 1 / impedance[impedance != 0]
        self._soft_u = network.source_u[impedance != 0]
        self._known: dict[bytes, tuple[Factors, Ints]] = {}

    def _turns(self, tap: Ints) -> Complexes:
        """(L,) turns of branches at (B,) taps, with the phase shift."""
        network, at = self._network, self._branch
        turns = network.turns[at] * (1 + tap[at] * network.tap_step[at])
        shifted: Complexes = turns * np.exp(1j * np.deg2rad(30) * network.hour[at])
        return shifted

    def _factors(self, tap: Ints) -> tuple[Factors, Ints]:
        """Factors at (B,) taps, and the buses in their order; kept, as few taps occur."""
        key = tap[self._network.regulated].tobytes()
        if key not in self._known:
            self._known[key] = self._new_factors(self._turns(tap))
        return self._known[key]

    def _new_factors(self, turns: Complexes) -> tuple[Factors, Ints]:
        own = self._y + self._half
        entries = [
            *zip(self._from, self._from, own / np.abs(turns) ** 2, strict=True),
            *zip(self._to, self._to, own, strict=True),
            *zip(self._from, self._to, -self._y / turns.conj(), strict=True),
            *zip(self._to, self._from, -self._y / turns, strict=True),
            *zip(self._soft, self._soft, self._soft_y, strict=True),
        ]
        place = np.cumsum(self._is_free) - 1
        free = np.flatnonzero(self._is_free)
        rows: Rows = [{} for _ in free]
        inflow = np.zeros(self._n_buses, dtype=np.complex128)
        inflow[self._soft] = self._soft_u * self._soft_y
        for one, other, value in entries:
            if not self._is_free[one]:
                continue
            if not self._is_free[other]:
                inflow[one] -= value * self._held[other]
                continue
            row = rows[place[one]]
            row[place[other]] = row.get(place[other], 0.0) + value
        factors, order = factors_of(rows, inflow[free])
        return factors, free[order]

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
        tap = np.repeat(network.tap[None], n_steps, axis=0)

        def voltages(steps: Ints, taps: Ints) -> Floats:
            there = tap[steps]
            there[:, network.regulated] = taps.T
            u, has_flow = self._voltages(s[:, steps], there)
            sides = grid.to_node[network.regulated]
            found = np.abs(u[self._bus_of[sides]]) * self._scale[sides, None]
            return np.where(has_flow, found, np.nan)

        if len(network.regulated):
            tap[:, network.regulated] = chosen_taps(grid, network, n_steps, voltages).T
        u, has_flow = self._voltages(s, tap)
        return self._flow(s, u, tap, has_flow)

    def _flow(self, s: Complexes, u: Complexes, tap: Ints, has_flow: Flags) -> Flow:
        grid, network, n_steps = self._grid, self._network, s.shape[1]
        turns = np.empty((len(self._branch), n_steps), dtype=np.complex128)
        for steps in self._alike(tap):
            turns[:, steps] = self._turns(tap[steps[0]])[:, None]
        behind = u[self._from] / turns
        series = self._y[:, None] * (behind - u[self._to])
        half = self._half[:, None]
        into = np.stack(
            [
                (series + half * behind) / turns.conj(),
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
            tap=tap,
            method=Method.FIXED_POINT,
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

    def _voltages(self, s: Complexes, tap: Ints) -> tuple[Complexes, Flags]:
        """Find (buses, T) voltages for (N, T) loads at (T, B) taps, and (T,) whether there are."""
        n_steps = s.shape[1]
        drawn = np.zeros((self._n_buses, n_steps), dtype=np.complex128)
        drawn[self._bus_of[self._alone]] = s[self._alone]
        np.add.at(drawn, self._bus_of[self._together], s[self._together])
        u = np.repeat(self._held[:, None], n_steps, axis=1)
        has_flow = np.zeros(n_steps, dtype=bool)
        for steps in self._alike(tap):
            factors, order = self._factors(tap[steps[0]])
            some = drawn[np.ix_(order, steps)]
            u_r, u_i = np.zeros((2, *some.shape))
            found = np.zeros(len(steps), dtype=bool)
            room = new_room(len(order), _BLOCK)
            find_voltages(factors, some.real.copy(), some.imag.copy(), room, u_r, u_i, found)
            u[np.ix_(order, steps)] = u_r + 1j * u_i
            has_flow[steps] = found
        return u, has_flow

    def _alike(self, tap: Ints) -> list[Ints]:
        """Steps with the same taps, together."""
        if not len(tap):
            return []
        if not len(self._network.regulated):
            return [np.arange(len(tap))]
        _, kind = np.unique(tap[:, self._network.regulated], axis=0, return_inverse=True)
        return [np.flatnonzero(kind == one) for one in range(kind.max() + 1)]

    def _through_shorts(self, s: Complexes, u: Complexes, power: Complexes) -> Complexes:
        """Find (Z, T) currents in branches without impedance."""
        grid, network = self._grid, self._network
        taken = s.copy()
        np.add.at(taken, grid.from_node[self._branch], power[0])
        np.add.at(taken, grid.to_node[self._branch], power[1])
        by_bus = np.zeros((self._n_buses, s.shape[1]), dtype=np.complex128)
        known = network.is_supplied
        np.add.at(by_bus, self._bus_of[known], taken[known])
        taken[network.source] -= by_bus[self._bus_of[network.source]]
        through = -self._through @ taken[self._short_nodes]
        found: Complexes = through / u[self._bus_of[grid.from_node[self._short]]]
        return found
