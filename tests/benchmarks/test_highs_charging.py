"""The linear program that judges the charging engine: by hand, and against the engine."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from viavolta.engines.charging.scheduler import schedule
from viavolta.model.limit import one_limit
from viavolta.model.signal import one_zone
from viavolta.model.stay import stay_table

Script = Callable[[str], ModuleType]
START = np.datetime64("2026-01-12T18:00:00", "s")


def test_charge_in_the_cheap_hour_sell_in_the_dear_one(script: Script) -> None:
    """Hand calculation: 4 kWh in at 0.1 EUR over 0.8, 2 kWh out at 0.5 times 0.5, wear on both."""
    task = script("charging_instances").task_arrays(
        stay_table(
            ("a",),
            [START],
            departure=[START + np.timedelta64(2, "h")],
            energy_kwh=2.0,
            max_kw=5.0,
            max_discharge_kw=1.0,
            capacity_kwh=10.0,
            soc_arrival_kwh=3.0,
            charge_efficiency=0.8,
            discharge_efficiency=0.5,
            wear_eur_per_kwh=0.03,
            limit=0,
        ),
        one_limit("root", 5.0, n_steps=2, export_kw=1.0, peak_eur_per_kw=0.01, peak_so_far_kw=2.0),
        one_zone(START, 3600, buy_eur_per_kwh=[0.1, 0.9], sell_eur_per_kwh=[0.1, 0.5]),
    )
    found = script("peers/highs_charging").optimum(task)
    assert found.status == "Optimal"
    assert found.power_kw == pytest.approx([5.0, -1.0])
    # 5 kW in: 4 kWh stored; 1 kW out: 2 kWh taken; 2 of 2 kWh wanted; peak 3 kW above what was
    assert found.cost_eur == pytest.approx(5 * 0.1 - 0.5 + 2 * 0.03 + 3 * 0.01)


def test_what_cannot_be_delivered_costs_its_price(script: Script) -> None:
    """A stay of half an hour in an hour's step gets half the energy; the rest is unmet."""
    task = script("charging_instances").task_arrays(
        stay_table(
            ("a",),
            [START + np.timedelta64(15, "m")],
            departure=[START + np.timedelta64(45, "m")],
            energy_kwh=4.0,
            max_kw=6.0,
            limit=0,
        ),
        one_limit("root", 10.0, n_steps=1),
        one_zone(START, 3600, buy_eur_per_kwh=[0.2]),
        unmet_eur_per_kwh=7.0,
    )
    found = script("peers/highs_charging").optimum(task)
    assert found.cost_eur == pytest.approx(3.0 * 0.2 + 1.0 * 7.0)


@pytest.mark.parametrize("peak_eur_per_kw", [0.0, 3.0])
@pytest.mark.parametrize("tightness", [1.0, 1.5])
def test_optimum_lies_between_bound_and_cost(
    script: Script, *, peak_eur_per_kw: float, tightness: float
) -> None:
    """Two programs that share no code agree on the tasks of the benchmark."""
    instances = script("charging_instances")
    task = instances.instance(60, peak_eur_per_kw=peak_eur_per_kw, tightness=tightness)
    found = schedule(task.stays, task.limits, task.signals, gap=1e-3)
    arrays = instances.task_arrays(task.stays, task.limits, task.signals)
    optimum_eur = script("peers/highs_charging").optimum(arrays).cost_eur
    slack = 1e-7 * abs(found.cost_eur)
    assert found.lower_bound_eur - slack <= optimum_eur <= found.cost_eur + slack
