"""The plan beside other plans: depots only, larger batteries, batteries of two sizes, terminals.

Each alternative is a plan of its own, with blocks, charging and a costed year; each search begins
with the blocks of the plan for depots. The cheapest is the plan of the study.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from viavolta.engines.costs.items import CostItem
from viavolta.engines.costs.tco import total_eur_per_year
from viavolta.model.errors import InputError, NoSolutionError
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.vehicle import BusType
from viavolta.services.bus import tables
from viavolta.services.bus.accounts import Distances, electric_costs
from viavolta.services.bus.charged import Charged, charged, require_room
from viavolta.services.bus.fleet import FleetPlan, Planner, search_fleet
from viavolta.services.bus.fleet_size import require_fleet
from viavolta.services.bus.grid_sites import DepotGrid
from viavolta.services.bus.reasons import NOTHING, Said, reason_row
from viavolta.services.bus.sites import Terminal
from viavolta.services.bus.terminal_choice import candidate_terminals, open_terminals
from viavolta.services.terminal_settings import TerminalUse

DEPOT_ONLY, LARGER, MIXED, TERMINALS = (
    "depot_only",
    "larger_batteries",
    "mixed_fleet",
    "with_terminals",
)
SAID_FROM_EUR = 1.0
GridAt = Callable[[Planner], DepotGrid | None]
"""The grid with the nodes of a planner's sites; raises InputError where one has no node."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A plan with its year: points per site as `charged.charging`."""

    name: str
    charged: Charged
    points: tuple[int, ...]
    day: Distances
    items: tuple[CostItem, ...]

    @property
    def eur_per_year(self) -> float:
        """Cost of a year."""
        return total_eur_per_year(self.items)

    @property
    def rank(self) -> tuple[int, float]:
        """What is best first: trips that no vehicle can do, then the cost."""
        return len(self.charged.plan.impossible), self.eur_per_year


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """All alternatives in their order, and the name of the one that is the plan.

    is_given: whether the configuration wants it, whatever it costs. not_possible: alternatives
    that could not be charged, each with the reason.
    """

    alternatives: tuple[Alternative, ...]
    chosen: str
    is_given: bool
    not_possible: tuple[tuple[str, str], ...]

    @property
    def best(self) -> Alternative:
        """The alternative that is the plan."""
        return next(one for one in self.alternatives if one.name == self.chosen)


def choose_alternative(
    planner: Planner, base: Charged, grid_at: GridAt, *, progress: Progress, stop: StopRule
) -> Choice:
    """Make every alternative to the plan for depots, cost their years, and choose.

    Raises
    ------
    NoSolutionError: terminals that the configuration wants cannot be planned, or every plan has
        more buses than there are, or more points than a depot has room for.
    """
    planner = dataclasses.replace(planner, power_factor=base.power_factor)
    is_given = planner.terminal_use is TerminalUse.GIVEN
    found: list[Alternative] = []
    refused: list[tuple[str, NoSolutionError]] = []
    others = _Others(planner, base, grid_at, progress=progress, stop=stop)
    for name, make in ((_base_name(base.plan), others.of_depots), *others.all()):
        try:
            found.append(_priced(name, planner, make()))
        except NoSolutionError as error:
            if (is_given and name == TERMINALS) or error.code == "block-not-drivable":
                raise
            refused.append((name, error))
    if not found:
        raise refused[0][1]
    best = min(found, key=lambda one: one.rank)
    if is_given:
        best = next(one for one in found if one.name == TERMINALS)
    order = (DEPOT_ONLY, LARGER, MIXED, TERMINALS)
    return Choice(
        alternatives=tuple(sorted(found, key=lambda one: order.index(one.name))),
        chosen=best.name,
        is_given=is_given,
        not_possible=tuple((name, error.message) for name, error in refused),
    )


def _base_name(plan: FleetPlan) -> str:
    types = {bus.driver.bus.vehicle_type for bus in plan.buses}
    return MIXED if len(types) > 1 else DEPOT_ONLY


