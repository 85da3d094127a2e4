"""Plan a city's electric bus network from its timetable: the story, stage by stage."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.carbon import CarbonItem, use_phase_t_per_year
from viavolta.engines.costs.tco import total_eur_per_year
from viavolta.formats.input_file import input_of
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.progress import Progress, StopRule, never, silent, within
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.services.bus import tables
from viavolta.services.bus.accounts import Accounts, Distances, yearly_accounts
from viavolta.services.bus.alternatives import (
    Choice,
    alternative_costs_table,
    alternative_reasons,
    alternatives_table,
    choose_alternative,
)
from viavolta.services.bus.charged import plan_and_charge, points_of, require_room
from viavolta.services.bus.charging import (
    DepotCharging,
    SeasonBlocks,
    charge_depots,
    day_start_utc,
    season_blocks,
)
from viavolta.services.bus.fleet import FleetPlan, Planner, fleet_types, plan_fleet
from viavolta.services.bus.fleet_size import require_fleet
from viavolta.services.bus.grid_case import SIZING, GridDays
from viavolta.services.bus.grid_limits import GridLimits
from viavolta.services.bus.grid_sites import DepotGrid, at_sites, grid_files, read_depot_grid
from viavolta.services.bus.grid_tables import (
    GridAnswer,
    answer_of,
    grid_reasons,
    grid_summary,
    grid_tables,
    grid_warnings,
)
from viavolta.services.bus.network import Network, read_network, trips_per_day_table
from viavolta.services.bus.operators_files import operators_files
from viavolta.services.bus.phase_in import phase_in_of
from viavolta.services.bus.request import BusRequest, command_line
from viavolta.services.bus.robustness import Robustness, robustness_of, year_temperatures
from viavolta.services.bus.safer_plans import Remade, safer_plans
from viavolta.services.bus.sensitivities import PlannedYear, sensitivity_table
from viavolta.services.bus.sites import NO_CLOSED_SLOTS
from viavolta.services.bus.terminals import find_terminals
from viavolta.services.bus.why import Explained, why_table
from viavolta.services.bus_config import BusSettings, bus_assumptions
from viavolta.services.stages import Clock, Stages, StageStore, stage_key
from viavolta.services.used_assumptions import used_figure

DAYS_PER_YEAR = 365.0
HOUR_S = 3600.0
_SEASON_NAMES = ("winter", "mean", "summer")
POWER_FACTORS = (1.0, 0.7, 0.45)
"""Shares of the planned point power that are tried in turn where a connection is too small."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What the stages found, on the way to the study."""

    planner: Planner
    plan: FleetPlan
    charging: tuple[DepotCharging, ...]
    points: tuple[int, ...]
    day: Distances
    accounts: Accounts
    choice: Choice
    sensitivities: pl.DataFrame
    robustness: Robustness
    safer: pl.DataFrame | None = None
    electric_shares: tuple[float, ...] = ()
    grid: GridAnswer | None = None


def plan_bus(
    request: BusRequest,
    *,
    clock: Clock,
    progress: Progress = silent,
    stop: StopRule = never,
    store: StageStore | None = None,
) -> Study:
    """Turn a timetable into a complete plan: blocks, charging, grid draw, costs, carbon.

    `clock` gives seconds and only fills `timings_s`; `stop` cuts the search for blocks short;
    `store` keeps finished stages, so that a run that was ended goes on behind the last of them.

    Raises
    ------
    InputError: the feed or another input cannot be read. UsageError: a bad option.
    NoSolutionError: no trip can be served, the fleet may not have as many vehicles, a connection
        limit leaves buses short, a node of the grid takes nothing, or a depot has no room for the
        points.
    """
    assumptions, settings = bus_assumptions(request.config)
    stages = Stages(
        assumptions,
        clock=clock,
        store=store,
        key="" if store is None else _key(request),
        stop=stop,
    )
    study = stages.found("tables")
    if not isinstance(study, Study):
        study = _planned(request, assumptions, settings, stages, progress=progress, stop=stop)
    return dataclasses.replace(study, timings_s=stages.timings_s)


