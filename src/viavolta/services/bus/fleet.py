"""Blocks for a fleet: which type with which points, which bus does which trips."""

from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import bus_type, bus_type_names
from viavolta.engines.bus.blocks import Block, build_block
from viavolta.engines.bus.chains import AT_DEPOT, DrivenChain, drive
from viavolta.engines.bus.electric import ElectricPlan, electric_plan
from viavolta.engines.bus.fleet import FleetFlow, smallest_fleet
from viavolta.engines.bus.matching import Search
from viavolta.engines.bus.points import block_intervals, points_needed, spare_night_points
from viavolta.engines.bus.problem import Battery, BlockProblem, Longs
from viavolta.engines.costs.annuity import annuity_factor
from viavolta.engines.energy.driving import deadhead_energy_kwh, trip_energy_kwh
from viavolta.model.errors import NoSolutionError
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats
from viavolta.model.vehicle import BusType
from viavolta.services.bus.network import Network
from viavolta.services.bus.sites import NO_CLOSED_SLOTS, ClosedSlots, Terminal
from viavolta.services.bus.terminal_room import SentBack, closed_terminals, without_room
from viavolta.services.stages import Keep, at_once
from viavolta.services.terminal_settings import TerminalUse

DEFAULT_SIZE = "12m"
VEHICLE_COST_EUR = 1e5
"""In the search a vehicle outweighs any detour: fewest vehicles first, then the cheapest ways."""

