"""Energy a bus takes from its battery on a trip: a physical model, vectorised over trips.

Rolling, air, stops and starts, climb and descent, auxiliaries, heating and cooling. All parts are
linear in distance, duration, stops and height at a given mean speed, so that the halves of a trip
add up to the whole.

Driving between stops: a bus with mean speed v cruises at a speed that grows with v; every stop
costs the kinetic energy at the speed it reached, less what recuperation brings back. Stops are the
served share of the timetable's and those that traffic adds per hour, but no more than the
timetable leaves time for: a fast trip cannot have stopped often.

What the model leaves out: the rolling and air work already done while braking (a few percent of
the stop energy), wind, the gradient's distribution (all descent is taken as braked, which
overstates the cost of gentle slopes), and the battery's state.

Calibration: the parameters lie inside their published ranges (catalogue/buses.csv, energy.csv) and
reproduce field data of 18 m buses by temperature and speed; see tests/golden/bus_energy.
"""

from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.energy.cabin import cooling_kw, fuel_heater_l_per_h, heating_kw
from viavolta.model.trip import Floats, Ints
from viavolta.model.vehicle import BusType

GRAVITY_M_S2 = 9.80665
AIR_DENSITY_KG_M3 = 1.204
"""Dry air at 20 C and 1013 hPa. Denser cold air is part of the measured temperature loss."""
_J_PER_KWH = 3.6e6
_KMH_PER_M_S = 3.6
_MIN_SPEED_KMH = 1.0
_MAX_SPEED_KMH = 120.0
"""Speeds outside are timetable errors; clipping keeps the energy finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyParts:
    """Energy out of the battery by cause, kWh. Shapes: all (N,).

    `descent_kwh` is zero or negative: what comes back. `fuel_l` is what a fuel heater burns.
    """

    rolling_kwh: Floats
    air_kwh: Floats
    stops_kwh: Floats
    climb_kwh: Floats
    descent_kwh: Floats
    auxiliaries_kwh: Floats
    heating_kwh: Floats
    cooling_kwh: Floats
    fuel_l: Floats

    def total_kwh(self) -> Floats:
        """Net energy out of the battery; negative where recuperation exceeds use. Shape (N,)."""
        return np.asarray(
            self.rolling_kwh
            + self.air_kwh
            + self.stops_kwh
            + self.climb_kwh
            + self.descent_kwh
            + self.auxiliaries_kwh
            + self.heating_kwh
            + self.cooling_kwh
        )


def trip_energy_kwh(
    bus: BusType,
    *,
    temperature_c: float | Floats,
    distance_km: Floats,
    duration_s: Floats | Ints,
    n_stops: Floats | Ints,
    climb_m: Floats,
    descent_m: Floats,
    passengers: float | Floats | None = None,
) -> Floats:
    """Net energy out of the battery per trip, kWh; negative where recuperation exceeds use.

    Parameters
    ----------
    bus, temperature_c
        The vehicle and the outdoor temperature, one for all trips or (N,).
    distance_km, duration_s, n_stops
        Shapes (N,). Duration includes dwell; n_stops counts both ends.
    climb_m, descent_m
        Shapes (N,), both positive; NaN (no elevation) counts as 0 here.
    passengers
        Mean number on board, one for all trips or (N,); the bus type's own where None or NaN.

    Returns
    -------
    Floats
        Shape (N,).
    """
    return energy_parts_kwh(
        bus,
        temperature_c=temperature_c,
        distance_km=distance_km,
        duration_s=duration_s,
        n_stops=n_stops,
        climb_m=climb_m,
        descent_m=descent_m,
        passengers=passengers,
    ).total_kwh()


def deadhead_energy_kwh(
    bus: BusType,
    *,
    temperature_c: float,
    distance_km: Floats,
    duration_s: Floats | Ints,
    climb_m: Floats | None = None,
    descent_m: Floats | None = None,
) -> Floats:
    """Net energy of ways without passengers, kWh: few stops, flat without climb and descent.

    Shape as distance_km, any.
    """
    distance_km = np.asarray(distance_km, dtype=np.float64)
    flat_m = np.zeros_like(distance_km)
    style = replace(bus.driving, served_stops_share=1.0)
    return trip_energy_kwh(
        replace(bus, driving=style),
        temperature_c=temperature_c,
        distance_km=distance_km,
        duration_s=duration_s,
        n_stops=1.0 + style.deadhead_stops_per_km * distance_km,
        climb_m=flat_m if climb_m is None else climb_m,
        descent_m=flat_m if descent_m is None else descent_m,
        passengers=0.0,
    )


def recuperation_kwh_per_m(bus: BusType, temperature_c: float) -> float:
    """Energy that an empty bus gets back per metre of descent, kWh."""
    loss = float(_temperature_factor(bus, temperature_c))
    return bus.kerb_mass_kg * GRAVITY_M_S2 * bus.recuperation_efficiency / loss / _J_PER_KWH


def energy_parts_kwh(
    bus: BusType,
    *,
    temperature_c: float | Floats,
    distance_km: Floats,
    duration_s: Floats | Ints,
    n_stops: Floats | Ints,
    climb_m: Floats,
    descent_m: Floats,
    passengers: float | Floats | None = None,
) -> EnergyParts:
    """Split the same energy by cause. Parameters as for `trip_energy_kwh`.

    Formulas: road load after any textbook of vehicle dynamics; the temperature factor on driving
    after Ji, Bie, Zeng, Wang, Communications in Transportation Research 2 (2022) 100069.
    """
    on_board = bus.passengers_mean if passengers is None else passengers
    on_board = np.where(np.isnan(on_board), bus.passengers_mean, on_board)
    mass_kg = bus.kerb_mass_kg + bus.passenger_mass_kg * on_board
    distance_m = 1000.0 * np.maximum(np.asarray(distance_km, dtype=np.float64), 0.0)
    seconds = np.maximum(np.asarray(duration_s, dtype=np.float64), 0.0)
    hours = seconds / 3600.0
    cruise_m_s = _cruise_m_s(bus, distance_m, seconds)
    loss = _temperature_factor(bus, temperature_c)
    to_wheel = loss / bus.drive_efficiency / _J_PER_KWH
    drag_n = 0.5 * AIR_DENSITY_KG_M3 * bus.drag_coefficient * bus.frontal_area_m2 * cruise_m_s**2
    kinetic_j = _kinetic_j(bus, mass_kg, distance_m=distance_m, duration_s=seconds, n_stops=n_stops)
    per_metre_j = mass_kg * GRAVITY_M_S2
    return EnergyParts(
        rolling_kwh=per_metre_j * bus.rolling_resistance * distance_m * to_wheel,
        air_kwh=drag_n * distance_m * to_wheel,
        stops_kwh=kinetic_j
        * loss
        * (1.0 / bus.drive_efficiency - bus.recuperation_efficiency)
        / _J_PER_KWH,
        climb_kwh=per_metre_j * np.nan_to_num(climb_m) * to_wheel,
        descent_kwh=-per_metre_j
        * np.nan_to_num(descent_m)
        * bus.recuperation_efficiency
        / loss
        / _J_PER_KWH,
        auxiliaries_kwh=bus.auxiliary_kw * hours,
        heating_kwh=heating_kw(bus, temperature_c) * hours,
        cooling_kwh=cooling_kw(bus, temperature_c) * hours,
        fuel_l=fuel_heater_l_per_h(bus, temperature_c) * hours,
    )


def _temperature_factor(bus: BusType, temperature_c: float | Floats) -> Floats:
    """By how much driving takes more in the cold: tyres, air, battery, less recuperation."""
    degrees = np.asarray(temperature_c, dtype=np.float64)
    kelvin = np.maximum(0.0, bus.best_temperature_c - degrees)
    return np.asarray(np.exp(bus.temperature_loss_per_k * kelvin), dtype=np.float64)


def _cruise_m_s(bus: BusType, distance_m: Floats, duration_s: Floats) -> Floats:
    """Speed between stops, m/s; at least the mean speed. Shape (N,)."""
    seconds = np.maximum(duration_s, distance_m * _KMH_PER_M_S / _MAX_SPEED_KMH)
    mean_m_s = np.divide(distance_m, seconds, out=np.zeros_like(distance_m), where=seconds > 0)
    mean_kmh = np.maximum(mean_m_s * _KMH_PER_M_S, _MIN_SPEED_KMH)
    style = bus.driving
    cruise_kmh = np.minimum(
        style.cruise_base_kmh + style.cruise_per_kmh * mean_kmh, style.cruise_max_kmh
    )
    return np.asarray(np.maximum(cruise_kmh, mean_kmh) / _KMH_PER_M_S)


def _kinetic_j(
    bus: BusType,
    mass_kg: Floats,
    *,
    distance_m: Floats,
    duration_s: Floats,
    n_stops: Floats | Ints,
) -> Floats:
    """Kinetic energy at the wheels built up and braked away over the trip, J. Shape (N,)."""
    style = bus.driving
    cruise_m_s = _cruise_m_s(bus, distance_m, duration_s)
    wanted = (
        style.served_stops_share * np.maximum(np.asarray(n_stops, dtype=np.float64) - 1.0, 0.0)
        + style.traffic_stops_per_h * duration_s / 3600.0
    )
    spare_s = np.maximum(duration_s - distance_m / cruise_m_s, 0.0)
    stops = np.minimum(wanted, spare_s / (style.stop_time_s + cruise_m_s / style.acceleration_m_s2))
    # Between stops that are close together a bus never reaches its cruising speed: it speeds up
    # for half the way and brakes for the other, v^2 = a s, hence stops x v^2 <= a x distance.
    speed_squared = np.minimum(stops * cruise_m_s**2, style.acceleration_m_s2 * distance_m)
    return np.asarray(0.5 * mass_kg * (1.0 + style.rotating_mass_share) * speed_squared)
