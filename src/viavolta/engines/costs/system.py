"""A bus system as far as it costs money, and the prices and lives its account rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.investment import ConnectionRates, connection_rates
from viavolta.engines.costs.ranges import Range, figure_range
from viavolta.engines.costs.tariff import EnergyUse


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleCost:
    """The battery buses of one type.

    `purchase_eur` is a bus without battery, and a new battery costs `nominal_capacity_kwh` times
    its price per kWh; `battery_kwh_per_year` is what all buses of the type
    take out of their batteries in a year, from which the age in full cycles follows.
    """

    count: int
    purchase_eur: Range
    nominal_capacity_kwh: float
    battery_eur_per_kwh: Range
    battery_life_years: Range
    battery_life_cycles: Range
    battery_kwh_per_year: float

    @property
    def cycles_per_year(self) -> float:
        """Full cycles of each battery in a year."""
        fleet_kwh = self.count * self.nominal_capacity_kwh
        return self.battery_kwh_per_year / fleet_kwh if fleet_kwh > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotCost:
    """What is built at one depot; without `cable_m` the usual length at the grid level counts."""

    n_points: int
    point_kw: float
    connection_kw: float
    cable_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalCost:
    """What is built at one terminal; nothing where it has no points. `cable_m` as at depots."""

    n_points: int
    point_kw: float
    connection_kw: float
    cable_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSystem:
    """A planned electric bus system, as far as it costs money.

    `energy_use` holds one year per connection; `heater_litres_per_year` is the diesel of fuel
    heaters, zero where heating is electric.
    """

    vehicles: Mapping[str, VehicleCost]
    depots: tuple[DepotCost, ...]
    energy_use: tuple[EnergyUse, ...]
    service_km_per_year: float
    deadhead_km_per_year: float
    deadhead_h_per_year: float
    heater_litres_per_year: float = 0.0
    terminals: tuple[TerminalCost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DieselCost:
    """The diesel buses of one type: `km_per_year` of all of them, deadheads included."""

    count: int
    purchase_eur: Range
    km_per_year: float
    litres_per_100km: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class DieselSystem:
    """Diesel buses for the same served trips; the count is the fleet without energy limit."""

    vehicles: Mapping[str, DieselCost]
    deadhead_h_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRates:
    """The prices and lives that both accounts rest on."""

    interest_share: Range
    bus_life_years: Range
    spare_vehicle_share: Range
    battery_price_change_share: Range
    point_fixed_eur: Range
    point_eur_per_kw: Range
    terminal_point_fixed_eur: Range
    terminal_point_eur_per_kw: Range
    terminal_works_eur: Range
    point_life_years: Range
    point_maintenance_share: Range
    depot_works_eur_per_point: Range
    depot_works_max_eur: Range
    depot_works_life_years: Range
    connection_life_years: Range
    transformer_life_years: Range
    transformer_maintenance_share: Range
    maintenance_electric_eur_per_km: Range
    maintenance_diesel_eur_per_km: Range
    driver_eur_per_h: Range
    diesel_eur_per_l: Range
    connection: tuple[ConnectionRates, ...]


def cost_rates(assumptions: Assumptions) -> CostRates:
    """Read the rates that the catalogue or the user's configuration gives (`costs.` keys)."""
    names = [name for name in CostRates.__slots__ if name != "connection"]
    ranges = {name: figure_range(assumptions, f"costs.{name}") for name in names}
    return CostRates(connection=connection_rates(assumptions), **ranges)


def vehicle_cost(
    assumptions: Assumptions, vehicle_type: str, *, count: int, battery_kwh_per_year: float
) -> VehicleCost:
    """Read what the buses of one catalogue type cost (`buses.` keys)."""
    own = f"buses.{vehicle_type}"
    return VehicleCost(
        count=count,
        purchase_eur=figure_range(assumptions, f"{own}.purchase_eur"),
        nominal_capacity_kwh=assumptions.number(f"{own}.capacity_kwh"),
        battery_eur_per_kwh=figure_range(assumptions, "buses.all.battery_eur_per_kwh"),
        battery_life_years=figure_range(assumptions, "buses.all.battery_life_years"),
        battery_life_cycles=figure_range(assumptions, "buses.all.battery_life_cycles"),
        battery_kwh_per_year=battery_kwh_per_year,
    )


def diesel_cost(
    assumptions: Assumptions, size: str, *, count: int, km_per_year: float
) -> DieselCost:
    """Read what diesel buses of a size class (`9m`, `12m`, `18m`) cost and burn."""
    return DieselCost(
        count=count,
        purchase_eur=figure_range(assumptions, f"costs.diesel_bus_{size}_eur"),
        km_per_year=km_per_year,
        litres_per_100km=figure_range(assumptions, f"buses.diesel_{size}.consumption_l_per_100km"),
    )
