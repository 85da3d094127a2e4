"""Schedules against calculations by hand; the sums stand beside each case."""

import numpy as np
import pytest

from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.unmanaged import unmanaged, without_vehicles_eur
from viavolta.model.limit import LimitTree, one_limit
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table

T0 = np.datetime64("2025-01-06T00:00:00")


def at(hours):
    """Moments so many hours after the first step."""
    return T0 + (np.asarray(hours) * 3600).astype("timedelta64[s]")


def prices(buy, sell=None, step_s=3600) -> SignalTable:
    """Hourly prices of one zone."""
    return one_zone(T0, step_s, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy if sell is None else sell)


def car(energy_kwh, max_kw, **fields) -> StayTable:
    """One car that stays for two hours."""
    fields = {"arrival": at([0]), "departure": at([2]), **fields}
    return stay_table(("car",), energy_kwh=energy_kwh, max_kw=max_kw, **fields)


def assert_proven(found: Schedule) -> None:
    """The bound meets the cost."""
    assert found.lower_bound_eur == pytest.approx(found.cost_eur, abs=1e-7)
    assert not found.was_stopped


def test_one_car_takes_the_cheaper_hour():
    """5 kWh at 0.10 EUR."""
    found = schedule(car(5, 11), one_limit("root", 99, n_steps=2), prices([0.3, 0.1]))
    assert found.plan.power_kw == pytest.approx([0, 5])
    assert found.cost_eur == pytest.approx(0.5)
    assert_proven(found)


def test_two_cars_share_one_limit_and_its_price_is_the_price_difference():
    """20 kWh under 12 kW: 12 kWh at 0.10 and 8 kWh at 0.30 EUR; one more kW saves 0.20 EUR."""
    stays = stay_table(
        ("a", "b"), at([0, 0]), departure=at([2, 2]), energy_kwh=[10, 10], max_kw=[10, 10]
    )
    found = schedule(stays, one_limit("root", 12, n_steps=2), prices([0.1, 0.3]))
    assert found.cost_eur == pytest.approx(1.2 + 2.4)
    assert found.plan.net_kw == pytest.approx(np.array([[12, 8]]))
    assert found.prices.import_eur_per_kwh == pytest.approx(np.array([[0.2, 0.0]]))
    (binding,) = found.binding_limits
    assert (binding.limit, binding.hours) == (0, 1.0)
    assert binding.value_eur == pytest.approx(0.2)
    assert_proven(found)


def test_a_capacity_price_flattens_the_load():
    """10 kWh at 0.10 EUR in two hours at 1 EUR per kW of peak: 5 kW and 5 kW, 1 + 5 EUR."""
    limit = one_limit("root", 99, n_steps=2, peak_eur_per_kw=1.0)
    found = schedule(car(10, 11), limit, prices([0.1, 0.1]))
    assert found.plan.power_kw == pytest.approx([5, 5])
    assert found.cost_eur == pytest.approx(6.0)
    assert found.prices.peak_eur_per_kwh.sum() == pytest.approx(1.0)
    assert_proven(found)


def test_a_peak_that_was_reached_before_costs_nothing_again():
    """8 kW were reached already: 8 kWh at 0.10, 2 kWh at 0.20 EUR, no capacity cost."""
    limit = one_limit("root", 99, n_steps=2, peak_eur_per_kw=1.0, peak_so_far_kw=8.0)
    found = schedule(car(10, 11), limit, prices([0.1, 0.2]))
    assert found.plan.power_kw == pytest.approx([8, 2])
    assert found.cost_eur == pytest.approx(1.2)
    assert_proven(found)


def test_arbitrage_pays_after_losses_and_wear():
    """A full battery sells as much as it can buy back: 10 kW x 0.9 = 9 kWh, 8.1 kWh at the plug.

    8.1 x 0.40 sold, 10 x 0.10 bought, 9 kWh x 0.05 wear: -(3.24 - 1.00 - 0.45) EUR.
    """
    stays = car(
        0,
        10,
        max_discharge_kw=10,
        capacity_kwh=50,
        soc_arrival_kwh=50,
        charge_efficiency=0.9,
        discharge_efficiency=0.9,
        wear_eur_per_kwh=0.05,
    )
    found = schedule(stays, one_limit("root", 99, n_steps=2, export_kw=99), prices([0.4, 0.1]))
    assert found.plan.power_kw == pytest.approx([-8.1, 10])
    assert found.plan.energy_kwh == pytest.approx([41, 50])
    assert found.cost_eur == pytest.approx(-1.79)
    assert_proven(found)


