"""Bounds on voltage and loading that are linear in the load: which steps need no power flow.

Let every load draw constant power, U0 be the voltages without load, Z the impedances seen from the
nodes (sources at rest), and U = U0 - Z conj(S / U). While every voltage stays above the lower limit
of its node, 1 / |U| is at most 1 / low. Hence, with angles within `_SINE`,

- a node drops by at most the sum over loads m of [max(Re(Z S*), 0) + sine |Im(Z S*)|] / low_m,
- its angle moves by at most the sum of |Z| |S| / low_m, over low_n,
- a branch carries at most |I0| plus the sum of |H| |S| / low_m, H being Z seen by its ends.

Each divided by what is allowed is a *stress*. Loads that grow from nothing cannot bring any voltage
to its limit while all stresses are below 1: a step of which all stresses are below 1 has no
low voltage and no overload, proven without solving it. The rest is solved.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.grid.flow.network import Network, network_of
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

Complexes = NDArray[np.complex128]

_SINE = 0.15
"""Sine of the angle by which loads may turn a voltage; beyond, a step is solved."""

_CEILING = 1e6  # stress of what has no room at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Stress rows of a grid. R rows, N nodes.

    Attributes
    ----------
    node, branch : (R,) what a row watches: a row of nodes, or of branches, -1 for the other.
    own : (R,) stress without any load.
    re, im : (R, N) stress per kW along and across the voltage, of a row that counts both apart; per
        kW of charging it is `per_kw`.
    is_sum : (R,) rows that count the apparent power: `re` per kVA, `im` is 0.
    """

    node: Ints
    branch: Ints
    own: Floats
    re: Floats
    im: Floats
    is_sum: NDArray[np.bool_]

    @property
    def per_kw(self) -> Floats:
        """(R, N) by how much stress grows at most with a kW of charging at a node."""
        return np.where(self.is_sum[:, None], self.re, np.abs(self.re) + _SINE * np.abs(self.im))

    def stress(self, p_kw: Floats, q_kvar: Floats) -> Floats:
        """(T, R) stress of loads (N, T)."""
        rows = np.empty((p_kw.shape[1], len(self.own)))
        _stress(
            np.ascontiguousarray(p_kw.T),
            np.ascontiguousarray(q_kvar.T),
            self.own,
            np.ascontiguousarray(self.re.T),
            np.ascontiguousarray(self.im.T),
            self.is_sum,
            rows,
        )
        return rows

    def only(self, rows: Ints) -> "Screen":
        """The same with some rows only."""
        return Screen(
            node=self.node[rows],
            branch=self.branch[rows],
            own=self.own[rows],
            re=self.re[rows],
            im=self.im[rows],
            is_sum=self.is_sum[rows],
        )


@kernel
def _stress(
    p: Floats,
    q: Floats,
    own: Floats,
    re: Floats,
    im: Floats,
    is_sum: NDArray[np.bool_],
    rows: Floats,
) -> None:
    """Fill rows (T, R). p, q (T, N); re, im (N, R)."""
    for t in range(p.shape[0]):
        for r in range(rows.shape[1]):
            rows[t, r] = own[r]
        for m in range(p.shape[1]):
            p_m, q_m = p[t, m], q[t, m]
            if p_m == 0.0 and q_m == 0.0:
                continue
            s_m = np.hypot(p_m, q_m)
            for r in range(rows.shape[1]):
                if is_sum[r]:
                    rows[t, r] += re[m, r] * s_m
                else:
                    along = re[m, r] * p_m + im[m, r] * q_m
                    across = im[m, r] * p_m - re[m, r] * q_m
                    rows[t, r] += max(along, 0.0) + _SINE * abs(across)


def screen_of(grid: Grid, *, low_pu: Floats, limit_share: Floats) -> Screen | None:
    """Make the rows of a grid; None where impedances do not say all: there every step is solved.

    That is so where a transformer holds a voltage by its taps, or a switch has a rating.

    Parameters
    ----------
    low_pu, limit_share
        (N,) lowest voltage over nominal, (B,) loading allowed.
    """
    network = network_of(grid)
    has_limit = np.isfinite(network.rated_a).any(axis=1)
    if len(network.regulated) or (_joins(network) & network.is_live & has_limit).any():
        return None
    live = np.flatnonzero(network.is_supplied)
    voltage, impedance = _at_rest(network, grid, live)
    low = low_pu[live] * grid.nominal_kv[live] / network.base_kv[live]
    turned = (
        impedance
        * np.exp(-1j * np.angle(voltage))[:, None]
        * np.exp(1j * np.angle(voltage))[None, :]
    )
    room = np.abs(voltage) - low
    drop = turned / low[None, :] / np.where(room > 0, room, 1 / _CEILING)[:, None]
    angle = np.abs(impedance) / low[None, :] / (_SINE * low)[:, None]
    branch, current_own, current = _currents(
        network, grid, live, voltage=voltage, impedance=impedance, limit_share=limit_share
    )
    n_live, n_ends = len(live), len(branch)
    zeros = np.zeros((n_live, n_live))
    return Screen(
        node=np.concatenate([live, live, np.full(n_ends, -1)]),
        branch=np.concatenate([np.full(2 * n_live, -1), branch]),
        own=np.concatenate(
            [np.where(room > 0, 0.0, _CEILING), np.zeros(n_live), np.abs(current_own)]
        ),
        re=_spread(np.concatenate([drop.real, angle, np.abs(current) / low]), live, grid.n_nodes),
        im=_spread(
            np.concatenate([drop.imag, zeros, np.zeros((n_ends, n_live))]), live, grid.n_nodes
        ),
        is_sum=np.repeat([False, True, True], [n_live, n_live, n_ends]),
    )