def _priced(name: str, planner: Planner, made: Charged) -> Alternative:
    planner = made.on(planner)
    points = made.points
    require_fleet(
        [bus.block for bus in made.plan.buses],
        planner.max_vehicles,
        vehicles_without_energy_limit=made.plan.flow.n_vehicles,
    )
    require_room(planner.network, points)
    day = tables.day_distances(planner.network, made.plan)
    return Alternative(
        name=name,
        charged=made,
        points=points,
        day=day,
        items=electric_costs(
            planner, made.plan, made.seasons, made.charging, points=points, day=day
        ),
    )


class _Others:
    """The alternatives to a plan for depots, and how each is made."""

    def __init__(
        self,
        planner: Planner,
        base: Charged,
        grid_at: GridAt,
        *,
        progress: Progress,
        stop: StopRule,
    ) -> None:
        self._planner, self._base, self._grid_at = planner, base, grid_at
        self._plan = base.plan
        self._progress, self._stop = progress, stop

    def of_depots(self) -> Charged:
        """The plan for depots itself, which is made already."""
        return self._base

    def all(self) -> Iterator[tuple[str, Callable[[], Charged]]]:
        """Those that there are, in the order of making."""
        plan, planner = self._plan, self._planner
        if _base_name(plan) == MIXED:
            yield DEPOT_ONLY, lambda: self._of_one_size(plan.largest, sweeps=0)
        same_length = [bus for bus in planner.types if bus.length_m == plan.largest.length_m]
        largest = max(same_length, key=lambda bus: bus.capacity_kwh)
        if largest.vehicle_type != plan.largest.vehicle_type:
            yield LARGER, lambda: self._of_one_size(largest, sweeps=None)
        if planner.terminal_use is TerminalUse.NONE:
            return
        candidates = _with_nodes(planner, candidate_terminals(planner, plan), self._grid_at)
        if candidates:
            yield TERMINALS, lambda: self._with_terminals(candidates)

    def _of_one_size(self, bus: BusType, *, sweeps: int | None) -> Charged:
        """All buses of one type; without `sweeps` looked for as hard as the plan itself."""

        def make(at: Planner) -> FleetPlan:
            return search_fleet(
                at,
                bus,
                self._plan,
                is_mixed=False,
                sweeps=sweeps,
                progress=self._progress,
                stop=self._stop,
            )

        return self._charged(self._planner, make)

    def _with_terminals(self, candidates: Sequence[Terminal]) -> Charged:
        """Points at those of the terminals that pay, the blocks looked for anew."""
        opened = open_terminals(
            self._planner, self._plan, candidates, progress=self._progress, stop=self._stop
        )

        def make(at: Planner) -> FleetPlan:
            return search_fleet(
                at,
                opened.driver.bus,
                self._plan,
                chains=opened.plan.all_trips(),
                progress=self._progress,
                stop=self._stop,
            )

        made = self._charged(opened.planner, make)
        if self._planner.terminal_use is not TerminalUse.GIVEN and not any(
            made.points[len(made.depots) :]
        ):
            raise NoSolutionError(
                code="no-terminal-used",
                message=text("no bus charges at a terminal in the best plan that may use them"),
                hint=text("nothing is to be done: depots are enough"),
            )
        return made

    def _charged(self, planner: Planner, make: Callable[[Planner], FleetPlan]) -> Charged:
        grid = self._grid_at(planner)
        return charged(planner, make(planner), grid, make, progress=self._progress)


def _with_nodes(
    planner: Planner, candidates: Sequence[Terminal], grid_at: GridAt
) -> tuple[Terminal, ...]:
    """Leave out candidates of the planner's own that no node of the grid is near to."""
    if planner.allowed:
        return tuple(candidates)
    kept = []
    for terminal in candidates:
        network = dataclasses.replace(planner.network, terminals=(terminal,))
        try:
            grid_at(dataclasses.replace(planner, network=network))
        except InputError:
            continue
        kept.append(terminal)
    return tuple(kept)


