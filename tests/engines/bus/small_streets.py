"""Streets by hand on a grid of 100 m around latitude 0, longitude 0, and a slow search on them."""

import heapq
import math
from itertools import pairwise

from viavolta.engines.bus.road_graph import RoadGraph, road_graph
from viavolta.model.streets import Street, StreetMap, TurnRule

STEP_DEGREES = 100.0 / 111_195.08
KMH = 36.0  # 10 m/s: a step of the grid takes 10 s


def node(east: int, north: int) -> int:
    """Number of a point of the grid, so many steps east and north."""
    return 1000 * (north + 100) + east + 100


def place(east: float, north: float) -> tuple[float, float]:
    """Latitude and longitude of a point of the grid."""
    return north * STEP_DEGREES, east * STEP_DEGREES


def street(number: int, *points: tuple[int, int], one_way: bool = False) -> Street:
    return Street(
        id=number,
        nodes=tuple(node(*point) for point in points),
        is_open_along=True,
        is_open_against=not one_way,
        speed_kmh=KMH,
    )


def street_map(*streets: Street, rules=(), closed=()) -> StreetMap:
    nodes = {n for one in streets for n in one.nodes}
    return StreetMap(
        name="town.osm",
        streets=streets,
        location={n: place(n % 1000 - 100, n // 1000 - 100) for n in nodes},
        rules=tuple(rules),
        closed_nodes=frozenset(node(*point) for point in closed),
        n_rules_left_out=0,
    )


def rule(a: int, over: tuple[int, int], b: int, *, only: bool = False) -> TurnRule:
    return TurnRule(from_street=a, via_node=node(*over), to_street=b, is_only=only)


def graph_of(*streets: Street, rules=(), closed=(), turn_round_s: float = 60.0) -> RoadGraph:
    return road_graph(
        street_map(*streets, rules=rules, closed=closed), max_kmh=60.0, turn_round_s=turn_round_s
    )


def slow_metres(town: StreetMap, a: int, b: int, *, may_turn_round: bool = False) -> float:
    """Shortest way between two nodes by a search over (node before, node): obvious, and slow."""
    steps = _steps(town)
    heap = [(0.0, a, -1, -1)]
    done = set()
    while heap:
        metres, at, came, by = heapq.heappop(heap)
        if at == b:
            return metres
        if (at, came, by) in done:
            continue
        done.add((at, came, by))
        onward = [(v, street) for v, street in steps.get(at, []) if v != came]
        if came >= 0 and not onward and may_turn_round:
            onward = [(came, by)]
        for v, to in onward:
            if came >= 0 and _is_forbidden(town, by, at, to):
                continue
            heapq.heappush(heap, (metres + _metres(town, at, v), v, at, to))
    return math.inf


def _steps(town: StreetMap) -> dict[int, list[tuple[int, int]]]:
    """Node -> next node and street."""
    steps: dict[int, list[tuple[int, int]]] = {}
    for one in town.streets:
        for u, v in pairwise(one.nodes):
            if one.is_open_along:
                steps.setdefault(u, []).append((v, one.id))
            if one.is_open_against:
                steps.setdefault(v, []).append((u, one.id))
    return steps


def _is_forbidden(town: StreetMap, by: int, at: int, to: int) -> bool:
    here = [one for one in town.rules if (one.from_street, one.via_node) == (by, at)]
    only = {one.to_street for one in here if one.is_only}
    never = {one.to_street for one in here if not one.is_only}
    return to in never or (bool(only) and to not in only)


def _metres(town: StreetMap, u: int, v: int) -> float:
    (lat_a, lon_a), (lat_b, lon_b) = town.location[u], town.location[v]
    return 111_195.08 * math.hypot(lat_b - lat_a, lon_b - lon_a)