SWEEPS = {"low": 3, "normal": 6, "high": 40}
PAIRS_PER_HEAD = {"low": 30, "normal": 60, "high": 150}
CUT_EVERY_S = {"low": 3600.0, "normal": 3600.0, "high": 1800.0}
ROUNDS = {"low": 0, "normal": 16, "high": 120}
TRIAL_SWEEPS = 2
TRIAL_CUT_EVERY_S = 3600.0
"""Measured on Riga's Monday (7,593 trips, bound 475) with 480 kWh and 150 kW, processor seconds: 6
sweeps of cuts an hour apart gave 498 buses in 6 s, of cuts 30 min apart 499 in 11 s, 3 sweeps of
cuts 15 min apart 501 in 11 s, 5 sweeps with 200 pairs instead of 60 498 in 17 s; then 16 rounds of
neighbourhoods 496 in 31 s. Trials begin from the optimum without energy limit: from another
battery's plan they got stuck at 516 where others of the time gave 506."""
ROOM_ROUNDS = 6
ROOM_SWEEPS = 1
SAME_COST_EUR = 1e-6
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A bus type at one point power: what its trips and ways take and how it charges."""

    bus: BusType
    point_kw: float
    problem: BlockProblem
    battery: Battery


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """One vehicle of the plan: its type, its chain and its day on the sizing day."""

    driver: Driver
    chain: DrivenChain
    block: Block

    @property
    def most_kw(self) -> float:
        """Highest power that it takes: at the plug, or at a terminal if it charges there."""
        bus = self.driver.bus
        uses_terminals = any(stay.point != AT_DEPOT for stay in self.block.stays)
        return (
            max(bus.max_charge_kw, bus.terminal_charge_kw) if uses_terminals else bus.max_charge_kw
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One combination of type and point power that was tried, with its rough yearly cost."""

    vehicle_type: str
    point_kw: float
    vehicles: int
    points: int
    eur_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """The fleet: buses with their blocks, what bounds it and what was tried.

    `rows` are the network's trips that block problems hold; `impossible` those of the network
    that one full battery cannot do; `flow` is the smallest fleet for the trips that are served,
    which `served_problem` holds. `largest` is the type the blocks were sought for, `terminals` are
    those that were open; `closed`, `sent_back`: what terminals had no room for.
    """

    sizing_c: float
    point_kw: float
    largest: BusType
    buses: tuple[Bus, ...]
    impossible: tuple[int, ...]
    rows: Longs
    flow: FleetFlow
    served_problem: BlockProblem
    trials: tuple[Trial, ...]
    was_stopped: bool
    terminals: tuple[Terminal, ...] = ()
    closed: ClosedSlots = NO_CLOSED_SLOTS
    sent_back: tuple[SentBack, ...] = ()

    @property
    def chains(self) -> tuple[Longs, ...]:
        """Chains that cover every trip once, the impossible ones alone: to start a search from."""
        alone = np.searchsorted(self.rows, np.array(self.impossible, dtype=np.int64))
        return (
            *(bus.chain.trips for bus in self.buses),
            *(np.array([trip], dtype=np.int64) for trip in alone),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """What the search needs to know beside the network.

    power_factor: below 1 where a connection limit did not deliver what was planned before.
    max_vehicles: what the fleet may have at most; None: as many as it takes.
    closed: what terminals had no room for. allowed: terminals of the configuration, whose use is
    up to terminal_use; those of the network are open.
    """

    assumptions: Assumptions
    network: Network
    effort: str
    min_layover_s: float
    types: tuple[BusType, ...]
    country: str | None
    power_factor: float = 1.0
    max_vehicles: int | None = None
    closed: ClosedSlots = NO_CLOSED_SLOTS
    allowed: tuple[Terminal, ...] = ()
    terminal_use: TerminalUse = TerminalUse.NONE

    def number(self, key: str) -> float:
        """A planning figure."""
        return self.assumptions.number(key)


def plan_fleet(
    planner: Planner, *, progress: Progress, stop: StopRule, keep: Keep = at_once
) -> FleetPlan:
    """Choose type and point power by a rough yearly cost, then look hard for few buses.

    `keep` keeps each combination that was tried.

    Raises
    ------
    NoSolutionError: no trip at all can be served, or the fleet may not have as many vehicles.
    """
    buses = sorted(planner.types, key=lambda bus: bus.capacity_kwh)
    sizing_c = sizing_temperature_c(planner, buses[0])
    powers = _candidate_kw(planner)
    progress(text("fewest buses without energy limit"), 0.0)
    first = driver_of(planner, buses[-1], point_kw=powers[-1])
    flow = smallest_fleet(first.problem, VEHICLE_COST_EUR)
    walk = _Walk(planner, powers, progress=progress, stop=stop, keep=keep)
    tried = walk.best(flow)
    return search_fleet(
        planner,
        tried.driver.bus,
        _Start(
            sizing_c=sizing_c,
            point_kw=tried.driver.point_kw,
            chains=tried.plan.all_trips(),
            flow=flow,
            trials=walk.trials(),
        ),
        progress=progress,
        stop=stop,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a hard search begins; `flow` is the smallest fleet for all trips."""

    sizing_c: float
    point_kw: float
    chains: tuple[Longs, ...]
    flow: FleetFlow
    trials: tuple[Trial, ...]


def search_fleet(
    planner: Planner,
    bus: BusType,
    start: "_Start | FleetPlan",
    *,
    chains: tuple[Longs, ...] | None = None,
    is_mixed: bool = True,
    sweeps: int | None = None,
    progress: Progress,
    stop: StopRule,
) -> FleetPlan:
    """Look hard for few buses of a type, from other blocks on; then size each bus's battery.

    `chains` are where to begin, without them those of `start`. Without `is_mixed` all buses are of
    that type. `sweeps` replaces what the effort says; 0 keeps the blocks where they can be driven.

    Raises
    ------
    NoSolutionError: no trip at all can be served.
    """
    begin = start.chains if chains is None else chains
    found = _searched(
        planner,
        (bus, start.point_kw),
        begin,
        sweeps=SWEEPS[planner.effort] if sweeps is None else sweeps,
        is_mixed=is_mixed,
        progress=progress,
        stop=stop,
    )
    plan, rows = found.plan, np.flatnonzero(planner.network.served).astype(np.int64)
    if not plan.chains:
        raise NoSolutionError(
            code="no-trip-possible",
            message=text("no trip of the day fits into one full battery"),
            hint=text("choose a larger battery ([fleet] vehicle_types) or nearer depots"),
        )
    impossible = tuple(int(rows[t]) for t in plan.impossible)
    served_problem = found.driver.problem.only(np.setdiff1d(np.arange(rows.size), plan.impossible))
    flow = start.flow
    if impossible != (start.impossible if isinstance(start, FleetPlan) else ()):
        flow = smallest_fleet(served_problem, VEHICLE_COST_EUR)
    return FleetPlan(
        sizing_c=start.sizing_c,
        point_kw=start.point_kw,
        largest=bus,
        buses=found.buses,
        impossible=impossible,
        rows=rows,
        flow=flow,
        served_problem=served_problem,
        trials=start.trials,
        was_stopped=plan.was_stopped,
        terminals=planner.network.terminals,
        closed=found.closed,
        sent_back=found.sent_back,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A plan after the hard search, within the room of its terminals."""

    driver: Driver
    plan: ElectricPlan
    buses: tuple[Bus, ...]
    closed: ClosedSlots
    sent_back: tuple[SentBack, ...]


def _searched(
    planner: Planner,
    wanted: tuple[BusType, float],
    chains: tuple[Longs, ...],
    *,
    sweeps: int,
    is_mixed: bool,
    progress: Progress,
    stop: StopRule,
) -> _Found:
    """Look hard for few buses; what terminals have no room for goes back, and is planned anew.

    `wanted` is the type, with the power of depot points. The slots that go back are closed to the
    search. If there are still such stays after ROOM_ROUNDS rounds, the terminals that have them are
    closed altogether.
    """
    effort = planner.effort
    sent_back: dict[int, SentBack] = {}
    for round_ in count():
        driver = driver_of(planner, wanted[0], point_kw=wanted[1])
        plan = electric_plan(
            driver.problem,
            driver.battery,
            chains,
            search_of(
                planner,
                sweeps=sweeps,
                cut_every_s=CUT_EVERY_S[effort],
                rounds=ROUNDS[effort] if sweeps > ROOM_SWEEPS else 0,
            ),
            progress=lambda _, share: progress(text("looking for fewer buses"), share),
            stop=stop,
        )
        buses = right_sized(plan, driver, smaller_drivers(planner, driver) if is_mixed else [])
        closed, sent = without_room(
            [bus.block for bus in buses],
            planner.network.terminals,
            planned_share=planner.number("planning.planned_power_share"),
        )
        if not sent:
            break
        for one in sent:
            before = sent_back.get(one.terminal)
            n = one.n_stays + (before.n_stays if before else 0)
            sent_back[one.terminal] = replace(one, n_stays=n)
        if round_ >= ROOM_ROUNDS:
            closed = closed_terminals(driver.problem, [one.terminal for one in sent])
        planner = replace(planner, closed=planner.closed.joined(closed))
        chains, sweeps = plan.all_trips(), ROOM_SWEEPS
    return _Found(
        driver=driver,
        plan=plan,
        buses=buses,
        closed=planner.closed,
        sent_back=tuple(sent_back[row] for row in sorted(sent_back)),
    )


def smaller_drivers(planner: Planner, driver: Driver) -> list[Driver]:
    """Drivers of the same length with smaller batteries, smallest first."""
    return [
        driver_of(planner, bus, point_kw=driver.point_kw)
        for bus in sorted(planner.types, key=lambda bus: bus.capacity_kwh)
        if bus.capacity_kwh < driver.bus.capacity_kwh and bus.length_m == driver.bus.length_m
    ]


def fleet_types(assumptions: Assumptions, names: tuple[str, ...]) -> tuple[BusType, ...]:
    """The types to plan with: those asked for, else all of the default size."""
    wanted = names or tuple(
        name
        for name in bus_type_names(assumptions)
        if assumptions.word(f"buses.{name}.size") == DEFAULT_SIZE
    )
    return tuple(bus_type(assumptions, name) for name in wanted)


def sizing_temperature_c(planner: Planner, bus: BusType) -> float:
    """The design day that takes more energy in all: winter's or summer's."""
    return max(
        design_temperatures_c(planner.network),
        key=lambda c: float(trip_energies_kwh(planner.network, bus, c).sum()),
    )


def design_temperatures_c(network: Network) -> tuple[float, float]:
    """What fleet and points must cope with: the winter and the summer design day."""
    return network.climate.winter_design_c, network.climate.summer_design_c


def sizing_energies_kwh(network: Network, bus: BusType) -> Floats:
    """Energy of each trip (N,) for sizing: the dearer of the two design days, trip by trip."""
    winter, summer = (trip_energies_kwh(network, bus, c) for c in design_temperatures_c(network))
    return np.maximum(winter, summer)


def trip_energies_kwh(network: Network, bus: BusType, temperature_c: float) -> Floats:
    """Energy of each trip (N,); unknown climb counts as none (the study says so).

    A trip has the temperature of the hour of its middle, where the weather's hours are known.
    """
    trips = network.trips
    return trip_energy_kwh(
        bus,
        temperature_c=trip_temperatures_c(network, temperature_c),
        distance_km=trips.distance_km,
        duration_s=trips.end_s - trips.start_s,
        n_stops=trips.n_stops,
        climb_m=np.nan_to_num(trips.climb_m),
        descent_m=np.nan_to_num(trips.descent_m),
        passengers=network.passengers,
    )


def trip_temperatures_c(network: Network, temperature_c: float) -> Floats:
    """Temperature of each trip (N,) on the day that has this one."""
    middle_h = (network.trips.start_s + network.trips.end_s) // 2 // 3600
    hours_c: Floats = network.climate.hours_c(temperature_c)[middle_h % 24]
    return hours_c


def driver_of(
    planner: Planner, bus: BusType, *, point_kw: float, temperature_c: float | None = None
) -> Driver:
    """Put a bus type on the network: the arrays of its block problem and its battery.

    Without `temperature_c` the energies are those for sizing.
    """
    network, number = planner.network, planner.number
    days: tuple[float, ...] = design_temperatures_c(network)
    if temperature_c is None:
        trips_kwh = sizing_energies_kwh(network, bus)
    else:
        trips_kwh, days = trip_energies_kwh(network, bus, temperature_c), (temperature_c,)
    ways = network.deadheads
    share = number("planning.planned_power_share") * planner.power_factor
    planned_kw = share * np.minimum(np.minimum(bus.charge_curve_kw, bus.max_charge_kw), point_kw)
    served = network.served
    from_node = np.ascontiguousarray(network.trip_nodes[served, 0])
    to_node = np.ascontiguousarray(network.trip_nodes[served, 1])
    problem = BlockProblem(
        start_s=network.trips.start_s[served].astype(np.float64),
        end_s=network.trips.end_s[served].astype(np.float64),
        energy_kwh=trips_kwh[served],
        from_node=from_node,
        to_node=to_node,
        way_s=ways.duration_s.astype(np.float64),
        way_cost=_way_eur(planner),
        way_kwh=np.max([_way_kwh(network, bus, c) for c in days], axis=0),
        depots=network.depot_nodes.astype(np.int64),
        stations=network.depot_nodes.astype(np.int64),
        layover_s=planner.min_layover_s,
        plug_s=number("planning.plug_s"),
        wait_cost_per_s=number("costs.driver_eur_per_h") / 3600.0,
        free_wait_s=number("planning.free_wait_s"),
        night_is_bounded=True,
        end_point=_points_at(planner, to_node, planner.closed.after),
        start_point=_points_at(planner, from_node, planner.closed.before),
    )
    at_terminals = [np.minimum(bus.terminal_curve_kw, t.point_kw) for t in network.terminals]
    battery = Battery(
        soc_min_kwh=bus.soc_min_kwh,
        soc_max_kwh=bus.soc_max_kwh,
        curve_kwh=bus.charge_curve_soc * bus.capacity_kwh,
        curve_kw=planned_kw * bus.charge_efficiency,
        terminal_curves_kw=share * bus.charge_efficiency * np.array(at_terminals)
        if at_terminals
        else None,
    )
    return Driver(bus=bus, point_kw=point_kw, problem=problem, battery=battery)


def _points_at(planner: Planner, node: Longs, closed: frozenset[int]) -> Longs | None:
    """Row of the terminal that a node is (N,), -1 where it is none or closed to this trip."""
    terminals = planner.network.terminals
    if not terminals:
        return None
    row_of = np.full(planner.network.nodes.size, -1, dtype=np.int64)
    row_of[[terminal.node for terminal in terminals]] = np.arange(len(terminals))
    points: Longs = row_of[node]
    points[sorted(closed)] = -1
    return points


def _way_kwh(network: Network, bus: BusType, temperature_c: float) -> Floats:
    """Energy of each way without passengers (W, W)."""
    return deadhead_energy_kwh(
        bus,
        temperature_c=temperature_c,
        distance_km=network.deadheads.distance_km,
        duration_s=network.deadheads.duration_s,
        climb_m=network.deadheads.climb_m,
        descent_m=network.deadheads.descent_m,
    )


def _way_eur(planner: Planner) -> Floats:
    """What a way without passengers costs: maintenance per km and the driver's time."""
    ways = planner.network.deadheads
    per_km = planner.number("costs.maintenance_electric_eur_per_km")
    per_h = planner.number("costs.driver_eur_per_h")
    cost: Floats = per_km * ways.distance_km + per_h * ways.duration_s / 3600.0
    return cost


def _candidate_kw(planner: Planner) -> list[float]:
    keys = [k for k in planner.assumptions.keys() if k.startswith("planning.candidate_point_")]  # noqa: SIM118 - not a mapping
    return sorted(planner.number(key) for key in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A combination that was tried: its driver, its plan and what it would cost."""

    driver: Driver
    plan: ElectricPlan
    trial: Trial


class _Walk:
    """The walk over combinations of type and point power."""

    def __init__(
        self,
        planner: Planner,
        powers: list[float],
        *,
        progress: Progress,
        stop: StopRule,
        keep: Keep,
    ) -> None:
        self._planner, self._powers = planner, powers
        self._progress, self._stop, self._keep = progress, stop, keep
        self._buses = sorted(planner.types, key=lambda bus: bus.capacity_kwh)
        self._tried: dict[tuple[int, int], _Tried] = {}

    def best(self, flow: FleetFlow) -> _Tried:
        """Walk from the largest battery at a middle power to the cheapest neighbour, as it pays."""
        here = (len(self._buses) - 1, len(self._powers) // 2)
        self._try(here, flow.chains)
        moved = self._planner.effort != "low"
        while moved and not self._stop():
            for there in self._around(here):
                if there not in self._tried:
                    self._try(there, flow.chains)
            best = min(self._tried, key=lambda at: (self._tried[at].trial.eur_per_year, at))
            moved, here = best != here, best
        return self._tried[here]

    def trials(self) -> tuple[Trial, ...]:
        """All that was tried, in the order of trying."""
        return tuple(tried.trial for tried in self._tried.values())

    def _around(self, at: tuple[int, int]) -> list[tuple[int, int]]:
        bus, power = at
        powers = [(bus, p) for p in (power - 1, power + 1) if 0 <= p < len(self._powers)]
        return powers + [(b, power) for b in range(len(self._buses)) if b != bus]

    def _try(self, at: tuple[int, int], start: tuple[Longs, ...]) -> None:
        driver = driver_of(
            self._planner,
            self._buses[at[0]],
            point_kw=self._powers[at[1]],
        )
        name, kw = driver.bus.vehicle_type, driver.point_kw
        told = text("trying {name} with {kw:g} kW", name=name, kw=kw)
        plan = self._keep(
            f"{name}.{kw:g}",
            lambda: electric_plan(
                driver.problem,
                driver.battery,
                start,
                search_of(self._planner, sweeps=TRIAL_SWEEPS, cut_every_s=TRIAL_CUT_EVERY_S),
                progress=lambda _, share: self._progress(told, share),
                stop=self._stop,
            ),
        )
        trial = _trial(self._planner, driver, plan)
        self._tried[at] = _Tried(driver=driver, plan=plan, trial=trial)


def search_of(planner: Planner, *, sweeps: int, cut_every_s: float, rounds: int = 0) -> Search:
    """How hard electric_plan looks."""
    return Search(
        max_sweeps=sweeps,
        rounds=rounds,
        cut_every_s=cut_every_s,
        pairs_per_head=PAIRS_PER_HEAD[planner.effort],
        vehicle_cost=VEHICLE_COST_EUR,
    )


def _trial(planner: Planner, driver: Driver, plan: ElectricPlan) -> Trial:
    """Rough yearly cost of vehicles, batteries, points and ways, to compare combinations."""
    number = planner.number
    interest = number("costs.interest_share")
    blocks = _blocks([(driver, chain) for chain in plan.chains])
    points = sum(
        points_needed(block_intervals([b for b in blocks if b.depot == depot]))
        for depot in driver.problem.depots
    )
    point = number("costs.point_fixed_eur") + number("costs.point_eur_per_kw") * driver.point_kw
    point *= annuity_factor(interest, number("costs.point_life_years"))
    ways = plan.cost * DAYS_PER_YEAR
    missing = len(plan.impossible) * VEHICLE_COST_EUR
    if planner.max_vehicles is not None:
        missing += max(0, len(plan.chains) - planner.max_vehicles) * VEHICLE_COST_EUR
    return Trial(
        vehicle_type=driver.bus.vehicle_type,
        point_kw=driver.point_kw,
        vehicles=len(plan.chains),
        points=points,
        eur_per_year=len(plan.chains) * bus_eur_per_year(planner, driver.bus)
        + points * point
        + ways
        + missing,
    )


def bus_eur_per_year(planner: Planner, bus: BusType) -> float:
    """Rough yearly cost of one bus with its battery."""
    number = planner.number
    interest = number("costs.interest_share")
    vehicle = bus.purchase_eur * annuity_factor(interest, number("costs.bus_life_years"))
    battery = bus.nominal_capacity_kwh * bus.battery_eur_per_kwh
    return vehicle + battery * annuity_factor(interest, number("buses.all.battery_life_years"))


def _blocks(driven: list[tuple[Driver, DrivenChain]]) -> list[Block]:
    """Each vehicle's day, with as few points per depot as charging at midday allows."""
    with_night, without = [], []
    for driver, chain in driven:
        block = build_block(driver.problem, driver.battery, chain, charges_at_night=True)
        if block is None:
            raise NoSolutionError(
                code="block-not-drivable",
                message=text("a chain that was found drivable cannot be laid out"),
                hint=text("this is a fault in viavolta: report it with the feed"),
            )
        with_night.append(block)
        without.append(build_block(driver.problem, driver.battery, chain, charges_at_night=False))
    chosen = list(with_night)
    for depot in sorted({block.depot for block in with_night}):
        rows = [k for k, block in enumerate(with_night) if block.depot == depot]
        best = spare_night_points([with_night[k] for k in rows], [without[k] for k in rows])
        for k, block in zip(rows, best, strict=True):
            chosen[k] = block
    return chosen


def right_sized(plan: ElectricPlan, driver: Driver, smaller: list[Driver]) -> tuple[Bus, ...]:
    """Give each chain the smallest battery that drives it as well, then lay out its day."""
    driven: list[tuple[Driver, DrivenChain]] = []
    for chain in plan.chains:
        chosen = (driver, chain)
        for other in smaller:
            trial = drive(other.problem, other.battery, chain.trips)
            if trial is not None and trial.cost <= chain.cost + SAME_COST_EUR:
                chosen = (other, trial)
                break
        driven.append(chosen)
    return tuple(
        Bus(driver=d, chain=c, block=b) for (d, c), b in zip(driven, _blocks(driven), strict=True)
    )
