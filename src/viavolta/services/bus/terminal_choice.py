"""Which terminals get points: all that may pay are opened, then those that do not are dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.bus.chains import AT_DEPOT
from viavolta.engines.bus.electric import ElectricPlan, electric_plan
from viavolta.engines.bus.points import place_intervals, points_needed
from viavolta.engines.bus.problem import Longs
from viavolta.engines.costs.annuity import annuity_factor
from viavolta.engines.costs.investment import depot_works_eur
from viavolta.engines.costs.system import CostRates, TerminalCost, cost_rates
from viavolta.engines.costs.tco import terminal_investment_eur
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule, silent
from viavolta.model.trip import Floats
from viavolta.model.vehicle import BusType
from viavolta.services.bus.fleet import (
    DAYS_PER_YEAR,
    TRIAL_CUT_EVERY_S,
    TRIAL_SWEEPS,
    VEHICLE_COST_EUR,
    Bus,
    Driver,
    FleetPlan,
    Planner,
    bus_eur_per_year,
    driver_of,
    right_sized,
    search_of,
    smaller_drivers,
)
from viavolta.services.bus.sites import Terminal
from viavolta.services.terminal_settings import TerminalUse

DROP_SWEEPS = 1
DROPS = {"low": 3, "normal": 8, "high": 100}
"""How many terminals are tried without, by effort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A plan with a set of open terminals, and roughly what its year costs."""

    planner: Planner
    driver: Driver
    plan: ElectricPlan
    buses: tuple[Bus, ...]
    eur_per_year: float


def candidate_terminals(planner: Planner, base: FleetPlan) -> tuple[Terminal, ...]:
    """The terminals that are allowed, or those where a point may pay, best first.

    A terminal's score is the energy of a day that buses lack and could charge there: of each chain
    of the fleet without energy limit, what it takes beyond one full battery, shared among the
    terminals where it stands by what they could bring. Energy saves at most that share of a bus
    which it is of a battery; where this is worth less than a terminal with one point costs, the
    terminal is no candidate, unless there is no better one to compare with.
    """
    if planner.allowed:
        return planner.allowed
    driver = driver_of(planner, base.largest, point_kw=base.point_kw)
    score = _lacking_kwh(planner, driver, base)
    usable_kwh = driver.battery.soc_max_kwh - driver.battery.soc_min_kwh
    bus_eur = bus_eur_per_year(planner, driver.bus)
    point_kw = planner.number("planning.terminal_point_kw")
    rates = cost_rates(planner.assumptions)
    one_eur = terminal_eur_per_year(rates, 1, point_kw)
    most = int(planner.number("planning.most_terminals"))
    order = [int(n) for n in np.argsort(-score, kind="stable")]
    places = planner.network.places
    found = tuple(
        Terminal(
            name=places.name[row := int(planner.network.nodes[node])] or places.place_id[row],
            node=node,
            point_kw=point_kw,
        )
        for node in order[:most]
        if score[node] > 0.0
    )
    paying = [t for t in found if score[t.node] / usable_kwh * bus_eur > one_eur]
    return tuple(paying) or found[:1]


def _lacking_kwh(planner: Planner, driver: Driver, base: FleetPlan) -> Floats:
    """Energy that buses lack and could charge at each node (W,), in kWh a day."""
    problem, battery = base.served_problem, driver.battery
    score = np.zeros(problem.way_s.shape[0])
    kw = planner.number("planning.terminal_point_kw")
    kw *= planner.number("planning.planned_power_share") * driver.bus.charge_efficiency
    usable_kwh = battery.soc_max_kwh - battery.soc_min_kwh
    for chain in base.flow.chains:
        here, there = problem.to_node[chain[:-1]], problem.from_node[chain[1:]]
        ways_kwh = problem.way_kwh[here, there].sum()
        lacking = float(problem.energy_kwh[chain].sum() + ways_kwh) - usable_kwh
        slack_s = (
            problem.start_s[chain[1:]] - problem.end_s[chain[:-1]] - problem.way_s[here, there]
        )
        standing_h = np.maximum(0.0, slack_s - problem.layover_s - problem.plug_s) / 3600.0
        could_kwh = np.minimum(standing_h * kw, usable_kwh)
        total = float(could_kwh.sum())
        if lacking > 0.0 and total > 0.0:
            share = min(lacking, total) / total
            np.add.at(score, here, share * could_kwh)
            moved = here != there
            np.add.at(score, there[moved], share * could_kwh[moved])
    return score


def open_terminals(
    planner: Planner,
    base: FleetPlan,
    candidates: Sequence[Terminal],
    *,
    progress: Progress,
    stop: StopRule,
) -> Opened:
    """Open all candidates, then drop one after another as long as the year gets no dearer.

    One remains, so that there is a plan with terminals to compare.

    Each plan starts from the blocks of the one before, the first from those without terminals. The
    terminal whose energy is dearest is tried without first. Nothing is dropped of terminals that
    the configuration wants.
    """
    first = _opened(planner, base.largest, candidates, base.chains, base.point_kw, stop=stop)
    best = first
    if planner.effort != "low":
        others = [
            bus
            for bus in planner.types
            if bus.length_m == base.largest.length_m
            and bus.vehicle_type != base.largest.vehicle_type
        ]
        tried = [
            _opened(planner, bus, candidates, first.plan.all_trips(), base.point_kw, stop=stop)
            for bus in others
        ]
        best = min([first, *tried], key=lambda one: one.eur_per_year)
    if planner.terminal_use is TerminalUse.GIVEN:
        return best
    best = _without_unused(best, base.point_kw, stop=stop)
    kept: set[int] = set()
    for n in range(DROPS[planner.effort]):
        worst = _dearest(best, kept)
        if worst is None or len(best.planner.network.terminals) == 1 or stop():
            break
        progress(text("trying without {name}", name=worst.name), n / DROPS[planner.effort])
        left = [t for t in best.planner.network.terminals if t.node != worst.node]
        without = _opened(
            planner,
            best.driver.bus,
            left,
            best.plan.all_trips(),
            base.point_kw,
            stop=stop,
            sweeps=DROP_SWEEPS,
        )
        if without.eur_per_year <= best.eur_per_year:
            best = without
        else:
            kept.add(worst.node)
    return best


def _without_unused(opened: Opened, point_kw: float, *, stop: StopRule) -> Opened:
    used = {s.node for bus in opened.buses for s in bus.block.stays if s.point != AT_DEPOT}
    terminals = opened.planner.network.terminals
    left = [t for t in terminals if t.node in used]
    if len(left) == len(terminals):
        return opened
    return _opened(
        opened.planner,
        opened.driver.bus,
        left,
        opened.plan.all_trips(),
        point_kw,
        stop=stop,
    )


def _dearest(opened: Opened, kept: set[int]) -> Terminal | None:
    """The open terminal that costs most for its energy, of those not tried yet."""
    rates = cost_rates(opened.planner.assumptions)
    costs = []
    for terminal in opened.planner.network.terminals:
        if terminal.node in kept:
            continue
        stays = [s for bus in opened.buses for s in bus.block.stays if s.node == terminal.node]
        n = points_needed([(s.arrival_s, s.departure_s) for s in stays])
        kwh = sum(s.energy_kwh for s in stays)
        eur = terminal_eur_per_year(rates, n, terminal.point_kw)
        costs.append((-eur / max(kwh, 1e-9), terminal.node, terminal))
    return min(costs, key=lambda one: one[:2])[2] if costs else None


def _opened(
    planner: Planner,
    bus: BusType,
    terminals: Sequence[Terminal],
    chains: tuple[Longs, ...],
    point_kw: float,
    *,
    stop: StopRule,
    sweeps: int = TRIAL_SWEEPS,
) -> Opened:
    """Plan with these terminals open, from other blocks on, by a brief search."""
    network = replace(planner.network, terminals=tuple(terminals))
    planner = replace(planner, network=network)
    driver = driver_of(planner, bus, point_kw=point_kw)
    plan = electric_plan(
        driver.problem,
        driver.battery,
        chains,
        search_of(planner, sweeps=sweeps, cut_every_s=TRIAL_CUT_EVERY_S),
        progress=silent,
        stop=stop,
    )
    buses = right_sized(plan, driver, smaller_drivers(planner, driver))
    return Opened(
        planner=planner,
        driver=driver,
        plan=plan,
        buses=buses,
        eur_per_year=_eur_per_year(planner, driver, plan, buses),
    )


def _eur_per_year(
    planner: Planner, driver: Driver, plan: ElectricPlan, buses: tuple[Bus, ...]
) -> float:
    """Rough yearly cost of buses, batteries, points, works, terminals and ways, to compare sets."""
    rates = cost_rates(planner.assumptions)
    annuity = annuity_factor(rates.interest_share.value, rates.point_life_years.value)
    blocks = [bus.block for bus in buses]
    cost = sum(bus_eur_per_year(planner, bus.driver.bus) for bus in buses)
    cost += plan.cost * DAYS_PER_YEAR + len(plan.impossible) * VEHICLE_COST_EUR
    for depot in driver.problem.depots:
        n = points_needed(place_intervals(blocks, int(depot)))
        points = n * rates.point_fixed_eur.value
        points += n * rates.point_eur_per_kw.value * driver.point_kw
        works = depot_works_eur(
            n,
            eur_per_point=rates.depot_works_eur_per_point.value,
            max_eur=rates.depot_works_max_eur.value,
        )
        cost += points * (annuity + rates.point_maintenance_share.value) + works * annuity
    for terminal in planner.network.terminals:
        n = points_needed(place_intervals(blocks, terminal.node))
        cost += terminal_eur_per_year(rates, n, terminal.point_kw)
    return cost


def terminal_eur_per_year(rates: CostRates, n_points: int, point_kw: float) -> float:
    """Yearly cost of a terminal with so many points, its connection included."""
    if not n_points:
        return 0.0
    built = TerminalCost(n_points=n_points, point_kw=point_kw, connection_kw=n_points * point_kw)
    upkeep = rates.point_maintenance_share.value * n_points
    upkeep *= (
        rates.terminal_point_fixed_eur.value + rates.terminal_point_eur_per_kw.value * point_kw
    )
    annuity = annuity_factor(rates.interest_share.value, rates.point_life_years.value)
    return terminal_investment_eur(built, rates) * annuity + upkeep
