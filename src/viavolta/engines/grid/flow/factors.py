"""Sparse factors of a matrix of admittances, in an order that keeps them sparse."""

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.grid.flow.fixed_point import Factors
from viavolta.model.arrays import Ints

Complexes = NDArray[np.complex128]
Rows = list[dict[int, complex]]
"""A sparse matrix: of each row its columns and values. Its structure is symmetric."""


def factors_of(rows: Rows, inflow: Complexes) -> tuple[Factors, Ints]:
    """Return the factors of a matrix, and (M,) buses in the order of elimination.

    The bus with the fewest neighbours goes first (Tinney and Walker, Proceedings of the IEEE 55,
    1967): without meshes, nothing is ever filled in. `inflow` (M,) are the currents without load.
    """
    left = [dict(row) for row in rows]
    order: list[int] = []
    entries: list[list[tuple[int, complex, complex]]] = []
    pivots: list[complex] = []
    waiting = {bus: len(row) for bus, row in enumerate(left)}
    while waiting:
        bus = min(waiting, key=waiting.__getitem__)
        del waiting[bus]
        row = left[bus]
        pivot = row.pop(bus)
        of_bus = []
        for other in row:
            factor = left[other].pop(bus) / pivot
            of_bus.append((other, factor, row[other]))
            for column, value in row.items():
                left[other][column] = left[other].get(column, 0.0) - factor * value
            waiting[other] = len(left[other])
        order.append(bus)
        entries.append(of_bus)
        pivots.append(pivot)
    buses = np.array(order, dtype=np.int64)
    place = np.argsort(buses)
    flat = [(place[other], low, up) for of_bus in entries for other, low, up in of_bus]
    later = np.array([other for other, _, _ in flat], dtype=np.int64)
    low = np.array([value for _, value, _ in flat], dtype=np.complex128)
    up = np.array([value for _, _, value in flat], dtype=np.complex128)
    start = np.concatenate([[0], np.cumsum([len(of_bus) for of_bus in entries])]).astype(np.int64)
    inverse = 1 / np.array(pivots, dtype=np.complex128)
    u0 = inflow[buses]
    for k in range(len(u0)):
        some = slice(start[k], start[k + 1])
        u0[later[some]] -= low[some] * u0[k]
    for k in reversed(range(len(u0))):
        some = slice(start[k], start[k + 1])
        u0[k] = (u0[k] - up[some] @ u0[later[some]]) * inverse[k]
    parts = [part.copy() for one in (low, up, inverse, u0) for part in (one.real, one.imag)]
    return Factors(start, later, *parts), buses
