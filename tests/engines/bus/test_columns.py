"""Column generation: pricing is exact, bounds hold, plans can be driven, more means never cost."""

from dataclasses import replace

import numpy as np
import pytest
from small_days import FULL_KWH, VEHICLE_COST, all_days, day_cost, optimum, small_day

from viavolta.engines.bus import enumeration, labels
from viavolta.engines.bus.columns import Thoroughness, column_plan
from viavolta.engines.bus.day_graph import day_graph
from viavolta.engines.bus.enumeration import every_day
from viavolta.engines.bus.generation import bound_of
from viavolta.engines.bus.labels import days_alone, price
from viavolta.engines.bus.polish import Windows
from viavolta.model.progress import never, silent

THOROUGH = Thoroughness(
    gap=1e-9,
    max_rounds=500,
    dive_rounds=20,
    windows=Windows(per_100_trips=60, max_trips=100, max_nodes=100),
)
N_DAYS = 200


def planned(problem, battery, thoroughness=THOROUGH):
    """A plan of a day on which every trip can be served, beginning with each trip alone."""
    graph = day_graph(problem, battery)
    first = days_alone(graph)
    assert all(first)
    return column_plan(
        graph,
        first,
        VEHICLE_COST,
        thoroughness,
        rng=np.random.default_rng(1),
        progress=silent,
        stop=never,
    )


def is_servable(problem, battery) -> bool:
    return all(days_alone(day_graph(problem, battery)))


def is_proven(plan) -> bool:
    """Whether cost and bound meet, so that the plan is optimal."""
    return plan.cost - plan.bound < 1e-2


@pytest.mark.parametrize("seed", range(40))
def test_pricing_finds_the_best_day_through_every_trip(seed):
    """Least reduced costs over all days, found one by one: the same as by labels."""
    problem, battery = small_day(seed)
    dues = np.random.default_rng(seed).uniform(0, VEHICLE_COST, problem.n_trips)
    days = {
        trips: VEHICLE_COST + cost - dues[list(trips)].sum()
        for trips, cost in all_days(problem, battery).items()
    }
    graph = day_graph(problem, battery)
    found = price(graph, dues[graph.trips], VEHICLE_COST, 1e9)
    assert found.least == pytest.approx(min(days.values()), abs=1e-5)
    best = {
        trip: min((cost for trips, cost in days.items() if trip in trips), default=np.inf)
        for trip in range(problem.n_trips)
    }
    covered = set()
    for day, reduced in zip(found.days, found.reduced_costs, strict=True):
        cost = VEHICLE_COST + day.cost - dues[list(day.trips)].sum()
        assert reduced == pytest.approx(cost, abs=1e-6)
        assert day_cost(problem, battery, day) == pytest.approx(day.cost, abs=1e-6)
        for trip in set(day.trips) - covered:
            assert reduced == pytest.approx(best[trip], abs=1e-5)
        covered |= set(day.trips)
    assert covered == {trip for trip, cost in best.items() if cost < np.inf}


@pytest.mark.parametrize("seed", range(10))
def test_a_threshold_leaves_out_what_is_not_below_it(seed):
    """With a threshold the days below it are the same; where none is, `least` is the threshold."""
    problem, battery = small_day(seed)
    graph = day_graph(problem, battery)
    dues = np.full(problem.n_trips, 0.6 * VEHICLE_COST)
    whole = price(graph, dues, VEHICLE_COST, 1e9)
    part = price(graph, dues, VEHICLE_COST, -1.0)
    below = [cost for cost in whole.reduced_costs if cost < -1.0]
    assert part.reduced_costs[: len(below)].tolist() == pytest.approx(below)
    assert part.least == pytest.approx(min(whole.least, -1.0))
    none = price(graph, dues, VEHICLE_COST, whole.least - 1.0)
    assert (none.days, none.least) == ([], whole.least - 1.0)


@pytest.mark.parametrize("seed", range(20))
def test_every_day_below_a_threshold_is_found(seed):
    """The same sets of trips at the same least costs as by trying everything; None if too many."""
    problem, battery = small_day(seed)
    dues = np.random.default_rng(seed).uniform(0, VEHICLE_COST, problem.n_trips)
    graph = day_graph(problem, battery)
    for threshold in (-100.0, 400.0, 1e9):
        known = {
            trips: cost
            for trips, cost in all_days(problem, battery).items()
            if VEHICLE_COST + cost - dues[list(trips)].sum() < threshold
        }
        days = every_day(graph, dues[graph.trips], VEHICLE_COST, threshold, at_most=100_000)
        assert {day.trips: day.cost for day in days} == pytest.approx(known)
        assert all(day_cost(problem, battery, day) == pytest.approx(day.cost) for day in days)
        few = every_day(graph, dues[graph.trips], VEHICLE_COST, threshold, at_most=len(known) - 1)
        assert few is None or not known


def test_bounds_never_exceed_any_plan_over_hundreds_of_days():
    """bound <= optimum by HiGHS over all days <= cost; most are solved exactly, all are driven."""
    n_proven = n_optimal = n_served = 0
    for seed in range(N_DAYS):
        problem, battery = small_day(seed, n_trips=5)
        best, _ = optimum(problem, battery)
        assert is_servable(problem, battery) == (best < np.inf)
        if best == np.inf:
            continue
        plan = planned(problem, battery)
        assert plan.bound <= best + 1e-4
        assert best <= plan.cost + 1e-4
        assert sorted(t for day in plan.days for t in day.trips) == list(range(5))
        ways = [day_cost(problem, battery, day) for day in plan.days]
        assert plan.cost == pytest.approx(VEHICLE_COST * len(ways) + sum(ways))
        n_served += 1
        n_proven += is_proven(plan)
        n_optimal += plan.cost <= best + 1e-4
    assert n_served > 0.8 * N_DAYS
    assert n_proven > 0.8 * n_served
    assert n_optimal > 0.98 * n_served