def _planned(
    request: BusRequest,
    assumptions: Assumptions,
    settings: BusSettings,
    stages: Stages,
    *,
    progress: Progress,
    stop: StopRule,
) -> Study:
    """The plan, stage by stage."""
    layover_s = settings.min_layover_s if request.min_layover_s is None else request.min_layover_s

    def read() -> tuple[Planner, DepotGrid | None]:
        network = read_network(request, assumptions, settings, progress=within(progress, "read"))
        assumptions.number("planning.min_layover_s")
        planner = Planner(
            assumptions=assumptions,
            network=network,
            effort=request.effort,
            min_layover_s=float(layover_s),
            types=fleet_types(assumptions, settings.vehicle_types),
            country=settings.country,
            max_vehicles=settings.max_vehicles,
            allowed=find_terminals(
                network,
                settings.terminals,
                assumptions,
                file="" if request.config is None else request.config.name,
            ),
            terminal_use=settings.terminal_use,
        )
        return planner, _grid(request, planner, settings)

    planner, grid = stages.result("read", read)
    planner = dataclasses.replace(planner, assumptions=assumptions)
    base = stages.result(
        "charging",
        lambda: plan_and_charge(
            planner,
            grid,
            lambda at: _blocks(at, stages, progress, stop),
            progress=within(progress, "charging"),
        ),
    )

    def grid_of(at: Planner) -> DepotGrid | None:
        return None if grid is None else at_sites(grid, at.network, settings, config=request.config)

    choice = stages.result(
        "alternatives",
        lambda: choose_alternative(
            planner, base, grid_of, progress=within(progress, "alternatives"), stop=stop
        ),
    )
    chosen = choice.best
    charged, points, day = chosen.charged, chosen.points, chosen.day
    planner = charged.on(planner)
    plan, charging = charged.plan, charged.charging

    def costs() -> Accounts:
        progress("costs", 0.0)
        return yearly_accounts(planner, plan, charged.seasons, charging, points=points, day=day)

    accounts = stages.result("costs", costs)

    def sensitivities() -> pl.DataFrame:
        progress("sensitivities", 0.0)
        base_eur = total_eur_per_year(accounts.electric)
        year = PlannedYear(
            plan=plan, seasons=charged.seasons, charging=charging, points=points, day=day
        )
        return sensitivity_table(planner, year, base_eur=base_eur)

    def robustness() -> Robustness:
        progress("robustness", 0.0)
        year = year_temperatures(request, planner.network.climate)
        return robustness_of(planner, plan, seed=request.seed, year=year)

    result = _Result(
        planner=planner,
        plan=plan,
        charging=charging,
        points=points,
        day=day,
        accounts=accounts,
        choice=choice,
        sensitivities=stages.result("sensitivities", sensitivities),
        robustness=stages.result("robustness", robustness),
        electric_shares=settings.electric_shares,
    )
    if planner.number("robustness.safer_plans") >= 1.0:
        progress("robustness", 0.5)
        first = result
        safer = stages.result("safer", lambda: _safer_plans(request, first, stop))
        result = dataclasses.replace(result, safer=safer)
    limits, at = charged.limits, charged.grid
    if at is not None and limits is not None:
        progress("grid", 0.0)
        answer = stages.result("grid", lambda: _grid_answer(at, limits, charged.seasons, result))
        result = dataclasses.replace(result, grid=answer)
    progress("tables", 0.0)
    return stages.result("tables", lambda: _study(request, result, layover_s=int(layover_s)))


def _key(request: BusRequest) -> str:
    """The key of all that the plan rests on."""
    options = dataclasses.asdict(request)
    for name in ("feed", "config", "osm", "weather", "load", "elevation", "grid", "max_trips"):
        del options[name]
    grid = () if request.grid is None else grid_files(request.grid)
    files = {
        "feed": (request.feed,),
        "config": (request.config,),
        "osm": (request.osm,),
        "weather": (request.weather,),
        "load": (request.load,),
        "elevation": request.elevation,
        "grid": grid,
    }
    return stage_key(options, files)


