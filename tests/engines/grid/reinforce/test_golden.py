"""Cases worked out by hand: one measure, its price, its reason."""

import dataclasses

import numpy as np
import pytest
from reinforce_grids import PRICES, lv_tree

from viavolta.engines.grid.reinforce import (
    FindingKind,
    MeasureKind,
    Method,
    build_rules,
    reinforce,
    verify,
)
from viavolta.model.errors import NoSolutionError


def _at(grid, *kw: float) -> np.ndarray:  # type: ignore[no-untyped-def, type-arg]
    p_kw = np.zeros((grid.n_nodes, 1))
    p_kw[-len(kw) :, 0] = kw
    return p_kw


def test_an_overloaded_cable_gets_the_cheapest_one_beside() -> None:
    """100 m of 142 A under 120 kW: about 174 A. One cable beside: 0.1 km x 90,000 EUR = 9,000 EUR.

    120 kW at 0.4 kV are 173.2 A, and more as the voltage drops; the thin cable bears 142 A.
    """
    grid = lv_tree([0], [0.1])
    p_kw = _at(grid, 120.0)
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=build_rules(grid))
    (measure,) = plan.measures
    assert measure.kind in {MeasureKind.PARALLEL_CABLE, MeasureKind.THICKER_CABLE}
    assert (measure.element, measure.type_id, measure.count) == ("c1", "150", 1)
    assert measure.cost_eur == pytest.approx(9_000)
    assert measure.length_km == pytest.approx(0.1)
    assert (plan.method, plan.gap) == (Method.EXACT, 0.0)
    assert measure.why.kind is FindingKind.OVERLOAD
    assert measure.why.element == "c1"
    assert measure.why.value > 173.2 / 142
    # what is above 142 A must go: (value - 1) of sqrt(3) x 0.4 kV x 142 A = 98.4 kVA
    excess = (measure.why.value - 1) * np.sqrt(3) * 0.4 * 142
    assert measure.why.excess_kw == pytest.approx(excess)
    assert measure.why.eur_per_kw == pytest.approx(9_000 / excess)


def test_a_low_voltage_is_mended_where_a_metre_helps_most() -> None:
    """Two cables of 200 m in a row, load at the end of both: the first carries twice as much.

    20 kW at each node, r = 0.1284 ohm each: drops of 20 x 0.1284 / 0.16 = 1.6 % for each 20 kW
    that flows, in all 3 x 1.6 = 4.8 %. With 4 % allowed, a cable of 0.206 ohm/km beside the first
    (0.156 ohm/km together) leaves 2 x 0.39 + 1.6 = 2.4 %, beside the second 3.2 + 0.39 = 3.6 %.
    Both hold and cost the same, so one cable is enough: 0.2 km x 90,000 EUR.
    """
    grid = lv_tree([0, 1], [0.2, 0.2])
    p_kw = _at(grid, 20.0, 20.0)
    rules = build_rules(grid, low_pu=0.96)
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=rules)
    assert plan.cost_eur == pytest.approx(18_000)
    tight = reinforce(
        grid,
        p_kw,
        0 * p_kw,
        prices=PRICES,
        rules=dataclasses.replace(rules, low_pu=rules.low_pu + 0.01),
    )
    (measure,) = tight.measures
    assert measure.element == "c1"
    assert measure.why.kind is FindingKind.UNDERVOLTAGE
    assert measure.why.element == "n2"
    # all 4.8 % less 3 % allowed, over the resistance to the end: 2 x 0.1284 ohm
    u = measure.why.value
    assert u == pytest.approx(1 - 0.048, abs=0.004)
    assert measure.why.excess_kw == pytest.approx(
        (0.97**2 - u**2) / 2 * 160 / (2 * 0.1284), rel=1e-6
    )


def test_a_small_transformer_is_changed_for_the_next_size() -> None:
    """160 kVA under 200 kW: 250 kVA at 10,000 EUR; under 300 kW 400 kVA at 13,000 EUR."""
    grid = lv_tree([0], [0.001], sn_kva=160.0, max_a=np.inf)
    for kw, type_id, cost in ((200.0, "250 kVA", 10_000), (300.0, "400 kVA", 13_000)):
        p_kw = _at(grid, kw)
        plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=build_rules(grid))
        (measure,) = plan.measures
        assert measure.kind is MeasureKind.LARGER_TRANSFORMER
        assert (measure.element, measure.type_id) == ("trafo", type_id)
        assert plan.cost_eur == pytest.approx(cost)