def test_any_duals_prove_a_bound():
    """However wrong the duals are, the bound by their least reduced cost is below the optimum."""
    rng = np.random.default_rng(3)
    for seed in range(30):
        problem, battery = small_day(seed, n_trips=5)
        best, _ = optimum(problem, battery)
        graph = day_graph(problem, battery)
        for scale in (0.2, 1.0, 3.0):
            duals = rng.uniform(-0.2, scale, 5) * VEHICLE_COST
            least = price(graph, duals, VEHICLE_COST, 1e9).least
            assert bound_of(duals, least, VEHICLE_COST) <= best + 1e-4


def test_more_means_never_cost_vehicles():
    """One more station, a larger battery or more power: as many vehicles or fewer, where proven."""
    n_compared = 0
    for seed in range(60):
        problem, battery = small_day(seed, n_stations=3)
        less = replace(problem, stations=problem.stations[:2])
        larger = replace(battery, soc_max_kwh=1.5 * FULL_KWH)
        stronger = replace(battery, curve_kw=2.0 * battery.curve_kw)
        if not is_servable(less, battery):
            continue
        plan = planned(less, battery)
        for other in ((problem, battery), (less, larger), (less, stronger)):
            more = planned(*other)
            assert more.bound <= plan.cost + 1e-4
            if is_proven(plan) and is_proven(more):
                assert more.cost <= plan.cost + 2e-2
                assert len(more.days) <= len(plan.days)
                n_compared += 1
    assert n_compared > 60


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_trips_is_irrelevant(seed):
    """Trips in another order have the same bound, and the same cost where it is proven."""
    problem, battery = small_day(seed, n_trips=8)
    assert is_servable(problem, battery)
    order = np.random.default_rng(seed).permutation(8)
    one, other = planned(problem, battery), planned(problem.only(order), battery)
    assert one.bound == pytest.approx(other.bound, abs=1e-2)
    if is_proven(one) and is_proven(other):
        assert one.cost == pytest.approx(other.cost, abs=2e-2)


def test_duals_stand_in_the_order_of_the_problem():
    """Priced again in that order, they prove the bound that the plan states."""
    problem, battery = small_day(4, n_trips=8)
    plan = planned(problem, battery)
    graph = day_graph(problem, battery)
    least = price(graph, plan.duals[graph.trips], VEHICLE_COST, 1e9).least
    assert bound_of(plan.duals, least, VEHICLE_COST) == pytest.approx(plan.bound)


def test_a_thin_graph_has_the_ways_of_the_whole_and_proves_nothing():
    """Fewer ways, each of the whole graph; the plan can be driven, the bound is not claimed."""
    problem, battery = small_day(2, n_trips=12)
    graph = day_graph(problem, battery)
    thin = graph.thin(2, 1, graph.arrays.cost)
    assert thin.arrays.tail.size < graph.arrays.tail.size
    names = ("tail", "head", "station", "cost", "low", "add", "most")
    whole, some = (
        set(zip(*(getattr(g.arrays, name).tolist() for name in names), strict=True))
        for g in (graph, thin)
    )
    assert some < whole
    assert not thin.is_complete


def test_a_part_of_the_graph_is_the_graph_of_the_part():
    """Leaving out trips afterwards gives the same arrays as never having had them."""
    problem, battery = small_day(6, n_trips=9)
    graph = day_graph(problem, battery)
    keep = np.array([0, 2, 3, 5, 8])
    part = graph.only(keep)
    alone = day_graph(problem.only(np.sort(graph.trips[keep])), battery)
    for name, one, other in zip(part.arrays._fields, part.arrays, alone.arrays, strict=True):
        assert one.tolist() == other.tolist(), name


def test_a_battery_with_a_charging_curve_is_refused():
    """The graph is exact at one power only, and says so."""
    problem, battery = small_day(1)
    with pytest.raises(ValueError, match="one power"):
        day_graph(problem, replace(battery, curve_kw=np.array([50.0, 20.0])))


@pytest.mark.parametrize("seed", range(3))
def test_compiled_and_plain_kernels_agree(seed, monkeypatch):
    """Labels and days are the same uncompiled."""
    problem, battery = small_day(seed)
    graph = day_graph(problem, battery)
    dues = np.full(problem.n_trips, 0.7 * VEHICLE_COST)
    compiled = price(graph, dues, VEHICLE_COST, 1e9)
    every = every_day(graph, dues, VEHICLE_COST, 1e9, at_most=10_000)
    for module in (labels, enumeration):
        for name, function in list(vars(module).items()):
            if hasattr(function, "py_func"):
                monkeypatch.setattr(module, name, function.py_func)
    plain = price(graph, dues, VEHICLE_COST, 1e9)
    assert plain.days == compiled.days
    assert every_day(graph, dues, VEHICLE_COST, 1e9, at_most=10_000) == every
    assert plain.reduced_costs.tolist() == compiled.reduced_costs.tolist()
