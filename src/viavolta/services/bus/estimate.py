"""A quick estimate of what a change does to a bus plan, from the tables of the study alone.

What is computed as the planner does: the ways from the new depots, the energy of every trip by the
same model (stops per kilometre assumed, since the tables do not hold them), the smallest fleet
without energy limit, and blocks: the plan's own are driven again, cut where the battery ends, and
matched anew for one sweep of coarse cuts. What is scaled: costs item by item, the power of
charging with the energy. The same is done for the plan as it is; the estimate is the study's
figure plus, or times, the difference of the two, so that no change gives the study's own figures.
How far off it is: docs/explanation/quick-estimate.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import bus_type, bus_type_names
from viavolta.engines.bus.blocks import Block, build_block
from viavolta.engines.bus.chains import DAY_S, DrivenChain
from viavolta.engines.bus.distances import deadhead_table
from viavolta.engines.bus.electric import ElectricPlan, electric_plan
from viavolta.engines.bus.fleet import smallest_fleet
from viavolta.engines.bus.matching import Search
from viavolta.engines.bus.points import block_intervals, points_needed
from viavolta.engines.bus.problem import Battery, BlockProblem, Longs
from viavolta.engines.energy.driving import deadhead_energy_kwh, trip_energy_kwh
from viavolta.model.errors import InputError
from viavolta.model.messages import text
from viavolta.model.progress import never, silent
from viavolta.model.study import Study
from viavolta.model.trip import Floats
from viavolta.model.vehicle import BusType
from viavolta.services.bus_config import BUS_SUBJECTS

STOPS_PER_KM = 2.5
"""Used on both sides of a ratio, so that it matters little."""
FEW_TRIPS = 1000
SWEEPS_OF_FEW, SWEEPS_OF_MANY = 3, 1
CUT_EVERY_S = 3600.0
PAIRS_PER_HEAD = 30
STEPS_PER_DAY = 96
VEHICLE_COST_EUR = 1e5
HOUR_S = 3600.0
_CLIMATE = ".winter_design_c"
FIGURES = (
    "vehicles",
    "vehicles_lower_bound",
    "charging_points",
    "deadhead_km",
    "energy_kwh",
    "peak_kw_managed",
    "peak_kw_unmanaged",
    "cost_eur_per_year",
    "co2_t_per_year",
)
"""What is estimated, by the keys of the summary."""
LARGEST_ERROR_SHARE: Mapping[str, float] = {
    "vehicles": 0.02,
    "charging_points": 0.16,
    "deadhead_km": 0.14,
    "energy_kwh": 0.02,
    "peak_kw_managed": 0.17,
    "peak_kw_unmanaged": 0.23,
    "cost_eur_per_year": 0.05,
    "co2_t_per_year": 0.02,
}
"""Largest errors against exact plans: benchmarks/bus_estimate.py, Monaco and Trento."""
_TABLES = {"trips", "places", "blocks", "vehicles", "chargers", "costs"}
_KEYS = {
    *FIGURES,
    "deadhead_kmh",
    "detour_factor",
    "min_layover_s",
    "service_km",
    "sizing_temperature_c",
}
"""What a study must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotPoint:
    """A depot by its name and place."""

    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different from the study; None or empty: as it is.

    `figures` are figures of the catalogue by their keys, such as `buses.bus_12m_480.capacity_kwh`;
    `vehicle_types` the types to choose from.
    """

    depots: tuple[DepotPoint, ...] = ()
    vehicle_types: tuple[str, ...] = ()
    min_layover_s: float | None = None
    deadhead_kmh: float | None = None
    figures: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Estimated figures, and trips no bus could do."""

    figures: Mapping[str, float]
    infeasible_trips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One quick plan: what the estimate is made of.

    `year_kwh` by the model alone, over winter, mean and summer days; `even_kw` the peak if each bus
    charged evenly while it stands, `at_once_kw` if at full power from its arrival on.
    """

    bus: BusType
    vehicles: int
    lower_bound: int
    points: int
    depots: int
    deadhead_km: float
    deadhead_h: float
    energy_kwh: float
    year_kwh: float
    even_kw: float
    at_once_kw: float
    infeasible: int


def estimate(study: Study, changes: Changes, *, base: Sketch | None = None) -> Estimate:
    """Estimate the figures of a bus study under changes; `base` is its sketch as it is, if known.

    Raises
    ------
    InputError: the study lacks what the estimate reads. UsageError: an unknown bus type.
    """
    before = base or sketch(study, Changes())
    moves = changes.min_layover_s is not None or changes.deadhead_kmh is not None
    after = sketch(study, changes, bound=None if moves else before.lower_bound)
    summary = study.summary
    exact = {key: float(summary[key]) for key in FIGURES}
    energy = _ratio(after.energy_kwh, before.energy_kwh)
    figures = {
        "vehicles": exact["vehicles"] + after.vehicles - before.vehicles,
        "vehicles_lower_bound": exact["vehicles_lower_bound"]
        + after.lower_bound
        - before.lower_bound,
        "charging_points": max(1.0, exact["charging_points"] + after.points - before.points),
        "deadhead_km": exact["deadhead_km"] * _ratio(after.deadhead_km, before.deadhead_km),
        "energy_kwh": exact["energy_kwh"] * energy,
        "peak_kw_managed": exact["peak_kw_managed"] * _ratio(after.even_kw, before.even_kw),
        "peak_kw_unmanaged": exact["peak_kw_unmanaged"]
        * _ratio(after.at_once_kw, before.at_once_kw),
        "co2_t_per_year": exact["co2_t_per_year"] * _ratio(after.year_kwh, before.year_kwh),
    }
    figures["vehicles"] = max(figures["vehicles"], figures["vehicles_lower_bound"])
    figures["cost_eur_per_year"] = _cost(
        study, before, after, vehicles=figures["vehicles"] / exact["vehicles"], changes=changes
    )
    return Estimate(figures=figures, infeasible_trips=after.infeasible)


def sketch(study: Study, changes: Changes, *, bound: int | None = None) -> Sketch:
    """Plan quickly from the tables of a study.

    `bound` is the fewest buses without energy limit where they are known: batteries and depots do
    not change them.

    Raises
    ------
    InputError: the study lacks a table. UsageError: an unknown bus type.
    """
    tables = study.tables
    if not (set(tables) >= _TABLES and set(study.summary) >= _KEYS):
        raise InputError(
            code="estimate-not-possible",
            message=text("the study lacks tables that an estimate rests on"),
            hint=text("run the scenario instead"),
        )
    known = _assumptions(study, {})
    asked = _assumptions(study, changes.figures or {})
    own = _main_type(study)
    bus = bus_type(asked, _type_name(asked, own, changes.vehicle_types))
    trips = tables["trips"].filter(pl.col("energy_kwh").is_not_null()).sort("start_s", "trip_id")
    lat, lon, nodes, depots = _nodes(study, trips, changes)
    speed = changes.deadhead_kmh or float(study.summary["deadhead_kmh"])
    detour = study.summary.get("way_detour_factor", study.summary["detour_factor"])
    ways = deadhead_table(lat, lon, detour_factor=max(1.0, float(detour)), speed_kmh=speed)
    climb = trips["climb_m"].fill_null(0.0).to_numpy()
    energies = _Energies(trips=trips, climb_m=climb)
    ratio = energies.of(bus, _design_c(asked, study)) / np.maximum(
        energies.of(bus_type(known, own), _design_c(known, study)), 1e-6
    )
    way_kwh = np.max(
        [
            deadhead_energy_kwh(
                bus, temperature_c=c, distance_km=ways.distance_km, duration_s=ways.duration_s
            )
            for c in _design_c(asked, study)
        ],
        axis=0,
    )
    number = asked.number
    per_km = number("costs.maintenance_electric_eur_per_km")
    per_h = number("costs.driver_eur_per_h")
    problem = BlockProblem(
        start_s=trips["start_s"].to_numpy().astype(np.float64),
        end_s=trips["end_s"].to_numpy().astype(np.float64),
        energy_kwh=trips["energy_kwh"].to_numpy() * ratio,
        from_node=nodes[:, 0].copy(),
        to_node=nodes[:, 1].copy(),
        way_s=ways.duration_s.astype(np.float64),
        way_cost=per_km * ways.distance_km + per_h * ways.duration_s / HOUR_S,
        way_kwh=way_kwh,
        depots=depots,
        stations=depots,
        layover_s=float(
            study.summary["min_layover_s"]
            if changes.min_layover_s is None
            else changes.min_layover_s
        ),
        plug_s=number("planning.plug_s"),
        wait_cost_per_s=per_h / HOUR_S,
        free_wait_s=number("planning.free_wait_s"),
        night_is_bounded=True,
    )
    battery = _battery(bus, number("planning.planned_power_share"), _point_kw(study))
    starts = [_own_chains(study, trips, problem)]
    if bound is None or problem.n_trips <= FEW_TRIPS:
        flow = smallest_fleet(problem, VEHICLE_COST_EUR)
        bound = flow.n_vehicles
        starts += [flow.chains] if problem.n_trips <= FEW_TRIPS else []
    plan = _plan(problem, battery, starts)
    blocks = [_block(problem, battery, chain) for chain in plan.chains]
    done = _sketched(problem, plan, blocks, bus=bus, km=ways.distance_km)
    year_kwh = _year_kwh(energies, bus, _seasons(asked, study), done.deadhead_km, done.deadhead_h)
    kw = min(_point_kw(study), bus.max_charge_kw)
    return replace(
        done,
        lower_bound=bound,
        year_kwh=year_kwh,
        even_kw=_peak_kw(blocks, None),
        at_once_kw=_peak_kw(blocks, kw * bus.charge_efficiency),
    )


def _peak_kw(blocks: list[Block], kw: float | None) -> float:
    """Highest power of all stays on the 24 h circle: at once with `kw`, or evenly over the stay."""
    power = np.zeros(STEPS_PER_DAY)
    step_s = DAY_S / STEPS_PER_DAY
    for block in blocks:
        for stay in block.stays:
            length_s = max(stay.departure_s - stay.arrival_s, step_s)
            lasts_s = length_s if kw is None else min(length_s, stay.energy_kwh / kw * HOUR_S)
            if lasts_s <= 0.0:
                continue
            mean_kw = stay.energy_kwh * HOUR_S / lasts_s
            first = int(stay.arrival_s // step_s)
            last = int(np.ceil((stay.arrival_s + lasts_s) / step_s))
            for step in range(first, last):
                begin = max(stay.arrival_s, step * step_s)
                end = min(stay.arrival_s + lasts_s, (step + 1) * step_s)
                power[step % STEPS_PER_DAY] += mean_kw * max(0.0, end - begin) / step_s
    return float(power.max())


def _seasons(assumptions: Assumptions, study: Study) -> tuple[tuple[float, float], ...]:
    """Temperature and days of winter, mean and summer, else the sizing day all year."""
    used = [a.key for a in study.assumptions if a.key.endswith(_CLIMATE)]
    if not used:
        return ((float(study.summary["sizing_temperature_c"]), 1.0),)
    place, number = used[0].removesuffix(_CLIMATE), assumptions.number
    return tuple(
        (number(f"{place}.{season}_c"), number(f"{place}.days_{season}"))
        for season in ("winter", "mean", "summer")
    )


def _year_kwh(
    energies: "_Energies",
    bus: BusType,
    seasons: tuple[tuple[float, float], ...],
    deadhead_km: float,
    deadhead_h: float,
) -> float:
    """Energy of a year by the model alone, for ratios."""
    total = 0.0
    for temperature_c, days in seasons:
        ways = deadhead_energy_kwh(
            bus,
            temperature_c=temperature_c,
            distance_km=np.array([deadhead_km]),
            duration_s=np.array([deadhead_h * HOUR_S]),
        )
        total += days * float(energies.of(bus, (temperature_c,)).sum() + ways.sum())
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Energies:
    trips: pl.DataFrame
    climb_m: Floats

    def of(self, bus: BusType, temperatures_c: tuple[float, ...]) -> Floats:
        """Energy per trip on the dearest of these days, stops and descent assumed."""
        km = self.trips["distance_km"].to_numpy()
        duration_s = (self.trips["end_s"] - self.trips["start_s"]).to_numpy()
        days = [
            trip_energy_kwh(
                bus,
                temperature_c=c,
                distance_km=km,
                duration_s=duration_s.astype(np.float64),
                n_stops=km * STOPS_PER_KM,
                climb_m=self.climb_m,
                descent_m=self.climb_m,
            )
            for c in temperatures_c
        ]
        return np.asarray(np.max(days, axis=0))


def _assumptions(study: Study, figures: Mapping[str, float]) -> Assumptions:
    """The catalogue with the study's own figures and these on top."""
    assumptions = Assumptions(BUS_SUBJECTS)
    keys = set(assumptions.keys())
    own = {a.key: a.value for a in study.assumptions if a.status == "user" and a.key in keys}
    assumptions.replace(own, file="study.json")
    assumptions.replace(dict(figures), file="changes")
    return assumptions


