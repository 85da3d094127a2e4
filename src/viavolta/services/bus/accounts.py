"""The year: energy, money and carbon of the electric plan against diesel, and the cost bound."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from viavolta.catalogue.price_profile import wholesale_profile
from viavolta.engines.bus.fleet import FleetFlow, smallest_fleet
from viavolta.engines.bus.problem import BlockProblem
from viavolta.engines.costs.annuity import annuity_factor
from viavolta.engines.costs.carbon import (
    CarbonItem,
    carbon_rates,
    diesel_carbon,
    electric_carbon,
)
from viavolta.engines.costs.items import CostItem
from viavolta.engines.costs.system import (
    BusSystem,
    CostRates,
    DepotCost,
    DieselSystem,
    TerminalCost,
    VehicleCost,
    cost_rates,
    diesel_cost,
    vehicle_cost,
)
from viavolta.engines.costs.tariff import EnergyUse, Tariff, catalogue_tariff, yearly_bill
from viavolta.engines.costs.tco import (
    depot_investment_eur,
    terminal_investment_eur,
    total_eur_per_year,
    yearly_costs_diesel,
    yearly_costs_electric,
)
from viavolta.engines.energy.driving import energy_parts_kwh, recuperation_kwh_per_m
from viavolta.model.messages import text
from viavolta.model.vehicle import Heating
from viavolta.services.bus.charging import DepotCharging, SeasonBlocks
from viavolta.services.bus.fleet import (
    FleetPlan,
    Planner,
    trip_energies_kwh,
    trip_temperatures_c,
)
from viavolta.services.bus.network import Network

DAYS_PER_YEAR = 365.0
WINDOW_DAYS = 182
WHOLE_YEAR_DAYS = 300
BUSIER_FACTOR = 1.05
"""Days with more than this share of the planned day's trips are named as busier."""
HOUR_S = 3600.0
HOURS_PER_DAY = 24.0
DAYS_PER_WEEK = 7
EPOCH_ORDINAL = 719163
"""Ordinal of 1 January 1970, from which polars counts days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The year of a plan. day_equivalents: a year's trips over the planned day's."""

    day_equivalents: float
    operating_days: float
    busier_days: float
    calendar_note: str
    electric: tuple[CostItem, ...]
    diesel: tuple[CostItem, ...]
    electric_carbon: tuple[CarbonItem, ...]
    diesel_carbon: tuple[CarbonItem, ...]
    energy_cost_managed_eur: float
    energy_cost_unmanaged_eur: float
    grid_kwh: float
    cost_lower_bound_eur: float
    site_investments_eur: tuple[float, ...]
    yearly_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarYear:
    """A year in planned days; busier_days have clearly more trips than the planned day."""

    day_equivalents: float
    operating_days: float
    busier_days: float
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """Kilometres and hours of one planned day."""

    service_km: float
    deadhead_km: float
    deadhead_h: float


def yearly_accounts(
    planner: Planner,
    plan: FleetPlan,
    seasons: tuple[SeasonBlocks, ...],
    charging: tuple[DepotCharging, ...],
    *,
    points: tuple[int, ...],
    day: Distances,
) -> Accounts:
    """Work out the year from the planned day; `points` per site as `charging`."""
    assumptions = planner.assumptions
    rates, tariff = cost_rates(assumptions), catalogue_tariff(assumptions)
    year = calendar_year(planner.network)
    equivalents = year.day_equivalents
    share = equivalents / DAYS_PER_YEAR
    unmanaged = tuple(_energy_use(d, seasons, share, is_managed=False) for d in charging)
    system = _system(planner, plan, seasons, charging, points=points, day=day)
    managed, vehicles = system.energy_use, system.vehicles
    heater_l = system.heater_litres_per_year
    diesel, diesel_length = _diesel(planner, plan, day.service_km, equivalents)
    carbon = carbon_rates(assumptions, planner.country)
    electric = yearly_costs_electric(system, rates, tariff=tariff)
    return Accounts(
        day_equivalents=equivalents,
        operating_days=year.operating_days,
        busier_days=year.busier_days,
        calendar_note=year.note,
        electric=electric,
        diesel=yearly_costs_diesel(diesel, rates),
        electric_carbon=electric_carbon(
            sum(use.energy_kwh for use in managed),
            carbon,
            vehicles=tuple(vehicles[name] for name in sorted(vehicles)),
            fleet_length_m=sum(bus.driver.bus.length_m for bus in plan.buses),
            heater_litres_per_year=heater_l,
        ),
        diesel_carbon=diesel_carbon(
            tuple(diesel.vehicles.values()), carbon, fleet_length_m=diesel_length
        ),
        energy_cost_managed_eur=sum(yearly_bill(use, tariff).total_eur for use in managed),
        energy_cost_unmanaged_eur=sum(yearly_bill(use, tariff).total_eur for use in unmanaged),
        grid_kwh=sum(use.energy_kwh for use in managed),
        cost_lower_bound_eur=min(
            _cost_bound_eur(
                planner,
                plan,
                seasons,
                rates=rates,
                tariff=tariff,
                equivalents=equivalents,
                service_km=day.service_km,
            ),
            total_eur_per_year(electric),
        ),
        site_investments_eur=(
            *(depot_investment_eur(d, rates) for d in system.depots),
            *(terminal_investment_eur(t, rates) for t in system.terminals),
        ),
        yearly_km=(day.service_km + day.deadhead_km) * equivalents,
    )


