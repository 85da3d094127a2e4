"""The items of a yearly account: one formula each, and the range its figures give it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from viavolta.engines.costs.annuity import annuity_factor, renewal_factor, yearly_cost_eur
from viavolta.engines.costs.investment import (
    depot_works_eur,
    level_for,
    line_cost_eur,
    point_cost_eur,
    transformer_cost_eur,
)
from viavolta.engines.costs.ranges import Figures, Formula, Range, evaluate
from viavolta.engines.costs.system import (
    CostRates,
    DepotCost,
    DieselCost,
    TerminalCost,
    VehicleCost,
)
from viavolta.engines.costs.tariff import EnergyUse, Tariff, cheaper_branch


class Item(StrEnum):
    """The items of a yearly account, in the order they are shown."""

    VEHICLES = "vehicles"
    BATTERIES = "batteries"
    SPARE_VEHICLES = "spare_vehicles"
    CHARGING_POINTS = "charging_points"
    DEPOT_WORKS = "depot_works"
    TERMINAL_POINTS = "terminal_points"
    TERMINAL_WORKS = "terminal_works"
    GRID_CONNECTION = "grid_connection"
    ENERGY = "energy"
    CAPACITY_CHARGE = "capacity_charge"
    FUEL = "fuel"
    MAINTENANCE = "maintenance"
    DEADHEAD_DRIVERS = "deadhead_drivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """One item of a yearly account with its range and the sources of its figures."""

    item: Item
    eur_per_year: float
    min_eur_per_year: float
    max_eur_per_year: float
    source: str


def cost_item(item: Item, formula: Formula, **figures: Figures) -> CostItem:
    """Evaluate an item's formula over the ranges of its figures."""
    result = evaluate(formula, **figures)
    return CostItem(
        item=item,
        eur_per_year=result.value,
        min_eur_per_year=result.low,
        max_eur_per_year=result.high,
        source=result.source,
    )


def fleet_price(types: Sequence[VehicleCost | DieselCost]) -> Range:
    """Add up the buses as one figure: their prices are low together and high together."""
    return evaluate(
        lambda prices: sum(t.count * p for t, p in zip(types, prices, strict=True)),
        prices=tuple(t.purchase_eur for t in types),
    )


def vehicles(types: Sequence[VehicleCost | DieselCost], rates: CostRates) -> CostItem:
    """Buses over their life, without batteries."""
    return cost_item(
        Item.VEHICLES,
        lambda price, interest, life: yearly_cost_eur(price, interest, life_years=life),
        price=fleet_price(types),
        interest=rates.interest_share,
        life=rates.bus_life_years,
    )


def batteries(types: Sequence[VehicleCost], rates: CostRates) -> CostItem:
    """Batteries over the bus's life: the first, and each that follows a worn one."""
    return cost_item(
        Item.BATTERIES,
        lambda **figures: _battery_eur(types, **figures),
        interest=rates.interest_share,
        horizon=rates.bus_life_years,
        **_battery_figures(types, rates),
    )


def spare_vehicles(
    types: Sequence[VehicleCost | DieselCost], batteries: Sequence[VehicleCost], rates: CostRates
) -> CostItem:
    """Spare buses cost what the others cost, batteries included; diesel types bring none."""

    def formula(
        *, price: float, spare: float, interest: float, horizon: float, **battery: Any
    ) -> float:
        buses = yearly_cost_eur(price, interest, life_years=horizon)
        cells = _battery_eur(batteries, interest=interest, horizon=horizon, **battery)
        return spare * (buses + cells)

    return cost_item(
        Item.SPARE_VEHICLES,
        formula,
        price=fleet_price(types),
        spare=rates.spare_vehicle_share,
        interest=rates.interest_share,
        horizon=rates.bus_life_years,
        **_battery_figures(batteries, rates),
    )


def battery_years(life_years: float, life_cycles: float, *, cycles_per_year: float) -> float:
    """Years until a battery is worn, by time or by full cycles, whichever comes first."""
    if cycles_per_year <= 0:
        return life_years
    return min(life_years, life_cycles / cycles_per_year)


