"""Grids with meshes: one measure after the other, verified, without a bound."""

import numpy as np
import pytest
from reinforce_grids import PRICES, lv_tree

from viavolta.engines.grid.reinforce import (
    Method,
    YearLoad,
    build_rules,
    expand,
    reinforce,
    verify,
)
from viavolta.engines.grid.reinforce.tree import tree_of
from viavolta.model.errors import NoSolutionError
from viavolta.model.grid import Grid


def _ring() -> Grid:
    """Four cables in a ring at the source: n0 - n1 - n2 - n3 - n0."""
    return lv_tree(
        [0, 1, 2, 0],
        [0.1, 0.1, 0.1, 0.1],
        from_node=np.array([0, 1, 2, 0]),
        to_node=np.array([1, 2, 3, 3]),
    )


def test_a_ring_is_strengthened_and_verified() -> None:
    """Cables overloaded on both sides of a ring, and a transformer that is too small."""
    grid = lv_tree(
        [0, 1, 2, 0],
        [0.1, 0.1, 0.1, 0.1],
        sn_kva=160.0,
        to_node=np.array([1, 2, 3, 4, 4]),
        from_node=np.array([0, 1, 2, 3, 1]),
    )
    assert tree_of(grid) is None
    p_kw = np.zeros((grid.n_nodes, 2))
    p_kw[2:5] = np.array([[60.0, 30.0], [90.0, 70.0], [50.0, 90.0]])
    rules = build_rules(grid, low_pu=0.94)
    plan = reinforce(grid, p_kw, 0.1 * p_kw, prices=PRICES, rules=rules)
    assert plan.method is Method.GREEDY
    assert plan.lower_bound_eur == 0
    assert any(measure.element == "trafo" for measure in plan.measures)
    assert plan.cost_eur == pytest.approx(sum(measure.cost_eur for measure in plan.measures))
    assert verify(plan.grid, p_kw, 0.1 * p_kw, rules=plan.rules[-1]) == ()


def test_a_ring_over_the_years() -> None:
    """Each year holds, and the early ones need no more than the last."""
    grid = _ring()
    p_kw = np.zeros((grid.n_nodes, 1))
    p_kw[1:4, 0] = (60.0, 90.0, 80.0)
    loads = [
        YearLoad(year=year, p_kw=share * p_kw, q_kvar=0 * p_kw)
        for year, share in ((2030, 0.5), (2035, 0.8), (2040, 1.0))
    ]
    plan = expand(grid, loads, prices=PRICES, rules=build_rules(grid, low_pu=0.95))
    costs = plan.cost_by_year_eur()
    assert costs[2030] == 0
    assert sum(costs.values()) == pytest.approx(plan.cost_eur)
    for built, rules, load in zip(plan.grids, plan.rules, loads, strict=True):
        assert verify(built, load.p_kw, load.q_kvar, rules=rules) == ()


def test_what_no_measure_mends_is_said() -> None:
    """A ring under ten times what it may ever bear."""
    grid = _ring()
    p_kw = np.full((grid.n_nodes, 1), 900.0)
    with pytest.raises(NoSolutionError) as caught:
        reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=build_rules(grid))
    assert caught.value.code == "grid-greedy-stuck"


def test_a_search_without_a_plan_goes_on_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search ends too early the plan still holds, and the bound is still one."""
    grid = lv_tree([0, 1, 2], [0.1, 0.1, 0.1], sn_kva=100.0)
    p_kw = np.zeros((grid.n_nodes, 1))
    p_kw[2:, 0] = (40.0, 40.0, 40.0)
    rules = build_rules(grid, low_pu=0.94)
    best = reinforce(grid, p_kw, 0.1 * p_kw, prices=PRICES, rules=rules)
    monkeypatch.setattr("viavolta.engines.grid.reinforce.search.MAX_ROUNDS", 2)
    plan = reinforce(grid, p_kw, 0.1 * p_kw, prices=PRICES, rules=rules)
    assert verify(plan.grid, p_kw, 0.1 * p_kw, rules=plan.rules[-1]) == ()
    assert plan.lower_bound_eur <= best.cost_eur * (1 + 1e-9)
    assert plan.cost_eur >= best.cost_eur * (1 - 1e-9)