def _grid(request: BusRequest, planner: Planner, settings: BusSettings) -> DepotGrid | None:
    if request.grid is None:
        return None
    return read_depot_grid(
        request.grid,
        planner.network,
        settings,
        config=request.config,
        most_m=planner.number("planning.grid_node_most_m"),
    )


def _blocks(planner: Planner, stages: Stages, progress: Progress, stop: StopRule) -> FleetPlan:
    stage = f"blocks.{planner.power_factor:g}"
    return stages.result(
        stage,
        lambda: plan_fleet(
            planner,
            progress=within(progress, "blocks"),
            stop=stop,
            keep=stages.below(f"{stage}.trial"),
        ),
    )


def _grid_answer(
    grid: DepotGrid, limits: GridLimits, seasons: tuple[SeasonBlocks, ...], result: _Result
) -> GridAnswer:
    network = result.planner.network
    timetable = network.timetable
    share = result.accounts.day_equivalents / DAYS_PER_YEAR
    return answer_of(
        grid,
        limits,
        result.charging,
        days=GridDays(
            name=(SIZING, *_SEASON_NAMES),
            days=(0.0, *(season.days * share for season in seasons)),
            step_h=result.planner.number("planning.step_s") / HOUR_S,
        ),
        places=tuple(
            (tables.place_id(network, depot.depot), setting.name)
            for depot, setting in zip(result.charging, network.sites, strict=True)
        ),
        start=np.datetime64(day_start_utc(timetable.date, timetable.timezone), "s"),
        year=timetable.date.year,
    )


def _safer_plans(request: BusRequest, result: _Result, stop: StopRule) -> pl.DataFrame:
    """The price of a larger reserve; each plan is made whole, without the grid at its depots."""

    def remake(planner: Planner) -> Remade:
        planner = dataclasses.replace(planner, closed=NO_CLOSED_SLOTS)
        plan = plan_fleet(planner, progress=silent, stop=stop)
        require_fleet(
            [bus.block for bus in plan.buses],
            planner.max_vehicles,
            vehicles_without_energy_limit=plan.flow.n_vehicles,
        )
        planner = dataclasses.replace(planner, closed=plan.closed)
        seasons = season_blocks(planner, plan)
        charging = charge_depots(planner, plan, seasons, progress=silent, stop=never)
        points = points_of(plan, charging)
        require_room(planner.network, points)
        day = tables.day_distances(planner.network, plan)
        accounts = yearly_accounts(planner, plan, seasons, charging, points=points, day=day)
        return Remade(
            plan=plan,
            charging_points=sum(points),
            cost_eur_per_year=total_eur_per_year(accounts.electric),
        )

    first = Remade(
        plan=result.plan,
        charging_points=sum(result.points),
        cost_eur_per_year=total_eur_per_year(result.accounts.electric),
    )
    return safer_plans(
        result.planner,
        first,
        result.robustness.fleet,
        remake,
        seed=request.seed,
        year=year_temperatures(request, result.planner.network.climate),
    )


