"""Where places lie on the roads: the nearest arcs, and how far along them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.road_graph import Longs, RoadGraph
from viavolta.engines.kit.shortest import points_within
from viavolta.model.geo import great_circle_km
from viavolta.model.trip import Floats

OTHER_ROAD_M = 30.0
"""Roads this much farther than the nearest are thought of too: both lanes of a divided road."""
_STEP_M = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spots:
    """Places put on arcs. Shapes: all (S,), ordered by place.

    place: row of the place; arc and share: which arc and how far along it, 0..1; off_m: from the
    place to there, straight.
    """

    place: Longs
    arc: Longs
    share: Floats
    off_m: Floats

    def __len__(self) -> int:
        return len(self.place)


def find_spots(graph: RoadGraph, lat: Floats, lon: Floats, *, most_m: float) -> Spots:
    """Put places (P,) on all arcs about as near as the nearest, at most `most_m` away.

    Where a road of the main network lies in reach, places are put on that alone: a yard that is cut
    off from the network by a gap in the map is no way out.
    """
    line = _Lines(graph, float(lat.mean()), float(lon.mean()))
    near = points_within(line.samples, line.plane(lat, lon), most_m + _STEP_M)
    along, against = graph.arcs_of_stretch()
    found: list[NDArray[np.float64]] = []
    for p in range(len(lat)):
        stretch, at_m, off_m = line.nearest(float(lat[p]), float(lon[p]), near[p])
        rows = []
        for arcs, is_along in ((along, True), (against, False)):
            arc = arcs[stretch]
            share = at_m / np.maximum(graph.length_m[arc], 1e-9)
            share = np.clip(share if is_along else 1.0 - share, 0.0, 1.0)
            rows.append(np.stack([np.full(len(arc), p), arc, share, off_m], axis=1)[arc >= 0])
        table = np.concatenate(rows)
        table = table[table[:, 3] <= most_m]
        is_main = graph.component[table[:, 1].astype(np.int64)] == graph.main
        table = table[is_main] if is_main.any() else table
        if len(table):
            table = table[table[:, 3] <= table[:, 3].min() + OTHER_ROAD_M]
        found.append(table[np.lexsort((table[:, 1], table[:, 3]))])
    whole = np.concatenate([np.empty((0, 4)), *found])
    return Spots(
        place=whole[:, 0].astype(np.int64),
        arc=whole[:, 1].astype(np.int64),
        share=whole[:, 2],
        off_m=whole[:, 3],
    )


class _Lines:
    """The stretches in a local plane, with samples close enough to find every piece by."""

    def __init__(self, graph: RoadGraph, lat0: float, lon0: float) -> None:
        self._lat0, self._lon0 = lat0, lon0
        self._metres = 1000.0 * float(great_circle_km(0.0, 0.0, 1.0, 0.0))
        self._along_m = graph.along_m
        self._points = self.plane(graph.lat, graph.lon)
        n_points = np.diff(graph.first)
        self._stretch = np.repeat(np.arange(len(n_points)), n_points)
        begins = np.flatnonzero(self._stretch[:-1] == self._stretch[1:])
        length_m = np.hypot(*(self._points[begins + 1] - self._points[begins]).T)
        count = np.maximum(1, np.ceil(length_m / (2.0 * _STEP_M))).astype(np.int64)
        self._piece = np.repeat(begins, count)
        nth = np.arange(len(self._piece)) - np.repeat(np.cumsum(count) - count, count)
        share = ((nth + 0.5) / np.repeat(count, count))[:, None]
        a, b = self._points[self._piece], self._points[self._piece + 1]
        self.samples: Floats = a + share * (b - a)

    def plane(self, lat: Floats, lon: Floats) -> Floats:
        """Metres east and north (M, 2); true to well under 1 % over a city."""
        turns = (lon - self._lon0) / 360.0
        east = 360.0 * (turns - np.round(turns)) * np.cos(np.radians(self._lat0))
        return np.stack([east * self._metres, (lat - self._lat0) * self._metres], axis=1)

    def nearest(self, lat: float, lon: float, samples: Longs) -> tuple[Longs, Floats, Floats]:
        """Of these samples' stretches: each once, metres along it, metres away. (N,) each."""
        point = self.plane(np.array([lat]), np.array([lon]))
        begin = np.unique(self._piece[samples])
        a, b = self._points[begin], self._points[begin + 1]
        way = b - a
        squared = np.maximum((way**2).sum(axis=1), 1e-12)
        share = np.clip(((point - a) * way).sum(axis=1) / squared, 0.0, 1.0)
        off_m = np.hypot(*(point - a - share[:, None] * way).T)
        at_m = self._along_m[begin] + share * (self._along_m[begin + 1] - self._along_m[begin])
        order = np.lexsort((off_m, self._stretch[begin]))
        stretch, first = np.unique(self._stretch[begin][order], return_index=True)
        return stretch, at_m[order][first], off_m[order][first]
