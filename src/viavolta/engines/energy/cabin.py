"""Heating and cooling of the cabin by outdoor temperature.

The heat a bus needs grows with every kelvin below the heating limit until the installed heater is
at its limit; below that the cabin gets colder, as measured fleets show. What this takes from the
battery depends on how the heat is made: a resistance heater gives a little less heat than it
takes, a heat pump two to three times as much, a fuel heater takes none.
"""

from typing import assert_never

import numpy as np

from viavolta.model.trip import Floats
from viavolta.model.vehicle import BusType, Heating

_COP_FLOOR = 1.0
"""A heat pump never does worse than a resistance heater: it falls back on one."""


def heat_demand_kw(bus: BusType, temperature_c: float | Floats) -> Floats:
    """Heat the cabin needs, kW: linear below the heating limit, at most the installed heat.

    Here and below the result has the shape of `temperature_c`.
    """
    kelvin = np.maximum(0.0, bus.heating_from_c - np.asarray(temperature_c, dtype=np.float64))
    return np.minimum(bus.heating_kw_per_k * kelvin, bus.heating_max_kw)


def heat_pump_cop(bus: BusType, temperature_c: float | Floats) -> Floats:
    """Heat per energy taken: the figure at 0 C, less in colder air, never below 1."""
    degrees = np.asarray(temperature_c, dtype=np.float64)
    return np.maximum(_COP_FLOOR, bus.heat_pump_cop + bus.heat_pump_cop_per_k * degrees)


def heating_kw(bus: BusType, temperature_c: float | Floats) -> Floats:
    """Power from the battery for heating, kW; 0 with a fuel heater."""
    heat_kw = heat_demand_kw(bus, temperature_c)
    match bus.heating:
        case Heating.ELECTRIC:
            return heat_kw / bus.heater_efficiency
        case Heating.HEAT_PUMP:
            return heat_kw / heat_pump_cop(bus, temperature_c)
        case Heating.FUEL:
            return np.zeros_like(heat_kw)
        case _:
            assert_never(bus.heating)


def cooling_kw(bus: BusType, temperature_c: float | Floats) -> Floats:
    """Power from the battery for cooling, kW."""
    kelvin = np.maximum(0.0, np.asarray(temperature_c, dtype=np.float64) - bus.cooling_from_c)
    return np.minimum(bus.cooling_kw_per_k * kelvin, bus.cooling_max_kw) / bus.cooling_cop


def fuel_heater_l_per_h(bus: BusType, temperature_c: float | Floats) -> Floats:
    """Litres of fuel per hour that the heater burns; 0 unless the bus has a fuel heater."""
    heat_kw = heat_demand_kw(bus, temperature_c)
    if bus.heating is not Heating.FUEL:
        return np.zeros_like(heat_kw)
    return heat_kw / bus.fuel_heater_kwh_per_l
