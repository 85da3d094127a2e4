"""The kernels against slow twins, and uncompiled."""

import numpy as np
from small_grids import make_grid

from viavolta.engines.grid.flow import Method, prepare
from viavolta.engines.grid.flow.factors import factors_of
from viavolta.engines.grid.flow.fixed_point import find_voltages, new_room
from viavolta.engines.grid.flow.network import network_of
from viavolta.engines.grid.flow.sweep import Powers, new_block, settle
from viavolta.engines.grid.flow.tree import tree_of
from viavolta.model.grid import BranchKind, Grid, NodeKind


def cables(*, is_meshed: bool) -> Grid:
    """Six nodes at 0.4 kV, with cables alone."""
    nodes = [(NodeKind.SOURCE, 0.4)] + [(NodeKind.CONNECTION, 0.4)] * 5
    ways = [(0, 1), (1, 2), (3, 1), (3, 4), (5, 0)] + [(4, 2), (5, 4)] * is_meshed
    rng = np.random.default_rng(1)
    r_ohm, x_ohm = rng.uniform(0.01, 0.05, (2, len(ways)))
    branches = [(BranchKind.CABLE, *way) for way in ways]
    return make_grid(nodes, branches, r_ohm=r_ohm, x_ohm=x_ohm, c_nf=5000.0)


def plain_voltages(grid: Grid, s_kva: np.ndarray) -> np.ndarray:
    """Voltages (N,) in pu for one step, by the matrix of admittances and two hundred rounds."""
    admittance = np.zeros((grid.n_nodes, grid.n_nodes), dtype=complex)
    for branch, (a, b) in enumerate(zip(grid.from_node, grid.to_node, strict=True)):
        y = 160 / (grid.r_ohm[branch] + 1j * grid.x_ohm[branch])
        half = 0.5j * 2 * np.pi * 50 * grid.c_nf[branch] * 1e-9 * 160
        admittance[[a, b], [a, b]] += y + half
        admittance[[a, b], [b, a]] -= y
    u = np.ones(grid.n_nodes, dtype=complex)
    for _ in range(200):
        current = -np.conj(s_kva / u) - admittance[:, 0]
        u[1:] = np.linalg.solve(admittance[1:, 1:], current[1:])
    return np.abs(u)


def test_both_kernels_against_a_plain_twin() -> None:
    """The sweep and the fixed point find what a textbook loop finds, with heavy charging."""
    s_kva = np.array([0, 10 + 3j, 20, 15 - 5j, -30, 12 + 12j])[:, None] * [[0.1, 0.6, 1.0]]
    for is_meshed, method in (
        (False, Method.SWEEP),
        (False, Method.FIXED_POINT),
        (True, Method.FIXED_POINT),
    ):
        grid = cables(is_meshed=is_meshed)
        solver = prepare(grid, method=method)
        for step in range(3):
            s = s_kva[:, [step]]
            found = solver.extremes(s.real, s.imag, low_pu=0.9, high_pu=1.1)
            expected = plain_voltages(grid, s[:, 0])
            np.testing.assert_allclose(found.u_min_pu, expected, rtol=0, atol=1e-8)


def test_sweep_uncompiled() -> None:
    """The sweep is the same without the compiler."""
    grid = cables(is_meshed=False)
    tree = tree_of(grid, network_of(grid))
    assert tree is not None
    p, q = np.random.default_rng(2).uniform(-10, 20, (2, 6, 7))
    none = np.zeros((0, 7))
    powers = Powers(p, q, np.full(6, -1), none, none, none)
    one, other = new_block(6, 8), new_block(6, 8)
    settle(tree, powers, 0, 7, one)
    settle.py_func(tree, powers, 0, 7, other)  # type: ignore[attr-defined]
    assert one.settled[:7].all()
    for compiled, plain in zip(one, other, strict=True):
        np.testing.assert_array_equal(compiled, plain)


def test_fixed_point_uncompiled() -> None:
    """The fixed point is the same without the compiler; steps beyond the limit are marked."""
    rows = [{0: 3 - 9j, 1: -1 + 4j}, {0: -1 + 4j, 1: 3 - 8j, 2: -2 + 4j}, {1: -2 + 4j, 2: 2 - 4j}]
    factors, order = factors_of(rows, np.array([2 - 5j, 0, 0]))
    matrix = np.array([[row.get(column, 0) for column in range(3)] for row in rows])
    u0 = np.linalg.solve(matrix, [2 - 5j, 0, 0])
    np.testing.assert_allclose(factors.u0_r + 1j * factors.u0_i, u0[order], atol=1e-12)
    p, q = np.full((3, 4), 0.01), np.zeros((3, 4))
    p[:, 2] = 5.0
    found = []
    for function in (find_voltages, find_voltages.py_func):  # type: ignore[attr-defined]
        u_r, u_i = np.zeros((2, 3, 4))
        has_flow = np.zeros(4, dtype=bool)
        with np.errstate(all="ignore"):
            function(factors, p, q, new_room(3, 3), u_r, u_i, has_flow)
        assert has_flow.tolist() == [True, True, False, True]
        found.append((u_r + 1j * u_i)[:, has_flow])
    np.testing.assert_array_equal(*found)
    s = p[:, 0]
    u = found[0][:, 0]
    unordered = np.empty(3, dtype=complex)
    unordered[order] = u
    balance = matrix @ unordered - np.array([2 - 5j, 0, 0]) + np.conj(s / unordered)
    assert np.abs(balance).max() < 1e-6
