"""Electric blocks: chains cut where the battery ends, then matched anew until nothing improves.

The optimum without energy limit gives the chains; each is cut into the longest pieces one charge
and the midday stays allow; then, at many cut times in turn, all vehicles are cut into the part
before and the part after, and the parts are matched anew by an exact assignment over all pairs
that a battery can drive. Every pair is tested by driving it, so each step keeps a valid plan and
never adds a vehicle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.chains import DrivenChain, drive, is_possible, prefix_length
from viavolta.engines.bus.matching import Search, rematched
from viavolta.engines.bus.neighbourhood import GOLDEN_SHARE, with_fewer_vehicles
from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem, Longs
from viavolta.model.progress import Progress, StopRule, silent


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
        pieces, problem, arrays, search, progress=_part(progress, search, 0), stop=stop
    )
    driven = [_driven(problem, battery, chain) for chain in pieces]
    if search.rounds and not was_stopped:
        told = _part(progress, search, 1)
        pieces, was_stopped = with_fewer_vehicles(pieces, arrays, search, progress=told, stop=stop)
        pieces, is_late = _match_until_stable(
            pieces, problem, arrays, replace(search, max_sweeps=1), progress=silent, stop=stop
        )
        was_stopped |= is_late
        others = [_driven(problem, battery, chain) for chain in pieces]
        driven = min(driven, others, key=lambda plan: _total(plan, search.vehicle_cost))
    return ElectricPlan(
        chains=tuple(driven),
        impossible=tuple(int(t) for t in np.flatnonzero(~possible)),
        was_stopped=was_stopped,
    )


def _part(progress: Progress, search: Search, part: int) -> Progress:
    """Progress of the sweeps (0) or of the neighbourhoods (1), each half where there are both."""
    n = 2 if search.rounds else 1
    return lambda told, share: progress(told, (part + share) / n)


def _total(driven: list[DrivenChain], vehicle_cost: float) -> float:
    """Cost of vehicles and ways."""
    return float(sum(vehicle_cost + chain.cost for chain in driven))


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
            turn = (sweep * cuts.size + k) * GOLDEN_SHARE % 1.0
            chains = rematched(chains, float(cut_s), turn, arrays, search)
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