def _battery_figures(types: Sequence[VehicleCost], rates: CostRates) -> dict[str, Figures]:
    return {
        "eur_per_kwh": tuple(t.battery_eur_per_kwh for t in types),
        "life_years": tuple(t.battery_life_years for t in types),
        "life_cycles": tuple(t.battery_life_cycles for t in types),
        "change": rates.battery_price_change_share,
    }


def _battery_eur(
    types: Sequence[VehicleCost],
    *,
    interest: float,
    horizon: float,
    eur_per_kwh: tuple[float, ...],
    life_years: tuple[float, ...],
    life_cycles: tuple[float, ...],
    change: float,
) -> float:
    """Yearly cost of all batteries; one figure per type, `horizon` is the bus's life."""
    present_eur = 0.0
    for i, t in enumerate(types):
        years = battery_years(life_years[i], life_cycles[i], cycles_per_year=t.cycles_per_year)
        renewals = renewal_factor(interest, horizon, life_years=years, price_change_share=change)
        present_eur += t.count * t.nominal_capacity_kwh * eur_per_kwh[i] * renewals
    return yearly_cost_eur(present_eur, interest, life_years=horizon)


def charging_points(depots: tuple[DepotCost, ...], rates: CostRates) -> CostItem:
    """Points over their life, and their upkeep."""

    def formula(fixed: float, per_kw: float, interest: float, life: float, upkeep: float) -> float:
        price = sum(
            point_cost_eur(d.n_points, d.point_kw, fixed_eur=fixed, eur_per_kw=per_kw)
            for d in depots
        )
        return price * (annuity_factor(interest, life) + upkeep)

    return cost_item(
        Item.CHARGING_POINTS,
        formula,
        fixed=rates.point_fixed_eur,
        per_kw=rates.point_eur_per_kw,
        interest=rates.interest_share,
        life=rates.point_life_years,
        upkeep=rates.point_maintenance_share,
    )


def depot_works(depots: tuple[DepotCost, ...], rates: CostRates) -> CostItem:
    """Spread the building works at the depots over their life."""

    def formula(per_point: float, most: float, interest: float, life: float) -> float:
        works = sum(
            depot_works_eur(d.n_points, eur_per_point=per_point, max_eur=most) for d in depots
        )
        return yearly_cost_eur(works, interest, life_years=life)

    return cost_item(
        Item.DEPOT_WORKS,
        formula,
        per_point=rates.depot_works_eur_per_point,
        most=rates.depot_works_max_eur,
        interest=rates.interest_share,
        life=rates.depot_works_life_years,
    )


def terminal_points(terminals: tuple[TerminalCost, ...], rates: CostRates) -> CostItem:
    """Points at terminals over their life, and their upkeep."""

    def formula(fixed: float, per_kw: float, interest: float, life: float, upkeep: float) -> float:
        price = sum(
            point_cost_eur(t.n_points, t.point_kw, fixed_eur=fixed, eur_per_kw=per_kw)
            for t in terminals
        )
        return price * (annuity_factor(interest, life) + upkeep)

    return cost_item(
        Item.TERMINAL_POINTS,
        formula,
        fixed=rates.terminal_point_fixed_eur,
        per_kw=rates.terminal_point_eur_per_kw,
        interest=rates.interest_share,
        life=rates.point_life_years,
        upkeep=rates.point_maintenance_share,
    )


def terminal_works(terminals: tuple[TerminalCost, ...], rates: CostRates) -> CostItem:
    """Spread the building works at terminals with points over the life of those at depots."""
    n = sum(1 for terminal in terminals if terminal.n_points)
    return cost_item(
        Item.TERMINAL_WORKS,
        lambda each, interest, life: yearly_cost_eur(n * each, interest, life_years=life),
        each=rates.terminal_works_eur,
        interest=rates.interest_share,
        life=rates.depot_works_life_years,
    )


