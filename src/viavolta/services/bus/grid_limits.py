"""Connections that the grid can bear: what depots may ask for, alone and together."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.room import Room, room_of, shared_kw
from viavolta.model.arrays import Floats
from viavolta.model.errors import NoSolutionError
from viavolta.model.messages import text
from viavolta.services.bus.charging import DepotCharging
from viavolta.services.bus.fleet import Planner
from viavolta.services.bus.grid_sites import DepotGrid


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLimits:
    """What K depots ask for and get.

    Attributes
    ----------
    asked_kw : (K,) connections of the plan without the grid. limit_kw : (K,) the most that each may
        have; NaN where the grid does not limit it. alone : (K,) what each node could take if no
        other depot drew anything. binds : (K,) what holds each back, "" where nothing does.
    """

    asked_kw: Floats
    limit_kw: Floats
    alone: tuple[Room, ...]
    binds: tuple[str, ...]

    @property
    def binds_any(self) -> bool:
        """Whether any depot gets less than it asks for."""
        return bool(np.isfinite(self.limit_kw).any())

    def as_asked(self, first: "GridLimits") -> "GridLimits":
        """These limits, with what the first of several plans asked for and did not get."""
        is_held = np.isfinite(self.limit_kw)
        return dataclasses.replace(
            self,
            asked_kw=first.asked_kw,
            limit_kw=np.where(is_held, self.limit_kw, first.limit_kw),
            binds=tuple(
                mine if held else other
                for mine, other, held in zip(self.binds, first.binds, is_held, strict=True)
            ),
        )


def grid_limits(grid: DepotGrid, charging: tuple[DepotCharging, ...]) -> GridLimits:
    """Hold the connections of a plan against the grid.

    If it bears all of them at full power at once, none is limited. Else each asks for no more than
    its node can take alone, and all get the same share of that, as `shared_kw` says.
    """
    ceiling, node = grid.ceiling, grid.node
    asked = np.array([depot.connection_kw for depot in charging], dtype=np.float64)
    nobody = np.zeros(len(node))
    alone = tuple(room_of(ceiling, node, nobody, k) for k in range(len(node)))
    free = np.full(len(node), np.nan)
    if ceiling.breaks(node, asked) is None:
        return GridLimits(asked_kw=asked, limit_kw=free, alone=alone, binds=("",) * len(node))
    most = np.minimum(asked, [room.kw for room in alone])
    given, held = shared_kw(ceiling, node, most)
    limit = np.where(given < asked, given.astype(np.float64), np.nan)
    binds = tuple(
        "" if np.isnan(kw) else by or room.binds
        for kw, by, room in zip(limit, held, alone, strict=True)
    )
    return GridLimits(asked_kw=asked, limit_kw=limit, alone=alone, binds=binds)


def within_grid(planner: Planner, grid: DepotGrid, limits: GridLimits) -> Planner:
    """The planner with the connections that the grid bears.

    Raises
    ------
    NoSolutionError: a node takes nothing at all.
    """
    network, most = planner.network, limits.limit_kw
    for k, site in enumerate(network.sites):
        if most[k] < 1:
            raise NoSolutionError(
                code="grid-node-full",
                message=text(
                    "node {node} takes nothing for {depot}: {element} is at its limit",
                    node=grid.node_id(k),
                    depot=site.name,
                    element=limits.binds[k],
                ),
                expected=text("{kw:,.0f} kW, as planned without a grid", kw=limits.asked_kw[k]),
                hint=text(
                    "name another node in [grid.nodes], move the depot, or plan without --grid and "
                    "have the grid strengthened"
                ),
            )
    n = len(network.depots)
    depots = tuple(
        depot if np.isnan(kw) else dataclasses.replace(depot, connection_kw=float(kw))
        for depot, kw in zip(network.depots, most[:n], strict=True)
    )
    terminals = tuple(
        terminal if np.isnan(kw) else terminal.limited_to(float(kw))
        for terminal, kw in zip(network.terminals, most[n:], strict=True)
    )
    network = dataclasses.replace(network, depots=depots, terminals=terminals)
    return dataclasses.replace(planner, network=network)
