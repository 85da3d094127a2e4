"""What holds for every grid: the plan is verified, the bound is one, and limits work one way."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reinforce_grids import PRICES, cheapest_of_all, lv_tree, space_under

from viavolta.engines.grid.flow import prepare
from viavolta.engines.grid.reinforce import BuildRules, Method, build_rules, reinforce, verify
from viavolta.engines.grid.reinforce.space import Choice, built_choice, state_of
from viavolta.engines.grid.reinforce.sweep import sweep
from viavolta.model.arrays import Floats
from viavolta.model.errors import NoSolutionError
from viavolta.model.grid import Grid

Case = tuple[Grid, Floats, Floats, BuildRules]


@st.composite
def cases(draw: st.DrawFn, *, feeds_in: bool = False) -> Case:
    """A tree of up to four cables, one to three steps, rules that bite."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = int(rng.integers(2, 5))
    parents = [int(rng.integers(max(0, row - 1), row + 1)) for row in range(n)]
    sn_kva = [None, 100.0, 160.0][int(rng.integers(3))]
    grid = lv_tree(parents, rng.uniform(0.05, 0.2, n).round(3).tolist(), sn_kva=sn_kva)
    p_kw = np.zeros((grid.n_nodes, int(rng.integers(1, 4))))
    p_kw[-n:] = rng.uniform(0, 45, (n, p_kw.shape[1]))
    if feeds_in:
        p_kw[-n:] *= rng.choice([-1, 1], (1, p_kw.shape[1]))
    q_kvar = np.abs(p_kw) * rng.uniform(0, 0.4, (1, p_kw.shape[1]))
    rules = build_rules(grid, low_pu=0.93, high_pu=1.05)
    return grid, p_kw, q_kvar, dataclasses.replace(rules, max_added=1)


def _price(case: Case) -> float:
    grid, p_kw, q_kvar, rules = case
    try:
        return reinforce(grid, p_kw, q_kvar, prices=PRICES, rules=rules).cost_eur
    except NoSolutionError:
        return float("inf")


@settings(max_examples=25, deadline=None)
@given(cases())
def test_the_load_case_is_solved_as_by_trying_everything(case: Case) -> None:
    """Same price as an exhaustive search, and proven."""
    grid, p_kw, q_kvar, rules = case
    best = cheapest_of_all(grid, p_kw, q_kvar, rules)
    if best == float("inf"):
        with pytest.raises(NoSolutionError):
            reinforce(grid, p_kw, q_kvar, prices=PRICES, rules=rules)
        return
    plan = reinforce(grid, p_kw, q_kvar, prices=PRICES, rules=rules)
    assert plan.cost_eur == pytest.approx(best)
    assert plan.lower_bound_eur <= best * (1 + 1e-6)
    assert (plan.method is Method.EXACT) == (plan.gap < 1e-6)


@settings(max_examples=15, deadline=None)
@given(cases(feeds_in=True))
def test_with_feed_in_the_bound_is_below_everything(case: Case) -> None:
    """The bound never exceeds the best of an exhaustive search, the plan is never below it."""
    grid, p_kw, q_kvar, rules = case
    best = cheapest_of_all(grid, p_kw, q_kvar, rules)
    price = _price(case)
    assert price >= best * (1 - 1e-6)
    if price < float("inf"):
        plan = reinforce(grid, p_kw, q_kvar, prices=PRICES, rules=rules)
        assert plan.lower_bound_eur <= best * (1 + 1e-6)


@settings(max_examples=30, deadline=None)
@given(cases(feeds_in=True))
def test_every_plan_is_verified_and_every_measure_needed(case: Case) -> None:
    """No finding with the plan; without any one of its measures there is."""
    grid, p_kw, q_kvar, rules = case
    try:
        plan = reinforce(grid, p_kw, q_kvar, prices=PRICES, rules=rules)
    except NoSolutionError:
        return
    assert verify(plan.grid, p_kw, q_kvar, rules=plan.rules[-1]) == ()
    assert plan.cost_eur == pytest.approx(sum(one.cost_eur for one in plan.measures))
    for measure in plan.measures:
        assert measure.why.step >= 0, "nothing breaks without it"
        assert abs(measure.why.value - measure.why.limit) > 0


