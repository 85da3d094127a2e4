"""A day as a graph: trips, and every way between them, with what it does to the battery.

A way drives directly or by one station, where the vehicle charges for all the time to spare. What
counts is the energy used since the battery was full. Along a way to a trip, that trip included,
the used energy u becomes max(low, u + add), and the way can be driven while u <= most. So charging
needs no choice of its own: for each pair of trips the ways that none other beats are kept.

Exact for charging at constant power and for nights that fill every battery.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.engines.kit.jit import kernel
from viavolta.model.trip import Floats

DIRECT = -1
"""Stands for the station of a way that visits none."""

_SLACK = 1e-7
"""Seconds and kWh that rounding may add up to on a day."""

_WAY_FIELDS = ("tail", "head", "station", "cost", "low", "add", "most")
_WHOLE_FIELDS = ("tail", "head", "station")


class DayArrays(NamedTuple):
    """The graph in the form that kernels read: N trips in order of time, D depots, A ways.

    tail, head, station (A,): from trip, to trip, row of the station or DIRECT; in order of tails.
    cost, low, add, most (A,): see the module. tail_first (N + 1,): the ways out of trip i are
    tail_first[i]:tail_first[i + 1]. by_head (A,), head_first (N + 1,): for ways into trips.
    out_* and home_*: ways between depot and trip; those of depot d and trip i are
    out_first[d * N + i]:out_first[d * N + i + 1]. out_used: used energy after the trip; home_most:
    the most used energy after the trip with which the way home can be driven.
    least_used (D, N): no vehicle of the depot has used less after the trip; inf where none gets.
    """

    tail: Longs
    head: Longs
    station: Longs
    cost: Floats
    low: Floats
    add: Floats
    most: Floats
    tail_first: Longs
    by_head: Longs
    head_first: Longs
    out_first: Longs
    out_station: Longs
    out_cost: Floats
    out_used: Floats
    home_first: Longs
    home_station: Longs
    home_cost: Floats
    home_most: Floats
    least_used: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGraph:
    """A day's graph. trips (N,): the problem's row of each trip, in order of time.

    `is_complete` is False where trips without duration follow one another both ways: then some
    possible days are missing in the graph, and no bound follows from it.
    """

    trips: Longs
    n_depots: int
    arrays: DayArrays
    is_complete: bool

    @property
    def n_trips(self) -> int:
        """Number of trips."""
        return int(self.trips.size)

    def only(self, keep: Longs) -> "DayGraph":
        """The graph of these trips alone; `keep` holds positions in `trips`, ascending."""
        a, n = self.arrays, self.n_trips
        place = np.full(n, -1, dtype=np.int64)
        place[keep] = np.arange(keep.size)
        stays = (place[a.tail] >= 0) & (place[a.head] >= 0)
        ways = {name: getattr(a, name)[stays] for name in _WAY_FIELDS}
        ways["tail"], ways["head"] = place[ways["tail"]], place[ways["head"]]
        rows = (np.arange(self.n_depots)[:, None] * n + keep).ravel()
        out_first, outs = _rows_of(a.out_first, rows)
        home_first, homes = _rows_of(a.home_first, rows)
        arrays = _arrays(
            ways,
            self.n_depots,
            (out_first, a.out_station[outs], a.out_cost[outs], a.out_used[outs]),
            (home_first, a.home_station[homes], a.home_cost[homes], a.home_most[homes]),
        )
        return DayGraph(
            trips=self.trips[keep],
            n_depots=self.n_depots,
            arrays=arrays,
            is_complete=self.is_complete,
        )

    def thin(self, n_direct: int, n_by_station: int, worth: Floats) -> "DayGraph":
        """The graph with only so many ways out of and into each trip, those of least `worth` (A,).

        A plan of the thin graph is one of the whole; a bound of the thin graph is none.
        """
        a = self.arrays
        stays = np.zeros(a.tail.size, dtype=bool)
        for is_kind, count in ((a.station == DIRECT, n_direct), (a.station >= 0, n_by_station)):
            kind = np.flatnonzero(is_kind)
            for end in (a.tail[kind], a.head[kind]):
                order = np.lexsort((worth[kind], end))
                ends = end[order]
                rank = np.arange(ends.size) - np.searchsorted(ends, ends)
                stays[kind[order[rank < count]]] = True
        ways = {name: getattr(a, name)[stays] for name in _WAY_FIELDS}
        arrays = _arrays(
            ways,
            self.n_depots,
            (a.out_first, a.out_station, a.out_cost, a.out_used),
            (a.home_first, a.home_station, a.home_cost, a.home_most),
        )
        return DayGraph(trips=self.trips, n_depots=self.n_depots, arrays=arrays, is_complete=False)


def day_graph(
    problem: BlockProblem,
    battery: Battery,
    *,
    opens_s: Floats | None = None,
    closes_s: Floats | None = None,
) -> DayGraph:
    """Make the graph of all trips and all ways.

    opens_s, closes_s (D,): vehicles leave no earlier; charging on the way home ends at the latter.
    Without them depots never close. `battery` must charge at one power.
    """
    if np.unique(battery.curve_kw).size > 1:
        msg = "the graph of a day needs a battery that charges at one power"
        raise ValueError(msg)
    a = problem.arrays(battery)
    n_depots = problem.depots.size
    opens = np.full(n_depots, -np.inf) if opens_s is None else np.asarray(opens_s, dtype=float)
    closes = np.full(n_depots, np.inf) if closes_s is None else np.asarray(closes_s, dtype=float)
    trips = np.lexsort((np.arange(problem.n_trips), problem.end_s, problem.start_s))
    table = np.ascontiguousarray(_ways(trips, a).T)
    ways: dict[str, Any] = dict(zip(_WAY_FIELDS, table, strict=True))
    for name in _WHOLE_FIELDS:
        ways[name] = ways[name].astype(np.int64)
    return DayGraph(
        trips=trips,
        n_depots=n_depots,
        arrays=_arrays(ways, n_depots, _ways_out(trips, opens, a), _ways_home(trips, closes, a)),
        is_complete=not _follow_both_ways(trips, a),
    )


def _arrays(
    ways: dict[str, Any],
    n_depots: int,
    outs: tuple[Longs, Longs, Floats, Floats],
    homes: tuple[Longs, Longs, Floats, Floats],
) -> DayArrays:
    n = (outs[0].size - 1) // n_depots
    tail, head = ways["tail"], ways["head"]
    by_head = np.argsort(head, kind="stable")
    whole = DayArrays(
        **ways,
        tail_first=np.searchsorted(tail, np.arange(n + 1)),
        by_head=by_head,
        head_first=np.searchsorted(head[by_head], np.arange(n + 1)),
        out_first=outs[0],
        out_station=outs[1],
        out_cost=outs[2],
        out_used=outs[3],
        home_first=homes[0],
        home_station=homes[1],
        home_cost=homes[2],
        home_most=homes[3],
        least_used=np.full((n_depots, n), np.inf),
    )
    _fill_least_used(whole)
    return whole


def _rows_of(first: Longs, rows: Longs) -> tuple[Longs, Longs]:
    """Pick rows of a table that is kept row after row: its new `first`, and the entries taken."""
    sizes = first[rows + 1] - first[rows]
    new_first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    entries = np.repeat(first[rows] - new_first[:-1], sizes) + np.arange(new_first[-1])
    return new_first, entries.astype(np.int64)


@kernel
def _fill_least_used(a: DayArrays) -> None:
    n = a.tail_first.size - 1
    for d in range(a.least_used.shape[0]):
        least = a.least_used[d]
        for i in range(n):
            for k in range(a.out_first[d * n + i], a.out_first[d * n + i + 1]):
                least[i] = min(least[i], a.out_used[k])
            if least[i] == np.inf:
                continue
            for k in range(a.tail_first[i], a.tail_first[i + 1]):
                if least[i] <= a.most[k]:
                    j = a.head[k]
                    least[j] = min(least[j], max(a.low[k], least[i] + a.add[k]))


@kernel
def _follow_both_ways(trips: Longs, a: BlockArrays) -> bool:
    """Whether a way leads back from a trip to one that stands before it in the order."""
    for q in range(trips.size):
        j = trips[q]
        for p in range(q - 1, -1, -1):
            i = trips[p]
            if a.start_s[i] < a.end_s[j] + a.layover_s - _SLACK:
                break
            if _is_in_time(j, i, a):
                return True
    return False


@kernel
def _is_in_time(i: int, j: int, a: BlockArrays) -> bool:
    time = a.start_s[j] - a.end_s[i] - a.layover_s + _SLACK
    row, column = a.to_node[i], a.from_node[j]
    if a.way_s[row, column] <= time:
        return True
    least = np.inf
    for s in a.stations:
        least = min(least, a.way_s[row, s] + a.way_s[s, column])
    return bool(least + a.plug_s <= time)


@kernel
def _ways(trips: Longs, a: BlockArrays) -> Floats:
    """All ways between trips that none other beats (A, 7), in order of tails and heads.

    Columns as in _WAY_FIELDS.
    """
    n_ways = a.stations.size + 1
    table, size = np.empty((n_ways, 7)), 0
    best = np.empty((n_ways, 5))
    for p in range(trips.size):
        for q in range(p + 1, trips.size):
            i, j = trips[p], trips[q]
            time = a.start_s[j] - a.end_s[i] - a.layover_s
            if time < -_SLACK:
                continue
            count = 0
            for s in range(DIRECT, a.stations.size):
                count = _keep(best, count, _way(i, j, s, time, a))
            table = _with_rows(table, size, count)
            for m in range(count):
                table[size, 0], table[size, 1], table[size, 2] = p, q, best[m, 4]
                table[size, 3:] = best[m, :4]
                size += 1
    return table[:size]


@kernel
def _with_rows(table: Floats, size: int, count: int) -> Floats:
    """Return the table with room for so many rows behind its first `size`."""
    if size + count <= table.shape[0]:
        return table
    return np.concatenate((table, np.empty((size + count, table.shape[1]))))


@kernel
def _way(
    i: int, j: int, s: int, time_s: float, a: BlockArrays
) -> tuple[float, float, float, float, int]:
    """(cost, low, add, most, s) of a way from trip i to trip j; cost inf where time forbids it."""
    row, column, energy = a.to_node[i], a.from_node[j], a.energy_kwh[j]
    full = a.soc_max_kwh - a.soc_min_kwh
    if s < 0:
        slack, way = time_s - a.way_s[row, column], a.way_kwh[row, column]
        if slack < -_SLACK:
            return np.inf, 0.0, 0.0, 0.0, s
        cost = a.way_cost[row, column] + a.wait_cost_per_s * max(0.0, slack - a.free_wait_s)
        return cost, max(0.0, energy), way + energy, full - way - max(0.0, energy) + _SLACK, s
    at = a.stations[s]
    slack = time_s - a.plug_s - a.way_s[row, at] - a.way_s[at, column]
    there, on = a.way_kwh[row, at], a.way_kwh[at, column]
    most_after = full - on - max(0.0, energy)
    if slack < -_SLACK or most_after < -_SLACK:
        return np.inf, 0.0, 0.0, 0.0, s
    charged = max(0.0, slack) / 3600.0 * a.curve_kw[0]
    most = min(full - there, most_after + charged - there) + _SLACK
    cost = a.way_cost[row, at] + a.way_cost[at, column]
    return cost, max(0.0, on + energy), there - charged + on + energy, most, s


@kernel
def _keep(best: Floats, count: int, way: tuple[float, float, float, float, int]) -> int:
    """Insert a way (cost, low, add, most, station) unless one is as good; drop those it beats."""
    cost, low, add, most, s = way
    if cost == np.inf or most < 0.0:
        return count
    for m in range(count):
        b = best[m]
        if b[0] <= cost and b[1] <= low and b[2] <= add and b[3] >= most:
            return count
    kept = 0
    for m in range(count):
        b = best[m]
        if not (cost <= b[0] and low <= b[1] and add <= b[2] and most >= b[3]):
            best[kept] = b
            kept += 1
    best[kept, 0], best[kept, 1], best[kept, 2], best[kept, 3] = cost, low, add, most
    best[kept, 4] = s
    return kept + 1


@kernel
def _ways_out(trips: Longs, opens_s: Floats, a: BlockArrays) -> tuple[Longs, Longs, Floats, Floats]:
    """Ways from each depot to each trip: (first, station, cost, energy used after the trip)."""
    first = np.zeros(a.depots.size * trips.size + 1, dtype=np.int64)
    n_ways = a.stations.size + 1
    table, size = np.empty((n_ways, 3)), 0
    best = np.empty((n_ways, 5))
    full = a.soc_max_kwh - a.soc_min_kwh
    for d in range(a.depots.size):
        for q in range(trips.size):
            j, home, count = trips[q], a.depots[d], 0
            column, energy = a.from_node[j], a.energy_kwh[j]
            time = a.start_s[j] - opens_s[d]
            for s in range(DIRECT, a.stations.size):
                if s < 0:
                    slack, way = time - a.way_s[home, column], a.way_kwh[home, column]
                    cost = a.way_cost[home, column]
                else:
                    at = a.stations[s]
                    slack = time - a.plug_s - a.way_s[home, at] - a.way_s[at, column]
                    charged = max(0.0, slack) / 3600.0 * a.curve_kw[0]
                    way = max(0.0, a.way_kwh[home, at] - charged) + a.way_kwh[at, column]
                    cost = a.way_cost[home, at] + a.way_cost[at, column]
                    if a.way_kwh[home, at] > full + _SLACK:
                        slack = -np.inf
                if slack >= -_SLACK and way + max(0.0, energy) <= full + _SLACK:
                    used = max(0.0, way + energy)
                    count = _keep(best, count, (cost, used, 0.0, 0.0, s))
            table = _with_rows(table, size, count)
            for m in range(count):
                table[size, 0], table[size, 1] = best[m, 4], best[m, 0]
                table[size, 2] = best[m, 1]
                size += 1
            first[d * trips.size + q + 1] = size
    table = table[:size]
    return first, table[:, 0].astype(np.int64), table[:, 1].copy(), table[:, 2].copy()


@kernel
def _ways_home(
    trips: Longs, closes_s: Floats, a: BlockArrays
) -> tuple[Longs, Longs, Floats, Floats]:
    """Ways from each trip to each depot: (first, station, cost, most energy used before)."""
    first = np.zeros(a.depots.size * trips.size + 1, dtype=np.int64)
    n_ways = a.stations.size + 1
    table, size = np.empty((n_ways, 3)), 0
    best = np.empty((n_ways, 5))
    full = a.soc_max_kwh - a.soc_min_kwh
    for d in range(a.depots.size):
        for p in range(trips.size):
            i, home, count = trips[p], a.depots[d], 0
            row = a.to_node[i]
            for s in range(DIRECT, a.stations.size):
                if s < 0:
                    most, cost = full - a.way_kwh[row, home], a.way_cost[row, home]
                else:
                    at = a.stations[s]
                    there, on = a.way_kwh[row, at], a.way_kwh[at, home]
                    slack = closes_s[d] - a.end_s[i] - a.plug_s - a.way_s[row, at]
                    charged = max(0.0, slack - a.way_s[at, home]) / 3600.0 * a.curve_kw[0]
                    most = min(full, full - on + charged) - there if on <= full + _SLACK else -1.0
                    cost = a.way_cost[row, at] + a.way_cost[at, home]
                count = _keep(best, count, (cost, 0.0, 0.0, most + _SLACK, s))
            table = _with_rows(table, size, count)
            for m in range(count):
                table[size, 0], table[size, 1] = best[m, 4], best[m, 0]
                table[size, 2] = best[m, 3]
                size += 1
            first[d * trips.size + p + 1] = size
    table = table[:size]
    return first, table[:, 0].astype(np.int64), table[:, 1].copy(), table[:, 2].copy()