def electric_costs(
    planner: Planner,
    plan: FleetPlan,
    seasons: tuple[SeasonBlocks, ...],
    charging: tuple[DepotCharging, ...],
    *,
    points: tuple[int, ...],
    day: Distances,
) -> tuple[CostItem, ...]:
    """The yearly costs of the battery buses alone, as `yearly_accounts` has them."""
    return yearly_costs_electric(
        _system(planner, plan, seasons, charging, points=points, day=day),
        cost_rates(planner.assumptions),
        tariff=catalogue_tariff(planner.assumptions),
    )


def _system(
    planner: Planner,
    plan: FleetPlan,
    seasons: tuple[SeasonBlocks, ...],
    charging: tuple[DepotCharging, ...],
    *,
    points: tuple[int, ...],
    day: Distances,
) -> BusSystem:
    equivalents = calendar_year(planner.network).day_equivalents
    share = equivalents / DAYS_PER_YEAR
    built = list(zip(planner.network.sites, points, charging, strict=True))
    return BusSystem(
        vehicles=_vehicles(planner, plan, seasons, share),
        depots=tuple(
            DepotCost(n_points=n, point_kw=plan.point_kw, connection_kw=d.connection_kw)
            for site, n, d in built
            if site.point_kw is None
        ),
        terminals=tuple(
            TerminalCost(n_points=n, point_kw=site.point_kw, connection_kw=d.connection_kw)
            for site, n, d in built
            if site.point_kw is not None
        ),
        energy_use=tuple(_energy_use(d, seasons, share, is_managed=True) for d in charging),
        service_km_per_year=day.service_km * equivalents,
        deadhead_km_per_year=day.deadhead_km * equivalents,
        deadhead_h_per_year=day.deadhead_h * equivalents,
        heater_litres_per_year=_heater_litres(planner, plan, seasons, share),
    )


def calendar_year(network: Network) -> CalendarYear:
    """How many planned days make a year, and how that was found.

    A feed that covers a year with the day in it counts as it is; a shorter one stands for the year
    by the week of the day, or by the seven days at its end where it begins or ends within that
    week. Days outside the feed's life are days it says nothing about, not days without service. A
    day with more trips than the planned one counts as one planned day: the plan's buses could not
    serve it, and its figures must not be spread over so few buses.
    """
    days = network.feed.trips_per_day
    date = network.timetable.date
    planned = float(days.filter(pl.col("date") == date)["trips"].sum())
    day = (days["date"].cast(pl.Int64) + EPOCH_ORDINAL).to_numpy()
    trips = days["trips"].to_numpy()
    first, last = int(day[trips > 0].min()), int(day[trips > 0].max())
    today = date.toordinal()
    begin = max(first, min(today - WINDOW_DAYS, last - int(DAYS_PER_YEAR) + 1))
    end = min(last, begin + int(DAYS_PER_YEAR) - 1)
    is_year = end - begin + 1 >= WHOLE_YEAR_DAYS
    if not is_year:
        begin = max(first, min(today - date.weekday(), last - DAYS_PER_WEEK + 1))
        end = min(last, begin + DAYS_PER_WEEK - 1)
    near = trips[(day >= begin) & (day <= end)].astype(np.float64)
    served = int((near > 0).sum())
    per_day = DAYS_PER_YEAR / (end - begin + 1)
    note = (
        text("the feed's own calendar: {n} days with service in {m}", n=served, m=near.size)
        if is_year
        else text("the week of the day, {n} days with service, stands for the year", n=served)
    )
    return CalendarYear(
        day_equivalents=float(np.minimum(near / planned, 1.0).sum()) * per_day,
        operating_days=served * per_day,
        busier_days=float((near > BUSIER_FACTOR * planned).sum()) * per_day,
        note=note,
    )


