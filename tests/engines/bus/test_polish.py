"""Windows of a plan: planned anew to the optimum where they hold all of it, and never dearer."""

import numpy as np
import pytest
from small_days import VEHICLE_COST, day_cost, optimum, small_day

from viavolta.engines.bus import polish as polishing
from viavolta.engines.bus.day_graph import day_graph
from viavolta.engines.bus.generation import dive, relax
from viavolta.engines.bus.labels import days_alone
from viavolta.engines.bus.polish import Windows, plan_cost, polish
from viavolta.model.progress import never, silent


def relaxed(seed: int, n_trips: int):
    """A day's problem and battery, its graph, each trip alone as a plan, and the relaxation."""
    problem, battery = small_day(seed, n_trips=n_trips)
    graph = day_graph(problem, battery)
    alone = [day for day in days_alone(graph) if day is not None]
    part = graph.only(
        np.flatnonzero(np.isin(graph.trips, [day.trips[0] for day in alone])).astype(np.int64)
    )
    relaxation = relax(part, alone, VEHICLE_COST, gap=1e-9, max_rounds=200, stop=never)
    return problem, battery, part, alone, relaxation


def polished(graph, plan, relaxation, windows, stop=never):
    rng = np.random.default_rng(1)
    return polish(
        graph, plan, relaxation, VEHICLE_COST, windows, rng=rng, progress=silent, stop=stop
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_window_around_everything_finds_the_optimum(seed):
    """From each trip alone to the best plan there is, in one window."""
    problem, battery, graph, alone, relaxation = relaxed(seed, 5)
    assert graph.n_trips == 5
    days = polished(
        graph, alone, relaxation, Windows(per_100_trips=20, max_trips=5, max_nodes=1_000)
    )
    best, _ = optimum(problem, battery)
    assert plan_cost(days, VEHICLE_COST) == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_small_windows_keep_every_trip_and_never_cost_more(seed):
    """Windows of at most six trips: each trip once, each day driven, each step cheaper or equal."""
    problem, battery, graph, alone, relaxation = relaxed(seed, 20)
    before = plan_cost(alone, VEHICLE_COST)
    for some in (0, 5, 25, 100):
        days = polished(
            graph, alone, relaxation, Windows(per_100_trips=some, max_trips=6, max_nodes=50)
        )
        served = sorted(trip for day in days for trip in day.trips)
        assert served == sorted(graph.trips.tolist())
        assert all(day_cost(problem, battery, day) == pytest.approx(day.cost) for day in days)
        after = plan_cost(days, VEHICLE_COST)
        assert after <= before + 1e-6
        before = after
    assert before < plan_cost(alone, VEHICLE_COST)


def test_a_stopped_search_hands_the_plan_back():
    """Nothing is tried once told to stop."""
    _, _, graph, alone, relaxation = relaxed(1, 12)
    windows = Windows(per_100_trips=40, max_trips=6, max_nodes=50)
    assert polished(graph, alone, relaxation, windows, stop=lambda: True) == alone


def test_too_many_days_are_left_to_the_likelier_ones(monkeypatch):
    """With room for few days the window still gains, over the halves of the loss and the pool."""
    _, _, graph, alone, relaxation = relaxed(2, 12)
    monkeypatch.setattr(polishing, "_MOST_DAYS", 20)
    days = polished(graph, alone, relaxation, Windows(per_100_trips=8, max_trips=12, max_nodes=50))
    assert plan_cost(days, VEHICLE_COST) < plan_cost(alone, VEHICLE_COST)


@pytest.mark.parametrize("seed", range(10))
def test_a_dive_serves_every_trip_once(seed):
    """Fixing days one after another ends with a plan that can be driven, above the bound."""
    problem, battery, graph, _, relaxation = relaxed(seed, 14)
    days = dive(graph, relaxation, VEHICLE_COST, max_rounds=5, stop=never)
    assert sorted(t for day in days for t in day.trips) == sorted(graph.trips.tolist())
    assert all(day_cost(problem, battery, day) == pytest.approx(day.cost) for day in days)
    assert plan_cost(days, VEHICLE_COST) >= relaxation.bound - 1e-6
