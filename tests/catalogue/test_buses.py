"""The catalogue of buses and climates: complete, sourced, inside its own ranges."""

import numpy as np
import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.assumptions import catalogue_figures
from viavolta.catalogue.bus_types import SUBJECTS, bus_type, bus_type_names, bus_types
from viavolta.catalogue.climates import SUBJECT, climate_places, nearest_climate
from viavolta.engines.energy.climate import COOLING_LIMIT_C, HEATING_LIMIT_C
from viavolta.model.errors import InputError, UsageError
from viavolta.model.vehicle import Heating


def test_two_battery_sizes_for_each_length():
    """Six types: 9, 12 and 18 m, each with a smaller and a larger battery."""
    types = bus_types(Assumptions(SUBJECTS))
    assert [t.length_m for t in types] == [9, 9, 12, 12, 18, 18]
    for smaller, larger in zip(types[::2], types[1::2], strict=True):
        assert smaller.nominal_capacity_kwh < larger.nominal_capacity_kwh
        assert smaller.kerb_mass_kg < larger.kerb_mass_kg


@pytest.mark.parametrize("subject", ["buses", "energy", "climates"])
def test_every_figure_has_unit_source_and_a_range_that_holds_it(subject):
    """No figure without unit and source; a range contains its value; judgement says so."""
    for figure in catalogue_figures(subject).values():
        assert figure.unit, figure.key
        assert figure.source, figure.key
        if figure.minimum is not None and figure.maximum is not None:
            assert figure.minimum <= figure.value <= figure.maximum, figure.key
        if figure.status in {"verified", "secondary"}:
            assert figure.url.startswith("https://"), figure.key
        else:
            assert figure.source == "engineering judgement", figure.key


@pytest.mark.parametrize("subject", ["buses", "energy"])
def test_no_figure_goes_unused(subject):
    """What the catalogue offers for a bus type is read when the type is built, or by the costs."""
    assumptions = Assumptions(SUBJECTS)
    bus_types(assumptions)
    used = {figure.key for figure in assumptions.used()}
    elsewhere = ("battery_life", "diesel_", "elevation_noise_m")
    unused = [
        key
        for key in catalogue_figures(subject)
        if key not in used and not any(word in key for word in elsewhere)
    ]
    assert unused == []


def test_climate_and_buses_agree_on_the_comfort_limits():
    """Design days are weighted with the limits at which the catalogue's buses heat and cool."""
    bus = bus_type(Assumptions(SUBJECTS), "bus_12m_350")
    assert (bus.heating_from_c, bus.cooling_from_c) == (HEATING_LIMIT_C, COOLING_LIMIT_C)


def test_only_the_asked_type_counts_as_used():
    """A study with one bus type lists that type's figures and no other's."""
    assumptions = Assumptions(SUBJECTS)
    bus_type(assumptions, "bus_9m_220")
    keys = [figure.key for figure in assumptions.used()]
    assert "buses.bus_9m_220.capacity_kwh" in keys
    assert not any("18m" in key or "12m" in key or "bus_9m_350" in key for key in keys)


def test_planned_capacity_leaves_the_ageing_reserve():
    """The window lies in 80 % of the nominal capacity; a new battery is paid in full."""
    bus = bus_type(Assumptions(SUBJECTS), "bus_12m_480")
    assert bus.nominal_capacity_kwh == 480
    assert bus.capacity_kwh == pytest.approx(384)
    assert bus.soc_min_kwh == pytest.approx(38.4)
    assert bus.soc_max_kwh == pytest.approx(364.8)


@pytest.mark.parametrize("name", bus_type_names(Assumptions(SUBJECTS)))
def test_charge_curve_is_a_plateau_and_a_taper(name):
    """Full power first, never more than the plug's, falling above 70 % state of charge."""
    bus = bus_type(Assumptions(SUBJECTS), name)
    assert bus.charge_curve_kw[0] == bus.max_charge_kw == bus.charge_curve_kw.max()
    assert (np.diff(bus.charge_curve_kw) <= 0).all()
    assert bus.charge_curve_soc[bus.charge_curve_kw == bus.max_charge_kw].max() > 0.7
    assert bus.charge_curve_kw[-1] == pytest.approx(0.05 * bus.capacity_kwh)


def test_the_cut_of_the_charge_curve_has_its_corner():
    """Straight lines between the points give the cut curve exactly, between points too."""
    bus = bus_type(Assumptions(SUBJECTS), "bus_18m_400")
    soc = np.linspace(0, 1, 301)
    uncut_kw = bus.capacity_kwh * np.interp(soc, [0, 0.8, 0.9, 1], [1.125, 0.74, 0.525, 0.05])
    curve_kw = np.interp(soc, bus.charge_curve_soc, bus.charge_curve_kw)
    np.testing.assert_allclose(curve_kw, np.minimum(uncut_kw, 250.0), rtol=1e-9)