def _spread(rows: Floats, live: Ints, n_nodes: int) -> Floats:
    """Columns of live nodes among all; loads elsewhere are not served and press on nothing."""
    full = np.zeros((len(rows), n_nodes))
    full[:, live] = rows
    return full


def _joins(network: Network) -> NDArray[np.bool_]:
    """(B,) branches without any impedance."""
    return np.asarray((network.r == 0) & (network.x == 0))


def _ends(network: Network) -> tuple[Complexes, Complexes, Complexes, Complexes]:
    """(B,) admittances from-from, from-to, to-from, to-to of all branches."""
    joins = _joins(network)
    lag: Complexes = np.exp(1j * np.deg2rad(30.0) * network.hour)
    turns: Complexes = network.turns * (1 + network.tap * network.tap_step) * lag
    inner: Complexes = np.where(joins, 1.0, network.r + 1j * network.x)
    series: Complexes = np.where(joins, 0.0, 1 / inner)
    own: Complexes = series + (network.g + 1j * network.b) / 2
    squared: Floats = np.abs(turns) ** 2
    return own / squared, -series / np.conj(turns), -series / turns, own


def _at_rest(network: Network, grid: Grid, live: Ints) -> tuple[Complexes, Complexes]:
    """Voltages (n,) without load and impedances (n, n) of live nodes, per unit of 1 kW.

    A source without impedance of its own holds its voltage: loads at it move nothing.
    """
    place = _places(network, grid, live)
    rows = np.flatnonzero(network.is_live & ~_joins(network))
    f, t = place[grid.from_node[rows]], place[grid.to_node[rows]]
    admittance = np.zeros((len(live), len(live)), dtype=np.complex128)
    for (a, b), values in zip(((f, f), (f, t), (t, f), (t, t)), _ends(network), strict=True):
        np.add.at(admittance, (a, b), values[rows])
    fixed, once = np.unique(place[network.source], return_index=True)
    inner = (network.source_r + 1j * network.source_x)[once]
    source_u = network.source_u[once]
    is_stiff = np.abs(inner) == 0
    injected = np.zeros(len(live), dtype=np.complex128)
    soft = fixed[~is_stiff]
    admittance[soft, soft] += 1 / inner[~is_stiff]
    injected[soft] = source_u[~is_stiff] / inner[~is_stiff]
    held, free = fixed[is_stiff], np.setdiff1d(np.unique(place[live]), fixed[is_stiff])
    voltage = np.zeros(len(live), dtype=np.complex128)
    voltage[held] = source_u[is_stiff]
    inverse = np.linalg.inv(admittance[np.ix_(free, free)])
    voltage[free] = inverse @ (injected[free] - admittance[np.ix_(free, held)] @ voltage[held])
    impedance = np.zeros_like(admittance)
    impedance[np.ix_(free, free)] = inverse
    here = place[live]  # nodes without impedance between them are one
    return voltage[here], impedance[np.ix_(here, here)]


def _places(network: Network, grid: Grid, live: Ints) -> Ints:
    """(N,) place of each node's bus among the live nodes, -1 for what is not supplied."""
    place = np.full(grid.n_nodes, -1)
    place[live] = np.arange(len(live))
    return np.where(network.is_supplied, place[network.bus], -1)


def _currents(
    network: Network,
    grid: Grid,
    live: Ints,
    *,
    voltage: Complexes,
    impedance: Complexes,
    limit_share: Floats,
) -> tuple[Ints, Complexes, Complexes]:
    """Branch, current without load and current per unit of current drawn, over what is allowed."""
    place = _places(network, grid, live)
    ff, ft, tf, tt = _ends(network)
    rows, own, drawn = [], [], []
    for end, (near, far) in enumerate(((ff, ft), (tt, tf))):
        allowed = network.rated_a[:, end] * limit_share / network.ampere[:, end]
        watched = np.flatnonzero(network.is_live & np.isfinite(allowed))
        here = grid.from_node if end == 0 else grid.to_node
        there = grid.to_node if end == 0 else grid.from_node
        a, b = place[here[watched]], place[there[watched]]
        scale = 1 / allowed[watched]
        rows.append(watched)
        own.append(scale * (near[watched] * voltage[a] + far[watched] * voltage[b]))
        drawn.append(
            scale[:, None]
            * (near[watched, None] * impedance[a] + far[watched, None] * impedance[b])
        )
    return np.concatenate(rows), np.concatenate(own), np.concatenate(drawn)


def undominated(screen: Screen, stress: Floats, *, group: Ints) -> Ints:
    """Rows that no other row of the same group is always at least as stressed as.

    Parameters
    ----------
    stress
        (T, R) of the base load, to which charging only adds.
    group
        (R,) of each row.
    """
    per_kw = screen.per_kw
    kept: list[int] = []
    order = np.argsort(-per_kw.sum(axis=1), kind="stable")
    for row in order.tolist():
        is_below = False
        for other in kept:
            if group[other] == group[row] and (per_kw[other] >= per_kw[row]).all():
                is_below = bool((stress[:, other] >= stress[:, row]).all())
                if is_below:
                    break
        if not is_below:
            kept.append(row)
    return np.array(sorted(kept), dtype=np.int64)
