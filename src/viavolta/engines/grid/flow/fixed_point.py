"""Kernels for small meshed grids: u = u0 - Z conj(s / u), for a block of steps at once.

Z is the matrix of impedances between the nodes that draw power, u0 their voltages without load. The
fixed point is reached from u0 wherever the drop is not far from what the grid can carry at all;
each round shrinks the error by about the drop.

i, j node that draws, t step of the block.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats

Flags = NDArray[np.bool_]

_MOST_ROUNDS = 60
_CLOSE = 5e-9  # pu: how much more all further rounds together may move a voltage

_LEAST_FACTOR = 0.1  # by which a round is believed to shrink the change


class Impedances(NamedTuple):
    """Of M buses, of which L draw power: z_r, z_i : (M, L); u0_r, u0_i : (M,).

    The first L buses are those that draw.
    """

    z_r: Floats
    z_i: Floats
    u0_r: Floats
    u0_i: Floats


class Room(NamedTuple):
    """Room for a block of S steps.

    Attributes
    ----------
    u_r, u_i : (M, S). i_r, i_i : (L, S). new_r, new_i, change, before, settled : (S,).
    """

    u_r: Floats
    u_i: Floats
    i_r: Floats
    i_i: Floats
    new_r: Floats
    new_i: Floats
    change: Floats
    before: Floats
    settled: Flags


def new_room(n_buses: int, n_drawing: int, n_steps: int) -> Room:
    """Return room for a block."""
    u_r, u_i = np.zeros((2, n_buses, n_steps))
    i_r, i_i = np.zeros((2, n_drawing, n_steps))
    new_r, new_i, change, before = np.zeros((4, n_steps))
    settled = np.zeros(n_steps, dtype=bool)
    return Room(u_r, u_i, i_r, i_i, new_r, new_i, change, before, settled)


@kernel
def find_voltages(
    z: Impedances, p: Floats, q: Floats, room: Room, u_r: Floats, u_i: Floats, has_flow: Flags
) -> None:
    """Set u_r, u_i (M, T) and has_flow (T,) for p, q (L, T) drawn."""
    n_steps, size, n_drawing = p.shape[1], len(room.change), len(p)
    for first in range(0, n_steps, size):
        n = min(size, n_steps - first)
        for i in range(len(room.u_r)):
            for t in range(n):
                room.u_r[i, t] = z.u0_r[i]
                room.u_i[i, t] = z.u0_i[i]
        for t in range(n):
            room.before[t] = 0.0
        for _ in range(_MOST_ROUNDS):
            _currents(p, q, first, n, room)
            _voltages(z, n_drawing, n, room)
            if _is_settled(n, room):
                break
            for t in range(n):
                room.before[t] = room.change[t]
        _currents(p, q, first, n, room)
        _voltages(z, len(room.u_r), n, room)
        for t in range(n):
            has_flow[first + t] = room.settled[t]
        for i in range(len(room.u_r)):
            for t in range(n):
                u_r[i, first + t] = room.u_r[i, t]
                u_i[i, first + t] = room.u_i[i, t]


@kernel
def _currents(p: Floats, q: Floats, first: int, n: int, room: Room) -> None:
    """Currents drawn, conj(s / u)."""
    for j in range(len(p)):
        for t in range(n):
            a, b = room.u_r[j, t], room.u_i[j, t]
            size = a * a + b * b
            room.i_r[j, t] = (p[j, first + t] * a + q[j, first + t] * b) / size
        for t in range(n):
            a, b = room.u_r[j, t], room.u_i[j, t]
            size = a * a + b * b
            room.i_i[j, t] = (p[j, first + t] * b - q[j, first + t] * a) / size


@kernel
def _voltages(z: Impedances, n_rows: int, n: int, room: Room) -> None:
    """Renew the first n_rows voltages, and by how much they moved at most."""
    new_r, new_i, change = room.new_r, room.new_i, room.change
    for t in range(n):
        change[t] = 0.0
    for i in range(n_rows):
        for t in range(n):
            new_r[t] = z.u0_r[i]
        for t in range(n):
            new_i[t] = z.u0_i[i]
        for j in range(z.z_r.shape[1]):
            r, x = z.z_r[i, j], z.z_i[i, j]
            for t in range(n):
                new_r[t] -= r * room.i_r[j, t] - x * room.i_i[j, t]
            for t in range(n):
                new_i[t] -= r * room.i_i[j, t] + x * room.i_r[j, t]
        for t in range(n):
            moved = abs(new_r[t] - room.u_r[i, t]) + abs(new_i[t] - room.u_i[i, t])
            change[t] = change[t] if moved <= change[t] else moved
        for t in range(n):
            room.u_r[i, t] = new_r[t]
        for t in range(n):
            room.u_i[i, t] = new_i[t]


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
