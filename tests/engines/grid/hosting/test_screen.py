"""Steps that the bounds let pass break nothing: what is not solved need not be."""

from dataclasses import replace

import numpy as np
import pytest
from hosting_grids import START, STEP_S, street
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.grid.flow import prepare
from viavolta.engines.grid.hosting.screen import _SINE, _stress, screen_of, undominated
from viavolta.model.arrays import Floats
from viavolta.model.grid import Grid, NodeLoads, Phase

LOW_PU = 0.92


def _flow(grid: Grid, p_kw: Floats, q_kvar: Floats) -> tuple[Floats, Floats]:
    found = prepare(grid).solve(
        NodeLoads(
            start=START + np.arange(p_kw.shape[1]) * np.timedelta64(STEP_S, "s"),
            step_s=STEP_S,
            node=np.arange(grid.n_nodes),
            phase=(Phase.ABC,) * grid.n_nodes,
            p_kw=p_kw,
            q_kvar=q_kvar,
        )
    )
    assert found.is_converged.all()
    return found.u_pu, found.loading_share


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 60.0), st.floats(-0.3, 0.5), st.booleans())
def test_what_is_below_one_breaks_nothing(
    seed: int, most_kw: float, q_share: float, has_sun: bool
) -> None:
    """Whatever the loads, reactive power and sun: every voltage and loading is within."""
    grid, n_steps = street(), 40
    screen = screen_of(grid, low_pu=np.full(grid.n_nodes, LOW_PU), limit_share=np.ones(6))
    assert screen is not None
    rng = np.random.default_rng(seed)
    p_kw = rng.uniform(-0.5 * most_kw if has_sun else 0.0, most_kw, (grid.n_nodes, n_steps))
    p_kw[:2] = 0.0
    p_kw *= rng.random(n_steps)
    q_kvar = q_share * p_kw
    stress = screen.stress(p_kw, q_kvar)
    passes = (stress < 1).all(axis=1)
    u_pu, loading = _flow(grid, p_kw[:, passes], q_kvar[:, passes])
    assert (u_pu >= LOW_PU).all()
    assert (loading <= 1).all()


def test_bounds_are_not_much_wider_than_the_truth() -> None:
    """For plain loads at the end of a feeder the voltage bound is within a fifth of the drop."""
    grid = street()
    screen = screen_of(grid, low_pu=np.full(grid.n_nodes, 0.9), limit_share=np.ones(6))
    assert screen is not None
    p_kw = np.zeros((grid.n_nodes, 1))
    end = grid.node_id.index("a3")
    p_kw[end] = 25.0
    row = np.flatnonzero((screen.node == end) & ~screen.is_sum)[0]
    u_pu, _ = _flow(grid, p_kw, np.zeros_like(p_kw))
    rest, _ = _flow(grid, np.zeros_like(p_kw), np.zeros_like(p_kw))
    drop = (rest[0, end] - u_pu[0, end]) / (rest[0, end] - 0.9)
    assert drop <= screen.stress(p_kw, np.zeros_like(p_kw))[0, row] <= 1.2 * drop


def test_the_kernel_does_what_its_formula_says() -> None:
    """Ten plain lines give the same rows, compiled or not."""
    rng = np.random.default_rng(2)
    n_steps, n_nodes, n_rows = 5, 4, 6
    p, q = rng.normal(size=(2, n_steps, n_nodes))
    p[0], q[0] = 0.0, 0.0
    re, im = rng.normal(size=(2, n_nodes, n_rows))
    own, is_sum = rng.random(n_rows), np.arange(n_rows) % 2 == 0
    expected = np.empty((n_steps, n_rows))
    for t in range(n_steps):
        for r in range(n_rows):
            z = re[:, r] + 1j * im[:, r]
            turned = z * (p[t] - 1j * q[t])
            terms = np.maximum(turned.real, 0) + _SINE * np.abs(turned.imag)
            sums = re[:, r] * np.hypot(p[t], q[t])
            expected[t, r] = own[r] + (sums if is_sum[r] else terms).sum()
    for kernel in (_stress, _stress.py_func):  # type: ignore[attr-defined]
        rows = np.empty((n_steps, n_rows))
        kernel(p, q, own, re, im, is_sum, rows)
        np.testing.assert_allclose(rows, expected, rtol=1e-12)


def test_rows_that_others_cover_are_left_out() -> None:
    """The end of a feeder covers the nodes on the way; every step is judged the same."""
    grid = street()
    screen = screen_of(grid, low_pu=np.full(grid.n_nodes, LOW_PU), limit_share=np.ones(6))
    assert screen is not None
    rng = np.random.default_rng(1)
    p_kw = rng.uniform(0, 30, (grid.n_nodes, 200)) * rng.random(200)
    base = np.zeros((grid.n_nodes, 1))
    group = np.zeros(len(screen.own), dtype=np.int64)
    kept = undominated(screen, screen.stress(base, base), group=group)
    assert len(kept) < len(group)
    every = screen.stress(p_kw, 0 * p_kw).max(axis=1)
    few = screen.only(kept).stress(p_kw, 0 * p_kw).max(axis=1)
    np.testing.assert_allclose(few, every, rtol=1e-12)


def test_regulated_transformers_have_no_bounds() -> None:
    """Taps move with the load: there every step is solved."""
    grid = street()
    regulated = np.where([name == "transformer" for name in grid.branch_id], 1.0, np.nan)
    grid = replace(
        grid,
        regulated_pu=regulated,
        tap_step_percent=np.full(6, 2.5),
        tap_min=np.full(6, -2),
        tap_max=np.full(6, 2),
    )
    assert screen_of(grid, low_pu=np.full(7, LOW_PU), limit_share=np.ones(6)) is None


@pytest.mark.parametrize("low_pu", [1.0, 1.02])
def test_a_node_without_any_room_is_always_solved(low_pu: float) -> None:
    """Its stress is beyond 1 with the smallest load."""
    grid = street()
    screen = screen_of(grid, low_pu=np.full(7, low_pu), limit_share=np.ones(6))
    assert screen is not None
    p_kw = np.zeros((7, 1))
    p_kw[3] = 0.01
    assert screen.stress(p_kw, 0 * p_kw).max() > 1
