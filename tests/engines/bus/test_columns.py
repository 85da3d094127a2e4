"""Column generation: pricing is exact, bounds hold, plans can be driven, more means never cost."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from small_days import (
    FULL_KWH,
    VEHICLE_COST,
    all_days,
    day_cost,
    days_by_depot,
    optimum,
    optimum_within,
    small_day,
)

from viavolta.engines.bus import enumeration, labels
from viavolta.engines.bus import polish as polishing
from viavolta.engines.bus.columns import Thoroughness, column_plan
from viavolta.engines.bus.day_graph import day_graph
from viavolta.engines.bus.enumeration import every_day
from viavolta.engines.bus.generation import bound_of
from viavolta.engines.bus.labels import days_alone, price
from viavolta.engines.bus.polish import Windows
from viavolta.engines.bus.shared import most_cost, places
from viavolta.engines.kit.threads import no_halt
from viavolta.model.progress import never, silent

THOROUGH = Thoroughness(
    gap=1e-9,
    max_rounds=500,
    dive_rounds=20,
    windows=Windows(per_100_trips=60, max_trips=100, max_nodes=100),
)
N_DAYS = 200


def planned(problem, battery, thoroughness=THOROUGH, limits=None):
    """A plan of a day on which every trip can be served, beginning with each trip alone."""
    graph = day_graph(problem, battery)
    first = days_alone(graph)
    assert all(first)
    return column_plan(
        graph,
        first,
        VEHICLE_COST,
        thoroughness,
        limits=limits,
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


def with_more(problem, battery):
    """The same day with one more station, a larger battery, more power, or a shorter layover."""
    less = replace(problem, stations=problem.stations[:2], layover_s=900.0)
    return (less, battery), (
        (replace(less, stations=problem.stations), battery),
        (less, replace(battery, soc_max_kwh=1.5 * FULL_KWH)),
        (less, replace(battery, curve_kw=2.0 * battery.curve_kw)),
        (replace(less, layover_s=0.0), battery),
    )


def test_more_means_never_cost_vehicles():
    """A charger more, a larger battery, more power, a shorter layover: no more vehicles or cost.

    Where both plans are proven optimal; and no bound of more means is above a plan of less.
    """
    n_compared = 0
    for seed in range(60):
        less, others = with_more(*small_day(seed, n_stations=3))
        if not is_servable(*less):
            continue
        plan = planned(*less)
        for other in others:
            more = planned(*other)
            assert more.bound <= plan.cost + 1e-4
            if is_proven(plan) and is_proven(more):
                assert more.cost <= plan.cost + 2e-2
                assert len(more.days) <= len(plan.days)
                n_compared += 1
    assert n_compared > 100


def test_more_means_never_cost_vehicles_at_the_true_optimum():
    """The same by HiGHS over every day there is: what the plans are held against is in order."""
    n_better = 0
    for seed in range(20):
        less, others = with_more(*small_day(seed, n_trips=5, n_stations=3))
        cost, n_vehicles = optimum(*less)
        for other in others:
            more_cost, more_vehicles = optimum(*other)
            assert more_cost <= cost + 1e-4
            assert cost == np.inf or more_vehicles <= n_vehicles
            n_better += more_vehicles < n_vehicles
    assert n_better > 3


def test_a_layover_and_the_time_to_plug_in_are_kept():
    """bound <= optimum <= cost with both, and every day is driven with both."""
    n_proven = 0
    for seed in range(40):
        problem, battery = small_day(seed, n_trips=5)
        problem = replace(problem, layover_s=600.0, plug_s=120.0)
        best, _ = optimum(problem, battery)
        if best == np.inf:
            continue
        plan = planned(problem, battery)
        assert plan.bound <= best + 1e-4
        assert best <= plan.cost + 1e-4
        assert all(day_cost(problem, battery, day) == pytest.approx(day.cost) for day in plan.days)
        n_proven += is_proven(plan)
    assert n_proven > 20


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


def test_depots_send_out_no_more_than_they_may():
    """bound <= optimum by HiGHS with the limits <= cost; a limit never helps; few are missed."""
    n_within = n_bound = n_missed = n_dearer = 0
    for seed in range(50):
        problem, battery = small_day(seed, n_trips=5)
        if not is_servable(problem, battery):
            continue
        days = days_by_depot(problem, battery)
        free, _ = optimum_within(days, 5, ())
        for vehicles in ((1, 1), (2, 1), (0, 2), (1, np.inf)):
            best, n_best = optimum_within(days, 5, vehicles)
            plan = planned(problem, battery, limits=places(vehicles))
            used = [sum(day.depot == depot for day in plan.days) for depot in range(2)]
            assert np.all(np.array(used) <= vehicles)
            served = sorted(t for day in plan.days for t in day.trips)
            assert sorted([*served, *plan.left_out]) == list(range(5))
            assert plan.bound <= best + 1e-4
            assert np.all(plan.tolls >= 0.0)
            assert plan.tolls[np.isinf(vehicles)].sum() == 0.0
            if not plan.left_out:
                assert free - 1e-4 <= best <= plan.cost + 1e-4
                assert len(plan.days) >= n_best
                n_within += 1
                n_bound += is_proven(plan)
                n_dearer += best > free + 1e-4
            n_missed += bool(plan.left_out) and best < np.inf
    assert n_within > 40
    assert n_dearer > 5
    assert n_bound > 0.6 * n_within
    assert n_missed < 0.05 * n_within


def test_duals_and_tolls_however_wrong_prove_a_bound():
    """sum(duals) - tolls x places, cut by the least reduced cost with tolls: below the optimum."""
    rng = np.random.default_rng(5)
    for seed in range(20):
        problem, battery = small_day(seed, n_trips=5)
        vehicles = np.array([1.0, 2.0])
        best, _ = optimum_within(days_by_depot(problem, battery), 5, vehicles)
        graph = day_graph(problem, battery)
        for scale in (0.1, 1.0, 3.0):
            duals = rng.uniform(-0.2, scale, 5) * VEHICLE_COST
            tolls = rng.uniform(0.0, scale, 2) * VEHICLE_COST
            least = price(graph, duals, VEHICLE_COST, 1e9, tolls=tolls).least
            bound = bound_of(duals, least, VEHICLE_COST, tolls @ vehicles)
            assert bound <= best + 1e-4


def test_no_plan_costs_more_than_the_most_a_plan_can_cost():
    """With depots too small for the day, the bound shows that no plan is within them."""
    n_shown = 0
    for seed in range(30):
        problem, battery = small_day(seed, n_trips=5)
        if not is_servable(problem, battery):
            continue
        graph, days = day_graph(problem, battery), days_by_depot(problem, battery)
        for vehicles in ((1, 0), (2, 2)):
            limits = places(vehicles)
            best, _ = optimum_within(days, 5, vehicles)
            most = most_cost(graph, limits, VEHICLE_COST)
            assert best == np.inf or best <= most
            if best == np.inf:
                n_shown += planned(problem, battery, limits=limits).bound > most
    assert n_shown > 5


def test_a_pricing_that_is_told_to_stop_proves_nothing():
    """None in place of days: with a stop that comes at once, and with one that comes later."""
    problem, battery = small_day(3, n_trips=8)
    graph = day_graph(problem, battery)
    dues = np.full(8, 0.7 * VEHICLE_COST)
    assert price(graph, dues, VEHICLE_COST, 1e9, lambda: True) is None
    assert price(graph, dues, VEHICLE_COST, 1e9, lambda: False) is not None
    halt = no_halt()
    halt[0] = 1
    reach = labels.shortest_from_depot(0, dues, VEHICLE_COST, graph.arrays)
    back = labels.backward_labels(0, dues, 1e9, reach, halt, graph.arrays)
    assert not back.last.any()


@pytest.mark.parametrize("n_asked", [0, 1, 3, 10, 30, 100, 300])
def test_a_search_that_is_stopped_anywhere_keeps_a_sound_plan(n_asked):
    """Wherever the stop comes, each trip is served once, no dearer than at first, above the bound.

    Stopped in the relaxation alone, there is still a plan made of it.
    """
    problem, battery = small_day(7, n_trips=12)
    graph = day_graph(problem, battery)
    first = days_alone(graph)

    def planned_until(*, is_whole: bool):
        asked = itertools.count()
        stop = lambda: next(asked) >= n_asked  # noqa: E731 - one line says all
        return column_plan(
            graph,
            first,
            VEHICLE_COST,
            THOROUGH,
            rng=np.random.default_rng(1),
            progress=silent,
            stop=stop if is_whole else never,
            stop_relaxing=stop,
        )

    for is_whole in (True, False):
        plan = planned_until(is_whole=is_whole)
        assert sorted(t for day in plan.days for t in day.trips) == list(range(12))
        assert plan.bound <= plan.cost <= polishing.plan_cost(first, VEHICLE_COST)
        assert plan.was_stopped or plan.bound > 0.0


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
