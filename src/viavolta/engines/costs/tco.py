"""Yearly costs of a bus system, battery or diesel, item by item.

Capital items are annuities over the part's life at one interest rate, in the money of today.
Drivers' time in service, insurance, ticketing and value added tax are the same for both kinds of
bus or unknown, and left out; so is the refuelling site of a diesel depot, which stands already.
Each item carries the range that its figures' published extremes give, one figure at a time.
"""

from viavolta.engines.costs import items
from viavolta.engines.costs.investment import (
    connection_cost_eur,
    depot_works_eur,
    point_cost_eur,
)
from viavolta.engines.costs.system import (
    BusSystem,
    CostRates,
    DepotCost,
    DieselSystem,
    TerminalCost,
)
from viavolta.engines.costs.tariff import Tariff

Account = tuple[items.CostItem, ...]
"""A year's costs, item by item."""


def yearly_costs_electric(system: BusSystem, rates: CostRates, *, tariff: Tariff) -> Account:
    """Yearly account of battery buses; energy under the cheaper branch of the grid fee."""
    types = [system.vehicles[name] for name in sorted(system.vehicles)]
    km = system.service_km_per_year + system.deadhead_km_per_year
    return (
        items.vehicles(types, rates),
        items.batteries(types, rates),
        items.spare_vehicles(types, types, rates),
        items.charging_points(system.depots, rates),
        items.depot_works(system.depots, rates),
        *_at_terminals(system, rates),
        items.grid_connection((*system.depots, *system.terminals), rates),
        items.energy(system.energy_use, tariff),
        items.capacity_charge(system.energy_use, tariff),
        items.heater_fuel(system.heater_litres_per_year, rates),
        items.maintenance(km, rates.maintenance_electric_eur_per_km),
        items.deadhead_drivers(system.deadhead_h_per_year, rates),
    )


def _at_terminals(system: BusSystem, rates: CostRates) -> Account:
    """Points and works at terminals; no items where there are none."""
    if not any(terminal.n_points for terminal in system.terminals):
        return ()
    return (
        items.terminal_points(system.terminals, rates),
        items.terminal_works(system.terminals, rates),
    )


def yearly_costs_diesel(system: DieselSystem, rates: CostRates) -> Account:
    """Yearly account of diesel buses on the same served trips."""
    types = [system.vehicles[name] for name in sorted(system.vehicles)]
    km = sum(t.km_per_year for t in types)
    return (
        items.vehicles(types, rates),
        items.spare_vehicles(types, (), rates),
        items.fuel(types, rates),
        items.maintenance(km, rates.maintenance_diesel_eur_per_km),
        items.deadhead_drivers(system.deadhead_h_per_year, rates),
    )


def total_eur_per_year(account: Account) -> float:
    """Sum of a yearly account."""
    return sum(item.eur_per_year for item in account)


def depot_investment_eur(depot: DepotCost, rates: CostRates) -> float:
    """Add up what points, works and connection of one depot cost to build."""
    points = point_cost_eur(
        depot.n_points,
        depot.point_kw,
        fixed_eur=rates.point_fixed_eur.value,
        eur_per_kw=rates.point_eur_per_kw.value,
    )
    works = depot_works_eur(
        depot.n_points,
        eur_per_point=rates.depot_works_eur_per_point.value,
        max_eur=rates.depot_works_max_eur.value,
    )
    connection = connection_cost_eur(depot.connection_kw, rates.connection, length_m=depot.cable_m)
    return points + works + connection


def terminal_investment_eur(terminal: TerminalCost, rates: CostRates) -> float:
    """Add up what points, works and connection of one terminal cost to build."""
    if not terminal.n_points:
        return 0.0
    points = point_cost_eur(
        terminal.n_points,
        terminal.point_kw,
        fixed_eur=rates.terminal_point_fixed_eur.value,
        eur_per_kw=rates.terminal_point_eur_per_kw.value,
    )
    kw = terminal.connection_kw
    connection = connection_cost_eur(kw, rates.connection, length_m=terminal.cable_m)
    return points + rates.terminal_works_eur.value + connection
