"""The tables of a charge study: what stands in them, with and without extras."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from viavolta.formats.power_profile import read_power_profile
from viavolta.model.limit import LimitTree, one_limit
from viavolta.model.schedule import CostItems, LimitPrices, PowerPlan
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table
from viavolta.services import charge_tables as module
from viavolta.services.charge_tables import battery_gain_kwh, charge_tables

T0 = np.datetime64("2025-03-30T00:00:00", "s")
MINUTE = np.timedelta64(60, "s")


def some_stays() -> StayTable:
    """Stay a from 00:10 to 01:00 with a battery, b from 00:30 to 01:30 without."""
    return stay_table(
        ("a", "b"),
        T0 + np.array([10, 30]) * MINUTE,
        departure=T0 + np.array([60, 90]) * MINUTE,
        energy_kwh=[5.0, 3.0],
        max_kw=[10.0, 8.0],
        max_discharge_kw=[5.0, 0.0],
        capacity_kwh=[40.0, np.nan],
        soc_arrival_kwh=[10.0, np.nan],
        charge_efficiency=0.9,
        discharge_efficiency=0.8,
        phase=[0, -1],
    )


def some_prices() -> SignalTable:
    """Two hours of one price."""
    return one_zone(T0, 900, buy_eur_per_kwh=[0.2] * 8)


def a_plan(n_limits: int = 1) -> PowerPlan:
    """Stay a charges, pauses, discharges; b charges once, on its second phase."""
    return PowerPlan(
        first_step=np.array([0, 2]),
        offsets=np.array([0, 4, 8]),
        power_kw=np.array([2.0, 0.0, 10.0, -4.0, 8.0, 0.0, 0.0, 0.0]),
        energy_kwh=np.array([10.45, 10.45, 12.7, 11.45, np.nan, np.nan, np.nan, np.nan]),
        unmet_kwh=np.array([3.55, 1.2]),
        net_kw=np.arange(n_limits * 8.0).reshape(n_limits, 8),
        peak_kw=np.full(n_limits, 8.0),
        cost_items=CostItems(
            energy=1.0, wear=0.0, ageing=0.0, peak=0.0, unmet=0.0, fairness=0.0, early=0.0
        ),
        phase_used=np.array([0, 2]),
    )


def tables_of(limits: LimitTree, prices: LimitPrices | None = None, **extras: object):
    """All tables of the small task."""
    zero = np.zeros((len(limits), 8))
    prices = prices or LimitPrices(
        import_eur_per_kwh=zero,
        export_eur_per_kwh=zero,
        peak_eur_per_kwh=zero,
        energy_eur_per_kwh=zero + 0.2,
    )
    plan = a_plan(len(limits))
    found = SimpleNamespace(plan=plan, prices=prices)  # the tables need no more of a schedule
    return charge_tables(
        found, plan, stays=some_stays(), limits=limits, signals=some_prices(), **extras
    )


def test_stays_say_what_they_got_and_on_which_phase():
    """By hand: 0.25 h x (0.9 x 12 - 4 / 0.8) = 1.45 kWh."""
    stays = tables_of(one_limit("root", 20.0, n_steps=8))["stays"]
    assert stays["delivered_kwh"].to_list() == pytest.approx([1.45, 1.8])
    assert stays["unmet_kwh"].to_list() == [3.55, 1.2]
    assert stays["phase"].to_list() == ["L123", "any"]
    assert stays["phase_used"].to_list() == ["L123", "L2"]
    assert stays["vehicle_id"].to_list() == ["", ""]
    assert stays["capacity_kwh"].to_list() == [40, None]
    assert stays["knee_kw"].to_list() == [None, None]


def test_losses_and_the_knee_count_in_what_was_delivered():
    """By hand, with a knee at 6 kW of which a third of the first step counts.

    Charging 2 kW in a third of a step, whose knee lies at 2 kW: 0.9 x 2 - 0.3 / 3 = 1.7 kW.
    Charging 10 kW: 0.9 x 6 + 0.5 x 4 - 0.3 = 7.1 kW. Discharging 4 kW: 5 kW. 50 minutes at 0.12 kW.
    """
    stays = dataclasses.replace(
        some_stays(),
        knee_kw=np.array([6.0, np.inf]),
        efficiency_above_knee=np.array([0.5, 0.9]),
        charging_loss_kw=np.array([0.3, 0.0]),
        standing_loss_kw=np.array([0.12, 0.0]),
    )
    got = battery_gain_kwh(a_plan(), stays, signals=some_prices())
    assert got.tolist() == pytest.approx([(1.7 + 7.1 - 5) / 4 - 0.1, 1.8])


def test_steps_without_power_are_left_out():
    """Four steps of eight, with their times and the battery where it is known."""
    schedule = tables_of(one_limit("root", 20.0, n_steps=8))["schedule"]
    assert schedule["stay_id"].to_list() == ["a", "a", "a", "b"]
    assert schedule["start"].dt.strftime("%H:%M").to_list() == ["00:00", "00:30", "00:45", "00:30"]
    assert schedule["start"].dtype == pl.Datetime("us", "UTC")
    assert schedule["power_kw"].to_list() == [2, 10, -4, 8]
    assert schedule["energy_kwh"].to_list() == [10.45, 12.7, 11.45, None]


def test_tables_do_not_depend_on_how_many_stays_are_taken_at_once(monkeypatch):
    """One by one, the same tables."""
    extras = {
        "early_share": np.array([0.1, 0, 0, 0, 0, 0, 0.2, 0]),
        "power_shares": (np.array([1, 0.5, 0.5, 1, 0, 1, 1, 1]), np.ones(8)),
    }
    limits = one_limit("root", 20.0, n_steps=8)
    whole = tables_of(limits, **extras)
    monkeypatch.setattr(module, "_STAYS_AT_ONCE", 1)
    single = tables_of(limits, **extras)
    assert whole.keys() == single.keys()
    for name, table in whole.items():
        assert table.equals(single[name], null_equal=True), name


def test_phases_have_prices_only_where_a_limit_looks_at_them():
    """Three more columns, in the order of limits and steps; limits say how much."""
    plain = one_limit("root", 20.0, n_steps=8)
    assert "phase_1_eur_per_kwh" not in tables_of(plain)["prices"].columns
    assert tables_of(plain)["limits"]["phase_kw"].to_list() == [None]
    limits = dataclasses.replace(plain, phase_kw=np.array([7.0]))
    by_phase = np.arange(24.0).reshape(1, 3, 8)
    zero = np.zeros((1, 8))
    prices = LimitPrices(
        import_eur_per_kwh=zero,
        export_eur_per_kwh=zero,
        peak_eur_per_kwh=zero,
        energy_eur_per_kwh=zero,
        phase_eur_per_kwh=by_phase,
    )
    tables = tables_of(limits, prices)
    assert tables["limits"]["phase_kw"].to_list() == [7]
    for phase in range(3):
        column = tables["prices"][f"phase_{phase + 1}_eur_per_kwh"]
        assert column.to_list() == by_phase[0, phase].tolist()
    assert tables_of(limits)["prices"]["phase_3_eur_per_kwh"].to_list() == [0] * 8


def test_early_departures_are_a_table_where_there_are_some():
    """Steps with a chance only."""
    limits = one_limit("root", 20.0, n_steps=8)
    assert "early_departures" not in tables_of(limits)
    share = np.array([0, 0.1, 0, 0, 0, 0.2, 0.3, 0])
    early = tables_of(limits, early_share=share)["early_departures"]
    assert early["stay_id"].to_list() == ["a", "b", "b"]
    assert early["start"].dt.strftime("%H:%M").to_list() == ["00:15", "00:45", "01:00"]
    assert early["share"].to_list() == [0.1, 0.2, 0.3]
    none = tables_of(limits, early_share=np.zeros(8))["early_departures"]
    assert none.columns == ["stay_id", "start", "share"]
    assert none.height == 0


def test_a_power_profile_can_be_read_again(tmp_path):
    """What the table says is what was asked for, row by row where it changes."""
    limits = one_limit("root", 20.0, n_steps=8)
    shares = (np.array([1, 0.5, 0.5, 0.3, 0.2, 1, 1, 0]), np.array([1, 1, 0, 0, 1, 1, 1, 1.0]))
    profile = tables_of(limits, power_shares=shares)["power_profile"]
    assert profile["stay_id"].to_list() == ["a", "a", "a", "b", "b", "b"]
    assert profile["max_kw"].to_list() == pytest.approx([5, 5, 3, 1.6, 8, 0])
    assert profile["max_discharge_kw"].to_list() == [5, 0, 0, 0, 0, 0]
    profile.write_parquet(tmp_path / "power.parquet")
    again = read_power_profile(tmp_path / "power.parquet", some_stays(), signals=some_prices())
    for asked, got in zip(shares, again, strict=True):
        np.testing.assert_allclose(got, asked, rtol=1e-15)
