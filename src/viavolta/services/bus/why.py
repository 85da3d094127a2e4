"""Answers to "why?": what binds each figure, and what one unit more would be worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.engines.bus.chains import AT_DEPOT
from viavolta.engines.bus.points import points_needed
from viavolta.engines.costs.carbon import use_phase_t_per_year
from viavolta.engines.costs.tco import total_eur_per_year
from viavolta.services.bus.accounts import Accounts, Distances
from viavolta.services.bus.charging import DepotCharging
from viavolta.services.bus.fleet import FleetPlan, Planner, design_temperatures_c, trip_energies_kwh
from viavolta.services.bus.network import Network
from viavolta.services.bus.reasons import NOTHING, Said, reason_row
from viavolta.services.bus.sites import ChargingSite

COLUMNS = {
    "figure": pl.String,
    "statement": pl.String,
    "binds": pl.String,
    "one_more": pl.String,
    "codes": pl.String,
}
Row = tuple[str, str, str, str, str]
CENT_EUR = 0.01
TEN_G_IN_T = 1e-5
G_PER_T = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What the answers are drawn from; grid_binds: what in the grid holds each depot back."""

    planner: Planner
    plan: FleetPlan
    charging: Sequence[DepotCharging]
    points: Sequence[int]
    accounts: Accounts
    day: Distances
    grid_binds: Sequence[str] = ()


def why_table(what: Explained) -> pl.DataFrame:
    """One row or more per figure that was optimised, then those that follow from them."""
    network = what.planner.network
    rows = [_vehicles(network, what.plan, what.accounts), _type(what.plan)]
    for k, (depot, n) in enumerate(zip(what.charging, what.points, strict=True)):
        if n:
            held = what.grid_binds[k] if what.grid_binds else ""
            site = network.sites[k]
            rows.append(_connection(site, depot, held=held))
            points = _points_at_terminal if site.is_terminal else _points
            rows.append(points(what, depot, site, n))
    rows += [_ways(what), _energy(what), _cost(what.accounts), _carbon(what.accounts)]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _vehicles(network: Network, plan: FleetPlan, accounts: Accounts) -> Row:
    n, bound = len(plan.buses), plan.flow.n_vehicles
    vehicles = next(i for i in accounts.electric if i.item == "vehicles")
    binds: Said = ("battery-binds", {"k": n - bound})
    worth: Said = ("bus-fewer", {"eur": vehicles.eur_per_year / n})
    if n == bound:
        binds = ("timetable-binds", {"kmh": network.deadhead_kmh})
        worth = ("battery-saves-none", {})
    return reason_row("vehicles", ("fleet", {"n": n, "m": bound}), binds, worth)


def _type(plan: FleetPlan) -> Row:
    order = sorted(plan.trials, key=lambda t: t.eur_per_year)
    best, others = order[0], order[1:]
    statement: Said = (
        "cheapest-type",
        {"name": best.vehicle_type, "kw": best.point_kw, "n": len(order)},
    )
    if not others:
        return reason_row("vehicles_by_type", statement, ("one-tried", {}))
    second = others[0]
    worth: Said = (
        "next-best",
        {
            "name": second.vehicle_type,
            "kw": second.point_kw,
            "n": second.vehicles,
            "eur": second.eur_per_year - best.eur_per_year,
        },
    )
    return reason_row("vehicles_by_type", statement, ("costs-together", {}), worth)


def _connection(site: ChargingSite, depot: DepotCharging, *, held: str) -> Row:
    statement: Said = (
        "peak",
        {
            "name": site.name,
            "peak": depot.peak_kw,
            "other": depot.peak_unmanaged_kw,
        },
    )
    binds: Said = ("capacity-price-binds", {})
    if held:
        binds = ("grid-binds", {"element": held})
    elif site.connection_kw is not None:
        binds = ("connection-binds", {"kw": depot.connection_kw})
    elif site.is_terminal:
        binds = ("terminal-power-binds", {})
    worth: Said = ("kw-not-worth", {"eur": depot.price_eur_per_kw})
    if depot.worth_eur_per_kw > 0:
        worth = ("kw-worth", {"eur": depot.worth_eur_per_kw})
    return reason_row("peak_kw_managed", statement, binds, worth)