def _energy_use(
    depot: DepotCharging, seasons: tuple[SeasonBlocks, ...], share: float, *, is_managed: bool
) -> EnergyUse:
    energy = wholesale = 0.0
    for season, day in zip(seasons, depot.seasons, strict=True):
        days = season.days * share
        energy += day.energy_kwh * days
        wholesale += days * (
            day.wholesale_managed_eur if is_managed else day.wholesale_unmanaged_eur
        )
    peak = depot.peak_kw if is_managed else depot.peak_unmanaged_kw
    return EnergyUse(energy_kwh=energy, peak_kw=peak, wholesale_eur=wholesale)


def _vehicles(
    planner: Planner, plan: FleetPlan, seasons: tuple[SeasonBlocks, ...], share: float
) -> dict[str, VehicleCost]:
    counts = Counter(bus.driver.bus.vehicle_type for bus in plan.buses)
    taken = dict.fromkeys(counts, 0.0)
    for season in seasons:
        for bus, block in zip(plan.buses, season.blocks, strict=True):
            energy = sum(row.charged_kwh for row in block.activities)
            energy += sum(s.energy_kwh for s in block.stays if s.activity < 0)
            taken[bus.driver.bus.vehicle_type] += energy * season.days * share
    return {
        name: vehicle_cost(
            planner.assumptions, name, count=counts[name], battery_kwh_per_year=taken[name]
        )
        for name in sorted(counts)
    }


def _heater_litres(
    planner: Planner, plan: FleetPlan, seasons: tuple[SeasonBlocks, ...], share: float
) -> float:
    """Diesel of fuel heaters on the served trips; deadheads are driven unheated."""
    bus = plan.buses[0].driver.bus
    if bus.heating is not Heating.FUEL:
        return 0.0
    trips = planner.network.trips
    rows = np.setdiff1d(plan.rows, plan.impossible)
    litres = 0.0
    for season in seasons:
        parts = energy_parts_kwh(
            bus,
            temperature_c=trip_temperatures_c(planner.network, season.temperature_c)[rows],
            distance_km=trips.distance_km[rows],
            duration_s=(trips.end_s - trips.start_s)[rows],
            n_stops=trips.n_stops[rows],
            climb_m=np.nan_to_num(trips.climb_m[rows]),
            descent_m=np.nan_to_num(trips.descent_m[rows]),
        )
        litres += float(parts.fuel_l.sum()) * season.days * share
    return litres


def _diesel(
    planner: Planner, plan: FleetPlan, service_km: float, equivalents: float
) -> tuple[DieselSystem, float]:
    """Diesel buses on the same served trips: the fleet without energy limit and its ways."""
    bus = plan.buses[0].driver.bus
    size = planner.assumptions.word(f"buses.{bus.vehicle_type}.size")
    km, hours = _ways(planner, plan.served_problem, plan.flow)
    cost = diesel_cost(
        planner.assumptions,
        size,
        count=plan.flow.n_vehicles,
        km_per_year=(service_km + km) * equivalents,
    )
    system = DieselSystem(vehicles={size: cost}, deadhead_h_per_year=hours * equivalents)
    return system, plan.flow.n_vehicles * bus.length_m


def _ways(planner: Planner, problem: BlockProblem, flow: FleetFlow) -> tuple[float, float]:
    """Kilometres and hours without passengers of chains from the nearest depot."""
    ways = planner.network.deadheads
    out = problem.way_cost[problem.depots]
    km = seconds = 0.0
    for chain in flow.chains:
        first, last = int(problem.from_node[chain[0]]), int(problem.to_node[chain[-1]])
        depot = problem.depots[
            int(np.argmin(out[:, first] + problem.way_cost[last, problem.depots]))
        ]
        legs = [(depot, first), (last, depot)]
        legs += [(int(problem.to_node[i]), int(problem.from_node[j])) for i, j in pairwise(chain)]
        km += sum(float(ways.distance_km[leg]) for leg in legs)
        seconds += sum(float(ways.duration_s[leg]) for leg in legs)
    return km, seconds / HOUR_S


