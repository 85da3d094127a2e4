"""One draw of a town: its homes and cars, charged by every strategy, and what must be built."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.unmanaged import full_power_kw, wanted_kwh
from viavolta.engines.charging.window import windows
from viavolta.engines.grid.dimming import Charging as DimmableCharging
from viavolta.engines.grid.dimming import dim_until_fine, least_power_kw
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid
from viavolta.model.stay import StayTable
from viavolta.services.ev_behaviour import Behaviour
from viavolta.services.town.areas import Areas, areas_of, members
from viavolta.services.town.build import Built, Measure, Rules, allowed_in, build, crossing_share
from viavolta.services.town.calendar import HOUR_STEPS, STEP_H, WEEK_STEPS, n_weeks, study_year
from viavolta.services.town.cars import draw_cars, n_home_cars
from viavolta.services.town.charging import (
    Charging,
    WeeklyPlan,
    quarter_signals,
    unmanaged_charging,
)
from viavolta.services.town.figures import TownFigures
from viavolta.services.town.flow import Allowed, TownFlow, WeekFlow, year_of
from viavolta.services.town.managed import (
    connections_below,
    first_limits,
    plan_within,
    reaches,
)
from viavolta.services.town.place import BaseLoad, Place, base_load
from viavolta.services.town.strategy import MANAGED, WITH_LIMITS, Strategy

NONE = "none"
"""Name of the case without electric cars."""
_DIM_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much work a study does.

    Attributes
    ----------
    draws : number of draws. most_passes : of the scheduler, for each week. most_rounds : of
        planning again after the flow found something broken.
    """

    draws: int
    most_passes: int
    most_rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """All that the draws have in common; plain data, so that it can be sent to other processes.

    Attributes
    ----------
    price_eur_per_kwh : (T / 4,) by hour. n_steps : T of the year. seed : of the study.
    """

    name: str
    place: Place
    figures: TownFigures
    behaviour: Behaviour
    rules: Rules
    price_eur_per_kwh: Floats
    timezone: str
    ev_shares: tuple[float, ...]
    strategies: tuple[Strategy, ...]
    effort: Effort
    n_steps: int
    seed: int

    @property
    def n_cars(self) -> int:
        """Cars that charge at home once all cars are electric."""
        return n_home_cars(self.place, self.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLoad:
    """What happens in each area (L,): see the table areas."""

    name: tuple[str, ...]
    parent: Ints
    branch: Ints
    capacity_kva: Floats
    n_connections: Ints
    n_cars: Ints
    peak_kw: Floats
    unmet_kwh: Floats
    limit_kw: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """A strategy at an EV share in one draw, before its measures, and with them.

    Attributes
    ----------
    flow : worst values of the year before the measures of this case. flow_grid : the grid of it:
        with the measures of smaller shares. measures : of this case alone.
    verified_hours : element hours outside the limits over a full year with all measures.
    is_solved : False where no allowed measures suffice; the costs are then too low.
    base_kw : (T,) of the town without cars and losses.
    """

    draw: int
    strategy: str
    ev_share: float
    n_cars: int
    energy_kwh: float
    wanted_kwh: float
    unmet_kwh: float
    cost_energy_eur: float
    flow: WeekFlow
    flow_grid: Grid
    measures: tuple[Measure, ...]
    measure_share: tuple[float, ...]
    cost_eur: float
    reinforcement_eur: float
    lower_bound_eur: float
    verified_hours: float
    is_solved: bool
    rounds: int
    dimmed_hours: float | None
    areas: AreaLoad
    base_kw: Floats


def study_draw(town: Town, draw: int) -> list[CaseResult]:
    """Study one draw: the town without cars first, then every strategy at rising EV shares."""
    draws = _Draw(town, draw)
    cases = [draws.without_cars()]
    for strategy in town.strategies:
        before, spent, share_before = draws.without, cases[0].cost_eur, 0.0
        for ev_share in town.ev_shares:
            case, built = draws.case(
                strategy,
                ev_share=ev_share,
                before=before,
                spent_eur=spent,
                share_before=share_before,
            )
            cases.append(case)
            before, spent, share_before = built, case.reinforcement_eur, ev_share
    return cases


class _Draw:
    """The drawn homes and cars, and the grid as it must be for them without any electric car."""

    without: Built

    def __init__(self, town: Town, draw: int) -> None:
        self.town, self.draw = town, draw
        homes, cars = np.random.default_rng([town.seed, draw]).spawn(2)
        self.start = study_year(town.n_steps)
        self.base: BaseLoad = base_load(town.place, self.start, town.figures, rng=homes)
        key = int(cars.integers(2**63))
        self.cars = {
            has_v2x: draw_cars(
                town.place,
                town.n_cars,
                behaviour=town.behaviour,
                n_steps=town.n_steps,
                timezone=town.timezone,
                has_v2x=has_v2x,
                rng=np.random.default_rng(key),
            )
            for has_v2x in ((False, True) if Strategy.V2X in town.strategies else (False,))
        }

    def without_cars(self) -> CaseResult:
        """The town without electric cars: what must be built for it is built in all cases."""
        charging = Charging(
            power_kw=np.zeros((self.town.place.n_connections, self.town.n_steps)),
            unmet_kwh=np.zeros(0),
            wanted_kwh=np.zeros(0),
        )
        grid = self.town.place.grid
        here = self._here(grid, allowed_in(grid, self.town.rules))
        flow = here.flow.weeks(None, range(n_weeks(self.town.n_steps)))
        case, built = self._result(
            _Charged(charging=charging, flow=flow, stays=None),
            here,
            strategy=NONE,
            ev_share=0.0,
            spent_eur=0.0,
            before=None,
            share_before=0.0,
        )
        self.without = built
        return case

    def case(
        self,
        strategy: Strategy,
        *,
        ev_share: float,
        before: Built,
        spent_eur: float,
        share_before: float,
    ) -> tuple[CaseResult, Built]:
        """Charge by a strategy in what was built before, and strengthen it where that breaks it."""
        cars = self.cars[strategy is Strategy.V2X]
        stays = cars.first(round(ev_share * self.town.n_cars))
        here = self._here(before.grid, before.allowed)
        if strategy in MANAGED:
            charged = self._managed(stays, here, strategy=strategy)
        elif strategy is Strategy.DIMMED:
            charged = self._dimmed(stays, here, n_cars=round(ev_share * self.town.n_cars))
        else:
            charged = self._unmanaged(stays, here)
        return self._result(
            charged,
            here,
            strategy=strategy,
            ev_share=ev_share,
            spent_eur=spent_eur,
            before=before.flow,
            share_before=share_before,
        )

    def _here(self, grid: Grid, allowed: Allowed) -> "_Here":
        place = self.town.place.in_grid(grid)
        areas = areas_of(grid, town=self.town.name)
        return _Here(
            place=place,
            areas=areas,
            directly=members(areas, place),
            flow=TownFlow(
                grid, place.node, base=self.base, start=self.start, allowed=allowed, areas=areas
            ),
        )

    def _unmanaged(self, stays: StayTable, here: "_Here") -> "_Charged":
        charging = unmanaged_charging(
            stays, n_connections=here.place.n_connections, n_steps=self.town.n_steps
        )
        flow = here.flow.weeks(charging.power_kw, range(n_weeks(self.town.n_steps)))
        return _Charged(charging=charging, flow=flow, stays=stays)

    def _managed(self, stays: StayTable, here: "_Here", *, strategy: Strategy) -> "_Charged":
        town, figures = self.town, self.town.figures
        weeks = n_weeks(town.n_steps)
        most_kw = float(
            np.abs(self.base.p_kw()).sum(axis=0).max() + 2 * self.cars[False].plug_kw.sum()
        )
        allowed = here.flow.allowed.load_share
        limits = first_limits(
            here.areas,
            allowed if strategy in WITH_LIMITS else np.full(len(allowed), np.inf),
            most_kw=most_kw,
            margin_share=figures.limit_margin_share,
            weeks=weeks,
        )
        plan = WeeklyPlan(
            stays=stays,
            areas=here.areas,
            directly=here.directly,
            base=self.base,
            price_eur_per_kwh=town.price_eur_per_kwh,
            import_kw=limits,
            export_kw=limits.copy(),
            unmet_eur_per_kwh=figures.unmet_eur_per_kwh,
            most_passes=town.effort.most_passes,
        )
        if strategy is Strategy.PRICED:
            plan.plan(range(weeks))
            flow = here.flow.weeks(plan.power_kw, range(weeks))
            return _Charged(charging=plan.charging(), flow=flow, stays=stays)
        year = plan_within(
            plan,
            here.flow,
            unmet_allowed_share=figures.unmet_allowed_share,
            most_rounds=town.effort.most_rounds,
        )
        return _Charged(
            charging=year.charging,
            flow=year.flow,
            stays=stays,
            n_rounds=year.n_rounds,
            limit_kw=np.where(year.least_limit_kw < most_kw, year.least_limit_kw, np.nan),
        )

    def _dimmed(self, stays: StayTable, here: "_Here", *, n_cars: int) -> "_Charged":
        """Unmanaged charging, dimmed at all connections in an area while it is broken."""
        town = self.town
        n_connections, n_steps = here.place.n_connections, town.n_steps
        window = windows(stays, quarter_signals(n_steps))
        cars_at = np.bincount(self.cars[False].connection[:n_cars], minlength=n_connections)
        device_kw = town.figures.device_kw
        charging = DimmableCharging(
            point=stays.limit,
            first_step=window.first_step,
            offsets=window.offsets,
            is_controllable=stays.max_kw > device_kw,
            power_kw=full_power_kw(stays, window, step_h=STEP_H),
            most_kw=stays.max_kw[window.stay] * window.share,
        )
        reach = reaches(here.areas, here.directly)
        weeks = range(n_weeks(n_steps))
        before_kw = charging.at_points(n_connections, n_steps)
        flow = here.flow.weeks(before_kw, weeks)
        year = year_of(flow)
        n_looked = 1

        def overloaded(now: DimmableCharging, steps: Ints) -> np.ndarray:
            nonlocal n_looked
            n_looked += 1
            power_kw = now.at_points(n_connections, n_steps)
            found = np.zeros((n_connections, len(steps)), dtype=bool)
            for first in range(0, len(steps), WEEK_STEPS):
                part = steps[first : first + WEEK_STEPS]
                broken = here.flow.at_steps(power_kw[:, part], part)
                column = np.searchsorted(part, broken.step)
                found[:, first : first + len(part)] = connections_below(
                    reach, broken.area, column, len(part)
                )
            return found

        dimmed = dim_until_fine(
            charging,
            overloaded,
            is_overloaded=connections_below(reach, year.area, year.step, n_steps),
            least_kw=np.array(
                [
                    least_power_kw(
                        int(n), device_kw=device_kw, factors=town.figures.dimming_factors
                    )
                    for n in cars_at
                ]
            ),
            step_h=STEP_H,
            most_rounds=_DIM_ROUNDS,
        )
        power_kw = dimmed.charging.at_points(n_connections, n_steps)
        changed = np.flatnonzero((power_kw != before_kw).any(axis=0)) // WEEK_STEPS
        flow.update(here.flow.weeks(power_kw, np.unique(changed).tolist()))
        is_felt = dimmed.is_dimmed & (cars_at > 0)[:, None] & (power_kw > 0)
        return _Charged(
            charging=Charging(
                power_kw=power_kw,
                unmet_kwh=dimmed.unmet_kwh * stays.charge_efficiency,
                wanted_kwh=wanted_kwh(stays),
            ),
            flow=flow,
            stays=stays,
            n_rounds=n_looked,
            dimmed_hours=float(is_felt.sum() * STEP_H),
        )

    def _result(
        self,
        charged: "_Charged",
        here: "_Here",
        *,
        strategy: str,
        ev_share: float,
        spent_eur: float,
        before: WeekFlow | None,
        share_before: float,
    ) -> tuple[CaseResult, Built]:
        town = self.town
        power_kw = charged.charging.power_kw
        year = year_of(charged.flow)
        built = build(
            here.place,
            rules=town.rules,
            allowed=here.flow.allowed,
            base=self.base,
            power_kw=power_kw,
            start=self.start,
            flow=year,
            town=town.name,
        )
        cost = sum(measure.cost_eur for measure in built.measures)
        town_kw = power_kw.sum(axis=0)
        hourly = town_kw.reshape(-1, HOUR_STEPS).mean(axis=1)
        base_kw = self.base.p_kw().sum(axis=0)
        return CaseResult(
            draw=self.draw,
            strategy=str(strategy),
            ev_share=ev_share,
            n_cars=round(ev_share * town.n_cars),
            energy_kwh=float(town_kw.sum() * STEP_H),
            wanted_kwh=float(charged.charging.wanted_kwh.sum()),
            unmet_kwh=float(charged.charging.unmet_kwh.sum()),
            cost_energy_eur=float((hourly * town.price_eur_per_kwh).sum()),
            flow=year,
            flow_grid=here.place.grid,
            measures=built.measures,
            measure_share=tuple(
                crossing_share(
                    measure,
                    here.place.grid,
                    allowed=here.flow.allowed,
                    before=before,
                    after=year,
                    shares=(share_before, ev_share),
                )
                for measure in built.measures
            ),
            cost_eur=cost,
            reinforcement_eur=spent_eur + cost,
            lower_bound_eur=built.lower_bound_eur,
            verified_hours=built.flow.broken_hours,
            is_solved=built.is_solved,
            rounds=charged.n_rounds,
            dimmed_hours=charged.dimmed_hours,
            areas=self._area_load(charged, here, ev_share=ev_share),
            base_kw=base_kw,
        ), built

    def _area_load(self, charged: "_Charged", here: "_Here", *, ev_share: float) -> AreaLoad:
        areas, charging = here.areas, charged.charging
        reach = reaches(areas, here.directly)
        n_connections = here.place.n_connections
        peak = np.full(areas.n_areas, -np.inf)
        for week in range(n_weeks(self.town.n_steps)):
            steps = slice(week * WEEK_STEPS, (week + 1) * WEEK_STEPS)
            load = reach @ (self.base.p_kw(steps) + charging.power_kw[:, steps])
            peak = np.maximum(peak, load.max(axis=1))
        unmet = np.zeros(n_connections)
        if charged.stays is not None:
            np.add.at(unmet, charged.stays.limit, charging.unmet_kwh)
        cars = self.cars[False].connection[: round(ev_share * self.town.n_cars)]
        n_cars = np.bincount(cars, minlength=n_connections)
        return AreaLoad(
            name=areas.name,
            parent=areas.parent,
            branch=areas.branch,
            capacity_kva=areas.capacity_kva,
            n_connections=(reach > 0).sum(axis=1),
            n_cars=np.rint(reach @ n_cars).astype(np.int64),
            peak_kw=peak,
            unmet_kwh=reach @ unmet,
            limit_kw=np.full(areas.n_areas, np.nan)
            if charged.limit_kw is None
            else charged.limit_kw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """A grid with the same people in it: its areas, who hangs on which, its power flow."""

    place: Place
    areas: Areas
    directly: Floats
    flow: TownFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charged:
    """How a strategy charged, and the flow it made by week."""

    charging: Charging
    flow: dict[int, WeekFlow]
    stays: StayTable | None
    n_rounds: int = 1
    limit_kw: Floats | None = None
    dimmed_hours: float | None = None