def _main_type(study: Study) -> str:
    """The type the plan was made with: smaller batteries took its place only where they do."""
    largest = study.tables["vehicles"].sort("capacity_kwh", "vehicle_type", descending=True)
    return str(largest["vehicle_type"][0])


def _type_name(assumptions: Assumptions, own: str, allowed: tuple[str, ...]) -> str:
    """The study's own type where it is still allowed, else the largest battery that is."""
    if not allowed or own in allowed:
        return own
    known = [name for name in allowed if name in bus_type_names(assumptions)]
    return max(
        known or allowed,
        key=lambda name: bus_type(assumptions, name).capacity_kwh,
    )


def _design_c(assumptions: Assumptions, study: Study) -> tuple[float, ...]:
    """The design days: those of the climate the study used, else its sizing temperature."""
    used = [a.key for a in study.assumptions if a.key.endswith(_CLIMATE)]
    if not used:
        return (float(study.summary["sizing_temperature_c"]),)
    place = used[0].removesuffix(_CLIMATE)
    return (
        assumptions.number(f"{place}{_CLIMATE}"),
        assumptions.number(f"{place}.summer_design_c"),
    )


def _nodes(
    study: Study, trips: pl.DataFrame, changes: Changes
) -> tuple[Floats, Floats, Longs, Longs]:
    """Places that trips begin or end at, then depots; the two of each trip; rows of the depots."""
    places = study.tables["places"]
    ends = sorted({*trips["from_place"], *trips["to_place"]})
    row = {place: n for n, place in enumerate(ends)}
    at = {p: (lat, lon) for p, lat, lon in places.select("place_id", "lat", "lon").iter_rows()}
    if changes.depots:
        depots = [(d.lat, d.lon) for d in changes.depots]
    else:
        depots = list(places.filter("is_depot").select("lat", "lon").iter_rows())
    where = np.array([*(at[place] for place in ends), *depots], dtype=np.float64)
    nodes = np.array(
        [(row[a], row[b]) for a, b in trips.select("from_place", "to_place").iter_rows()],
        dtype=np.int64,
    ).reshape(-1, 2)
    return where[:, 0], where[:, 1], nodes, np.arange(len(ends), len(where), dtype=np.int64)


