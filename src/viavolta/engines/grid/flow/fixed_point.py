"""Kernels for meshed grids: u = u0 - Z conj(s / u), for a block of steps at once.

Z is the inverse of the matrix of admittances, u0 the voltages without load. Z itself is dense; its
factors are nearly as sparse as the grid, so that a round takes time in proportion to the branches.
The fixed point is reached from u0 wherever the drop is not far from what the grid can carry at all;
each round shrinks the error by about the drop.

k bus in the order of elimination, e entry of a factor, t step of the block.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints

Flags = NDArray[np.bool_]

_MOST_ROUNDS = 60
_CLOSE = 5e-9  # pu: how much more all further rounds together may move a voltage
_LEAST_FACTOR = 0.1  # by which a round is believed to shrink the change


class Factors(NamedTuple):
    """Factors of the matrix of admittances: M buses in the order of elimination, E entries.

    Attributes
    ----------
    start : (M + 1,) entries of each bus. later : (E,) bus that is eliminated later.
    low_r, low_i : (E,) of its row in the lower factor. up_r, up_i : (E,) of its column in the
        upper one. pivot_r, pivot_i : (M,) inverse of the pivots.
    u0_r, u0_i : (M,) voltages without load.
    """

    start: Ints
    later: Ints
    low_r: Floats
    low_i: Floats
    up_r: Floats
    up_i: Floats
    pivot_r: Floats
    pivot_i: Floats
    u0_r: Floats
    u0_i: Floats


class Room(NamedTuple):
    """Room for a block of S steps.

    Attributes
    ----------
    u_r, u_i, x_r, x_i : (M, S). change, before, settled : (S,).
    """

    u_r: Floats
    u_i: Floats
    x_r: Floats
    x_i: Floats
    change: Floats
    before: Floats
    settled: Flags


def new_room(n_buses: int, n_steps: int) -> Room:
    """Return room for a block."""
    u_r, u_i, x_r, x_i = np.zeros((4, n_buses, n_steps))
    change, before = np.zeros((2, n_steps))
    return Room(u_r, u_i, x_r, x_i, change, before, np.zeros(n_steps, dtype=bool))


@kernel
def find_voltages(
    factors: Factors, p: Floats, q: Floats, room: Room, u_r: Floats, u_i: Floats, has_flow: Flags
) -> None:
    """Set u_r, u_i (M, T) and has_flow (T,) for p, q (M, T) drawn."""
    n_steps, size, n_buses = p.shape[1], len(room.change), len(p)
    for first in range(0, n_steps, size):
        n = min(size, n_steps - first)
        for k in range(n_buses):
            for t in range(n):
                room.u_r[k, t] = factors.u0_r[k]
            for t in range(n):
                room.u_i[k, t] = factors.u0_i[k]
        for t in range(n):
            room.before[t] = 0.0
        for _ in range(_MOST_ROUNDS):
            _draw(p, q, first, n, room)
            _solve(factors, n, room)
            _renew(factors, n, room)
            if _is_settled(n, room):
                break
            for t in range(n):
                room.before[t] = room.change[t]
        for t in range(n):
            has_flow[first + t] = room.settled[t]
        for k in range(n_buses):
            for t in range(n):
                u_r[k, first + t] = room.u_r[k, t]
            for t in range(n):
                u_i[k, first + t] = room.u_i[k, t]


@kernel
def _draw(p: Floats, q: Floats, first: int, n: int, room: Room) -> None:
    """Set x to the currents fed in, -conj(s / u)."""
    for k in range(len(p)):
        for t in range(n):
            a, b = room.u_r[k, t], room.u_i[k, t]
            room.x_r[k, t] = -(p[k, first + t] * a + q[k, first + t] * b) / (a * a + b * b)
        for t in range(n):
            a, b = room.u_r[k, t], room.u_i[k, t]
            room.x_i[k, t] = (q[k, first + t] * a - p[k, first + t] * b) / (a * a + b * b)


@kernel
def _solve(factors: Factors, n: int, room: Room) -> None:
    """Turn currents x into voltages x, through the lower and the upper factor."""
    x_r, x_i = room.x_r, room.x_i
    for k in range(len(x_r)):
        for e in range(factors.start[k], factors.start[k + 1]):
            j, a, b = factors.later[e], factors.low_r[e], factors.low_i[e]
            for t in range(n):
                x_r[j, t] -= a * x_r[k, t] - b * x_i[k, t]
            for t in range(n):
                x_i[j, t] -= a * x_i[k, t] + b * x_r[k, t]
    for k in range(len(x_r) - 1, -1, -1):
        for e in range(factors.start[k], factors.start[k + 1]):
            j, a, b = factors.later[e], factors.up_r[e], factors.up_i[e]
            for t in range(n):
                x_r[k, t] -= a * x_r[j, t] - b * x_i[j, t]
            for t in range(n):
                x_i[k, t] -= a * x_i[j, t] + b * x_r[j, t]
        a, b = factors.pivot_r[k], factors.pivot_i[k]
        for t in range(n):
            real, imaginary = x_r[k, t], x_i[k, t]
            x_r[k, t] = a * real - b * imaginary
            x_i[k, t] = a * imaginary + b * real


@kernel
def _renew(factors: Factors, n: int, room: Room) -> None:
    """Renew voltages; change is the largest move of any."""
    change = room.change
    for t in range(n):
        change[t] = 0.0
    for k in range(len(room.u_r)):
        for t in range(n):
            new_r, new_i = factors.u0_r[k] + room.x_r[k, t], factors.u0_i[k] + room.x_i[k, t]
            moved = abs(new_r - room.u_r[k, t]) + abs(new_i - room.u_i[k, t])
            change[t] = change[t] if moved <= change[t] else moved
        for t in range(n):
            room.u_r[k, t] = factors.u0_r[k] + room.x_r[k, t]
        for t in range(n):
            room.u_i[k, t] = factors.u0_i[k] + room.x_i[k, t]


@kernel
def _is_settled(n: int, room: Room) -> bool:
    """Mark the steps that further rounds hardly move; whether all are. As in the sweep."""
    all_are = True
    for t in range(n):
        change, before = room.change[t], room.before[t]
        factor = max(change / before, _LEAST_FACTOR)
        left = change * factor / (1.0 - factor)
        room.settled[t] = change < 1e-3 * _CLOSE or (change < before and left < _CLOSE)
        all_are = all_are and room.settled[t]
    return all_are
