"""The smallest fleet without energy limit: minimum-cost flow on a time-space network.

One timeline of events per place; vehicles wait along it for nothing, and a way to another place
leaves only from the latest event that still reaches a start (latest-first matches, Kliewer,
Mellouli and Suhl 2006, "A time-space network based exact optimization model for multi-depot bus
scheduling", EJOR 175). The optimum bounds every electric plan from below, because a battery only
forbids connections, and because each way to and from a depot counts at its cheapest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.problem import BlockProblem, Longs
from viavolta.engines.kit.flow import FlowNetwork, min_cost_flow
from viavolta.engines.kit.jit import kernel
from viavolta.model.trip import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFlow:
    """The optimum without energy limit: vehicles, chains of trips and a proven cost bound."""

    n_vehicles: int
    cost_lower_bound: float
    chains: tuple[Longs, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Events:
    """Trip ends (0..N-1) and starts (N..2N-1) as nodes, ordered along the timeline of each place.

    order (2N,): nodes by time, ends first at equal times; but a trip that takes no time starts
    before it ends, so that no vehicle comes out of nothing. rank (2N,): the place of each node in
    `order`. next_at_place (2N,): -1 at the end.
    first_starts, last_ends: one node per place, where vehicles come from and go to the depot.
    """

    time_s: NDArray[np.float64]
    place: Longs
    order: Longs
    rank: Longs
    next_at_place: Longs
    first_starts: Longs
    last_ends: Longs


def smallest_fleet(problem: BlockProblem, vehicle_cost: float) -> FleetFlow:
    """Cover all trips at least cost of vehicles and ways, energy ignored.

    `vehicle_cost` is in the unit of `way_cost`. Raises NoSolutionError or PeerError of the kit.
    """
    n = problem.n_trips
    if n == 0:
        return FleetFlow(n_vehicles=0, cost_lower_bound=0.0, chains=())
    events = _events(problem, _takes_no_time(problem))
    network, parts = _network(problem, events, _latest_first_arcs(problem, events), vehicle_cost)
    flow, bound = min_cost_flow(network, _each_place_alone(events, network, parts))
    chains = _chains(events, network, flow, parts)
    return FleetFlow(n_vehicles=len(chains), cost_lower_bound=bound, chains=chains)


def bound_in_any_order(problem: BlockProblem, vehicle_cost: float) -> float:
    """A bound of the cost where trips that take no time may follow one another in any order.

    `smallest_fleet` lets those of one moment follow in the order of their rows alone. Here such a
    trip may follow even itself: the bound is less than it could be, and never too high.
    """
    events = _events(problem, np.zeros(problem.n_trips, dtype=np.bool_))
    network, _ = _network(problem, events, _latest_first_arcs(problem, events), vehicle_cost)
    return min_cost_flow(network)[1]


def _takes_no_time(problem: BlockProblem) -> NDArray[np.bool_]:
    return np.asarray(problem.end_s + problem.layover_s <= problem.start_s)


def _events(problem: BlockProblem, takes_no_time: NDArray[np.bool_]) -> _Events:
    n = problem.n_trips
    time_s = np.concatenate([problem.end_s + problem.layover_s, problem.start_s])
    place = np.concatenate([problem.to_node, problem.from_node])
    order = _in_time(time_s, n, takes_no_time)
    rank = np.empty(2 * n, dtype=np.int64)
    rank[order] = np.arange(2 * n)
    next_at_place = np.full(2 * n, -1, dtype=np.int64)
    last: dict[int, int] = {}
    first_start: dict[int, int] = {}
    last_end: dict[int, int] = {}
    for node in map(int, order):
        at = int(place[node])
        if at in last:
            next_at_place[last[at]] = node
        last[at] = node
        if node >= n:
            first_start.setdefault(at, node)
        else:
            last_end[at] = node
    return _Events(
        time_s=time_s,
        place=place,
        order=order,
        rank=rank,
        next_at_place=next_at_place,
        first_starts=np.array(list(first_start.values()), dtype=np.int64),
        last_ends=np.array(list(last_end.values()), dtype=np.int64),
    )


def _in_time(time_s: NDArray[np.float64], n: int, takes_no_time: NDArray[np.bool_]) -> Longs:
    """Order the nodes: ends, then trips that take no time one after another, then starts."""
    trip = np.tile(np.arange(n), 2)
    is_start = np.arange(2 * n) >= n
    takes_no_time = np.tile(takes_no_time, 2)
    phase = np.where(takes_no_time, 1, 2 * is_start)
    keys = (np.where(takes_no_time, ~is_start, trip), np.where(takes_no_time, trip, 0))
    order: Longs = np.lexsort((*keys, phase, time_s)).astype(np.int64)
    return order


def _latest_first_arcs(problem: BlockProblem, events: _Events) -> tuple[Longs, Longs]:
    """Ways between places as (end node, start node) pairs, dominated ones left out."""
    n = problem.n_trips
    ends = events.order[events.order < n]
    starts = events.order[events.order >= n]
    ends = ends[np.argsort(events.place[ends], kind="stable")]
    starts = starts[np.argsort(events.place[starts], kind="stable")]
    end_places, end_first = np.unique(events.place[ends], return_index=True)
    start_places, start_first = np.unique(events.place[starts], return_index=True)
    pairs: tuple[Longs, Longs] = _latest_first(
        events.time_s[ends],
        events.time_s[starts],
        ends,
        starts,
        end_places,
        np.append(end_first, ends.size),
        start_places,
        np.append(start_first, starts.size),
        problem.way_s,
        events.rank,
    )
    return pairs


@kernel
def _latest_first(  # noqa: PLR0917 - a kernel: arrays one by one
    end_s: Floats,
    start_s: Floats,
    ends: Longs,
    starts: Longs,
    end_places: Longs,
    end_first: Longs,
    start_places: Longs,
    start_first: Longs,
    way_s: Floats,
    rank: Longs,
) -> tuple[Longs, Longs]:
    """For each pair of places, the latest end that reaches each start, where it is a new one."""
    tails = []
    heads = []
    for p in range(end_places.size):
        for q in range(start_places.size):
            if end_places[p] == start_places[q]:
                continue
            way = way_s[end_places[p], start_places[q]]
            a = end_first[p] - 1
            for b in range(start_first[q], start_first[q + 1]):
                before = a
                while (
                    a + 1 < end_first[p + 1]
                    and end_s[a + 1] + way <= start_s[b]
                    and rank[ends[a + 1]] < rank[starts[b]]
                ):
                    a += 1
                if a != before:
                    tails.append(ends[a])
                    heads.append(starts[b])
    return np.array(tails, dtype=np.int64), np.array(heads, dtype=np.int64)


def _network(
    problem: BlockProblem,
    events: _Events,
    deadheads: tuple[Longs, Longs],
    vehicle_cost: float,
) -> tuple[FlowNetwork, dict[str, slice]]:
    """Nodes: 2N events, the depots 2N. Arcs: waits, deadheads, pull-outs, pull-ins."""
    n = problem.n_trips
    depots = 2 * n
    out_cost = problem.way_cost[problem.depots].min(axis=0)
    in_cost = problem.way_cost[:, problem.depots].min(axis=1)
    waits = np.flatnonzero(events.next_at_place >= 0)
    firsts, lasts = events.first_starts, events.last_ends
    tail = [waits, deadheads[0], np.full(firsts.size, depots), lasts]
    head = [events.next_at_place[waits], deadheads[1], firsts, np.full(lasts.size, depots)]
    cost = [
        np.zeros(waits.size),
        problem.way_cost[events.place[deadheads[0]], events.place[deadheads[1]]],
        out_cost[events.place[firsts]] + vehicle_cost,
        in_cost[events.place[lasts]],
    ]
    sizes = np.cumsum([0] + [len(part) for part in tail])
    names = ("wait", "deadhead", "pull_out", "pull_in")
    supply = np.concatenate([np.ones(n), -np.ones(n), np.zeros(1)]).astype(np.int64)
    network = FlowNetwork(
        tail=np.concatenate(tail).astype(np.int64),
        head=np.concatenate(head).astype(np.int64),
        cost=np.concatenate(cost),
        supply=supply,
    )
    return network, {name: slice(int(sizes[k]), int(sizes[k + 1])) for k, name in enumerate(names)}


def _each_place_alone(events: _Events, network: FlowNetwork, parts: dict[str, slice]) -> Longs:
    """A flow to begin with (A,): no deadheads; at each place as few vehicles as its trips need.

    Somewhere between the first start and the last end none waits, so that the arcs used form no
    cycle.
    """
    n = events.order.size // 2
    at_place = events.order[np.argsort(events.place[events.order], kind="stable")]
    place = events.place[at_place]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    size = np.diff(np.append(first, at_place.size))
    ends_less_starts = np.where(at_place < n, 1, -1)
    stock = np.cumsum(ends_less_starts)
    stock -= np.repeat((stock - ends_less_starts)[first], size)
    missing = np.maximum(0, -np.minimum.reduceat(stock, first))
    over = stock[first + size - 1] + missing
    rank = np.empty(2 * n, dtype=np.int64)
    rank[at_place] = np.arange(2 * n)
    row = dict(zip(place[first].tolist(), range(first.size), strict=True))
    flow = np.zeros(network.tail.size, dtype=np.int64)
    for part, nodes, amount in (
        ("pull_out", events.first_starts, missing),
        ("pull_in", events.last_ends, over),
    ):
        flow[parts[part]] = amount[[row[p] for p in events.place[nodes].tolist()]]
    change = np.zeros(2 * n, dtype=np.int64)
    change[rank[events.first_starts]] = flow[parts["pull_out"]]
    change[rank[events.last_ends]] = -flow[parts["pull_in"]]
    stock = np.cumsum(ends_less_starts + change)
    waits = network.tail[parts["wait"]]
    flow[parts["wait"]] = stock[rank[waits]]
    return flow


def _chains(
    events: _Events, network: FlowNetwork, flow: Longs, parts: dict[str, slice]
) -> tuple[Longs, ...]:
    """Turn the flow into one chain of trips per vehicle: who came first leaves first."""
    n = events.order.size // 2
    leaving: dict[int, list[tuple[int, int]]] = {}
    for name in ("deadhead", "wait"):
        for arc in np.arange(parts[name].start, parts[name].stop)[flow[parts[name]] > 0]:
            leaving.setdefault(int(network.tail[arc]), []).append(
                (int(network.head[arc]), int(flow[arc]))
            )
    queues: dict[int, list[int]] = {}
    chains: list[list[int]] = []
    vehicle_of_trip: dict[int, int] = {}
    for arc in range(parts["pull_out"].start, parts["pull_out"].stop):
        for _ in range(int(flow[arc])):
            queues.setdefault(int(network.head[arc]), []).append(len(chains))
            chains.append([])
    for node in map(int, events.order):
        queue = queues.pop(node, [])
        if node < n:
            queue.append(vehicle_of_trip[node])
        else:
            vehicle = queue.pop(0)
            chains[vehicle].append(node - n)
            vehicle_of_trip[node - n] = vehicle
        for head, count in leaving.get(node, []):
            queues.setdefault(head, []).extend(queue[:count])
            del queue[:count]
    return tuple(np.array(chain, dtype=np.int64) for chain in chains if chain)
