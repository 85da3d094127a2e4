"""Who works with whom: vehicles in the order of the tree, cut into parts of equal work."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from viavolta.engines.charging.fleet import vehicle_starts
from viavolta.engines.charging.network import Network
from viavolta.engines.charging.window import Windows
from viavolta.model.arrays import Ints
from viavolta.model.stay import StayTable

_ROWS_PER_PART = 100_000
_MOST_PARTS = 4
_STRIDE = 64
"""Vehicles of neighbouring limits are asked this far apart, so that the common limits above them
see a mixture from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Parts of a task: their stays in order, the rows they touch, and the rows they share.

    Attributes
    ----------
    orders : stays per part. rows : rows of the network per part.
    shared : (H,) rows that more than one part touches.
    """

    orders: tuple[Ints, ...]
    rows: tuple[Ints, ...]
    shared: Ints


def partition(
    stays: StayTable,
    window: Windows,
    *,
    network: Network,
    path: Ints,
    parent: Ints,
    n_parts: int | None = None,
) -> Partition:
    """Cut a task into parts; how many follows from its size alone, never from the machine."""
    if n_parts is None:
        n_parts = int(np.clip(len(window) // _ROWS_PER_PART, 1, _MOST_PARTS))
    rank = _depth_first(parent)[stays.limit]
    by_vehicle = vehicle_order(stays, rank)
    starts = vehicle_starts(stays, by_vehicle)
    orders = tuple(
        _interleaved(by_vehicle, starts, first=first, end=end, rank=rank)
        for first, end in _cuts(window, by_vehicle, starts=starts, rank=rank, n_parts=n_parts)
        if end > first
    ) or (np.zeros(0, dtype=np.int64),)
    rows = tuple(_rows_of(network, path[order]) for order in orders)
    touched = np.bincount(np.concatenate(rows), minlength=network.n_rows)
    return Partition(orders=orders, rows=rows, shared=np.flatnonzero(touched > 1))


def _depth_first(parent: Ints) -> Ints:
    """(L,) place of each limit when every limit comes right before all that is below it."""
    size = np.ones(len(parent), dtype=np.int64)
    order = _breadth_first(parent)
    for row in reversed(order):
        if parent[row] >= 0:
            size[parent[row]] += size[row]
    place = np.zeros(len(parent), dtype=np.int64)
    free = {-1: 0}
    for row in order:
        above = int(parent[row])
        place[row] = free[above]
        free[above] += int(size[row])
        free[row] = int(place[row]) + 1
    return place


def _breadth_first(parent: Ints) -> list[int]:
    children: dict[int, list[int]] = {}
    for row, above in enumerate(parent.tolist()):
        children.setdefault(above, []).append(row)
    order = list(children.get(-1, ()))
    for row in order:  # grows while it is read
        order.extend(children.get(row, ()))
    return order


def vehicle_order(stays: StayTable, rank: Ints) -> Ints:
    """Stays sorted by the place of their vehicle's first stay in the tree, then by time."""
    index = np.arange(len(stays))
    if not stays.vehicle_id:
        return np.lexsort((index, rank))
    names = np.array(
        [name or f"\0{row}" for row, name in enumerate(stays.vehicle_id)], dtype=object
    )
    _, vehicle = np.unique(names, return_inverse=True)
    by_time = np.lexsort((index, stays.arrival.astype(np.int64), vehicle))
    firsts = np.flatnonzero(np.diff(vehicle[by_time], prepend=-1))
    rank_of_vehicle = np.zeros(len(firsts), dtype=np.int64)
    rank_of_vehicle[vehicle[by_time[firsts]]] = rank[by_time[firsts]]
    first_row = np.zeros(len(firsts), dtype=np.int64)
    np.minimum.at(first_row := np.full(len(firsts), len(stays)), vehicle, index)
    return np.lexsort(
        (stays.arrival.astype(np.int64), first_row[vehicle], rank_of_vehicle[vehicle])
    )


def _cuts(
    window: Windows, order: Ints, *, starts: Ints, rank: Ints, n_parts: int
) -> list[tuple[int, int]]:
    """First and last vehicle of each part: equal numbers of rows, between limits where possible."""
    lengths = np.diff(window.offsets)[order]
    done = np.concatenate(([0], np.cumsum(lengths)))[starts]
    n_vehicles = len(starts) - 1
    if n_vehicles == 0:
        return []
    at_limit = np.append(np.flatnonzero(np.diff(rank[order[starts[:-1]]])) + 1, n_vehicles)
    cuts = [0]
    for k in range(1, n_parts):
        cut = int(np.searchsorted(done, done[-1] * k / n_parts))
        better = int(at_limit[np.searchsorted(at_limit, cut).clip(max=len(at_limit) - 1)])
        if better - cut <= n_vehicles // (10 * n_parts):
            cut = better
        cuts.append(max(cut, cuts[-1]))
    cuts.append(n_vehicles)
    return list(pairwise(cuts))


def _interleaved(order: Ints, starts: Ints, *, first: int, end: int, rank: Ints) -> Ints:
    """Stays of vehicles first..end, limit by limit, neighbouring limits far apart."""
    leaf = rank[order[starts[first:end]]]
    _, group = np.unique(leaf, return_inverse=True)
    n_groups = int(group.max()) + 1
    stride = min(_STRIDE, n_groups)
    by_place = np.lexsort((np.arange(len(leaf)), group // stride, group % stride))
    counts = np.diff(starts)[first:end][by_place]
    begin = np.repeat(starts[first:end][by_place] - np.cumsum(counts) + counts, counts)
    taken: Ints = order[begin + np.arange(int(counts.sum()))]
    return taken


def _rows_of(network: Network, path: Ints) -> Ints:
    """Rows on the paths, each once."""
    used = np.zeros(len(network.path_start) - 1, dtype=bool)
    used[path] = True
    is_used = np.repeat(used, np.diff(network.path_start))
    return np.unique(network.path_row[is_used])
