"""The roads of an OSM extract as a graph that a bus line can be laid on."""

import heapq
import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import numpy as np

from viavolta.formats.osm import RouteExtract, Way
from viavolta.formats.osm_access import may_drive
from viavolta.model.geo import EARTH_RADIUS_KM
from viavolta.model.trip import Floats

OFF_LINE_FACTOR = 4.0
"""A metre on a road that the relation does not name counts as this many: gaps only."""
AGAINST_FACTOR = 6.0
"""A metre on a named way against its permitted or mapped direction counts as this many."""

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

_EARTH_RADIUS_M = EARTH_RADIUS_KM * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """One step of a way from a node to its neighbour, in one direction."""

    start: int
    end: int
    length_m: float
    way: int
    forward: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place on an arc: `share` of its length from its start; `off_m` from what was sought."""

    arc: Arc
    share: float
    off_m: float


class LineCost:
    """What a metre of an arc costs one line, 1 where the relation says: here, this way."""

    def __init__(self, ways: Mapping[int, Way], roles: Mapping[int, str]) -> None:
        """Take the ways of the extract and, for the ways the line names, their roles."""
        self._named = {
            (way, forward): 1.0
            if may_drive(ways[way].tags, forward=forward) and _agrees(role, forward=forward)
            else AGAINST_FACTOR
            for way, role in roles.items()
            if way in ways
            for forward in (True, False)
        }

    def __call__(self, arc: Arc, *, is_allowed: bool) -> float:
        """Cost per metre; infinite where nobody may drive."""
        named = self._named.get((arc.way, arc.forward))
        if named is not None:
            return named
        return OFF_LINE_FACTOR if is_allowed else math.inf

    def is_named(self, arc: Arc) -> bool:
        """Tell whether the relation names the arc's way."""
        return (arc.way, arc.forward) in self._named

    def is_against(self, arc: Arc) -> bool:
        """Tell whether the arc runs against the permitted or mapped direction of a named way."""
        return self._named.get((arc.way, arc.forward)) == AGAINST_FACTOR


class RoadGraph:
    """Nodes and arcs of all ways in an extract, with positions in degrees."""

    def __init__(self, extract: RouteExtract) -> None:
        self.locations = extract.locations
        self._arcs: dict[int, list[tuple[Arc, bool]]] = {}
        self._by_way: dict[int, list[Arc]] = {}
        for way in extract.ways.values():
            self._add(way)

    def arcs_of(self, ways: Iterable[int]) -> list[Arc]:
        """All arcs of some ways, both directions."""
        return [arc for way in ways for arc in self._by_way.get(way, ())]

    def position(self, spot: Spot) -> Point:
        """Latitude and longitude of a spot."""
        (lat_a, lon_a), (lat_b, lon_b) = (self.locations[n] for n in (spot.arc.start, spot.arc.end))
        return (lat_a + spot.share * (lat_b - lat_a), lon_a + spot.share * (lon_b - lon_a))

    def cheapest(
        self, start: int, ends: Iterable[int], *, cost: LineCost, limit: float
    ) -> dict[int, tuple[float, tuple[Arc, ...]]]:
        """Cheapest ways from a node to others (Dijkstra); those beyond the limit are left out."""
        open_ends = set(ends)
        wanted = sorted(open_ends)
        best = {start: 0.0}
        came: dict[int, Arc] = {}
        done: set[int] = set()
        heap = [(0.0, start)]
        while heap and open_ends:
            spent, node = heapq.heappop(heap)
            if node in done:
                continue
            done.add(node)
            open_ends.discard(node)
            for arc, is_allowed in self._arcs.get(node, ()):
                total = spent + arc.length_m * cost(arc, is_allowed=is_allowed)
                if total <= limit and total < best.get(arc.end, math.inf):
                    best[arc.end] = total
                    came[arc.end] = arc
                    heapq.heappush(heap, (total, arc.end))
        return {n: (best[n], _trace(came, start, n)) for n in wanted if n in done}

    def _add(self, way: Way) -> None:
        for a, b in zip(way.nodes, way.nodes[1:], strict=False):
            length_m = great_circle_m(self.locations[a], self.locations[b])
            for start, end, forward in ((a, b, True), (b, a, False)):
                arc = Arc(start=start, end=end, length_m=length_m, way=way.id, forward=forward)
                is_allowed = may_drive(way.tags, forward=forward)
                self._arcs.setdefault(start, []).append((arc, is_allowed))
                self._by_way.setdefault(way.id, []).append(arc)


class NamedWays:
    """The ways that one relation names, ready to be searched for spots near a stop."""

    def __init__(self, graph: RoadGraph, ways: Iterable[int]) -> None:
        self._arcs = graph.arcs_of(ways)
        ends = [(*graph.locations[a.start], *graph.locations[a.end]) for a in self._arcs]
        self._ends = np.array(ends, dtype=np.float64).reshape(-1, 4)

    def __bool__(self) -> bool:
        return bool(self._arcs)

    def spots(self, point: Point, *, within_m: float) -> list[Spot]:
        """Places within a distance of a point, nearest first, in both directions of their way."""
        share, off_m = _projections(point, self._ends)
        near = [i for i in np.argsort(off_m, kind="stable").tolist() if off_m[i] <= within_m]
        return [Spot(arc=self._arcs[i], share=float(share[i]), off_m=float(off_m[i])) for i in near]

    def unused_m(self, driven: Set[int]) -> float:
        """Length of the ways that no direction of the line drives on."""
        return sum(arc.length_m for arc in self._arcs if arc.forward and arc.way not in driven)


def great_circle_m(a: Point, b: Point) -> float:
    """Haversine distance in metres of two points: the scalar twin of `model.geo`, for loops."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    dlon = math.radians(b[1] - a[1])
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * (
        math.sin(dlon / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def _projections(point: Point, ends: Floats) -> tuple[Floats, Floats]:
    """Share along, and distance to, each segment. ends (A, 4) lat, lon, lat, lon; returns (A,)."""
    scale = _EARTH_RADIUS_M * math.pi / 180
    x_scale = scale * math.cos(math.radians(point[0]))
    ax, ay = (ends[:, 1] - point[1]) * x_scale, (ends[:, 0] - point[0]) * scale
    bx, by = (ends[:, 3] - point[1]) * x_scale, (ends[:, 2] - point[0]) * scale
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    along = -(ax * dx + ay * dy) / np.where(square > 0, square, 1.0)
    share = np.clip(np.where(square > 0, along, 0.0), 0.0, 1.0)
    return share, np.hypot(ax + share * dx, ay + share * dy)


def _trace(came: Mapping[int, Arc], start: int, node: int) -> tuple[Arc, ...]:
    arcs = []
    while node != start:
        arcs.append(came[node])
        node = came[node].start
    return tuple(reversed(arcs))


def _agrees(role: str, *, forward: bool) -> bool:
    return not ((role == "forward" and not forward) or (role == "backward" and forward))