def test_the_reserve_stays_in_the_battery():
    """15 kWh on arrival, reserve 10 kWh, 2 kWh wanted less: sells 2 kWh; a reserve of 14 only 1."""
    battery = {"max_discharge_kw": 10, "capacity_kwh": 50, "soc_arrival_kwh": 15}
    limit = one_limit("root", 99, n_steps=2, export_kw=99)
    signals = prices([0.4, 0.4])
    assert schedule(car(-2, 10, soc_min_kwh=10, **battery), limit, signals).cost_eur == (
        pytest.approx(-0.8)
    )
    found = schedule(car(-2, 10, soc_min_kwh=14, **battery), limit, signals)
    assert found.cost_eur == pytest.approx(-0.4)
    assert_proven(found)


def test_a_car_below_its_reserve_may_stay_there():
    """5 kWh on arrival, reserve 10 kWh, nothing wanted: nothing happens."""
    stays = car(0, 10, max_discharge_kw=9, capacity_kwh=50, soc_arrival_kwh=5, soc_min_kwh=10)
    found = schedule(stays, one_limit("root", 99, n_steps=2, export_kw=99), prices([0.4, 0.4]))
    assert found.plan.power_kw == pytest.approx([0, 0])


def test_more_energy_than_power_times_time_is_unmet_at_its_price():
    """30 kWh wanted, 22 kWh possible at 0.20 EUR: 8 kWh missing at 10 EUR."""
    found = schedule(car(30, 11), one_limit("root", 99, n_steps=2), prices([0.2, 0.2]))
    assert found.plan.unmet_kwh == pytest.approx([8])
    assert found.cost_eur == pytest.approx(22 * 0.2 + 80)
    assert_proven(found)


def test_energy_dearer_than_its_lack_is_left_unmet():
    """At 0.30 EUR missing energy is cheaper than the second hour."""
    found = schedule(
        car(15, 10), one_limit("root", 99, n_steps=2), prices([0.2, 0.4]), unmet_eur_per_kwh=0.3
    )
    assert found.plan.unmet_kwh == pytest.approx([5])
    assert found.cost_eur == pytest.approx(2.0 + 1.5)
    assert_proven(found)


def test_a_full_battery_bounds_what_is_wanted():
    """10 kWh wanted, room for 4."""
    stays = car(10, 11, capacity_kwh=40, soc_arrival_kwh=36)
    found = schedule(stays, one_limit("root", 99, n_steps=2), prices([0.1, 0.1]))
    assert found.plan.unmet_kwh == pytest.approx([6])
    assert found.plan.energy_kwh[-1] == pytest.approx(40)
    assert_proven(found)


def test_own_sun_is_worth_what_it_would_sell_for():
    """6 kW of sun in the second hour: 6 kWh forgo 0.05 EUR each, 2 kWh are bought at 0.20."""
    limit = one_limit("root", 99, n_steps=2, export_kw=99, base_load_kw=[0, -6])
    signals = prices([0.2, 0.3], sell=[0.05, 0.05])
    found = schedule(car(8, 11), limit, signals)
    assert found.plan.power_kw == pytest.approx([2, 6])
    assert found.cost_eur == pytest.approx(0.4)
    assert without_vehicles_eur(limit, signals) == pytest.approx(-0.3)
    assert_proven(found)


def test_a_partial_step_allows_proportionally_less():
    """From 00:15 to 01:30: 0.75 h and 0.5 h of 10 kW."""
    stays = car(12.5, 10, arrival=at([0.25]), departure=at([1.5]))
    found = schedule(stays, one_limit("root", 99, n_steps=2), prices([0.1, 0.1]))
    assert found.plan.power_kw == pytest.approx([7.5, 5])
    assert found.plan.unmet_kwh == pytest.approx([0])


def test_base_load_above_the_limit_is_lowered_never_raised():
    """Base load 20 kW under a limit of 10: the car charges in the other hour and may help."""
    limit = one_limit("root", 10, n_steps=2, export_kw=5, base_load_kw=[20, 0])
    found = schedule(car(8, 11), limit, prices([0.1, 0.5]))
    assert found.plan.net_kw == pytest.approx(np.array([[20, 8]]))
    assert_proven(found)


