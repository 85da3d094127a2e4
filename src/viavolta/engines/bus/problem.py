"""The block problem as arrays: what must be driven, how ways between trips cost, what a bus is."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.model.trip import Floats

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """One vehicle type's battery at one point power.

    `curve_kwh` (K,) ascending and `curve_kw` (K,) never rising: the power into the battery that
    vehicle and point allow at each charge. Charging inside one stay is planned at the power
    allowed at the charge it ends with, so that any profile of that stay respects the curve.
    `terminal_curves_kw` (P, K): the same at each kind of point that stands at a terminal.
    """

    soc_min_kwh: float
    soc_max_kwh: float
    curve_kwh: Floats
    curve_kw: Floats
    terminal_curves_kw: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockProblem:
    """Trips to cover, the ways between them and where vehicles start and charge.

    Shapes: start_s, end_s, energy_kwh (N,): times in seconds, energy out of the battery.
    from_node, to_node (N,): column and row of the way matrices where a trip starts and ends.
    way_s, way_cost, way_kwh (W, W): seconds, cost and energy of a way without passengers.
    depots (D,), stations (S,): nodes; a depot where vehicles charge is listed in both.
    end_point, start_point (N,): row of `terminal_curves_kw` of the points at which a vehicle may
        charge where a trip ends, after it, or where it begins, before it; -1 where it may not. None
        where no terminal has points. Where a vehicle goes on from the place of its arrival, only
        end_point counts.
    layover_s: least time between two trips beside the way. plug_s: time lost per charging visit.
    wait_cost_per_s: what standing at a terminal costs beyond free_wait_s, in units of way_cost.
    night_is_bounded: whether the day repeats, so that the next start limits the night's charge.
    """

    start_s: Floats
    end_s: Floats
    energy_kwh: Floats
    from_node: Longs
    to_node: Longs
    way_s: Floats
    way_cost: Floats
    way_kwh: Floats
    depots: Longs
    stations: Longs
    layover_s: float
    plug_s: float
    wait_cost_per_s: float
    free_wait_s: float
    night_is_bounded: bool
    end_point: Longs | None = None
    start_point: Longs | None = None

    @property
    def n_trips(self) -> int:
        """Number of trips."""
        return int(self.start_s.size)

    def only(self, trips: Longs) -> "BlockProblem":
        """The same problem with these trips (rows, ascending) alone."""
        return replace(
            self,
            start_s=self.start_s[trips],
            end_s=self.end_s[trips],
            energy_kwh=self.energy_kwh[trips],
            from_node=self.from_node[trips],
            to_node=self.to_node[trips],
            end_point=None if self.end_point is None else self.end_point[trips],
            start_point=None if self.start_point is None else self.start_point[trips],
        )

    def with_least_costs(self) -> "BlockProblem":
        """The problem with each way as cheap as any that leads over stations or depots.

        Ways along roads are the quickest; one over a depot may be shorter, and so cheaper. A bound
        on cost must not lie above a plan that charges there.
        """
        cost = self.way_cost
        for node in np.union1d(self.depots, self.stations).tolist():
            cost = np.minimum(cost, cost[:, node, None] + cost[None, node])
        return replace(self, way_cost=cost)

    def arrays(self, battery: Battery) -> "BlockArrays":
        """The problem and a battery as the one argument that every chain kernel takes."""
        nowhere = np.full(self.n_trips, -1, dtype=np.int64)
        at_terminals = battery.terminal_curves_kw
        return BlockArrays(
            start_s=self.start_s,
            end_s=self.end_s,
            energy_kwh=self.energy_kwh,
            from_node=self.from_node,
            to_node=self.to_node,
            way_s=self.way_s,
            way_cost=self.way_cost,
            way_kwh=self.way_kwh,
            depots=self.depots,
            stations=self.stations,
            layover_s=self.layover_s,
            plug_s=self.plug_s,
            wait_cost_per_s=self.wait_cost_per_s,
            free_wait_s=self.free_wait_s,
            night_is_bounded=self.night_is_bounded,
            end_point=nowhere if self.end_point is None else self.end_point,
            start_point=nowhere if self.start_point is None else self.start_point,
            soc_min_kwh=battery.soc_min_kwh,
            soc_max_kwh=battery.soc_max_kwh,
            curve_kwh=battery.curve_kwh,
            curve_kw=battery.curve_kw,
            terminal_curves_kw=np.empty((0, battery.curve_kw.size))
            if at_terminals is None
            else np.ascontiguousarray(at_terminals),
        )


class BlockArrays(NamedTuple):
    """BlockProblem and Battery in the form that compiled kernels read; the same field names."""

    start_s: Floats
    end_s: Floats
    energy_kwh: Floats
    from_node: Longs
    to_node: Longs
    way_s: Floats
    way_cost: Floats
    way_kwh: Floats
    depots: Longs
    stations: Longs
    layover_s: float
    plug_s: float
    wait_cost_per_s: float
    free_wait_s: float
    night_is_bounded: bool
    end_point: Longs
    start_point: Longs
    soc_min_kwh: float
    soc_max_kwh: float
    curve_kwh: Floats
    curve_kw: Floats
    terminal_curves_kw: Floats