def _study(request: BusRequest, result: _Result, *, layover_s: int) -> Study:
    planner, plan, network = result.planner, result.plan, result.planner.network
    step_s = int(planner.number("planning.step_s"))
    nodes = {d.depot for d, n in zip(result.charging, result.points, strict=True) if n}
    frames = {
        "trips": tables.trips_table(planner, plan),
        "places": tables.places_table(network, nodes),
        "vehicles": tables.vehicles_table(network, plan.buses),
        "blocks": tables.blocks_table(network, plan),
        "chargers": tables.chargers_table(
            network, plan, result.charging, points=result.points, accounts=result.accounts
        ),
        "stays": tables.stays_table(network, plan, result.charging),
        "schedule": tables.schedule_table(network, result.charging, step_s),
        "power": tables.power_table(network, result.charging, step_s),
        "costs": tables.costs_table(result.accounts),
        "alternatives": alternatives_table(
            result.choice,
            cost_lower_bound_eur=result.accounts.cost_lower_bound_eur,
            n_too_fast=int((~network.served).sum()),
        ),
        "alternative_costs": alternative_costs_table(result.choice),
        "sensitivities": result.sensitivities,
        "robustness": result.robustness.table,
        "shapes": tables.shapes_table(network),
        "trips_per_day": trips_per_day_table(network),
        "why": why_table(
            Explained(
                planner=planner,
                plan=plan,
                charging=result.charging,
                points=result.points,
                accounts=result.accounts,
                day=result.day,
                grid_binds=() if result.grid is None else result.grid.limits.binds,
            )
        ),
    }
    if result.safer is not None:
        frames["safer_plans"] = result.safer
    reasons = alternative_reasons(result.choice)
    if result.grid is not None:
        frames |= grid_tables(result.grid)
        reasons += grid_reasons(result.grid)
    more = pl.DataFrame(reasons, schema=frames["why"].schema, orient="row")
    frames["why"] = pl.concat([frames["why"], more])
    summary = _summary(result, step_s=step_s, layover_s=layover_s)
    summary["energy_kwh"] = float(frames["blocks"]["energy_kwh"].sum())
    summary["trips"] = frames["trips"].height
    if result.grid is not None:
        grid = result.grid
        summary["grid"] = grid_summary(grid)
        summary["grade"] = grid.grid.grid.grade.value
        summary["grid_nodes"] = {
            place: grid.grid.node_id(k) for k, place in enumerate(grid.place_id)
        }
    years = phase_in_of(
        frames,
        summary,
        planner.assumptions,
        country=planner.country,
        electric_shares=result.electric_shares,
        effort=request.effort,
        seed=request.seed,
    )
    summary["phase_in"] = None if years is None else years.summary
    frames |= {} if years is None else years.tables
    summary["command"] = command_line(request, date=network.timetable.date)
    return Study(
        kind="bus",
        title=request.title or _title(network),
        seed=request.seed,
        effort=request.effort,
        service_date=network.timetable.date,
        timezone=network.timetable.timezone,
        inputs=_inputs(request, network),
        assumptions=_assumptions(planner, result.grid, layover_s),
        repairs=(*network.repairs, *(result.grid.grid.repairs if result.grid else ())),
        warnings=(
            *network.warnings,
            *_warnings(result),
            *(grid_warnings(result.grid) if result.grid else ()),
        ),
        summary=summary,
        tables=frames,
        files=operators_files(request.feed, network.feed, network.timetable, frames),
    )


def _title(network: Network) -> str:
    return text("{agency}: electric buses", agency=network.feed.agency_name or network.feed.name)


