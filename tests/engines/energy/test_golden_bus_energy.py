"""The energy model against published figures (tests/golden/bus_energy)."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import SUBJECTS, bus_type
from viavolta.engines.energy.cabin import heating_kw
from viavolta.engines.energy.driving import trip_energy_kwh
from viavolta.model.vehicle import BusType, Heating

CASES = Path(__file__).parents[2] / "golden" / "bus_energy" / "cases.csv"
with CASES.open(encoding="utf-8") as stream:
    ROWS = list(csv.DictReader(stream))
STOPS_PER_KM = 2.2
LAW_SPEEDS_KMH = np.linspace(7.11, 41.25, 13)


def kwh_per_km(
    bus: BusType, temperature_c: float, speed_kmh: np.ndarray, passengers: float | None
) -> np.ndarray:
    speed_kmh = np.atleast_1d(speed_kmh)
    distance_km = np.full(speed_kmh.shape, 10.0)
    flat = np.zeros(speed_kmh.shape)
    energy_kwh = trip_energy_kwh(
        bus,
        temperature_c=temperature_c,
        distance_km=distance_km,
        duration_s=distance_km / speed_kmh * 3600.0,
        n_stops=1 + STOPS_PER_KM * distance_km,
        climb_m=flat,
        descent_m=flat,
        passengers=passengers,
    )
    return energy_kwh / distance_km


def modelled(row: dict[str, str]) -> float:
    bus = replace(
        bus_type(Assumptions(SUBJECTS), row["vehicle_type"]), heating=Heating(row["heating"])
    )
    number = {name: float(value) for name, value in row.items() if _is_number(value)}
    passengers = number.get("passengers")
    speed = np.array([number.get("speed_kmh", 18.0)])
    method = row["method"]
    if method == "kwh_per_km":
        return float(kwh_per_km(bus, number["temperature_c"], speed, passengers)[0])
    if method == "ratio":
        cold, mild = (
            float(kwh_per_km(bus, number[name], speed, passengers)[0])
            for name in ("temperature_c", "reference_c")
        )
        return cold / mild
    if method == "heating_kwh_per_km":
        return heating_kw(bus, number["temperature_c"]) / float(speed[0])
    if method == "grid_per_battery":
        return 1.0 / bus.charge_efficiency
    if method in {"law_a", "law_b"}:
        matrix = np.column_stack((np.ones_like(LAW_SPEEDS_KMH), 1.0 / LAW_SPEEDS_KMH))
        energy = kwh_per_km(bus, number["temperature_c"], LAW_SPEEDS_KMH, passengers)
        return float(np.linalg.lstsq(matrix, energy)[0][0 if method == "law_a" else 1])
    assert method == "slope_kw_per_k"
    temperatures_c = np.arange(-13.0, 16.1, 2.66)
    power_kw = [
        float(kwh_per_km(bus, float(t), speed, passengers)[0] * speed[0]) for t in temperatures_c
    ]
    return -float(np.polyfit(temperatures_c, power_kw, 1)[0])


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_model_meets_published_figure(row):
    """Every case lies between its bounds."""
    assert float(row["low"]) <= modelled(row) <= float(row["high"])


def test_resistance_to_heat_pump_ratio_of_konvekta():
    """At -10 C a resistance heater takes at least 2.4 times what a heat pump takes."""
    bus = bus_type(Assumptions(SUBJECTS), "bus_12m_480")
    electric = replace(bus, heating=Heating.ELECTRIC)
    assert heating_kw(electric, -10.0) / heating_kw(bus, -10.0) >= 2.4
