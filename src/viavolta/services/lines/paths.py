"""Lays a line's stops on the roads: the likeliest way of the bus past all of them, in order.

Member ways of old relations are unsorted, drawn in either direction, shared by both directions of
the line, and full of gaps and roundabouts of which a bus uses an arc. So they are not merely joined
end to end: each stop may lie at several spots of the ways nearby, and the chain of spots is chosen
whose way is cheapest (Viterbi over a hidden Markov model with distances as costs, after Newson and
Krumm 2009). The ways that the relation names cost their length; others cost more and only bridge
gaps.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from viavolta.formats.osm_calls import Call
from viavolta.services.lines.road_graph import (
    Arc,
    LineCost,
    NamedWays,
    Point,
    RoadGraph,
    Spot,
    great_circle_m,
)

MAX_OFF_ROAD_M = 120.0
"""Farthest that a stop may lie from the roads of its line."""
MAX_JUMP_M = 300.0
"""A gap without any road is bridged straight up to here; a longer one cuts the line."""

_OTHER_SPOT_M = 40.0  # spots this much farther than the nearest are thought of too: dual roads
_MAX_SPOTS = 12
_OFF_WEIGHT = 3.0  # a metre beside the road weighs as much as this many metres along it
_JUMP_FACTOR = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePath:
    """A line laid on the roads in one direction.

    Attributes
    ----------
    calls: the stops served, in order, at least two; call_km: where on the path, increasing.
    points: (lat, lon) of the path.
    off_line_m: length on roads that the relation does not name; n_gaps: how many such stretches.
    against_m: length against the permitted or mapped direction of a named way.
    jump_m: length bridged without any road, in n_jumps pieces; ways: all ways driven on.
    off_road, cut_off, repeated: calls that were left out, by reason.
    """

    calls: tuple[Call, ...]
    call_km: tuple[float, ...]
    points: tuple[Point, ...]
    off_line_m: float
    n_gaps: int
    against_m: float
    jump_m: float
    n_jumps: int
    ways: frozenset[int]
    off_road: tuple[Call, ...]
    cut_off: tuple[Call, ...]
    repeated: tuple[Call, ...]

    @property
    def length_km(self) -> float:
        """Length of the path from the first to the last call."""
        return self.call_km[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A call put at a spot, and the cheapest way there from the call before."""

    call: Call
    spot: Spot
    cost: float
    before: "_Step | None"
    arcs: tuple[Arc, ...]
    is_jump: bool


def lay_path(
    calls: Sequence[Call], *, graph: RoadGraph, cost: LineCost, ways: NamedWays
) -> LinePath | None:
    """Find the way of a line past its calls, or None where fewer than two can be joined."""
    placed = [(call, _spots(call, ways)) for call in calls]
    off_road = tuple(call for call, spots in placed if not spots)
    pieces = _pieces([(call, spots) for call, spots in placed if spots], graph, cost)
    longest = max(pieces, key=len, default=[])
    if len(longest) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    kept = {id(step.call) for step in longest}
    skipped = {id(call) for call in off_road} | kept
    cut_off = tuple(call for call in calls if id(call) not in skipped)
    return _assemble(longest, graph=graph, cost=cost, off_road=off_road, cut_off=cut_off)


def _spots(call: Call, ways: NamedWays) -> list[Spot]:
    found = ways.spots((call.lat, call.lon), within_m=MAX_OFF_ROAD_M)
    if not found:
        return []
    return [s for s in found if s.off_m <= found[0].off_m + _OTHER_SPOT_M][:_MAX_SPOTS]


def _pieces(
    placed: Sequence[tuple[Call, list[Spot]]], graph: RoadGraph, cost: LineCost
) -> list[list[_Step]]:
    """Chains of steps; a new one begins where a call cannot be reached from the one before."""
    pieces: list[list[_Step]] = []
    last: list[_Step] = []
    for call, spots in placed:
        steps = _advance(last, call, spots, graph=graph, cost=cost) if last else []
        if not steps:
            pieces.append(_back(last))
            steps = [_first(call, spot) for spot in spots]
        last = steps
    pieces.append(_back(last))
    return pieces


def _first(call: Call, spot: Spot) -> _Step:
    off = _OFF_WEIGHT * spot.off_m
    return _Step(call=call, spot=spot, cost=off, before=None, arcs=(), is_jump=False)


def _back(steps: Sequence[_Step]) -> list[_Step]:
    if not steps:
        return []
    step: _Step | None = min(steps, key=lambda s: s.cost)
    chain = []
    while step is not None:
        chain.append(step)
        step = step.before
    return chain[::-1]