def _point_kw(study: Study) -> float:
    return float(study.summary.get("point_kw") or study.tables["chargers"]["point_kw"][0])


def _battery(bus: BusType, share: float, point_kw: float) -> Battery:
    planned = share * np.minimum(np.minimum(bus.charge_curve_kw, bus.max_charge_kw), point_kw)
    return Battery(
        soc_min_kwh=bus.soc_min_kwh,
        soc_max_kwh=bus.soc_max_kwh,
        curve_kwh=bus.charge_curve_soc * bus.capacity_kwh,
        curve_kw=planned * bus.charge_efficiency,
    )


def _plan(problem: BlockProblem, battery: Battery, starts: list[tuple[Longs, ...]]) -> ElectricPlan:
    """The best plan from these starts."""
    search = Search(
        max_sweeps=SWEEPS_OF_FEW if problem.n_trips <= FEW_TRIPS else SWEEPS_OF_MANY,
        cut_every_s=CUT_EVERY_S,
        pairs_per_head=PAIRS_PER_HEAD,
        vehicle_cost=VEHICLE_COST_EUR,
    )
    plans = [
        electric_plan(problem, battery, chains, search, progress=silent, stop=never)
        for chains in starts
    ]
    return min(plans, key=lambda plan: (len(plan.impossible), len(plan.chains), plan.cost))


