"""Power flow on a tree by sweeping up and down, to guide the search; plans are verified elsewhere.

The iterates fall from the lossless solution towards the one of highest voltage (see
docs/explanation/grid-reinforcement.md).
"""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Flags

_MAX_SWEEPS = 60
_TAPS_MOVE = 20  # sweeps after which taps stay where they are
_TOLERANCE = 1e-10  # of the squared voltage
_COLLAPSE = 0.05  # squared voltage below which a step has no solution


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeState:
    """A tree with chosen values of each edge, arrays (N,) by the node below it.

    Attributes
    ----------
    held_pu : voltage held at the node by the taps above it, NaN where none does. step_share : size
        of such a tap. tap_low, tap_high : furthest changes of the turns by taps.
    """

    order: Ints
    parent: Ints
    source_v: Floats
    r: Floats
    x: Floats
    a: Floats
    cap_kva: Floats
    shunt_kw: Floats
    charge_kvar: Floats
    held_pu: Floats
    step_share: Floats
    tap_low: Floats
    tap_high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Squared voltages (N, T), currents into nodes (N, T) in kVA at nominal voltage, (T,) solved.

    Voltages are NaN without supply. Current is that in series, without charging at the ends.
    """

    v: Floats
    i_kva: Floats
    is_converged: Flags


def sweep(state: TreeState, p_kw: Floats, q_kvar: Floats) -> Swept:
    """Power flow of (N, T) loads."""
    nodes = state.order.tolist()
    shape = p_kw.shape
    half_g, half_b = _shunts(state)
    v = np.ones(shape)
    ell = np.zeros(shape)
    is_converged = np.zeros(shape[1], dtype=bool)
    taps: dict[int, Floats] = {}
    for number in range(_MAX_SWEEPS):
        is_moving = number < _TAPS_MOVE
        p, q = p_kw + half_g[:, None] * v, q_kvar - half_b[:, None] * v
        for node in reversed(nodes):
            above = state.parent[node]
            ell[node] = (p[node] ** 2 + q[node] ** 2) / np.maximum(v[node], _COLLAPSE)
            if above >= 0:
                p[above] += p[node] + state.r[node] * ell[node]
                q[above] += q[node] + state.x[node] * ell[node]
        new = np.full(shape, np.nan)
        for node in nodes:
            above = state.parent[node]
            v_above = state.source_v[node] if above < 0 else new[above]
            drop = _drop(state, node, (p[node], q[node], ell[node]))
            if not np.isnan(state.held_pu[node]) and (is_moving or node not in taps):
                taps[node] = _turns(state, node, v_above, drop)
            new[node] = state.a[node] * v_above / (1 + taps.get(node, 0.0)) ** 2 - drop
        change = np.abs(np.where(np.isnan(new), 0.0, new - v)).max(axis=0, initial=0.0)
        v = np.where(np.isnan(new), 1.0, np.maximum(new, _COLLAPSE))
        is_converged = change < _TOLERANCE
        if is_converged.all():
            break
    is_converged &= (v[state.order] > 2 * _COLLAPSE).all(axis=0)
    supplied = np.zeros(shape[0], dtype=bool)
    supplied[state.order] = True
    current = np.sqrt(ell)
    return Swept(v=np.where(supplied[:, None], v, np.nan), i_kva=current, is_converged=is_converged)


def _drop(state: TreeState, node: int, flow: tuple[Floats, Floats, Floats]) -> Floats:
    """Drop of squared voltage over an edge."""
    p, q, ell = flow
    z2 = state.r[node] ** 2 + state.x[node] ** 2
    return np.asarray(2 * (state.r[node] * p + state.x[node] * q) + z2 * ell)


def _turns(state: TreeState, node: int, v_above: Floats | float, drop: Floats) -> Floats:
    """Change of the turns by which taps come nearest to the voltage they hold."""
    need = np.maximum(state.held_pu[node] ** 2 + drop, _COLLAPSE)
    turns = np.clip(
        np.sqrt(state.a[node] * v_above / need) - 1, state.tap_low[node], state.tap_high[node]
    )
    step = state.step_share[node]
    return np.asarray(np.round(turns / step) * step if step > 0 else turns)


def _shunts(state: TreeState) -> tuple[Floats, Floats]:
    """(N,) conductance and charging at each node at nominal voltage: half of each edge's ends.

    The upper end of a transformer's counts below its turns.
    """
    g, b = state.shunt_kw / 2, state.charge_kvar / 2
    at_g, at_b = g.copy(), b.copy()
    for node in state.order.tolist():
        above = state.parent[node]
        if above >= 0:
            at_g[above] += g[node] * state.a[node]
            at_b[above] += b[node] * state.a[node]
    return at_g, at_b
