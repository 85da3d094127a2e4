"""Over the years: what is built when, once, with later years in mind."""

import dataclasses

import numpy as np
import pytest
from reinforce_grids import PRICES, lv_tree

from viavolta.engines.grid.reinforce import (
    MeasureKind,
    Method,
    YearLoad,
    build_rules,
    expand,
    reinforce,
    verify,
)
from viavolta.model.arrays import Floats
from viavolta.model.grid import Grid

YEARS = (2025, 2030, 2035, 2040)


def _years(grid: Grid, *kw: float) -> list[YearLoad]:
    """Load at the last node that grows over the years."""
    loads = []
    for year, of_year in zip(YEARS, kw, strict=False):
        p_kw = np.zeros((grid.n_nodes, 1))
        p_kw[-1] = of_year
        loads.append(YearLoad(year=year, p_kw=p_kw, q_kvar=0 * p_kw))
    return loads


def test_a_transformer_is_built_once_and_for_the_last_year() -> None:
    """160 kVA under 100, 200, 300 and 380 kW: 400 kVA in 2030, not 250 kVA first.

    250 kVA would do in 2030 for 10,000 EUR and have to go in 2035; the one of 13,000 EUR stays.
    In money of 2025: 13,000 / 1.05^5 = 10,186 EUR.
    """
    grid = lv_tree([0], [0.001], sn_kva=160.0, max_a=np.inf)
    loads = _years(grid, 100.0, 200.0, 300.0, 380.0)
    plan = expand(grid, loads, prices=PRICES, rules=build_rules(grid))
    (measure,) = plan.measures
    assert (measure.type_id, measure.year) == ("400 kVA", 2030)
    assert plan.present_eur == pytest.approx(13_000 / 1.05**5)
    assert plan.lower_bound_eur == pytest.approx(plan.present_eur)
    assert plan.cost_by_year_eur() == {2025: 0.0, 2030: 13_000, 2035: 0.0, 2040: 0.0}
    assert plan.grids[0].sn_kva[0] == 160
    assert plan.grids[1].sn_kva[0] == 400
    assert measure.why.year == 2030


def test_nothing_is_built_before_it_is_needed() -> None:
    """The cable that is too thin in 2035 is laid in 2035."""
    grid = lv_tree([0], [0.1])
    loads = _years(grid, 20.0, 60.0, 110.0, 115.0)
    plan = expand(grid, loads, prices=PRICES, rules=build_rules(grid))
    (measure,) = plan.measures
    assert (measure.kind, measure.year) == (MeasureKind.PARALLEL_CABLE, 2035)
    assert plan.present_eur == pytest.approx(9_000 / 1.05**10)


def test_years_cost_no_less_than_the_last_alone_undiscounted() -> None:
    """Without interest, and with loads that grow, all years cost what the last one does."""
    prices = dataclasses.replace(PRICES, interest_share=0.0)
    rng = np.random.default_rng(5)
    grid = lv_tree([0, 1, 1, 3], [0.1, 0.08, 0.12, 0.1], sn_kva=100.0)
    rules = build_rules(grid, low_pu=0.93)
    last = np.zeros((grid.n_nodes, 2))
    last[-4:] = rng.uniform(10, 40, (4, 2))
    loads = [
        YearLoad(year=year, p_kw=last * factor, q_kvar=last * factor * 0.2)
        for year, factor in zip(YEARS, (0.3, 0.6, 0.8, 1.0), strict=True)
    ]
    plan = expand(grid, loads, prices=prices, rules=rules)
    alone = reinforce(grid, loads[-1].p_kw, loads[-1].q_kvar, prices=prices, rules=rules)
    assert plan.cost_eur == pytest.approx(alone.cost_eur)
    assert plan.method is Method.EXACT


def test_every_year_is_verified_and_nothing_is_taken_down() -> None:
    """No finding in any year; what is there stays."""
    grid = lv_tree([0, 1, 2, 1], [0.1, 0.1, 0.1, 0.1], sn_kva=100.0)
    rules = build_rules(grid, low_pu=0.94)
    shares: Floats = np.array([0.2, 0.5, 0.8, 1.0])
    p_kw = np.zeros((grid.n_nodes, 1))
    p_kw[-4:, 0] = (20.0, 25.0, 30.0, 40.0)
    loads = [
        YearLoad(year=year, p_kw=p_kw * share, q_kvar=p_kw * share * 0.1)
        for year, share in zip(YEARS, shares, strict=True)
    ]
    plan = expand(grid, loads, prices=PRICES, rules=rules)
    assert plan.measures
    for built, of_year, load in zip(plan.grids, plan.rules, loads, strict=True):
        assert verify(built, load.p_kw, load.q_kvar, rules=of_year) == ()
    sizes = [one.n_branches + one.n_parallel.sum() for one in plan.grids]
    assert sizes == sorted(sizes)
    assert [one.year for one in plan.measures] == sorted(one.year for one in plan.measures)


def test_years_rise_and_loads_fit() -> None:
    """Years in any other order, and loads of another grid, are refused."""
    grid = lv_tree([0], [0.1])
    early, late = _years(grid, 10.0, 10.0)
    with pytest.raises(ValueError, match="rising"):
        expand(grid, [late, early], prices=PRICES, rules=build_rules(grid))
    other = lv_tree([0, 1], [0.1, 0.1])
    with pytest.raises(ValueError, match="one row per node"):
        expand(other, [early], prices=PRICES, rules=build_rules(other))
