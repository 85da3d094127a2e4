"""Loads on single phases: against sequence networks worked out here, and against balanced flow."""

import numpy as np
from small_grids import START, feeder, make_grid

from viavolta.engines.grid.flow import Method, prepare
from viavolta.model.grid import BranchKind, NodeKind, NodeLoads, Phase

A = np.exp(2j * np.pi / 3)
TO_PHASES = np.array([[1, 1, 1], [1, A**2, A], [1, A, A**2]])  # of zero, positive, negative


def by_phase(node: list[int], phase: tuple[Phase, ...], p_kw: np.ndarray) -> NodeLoads:
    """Loads (M, T) on phases of nodes."""
    steps = np.arange(p_kw.shape[1]) * np.timedelta64(900, "s")
    return NodeLoads(
        start=START + steps, step_s=900, node=node, phase=phase, p_kw=p_kw, q_kvar=0.2 * p_kw
    )


def voltages(z_zero: complex, z_one: complex, s_kva: np.ndarray) -> np.ndarray:
    """(3,) voltages at the end of a way with impedances in pu of 1 kW, drawn (3,) at its end."""
    u = TO_PHASES @ [0, 1, 0]
    for _ in range(200):
        current = np.conj(3 * s_kva / u)  # a phase has a third of the power base
        zero, one, two = np.linalg.solve(TO_PHASES, current)
        u = TO_PHASES @ [-z_zero * zero, 1 - z_one * one, -z_one * two]
    return np.abs(u)


def test_cable_and_transformer_by_sequences() -> None:
    """Single-phase loads behind a Dyn5 transformer and a cable, as sequence networks give them.

    Zero-sequence current finds its way back through the transformer (its impedance is that of the
    positive sequence), but not beyond its delta.
    """
    no_shunt = {"p0_kw": 0.0, "i0_percent": 0.0, "c_nf": 0.0, "c0_nf": 0.0}
    grid = feeder(1, **no_shunt)
    p_kw = np.array([[12.0, 5.0, 0.0], [0.0, 9.0, 0.0], [-3.0, 9.0, 7.0]])
    loads = by_phase([2, 2, 2], (Phase.A, Phase.B, Phase.C), p_kw)
    flow = prepare(grid).solve(loads)
    r = 4.6 / 400 / 400
    transformer = r + 1j * np.sqrt((0.04 / 400) ** 2 - r**2)
    for step in range(3):
        s_kva = p_kw[:, step] * (1 + 0.2j)
        expected = voltages(
            transformer + (0.08 + 0.02j) / 160, transformer + (0.02 + 0.008j) / 160, s_kva
        )
        # voltages of the phases behind Dyn5 lag by 150 degrees, which changes no magnitude
        np.testing.assert_allclose(flow.u_pu[step, 2], expected, rtol=0, atol=1e-7)
        largest = (np.abs(s_kva) / expected).max() / (0.4 / np.sqrt(3))
        np.testing.assert_allclose(flow.current_a[step, 1], largest, rtol=1e-6)


def test_equal_phases() -> None:
    """Three equal loads on the phases are a balanced one, for which another method is chosen."""
    grid = feeder(4, sk_mva=250.0)
    p_kw = np.random.default_rng(2).uniform(-20, 30, (4, 30))
    thirds = by_phase(
        [2, 3, 4, 5] * 3,
        (Phase.A,) * 4 + (Phase.B,) * 4 + (Phase.C,) * 4,
        np.tile(p_kw / 3, (3, 1)),
    )
    balanced = by_phase([2, 3, 4, 5], (Phase.ABC,) * 4, p_kw)
    solver = prepare(grid)
    one, other = solver.solve(thirds), solver.solve(balanced)
    assert one.method is Method.POWER_GRID_MODEL
    assert other.method is Method.SWEEP
    for phase in range(3):
        np.testing.assert_allclose(one.u_pu[:, :, phase], other.u_pu, rtol=0, atol=1e-7)
    np.testing.assert_allclose(one.loading_share, other.loading_share, rtol=0, atol=1e-6)
    np.testing.assert_allclose(one.loss_kw, other.loss_kw, rtol=0, atol=1e-5)
    np.testing.assert_allclose(one.source_kvar, other.source_kvar, rtol=0, atol=1e-4)


def test_switch_by_phase() -> None:
    """A switch between two nodes carries the load behind it, phase by phase."""
    nodes = [(NodeKind.SOURCE, 0.4), (NodeKind.JOINT, 0.4), (NodeKind.CONNECTION, 0.4)]
    branches = [(BranchKind.CABLE, 0, 1), (BranchKind.SWITCH, 1, 2)]
    zeros = {name: [0.02, 0.0] for name in ("r_ohm", "x_ohm", "c_nf")}
    grid = make_grid(nodes, branches, **zeros)
    flow = prepare(grid).solve(by_phase([2], (Phase.B,), np.array([[6.0]])))
    volt = flow.u_pu[0, 2, 1] * 400 / np.sqrt(3)
    np.testing.assert_allclose(flow.current_a[0, 1], 6000 * np.hypot(1, 0.2) / volt, rtol=1e-9)
    np.testing.assert_allclose(flow.u_pu[0, 1], flow.u_pu[0, 2], rtol=0, atol=0)


def test_extremes_by_phase() -> None:
    """Extremes of (N, 3, T) loads are those of the worst phase."""
    grid = feeder(2)
    p_kw = np.zeros((4, 3, 5))
    p_kw[3, 0] = [2.0, 4.0, 15.0, 6.0, 1.0]
    found = prepare(grid).extremes(p_kw, 0.1 * p_kw, low_pu=0.95, high_pu=1.005)
    loads = NodeLoads(
        start=START + np.arange(5) * np.timedelta64(900, "s"),
        step_s=900,
        node=[3],
        phase=(Phase.A,),
        p_kw=p_kw[3, :1],
        q_kvar=0.1 * p_kw[3, :1],
    )
    u = prepare(grid).solve(loads).u_pu
    np.testing.assert_allclose(found.u_min_pu, u.min(axis=(0, 2)))
    np.testing.assert_allclose(found.u_max_pu, u.max(axis=(0, 2)))
    assert found.u_min_step[3] == 2
    assert found.hours_above[3] == (u[:, 3] > 1.005).any(axis=1).sum() / 4
