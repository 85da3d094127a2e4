"""Power flow on a tree by sweeping up and down, to guide the search; plans are verified elsewhere.

The iterates fall from the lossless solution towards the one of highest voltage (see
docs/explanation/grid-reinforcement.md).
"""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Flags, Floats, Ints

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

    Voltages are NaN without supply. Current is the larger one of both ends.
    """

    v: Floats
    i_kva: Floats
    is_converged: Flags


def sweep(state: TreeState, p_kw: Floats, q_kvar: Floats) -> Swept:
    """Power flow of (N, T) loads."""
    levels = _levels(state)
    shape = p_kw.shape
    half_g, half_b = _shunts(state)
    v = np.ones(shape)
    ell = np.zeros(shape)
    is_converged = np.zeros(shape[1], dtype=bool)
    turns = np.zeros(shape)
    holds = ~np.isnan(state.held_pu)
    for number in range(_MAX_SWEEPS):
        p, q = p_kw + half_g[:, None] * v, q_kvar - half_b[:, None] * v
        for nodes in reversed(levels):
            ell[nodes] = (p[nodes] ** 2 + q[nodes] ** 2) / np.maximum(v[nodes], _COLLAPSE)
            above = state.parent[nodes]
            below = nodes[above >= 0]
            above = above[above >= 0]
            np.add.at(p, above, p[below] + state.r[below, None] * ell[below])
            np.add.at(q, above, q[below] + state.x[below, None] * ell[below])
        new = np.full(shape, np.nan)
        for nodes in levels:
            above = state.parent[nodes]
            v_above = np.where(
                (above < 0)[:, None], state.source_v[nodes, None], new[np.maximum(above, 0)]
            )
            v_above = state.a[nodes, None] * v_above
            drop = _drop(state, nodes, (p[nodes], q[nodes], ell[nodes]))
            if number < _TAPS_MOVE and holds[nodes].any():
                turns[nodes] = _turns(state, nodes, v_above, drop)
            new[nodes] = v_above / (1 + turns[nodes]) ** 2 - drop
        change = np.abs(np.where(np.isnan(new), 0.0, new - v)).max(axis=0, initial=0.0)
        v = np.where(np.isnan(new), 1.0, np.maximum(new, _COLLAPSE))
        is_converged = change < _TOLERANCE
        if is_converged.all():
            break
    is_converged &= (v[state.order] > 2 * _COLLAPSE).all(axis=0)
    supplied = np.zeros(shape[0], dtype=bool)
    supplied[state.order] = True
    return Swept(
        v=np.where(supplied[:, None], v, np.nan),
        i_kva=_currents(state, v, turns, (p, q, ell)),
        is_converged=is_converged,
    )


def _currents(
    state: TreeState, v: Floats, turns: Floats, flow: tuple[Floats, Floats, Floats]
) -> Floats:
    """Currents at the ends of edges, the larger of both, with half of the shunts at each."""
    p, q, ell = flow
    g, b = state.shunt_kw[:, None] / 2, state.charge_kvar[:, None] / 2
    below = ((p - g * v) ** 2 + (q + b * v) ** 2) / v
    above = state.parent
    v_above = np.where((above < 0)[:, None], state.source_v[:, None], v[np.maximum(above, 0)])
    v_above = np.maximum(state.a[:, None] * v_above / (1 + turns) ** 2, _COLLAPSE)
    p_sent = p + state.r[:, None] * ell + g * v_above
    q_sent = q + state.x[:, None] * ell - b * v_above
    return np.sqrt(np.maximum(below, (p_sent**2 + q_sent**2) / v_above))


def _levels(state: TreeState) -> list[Ints]:
    """Nodes by their number of edges from a source."""
    depth = np.full(len(state.parent), -1)
    for node in state.order.tolist():
        above = state.parent[node]
        depth[node] = 0 if above < 0 else depth[above] + 1
    return [np.flatnonzero(depth == level) for level in range(depth.max(initial=0) + 1)]


def _drop(state: TreeState, nodes: Ints, flow: tuple[Floats, Floats, Floats]) -> Floats:
    """Drops of squared voltage over edges."""
    p, q, ell = flow
    r, x = state.r[nodes, None], state.x[nodes, None]
    return np.asarray(2 * (r * p + x * q) + (r**2 + x**2) * ell)


def _turns(state: TreeState, nodes: Ints, v_above: Floats, drop: Floats) -> Floats:
    """Changes of the turns by which taps come nearest to the voltage they hold; 0 without taps."""
    held = state.held_pu[nodes, None]
    need = np.maximum(held**2 + drop, _COLLAPSE)
    turns = np.clip(
        np.sqrt(v_above / need) - 1, state.tap_low[nodes, None], state.tap_high[nodes, None]
    )
    step = state.step_share[nodes, None]
    stepped = np.round(turns / np.where(step > 0, step, 1.0)) * step
    return np.where(np.isnan(held), 0.0, np.where(step > 0, stepped, turns))


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