def _advance(
    last: Sequence[_Step], call: Call, spots: Sequence[Spot], *, graph: RoadGraph, cost: LineCost
) -> list[_Step]:
    """Find the best step to each spot of the next call."""
    straight_m = great_circle_m((last[0].call.lat, last[0].call.lon), (call.lat, call.lon))
    limit = 12 * straight_m + 4000.0
    targets = {spot.arc.start for spot in spots}
    reach = {
        node: graph.cheapest(node, targets, cost=cost, limit=limit)
        for node in sorted({step.spot.arc.end for step in last})
    }
    steps = []
    for spot in spots:
        options = [
            option
            for step in last
            if (option := _option(step, call, spot, reach=reach, cost=cost)) is not None
        ]
        if not options and straight_m <= MAX_JUMP_M:
            options = [_jump(step, call, spot, straight_m) for step in last]
        if options:
            steps.append(min(options, key=lambda s: s.cost))
    return steps


Reach = dict[int, dict[int, tuple[float, tuple[Arc, ...]]]]


def _option(step: _Step, call: Call, spot: Spot, *, reach: Reach, cost: LineCost) -> _Step | None:
    here = step.spot
    off = _OFF_WEIGHT * spot.off_m
    if here.arc == spot.arc and spot.share >= here.share:
        way = (spot.share - here.share) * _full(spot.arc, cost)
        arcs: tuple[Arc, ...] = ()
    else:
        found = reach[here.arc.end].get(spot.arc.start)
        if found is None:
            return None
        middle, between = found
        way = (1 - here.share) * _full(here.arc, cost) + middle + spot.share * _full(spot.arc, cost)
        arcs = (here.arc, *between, spot.arc)
    if not math.isfinite(way):
        return None
    total = step.cost + off + way
    return _Step(call=call, spot=spot, cost=total, before=step, arcs=arcs, is_jump=False)


def _jump(step: _Step, call: Call, spot: Spot, straight_m: float) -> _Step:
    total = step.cost + _OFF_WEIGHT * spot.off_m + _JUMP_FACTOR * straight_m
    return _Step(call=call, spot=spot, cost=total, before=step, arcs=(), is_jump=True)


def _full(arc: Arc, cost: LineCost) -> float:
    return arc.length_m * cost(arc, is_allowed=True)


def _assemble(
    steps: Sequence[_Step],
    *,
    graph: RoadGraph,
    cost: LineCost,
    off_road: tuple[Call, ...],
    cut_off: tuple[Call, ...],
) -> LinePath:
    """Turn the chosen steps into one line of points with the calls along it."""
    points = [_rounded(graph.position(steps[0].spot))]
    at_m = [0.0]
    calls, call_m, repeated = [steps[0].call], [0.0], []
    for step in steps[1:]:
        for point in _points_of(step, graph):
            length = great_circle_m(points[-1], point)
            if length > 0:
                points.append(point)
                at_m.append(at_m[-1] + length)
        if at_m[-1] - call_m[-1] >= 1.0:
            calls.append(step.call)
            call_m.append(at_m[-1])
        else:
            repeated.append(step.call)
    driven = list(_driven(steps))
    jump_m = [
        great_circle_m(*(graph.position(s.spot) for s in (step.before, step)))
        for step in steps
        if step.is_jump and step.before
    ]
    return LinePath(
        calls=tuple(calls),
        call_km=tuple(m / 1000 for m in call_m),
        points=tuple(points),
        off_line_m=sum(m for arc, m in driven if not cost.is_named(arc)),
        n_gaps=_stretches([cost.is_named(arc) for arc, _ in driven]),
        against_m=sum(m for arc, m in driven if cost.is_against(arc)),
        jump_m=sum(jump_m),
        n_jumps=len(jump_m),
        ways=frozenset(arc.way for arc, m in driven if m > 0),
        off_road=off_road,
        cut_off=cut_off,
        repeated=tuple(repeated),
    )


def _points_of(step: _Step, graph: RoadGraph) -> Iterator[Point]:
    """Corners of the way to a step's spot, then the spot itself."""
    for arc in step.arcs[:-1]:
        yield _rounded(graph.locations[arc.end])
    yield _rounded(graph.position(step.spot))


def _driven(steps: Sequence[_Step]) -> Iterator[tuple[Arc, float]]:
    """Each arc driven on, with the metres driven there."""
    for step in steps:
        before = step.before
        if before is None or step.is_jump:
            continue
        if not step.arcs:
            yield step.spot.arc, step.spot.arc.length_m * (step.spot.share - before.spot.share)
            continue
        first, *between, last = step.arcs
        yield first, first.length_m * (1 - before.spot.share)
        yield from ((arc, arc.length_m) for arc in between)
        yield last, last.length_m * step.spot.share


def _stretches(is_named: Sequence[bool]) -> int:
    """How many runs of False."""
    return sum(not now and (i == 0 or is_named[i - 1]) for i, now in enumerate(is_named))


def _rounded(point: Point) -> Point:
    """Round a position as the feed writes it, to 0.1 m, so that distances fit what is written."""
    return (round(point[0], 6), round(point[1], 6))