def _summary(result: _Result, *, step_s: int, layover_s: int) -> dict[str, Any]:
    plan, network, accounts = result.plan, result.planner.network, result.accounts
    types = [bus.driver.bus.vehicle_type for bus in plan.buses]
    cost = total_eur_per_year(accounts.electric)
    start = day_start_utc(network.timetable.date, network.timetable.timezone)
    n = len(plan.buses)
    return {
        "trips": 0,
        "vehicles": n,
        "vehicles_lower_bound": plan.flow.n_vehicles,
        "vehicles_without_energy_limit": plan.flow.n_vehicles,
        "cost_lower_bound_eur": accounts.cost_lower_bound_eur,
        "bound_kind": text(
            "fleet: minimum-cost flow without energy limit; cost: the same flow at its own prices "
            "plus the least the served trips' energy and kilometres can cost"
        ),
        "gap_vehicles": (n - plan.flow.n_vehicles) / n,
        "gap_cost": (cost - accounts.cost_lower_bound_eur) / max(abs(cost), 0.01),
        "vehicles_by_type": {name: types.count(name) for name in sorted(set(types))},
        "service_km": result.day.service_km,
        "deadhead_km": result.day.deadhead_km,
        "energy_kwh": 0.0,
        "recuperation_lost_kwh": sum(bus.block.lost_kwh for bus in plan.buses),
        "charging_points": sum(result.points),
        "alternative": result.choice.chosen,
        "point_kw": plan.point_kw,
        "peak_kw_unmanaged": _coincident_kw(result.charging, is_managed=False),
        "peak_kw_managed": _coincident_kw(result.charging, is_managed=True),
        "energy_cost_eur_unmanaged": accounts.energy_cost_unmanaged_eur,
        "energy_cost_eur_managed": accounts.energy_cost_managed_eur,
        "cost_eur_per_year": cost,
        "cost_eur_per_km": cost / accounts.yearly_km,
        "diesel_cost_eur_per_year": total_eur_per_year(accounts.diesel),
        "co2_t_per_year": use_phase_t_per_year(accounts.electric_carbon),
        "diesel_co2_t_per_year": use_phase_t_per_year(accounts.diesel_carbon),
        "production_co2_t_per_year": _production(accounts.electric_carbon),
        "diesel_production_co2_t_per_year": _production(accounts.diesel_carbon),
        "grid_kwh_per_year": accounts.grid_kwh,
        "infeasible_trips": _infeasible(result),
        "currency": "EUR",
        "step_s": step_s,
        "day_start_utc": start.isoformat() + "Z",
        "min_layover_s": layover_s,
        "service_day_reason": network.service_day.reason
        if network.service_day
        else text("This date was asked for."),
        "sizing_temperature_c": plan.sizing_c,
        "elevation": network.elevation,
        "weather": network.weather,
        "detour_factor": network.detour_factor,
        "deadhead_kmh": network.deadhead_kmh,
        **_road_summary(network),
        "km_per_year": accounts.yearly_km,
        "yearly_km": accounts.yearly_km,
        "operating_days_per_year": accounts.operating_days,
        "day_equivalents_per_year": accounts.day_equivalents,
        "calendar_note": accounts.calendar_note,
        "depots_proposed": network.depots_proposed,
        "depots_reason": network.depots_reason,
        "robustness": result.robustness.fleet,
    }


def _road_summary(network: Network) -> dict[str, Any]:
    """What the ways without passengers are measured by."""
    roads = network.roads
    if roads is None:
        return {"way_source": "straight", "way_detour_factor": network.detour_factor}
    return {
        "way_source": "network",
        "way_detour_factor": roads.detour_factor,
        "ways": roads.n_ways,
        "ways_straight": roads.n_straight,
        "road_time_factor": roads.factor.factor,
        "road_time_trips": roads.factor.n_trips,
    }


def _production(items: tuple[CarbonItem, ...]) -> float:
    return sum(item.t_per_year for item in items) - use_phase_t_per_year(items)


def _coincident_kw(charging: tuple[DepotCharging, ...], *, is_managed: bool) -> float:
    """Highest power of all depots together on the sizing day."""
    profiles = [d.sizing.managed_kw if is_managed else d.sizing.unmanaged_kw for d in charging]
    return float(np.sum(profiles, axis=0).max())


def _infeasible(result: _Result) -> list[dict[str, str]]:
    network, plan = result.planner.network, result.plan
    ids = network.trips.trip_id
    too_fast = text("faster than any bus by every measure of its length")
    too_long = text("with the ways from and to the depot it takes more than one full battery")
    listed = [(int(t), too_fast) for t in np.flatnonzero(~network.served)]
    listed += [(t, too_long) for t in plan.impossible]
    return [{"trip_id": ids[t], "reason": reason} for t, reason in sorted(listed)]


def _inputs(request: BusRequest, network: Network) -> tuple[StudyInput, ...]:
    feed = network.feed
    named = [input_of(request.feed, origin=feed.agency_name, licence=feed.attribution)]
    if request.osm is not None:
        map_words = {"origin": "OpenStreetMap contributors", "licence": "ODbL 1.0"}
        named.append(input_of(request.osm, **map_words))
    others = [request.config, request.weather, request.load, *request.elevation]
    grid = () if request.grid is None else grid_files(request.grid)
    return (*named, *(input_of(path) for path in (*others, *grid) if path is not None))