def test_a_minimum_power_is_kept_or_not_charged_at_all():
    """7 kWh with 0 or 4 to 6 kW: 4 + 4 kWh cost 1.20, 6 + 4 cost 1.40, 6 + 1 is not allowed."""
    found = schedule(car(7, 6, min_kw=4), one_limit("root", 99, n_steps=2), prices([0.1, 0.2]))
    assert found.plan.power_kw == pytest.approx([4, 4])
    assert found.cost_eur == pytest.approx(1.2)
    assert found.lower_bound_eur == pytest.approx(0.6 + 0.2)  # the bound relaxes the minimum


def test_the_solvers_bound_counts_peaks_as_the_cost_does():
    """The same with 50 kW reached before at 7 EUR per kW: still 1.20 EUR, and so is the bound."""
    limit = one_limit("root", 99, n_steps=2, peak_eur_per_kw=7.0, peak_so_far_kw=50.0)
    found = schedule(car(7, 6, min_kw=4), limit, prices([0.1, 0.2]))
    assert found.cost_eur == pytest.approx(1.2)


def test_no_battery_burns_energy_by_charging_and_discharging_at_once():
    """A full battery at -1 EUR cannot take anything; it can at most empty and fill again.

    Hour 1 at -0.10: sells 10 kWh for -1 EUR; hour 2 at -1: takes 10 / 0.81 kWh, but only 10 kW:
    9 kWh in, so 8.1 kWh out: cost 0.81 - 10 EUR.
    """
    stays = car(
        0,
        10,
        max_discharge_kw=10,
        capacity_kwh=50,
        soc_arrival_kwh=50,
        charge_efficiency=0.9,
        discharge_efficiency=0.9,
    )
    limit = one_limit("root", 99, n_steps=2, export_kw=99)
    found = schedule(stays, limit, prices([-0.1, -1.0]))
    assert found.plan.energy_kwh.max() <= 50 + 1e-6
    assert found.cost_eur == pytest.approx(0.81 - 10)
    assert found.lower_bound_eur <= found.cost_eur


def test_nested_limits_hold_at_every_level_and_zones_have_their_own_price():
    """Two roots in two zones; the inner limit of the first binds at 3 kW."""
    limits = LimitTree(
        limit_id=("north", "south", "plug"),
        parent=np.array([-1, -1, 0]),
        import_kw=np.array([[9.0, 9.0], [9.0, 9.0], [3.0, 3.0]]),
        export_kw=0.0,
        base_load_kw=np.array([[1.0, 1.0], [0.0, 0.0], [0.5, 0.5]]),
        peak_eur_per_kw=0.0,
        peak_so_far_kw=0.0,
        zone=("n", "s", ""),
    )
    signals = SignalTable(
        start=at([0, 1]),
        step_s=3600,
        buy_eur_per_kwh=np.array([[0.1, 0.2], [0.3, 0.2]]),
        sell_eur_per_kwh=np.zeros((2, 2)),
        zone=("n", "s"),
    )
    stays = stay_table(
        ("a", "b"),
        at([0, 0]),
        departure=at([2, 2]),
        energy_kwh=[4, 4],
        max_kw=11,
        limit=[2, 1],
    )
    found = schedule(stays, limits, signals)
    # plug: 2.5 kWh at 0.1, 1.5 at 0.2; north's base load 1.5 kW each hour; south: 4 kWh at 0.2
    assert found.cost_eur == pytest.approx(0.25 + 0.3 + 1.5 * 0.3 + 0.8)
    assert found.plan.net_kw == pytest.approx(np.array([[4, 3], [0, 4], [3, 2]]))
    assert_proven(found)


def test_unmanaged_charges_at_once_and_ignores_limits():
    """Full power on arrival: 11 kWh at 0.30, 4 kWh at 0.10 EUR, above the limit of 5 kW."""
    plan = unmanaged(
        car(15, 11), limits=one_limit("root", 5, n_steps=2), signals=prices([0.3, 0.1])
    )
    assert plan.power_kw == pytest.approx([11, 4])
    assert plan.cost_eur == pytest.approx(3.7)
    assert plan.peak_kw == pytest.approx([11])


def test_no_stay_at_all_costs_what_the_base_load_costs():
    """An empty table is a table."""
    stays = stay_table((), np.zeros(0), departure=np.zeros(0), energy_kwh=0, max_kw=0)
    limit = one_limit("root", 9, n_steps=2, base_load_kw=2.0)
    found = schedule(stays, limit, prices([0.1, 0.2]))
    assert found.cost_eur == pytest.approx(0.6)
    assert_proven(found)
