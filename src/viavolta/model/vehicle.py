"""Vehicle types: what the catalogue offers and a planner chooses from."""

import math
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Heating(StrEnum):
    """How the cabin of a battery bus is heated."""

    ELECTRIC = "electric"
    HEAT_PUMP = "heat_pump"
    FUEL = "fuel"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivingStyle:
    """How buses move in traffic. Figures and their sources: catalogue/energy.csv.

    Between two stops a bus cruises at `cruise_base_kmh + cruise_per_kmh x mean speed`, at most
    `cruise_max_kmh`. It calls at `served_stops_share` of its stops and is stopped by traffic
    `traffic_stops_per_h` times per hour; no more often than the timetable leaves time for, when a
    stop takes at least `stop_time_s` besides braking and starting at `acceleration_m_s2`.
    """

    served_stops_share: float
    traffic_stops_per_h: float
    deadhead_stops_per_km: float
    stop_time_s: float
    acceleration_m_s2: float
    cruise_base_kmh: float
    cruise_per_kmh: float
    cruise_max_kmh: float
    rotating_mass_share: float

    def __post_init__(self) -> None:
        if not all(0 <= getattr(self, f.name) < math.inf for f in fields(self)):
            msg = "a figure of the driving style is negative or not a number"
            raise ValueError(msg)
        if self.acceleration_m_s2 == 0 or self.cruise_max_kmh == 0:
            msg = "acceleration and greatest cruising speed must be above 0"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusType:
    """A battery bus type. Figures and their sources: catalogue/buses.csv and energy.csv.

    Heating and cooling figures (`_kw_per_k`, `_max_kw`) are heat moved; efficiencies and
    coefficients of performance turn them into power from the battery. `capacity_kwh` is what the
    planner counts on: the nominal capacity less the reserve for ageing; `soc_min_kwh`,
    `soc_max_kwh` and `charge_curve_soc` refer to it. `max_charge_kw` and `charge_curve_kw` hold at
    the plug of a depot, `terminal_charge_kw` and `terminal_curve_kw` at a terminal, where a bus may
    charge through a contact on its roof. A new battery costs
    `nominal_capacity_kwh * battery_eur_per_kwh`.
    """

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
    temperature_loss_per_k: float
    best_temperature_c: float
    driving: DrivingStyle
    auxiliary_kw: float
    heating: Heating
    heating_kw_per_k: float
    heating_from_c: float
    heating_max_kw: float
    heater_efficiency: float
    heat_pump_cop: float
    heat_pump_cop_per_k: float
    fuel_heater_kwh_per_l: float
    cooling_kw_per_k: float
    cooling_from_c: float
    cooling_max_kw: float
    cooling_cop: float
    nominal_capacity_kwh: float
    capacity_kwh: float
    soc_min_kwh: float
    soc_max_kwh: float
    max_charge_kw: float
    charge_curve_soc: NDArray[np.float64]
    charge_curve_kw: NDArray[np.float64]
    terminal_charge_kw: float
    terminal_curve_kw: NDArray[np.float64]
    charge_efficiency: float
    purchase_eur: float
    battery_eur_per_kwh: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            may_be_negative = field.name.endswith("_c") or field.name == "heat_pump_cop_per_k"
            if isinstance(value, float) and not (
                math.isfinite(value) and (value >= 0 or may_be_negative)
            ):
                msg = f"{self.vehicle_type}: {field.name} cannot be {value}"
                raise ValueError(msg)
        if not 0 <= self.soc_min_kwh < self.soc_max_kwh <= self.capacity_kwh:
            msg = f"{self.vehicle_type}: 0 <= soc_min < soc_max <= capacity does not hold"
            raise ValueError(msg)
        if not self.capacity_kwh <= self.nominal_capacity_kwh:
            msg = f"{self.vehicle_type}: the planned capacity is above the nominal one"
            raise ValueError(msg)
        soc, kw = self.charge_curve_soc, self.charge_curve_kw
        shapes = {soc.shape, kw.shape, self.terminal_curve_kw.shape}
        if len(shapes) > 1 or soc.ndim != 1 or soc.size <= 1:
            msg = f"{self.vehicle_type}: the charge curve needs two or more (soc, kW) points"
            raise ValueError(msg)
        if not (soc[0] == 0 and soc[-1] == 1 and np.all(np.diff(soc) > 0) and np.all(kw > 0)):
            msg = f"{self.vehicle_type}: the charge curve must rise from soc 0 to 1, power above 0"
            raise ValueError(msg)
        if not np.all(np.diff(kw) <= 0):
            msg = f"{self.vehicle_type}: the charge curve's power must not rise with the charge"
            raise ValueError(msg)
        shares = (
            self.drive_efficiency,
            self.recuperation_efficiency,
            self.charge_efficiency,
            self.heater_efficiency,
        )
        if not all(0 < share <= 1 for share in shares):
            msg = f"{self.vehicle_type}: efficiencies must be above 0 and at most 1"
            raise ValueError(msg)
        if not (self.cooling_cop > 0 and self.fuel_heater_kwh_per_l > 0):
            msg = f"{self.vehicle_type}: cooling and fuel heater need a performance above 0"
            raise ValueError(msg)