def _assumptions(
    planner: Planner, grid: GridAnswer | None, layover_s: int
) -> tuple[AssumptionUsed, ...]:
    network = planner.network
    own = _calibrated(network)
    if planner.assumptions.figure("planning.min_layover_s").value != layover_s:
        own["planning.min_layover_s"] = _Own(float(layover_s), text("given by the user"))
    figures = [*planner.assumptions.used(), *(grid.grid.figures.used() if grid else ())]
    return tuple(
        used_figure(
            dataclasses.replace(
                figure,
                value=own[figure.key].value,
                source=own[figure.key].source,
                status="user",
                year=None,
                minimum=own[figure.key].minimum,
                maximum=own[figure.key].maximum,
            )
            if figure.key in own
            else figure
        )
        for figure in figures
    )


class _Own(NamedTuple):
    """A figure that this study has of its own, and where from."""

    value: float
    source: str
    minimum: float | None = None
    maximum: float | None = None


def _calibrated(network: Network) -> dict[str, _Own]:
    """Figures that the timetable itself has given, or the user in place of it."""
    calibrated = text("calibrated from the feed's own trips and shapes")
    speed = calibrated
    own = {"planning.detour_factor": _Own(network.detour_factor, calibrated)}
    if network.roads is not None:
        speed = text("mean of all ways along the road network")
        factor = network.roads.factor
        if factor.n_trips:
            source = text(
                "median of {n} trips of the timetable on known roads; half lie in the range",
                n=factor.n_trips,
            )
            own["roads.time_factor"] = _Own(factor.factor, source, factor.low, factor.high)
    if network.speed_is_given:
        speed = text("given by the user")
    own["planning.deadhead_kmh"] = _Own(network.deadhead_kmh, speed)
    return own


def _price_warning(planner: Planner) -> StudyWarning:
    """Say whose prices and carbon stand in, since most cities are elsewhere."""
    carbon = text("the European mean") if planner.country is None else planner.country.upper()
    message = text(
        "electricity is priced as in the catalogue: Dutch day-ahead prices of 2023 and 2024, grid "
        "fee and taxes of a German example; its carbon is that of {place}. Set your own with "
        "--config ([prices], [tariffs], [tariff] country)",
        place=carbon,
    )
    return StudyWarning(code="prices-not-local", file=None, message=message)


def _warnings(result: _Result) -> list[StudyWarning]:
    network, accounts = result.planner.network, result.accounts
    notes = [_price_warning(result.planner)]
    if accounts.busier_days:
        message = text(
            "{n:.0f} days of the year have more trips than the planned day; these buses could not "
            "serve them, and the year counts each as one planned day",
            n=accounts.busier_days,
        )
        notes.append(StudyWarning(code="busier-days", file=None, message=message))
    if network.depots_proposed:
        message = text("no depot was given; proposed: {reason}", reason=network.depots_reason)
        notes.append(StudyWarning(code="depots-proposed", file=None, message=message))
    if result.planner.power_factor < 1:
        message = text(
            "a connection limit was too small for the first plan; planned again with {share:.0%} of"
            " the power at the points",
            share=result.planner.power_factor,
        )
        notes.append(StudyWarning(code="planned-with-less-power", file=None, message=message))
    if any(one.charged.plan.was_stopped for one in result.choice.alternatives):
        message = text("the search for blocks was cut short by the time limit")
        notes.append(StudyWarning(code="search-stopped", file=None, message=message))
    if 800 in network.timetable.trips["route_type"].to_list():  # noqa: PLR2004 - GTFS trolleybus
        message = text("trolleybus routes are planned as battery buses")
        notes.append(StudyWarning(code="trolleybus-as-battery", file=None, message=message))
    return notes