def _cost_bound_eur(
    planner: Planner,
    plan: FleetPlan,
    seasons: tuple[SeasonBlocks, ...],
    *,
    rates: CostRates,
    tariff: Tariff,
    equivalents: float,
    service_km: float,
) -> float:
    """Proven lower bound on the yearly cost, under the same figures.

    Buses (cheapest type, first battery, spares) and ways: the optimum of the flow without energy
    limit at their own prices. Energy: the served trips' own, at the day's lowest price, and a peak
    no lower than the sizing day's mean. Maintenance: the served kilometres. Points, depot works,
    connection, fuel of heaters and battery renewals count as nothing.
    """
    bus_eur = _least_bus_eur(planner, rates)
    fleet = smallest_fleet(plan.served_problem.with_least_costs(), bus_eur / equivalents)
    maintenance = rates.maintenance_electric_eur_per_km.value * service_km * equivalents
    share = equivalents / DAYS_PER_YEAR
    kwh = energy = 0.0
    for season in seasons:
        days = season.days * share
        day_kwh = max(0.0, _least_grid_kwh(planner, plan, season.temperature_c))
        lowest = float(wholesale_profile(planner.assumptions, season.season).min())
        energy += (
            days * day_kwh * (lowest * tariff.wholesale_factor.value + tariff.surcharge_eur_per_kwh)
        )
        kwh += days * day_kwh
    mean_kw = max(0.0, _least_grid_kwh(planner, plan, plan.sizing_c)) / HOURS_PER_DAY
    grid_fee = _least_grid_fee_eur(tariff, kwh, mean_kw=mean_kw, hours=equivalents * HOURS_PER_DAY)
    return fleet.cost_lower_bound * equivalents + maintenance + energy + grid_fee


def _least_grid_fee_eur(tariff: Tariff, kwh: float, *, mean_kw: float, hours: float) -> float:
    """Least grid fee for a year's energy in these hours and a peak, however depots share them.

    Every depot is on the branch that suits it. Energy over hours is the least peak of a branch;
    what remains of the peak goes to either branch, and the cost is linear in what the branches
    share, so that the least is at one of the ends.
    """
    cheapest_kw = min(fee.capacity_eur_per_kw.value for fee in tariff.branches)
    spare_kw = max(0.0, mean_kw - kwh / hours)
    return cheapest_kw * spare_kw + min(
        fee.energy_eur_per_kwh.value * kwh + fee.capacity_eur_per_kw.value * kwh / hours
        for fee in tariff.branches
    )


def _least_bus_eur(planner: Planner, rates: CostRates) -> float:
    """Least yearly cost of one bus in service: price, first battery and its share of the spares."""
    factor = annuity_factor(rates.interest_share.value, rates.bus_life_years.value)
    least = min(
        bus.purchase_eur * (1.0 + rates.spare_vehicle_share.value)
        + bus.nominal_capacity_kwh * bus.battery_eur_per_kwh
        for bus in planner.types
    )
    return least * factor


def _least_grid_kwh(planner: Planner, plan: FleetPlan, temperature_c: float) -> float:
    """Least energy a day's served trips take from the grid, whichever type serves each.

    Ways without passengers may lead downhill and give energy back. But every vehicle comes home to
    the height where it began, so the same energy per metre may be moved from ways to trips: as much
    as an empty bus gets back. Then no way gives any, and the trips alone are a bound.
    """
    network = planner.network
    rows = np.setdiff1d(plan.rows, plan.impossible)
    ways = network.deadheads
    ends = network.trip_nodes[rows, 0], network.trip_nodes[rows, 1]
    rise_m = ways.climb_m[ends] - ways.descent_m[ends]
    by_type = [
        (
            trip_energies_kwh(network, bus, temperature_c)[rows]
            - recuperation_kwh_per_m(bus, temperature_c) * rise_m
        )
        / bus.charge_efficiency
        for bus in planner.types
    ]
    return float(np.min(by_type, axis=0).sum())
