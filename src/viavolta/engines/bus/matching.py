"""Blocks matched anew at a time of the day: which part before it goes with which part after it.

All vehicles are cut into the part before and the part after, and the parts are matched by an exact
flow over pairs that a battery can drive. Every pair is tested by driving it, and each vehicle's own
pair is among them, so that a step keeps a valid plan and never adds a vehicle.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.bus.chains import (
    VISIT_COST,
    best_depot,
    direct_cost,
    direct_slack_s,
    gap_kwh,
    head_kwh,
    is_possible,
    night_never_binds,
    tail_need_kwh,
)
from viavolta.engines.bus.problem import BlockArrays, Longs
from viavolta.engines.kit.flow import FlowNetwork, min_cost_flow
from viavolta.engines.kit.jit import kernel
from viavolta.model.trip import Floats

MOST_TOGETHER = 1_200
"""Vehicles that are matched in one flow: the work grows with the square of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How hard to look: sweeps over all cut times, and the time between two cuts.

    rounds: how many neighbourhoods are searched for fewer vehicles after the sweeps.
    """

    max_sweeps: int
    cut_every_s: float
    pairs_per_head: int
    vehicle_cost: float
    rounds: int = 0


def rematched(
    chains: list[Longs], cut_s: float, turn: float, arrays: BlockArrays, search: Search
) -> list[Longs]:
    """Match the parts before and after a cut time anew, in groups of vehicles near each other.

    turn: a share of 1 that says from where the groups are seen.
    """
    matched = [
        chain
        for group in _groups(chains, cut_s, turn, arrays)
        for chain in _matched([chains[k] for k in group], cut_s, arrays, search)
    ]
    return sorted(matched, key=lambda chain: (arrays.start_s[chain[0]], int(chain[0])))


def _groups(chains: list[Longs], cut_s: float, turn: float, arrays: BlockArrays) -> list[Longs]:
    """Rows of vehicles that stand at the cut time about as far from one of the trips' places."""
    n_groups = -(-len(chains) // MOST_TOGETHER)
    if n_groups == 1:
        return [np.arange(len(chains))]
    places = np.unique(arrays.from_node)
    place = places[int(turn * places.size)]
    at = np.array([_place_at(chain, cut_s, arrays) for chain in chains])
    order = np.argsort(arrays.way_s[place, at], kind="stable")
    return [np.sort(group) for group in np.array_split(order, n_groups)]


def _place_at(chain: Longs, cut_s: float, arrays: BlockArrays) -> int:
    """Where the part of a chain before the cut time ends, or where its first trip starts."""
    at = int(np.searchsorted(arrays.start_s[chain], cut_s))
    return int(arrays.to_node[chain[at - 1]] if at else arrays.from_node[chain[0]])


def _matched(chains: list[Longs], cut_s: float, arrays: BlockArrays, search: Search) -> list[Longs]:
    """Match the parts before and after a cut time anew, at least vehicles, then least ways.

    A flow: heads to tails, or to the depot; tails from heads, or from the depot. It begins with the
    chains as they are.
    """
    cuts = [int(np.searchsorted(arrays.start_s[chain], cut_s)) for chain in chains]
    heads = [chain[:at] for chain, at in zip(chains, cuts, strict=True) if at]
    tails = [chain[at:] for chain, at in zip(chains, cuts, strict=True) if at < chain.size]
    if not heads or not tails:
        return chains
    own = _own_tails(chains, cuts)
    h, t, cost = _pairs(*_packed(heads), *_packed(tails), own, arrays, search.pairs_per_head)
    alone_h = _alone(*_packed(heads), arrays) + search.vehicle_cost
    alone_t = _alone(*_packed(tails), arrays) + search.vehicle_cost
    network, start = _matching_network(h, t, cost + search.vehicle_cost, alone_h, alone_t, own)
    flow, _ = min_cost_flow(network, start)
    taken = np.flatnonzero(flow[: h.size])
    tail_of = {int(h[k]): int(t[k]) for k in taken}
    joined = [
        np.concatenate([head, tails[tail_of[k]]]) if k in tail_of else head
        for k, head in enumerate(heads)
    ]
    matched = set(tail_of.values())
    return joined + [tail for k, tail in enumerate(tails) if k not in matched]


def _own_tails(chains: list[Longs], cuts: list[int]) -> Longs:
    """For each head the row of the tail it is cut from, -1 where it has none."""
    own, n_tails = [], 0
    for chain, at in zip(chains, cuts, strict=True):
        has_tail = at < chain.size
        if at:
            own.append(n_tails if has_tail else -1)
        n_tails += has_tail
    return np.array(own, dtype=np.int64)


def _packed(parts: list[Longs]) -> tuple[Longs, Longs]:
    """Parts end to end, and where each begins (R + 1,)."""
    first = np.cumsum([0] + [part.size for part in parts])
    return np.concatenate(parts), first.astype(np.int64)


def _matching_network(  # noqa: PLR0917 - pairs and parts, a table each
    h: Longs, t: Longs, pair_cost: Floats, alone_h: Floats, alone_t: Floats, own: Longs
) -> tuple[FlowNetwork, Longs]:
    """Nodes: heads, tails, the depot. Arcs: pairs first, then heads home, then tails from home.

    Beside the network stands the flow in which each head keeps its own tail.
    """
    n_heads, n_tails = alone_h.size, alone_t.size
    home = n_heads + n_tails
    may_h, may_t = np.flatnonzero(np.isfinite(alone_h)), np.flatnonzero(np.isfinite(alone_t))
    cost = np.concatenate([pair_cost, alone_h[may_h], alone_t[may_t]])
    supply = np.concatenate([np.ones(n_heads), -np.ones(n_tails), [n_tails - n_heads]])
    network = FlowNetwork(
        tail=np.concatenate([h, may_h, np.full(may_t.size, home)]).astype(np.int64),
        head=np.concatenate([t + n_heads, np.full(may_h.size, home), may_t + n_heads]).astype(
            np.int64
        ),
        cost=cost,
        supply=supply.astype(np.int64),
    )
    start = [own[h] == t, own[may_h] < 0, ~np.isin(may_t, own)]
    return network, np.concatenate(start).astype(np.int64)


@kernel
def _alone(flat: Longs, first: Longs, a: BlockArrays) -> Floats:
    """Cost out to and back from each part if it is a vehicle's whole day; inf if impossible."""
    n = first.size - 1
    cost = np.full(n, np.inf)
    for p in range(n):
        part = flat[first[p] : first[p + 1]]
        if is_possible(part, a):
            depot = best_depot(part[0], part[-1], a)
            cost[p] = a.way_cost[depot, a.from_node[part[0]]]
            cost[p] += a.way_cost[a.to_node[part[-1]], depot]
    return cost


@kernel
def _pairs(  # noqa: PLR0917 - a kernel takes its arrays one by one
    heads: Longs,
    head_first: Longs,
    tails: Longs,
    tail_first: Longs,
    own: Longs,
    a: BlockArrays,
    pairs_per_head: int,
) -> tuple[Longs, Longs, Floats]:
    """The cheapest tails for each head that one battery can drive in turn, its own included.

    own (R,): the tail each head is cut from, -1 if none; that pair is known to work.
    """
    n_heads = head_first.size - 1
    end_kwh, need_kwh = _ends_and_needs(heads, head_first, tails, tail_first, a)
    ends = _ends(heads[head_first[:-1]], heads[head_first[1:] - 1], a)
    firsts = tails[tail_first[:-1]]
    begins = _begins(firsts, tails[tail_first[1:] - 1], a)
    out_h, out_t, out_cost = [], [], []
    for h in range(n_heads):
        head = heads[head_first[h] : head_first[h + 1]]
        cost = _pair_costs(head[-1], firsts, ends[h], begins, a)
        found = 0
        could = np.flatnonzero(cost < np.inf)
        for t in could[np.argsort(cost[could], kind="mergesort")]:
            if found >= pairs_per_head and t != own[h]:
                continue
            tail = tails[tail_first[t] : tail_first[t + 1]]
            if t == own[h] or _fit(head, tail, end_kwh[h], need_kwh[t], a):
                found += 1
                out_h.append(h)
                out_t.append(t)
                out_cost.append(cost[t])
    first, second = np.array(out_h, dtype=np.int64), np.array(out_t, dtype=np.int64)
    return first, second, np.array(out_cost, dtype=np.float64)


@kernel
def _ends(firsts: Longs, lasts: Longs, a: BlockArrays) -> Floats:
    """Of each head: cost out from each depot, seconds and cost to each station (R, D + 2S)."""
    n_depots, n_stations = a.depots.size, a.stations.size
    table = np.empty((firsts.size, n_depots + 2 * n_stations))
    for r in range(firsts.size):
        for d in range(n_depots):
            table[r, d] = a.way_cost[a.depots[d], a.from_node[firsts[r]]]
        for s in range(n_stations):
            way = (a.to_node[lasts[r]], a.stations[s])
            table[r, n_depots + s] = a.way_s[way]
            table[r, n_depots + n_stations + s] = a.way_cost[way]
    return table


@kernel
def _begins(firsts: Longs, lasts: Longs, a: BlockArrays) -> Floats:
    """Of each tail: cost back to each depot, seconds and cost from each station (R, D + 2S)."""
    n_depots, n_stations = a.depots.size, a.stations.size
    table = np.empty((firsts.size, n_depots + 2 * n_stations))
    for r in range(firsts.size):
        for d in range(n_depots):
            table[r, d] = a.way_cost[a.to_node[lasts[r]], a.depots[d]]
        for s in range(n_stations):
            way = (a.stations[s], a.from_node[firsts[r]])
            table[r, n_depots + s] = a.way_s[way]
            table[r, n_depots + n_stations + s] = a.way_cost[way]
    return table


@kernel
def _pair_costs(i: int, firsts: Longs, end: Floats, begins: Floats, a: BlockArrays) -> Floats:
    """Cost of each tail after trip i (`gap_cost`) and of the ways out and back, or inf (R,).

    end (D + 2S,): a row of `_ends`; begins (R, D + 2S): see `_begins`.
    """
    n_depots, n_stations = a.depots.size, a.stations.size
    costs = np.full(firsts.size, np.inf)
    leaves_s = a.end_s[i] + a.layover_s
    for t in range(firsts.size):
        j = firsts[t]
        time = a.start_s[j] - leaves_s
        if time < 0.0:
            continue
        cost = direct_cost(i, j, a) if direct_slack_s(i, j, a) >= 0.0 else np.inf
        for s in range(n_depots, n_depots + n_stations):
            if end[s] + begins[t, s] <= time - a.plug_s:
                way = end[n_stations + s] + begins[t, n_stations + s] + VISIT_COST
                cost = min(cost, way)
        back = np.inf
        for d in range(n_depots):
            back = min(back, end[d] + begins[t, d])
        costs[t] = cost + back
    return costs


@kernel
def _ends_and_needs(
    heads: Longs, head_first: Longs, tails: Longs, tail_first: Longs, a: BlockArrays
) -> tuple[Floats, Floats]:
    """Charge after each head and least charge before each tail, for each depot (R, D)."""
    ends = np.empty((head_first.size - 1, a.depots.size))
    needs = np.empty((tail_first.size - 1, a.depots.size))
    for d in range(a.depots.size):
        for h in range(ends.shape[0]):
            head = heads[head_first[h] : head_first[h + 1]]
            ends[h, d] = head_kwh(a.soc_max_kwh, head, a.depots[d], a)
        for t in range(needs.shape[0]):
            tail = tails[tail_first[t] : tail_first[t + 1]]
            needs[t, d] = tail_need_kwh(tail, a.depots[d], a)
    return ends, needs


@kernel
def _fit(head: Longs, tail: Longs, end_kwh: Floats, need_kwh: Floats, a: BlockArrays) -> bool:
    """Whether one battery can drive head and tail in turn; end and need are per depot (D,)."""
    depot = best_depot(head[0], tail[-1], a)
    d = 0
    while a.depots[d] != depot:
        d += 1
    if end_kwh[d] < 0.0:
        return False
    if gap_kwh(end_kwh[d], head[-1], tail[0], a) < need_kwh[d]:
        return False
    if night_never_binds(head[0], tail[-1], depot, a):
        return True
    return is_possible(np.concatenate((head, tail)), a)