def alternatives_table(
    choice: Choice, *, cost_lower_bound_eur: float, n_too_fast: int
) -> pl.DataFrame:
    """One row per alternative; `n_too_fast` trips are left out of every plan."""
    rows = []
    for one in choice.alternatives:
        plan, depots = one.charged.plan, len(one.charged.depots)
        types = Counter(bus.driver.bus.vehicle_type for bus in plan.buses)
        rows.append(
            {
                "alternative": one.name,
                "is_chosen": one.name == choice.chosen,
                "is_given": choice.is_given and one.name == choice.chosen,
                "vehicles": len(plan.buses),
                "vehicles_by_type": json.dumps(dict(sorted(types.items()))),
                "depot_points": sum(one.points[:depots]),
                "terminal_points": sum(one.points[depots:]),
                "terminals": sum(1 for n in one.points[depots:] if n),
                "connection_kw": float(
                    sum(
                        site.connection_kw
                        for site, n in zip(one.charged.charging, one.points, strict=True)
                        if n
                    )
                ),
                "deadhead_km": one.day.deadhead_km,
                "infeasible_trips": len(plan.impossible) + n_too_fast,
                "eur_per_year": one.eur_per_year,
                "vehicles_lower_bound": plan.flow.n_vehicles,
                "cost_lower_bound_eur": min(cost_lower_bound_eur, one.eur_per_year),
            }
        )
    return pl.DataFrame(rows)


def alternative_costs_table(choice: Choice) -> pl.DataFrame:
    """The yearly costs of every alternative, item by item."""
    return pl.DataFrame(
        [
            {
                "alternative": one.name,
                "item": str(item.item),
                "eur_per_year": item.eur_per_year,
            }
            for one in choice.alternatives
            for item in one.items
        ]
    )


def alternative_reasons(choice: Choice) -> list[tuple[str, str, str, str, str]]:
    """Rows of the table why: what is chosen, and what each other one would cost more, and where."""
    best = choice.best
    code = "alternative-given" if choice.is_given else "alternative-best"
    chosen: Said = (code, {"name": best.name, "n": len(choice.alternatives)})
    return [
        reason_row("alternative", chosen, _terminals_said(best)),
        *(
            reason_row("alternative", _against(one, best), *_items_said(one, best))
            for one in choice.alternatives
            if one is not best
        ),
        *(
            reason_row(
                "alternative", ("alternative-not-possible", {"name": name, "why": why}), NOTHING
            )
            for name, why in choice.not_possible
        ),
    ]


def _terminals_said(best: Alternative) -> Said:
    depots = len(best.charged.depots)
    names = [
        terminal.name
        for terminal, n in zip(best.charged.terminals, best.points[depots:], strict=True)
        if n
    ]
    return ("alternative-terminals", {"names": ", ".join(names)}) if names else NOTHING


def _against(one: Alternative, best: Alternative) -> Said:
    more = one.eur_per_year - best.eur_per_year
    values = {
        "name": one.name,
        "eur": abs(more),
        "n": len(one.charged.plan.buses),
        "m": len(best.charged.plan.buses),
    }
    return ("alternative-more" if more >= 0 else "alternative-less", values)


def _items_said(one: Alternative, best: Alternative) -> tuple[Said, Said]:
    """The item in which an alternative costs most more, and the one in which it saves most."""
    mine = {str(item.item): item.eur_per_year for item in one.items}
    other = {str(item.item): item.eur_per_year for item in best.items}
    more = {name: mine.get(name, 0.0) - other.get(name, 0.0) for name in {**other, **mine}}
    dearest = max(more, key=lambda name: (more[name], name))
    saved = min(more, key=lambda name: (more[name], name))
    costs: Said = ("alternative-item-more", {"item": dearest, "eur": more[dearest]})
    saves: Said = ("alternative-item-less", {"item": saved, "eur": -more[saved]})
    return (
        costs if more[dearest] > SAID_FROM_EUR else NOTHING,
        saves if more[saved] < -SAID_FROM_EUR else NOTHING,
    )
