"""Well-to-wheel emissions and production."""

import pytest

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.carbon import (
    CarbonItem,
    CarbonSource,
    carbon_countries,
    carbon_rates,
    diesel_carbon,
    electric_carbon,
    electricity_carbon,
    use_phase_t_per_year,
)
from viavolta.engines.costs.ranges import exact
from viavolta.engines.costs.system import DieselCost, VehicleCost
from viavolta.model.errors import InputError

ASSUMPTIONS = Assumptions(["carbon", "costs"])

BUS = VehicleCost(
    count=10,
    purchase_eur=exact(0),
    nominal_capacity_kwh=350,
    battery_eur_per_kwh=exact(0),
    battery_life_years=exact(7),
    battery_life_cycles=exact(3000),
    battery_kwh_per_year=700_000,
)


def diesel_bus(litres_per_100km: float, km: float) -> DieselCost:
    return DieselCost(
        count=10,
        purchase_eur=exact(0),
        km_per_year=km,
        litres_per_100km=exact(litres_per_100km),
    )


def tonnes(items: tuple[CarbonItem, ...]) -> dict[CarbonSource, float]:
    return {item.item: item.t_per_year for item in items}


def test_diesel_well_to_wheel_golden() -> None:
    """Danish city bus 11.015 MJ/km, 35.8 MJ/l, DEFRA 3.19747 kg/l: 0.9838 kg/km."""
    rates = carbon_rates(ASSUMPTIONS, None)
    bus = diesel_bus(100 * 11.015 / 35.8, km=1000)
    items = tonnes(diesel_carbon((bus,), rates, fleet_length_m=120))
    assert items[CarbonSource.DIESEL] == pytest.approx(0.9838, abs=1e-3)


def test_electricity_by_hand() -> None:
    """1 GWh in Latvia: 123.2 g/kWh at the station, 6.3 % lost on the way, 131.5 t."""
    rates = carbon_rates(ASSUMPTIONS, "LV")
    items = electric_carbon(1e6, rates, vehicles=(BUS,), fleet_length_m=120)
    assert tonnes(items)[CarbonSource.ELECTRICITY] == pytest.approx(131.48, abs=0.01)
    assert use_phase_t_per_year(items) == tonnes(items)[CarbonSource.ELECTRICITY]


def test_fuel_heaters_count_in_the_use_phase() -> None:
    """1,000 l of diesel for heating are 3.197 t."""
    rates = carbon_rates(ASSUMPTIONS, None)
    items = electric_carbon(
        0, rates, vehicles=(BUS,), fleet_length_m=120, heater_litres_per_year=1000
    )
    assert use_phase_t_per_year(items) == pytest.approx(3.19747)


def test_production_by_hand() -> None:
    """Ten 12 m buses: 795 t over 14 years; two batteries each: 7,000 kWh x 83 kg over 14 years."""
    rates = carbon_rates(ASSUMPTIONS, None)
    items = tonnes(electric_carbon(0, rates, vehicles=(BUS,), fleet_length_m=120))
    assert items[CarbonSource.VEHICLE_PRODUCTION] == pytest.approx(795 / 14)
    assert items[CarbonSource.BATTERY_PRODUCTION] == pytest.approx(7000 * 0.083 / 14)
    longer = tonnes(electric_carbon(0, rates, vehicles=(), fleet_length_m=180))
    assert longer[CarbonSource.VEHICLE_PRODUCTION] == pytest.approx(1.5 * 795 / 14)
    assert longer[CarbonSource.BATTERY_PRODUCTION] == 0


def test_each_value_lies_in_its_range() -> None:
    """The mean of the EU spans its member states."""
    rates = carbon_rates(ASSUMPTIONS, None)
    items = electric_carbon(1e6, rates, vehicles=(BUS,), fleet_length_m=120)
    for item in items + diesel_carbon((diesel_bus(35, 1e6),), rates, fleet_length_m=120):
        assert item.min_t_per_year <= item.t_per_year <= item.max_t_per_year
        assert item.source
    assert items[0].max_t_per_year > 2 * items[0].t_per_year


@pytest.mark.parametrize("code", ["GR", "gr", "EL", "el"])
def test_country_codes_of_the_union_are_understood(code: str) -> None:
    """The European Union writes EL for Greece and UK for the United Kingdom."""
    assert electricity_carbon(ASSUMPTIONS, code).value == 336.574


def test_no_country_is_the_mean_of_the_union() -> None:
    """EEA: 58 % below 510 g/kWh."""
    assert electricity_carbon(ASSUMPTIONS, None).value == pytest.approx(510 * 0.42, abs=1)


def test_a_figure_of_the_user_goes_before_the_country() -> None:
    """A contract for green power is known better than the country's mix."""
    own = Assumptions(["carbon"])
    own.replace({"carbon.electricity_g_per_kwh": 20.0}, file="own.toml")
    assert electricity_carbon(own, "PL").value == 20


@pytest.mark.parametrize("code", ["MC", "XX", "Italy", "", "<script>"])
def test_an_unknown_country_is_refused(code: str) -> None:
    """The error lists the countries there are."""
    with pytest.raises(InputError) as caught:
        electricity_carbon(ASSUMPTIONS, code)
    assert caught.value.code == "unknown-country"
    assert "IT" in (caught.value.expected or "")


def test_only_the_country_asked_for_counts_as_used() -> None:
    """The study lists the figure it rests on, not the whole table."""
    own = Assumptions(["carbon"])
    electricity_carbon(own, "DE")
    assert [figure.key for figure in own.used()] == ["carbon.country_g_per_kwh.de"]
    assert len(carbon_countries(own)) == 32
