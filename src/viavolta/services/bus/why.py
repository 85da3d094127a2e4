"""Answers to "why?": what binds each figure, and what one unit more would be worth."""

from collections.abc import Sequence

import polars as pl

from viavolta.engines.bus.points import points_needed
from viavolta.model.messages import text
from viavolta.services.bus.accounts import Accounts
from viavolta.services.bus.charging import DepotCharging
from viavolta.services.bus.fleet import FleetPlan
from viavolta.services.bus.network import Network

COLUMNS = {
    "figure": pl.String,
    "statement": pl.String,
    "binds": pl.String,
    "one_more": pl.String,
}


def why_table(
    network: Network,
    plan: FleetPlan,
    charging: Sequence[DepotCharging],
    *,
    points: Sequence[int],
    accounts: Accounts,
    grid_binds: Sequence[str] = (),
) -> pl.DataFrame:
    """One row per figure that was optimised; grid_binds: what in the grid holds each depot back."""
    rows = [_vehicles(network, plan, accounts), _type(plan)]
    for k, (depot, n) in enumerate(zip(charging, points, strict=True)):
        if n:
            held = grid_binds[k] if grid_binds else ""
            rows.append(_connection(network, depot, k, held=held))
            rows.append(_points(network, plan, depot, k, n))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _vehicles(network: Network, plan: FleetPlan, accounts: Accounts) -> tuple[str, str, str, str]:
    n, bound = len(plan.buses), plan.flow.n_vehicles
    vehicles = next(i for i in accounts.electric if i.item == "vehicles")
    each = vehicles.eur_per_year / n
    statement = text(
        "{n} buses serve the day; with batteries that never empty it would be {m}.", n=n, m=bound
    )
    if n == bound:
        binds = text(
            "The timetable: with {kmh:.0f} km/h between trips and the least layover no plan does "
            "with fewer buses.",
            kmh=network.deadhead_kmh,
        )
        worth = text("A larger battery saves no bus.")
    else:
        binds = text("The battery and the time to charge; buses more: {k}.", k=n - bound)
        worth = text("Each bus fewer saves {eur:,.0f} EUR a year, battery not counted.", eur=each)
    return "vehicles", statement, binds, worth


def _type(plan: FleetPlan) -> tuple[str, str, str, str]:
    order = sorted(plan.trials, key=lambda t: t.eur_per_year)
    best, others = order[0], order[1:]
    statement = text(
        "{name} with points of {kw:g} kW is the cheapest of {n} combinations tried.",
        name=best.vehicle_type,
        kw=best.point_kw,
        n=len(order),
    )
    if not others:
        return "vehicles_by_type", statement, text("The effort asked for: one was tried."), ""
    second = others[0]
    binds = text("The cost of vehicles, batteries, points and ways together.")
    worth = text(
        "The next best, {name} with {kw:g} kW, needs {n} buses and costs {eur:,.0f} EUR more.",
        name=second.vehicle_type,
        kw=second.point_kw,
        n=second.vehicles,
        eur=second.eur_per_year - best.eur_per_year,
    )
    return "vehicles_by_type", statement, binds, worth


def _connection(
    network: Network, depot: DepotCharging, k: int, *, held: str
) -> tuple[str, str, str, str]:
    name = network.depots[k].name
    statement = text(
        "{name} takes {peak:,.0f} kW at most instead of {other:,.0f} kW when charging at once.",
        name=name,
        peak=depot.peak_kw,
        other=depot.peak_unmanaged_kw,
    )
    if held:
        binds = text("The grid at the node of the depot: {element}.", element=held)
    elif network.depots[k].connection_kw is not None:
        binds = text("The connection of {kw:,.0f} kW that you gave.", kw=depot.connection_kw)
    else:
        binds = text("The capacity price and the connection against the hours with low prices.")
    worth = text(
        "One more kW costs {eur:,.2f} EUR a year and would save no more than that.",
        eur=depot.price_eur_per_kw,
    )
    if depot.worth_eur_per_kw > 0:
        worth = text("One more kW would save {eur:,.2f} EUR a year.", eur=depot.worth_eur_per_kw)
    return "peak_kw_managed", statement, binds, worth


def _points(
    network: Network, plan: FleetPlan, depot: DepotCharging, k: int, n: int
) -> tuple[str, str, str, str]:
    blocks = [bus.block for bus in plan.buses if bus.block.depot == depot.depot]
    midday = [
        (s.arrival_s, s.departure_s)
        for bus in plan.buses
        for s in bus.block.stays
        if s.activity >= 0 and s.node == depot.depot
    ]
    by_day = points_needed(midday)
    statement = text(
        "{name} needs {n} points for {b} buses: each bus holds its point from arrival to "
        "departure, {m} of them charge enough at midday to leave theirs at night.",
        name=network.depots[k].name,
        n=n,
        b=len(blocks),
        m=sum(1 for b in blocks if not b.has_night_stay),
    )
    binds = text("The night.") if n > by_day else text("Midday.")
    worth = text("At midday {d} points would do.", d=by_day)
    return "charging_points", statement, binds, worth
