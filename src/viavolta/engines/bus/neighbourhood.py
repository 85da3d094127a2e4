"""Fewer vehicles by keeping them from standing at a plug in the busiest hours.

Where a plan of electric vehicles needs more of them than batteries without end would, some stand at
a plug while most trips are under way. In turn for many of the busiest times: every vehicle that
stands idle then is cut in two there, and the parts of all vehicles are matched anew (`matching`) at
times after it, from the last one back, and at times before it, from the first one on. What was cut
thus first looks for a vehicle that has charge to spare in the evening, or in the morning, before it
may come together again. What comes of it is kept where it takes no more vehicles than before: large
neighbourhoods after Shaw (1998), "Using constraint programming and local search methods to solve
vehicle routing problems", each searched by exact matchings.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.chains import direct_slack_s, is_possible
from viavolta.engines.bus.matching import Search, rematched
from viavolta.engines.bus.problem import BlockArrays, Longs
from viavolta.model.progress import Progress, StopRule

GOLDEN_SHARE = 0.6180339887498949
"""Steps of this share of a unit fill it evenly, however many there are."""

BUSY_SHARE = 0.85
"""A time is busy with this share of the most trips under way at once."""

GRID_S = 900.0
IDLE_S = 1800.0
"""Who has less time to spare between two trips stands at a terminal, hardly at a plug."""

SECOND_CUT_SHARE = 0.38


def with_fewer_vehicles(
    chains: list[Longs],
    arrays: BlockArrays,
    search: Search,
    *,
    progress: Progress,
    stop: StopRule,
) -> tuple[list[Longs], bool]:
    """Search `search.rounds` neighbourhoods: (chains, whether the stop rule ended it).

    Every chain handed in can be driven; so can every one handed back, which are never more.
    """
    if not chains:
        return chains, False
    times = _busy_times(arrays)
    for k in range(search.rounds):
        progress("neighbourhoods", k / search.rounds)
        time_s = float(times[int(k * GOLDEN_SHARE % 1.0 * times.size)])
        parts = _cut_where_idle(chains, time_s, arrays)
        cuts = _cuts_around(time_s, search.cut_every_s, k * SECOND_CUT_SHARE % 1.0, arrays)
        for m, cut_s in enumerate(cuts.tolist()):
            if stop():
                return chains, True
            parts = rematched(parts, cut_s, (k + m * GOLDEN_SHARE) % 1.0, arrays, search)
        if len(parts) <= len(chains):
            chains = parts
    return chains, False


def _busy_times(arrays: BlockArrays) -> NDArray[np.float64]:
    """Times of the day, a quarter of an hour apart, when nearly the most trips are under way."""
    starts, ends = np.sort(arrays.start_s), np.sort(arrays.end_s)
    times = np.arange(starts[0], starts[-1] + 1.0, GRID_S)
    under_way = np.searchsorted(starts, times, side="right")
    under_way -= np.searchsorted(ends, times, side="right")
    busy: NDArray[np.float64] = times[under_way >= BUSY_SHARE * under_way.max()]
    return busy


def _cut_where_idle(chains: list[Longs], time_s: float, arrays: BlockArrays) -> list[Longs]:
    """Cut the chains that stand idle at a time and whose parts can each be driven alone."""
    parts: list[Longs] = []
    for chain in chains:
        at = int(np.searchsorted(arrays.start_s[chain], time_s, side="right"))
        cut = [0, at, chain.size] if _is_idle(chain, at, time_s, arrays) else [0, chain.size]
        pieces = [chain[a:b] for a, b in pairwise(cut)]
        parts += pieces if all(is_possible(piece, arrays) for piece in pieces) else [chain]
    return sorted(parts, key=lambda part: (arrays.start_s[part[0]], int(part[0])))


def _is_idle(chain: Longs, at: int, time_s: float, arrays: BlockArrays) -> bool:
    """Whether the time lies between trips `at - 1` and `at`, with time to spare between them."""
    if not 0 < at < chain.size or arrays.end_s[chain[at - 1]] > time_s:
        return False
    return direct_slack_s(chain[at - 1], chain[at], arrays) > IDLE_S


def _cuts_around(
    time_s: float, every_s: float, offset: float, arrays: BlockArrays
) -> NDArray[np.float64]:
    """Times to match at: after the given one from the last back, before it from the first on."""
    first, last = float(arrays.start_s.min()), float(arrays.start_s.max())
    every_s = max(1.0, min(every_s, (last - first) / 4.0))
    after = np.arange(time_s + offset * every_s, last, every_s)[::-1]
    before = np.arange(first + offset * every_s, time_s, every_s)
    return np.concatenate([after, before, [time_s]])