def _own_chains(study: Study, trips: pl.DataFrame, problem: BlockProblem) -> tuple[Longs, ...]:
    """The trips of each vehicle of the study, cut where the times no longer allow the next one."""
    row = {trip: n for n, trip in enumerate(trips["trip_id"])}
    driven = (
        study.tables["blocks"]
        .filter(pl.col("kind") == "trip")
        .sort("vehicle_id", "start_s", "seq")
        .group_by("vehicle_id", maintain_order=True)
        .agg("trip_id")
    )
    chains: list[Longs] = []
    seen: set[int] = set()
    for ids in driven["trip_id"]:
        rows = [row[trip] for trip in ids if trip in row]
        seen.update(rows)
        chain: list[int] = []
        for trip in rows:
            if chain and not _follows(problem, chain[-1], trip):
                chains.append(np.array(chain, dtype=np.int64))
                chain = []
            chain.append(trip)
        if chain:
            chains.append(np.array(chain, dtype=np.int64))
    alone = [np.array([n], dtype=np.int64) for n in range(problem.n_trips) if n not in seen]
    return (*chains, *alone)


def _follows(problem: BlockProblem, i: int, j: int) -> bool:
    way = problem.way_s[problem.to_node[i], problem.from_node[j]]
    return bool(problem.end_s[i] + problem.layover_s + way <= problem.start_s[j])