def _points_at_terminal(what: Explained, depot: DepotCharging, site: ChargingSite, n: int) -> Row:
    stays = [
        stay for bus in what.plan.buses for stay in bus.block.stays if stay.node == depot.depot
    ]
    statement: Said = (
        "terminal-points",
        {
            "name": site.name,
            "n": n,
            "s": len(stays),
            "kwh": sum(stay.energy_kwh for stay in stays),
            "kw": site.point_kw,
        },
    )
    back = [
        one
        for one in what.plan.sent_back
        if what.planner.network.terminals[one.terminal].node == depot.depot
    ]
    binds: Said = ("terminal-crowd-binds", {})
    if back:
        code = "terminal-connection-binds" if back[0].is_connection else "terminal-room-binds"
        binds = (code, {"n": back[0].n_stays, "room": back[0].room})
    items = [i for i in what.accounts.electric if i.item == "terminal_points"]
    total = sum(
        points * kw
        for points, kw in zip(
            what.points, (s.point_kw or 0.0 for s in what.planner.network.sites), strict=True
        )
    )
    share = (site.point_kw or 0.0) / total if total else 0.0
    worth: Said = ("terminal-point-fewer", {"eur": share * sum(i.eur_per_year for i in items)})
    return reason_row("charging_points", statement, binds, worth)


def _points(what: Explained, depot: DepotCharging, site: ChargingSite, n: int) -> Row:
    plan = what.plan
    blocks = [bus.block for bus in plan.buses if bus.block.depot == depot.depot]
    midday = [
        (s.arrival_s, s.departure_s)
        for bus in plan.buses
        for s in bus.block.stays
        if s.activity >= 0 and s.node == depot.depot
    ]
    by_day = points_needed(midday)
    items = (i for i in what.accounts.electric if i.item == "charging_points")
    at_depots = zip(what.points, what.planner.network.sites, strict=True)
    n_at_depots = sum(n for n, site in at_depots if not site.is_terminal)
    yearly = sum(item.eur_per_year for item in items) / n_at_depots
    statement: Said = (
        "points",
        {
            "name": site.name,
            "n": n,
            "b": len(blocks),
            "m": sum(1 for b in blocks if not b.has_night_stay),
        },
    )
    binds: Said = ("night-binds" if n > by_day else "midday-binds", {})
    worth: Said = ("point-fewer", {"d": by_day, "eur": yearly})
    return reason_row("charging_points", statement, binds, worth)


def _ways(what: Explained) -> Row:
    """What a kilometre without passengers costs: maintenance, and the driver at the mean speed."""
    day, number = what.day, what.planner.number
    returns = sum(
        1
        for bus in what.plan.buses
        for stay in bus.block.stays
        if stay.activity >= 0 and stay.point == AT_DEPOT
    )
    per_km = number("costs.maintenance_electric_eur_per_km")
    if day.deadhead_km:
        per_km += number("costs.driver_eur_per_h") * day.deadhead_h / day.deadhead_km
    total = day.service_km + day.deadhead_km
    worth: Said = ("way-km", {"eur": per_km * what.accounts.day_equivalents})
    return reason_row(
        "deadhead_km",
        ("ways", {"km": day.deadhead_km, "total": total}),
        ("ways-bind", {"n": returns}),
        worth if day.deadhead_km else NOTHING,
    )


def _energy(what: Explained) -> Row:
    """The sizing day, and what one degree further from mild would take on the served trips."""
    planner, plan = what.planner, what.plan
    bus = plan.buses[0].driver.bus
    rows = np.setdiff1d(plan.rows, plan.impossible)
    winter_c, _ = design_temperatures_c(planner.network)
    is_cold = plan.sizing_c == winter_c
    further_c = plan.sizing_c + (-1.0 if is_cold else 1.0)
    here, there = (
        float(trip_energies_kwh(planner.network, bus, c)[rows].sum())
        for c in (plan.sizing_c, further_c)
    )
    return reason_row(
        "energy_kwh",
        ("energy", {"c": plan.sizing_c, "kwh": here / what.day.service_km}),
        ("cold-binds" if is_cold else "heat-binds", {}),
        ("degree-more", {"kwh": there - here}),
    )


def _cost(accounts: Accounts) -> Row:
    cost = total_eur_per_year(accounts.electric)
    largest = max(accounts.electric, key=lambda item: item.eur_per_year)
    return reason_row(
        "cost_eur_per_year",
        ("cost", {"item": largest.item, "share": largest.eur_per_year / cost}),
        ("cost-bound", {"eur": accounts.cost_lower_bound_eur}),
        ("cent-more", {"eur": accounts.grid_kwh * CENT_EUR}),
    )


def _carbon(accounts: Accounts) -> Row:
    tonnes = use_phase_t_per_year(accounts.electric_carbon)
    grams = tonnes * G_PER_T / accounts.grid_kwh if accounts.grid_kwh else 0.0
    return reason_row(
        "co2_t_per_year",
        ("carbon", {"kwh": accounts.grid_kwh, "g": grams}),
        ("electricity-binds", {}),
        ("gram-less", {"t": accounts.grid_kwh * TEN_G_IN_T}),
    )
