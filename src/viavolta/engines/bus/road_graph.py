"""Streets as a graph of arcs: one arc for each stretch between junctions and each direction.

The nodes of the search are arcs, not junctions, and its edges are turns from one arc into the
next: so rules of turns hold, and a bus turns round only where the road ends.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.shortest import Digraph
from viavolta.model.geo import great_circle_km
from viavolta.model.streets import Street, StreetMap, TurnRule
from viavolta.model.trip import Floats

Longs = NDArray[np.int64]
MS_PER_KMH = 1.0 / 3.6
_LEAST_S = 1e-3  # so that no way is free: a tie could be broken either way


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadGraph:
    """Arcs and turns. Shapes: A arcs, T turns, C stretches with K points in all.

    Attributes
    ----------
    stretch, is_along
        (A,) the stretch an arc drives on, and whether in the order of its points.
    length_m, drive_s
        (A,) of the whole arc; the time is that of a free road.
    turn_from, turn_to, turn_s
        (T,) arcs, and seconds that the turn takes beside driving.
    component
        (A,) of the stretches that can all reach each other, both directions of one taken together.
    main
        The component with the greatest length.
    lat, lon, along_m, first
        (K,) points and metres from the begin of their stretch; (C + 1,) where each begins.
    n_rules
        Rules that forbid at least one turn.
    """

    stretch: Longs
    is_along: NDArray[np.bool_]
    length_m: Floats
    drive_s: Floats
    turn_from: Longs
    turn_to: Longs
    turn_s: Floats
    component: Longs
    main: int
    lat: Floats
    lon: Floats
    along_m: Floats
    first: Longs
    n_rules: int

    def __len__(self) -> int:
        return len(self.stretch)

    def arcs_of_stretch(self) -> tuple[Longs, Longs]:
        """Arc along and arc against each stretch, (C,) each; -1 where there is none."""
        arcs = np.full((2, len(self.first) - 1), -1, dtype=np.int64)
        arcs[np.where(self.is_along, 0, 1), self.stretch] = np.arange(len(self))
        return arcs[0], arcs[1]


def road_graph(streets: StreetMap, *, max_kmh: float, turn_round_s: float) -> RoadGraph:
    """Make the graph; nobody drives faster than `max_kmh`, turning round takes `turn_round_s`."""
    pieces = list(_pieces(streets))
    nodes = [node for _, part in pieces for node in part]
    lat, lon = np.array([streets.location[n] for n in nodes], dtype=np.float64).reshape(-1, 2).T
    first = np.cumsum([0, *(len(part) for _, part in pieces)], dtype=np.int64)
    along_m = _along_m(lat, lon, first)
    length_m = along_m[first[1:] - 1]
    speed = np.array([min(s.speed_kmh, max_kmh) for s, _ in pieces]) * MS_PER_KMH
    is_open = np.array([(s.is_open_along, s.is_open_against) for s, _ in pieces]).reshape(-1, 2)
    stretch, against = np.nonzero(is_open)
    is_along = against == 0
    ends = np.array([(part[0], part[-1]) for _, part in pieces], dtype=np.int64).reshape(-1, 2)
    begin = np.where(is_along, ends[stretch, 0], ends[stretch, 1])
    end = np.where(is_along, ends[stretch, 1], ends[stretch, 0])
    street = np.array([s.id for s, _ in pieces], dtype=np.int64)[stretch]
    turn_from, turn_to = matches(end, begin)
    is_round = (stretch[turn_from] == stretch[turn_to]) & (turn_from != turn_to)
    is_closed = np.isin(end[turn_from], np.array(sorted(streets.closed_nodes), dtype=np.int64))
    leads_on = ~is_round & ~is_closed
    n_ways_on = np.bincount(turn_from[leads_on], minlength=len(stretch))
    banned, n_rules = _banned(streets.rules, street, end, (turn_from, turn_to))
    is_kept = ~banned & (leads_on | (is_round & (n_ways_on[turn_from] == 0)))
    turn_from, turn_to = turn_from[is_kept], turn_to[is_kept]
    turn_s = np.where(is_round[is_kept], turn_round_s, 0.0)
    drive_s = np.maximum(length_m[stretch] / speed[stretch], _LEAST_S)
    component = _components(stretch, turn_from, turn_to, n_stretches=len(pieces))
    return RoadGraph(
        stretch=stretch,
        is_along=is_along,
        length_m=length_m[stretch],
        drive_s=drive_s,
        turn_from=turn_from,
        turn_to=turn_to,
        turn_s=turn_s,
        component=component,
        main=int(np.argmax(np.bincount(component, weights=length_m[stretch]))),
        lat=lat,
        lon=lon,
        along_m=along_m,
        first=first,
        n_rules=n_rules,
    )


def _pieces(streets: StreetMap) -> Iterator[tuple[Street, tuple[int, ...]]]:
    """Streets cut where they meet others, cross themselves, are closed, or a rule holds."""
    uses = Counter(node for street in streets.streets for node in street.nodes)
    uses.update(node for street in streets.streets for node in (street.nodes[0], street.nodes[-1]))
    cuts = {node for node, count in uses.items() if count > 1}
    cuts |= streets.closed_nodes | {rule.via_node for rule in streets.rules}
    for street in streets.streets:
        at = [n for n, node in enumerate(street.nodes) if node in cuts]
        for a, b in pairwise(at):
            yield street, street.nodes[a : b + 1]


def _along_m(lat: Floats, lon: Floats, first: Longs) -> Floats:
    """Metres from the begin of each stretch, (K,)."""
    steps_m = 1000.0 * great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:])
    whole_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    start_m = np.repeat(whole_m[first[:-1]], np.diff(first))
    return np.asarray(whole_m - start_m, dtype=np.float64)


def matches(left: Longs, right: Longs) -> tuple[Longs, Longs]:
    """Rows of `left` and `right` that hold the same number: all pairs, in the order of `left`."""
    order = np.argsort(right, kind="stable")
    low = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - low
    rows = np.repeat(np.arange(len(left)), count)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, order[np.repeat(low, count) + nth]


def _components(stretch: Longs, turn_from: Longs, turn_to: Longs, *, n_stretches: int) -> Longs:
    """Strongly connected component of each arc's stretch, (A,)."""
    turns = np.unique(stretch[turn_from] * n_stretches + stretch[turn_to])
    tail, head = np.divmod(turns, n_stretches)
    return Digraph(tail, head, np.ones(len(turns)), n_stretches).components()[stretch]


def _banned(
    rules: Iterable[TurnRule], street: Longs, end: Longs, turns: tuple[Longs, Longs]
) -> tuple[NDArray[np.bool_], int]:
    """Turns that a rule forbids, (T,), and the number of rules that forbid any.

    Where several rules name the only way on, each of these ways is one.
    """
    tail, head = turns
    banned = np.zeros(len(tail), dtype=np.bool_)
    over = end[tail]
    order = np.argsort(over, kind="stable")
    n_rules = 0
    rules = list(rules)
    allowed: dict[tuple[int, int], set[int]] = {}
    for rule in rules:
        if rule.is_only:
            allowed.setdefault((rule.from_street, rule.via_node), set()).add(rule.to_street)
    for rule in rules:
        low, high = np.searchsorted(over[order], [rule.via_node, rule.via_node + 1])
        here = order[low:high]
        here = here[street[tail[here]] == rule.from_street]
        named = allowed[rule.from_street, rule.via_node] if rule.is_only else {rule.to_street}
        is_hit = np.isin(street[head[here]], list(named)) != rule.is_only
        banned[here[is_hit]] = True
        n_rules += bool(is_hit.any())
    return banned, n_rules
