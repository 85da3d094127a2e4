"""Lays the stops of trips on the roads: the likeliest way of the bus past all of them, in order.

Each stop may lie on several arcs nearby; the chain of spots is chosen that is quickest, metres
beside the road counted as detours (Viterbi over a hidden Markov model with times as costs, after
Newson and Krumm 2009). Through a stop the bus goes on in the direction that it came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np

from viavolta.engines.bus.road_graph import MS_PER_KMH, Longs, RoadGraph
from viavolta.engines.bus.road_search import Line, RoadSearch
from viavolta.engines.bus.road_spots import Spots, find_spots
from viavolta.model.geo import great_circle_km
from viavolta.model.trip import Floats

MOST_SPOTS = 6
"""Most arcs that one stop may lie on."""
OFF_S_PER_M = 0.4
"""What a metre beside the road costs the choice of spots: as much as 3 m at 30 km/h."""
MOST_DETOUR, DETOUR_GRACE_M = 3.0, 1000.0
"""A way between two stops longer than this many straight lines and a kilometre is implausible: the
map lacks a road, or the stop lies on another one."""
_LEAST_KMH = 15.0
_LIMITS_S = (120.0, 300.0, 900.0, np.inf)


class Laid(StrEnum):
    """Whether a sequence of stops could be laid on the roads, and if not, why."""

    YES = "yes"
    OFF_ROAD = "off_road"
    CUT_OFF = "cut_off"
    DETOUR = "detour"


@dataclass(frozen=True, slots=True, kw_only=True)
class TripLine:
    """A sequence of stops on the roads.

    line: from the first stop to the last; stop_along_m (K,): metres driven up to each stop; free_s:
    driving time on free roads. The three are empty where `laid` is not YES.
    """

    laid: Laid
    line: Line
    stop_along_m: Floats
    free_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """A way from spot to spot: seconds, metres and its nodes."""

    free_s: float
    length_m: float
    nodes: Longs


def lay_trips(
    graph: RoadGraph, lat: Floats, lon: Floats, trips: Sequence[Longs], *, most_m: float
) -> list[TripLine]:
    """Lay sequences of stops on the roads.

    Parameters
    ----------
    lat, lon
        (S,) of the stops.
    trips
        For each, rows of the stops it calls at, at least two.
    most_m
        Farthest that a stop may lie from its road.
    """
    spots = _few_per_place(find_spots(graph, lat, lon, most_m=most_m))
    first = np.searchsorted(spots.place, np.arange(len(lat) + 1))
    on_arc = replace(spots, place=np.arange(len(spots)), off_m=np.zeros(len(spots)))
    search = RoadSearch(graph, on_arc, n_places=len(spots), off_road_kmh=_LEAST_KMH)
    straight_m = _straight_m(lat, lon, trips)
    legs = _legs(search, first, straight_m)
    return [
        _laid(search, spots, first=first, stops=stops, legs=legs, straight_m=straight_m)
        for stops in trips
    ]


def _few_per_place(spots: Spots) -> Spots:
    first = np.searchsorted(spots.place, spots.place)
    keep = np.arange(len(spots)) - first < MOST_SPOTS
    return Spots(
        place=spots.place[keep],
        arc=spots.arc[keep],
        share=spots.share[keep],
        off_m=spots.off_m[keep],
    )


def _straight_m(lat: Floats, lon: Floats, trips: Sequence[Longs]) -> dict[tuple[int, int], float]:
    """Straight line of each pair of stops that follow one another in some trip."""
    pairs = sorted({pair for stops in trips for pair in pairwise(stops.tolist())})
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    metres = 1000.0 * great_circle_km(lat[a], lon[a], lat[b], lon[b])
    return dict(zip(pairs, metres.tolist(), strict=True))


def _legs(
    search: RoadSearch, first: Longs, straight_m: Mapping[tuple[int, int], float]
) -> dict[tuple[int, int], _Leg]:
    """Ways from each spot of a stop to each spot of the next, by rows of the spots."""
    targets: dict[int, set[int]] = {}
    limit_s: dict[int, float] = {}
    for (a, b), metres in straight_m.items():
        most_s = (MOST_DETOUR * metres + DETOUR_GRACE_M) / (_LEAST_KMH * MS_PER_KMH)
        for spot in range(int(first[a]), int(first[a + 1])):
            targets.setdefault(spot, set()).update(range(int(first[b]), int(first[b + 1])))
            limit_s[spot] = max(limit_s.get(spot, 0.0), most_s)
    legs: dict[tuple[int, int], _Leg] = {}
    for low_s, high_s in pairwise((0.0, *_LIMITS_S)):
        origins = [spot for spot in sorted(targets) if low_s < limit_s[spot] <= high_s]
        for origin, tree in zip(origins, search.trees(origins, most_s=high_s), strict=True):
            places = np.array(sorted(targets[origin] - {origin}), dtype=np.int64)
            free_s = search.time_s(tree, places)
            nodes = search.nodes_back(tree, places)
            length_m = search.length_m(nodes)
            for k in np.flatnonzero(np.isfinite(free_s)).tolist():
                legs[origin, int(places[k])] = _Leg(
                    free_s=float(free_s[k]), length_m=float(length_m[k]), nodes=nodes[:, k]
                )
    return legs


def _laid(
    search: RoadSearch,
    spots: Spots,
    *,
    first: Longs,
    stops: Longs,
    legs: Mapping[tuple[int, int], _Leg],
    straight_m: Mapping[tuple[int, int], float],
) -> TripLine:
    options = [range(int(first[s]), int(first[s + 1])) for s in stops.tolist()]
    if not all(options):
        return _none(Laid.OFF_ROAD)
    chain = _quickest(options, spots.off_m, legs)
    if chain is None:
        return _none(Laid.CUT_OFF)
    driven = [legs.get(pair) for pair in pairwise(chain)]
    metres = [leg.length_m if leg else 0.0 for leg in driven]
    most_m = [MOST_DETOUR * straight_m[pair] + DETOUR_GRACE_M for pair in pairwise(stops.tolist())]
    if any(m > most for m, most in zip(metres, most_m, strict=True)):
        return _none(Laid.DETOUR)
    lines = [search.line(leg.nodes) for leg in driven if leg]
    if not lines:
        return _none(Laid.CUT_OFF)
    at_stop_m = np.cumsum([0.0, *metres])
    begins = [at for at, leg in zip(at_stop_m.tolist(), driven, strict=False) if leg]
    return TripLine(
        laid=Laid.YES,
        line=Line(
            lat=np.concatenate([line.lat for line in lines]),
            lon=np.concatenate([line.lon for line in lines]),
            along_m=np.concatenate(
                [
                    np.minimum(m.along_m + at, at_stop_m[-1])
                    for m, at in zip(lines, begins, strict=True)
                ]
            ),
        ),
        stop_along_m=at_stop_m,
        free_s=sum(leg.free_s for leg in driven if leg),
    )


def _quickest(
    options: Sequence[range], off_m: Floats, legs: Mapping[tuple[int, int], _Leg]
) -> list[int] | None:
    """The quickest chain of spots, None where no chain holds together."""
    cost = {spot: OFF_S_PER_M * float(off_m[spot]) for spot in options[0]}
    before: list[dict[int, int]] = []
    for spots in options[1:]:
        best: dict[int, tuple[float, int]] = {}
        for spot in spots:
            found = [
                (spent + (0.0 if here == spot else legs[here, spot].free_s), here)
                for here, spent in cost.items()
                if here == spot or (here, spot) in legs
            ]
            if found:
                best[spot] = min(found)
        if not best:
            return None
        cost = {spot: best[spot][0] + OFF_S_PER_M * float(off_m[spot]) for spot in best}
        before.append({spot: here for spot, (_, here) in best.items()})
    chain = [min(cost, key=lambda spot: (cost[spot], spot))]
    for step in reversed(before):
        chain.append(step[chain[-1]])
    return chain[::-1]


def _none(laid: Laid) -> TripLine:
    empty = np.empty(0)
    return TripLine(laid=laid, line=Line(empty, empty, empty), stop_along_m=empty, free_s=0.0)
