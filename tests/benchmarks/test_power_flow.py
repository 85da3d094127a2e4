"""The benchmark of power flow compares the same thing on both sides."""

from collections.abc import Callable
from types import ModuleType

import numpy as np

Script = Callable[[str], ModuleType]


def test_both_sides_calculate_the_same_grid(script: Script) -> None:
    """power-grid-model, fed by the benchmark itself, agrees with the solver; a slip would show."""
    table = script("power_flow")
    task = table.urban6().first(12)
    flow = table.prepare(task.grid).solve(table.loads_of(task))
    _, u_peer = table.power_grid_model(task)
    assert u_peer.shape == flow.u_pu.shape
    assert table.agreement("peer", flow.u_pu, u_peer, silent=True) == []
    wrong = u_peer + np.where(np.arange(task.grid.n_nodes) == 5, 2e-6, 0.0)
    assert table.agreement("peer", flow.u_pu, wrong, silent=True)


def test_a_figure_says_whether_it_is_reached(script: Script) -> None:
    """A figure above its aim misses it."""
    aim_line = script("power_flow").aim_line
    assert aim_line("a flow", 2.0, 6.0, "us") == "a flow 2 us (aim 6 us: reached)"
    assert "NOT REACHED" in aim_line("a flow", 7.0, 6.0, "us")


def test_draws_are_possible(script: Script) -> None:
    """A draw has each node once, and draws power at one step in ten."""
    table = script("power_flow")
    grid = table.urban6().grid
    draw = table.a_draw(np.random.default_rng(1), grid)
    assert len(draw.node) == grid.n_nodes // 2
    assert 0.09 < (draw.p_kw > 0).mean() < 0.11
