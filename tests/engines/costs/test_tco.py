"""The yearly accounts of battery and diesel buses."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.items import Item, battery_years
from viavolta.engines.costs.ranges import exact
from viavolta.engines.costs.system import (
    BusSystem,
    CostRates,
    DepotCost,
    DieselCost,
    DieselSystem,
    VehicleCost,
    cost_rates,
    diesel_cost,
    vehicle_cost,
)
from viavolta.engines.costs.tariff import EnergyUse, catalogue_tariff
from viavolta.engines.costs.tco import (
    Account,
    depot_investment_eur,
    total_eur_per_year,
    yearly_costs_diesel,
    yearly_costs_electric,
)

ASSUMPTIONS = Assumptions(["costs", "tariffs", "buses"])
RATES = cost_rates(ASSUMPTIONS)
TARIFF = catalogue_tariff(ASSUMPTIONS)
CAPITAL = {
    Item.VEHICLES,
    Item.BATTERIES,
    Item.SPARE_VEHICLES,
    Item.CHARGING_POINTS,
    Item.DEPOT_WORKS,
    Item.GRID_CONNECTION,
}


def system(scale: int = 1, *, kw: float = 1000) -> BusSystem:
    """Ten buses of two types each at a depot, times a scale (as many depots)."""
    return BusSystem(
        vehicles={
            "long": VehicleCost(
                count=4 * scale,
                purchase_eur=exact(600_000),
                nominal_capacity_kwh=588,
                battery_eur_per_kwh=exact(250),
                battery_life_years=exact(7),
                battery_life_cycles=exact(3000),
                battery_kwh_per_year=500_000 * scale,
            ),
            "solo": VehicleCost(
                count=6 * scale,
                purchase_eur=exact(420_000),
                nominal_capacity_kwh=350,
                battery_eur_per_kwh=exact(250),
                battery_life_years=exact(7),
                battery_life_cycles=exact(3000),
                battery_kwh_per_year=500_000 * scale,
            ),
        },
        depots=(DepotCost(n_points=10, point_kw=100, connection_kw=kw, cable_m=200),) * scale,
        energy_use=(EnergyUse(energy_kwh=1.1e6, peak_kw=500, wholesale_eur=90_000),) * scale,
        service_km_per_year=600_000 * scale,
        deadhead_km_per_year=60_000 * scale,
        deadhead_h_per_year=2400 * scale,
    )


def diesel(scale: int = 1) -> DieselSystem:
    return DieselSystem(
        vehicles={
            "12m": DieselCost(
                count=6 * scale,
                purchase_eur=exact(275_000),
                km_per_year=400_000 * scale,
                litres_per_100km=exact(35),
            )
        },
        deadhead_h_per_year=2000 * scale,
    )


def by_item(account: Account) -> dict[Item, float]:
    return {item.item: item.eur_per_year for item in account}


def known_rates(**changes: float) -> CostRates:
    return dataclasses.replace(RATES, **{name: exact(value) for name, value in changes.items()})


def test_electric_account_by_hand() -> None:
    """Each item computed on paper at 4 %: a14 = 0.0946690, a20 = 0.0735818, a50 = 0.0465502."""
    items = by_item(yearly_costs_electric(system(), RATES, tariff=TARIFF))
    buses_eur = 4 * 600_000 + 6 * 420_000
    batteries_eur = (4 * 588 + 6 * 350) * 250 * (1 + (0.97 / 1.04) ** 7)
    assert items[Item.VEHICLES] == pytest.approx(buses_eur * 0.0946690, rel=1e-5)
    assert items[Item.BATTERIES] == pytest.approx(batteries_eur * 0.0946690, rel=1e-5)
    assert items[Item.SPARE_VEHICLES] == pytest.approx(
        0.1 * (buses_eur + batteries_eur) * 0.0946690, rel=1e-5
    )
    assert items[Item.CHARGING_POINTS] == pytest.approx(
        10 * (9_600 + 73_500) * (0.0735818 + 0.02), rel=1e-5
    )
    assert items[Item.DEPOT_WORKS] == pytest.approx(800_000 * 0.0735818, rel=1e-5)
    assert items[Item.GRID_CONNECTION] == pytest.approx(
        333_300 * 0.0465502 + 80_000 * (0.0735818 + 0.02), rel=1e-5
    )
    assert items[Item.MAINTENANCE] == pytest.approx(660_000 * 0.35)
    assert items[Item.DEADHEAD_DRIVERS] == pytest.approx(60_000)


def test_energy_items_add_up_to_the_bill() -> None:
    """1.1 GWh at 500 kW is 2,200 h: short use, 90,000 + 1.1e6 x (0.04604 + 0.0859), 8,265 EUR."""
    items = by_item(yearly_costs_electric(system(), RATES, tariff=TARIFF))
    assert items[Item.ENERGY] == pytest.approx(90_000 + 1.1e6 * (0.04604 + 0.0859))
    assert items[Item.CAPACITY_CHARGE] == pytest.approx(8_265)


def test_fuel_heaters_cost_fuel() -> None:
    """5,000 l at 1.50 EUR beside the electricity; none where heating is electric."""
    heated = dataclasses.replace(system(), heater_litres_per_year=5000)
    items = by_item(yearly_costs_electric(heated, RATES, tariff=TARIFF))
    assert items[Item.FUEL] == pytest.approx(7_500)
    assert by_item(yearly_costs_electric(system(), RATES, tariff=TARIFF))[Item.FUEL] == 0


def test_diesel_account_by_hand() -> None:
    """140,000 l at 1.50 EUR, 400,000 km at 0.45 EUR, 2,000 h at 25 EUR, six buses over 14 years."""
    items = by_item(yearly_costs_diesel(diesel(), RATES))
    assert items[Item.FUEL] == pytest.approx(210_000)
    assert items[Item.MAINTENANCE] == pytest.approx(180_000)
    assert items[Item.DEADHEAD_DRIVERS] == pytest.approx(50_000)
    assert items[Item.VEHICLES] == pytest.approx(6 * 275_000 * 0.0946690, rel=1e-5)
    assert items[Item.SPARE_VEHICLES] == pytest.approx(items[Item.VEHICLES] / 10)


@given(st.integers(2, 50))
@settings(max_examples=20)
def test_costs_scale_with_the_system(scale: int) -> None:
    """As many depots, buses and kilometres cost as many times as much, item by item."""
    one = by_item(yearly_costs_electric(system(), RATES, tariff=TARIFF))
    many = by_item(yearly_costs_electric(system(scale), RATES, tariff=TARIFF))
    assert many == pytest.approx({item: scale * eur for item, eur in one.items()})
    one = by_item(yearly_costs_diesel(diesel(), RATES))
    many = by_item(yearly_costs_diesel(diesel(scale), RATES))
    assert many == pytest.approx({item: scale * eur for item, eur in one.items()})


def test_each_value_lies_in_its_range_and_names_its_source() -> None:
    """Nothing is below its least or above its greatest, and nothing is without source."""
    for item in (
        *yearly_costs_electric(system(), RATES, tariff=TARIFF),
        *yearly_costs_diesel(diesel(), RATES),
    ):
        assert item.min_eur_per_year <= item.eur_per_year <= item.max_eur_per_year
        assert item.source


def test_a_range_is_what_one_figure_does() -> None:
    """The dearest maintenance is the value itself, the cheapest is 0.224 EUR per km."""
    account = yearly_costs_electric(system(), RATES, tariff=TARIFF)
    upkeep = next(item for item in account if item.item is Item.MAINTENANCE)
    assert upkeep.min_eur_per_year == pytest.approx(660_000 * 0.224)
    assert upkeep.max_eur_per_year == upkeep.eur_per_year


@given(st.floats(0, 0.3), st.floats(0, 0.3), st.floats(8, 16), st.floats(-0.05, 0))
@settings(max_examples=50)
def test_more_interest_never_lowers_a_capital_item(
    a: float, b: float, life: float, change: float
) -> None:
    """Also for batteries, whose later purchases are discounted more."""
    low, high = (
        by_item(
            yearly_costs_electric(
                system(),
                known_rates(
                    interest_share=i, bus_life_years=life, battery_price_change_share=change
                ),
                tariff=TARIFF,
            )
        )
        for i in sorted((a, b))
    )
    for item in CAPITAL:
        assert low[item] <= high[item] * (1 + 1e-9)


def test_a_hard_worked_battery_is_bought_more_often() -> None:
    """1,000 cycles a year wear 3,000 cycles in three years: five batteries in 14 years, not two."""
    tired = dataclasses.replace(
        system(),
        vehicles={
            name: dataclasses.replace(
                bus, battery_kwh_per_year=1000 * bus.count * bus.nominal_capacity_kwh
            )
            for name, bus in system().vehicles.items()
        },
    )
    easy = by_item(yearly_costs_electric(system(), known_rates(interest_share=0), tariff=TARIFF))
    hard = by_item(yearly_costs_electric(tired, known_rates(interest_share=0), tariff=TARIFF))
    prices = [0.97 ** (3 * k) for k in range(5)]
    assert hard[Item.BATTERIES] / easy[Item.BATTERIES] == pytest.approx(sum(prices) / (1 + 0.97**7))


@pytest.mark.parametrize(
    ("cycles_per_year", "years"), [(0, 7), (100, 7), (3000 / 7, 7), (600, 5), (3000, 1)]
)
def test_battery_life_is_the_shorter_of_time_and_cycles(
    cycles_per_year: float, years: float
) -> None:
    """7 years or 3,000 cycles."""
    assert battery_years(7, 3000, cycles_per_year=cycles_per_year) == pytest.approx(years)


def test_a_depot_without_connection_is_free() -> None:
    """No points and no power: nothing built, nothing paid."""
    idle = DepotCost(n_points=0, point_kw=0, connection_kw=0)
    empty = dataclasses.replace(system(), depots=(idle,), vehicles={}, energy_use=())
    items = by_item(yearly_costs_electric(empty, RATES, tariff=TARIFF))
    assert {item for item, eur in items.items() if eur} == {
        Item.MAINTENANCE,
        Item.DEADHEAD_DRIVERS,
    }
    assert depot_investment_eur(idle, RATES) == 0


def test_depot_investment_by_hand() -> None:
    """10 points of 100 kW, works, 1 MW at 200 m: 831,000 + 800,000 + 413,300 EUR."""
    assert depot_investment_eur(system().depots[0], RATES) == pytest.approx(2_044_300)


def test_total_is_the_sum() -> None:
    """The account adds up."""
    account = yearly_costs_diesel(diesel(), RATES)
    assert total_eur_per_year(account) == pytest.approx(sum(by_item(account).values()))


@pytest.mark.parametrize("size", ["9m", "12m", "18m"])
def test_catalogue_buses_have_costs(size: str) -> None:
    """Diesel buses of each size and the battery buses of the catalogue can be costed."""
    bus = diesel_cost(ASSUMPTIONS, size, count=3, km_per_year=1e5)
    assert bus.purchase_eur.low < bus.purchase_eur.value < bus.purchase_eur.high
    assert 10 < bus.litres_per_100km.value < 80
    electric = vehicle_cost(ASSUMPTIONS, "bus_12m_350", count=3, battery_kwh_per_year=1e5)
    assert electric.nominal_capacity_kwh == 350
    assert electric.cycles_per_year == pytest.approx(1e5 / 1050)