def test_the_users_own_figures_count():
    """A replaced figure is used and marked as the user's."""
    assumptions = Assumptions(SUBJECTS)
    assumptions.replace(
        {"buses.all.heating": "fuel", "buses.bus_12m_350.capacity_kwh": 300.0}, file="my.toml"
    )
    bus = bus_type(assumptions, "bus_12m_350")
    assert bus.heating is Heating.FUEL
    assert bus.nominal_capacity_kwh == 300.0
    assert assumptions.figure("buses.all.heating").status == "user"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("buses.all.heating", "wood"),
        ("buses.all.drive_efficiency", 0.0),
        ("buses.all.drive_efficiency", float("nan")),
        ("buses.all.charge_efficiency", 1.2),
        ("buses.all.soc_min_share", 0.99),
        ("buses.all.cooling_cop", 0.0),
        ("buses.bus_12m_350.kerb_mass_kg", -5.0),
        ("buses.bus_12m_350.capacity_kwh", float("inf")),
        ("buses.bus_12m_350.max_charge_kw", 0.0),
        ("buses.bus_12m_350.size", "40m"),
        ("energy.end_of_life_capacity_share", 1.5),
        ("energy.acceleration_m_s2", 0.0),
        ("energy.traffic_stops_per_h", -1.0),
    ],
)
def test_impossible_buses_are_refused(key, value):
    """Figures that make no bus are an input error, not a crash and not a plan."""
    assumptions = Assumptions(SUBJECTS)
    assumptions.replace({key: value}, file="my.toml")
    with pytest.raises(InputError) as caught:
        bus_type(assumptions, "bus_12m_350")
    assert caught.value.code == "config-impossible-bus"


@pytest.mark.parametrize(
    "curve",
    ["0-100", "", "0:1", "0:1 1:0", "1:1 0:1", "0:x 1:1", "0:1 1", "0:1 0.9:1", "0:nan 1:1"],
)
def test_charge_curves_that_are_none_are_refused(curve):
    """The field and its value are named."""
    assumptions = Assumptions(SUBJECTS)
    assumptions.replace({"buses.all.charge_curve": curve}, file="my.toml")
    with pytest.raises(InputError) as caught:
        bus_type(assumptions, "bus_12m_350")
    assert caught.value.code == "config-charge-curve"
    assert caught.value.where.field == "buses.all.charge_curve"
    assert caught.value.expected


@pytest.mark.parametrize(
    ("curve", "low", "high"), [("0:1 1:2", "0", "1"), ("0:1 0.5:0.5 0.7:0.6 1:0.1", "0.5", "0.7")]
)
def test_a_charge_curve_that_rises_says_where(curve, low, high):
    """Power that grows with the charge is no curve to plan with, below the most power too."""
    assumptions = Assumptions(SUBJECTS)
    assumptions.replace({"buses.all.charge_curve": curve}, file="my.toml")
    with pytest.raises(InputError) as caught:
        bus_type(assumptions, "bus_12m_350")
    assert f"from soc {low} to {high}" in caught.value.message


def test_an_unknown_type_is_refused_with_the_known_ones():
    """A wrong name tells the right ones."""
    with pytest.raises(UsageError) as caught:
        bus_type(Assumptions(SUBJECTS), "bus_24m")
    assert caught.value.code == "unknown-bus-type"
    assert "bus_12m_350" in (caught.value.expected or "")


def test_climates_are_whole_years_in_order():
    """Every place has 365 days, and its days are ordered from cold to hot."""
    assumptions = Assumptions([SUBJECT])
    assert len(climate_places(assumptions)) >= 12
    for place in climate_places(assumptions):
        lat, lon = (assumptions.number(f"climates.{place}.{axis}") for axis in ("lat", "lon"))
        days = nearest_climate(assumptions, lat, lon)
        assert days.source.startswith("climate of ")
        assert ", 0 km away" in days.source
        assert days.days_winter + days.days_mean + days.days_summer == pytest.approx(365, abs=0.2)
        assert days.winter_design_c < days.winter_c < days.mean_c < days.summer_c
        assert days.summer_c < days.summer_design_c + 2.0


@pytest.mark.parametrize(
    ("lat", "lon", "place"),
    [
        (43.73, 7.42, "nice"),
        (56.95, 24.1, "riga"),
        (46.07, 11.12, "trento"),
        (60.2, 24.9, "helsinki"),
    ],
)
def test_the_nearest_climate_is_used_alone(lat, lon, place):
    """Only the figures of the nearest place are listed as used."""
    assumptions = Assumptions([SUBJECT])
    nearest_climate(assumptions, lat, lon)
    assert {figure.key.split(".")[1] for figure in assumptions.used()} == {place}


def test_days_that_make_no_year_are_refused():
    """The user's own days of a place must add up to a year."""
    assumptions = Assumptions([SUBJECT])
    assumptions.replace({"climates.riga.days_winter": 100.0}, file="my.toml")
    with pytest.raises(InputError) as caught:
        nearest_climate(assumptions, 56.95, 24.1)
    assert caught.value.code == "config-climate-days"
