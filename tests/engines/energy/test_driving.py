"""Properties of the trip energy: more of anything that costs never costs less."""

from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import SUBJECTS, bus_types
from viavolta.engines.energy.driving import (
    GRAVITY_M_S2,
    EnergyParts,
    deadhead_energy_kwh,
    energy_parts_kwh,
    recuperation_kwh_per_m,
    trip_energy_kwh,
)
from viavolta.model.vehicle import BusType, Heating

BUSES = bus_types(Assumptions(SUBJECTS))
heights = st.floats(0, 1500)


class Trip(NamedTuple):
    bus: BusType
    temperature_c: float
    km: float
    kmh: float
    stops: int

    @property
    def seconds(self) -> float:
        return self.km / self.kmh * 3600


trips = st.builds(
    Trip,
    bus=st.sampled_from(BUSES),
    temperature_c=st.floats(-35, 45),
    km=st.floats(0.05, 80),
    kmh=st.floats(3, 70),
    stops=st.integers(2, 120),
)


def parts(bus, temperature_c, *, km, seconds, stops=10, climb_m=0.0, descent_m=0.0):
    return energy_parts_kwh(
        bus,
        temperature_c=temperature_c,
        distance_km=np.array([km]),
        duration_s=np.array([seconds]),
        n_stops=np.array([stops]),
        climb_m=np.array([climb_m]),
        descent_m=np.array([descent_m]),
    )


def energy(bus, temperature_c, **trip):
    return float(parts(bus, temperature_c, **trip).total_kwh()[0])


def energy_of(trip, **changes):
    """Energy of a drawn trip with some of its conditions changed."""
    conditions = {"km": trip.km, "seconds": trip.seconds, "stops": trip.stops} | changes
    return energy(trip.bus, trip.temperature_c, **conditions)


@given(trips, st.floats(1.0, 4.0))
def test_grows_with_distance_at_the_same_speed(trip, factor):
    """A longer trip at the same speed takes more."""
    longer = energy_of(trip, km=trip.km * factor, seconds=trip.seconds * factor)
    assert longer >= energy_of(trip) - 1e-9


@given(trips, st.floats(0, 8000))
def test_grows_with_mass(trip, extra_kg):
    """A heavier bus takes more on the flat."""
    heavier = trip._replace(bus=replace(trip.bus, kerb_mass_kg=trip.bus.kerb_mass_kg + extra_kg))
    assert energy_of(heavier) >= energy_of(trip) - 1e-9


@given(trips, heights, heights)
def test_climb_costs_and_descent_pays_less(trip, climb_m, descent_m):
    """Climb never takes less, descent never more, and going up and down again never pays."""
    flat = energy_of(trip)
    up = energy_of(trip, climb_m=climb_m)
    down = energy_of(trip, descent_m=descent_m)
    both = energy_of(trip, climb_m=climb_m, descent_m=climb_m)
    assert up >= flat >= down
    assert both >= flat - 1e-9
    potential_kwh = trip.bus.kerb_mass_kg * GRAVITY_M_S2 * climb_m / 3.6e6
    assert up - flat >= potential_kwh * (1 - 1e-9) - 1e-9


@given(trips)
def test_heat_pump_takes_no_more_than_resistance(trip):
    """At any temperature: fuel heater <= heat pump <= resistance heater, in battery energy."""
    by_heating = [
        energy_of(trip._replace(bus=replace(trip.bus, heating=heating)))
        for heating in (Heating.FUEL, Heating.HEAT_PUMP, Heating.ELECTRIC)
    ]
    assert by_heating == sorted(by_heating)


@given(trips, st.integers(1, 60), heights, heights)
def test_halves_add_up_to_the_whole(trip, half_legs, climb_m, descent_m):
    """Two halves of a trip, cut at a stop, take together what the whole takes."""
    whole = energy_of(trip, stops=2 * half_legs + 1, climb_m=climb_m, descent_m=descent_m)
    half = energy_of(
        trip,
        km=trip.km / 2,
        seconds=trip.seconds / 2,
        stops=half_legs + 1,
        climb_m=climb_m / 2,
        descent_m=descent_m / 2,
    )
    assert 2 * half == pytest.approx(whole, rel=1e-9, abs=1e-9)


@given(trips, st.floats(-1, 1e4), st.integers(-10, 10**6), st.integers(-5, 10**5))
def test_finite_for_impossible_trips(trip, km, seconds, stops):
    """Zero, negative and absurd distances, durations and stops give finite energies."""
    assert np.isfinite(energy_of(trip, km=km, seconds=seconds, stops=stops))
    assert np.isfinite(energy_of(trip, km=0.0, seconds=0.0))


@given(trips, st.integers(0, 60))
def test_more_stops_never_take_less(trip, more):
    """A stop more never saves energy."""
    assert energy_of(trip, stops=trip.stops + more) >= energy_of(trip) - 1e-9


@given(trips, heights, heights)
def test_parts_add_up_and_have_their_sign(trip, climb_m, descent_m):
    """The parts add up to the total; only descent gives back; fuel only with a fuel heater."""
    conditions = {"km": trip.km, "seconds": trip.seconds, "stops": trip.stops}
    conditions |= {"climb_m": climb_m, "descent_m": descent_m}
    split = parts(trip.bus, trip.temperature_c, **conditions)
    values = {f.name: getattr(split, f.name)[0] for f in fields(EnergyParts)}
    assert values.pop("fuel_l") == 0.0
    assert all(v >= 0 for name, v in values.items() if name != "descent_kwh")
    assert values["descent_kwh"] <= 0
    assert sum(values.values()) == pytest.approx(split.total_kwh()[0])


