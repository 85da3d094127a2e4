"""Vehicle types: what the catalogue offers and a planner chooses from."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Heating(StrEnum):
    """How the cabin of a battery bus is heated."""

    ELECTRIC = "electric"
    HEAT_PUMP = "heat_pump"
    FUEL = "fuel"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusType:
    """A battery bus type. Figures and their sources: catalogue/buses.csv."""

    vehicle_type: str
    length_m: float
    kerb_mass_kg: float
    passengers_mean: float
    passenger_mass_kg: float
    frontal_area_m2: float
    drag_coefficient: float
    rolling_resistance: float
    drive_efficiency: float
    recuperation_efficiency: float
    auxiliary_kw: float
    heating: Heating
    heating_kw_per_k: float
    heating_from_c: float
    heating_max_kw: float
    heat_pump_cop: float
    cooling_kw_per_k: float
    cooling_from_c: float
    cooling_max_kw: float
    capacity_kwh: float
    soc_min_kwh: float
    soc_max_kwh: float
    max_charge_kw: float
    charge_curve_soc: NDArray[np.float64]
    charge_curve_kw: NDArray[np.float64]
    charge_efficiency: float
    purchase_eur: float
    battery_eur_per_kwh: float

    def __post_init__(self) -> None:
        if not 0 <= self.soc_min_kwh < self.soc_max_kwh <= self.capacity_kwh:
            msg = f"{self.vehicle_type}: 0 <= soc_min < soc_max <= capacity does not hold"
            raise ValueError(msg)