def _sketched(
    problem: BlockProblem,
    plan: ElectricPlan,
    blocks: list[Block],
    *,
    bus: BusType,
    km: Floats,
) -> Sketch:
    points = sum(
        points_needed(block_intervals([b for b in blocks if b.depot == depot]))
        for depot in problem.depots
    )
    legs = [leg for chain in plan.chains for leg in _legs(problem, chain)]
    rows = tuple(np.array(legs, dtype=np.int64).reshape(-1, 2).T)
    return Sketch(
        bus=bus,
        vehicles=len(plan.chains),
        lower_bound=0,
        points=points,
        depots=len({b.depot for b in blocks}),
        deadhead_km=float(km[rows].sum()),
        deadhead_h=float(problem.way_s[rows].sum()) / HOUR_S,
        year_kwh=0.0,
        even_kw=0.0,
        at_once_kw=0.0,
        energy_kwh=float(
            problem.energy_kwh[np.concatenate([c.trips for c in plan.chains])].sum()
            + problem.way_kwh[rows].sum()
        ),
        infeasible=len(plan.impossible),
    )


def _block(problem: BlockProblem, battery: Battery, chain: DrivenChain) -> Block:
    block = build_block(problem, battery, chain, charges_at_night=True)
    if block is None:
        msg = "a chain that was driven cannot be laid out"
        raise AssertionError(msg)
    return block


def _legs(problem: BlockProblem, chain: DrivenChain) -> list[tuple[int, int]]:
    """Ways without passengers of one vehicle's day, as pairs of nodes."""
    first, last = problem.from_node[chain.trips[0]], problem.to_node[chain.trips[-1]]
    legs = [(chain.depot, int(first)), (int(last), chain.depot)]
    for (i, j), way in zip(pairwise(chain.trips), chain.ways, strict=True):
        here, there = int(problem.to_node[i]), int(problem.from_node[j])
        if way < 0:
            legs.append((here, there))
        else:
            station = int(problem.stations[way])
            legs += [(here, station), (station, there)]
    return legs


def _cost(
    study: Study, before: Sketch, after: Sketch, *, vehicles: float, changes: Changes
) -> float:
    """Costs of a year, item by item in proportion to what each depends on."""
    known = _assumptions(study, {})
    asked = _assumptions(study, changes.figures or {})
    energy = _ratio(after.year_kwh, before.year_kwh)
    peak = _ratio(after.even_kw, before.even_kw)
    points = _ratio(after.points, before.points)
    service_km = float(study.summary["service_km"])
    factors = {
        "vehicles": vehicles * _ratio(after.bus.purchase_eur, before.bus.purchase_eur),
        "batteries": vehicles * _ratio(_battery_eur(after.bus), _battery_eur(before.bus)),
        "spare_vehicles": vehicles * _ratio(after.bus.purchase_eur, before.bus.purchase_eur),
        "charging_points": points,
        "depot_works": 0.5 * points + 0.5 * _ratio(after.depots, before.depots),
        "grid_connection": peak,
        "energy": energy * _kwh_price(asked) / _kwh_price(known),
        "capacity_charge": peak,
        "maintenance": _ratio(service_km + after.deadhead_km, service_km + before.deadhead_km),
        "deadhead_drivers": _ratio(after.deadhead_h, before.deadhead_h),
    }
    rows: list[dict[str, Any]] = study.tables["costs"].filter(pl.col("item") != "total").to_dicts()
    return sum(float(r["electric_eur_per_year"] or 0) * factors.get(r["item"], 1.0) for r in rows)


def _battery_eur(bus: BusType) -> float:
    return bus.nominal_capacity_kwh * bus.battery_eur_per_kwh


def _kwh_price(assumptions: Assumptions) -> float:
    """What a kWh costs at the mean wholesale price, fees on energy and taxes included."""
    number = assumptions.number
    hours = [number(f"prices.mean.h{h:02d}_eur_per_kwh") for h in range(24)]
    return (
        float(np.mean(hours)) * number("tariffs.wholesale_factor")
        + number("tariffs.long_use.energy_eur_per_kwh")
        + number("tariffs.supplier_margin_eur_per_kwh")
        + number("tariffs.tax_eur_per_kwh")
        + number("tariffs.concession_eur_per_kwh")
        + number("tariffs.levies_eur_per_kwh")
    )


def _ratio(after: float, before: float) -> float:
    return after / before if before else 1.0