@settings(max_examples=15, deadline=None)
@given(cases(), st.floats(1.0, 1.3))
def test_more_load_never_costs_less(case: Case, factor: float) -> None:
    """All loads times a factor of one or more."""
    grid, p_kw, q_kvar, rules = case
    more = _price((grid, p_kw * factor, q_kvar * factor, rules))
    assert more >= _price(case) * (1 - 1e-6)


@settings(max_examples=15, deadline=None)
@given(cases(), st.floats(0.0, 0.02), st.floats(0.8, 1.0))
def test_tighter_limits_never_cost_less(case: Case, drop: float, share: float) -> None:
    """Less drop allowed, less loading allowed."""
    grid, p_kw, q_kvar, rules = case
    tight = dataclasses.replace(
        rules, low_pu=rules.low_pu + drop, load_share=rules.load_share * share
    )
    assert _price((grid, p_kw, q_kvar, tight)) >= _price(case) * (1 - 1e-6)


@settings(max_examples=15, deadline=None)
@given(cases(), st.integers(0, 1000))
def test_the_order_of_nodes_and_branches_does_not_matter(case: Case, seed: int) -> None:
    """The same grid with its rows shuffled has the same price."""
    grid, p_kw, q_kvar, rules = case
    rng = np.random.default_rng(seed)
    nodes, branches = rng.permutation(grid.n_nodes), rng.permutation(grid.n_branches)
    place = np.argsort(nodes)
    fields = {}
    for field in dataclasses.fields(grid):
        value = getattr(grid, field.name)
        if field.name in {"from_node", "to_node"}:
            value = place[value][branches]
        elif isinstance(value, tuple):
            rows = nodes if len(value) == grid.n_nodes and "node" in field.name else branches
            value = tuple(value[row] for row in rows)
        elif isinstance(value, np.ndarray):
            value = value[nodes if field.name in _OF_NODES else branches]
        fields[field.name] = value
    shuffled = Grid(**fields)
    again = dataclasses.replace(
        rules,
        low_pu=rules.low_pu[nodes],
        high_pu=rules.high_pu[nodes],
        load_share=rules.load_share[branches],
        feed_in_share=rules.feed_in_share[branches],
    )
    price = _price((shuffled, p_kw[nodes], q_kvar[nodes], again))
    assert price == pytest.approx(_price(case))


@settings(max_examples=25, deadline=None)
@given(cases(feeds_in=True), st.integers(0, 1000))
def test_the_tree_flows_as_the_full_power_flow(case: Case, seed: int) -> None:
    """Whatever is built, both give the same voltages and loadings."""
    grid, p_kw, q_kvar, rules = case
    space = space_under(grid, p_kw, q_kvar, rules)
    rng = np.random.default_rng(seed)
    edge = {node: int(rng.integers(len(of_node))) for node, of_node in enumerate(space.options)}
    choice = Choice(edge={node: k for node, k in edge.items() if k})
    state = state_of(space, choice)
    swept = sweep(state, p_kw, q_kvar)
    built = built_choice(space, choice)
    full = prepare(built.grid).extremes(p_kw, q_kvar, low_pu=0.0, high_pu=2.0)
    if len(full.not_converged) or not swept.is_converged.all():
        return
    u = np.sqrt(swept.v)
    assert u.min(axis=1) == pytest.approx(full.u_min_pu, abs=2e-6)
    assert u.max(axis=1) == pytest.approx(full.u_max_pu, abs=2e-6)
    worst = max(
        (swept.i_kva[node] / state.cap_kva[node]).max()
        for node in range(grid.n_nodes)
        if np.isfinite(state.cap_kva[node])
    )
    assert worst == pytest.approx(full.loading_max.max(), abs=1e-5)


_OF_NODES = {"node_kind", "nominal_kv", "lat", "lon", "u_ref_pu", "sk_mva"}
