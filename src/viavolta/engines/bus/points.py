"""How many charging points a depot needs, and which vehicles do without one at night.

A stay holds its point from arrival to departure, and the day repeats, so occupancy is counted on
the circle of 24 hours. A vehicle that charges enough at midday leaves its point to another at
night; as long as more points are held at night than by day, each such vehicle saves one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.blocks import Block
from viavolta.engines.bus.chains import AT_DEPOT, DAY_S


def points_needed(intervals: Sequence[tuple[float, float]]) -> int:
    """Most stays at once on the 24 h circle; `intervals` are (arrival, departure) in seconds."""
    return int(_occupancy(intervals).max(initial=0))


def _occupancy(intervals: Sequence[tuple[float, float]]) -> NDArray[np.int64]:
    """Count the stays from each time to the next, within one day."""
    if not intervals:
        return np.zeros(1, dtype=np.int64)
    arrival = np.array([a for a, _ in intervals])
    departure = np.array([d for _, d in intervals])
    whole_days = ((departure - arrival) // DAY_S).astype(np.int64)
    begin, end = arrival % DAY_S, departure % DAY_S
    wraps = end < begin
    times = np.unique(np.concatenate([[0.0], begin, end]))
    change = np.zeros(times.size, dtype=np.int64)
    np.add.at(change, np.searchsorted(times, begin), 1)
    np.add.at(change, np.searchsorted(times, end), -1)
    change[0] += int(wraps.sum())
    counts: NDArray[np.int64] = np.cumsum(change) + int(whole_days.sum())
    return counts


def block_intervals(blocks: Sequence[Block]) -> list[tuple[float, float]]:
    """When each stay of the blocks holds a point of a depot."""
    return [
        (s.arrival_s, s.departure_s) for block in blocks for s in block.stays if s.point == AT_DEPOT
    ]


def place_intervals(blocks: Sequence[Block], node: int) -> list[tuple[float, float]]:
    """When each stay of the blocks holds a point at one place."""
    return [(s.arrival_s, s.departure_s) for block in blocks for s in block.stays if s.node == node]


def spare_night_points(
    with_night: Sequence[Block], without_night: Sequence[Block | None]
) -> list[Block]:
    """Choose for each vehicle the day with or without a night stay, so that points are few.

    Greedy: of the vehicles that can do without, those whose midday stays overlap least with the
    busiest daytime go first; stops where one more would not save a point.
    """
    chosen = list(with_night)
    best = points_needed(block_intervals(chosen))
    order = sorted(
        (k for k, block in enumerate(without_night) if block is not None and block.stays),
        key=lambda k: (_held_s(without_night[k]), k),
    )
    for k in order:
        candidate = without_night[k]
        if candidate is None or not chosen[k].has_night_stay:
            continue
        trial = [*chosen[:k], candidate, *chosen[k + 1 :]]
        needed = points_needed(block_intervals(trial))
        if needed < best:
            chosen, best = trial, needed
    return chosen


def _held_s(block: Block | None) -> float:
    return sum(end - begin for begin, end in block_intervals([block])) if block else 0.0