def test_long_descent_gives_energy_back():
    """A bus that rolls 600 m down over 10 km charges its battery."""
    assert energy(BUSES[2], 20.0, km=10.0, seconds=1800.0, descent_m=600.0) < 0


def test_unknown_climb_counts_as_flat_here():
    """NaN climb gives the energy of the flat trip; who asks must say that heights are missing."""
    bus = BUSES[0]
    flat = energy(bus, 5.0, km=6.0, seconds=1200.0)
    assert energy(bus, 5.0, km=6.0, seconds=1200.0, climb_m=np.nan, descent_m=np.nan) == flat


def test_fuel_heater_burns_instead_of_drawing():
    """With a fuel heater the cold costs litres: heat of an hour over the heat of a litre."""
    bus = replace(BUSES[2], heating=Heating.FUEL)
    split = parts(bus, 6.0, km=18.0, seconds=3600, stops=40)
    assert split.heating_kwh[0] == 0.0
    expected_l = bus.heating_kw_per_k * (bus.heating_from_c - 6.0) / bus.fuel_heater_kwh_per_l
    assert split.fuel_l[0] == pytest.approx(expected_l)


def test_deadhead_takes_less_than_a_trip_with_passengers():
    """The same way at the same speed without passengers and stops takes less, in any shape."""
    km = np.array([[0.0, 8.0], [3.0, 20.0]])
    seconds = km / 25.0 * 3600.0
    for bus in BUSES:
        empty = deadhead_energy_kwh(bus, temperature_c=10.0, distance_km=km, duration_s=seconds)
        served = trip_energy_kwh(
            bus,
            temperature_c=10.0,
            distance_km=km,
            duration_s=seconds,
            n_stops=1 + 2.2 * km,
            climb_m=np.zeros_like(km),
            descent_m=np.zeros_like(km),
        )
        assert empty.shape == km.shape
        assert empty[0, 0] == 0.0
        assert (empty[km > 0] < served[km > 0]).all()


def test_hand_calculation_of_rolling_and_climb():
    """Rolling and climb of one trip, worked out by hand from mass, way and height."""
    bus = BUSES[3]
    split = energy_parts_kwh(
        bus,
        temperature_c=bus.best_temperature_c,
        distance_km=np.array([5.0]),
        duration_s=np.array([1000.0]),
        n_stops=np.array([12]),
        climb_m=np.array([80.0]),
        descent_m=np.array([30.0]),
        passengers=20.0,
    )
    weight_n = (14450 + 20 * 75) * 9.80665
    assert split.rolling_kwh[0] == pytest.approx(weight_n * 0.0075 * 5000 / 0.85 / 3.6e6)
    assert split.climb_kwh[0] == pytest.approx(weight_n * 80 / 0.85 / 3.6e6)
    assert split.descent_kwh[0] == pytest.approx(-weight_n * 30 * 0.62 / 3.6e6)
    assert split.auxiliaries_kwh[0] == pytest.approx(5.0 * 1000 / 3600)


@given(trip=trips, colder_k=st.floats(0, 20), passengers=st.floats(0, 100), more=st.floats(0, 40))
def test_each_trip_has_its_own_temperature_and_passengers(trip, colder_k, passengers, more):
    """Arrays give what one trip after the other gives; more people on board never cost less."""
    temperature_c = np.array([trip.temperature_c, trip.temperature_c - colder_k])
    on_board = np.array([passengers, np.nan])
    driven = {
        "distance_km": np.full(2, trip.km),
        "duration_s": np.full(2, trip.seconds),
        "n_stops": np.full(2, trip.stops),
        "climb_m": np.zeros(2),
        "descent_m": np.zeros(2),
    }
    both = trip_energy_kwh(trip.bus, temperature_c=temperature_c, passengers=on_board, **driven)
    for k, people in ((0, passengers), (1, None)):
        alone = {name: values[k : k + 1] for name, values in driven.items()}
        one = trip_energy_kwh(
            trip.bus, temperature_c=float(temperature_c[k]), passengers=people, **alone
        )
        assert both[k] == pytest.approx(one[0], rel=1e-12)
    fuller = trip_energy_kwh(trip.bus, temperature_c=0.0, passengers=on_board + more, **driven)
    emptier = trip_energy_kwh(trip.bus, temperature_c=0.0, passengers=on_board, **driven)
    assert (fuller >= emptier - 1e-9).all()


@given(trip=trips, kelvin=st.floats(0, 20))
def test_colder_hours_never_take_less_to_heat(trip, kelvin):
    """Below the limit of heating a trip takes more in every colder hour."""
    cold_c = np.minimum(trip.temperature_c, 15.0) - np.array([0.0, kelvin])
    found = parts(trip.bus, cold_c, km=trip.km, seconds=trip.seconds, stops=trip.stops)
    total = found.total_kwh()
    assert total[1] >= total[0] - 1e-9


@given(trip=trips, up_m=heights, down_m=heights)
def test_ways_take_more_uphill_and_never_gain_more_than_an_empty_bus_gets_back(trip, up_m, down_m):
    """Less what the difference of heights is worth, no way gives energy: the bound rests on it."""
    km, seconds = np.array([trip.km]), np.array([trip.seconds])
    climb_m, descent_m = np.array([up_m]), np.array([down_m])

    def way(**slopes):
        return deadhead_energy_kwh(
            trip.bus,
            temperature_c=trip.temperature_c,
            distance_km=km,
            duration_s=seconds,
            **slopes,
        )[0]

    flat = way()
    assert way(climb_m=climb_m) >= flat >= way(descent_m=descent_m)
    worth = recuperation_kwh_per_m(trip.bus, trip.temperature_c) * (up_m - down_m)
    assert way(climb_m=climb_m, descent_m=descent_m) - worth >= -1e-9