def grid_connection(depots: tuple[DepotCost | TerminalCost, ...], rates: CostRates) -> CostItem:
    """Cable and contribution over the connection's life, the transformer over its own."""
    built = [d for d in depots if d.connection_kw > 0]
    levels = tuple(level_for(d.connection_kw, rates.connection) for d in built)

    def formula(
        *,
        fixed: tuple[float, ...],
        per_m: tuple[float, ...],
        per_kw: tuple[float, ...],
        t_fixed: tuple[float, ...],
        t_per_kw: tuple[float, ...],
        interest: float,
        life: float,
        t_life: float,
        t_upkeep: float,
    ) -> float:
        line = transformer = 0.0
        for i, depot in enumerate(built):
            line += line_cost_eur(
                depot.connection_kw,
                levels[i].length_m if depot.cable_m is None else depot.cable_m,
                fixed_eur=fixed[i],
                cable_eur_per_m=per_m[i],
                power_eur_per_kw=per_kw[i],
            )
            transformer += transformer_cost_eur(
                depot.connection_kw, t_fixed[i], transformer_eur_per_kw=t_per_kw[i]
            )
        return yearly_cost_eur(line, interest, life_years=life) + transformer * (
            annuity_factor(interest, t_life) + t_upkeep
        )

    return cost_item(
        Item.GRID_CONNECTION,
        formula,
        fixed=tuple(level.fixed_eur for level in levels),
        per_m=tuple(level.cable_eur_per_m for level in levels),
        per_kw=tuple(level.power_eur_per_kw for level in levels),
        t_fixed=tuple(level.transformer_fixed_eur for level in levels),
        t_per_kw=tuple(level.transformer_eur_per_kw for level in levels),
        interest=rates.interest_share,
        life=rates.connection_life_years,
        t_life=rates.transformer_life_years,
        t_upkeep=rates.transformer_maintenance_share,
    )


def energy(uses: tuple[EnergyUse, ...], tariff: Tariff) -> CostItem:
    """Add up all that is paid per kWh, each connection under its cheaper branch of the grid fee."""

    def formula(wholesale: float, surcharges: tuple[float, ...], grid: tuple[float, ...]) -> float:
        return sum(
            use.wholesale_eur * wholesale + use.energy_kwh * (sum(surcharges) + grid[i])
            for i, use in enumerate(uses)
        )

    return cost_item(
        Item.ENERGY,
        formula,
        wholesale=tariff.wholesale_factor,
        surcharges=(
            tariff.tax_eur_per_kwh,
            tariff.concession_eur_per_kwh,
            tariff.levies_eur_per_kwh,
            tariff.supplier_margin_eur_per_kwh,
        ),
        grid=tuple(cheaper_branch(use, tariff).energy_eur_per_kwh for use in uses),
    )


def capacity_charge(uses: tuple[EnergyUse, ...], tariff: Tariff) -> CostItem:
    """Grid fee for the highest power of the year at each connection."""
    return cost_item(
        Item.CAPACITY_CHARGE,
        lambda prices: sum(p * use.peak_kw for p, use in zip(prices, uses, strict=True)),
        prices=tuple(cheaper_branch(use, tariff).capacity_eur_per_kw for use in uses),
    )


def fuel(types: Sequence[DieselCost], rates: CostRates) -> CostItem:
    """Diesel of a year."""
    return cost_item(
        Item.FUEL,
        lambda price, use: price * diesel_litres(types, use),
        price=rates.diesel_eur_per_l,
        use=tuple(t.litres_per_100km for t in types),
    )


def heater_fuel(litres_per_year: float, rates: CostRates) -> CostItem:
    """Diesel that battery buses burn to heat the cabin."""
    return cost_item(Item.FUEL, lambda price: price * litres_per_year, price=rates.diesel_eur_per_l)


def diesel_litres(types: Sequence[DieselCost], litres_per_100km: tuple[float, ...]) -> float:
    """Litres of diesel that the buses burn in a year; one consumption per type."""
    pairs = zip(types, litres_per_100km, strict=True)
    return sum(t.km_per_year * litres / 100 for t, litres in pairs)


def maintenance(km: float, rate: Range) -> CostItem:
    """Upkeep of the buses by the kilometres they run, deadheads included."""
    return cost_item(Item.MAINTENANCE, lambda rate: rate * km, rate=rate)


def deadhead_drivers(hours: float, rates: CostRates) -> CostItem:
    """Drivers' time on ways without passengers."""
    return cost_item(Item.DEADHEAD_DRIVERS, lambda rate: rate * hours, rate=rates.driver_eur_per_h)
