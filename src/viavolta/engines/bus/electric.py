"""Electric blocks: chains cut where the battery ends, then matched anew until nothing improves.

The optimum without energy limit gives the chains; each is cut into the longest pieces one charge
and the midday stays allow; then, at many cut times in turn, all vehicles are cut into the part
before and the part after, and the parts are matched anew by an exact assignment over all pairs
that a battery can drive. Every pair is tested by driving it, so each step keeps a valid plan and
never adds a vehicle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.chains import (
    DrivenChain,
    best_depot,
    drive,
    gap_cost,
    gap_kwh,
    head_kwh,
    is_possible,
    night_never_binds,
    prefix_length,
    tail_need_kwh,
)
from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.engines.kit.flow import FlowNetwork, min_cost_flow
from viavolta.engines.kit.jit import kernel
from viavolta.model.progress import Progress, StopRule
from viavolta.model.trip import Floats

GOLDEN_SHARE = 0.6180339887498949
"""Steps of this share of a unit fill it evenly, however many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricPlan:
    """Blocks that batteries can drive, and the trips that no vehicle can do."""

    chains: tuple[DrivenChain, ...]
    impossible: tuple[int, ...]
    was_stopped: bool

    @property
    def cost(self) -> float:
        """Sum of the chains' way costs (without vehicles)."""
        return float(sum(chain.cost for chain in self.chains))

    def all_trips(self) -> tuple[Longs, ...]:
        """Chains that cover every trip once, the impossible ones alone: to start a search from."""
        alone = tuple(np.array([trip], dtype=np.int64) for trip in self.impossible)
        return (*(chain.trips for chain in self.chains), *alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How hard to look: sweeps over all cut times, and the time between two cuts."""

    max_sweeps: int
    cut_every_s: float
    pairs_per_head: int
    vehicle_cost: float


def electric_plan(
    problem: BlockProblem,
    battery: Battery,
    chains: Sequence[Longs],
    search: Search,
    *,
    progress: Progress,
    stop: StopRule,
) -> ElectricPlan:
    """Make blocks that the battery can drive from chains that may be too long for it.

    `chains` cover each trip once in time order: the optimum without energy limit, or the plan of
    another battery, which saves most of the search.
    Deterministic: no random choice. Trips that one full battery cannot do alone are left out and
    named in `impossible`.
    """
    arrays = problem.arrays(battery)
    possible = np.array(
        [is_possible(np.array([t]), arrays) for t in range(problem.n_trips)], dtype=bool
    )
    pieces = _split([chain[possible[chain]] for chain in chains], arrays)
    pieces, was_stopped = _match_until_stable(
        pieces, problem, arrays, search, progress=progress, stop=stop
    )
    driven = [_driven(problem, battery, chain) for chain in pieces]
    return ElectricPlan(
        chains=tuple(driven),
        impossible=tuple(int(t) for t in np.flatnonzero(~possible)),
        was_stopped=was_stopped,
    )


def _driven(problem: BlockProblem, battery: Battery, chain: Longs) -> DrivenChain:
    """The chain's cheapest way; there is one, because every chain was found possible."""
    driven = drive(problem, battery, chain)
    if driven is None:
        msg = f"a possible chain of {chain.size} trips could not be driven"
        raise AssertionError(msg)
    return driven


def _split(chains: list[Longs], arrays: BlockArrays) -> list[Longs]:
    """Cut each chain into the longest pieces that one vehicle can drive."""
    pieces = []
    for chain in chains:
        rest = chain
        while rest.size:
            length = int(prefix_length(rest, arrays))
            pieces.append(rest[:length])
            rest = rest[length:]
    return pieces


def _match_until_stable(
    chains: list[Longs],
    problem: BlockProblem,
    arrays: BlockArrays,
    search: Search,
    *,
    progress: Progress,
    stop: StopRule,
) -> tuple[list[Longs], bool]:
    """Sweep the cut times until a whole sweep changes nothing, at most `max_sweeps` times."""
    if not chains:
        return chains, False
    for sweep in range(search.max_sweeps):
        before = [chain.tobytes() for chain in chains]
        cuts = _cut_times(problem, search.cut_every_s, sweep)
        for k, cut_s in enumerate(cuts):
            if stop():
                return chains, True
            progress("blocks", (sweep + k / cuts.size) / search.max_sweeps)
            chains = _rematch(chains, float(cut_s), arrays, search)
        if [chain.tobytes() for chain in chains] == before:
            break
    return chains, False


def _cut_times(problem: BlockProblem, every_s: float, sweep: int) -> NDArray[np.float64]:
    """The cut times of a sweep, forward and backward in turn, each sweep between those before."""
    first, last = float(problem.start_s.min()), float(problem.start_s.max())
    every_s = max(1.0, min(every_s, (last - first) / 4.0))
    offset = (sweep * GOLDEN_SHARE + 0.5) % 1.0
    cuts = np.arange(first + offset * every_s, last, every_s)
    return cuts if sweep % 2 == 0 else cuts[::-1]


def _rematch(chains: list[Longs], cut_s: float, arrays: BlockArrays, search: Search) -> list[Longs]:
    """Match the parts before and after a cut time anew, at least vehicles, then least ways.

    A flow: heads to tails, or to the depot; tails from heads, or from the depot.
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
    network = _matching_network(h, t, cost + search.vehicle_cost, alone_h, alone_t)
    flow, _ = min_cost_flow(network)
    taken = np.flatnonzero(flow[: h.size])
    tail_of = {int(h[k]): int(t[k]) for k in taken}
    joined = [
        np.concatenate([head, tails[tail_of[k]]]) if k in tail_of else head
        for k, head in enumerate(heads)
    ]
    matched = set(tail_of.values())
    joined += [tail for k, tail in enumerate(tails) if k not in matched]
    return sorted(joined, key=lambda chain: (arrays.start_s[chain[0]], int(chain[0])))


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


def _matching_network(
    h: Longs, t: Longs, pair_cost: Floats, alone_h: Floats, alone_t: Floats
) -> FlowNetwork:
    """Nodes: heads, tails, the depot. Arcs: pairs first, then heads home, then tails from home."""
    n_heads, n_tails = alone_h.size, alone_t.size
    home = n_heads + n_tails
    may_h, may_t = np.flatnonzero(np.isfinite(alone_h)), np.flatnonzero(np.isfinite(alone_t))
    cost = np.concatenate([pair_cost, alone_h[may_h], alone_t[may_t]])
    supply = np.concatenate([np.ones(n_heads), -np.ones(n_tails), [n_tails - n_heads]])
    return FlowNetwork(
        tail=np.concatenate([h, may_h, np.full(may_t.size, home)]).astype(np.int64),
        head=np.concatenate([t + n_heads, np.full(may_h.size, home), may_t + n_heads]).astype(
            np.int64
        ),
        cost=cost,
        supply=supply.astype(np.int64),
    )


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
    n_heads, n_tails = head_first.size - 1, tail_first.size - 1
    end_kwh, need_kwh = _ends_and_needs(heads, head_first, tails, tail_first, a)
    out_h, out_t, out_cost = [], [], []
    cost = np.empty(n_tails)
    for h in range(n_heads):
        head = heads[head_first[h] : head_first[h + 1]]
        for t in range(n_tails):
            i, j = head[-1], tails[tail_first[t]]
            cost[t] = gap_cost(i, j, a)
            if cost[t] < np.inf:
                depot = best_depot(head[0], tails[tail_first[t + 1] - 1], a)
                cost[t] += a.way_cost[depot, a.from_node[head[0]]]
                cost[t] += a.way_cost[a.to_node[tails[tail_first[t + 1] - 1]], depot]
        found = 0
        for t in np.argsort(cost, kind="mergesort"):
            if cost[t] == np.inf:
                break
            if found >= pairs_per_head and t != own[h]:
                continue
            tail = tails[tail_first[t] : tail_first[t + 1]]
            if t == own[h] or _fit(head, tail, end_kwh[h], need_kwh[t], a):
                found += 1
                out_h.append(h)
                out_t.append(t)
                out_cost.append(cost[t])
    return np.array(out_h), np.array(out_t), np.array(out_cost)


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
