"""Strategies keep to the limits, know only what they can, and take no more than the truth."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.charging.scheduler import schedule
from viavolta.model.limit import LimitTree, one_limit
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table
from viavolta.services.simulation.follow import follow, without_discharge
from viavolta.services.simulation.strategies import Strategy
from viavolta.services.simulation.trees import select_stays

T0 = np.datetime64("2025-01-06T00:00:00")
N_STEPS, STEP_S = 48, 1800
SMART = (Strategy.SMART, Strategy.SMART_V2X)


def case(seed: int, *, n: int = 8) -> tuple[StayTable, StayTable, LimitTree, SignalTable]:
    """Random true and believed stays below two nested limits with base load."""
    rng = np.random.default_rng(seed)
    arrival = rng.integers(0, 70_000, n)
    stay_s = np.minimum(rng.integers(1200, 30_000, n), N_STEPS * STEP_S - arrival)
    energy = np.minimum(rng.uniform(1, 25, n), 7.2 * 0.9 * stay_s / 3600)
    names = tuple(f"s{i}" for i in range(n))

    def stays(length_s: np.ndarray, energy_kwh: np.ndarray) -> StayTable:
        return stay_table(
            names,
            T0 + arrival.astype("timedelta64[s]"),
            departure=T0 + (arrival + length_s).astype("timedelta64[s]"),
            energy_kwh=energy_kwh,
            max_kw=7.2,
            max_discharge_kw=np.where(np.arange(n) % 2 == 0, 7.2, 0.0),
            capacity_kwh=50.0,
            soc_arrival_kwh=40.0 - energy,
            soc_min_kwh=10.0,
            charge_efficiency=0.9,
            discharge_efficiency=0.92,
            wear_eur_per_kwh=0.01,
            limit=1 + np.arange(n) % 2,
        )

    limits = LimitTree(
        limit_id=("root", "east", "west"),
        parent=np.array([-1, 0, 0]),
        import_kw=np.broadcast_to(np.array([[13.0], [11.0], [9.0]]), (3, N_STEPS)),
        export_kw=np.broadcast_to(np.array([[2.0], [1.0], [1.0]]), (3, N_STEPS)),
        base_load_kw=rng.uniform(-1, 2, (3, N_STEPS)),
        peak_eur_per_kw=np.array([0.3, 0.0, 0.0]),
        peak_so_far_kw=np.array([4.0, 0.0, 0.0]),
        zone=("", "", ""),
    )
    buy = rng.uniform(-0.02, 0.5, N_STEPS)
    signals = one_zone(T0, STEP_S, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy - 0.03)
    believed = stays(rng.integers(1200, 30_000, n), rng.uniform(1, 25, n))
    return stays(stay_s, energy), believed, limits, signals


def by_step(plan: PowerPlan) -> np.ndarray:
    """(S, T) power of all stays."""
    power = np.zeros((len(plan.first_step), N_STEPS))
    power[plan.flat_stay(), plan.flat_step()] = plan.power_kw
    return power


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), strategy=st.sampled_from(list(Strategy)[1:]))
def test_limits_hold_and_truth_is_never_exceeded(seed: int, strategy: Strategy) -> None:
    """Whatever was believed: limits hold, batteries keep their reserve, nobody is overfilled."""
    stays, believed, limits, signals = case(seed)
    plan = follow(strategy, stays, believed=believed, limits=limits, signals=signals)
    base = limits.base_load_kw.copy()
    base[0] += base[1] + base[2]
    assert (plan.net_kw <= np.maximum(limits.import_kw, base) + 1e-6).all()
    assert (plan.net_kw >= -np.maximum(limits.export_kw, -base) - 1e-6).all()
    gained = plan.energy_kwh - stays.soc_arrival_kwh[plan.flat_stay()]
    assert (gained <= stays.energy_kwh[plan.flat_stay()] + 1e-6).all()
    floor = np.minimum(stays.soc_min_kwh, stays.soc_arrival_kwh)[plan.flat_stay()]
    assert (plan.energy_kwh >= floor - 1e-6).all()
    if strategy is not Strategy.SMART_V2X:
        assert (plan.power_kw >= 0).all()


@pytest.mark.parametrize("strategy", SMART)
@pytest.mark.parametrize("seed", range(6))
def test_the_future_changes_nothing_before_it(strategy: Strategy, seed: int) -> None:
    """Later arrivals, unknown prices and departures to come leave all earlier power alone."""
    stays, believed, limits, signals = case(seed)
    now = 20
    moment = signals.start[now]
    known = np.minimum(np.arange(N_STEPS) + 6, N_STEPS)
    before = follow(
        strategy, stays, believed=believed, limits=limits, signals=signals, known_steps=known
    )
    rng = np.random.default_rng(seed + 1)
    there = np.flatnonzero(stays.arrival < moment)
    later = np.where(stays.departure > moment, rng.integers(1, 20_000, len(stays)), 0)
    departure = np.where(
        stays.departure > moment, moment + later.astype("timedelta64[s]"), stays.departure
    )[there]
    departure = np.minimum(departure, signals.end)
    buy = signals.buy_eur_per_kwh.copy()
    buy[:, int(known[now - 1]) :] = rng.uniform(0, 0.5, N_STEPS - int(known[now - 1]))
    other = dataclasses.replace(signals, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy - 0.03)
    after = follow(
        strategy,
        select_stays(stays, there, departure=departure),
        believed=select_stays(believed, there),
        limits=limits,
        signals=other,
        known_steps=known,
    )
    np.testing.assert_allclose(by_step(after)[:, :now], by_step(before)[there, :now], atol=1e-6)


def test_with_true_beliefs_and_one_vehicle_the_plan_is_the_best() -> None:
    """One vehicle, known departure, energy and prices: what hindsight would do."""
    stays, _, _, signals = case(3, n=1)
    limits = one_limit("site", 20.0, n_steps=N_STEPS, export_kw=20.0)
    end = stays.departure - (stays.departure - T0) % np.timedelta64(STEP_S, "s")
    stays = select_stays(stays, np.array([0]), limit=0, departure=end)
    for strategy, of_plan in (
        (Strategy.SMART, without_discharge(stays)),
        (Strategy.SMART_V2X, stays),
    ):
        plan = follow(strategy, stays, believed=stays, limits=limits, signals=signals)
        best = schedule(
            dataclasses.replace(of_plan, capacity_kwh=of_plan.soc_arrival_kwh + of_plan.energy_kwh),
            limits,
            signals,
        )
        assert plan.cost_eur == pytest.approx(best.cost_eur, abs=2e-3 * max(1, best.cost_eur))


@pytest.mark.parametrize("strategy", SMART)
def test_who_arrives_with_a_step_is_planned_at_once(strategy: Strategy) -> None:
    """Two vehicles that plug in on the very begin of a step get all they want."""
    arrival = T0 + np.array([0, 4 * STEP_S]).astype("timedelta64[s]")
    stays = stay_table(
        ("first", "second"),
        arrival,
        departure=arrival + np.timedelta64(6 * STEP_S, "s"),
        energy_kwh=9.0,
        max_kw=7.2,
        capacity_kwh=50.0,
        soc_arrival_kwh=20.0,
    )
    limits = one_limit("root", 20.0, n_steps=N_STEPS)
    signals = one_zone(T0, STEP_S, buy_eur_per_kwh=np.full(N_STEPS, 0.2))
    plan = follow(strategy, stays, believed=stays, limits=limits, signals=signals)
    assert plan.unmet_kwh.max() <= 1e-6


def test_uncontrolled_and_first_come_by_hand() -> None:
    """Two vehicles at a site of 7.2 kW: at once both, or one after the other."""
    stays = stay_table(
        ("a", "b"),
        np.array([T0, T0 + np.timedelta64(1800, "s")]),
        departure=T0 + np.timedelta64(6 * 3600, "s"),
        energy_kwh=7.2,
        max_kw=7.2,
    )
    limits = one_limit("site", 7.2, n_steps=N_STEPS)
    signals = one_zone(T0, STEP_S, buy_eur_per_kwh=np.full(N_STEPS, 0.2))
    at_once = follow(Strategy.UNCONTROLLED, stays, believed=stays, limits=limits, signals=signals)
    np.testing.assert_allclose(by_step(at_once)[:, :4], [[7.2, 7.2, 0, 0], [0, 7.2, 7.2, 0]])
    in_turn = follow(Strategy.FIRST_COME, stays, believed=stays, limits=limits, signals=signals)
    np.testing.assert_allclose(by_step(in_turn)[:, :4], [[7.2, 7.2, 0, 0], [0, 0, 7.2, 7.2]])


def test_who_stays_on_and_takes_more_is_served_on() -> None:
    """Believed to leave after an hour with 2 kWh; stays five and takes 20: all is delivered."""
    truth = stay_table(
        ("a",), T0, departure=T0 + np.timedelta64(5 * 3600, "s"), energy_kwh=20.0, max_kw=7.2
    )
    believed = stay_table(
        ("a",), T0, departure=T0 + np.timedelta64(3600, "s"), energy_kwh=2.0, max_kw=7.2
    )
    limits = one_limit("site", 10.0, n_steps=N_STEPS)
    signals = one_zone(T0, STEP_S, buy_eur_per_kwh=np.linspace(0.1, 0.4, N_STEPS))
    plan = follow(Strategy.SMART, truth, believed=believed, limits=limits, signals=signals)
    assert plan.unmet_kwh[0] == pytest.approx(0, abs=0.01)


def test_who_leaves_early_goes_short() -> None:
    """Waiting for a cheap hour that the vehicle does not stay for is a shortfall."""
    truth = stay_table(
        ("a",), T0, departure=T0 + np.timedelta64(2 * 3600, "s"), energy_kwh=7.0, max_kw=7.2
    )
    believed = stay_table(
        ("a",), T0, departure=T0 + np.timedelta64(8 * 3600, "s"), energy_kwh=7.0, max_kw=7.2
    )
    limits = one_limit("site", 10.0, n_steps=N_STEPS)
    signals = one_zone(T0, STEP_S, buy_eur_per_kwh=np.where(np.arange(N_STEPS) < 8, 0.5, 0.1))
    plan = follow(Strategy.SMART, truth, believed=believed, limits=limits, signals=signals)
    assert plan.unmet_kwh[0] == pytest.approx(7.0, abs=0.05)


def test_cut_short_goes_on_first_come() -> None:
    """A stop at once gives exactly first come, first served."""
    stays, believed, limits, signals = case(5)
    plans = [
        follow(
            strategy,
            stays,
            believed=believed,
            limits=limits,
            signals=signals,
            stop=lambda: True,
        )
        for strategy in (Strategy.SMART, Strategy.FIRST_COME)
    ]
    np.testing.assert_allclose(plans[0].power_kw, plans[1].power_kw)


def test_beliefs_about_others_are_refused() -> None:
    """Rows must correspond."""
    stays, believed, limits, signals = case(1)
    with pytest.raises(ValueError, match="same arrivals"):
        follow(
            Strategy.SMART,
            stays,
            believed=select_stays(believed, np.arange(7, -1, -1)),
            limits=limits,
            signals=signals,
        )
