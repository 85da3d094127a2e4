"""When the buses charge: one schedule per site and season, managed against unmanaged.

The day repeats, so a depot's stays are laid on one circle of 24 hours, cut where it hurts least. A
stay across the cut keeps its larger part for the scheduler where that is long enough; else both
parts bring their share, so that no stay becomes too short by the cut.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from viavolta.catalogue.price_profile import Season, wholesale_profile
from viavolta.engines.bus.blocks import Block, PlannedStay, build_block
from viavolta.engines.bus.chains import AT_DEPOT, DAY_S
from viavolta.engines.bus.points import place_intervals, points_needed
from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.unmanaged import unmanaged
from viavolta.engines.costs.annuity import annuity_factor
from viavolta.engines.costs.investment import connection_rates, level_for
from viavolta.engines.costs.tariff import (
    GridFee,
    capacity_eur_per_kw_day,
    catalogue_tariff,
    day_price,
    step_means,
)
from viavolta.model.errors import NoSolutionError
from viavolta.model.limit import one_limit
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.schedule import Schedule
from viavolta.model.signal import one_zone
from viavolta.model.stay import StayTable, stay_table
from viavolta.model.trip import Floats
from viavolta.model.vehicle import BusType
from viavolta.services.bus.fleet import FleetPlan, Planner, driver_of
from viavolta.services.bus.sites import ChargingSite

UNMET_TOLERANCE_KWH = 0.01
CONNECTION_STEP_KW = 10.0
ROOMY_SHARE = 0.8
"""Of the time of a part: what full power may take before the other part of the stay must help."""
HOUR_S = 3600.0
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotStay:
    """A part of a stay at a depot: whose it is, its window on the circle and what it brings.

    Most stays are one part. `shift_s` leads back from the circle to the stay's own time;
    `soc_arrival_kwh` is the charge at the begin of the part.
    """

    stay_id: str
    bus: int
    planned: PlannedStay
    max_kw: float
    begin_s: float
    end_s: float
    shift_s: float
    energy_kwh: float
    soc_arrival_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotLoad:
    """A depot's stays on the circle of a day that is cut at `cut_s`, a whole hour."""

    stays: tuple[DepotStay, ...]
    cut_s: int

    @property
    def whole(self) -> tuple[DepotStay, ...]:
        """Each stay once, by its first part."""
        return tuple({stay.stay_id: stay for stay in reversed(self.stays)}.values())[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTerms:
    """What a day is scheduled under: prices of a season, grid fee, limit, price of the peak."""

    season: Season
    fee: GridFee
    limit_kw: float | None
    peak_eur_per_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotDay:
    """One depot on one kind of day. Shapes: managed_kw, unmanaged_kw, buy (T,) from 00:00 on.

    `schedule` is the managed day on the circle that `load` cuts; energies at the plug, in kWh.
    """

    load: DepotLoad
    schedule: Schedule
    managed_kw: Floats
    unmanaged_kw: Floats
    buy_eur_per_kwh: Floats
    energy_kwh: float
    wholesale_managed_eur: float
    wholesale_unmanaged_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotCharging:
    """The charging at a depot or a terminal: the sizing day, three days of the year, connection.

    peak_kw: highest managed power of all these days; worth_eur_per_kw: what one more kW at the
    connection would save in a year, where the user's limit binds; price_eur_per_kw: what it costs
    in a year.
    """

    depot: int
    fee: GridFee
    sizing: DepotDay
    seasons: tuple[DepotDay, ...]
    peak_kw: float
    peak_unmanaged_kw: float
    connection_kw: float
    worth_eur_per_kw: float
    price_eur_per_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonBlocks:
    """The fleet's days at one temperature, with how many days of the year it stands for."""

    temperature_c: float
    days: float
    season: Season
    blocks: tuple[Block, ...]


def season_blocks(planner: Planner, plan: FleetPlan) -> tuple[SeasonBlocks, ...]:
    """The same blocks on the winter, mean and summer day: only the energies change.

    Raises
    ------
    NoSolutionError: a block drivable on the sizing day is not on a milder one.
    """
    seasons = (Season.WINTER, Season.MEAN, Season.SUMMER)
    return tuple(
        SeasonBlocks(
            temperature_c=temperature_c,
            days=days,
            season=season,
            blocks=tuple(_blocks_at(planner, plan, temperature_c)),
        )
        for (temperature_c, days), season in zip(
            planner.network.climate.weighted(), seasons, strict=True
        )
    )


def _blocks_at(planner: Planner, plan: FleetPlan, temperature_c: float) -> list[Block]:
    drivers = {
        id(bus.driver): driver_of(
            planner, bus.driver.bus, point_kw=plan.point_kw, temperature_c=temperature_c
        )
        for bus in plan.buses
    }
    blocks = []
    for bus in plan.buses:
        driver = drivers[id(bus.driver)]
        block = build_block(
            driver.problem, driver.battery, bus.chain, charges_at_night=bus.block.has_night_stay
        )
        if block is None:
            raise NoSolutionError(
                code="season-not-drivable",
                message=text("a block cannot be driven at {c:.0f} degrees", c=temperature_c),
                hint=text("check the energy figures: a milder day takes more than the design day"),
            )
        blocks.append(block)
    return blocks


def charge_depots(
    planner: Planner,
    plan: FleetPlan,
    seasons: tuple[SeasonBlocks, ...],
    *,
    progress: Progress,
    stop: StopRule,
) -> tuple[DepotCharging, ...]:
    """Schedule every depot and terminal on the sizing day and the days of the year.

    Raises
    ------
    NoSolutionError: a connection limit leaves buses short of energy.
    """
    sites = planner.network.sites
    result = []
    for k, site in enumerate(sites):
        progress(site.name, k / len(sites))
        result.append(_charge_site(planner, plan, seasons, site, stop=stop))
    return tuple(result)


def _charge_site(
    planner: Planner,
    plan: FleetPlan,
    seasons: tuple[SeasonBlocks, ...],
    site: ChargingSite,
    *,
    stop: StopRule,
) -> DepotCharging:
    tariff = catalogue_tariff(planner.assumptions)
    limit_kw = _limit_kw(plan, site)
    load = _depot_load(plan, [bus.block for bus in plan.buses], site)
    season = min(seasons, key=lambda s: abs(s.temperature_c - plan.sizing_c)).season
    trials = []
    for fee in tariff.branches:
        price = capacity_eur_per_kw_day(fee)
        if not site.is_terminal:
            price += _connection_eur_per_kw_day(planner, load)
        terms = DayTerms(season=season, fee=fee, limit_kw=limit_kw, peak_eur_per_kw=price)
        trials.append((fee, _day(planner, plan, load, terms, stop=stop), price))
    fee, sizing, price = min(trials, key=lambda trial: trial[1].schedule.cost_eur)
    _require_met(sizing, site, limit_kw)
    whole_steps = _whole_steps_kw(float(sizing.managed_kw.max(initial=0.0)))
    connection = whole_steps if limit_kw is None else limit_kw
    cap = max(min(whole_steps, connection), 1.0)
    year = []
    for s in seasons:
        season_load = _depot_load(plan, s.blocks, site, cut_s=load.cut_s)
        terms = DayTerms(season=s.season, fee=fee, limit_kw=cap, peak_eur_per_kw=0.0)
        day = _day(planner, plan, season_load, terms, stop=stop)
        if _unmet_kwh(day) > UNMET_TOLERANCE_KWH:
            terms = DayTerms(season=s.season, fee=fee, limit_kw=limit_kw, peak_eur_per_kw=price)
            day = _day(planner, plan, season_load, terms, stop=stop)
        _require_met(day, site, limit_kw)
        year.append(day)
    peak = max(float(day.managed_kw.max(initial=0.0)) for day in (sizing, *year))
    if limit_kw is None:
        connection = _whole_steps_kw(peak)
    binding = sizing.schedule.binding_limits
    return DepotCharging(
        depot=site.node,
        fee=fee,
        sizing=sizing,
        seasons=tuple(year),
        peak_kw=peak,
        peak_unmanaged_kw=max(float(day.unmanaged_kw.max(initial=0.0)) for day in (sizing, *year)),
        connection_kw=connection,
        worth_eur_per_kw=binding[0].value_eur * DAYS_PER_YEAR if binding else 0.0,
        price_eur_per_kw=price * DAYS_PER_YEAR,
    )


def _limit_kw(plan: FleetPlan, site: ChargingSite) -> float | None:
    """The limit of a connection: the user's; at a terminal, all points in use at full power.

    Buses stay at a terminal for minutes, so that its connection cannot be sized by mean powers.
    """
    if site.point_kw is None:
        return site.connection_kw
    n = points_needed(place_intervals([bus.block for bus in plan.buses], site.node))
    kw = _whole_steps_kw(n * site.point_kw)
    return kw if site.connection_kw is None else min(kw, site.connection_kw)


def _whole_steps_kw(kw: float) -> float:
    """A connection is ordered in whole steps."""
    return float(np.ceil(kw / CONNECTION_STEP_KW - 1e-9) * CONNECTION_STEP_KW)


def _unmet_kwh(day: DepotDay) -> float:
    return float(day.schedule.plan.unmet_kwh.sum())


def _require_met(day: DepotDay, site: ChargingSite, limit_kw: float | None) -> None:
    """Refuse a plan whose buses would leave short of energy."""
    unmet = _unmet_kwh(day)
    if unmet > UNMET_TOLERANCE_KWH:
        short = int((day.schedule.plan.unmet_kwh > UNMET_TOLERANCE_KWH).sum())
        raise NoSolutionError(
            code="connection-too-small",
            message=text(
                "{n} buses at {depot} would leave {kwh:.0f} kWh short",
                n=short,
                depot=site.name,
                kwh=unmet,
            ),
            expected=text("a connection above {kw:.0f} kW", kw=limit_kw or 0.0),
            hint=text("raise connection_kw of the depot, or leave it out to have it sized"),
        )


def _connection_eur_per_kw_day(planner: Planner, load: DepotLoad) -> float:
    """What one kW of connection costs per day, at the grid level of half the points' power."""
    kw = sum(s.max_kw for s in load.whole) / 2
    rates = level_for(max(kw, 1.0), connection_rates(planner.assumptions))
    factor = annuity_factor(
        planner.number("costs.interest_share"), planner.number("costs.connection_life_years")
    )
    return rates.power_eur_per_kw.value * factor / 365.0


def _depot_load(
    plan: FleetPlan, blocks: Sequence[Block], site: ChargingSite, *, cut_s: int | None = None
) -> DepotLoad:
    """Lay the stays at a site on the circle of a day, cut where it hurts least or as told."""
    raw = [
        (k, number, stay)
        for k, block in enumerate(blocks)
        for number, stay in enumerate(block.stays)
        if stay.node == site.node
    ]
    buses = [plan.buses[k].driver.bus for k, _, _ in raw]
    point_kw = plan.point_kw if site.point_kw is None else site.point_kw
    kws = [_max_kw(b, stay, point_kw) for b, (_, _, stay) in zip(buses, raw, strict=True)]
    full_s = [
        stay.energy_kwh / max(kw * bus.charge_efficiency, 1e-9) * HOUR_S
        for (_, _, stay), bus, kw in zip(raw, buses, kws, strict=True)
    ]
    cut = _best_cut([stay for _, _, stay in raw], full_s) if cut_s is None else cut_s
    stays: list[DepotStay] = []
    for (k, number, stay), max_kw, need_s in zip(raw, kws, full_s, strict=True):
        soc = stay.soc_arrival_kwh
        for begin, end, shift, share in _parts(stay, cut, need_s):
            stays.append(
                DepotStay(
                    stay_id=f"{k + 1:04d}-{number + 1}",
                    bus=k,
                    planned=stay,
                    max_kw=max_kw,
                    begin_s=begin,
                    end_s=end,
                    shift_s=shift,
                    energy_kwh=share * stay.energy_kwh,
                    soc_arrival_kwh=soc,
                )
            )
            soc += share * stay.energy_kwh
    return DepotLoad(stays=tuple(stays), cut_s=cut)


def _max_kw(bus: BusType, stay: PlannedStay, point_kw: float) -> float:
    """Power at the plug that any profile of this stay may use: the curve's at its last charge."""
    at_end = (stay.soc_arrival_kwh + stay.energy_kwh) / bus.capacity_kwh
    at_depot = stay.point == AT_DEPOT
    curve_kw = bus.charge_curve_kw if at_depot else bus.terminal_curve_kw
    curve = float(np.interp(at_end, bus.charge_curve_soc, curve_kw))
    return min(curve, bus.max_charge_kw if at_depot else bus.terminal_charge_kw, point_kw)


def _parts(
    stay: PlannedStay, cut_s: float, need_s: float
) -> list[tuple[float, float, float, float]]:
    """Parts of a stay on the day that begins at the cut: (begin, end, shift back, share).

    The larger part alone where it is as long as charging takes with the planned share of power;
    else all parts, each with the share of the energy that it has of the time, which fits wherever
    the whole stay does.
    """
    parts = _at_cut(stay, cut_s)
    begin, end, shift = max(parts, key=lambda part: part[1] - part[0])
    if len(parts) == 1 or need_s <= ROOMY_SHARE * (end - begin):
        return [(begin, end, shift, 1.0)]
    length = stay.departure_s - stay.arrival_s
    return [(begin, end, shift, (end - begin) / length) for begin, end, shift in parts]


def _at_cut(stay: PlannedStay, cut_s: float) -> list[tuple[float, float, float]]:
    """Cut a stay into the parts that each lie on one day from the cut on, in their order."""
    parts = []
    begin_s = stay.arrival_s
    while begin_s < stay.departure_s:
        shift = float(np.floor((begin_s - cut_s) / DAY_S)) * DAY_S
        end_s = min(stay.departure_s, cut_s + shift + DAY_S)
        parts.append((begin_s - shift, end_s - shift, shift))
        begin_s = end_s
    return parts


def _best_cut(stays: Sequence[PlannedStay], full_s: Sequence[float]) -> int:
    """Find the hour at which cutting the circle takes least room from the stays, in seconds.

    `full_s`: how long each stay charges at full power.
    """

    def loss(cut_s: float) -> tuple[float, float]:
        short = lost = 0.0
        for stay, need_s in zip(stays, full_s, strict=True):
            longest = max(end - begin for begin, end, _ in _at_cut(stay, cut_s))
            short += max(0.0, need_s - longest)
            lost += (stay.departure_s - stay.arrival_s) - longest
        return short, lost

    return int(min(np.arange(0.0, DAY_S, HOUR_S), key=loss))


def _day(
    planner: Planner, plan: FleetPlan, load: DepotLoad, terms: DayTerms, *, stop: StopRule
) -> DepotDay:
    """Schedule one depot on one day, and work out what charging at once would have been."""
    step_s = int(planner.number("planning.step_s"))
    n_steps = int(DAY_S) // step_s
    wholesale = wholesale_profile(planner.assumptions, terms.season)
    tariff = catalogue_tariff(planner.assumptions)
    buy = day_price(
        wholesale, tariff, fee=terms.fee, start_s=load.cut_s, step_s=step_s, n_steps=n_steps
    )
    market = step_means(wholesale, load.cut_s, step_s=step_s, n_steps=n_steps)
    signals = one_zone(
        _origin(planner) + np.timedelta64(load.cut_s, "s"), step_s, buy_eur_per_kwh=buy
    )
    cap = sum(s.max_kw for s in load.stays) + 1.0 if terms.limit_kw is None else terms.limit_kw
    limits = one_limit("depot", cap, n_steps=n_steps, peak_eur_per_kw=terms.peak_eur_per_kw)
    managed = schedule(_table(planner, plan, load, whole=False), limits, signals, stop=stop)
    step_h = step_s / HOUR_S
    turn = load.cut_s // step_s
    managed_kw, at_once = managed.plan.net_kw[0], _unmanaged_kw(planner, plan, load, step_s)
    return DepotDay(
        load=load,
        schedule=managed,
        managed_kw=np.roll(managed_kw, turn),
        unmanaged_kw=at_once,
        buy_eur_per_kwh=np.roll(buy, turn),
        energy_kwh=float(managed_kw.sum() * step_h),
        wholesale_managed_eur=float((managed_kw * market).sum() * step_h),
        wholesale_unmanaged_eur=float((at_once * np.roll(market, turn)).sum() * step_h),
    )


def _unmanaged_kw(planner: Planner, plan: FleetPlan, load: DepotLoad, step_s: int) -> Floats:
    """Power over the day, 00:00 first, if every bus charged at full power on arrival (T,)."""
    n_steps = int(DAY_S) // step_s
    if not load.stays:
        return np.zeros(n_steps)
    first = int(min(s.planned.arrival_s for s in load.stays) // DAY_S)
    last = int(max(s.planned.departure_s for s in load.stays) // DAY_S) + 1
    days = last - first
    signals = one_zone(
        _origin(planner) + np.timedelta64(first * int(DAY_S), "s"),
        step_s,
        buy_eur_per_kwh=np.zeros(days * n_steps),
    )
    limits = one_limit("depot", 0.0, n_steps=days * n_steps)
    at_once = unmanaged(_table(planner, plan, load, whole=True), limits=limits, signals=signals)
    folded: Floats = at_once.net_kw[0].reshape(days, n_steps).sum(axis=0)
    return folded


def _origin(planner: Planner) -> np.datetime64:
    """00:00 of the service day in UTC (noon minus 12 h, as GTFS counts)."""
    timetable = planner.network.timetable
    return np.datetime64(day_start_utc(timetable.date, timetable.timezone), "s")


def day_start_utc(date: dt.date, timezone: str) -> dt.datetime:
    """Noon of the local day minus 12 h, in UTC, without zone information."""
    noon = dt.datetime.combine(date, dt.time(12), tzinfo=ZoneInfo(timezone))
    return (noon.astimezone(dt.UTC) - dt.timedelta(hours=12)).replace(tzinfo=None)


def _table(planner: Planner, plan: FleetPlan, load: DepotLoad, *, whole: bool) -> StayTable:
    """The scheduler's stays; `whole` keeps each in its own time, not its part on the circle."""
    origin, stays = _origin(planner), load.whole if whole else load.stays
    begin = np.array([s.planned.arrival_s if whole else s.begin_s for s in stays], dtype=float)
    end = np.array([s.planned.departure_s if whole else s.end_s for s in stays], dtype=float)
    buses = [plan.buses[s.bus].driver.bus for s in stays]
    return stay_table(
        tuple(f"{s.stay_id} {s.shift_s:.0f}" for s in stays),
        origin + np.round(begin).astype("timedelta64[s]"),
        departure=origin + np.round(end).astype("timedelta64[s]"),
        energy_kwh=np.array([s.planned.energy_kwh if whole else s.energy_kwh for s in stays]),
        max_kw=np.array([s.max_kw for s in stays]),
        capacity_kwh=np.array([b.capacity_kwh for b in buses]),
        soc_arrival_kwh=np.array([s.soc_arrival_kwh for s in stays]),
        charge_efficiency=np.array([b.charge_efficiency for b in buses]),
    )