def test_a_second_transformer_where_no_larger_one_is_allowed() -> None:
    """One more like it: 16,000 EUR for a type of 630 kVA, and 30,000 EUR for its place."""
    grid = lv_tree([0], [0.001], sn_kva=630.0, max_a=np.inf)
    p_kw = _at(grid, 900.0)
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=build_rules(grid))
    (measure,) = plan.measures
    assert measure.kind is MeasureKind.SECOND_TRANSFORMER
    assert plan.cost_eur == pytest.approx(46_000)
    assert plan.grid.n_parallel[0] == 2


def test_a_feeder_is_split_where_cables_beside_are_not_allowed() -> None:
    """Three cables of 100 m, 2/3 of the way is the second node: 200 m of cable and an outlet.

    0.2 km x 90,000 + 2,000 = 20,000 EUR; cable 2 is opened, its lower end is fed anew.
    """
    grid = lv_tree([0, 1, 2], [0.1, 0.1, 0.1])
    p_kw = _at(grid, 30.0, 30.0, 50.0)
    rules = build_rules(grid, low_pu=0.94, kinds=frozenset({MeasureKind.FEEDER_SPLIT}))
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=rules)
    (measure,) = plan.measures
    assert measure.kind is MeasureKind.FEEDER_SPLIT
    assert (measure.element, measure.node) == ("c2", "n2")
    assert measure.length_km == pytest.approx(0.2)
    assert plan.cost_eur == pytest.approx(20_000)
    assert not plan.grid.is_closed[1]
    assert plan.grid.n_branches == 4
    assert (plan.grid.from_node[3], plan.grid.to_node[3]) == (0, 2)
    assert plan.grid.length_km[3] == pytest.approx(0.2)


def test_a_regulated_transformer_mends_what_comes_from_above() -> None:
    """0.95 pu at 20 kV where 0.96 are needed below: taps hold 1.0 pu for 10,000 + 30,000 EUR."""
    grid = lv_tree([0], [0.05], sn_kva=250.0, u_ref_pu=0.95)
    p_kw = _at(grid, 40.0)
    rules = build_rules(grid, low_pu=[0.9, 0.96, 0.96])
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=rules)
    (measure,) = plan.measures
    assert measure.kind is MeasureKind.REGULATED_TRANSFORMER
    assert plan.cost_eur == pytest.approx(40_000)
    assert plan.grid.regulated_pu[0] == 1.0


def test_nothing_is_built_where_the_rules_hold() -> None:
    """An empty plan costs nothing and is exact."""
    grid = lv_tree([0], [0.1])
    p_kw = _at(grid, 10.0)
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=build_rules(grid))
    assert (plan.measures, plan.cost_eur, plan.method) == ((), 0.0, Method.EXACT)
    assert plan.grid is grid


def test_too_much_load_has_no_plan() -> None:
    """Where all that is allowed does not suffice, that is said."""
    grid = lv_tree([0], [0.1])
    p_kw = _at(grid, 2_000.0)
    with pytest.raises(NoSolutionError) as caught:
        reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=build_rules(grid))
    assert caught.value.code == "grid-no-measure-suffices"


def test_only_allowed_types_are_built() -> None:
    """Without the 150 the 240 is laid: 0.1 km x 100,000 EUR."""
    grid = lv_tree([0], [0.1])
    p_kw = _at(grid, 120.0)
    rules = build_rules(grid, type_ids=frozenset({"240"}))
    plan = reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=rules)
    assert [measure.type_id for measure in plan.measures] == ["240"]
    assert plan.cost_eur == pytest.approx(10_000)


def test_reserve_for_a_fault_counts_in_the_load_case_alone() -> None:
    """60 % of a cable is too much with load if half is kept free, and fine with feed-in."""
    grid = lv_tree([0], [0.05])
    rules = build_rules(grid, load_share=0.5)
    p_kw = _at(grid, 59.0)
    (finding,) = verify(grid, p_kw, 0 * p_kw, rules=rules)
    assert (finding.kind, finding.limit) == (FindingKind.OVERLOAD, 0.5)
    assert verify(grid, -p_kw, 0 * p_kw, rules=rules) == ()
    assert reinforce(grid, p_kw, 0 * p_kw, prices=PRICES, rules=rules).cost_eur > 0
