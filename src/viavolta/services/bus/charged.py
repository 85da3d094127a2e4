"""Blocks and their charging together: planned anew until connections and the grid bear them."""

import dataclasses
from collections.abc import Callable

import numpy as np

from viavolta.engines.bus.points import place_intervals, points_needed
from viavolta.model.errors import NoSolutionError
from viavolta.model.messages import text
from viavolta.model.progress import Progress, never
from viavolta.services.bus.charging import (
    DepotCharging,
    SeasonBlocks,
    charge_depots,
    season_blocks,
)
from viavolta.services.bus.fleet import FleetPlan, Planner
from viavolta.services.bus.grid_limits import GridLimits, grid_limits, within_grid
from viavolta.services.bus.grid_sites import DepotGrid
from viavolta.services.bus.network import Network
from viavolta.services.bus.sites import Terminal
from viavolta.services.bus_config import DepotSetting

POWER_FACTORS = (1.0, 0.7, 0.45)
"""Shares of the planned point power that are tried in turn where a connection is too small."""
GRID_ROUNDS = 3
"""How often blocks are made anew because the grid gives terminals less than they would take."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """Blocks whose charging a connection can deliver, and what the grid allowed it.

    `grid` is the grid with the nodes of just these sites.
    """

    power_factor: float
    depots: tuple[DepotSetting, ...]
    terminals: tuple[Terminal, ...]
    plan: FleetPlan
    seasons: tuple[SeasonBlocks, ...]
    charging: tuple[DepotCharging, ...]
    limits: GridLimits | None
    grid: DepotGrid | None

    def on(self, planner: Planner) -> Planner:
        """The planner as it was when the charging could be delivered."""
        network = dataclasses.replace(planner.network, depots=self.depots, terminals=self.terminals)
        return dataclasses.replace(
            planner, network=network, power_factor=self.power_factor, closed=self.plan.closed
        )

    @property
    def points(self) -> tuple[int, ...]:
        """Points per site: most stays at once, day and night."""
        return points_of(self.plan, self.charging)


class _Asked:
    """What the first of several plans asked of the grid."""

    def __init__(self) -> None:
        self.first: GridLimits | None = None


def points_of(plan: FleetPlan, charging: tuple[DepotCharging, ...]) -> tuple[int, ...]:
    """Points per site: most stays at once, day and night."""
    blocks = [bus.block for bus in plan.buses]
    return tuple(points_needed(place_intervals(blocks, site.depot)) for site in charging)


def require_room(network: Network, points: tuple[int, ...]) -> None:
    """Refuse a plan with more points at a depot than the user has room for.

    Raises
    ------
    NoSolutionError: a depot is too small.
    """
    for depot, n in zip(network.depots, points, strict=False):
        if depot.max_points is not None and n > depot.max_points:
            raise NoSolutionError(
                code="depot-too-small",
                message=text("{depot} needs {n} charging points", depot=depot.name, n=n),
                expected=text("at most {n}, as the configuration says", n=depot.max_points),
                hint=text("raise max_points of the depot, or add a depot"),
            )


def plan_and_charge(
    planner: Planner,
    grid: DepotGrid | None,
    make_blocks: Callable[[Planner], FleetPlan],
    *,
    progress: Progress,
) -> Charged:
    """Make blocks and schedule their charging, within what the grid bears.

    Where a connection limit leaves buses short, plan again with less power at the points, a
    bounded number of times.

    Raises
    ------
    NoSolutionError: a connection is too small for every plan, or a node takes nothing.
    """
    asked = _Asked()
    for factor in POWER_FACTORS:
        attempt = dataclasses.replace(planner, power_factor=factor)
        try:
            return charged(
                attempt, make_blocks(attempt), grid, make_blocks, progress=progress, asked=asked
            )
        except NoSolutionError as error:
            if error.code != "connection-too-small" or factor == POWER_FACTORS[-1]:
                raise
    raise AssertionError


def charged(
    planner: Planner,
    plan: FleetPlan,
    grid: DepotGrid | None,
    make_blocks: Callable[[Planner], FleetPlan],
    *,
    progress: Progress,
    asked: "_Asked | None" = None,
) -> Charged:
    """Schedule the charging of a plan within its connections and what the grid bears.

    Where the grid leaves a terminal room for fewer buses than charge there at once, the blocks are
    made anew with that room.

    Raises
    ------
    NoSolutionError: a connection is too small, or a node takes nothing.
    """
    asked = asked or _Asked()
    limits: GridLimits | None = None
    for _ in range(GRID_ROUNDS):
        attempt = dataclasses.replace(planner, closed=plan.closed)
        seasons = season_blocks(attempt, plan)
        try:
            charging = charge_depots(attempt, plan, seasons, progress=progress, stop=never)
            if grid is None:
                break
            limits = grid_limits(grid, charging)
            asked.first = asked.first or limits
            if not limits.binds_any:
                break
            held = within_grid(attempt, grid, limits)
            if _has_room(held, plan, charging):
                attempt = held
                charging = charge_depots(attempt, plan, seasons, progress=progress, stop=never)
                break
        except NoSolutionError as error:
            if error.code == "connection-too-small":
                raise _too_small(error, grid, limits) from error
            raise
        network = dataclasses.replace(planner.network, terminals=held.network.terminals)
        planner = dataclasses.replace(planner, network=network)
        plan = make_blocks(planner)
    else:
        raise _terminals_too_small(grid, limits)
    if limits is not None and asked.first is not None:
        limits = limits.as_asked(asked.first)
    return Charged(
        power_factor=planner.power_factor,
        depots=attempt.network.depots,
        terminals=attempt.network.terminals,
        plan=plan,
        seasons=seasons,
        charging=charging,
        limits=limits,
        grid=grid,
    )


def _has_room(planner: Planner, plan: FleetPlan, charging: tuple[DepotCharging, ...]) -> bool:
    """Whether each terminal can charge as many buses at once as the plan has there."""
    share = planner.number("planning.planned_power_share")
    at_terminals = points_of(plan, charging)[len(planner.network.depots) :]
    rooms = [terminal.room(share) for terminal in planner.network.terminals]
    is_as_strong = all(
        new.point_kw >= old.point_kw
        for new, old in zip(planner.network.terminals, plan.terminals, strict=True)
    )
    return is_as_strong and all(
        room is None or n <= room for n, room in zip(at_terminals, rooms, strict=True)
    )


def _terminals_too_small(grid: DepotGrid | None, limits: GridLimits | None) -> NoSolutionError:
    error = NoSolutionError(
        code="connection-too-small",
        message=text("the grid gives terminals less room in every round"),
        expected=text("a plan that fits after {n} rounds", n=GRID_ROUNDS),
        hint=text("name other nodes in [grid.nodes], or fewer terminals"),
    )
    return _too_small(error, grid, limits)


def _too_small(
    error: NoSolutionError, grid: DepotGrid | None, limits: GridLimits | None
) -> NoSolutionError:
    """Say where it is the grid that keeps a connection small, and what holds it back there."""
    if grid is None or limits is None or not limits.binds_any:
        return error
    held = [
        text(
            "{node} takes {kw:,.0f} kW, {element} binds",
            node=grid.node_id(int(k)),
            kw=limits.limit_kw[k],
            element=limits.binds[int(k)],
        )
        for k in np.flatnonzero(np.isfinite(limits.limit_kw))
    ]
    return NoSolutionError(
        code="connection-too-small",
        message=text("{what}; the grid: {held}", what=error.message, held="; ".join(held)),
        expected=error.expected,
        hint=text(
            "name other nodes in [grid.nodes], share the buses among more depots, or plan without "
            "--grid and have the grid strengthened"
        ),
    )
