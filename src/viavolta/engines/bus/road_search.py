"""Ways along the roads from place to place: a search over arcs, with places hung on them.

Every node of the search has a length and a time of its own, which are spent on entering it: an arc
its own; the way out of a place onto an arc, and off an arc into a place, the part driven there and
the straight piece beside the road. So the length of a way is a sum over its nodes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from viavolta.engines.bus.road_graph import MS_PER_KMH, Longs, RoadGraph, matches
from viavolta.engines.bus.road_spots import Spots
from viavolta.engines.kit.shortest import NOWHERE, Digraph, Tree
from viavolta.model.trip import Floats

_NOTHING_S = 1e-6
"""Cost of a step that takes no time: less than what any two ways differ by."""


class Line(NamedTuple):
    """Points of a way in degrees, and metres driven up to each; all (K,)."""

    lat: Floats
    lon: Floats
    along_m: Floats


class _Pairs(NamedTuple):
    """Spots of one arc that follow one another; rows of the spots, (D,) each."""

    out: Longs
    into: Longs


class RoadSearch:
    """The ways between P places that lie at some spots of the roads.

    Nodes in their order: arcs (A), out of a spot (S), into a spot (S), from spot to spot of one arc
    (D), places as origins (P), places as destinations (P).
    """

    def __init__(
        self, graph: RoadGraph, spots: Spots, *, n_places: int, off_road_kmh: float
    ) -> None:
        self._graph, self._spots = graph, spots
        self._pairs = _on_one_arc(spots)
        sizes = (len(graph), len(spots), len(spots), len(self._pairs.out), n_places, n_places)
        self._first = np.cumsum([0, *sizes])
        self._length_m = self._of_nodes(graph.length_m, spots.off_m)
        off_s = spots.off_m / (off_road_kmh * MS_PER_KMH)
        self._time_s = self._of_nodes(graph.drive_s, off_s)
        tail, head, extra_s = self._edges()
        cost = np.maximum(self._time_s[head] + extra_s, _NOTHING_S)
        self._digraph = Digraph(tail, head, cost, int(self._first[-1]))

    def trees(self, places: Sequence[int] | Longs, *, most_s: float = np.inf) -> Iterator[Tree]:
        """Quickest ways from each of these places, one after the other, as far as `most_s`."""
        yield from self._digraph.trees(
            self._first[4] + np.asarray(places, dtype=np.int64), most=most_s
        )

    def time_s(self, tree: Tree, places: Longs) -> Floats:
        """Free driving time to these places, inf where no way leads. Shapes: (M,) and (M,)."""
        return np.asarray(tree.cost[self._first[5] + places], dtype=np.float64)

    def nodes_back(self, tree: Tree, places: Longs) -> Longs:
        """The nodes of the ways to these places, last first, NOWHERE past the origin. (L, M)."""
        at = self._first[5] + np.asarray(places, dtype=np.int64)
        rows = []
        while (at >= 0).any():
            at = np.where(at >= 0, tree.before[np.maximum(at, 0)], NOWHERE).astype(np.int64)
            rows.append(at)
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(places))

    def length_m(self, nodes: Longs) -> Floats:
        """Length of the ways that `nodes_back` gives, (M,); 0 where no way leads."""
        known = np.maximum(nodes, 0)
        return np.asarray((self._length_m[known] * (nodes >= 0)).sum(axis=0), dtype=np.float64)

    def line(self, nodes: Longs) -> Line:
        """The points of one way (a column of `nodes_back`), from its first spot to its last."""
        parts = [self._part(int(n)) for n in nodes[::-1] if 0 <= n < self._first[4]]
        along = np.cumsum([0.0, *(part.along_m[-1] for part in parts)])
        return Line(
            lat=np.concatenate([part.lat for part in parts]),
            lon=np.concatenate([part.lon for part in parts]),
            along_m=np.concatenate([p.along_m + a for p, a in zip(parts, along, strict=False)]),
        )

    def _part(self, node: int) -> Line:
        """The points of one node's own piece of road."""
        kind = int(np.searchsorted(self._first, node, side="right")) - 1
        row = node - int(self._first[kind])
        arc, share = self._spots.arc, self._spots.share
        if kind == 0:
            return part_of_arc(self._graph, row, 0.0, 1.0)
        if kind == 1:
            return part_of_arc(self._graph, int(arc[row]), float(share[row]), 1.0)
        if kind == 2:  # noqa: PLR2004 - the third kind
            return part_of_arc(self._graph, int(arc[row]), 0.0, float(share[row]))
        a, b = int(self._pairs.out[row]), int(self._pairs.into[row])
        return part_of_arc(self._graph, int(arc[a]), float(share[a]), float(share[b]))

    def _of_nodes(self, of_arc: Floats, off: Floats) -> Floats:
        """What each node adds, from what a whole arc and the piece beside the road add."""
        spots, pairs = self._spots, self._pairs
        whole = of_arc[spots.arc]
        between = (spots.share[pairs.into] - spots.share[pairs.out]) * whole[pairs.out]
        return np.concatenate(
            [
                of_arc,
                off + (1.0 - spots.share) * whole,
                off + spots.share * whole,
                off[pairs.out] + between + off[pairs.into],
                np.zeros(int(self._first[6] - self._first[4])),
            ]
        )

    def _edges(self) -> tuple[Longs, Longs, Floats]:
        """Tail, head and seconds beside what the head takes, (E,) each."""
        graph, spots, pairs = self._graph, self._spots, self._pairs
        out, into, direct, origin, destination = (int(n) for n in self._first[1:6])
        row = np.arange(len(spots))
        row_pair = np.arange(len(pairs.out))
        s_out, t_out = matches(spots.arc, graph.turn_from)
        s_into, t_into = matches(spots.arc, graph.turn_to)
        k, s_next = matches(graph.turn_to[t_out], spots.arc)
        parts = [
            (graph.turn_from, graph.turn_to, graph.turn_s),
            (origin + spots.place, out + row, np.zeros(len(row))),
            (out + s_out, graph.turn_to[t_out], graph.turn_s[t_out]),
            (graph.turn_from[t_into], into + s_into, graph.turn_s[t_into]),
            (out + s_out[k], into + s_next, graph.turn_s[t_out[k]]),
            (into + row, destination + spots.place, np.zeros(len(row))),
            (origin + spots.place[pairs.out], direct + row_pair, np.zeros(len(row_pair))),
            (direct + row_pair, destination + spots.place[pairs.into], np.zeros(len(row_pair))),
        ]
        tail, head, extra_s = (np.concatenate(column) for column in zip(*parts, strict=True))
        return tail, head, extra_s


def part_of_arc(graph: RoadGraph, arc: int, begin: float, end: float) -> Line:
    """The points of an arc from one share of its length to another, in the order of driving."""
    stretch = int(graph.stretch[arc])
    points = slice(int(graph.first[stretch]), int(graph.first[stretch + 1]))
    lat, lon, along_m = graph.lat[points], graph.lon[points], graph.along_m[points]
    if not graph.is_along[arc]:
        lat, lon, along_m = lat[::-1], lon[::-1], along_m[-1] - along_m[::-1]
    a, b = begin * along_m[-1], end * along_m[-1]
    inner = along_m[(along_m > a) & (along_m < b)]
    at = np.concatenate([[a], inner, [b]])
    return Line(np.interp(at, along_m, lat), np.interp(at, along_m, lon), at - a)


def _on_one_arc(spots: Spots) -> _Pairs:
    """Spots of different places on one arc, of which the second does not lie before the first."""
    a, b = matches(spots.arc, spots.arc)
    is_pair = (spots.place[a] != spots.place[b]) & (spots.share[b] >= spots.share[a])
    return _Pairs(a[is_pair], b[is_pair])
