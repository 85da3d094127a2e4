"""The sea as areas: OpenStreetMap maps only its shore, land to the left of each line.

`sea_areas` joins the lines within a box and closes them along the edge of the box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Line = list[Point]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the sea within its outer ring, without the islands; rings are closed."""

    outer: Line
    islands: tuple[Line, ...]


def sea_areas(shores: Sequence[Line], box: Box) -> list[Area]:
    """The sea within a box (west, south, east, north); none if no shore reaches into it."""
    chains = [part for chain in joined(shores) for part in _within(chain, box)]
    rings = [chain for chain in chains if chain[0] == chain[-1] and len(chain) > 3]  # noqa: PLR2004 - a triangle
    opened = [_to_edge(chain, box) for chain in chains if chain[0] != chain[-1]]
    waters = [ring for ring in rings if signed_area(ring) < 0]
    islands = [ring for ring in rings if signed_area(ring) > 0]
    waters += _closed(opened, box)
    if not waters and islands:
        waters = [_edge(box)]
    return [
        Area(outer=outer, islands=tuple(i for i in islands if _holds(outer, i[0])))
        for outer in waters
    ]


def joined(lines: Sequence[Line]) -> list[Line]:
    """Lines that continue each other as one line each."""
    starts: dict[Point, list[Line]] = {}
    for line in lines:
        if len(line) > 1:
            starts.setdefault(line[0], []).append(line)
    ends = {line[-1] for line in lines if len(line) > 1}
    heads = [line for line in lines if len(line) > 1 and line[0] not in ends]
    chains = [_follow(head, starts) for head in heads if head in starts.get(head[0], [])]
    while any(starts.values()):  # what is left are rings
        head = next(found[0] for found in starts.values() if found)
        chains.append(_follow(head, starts))
    return chains


def _follow(head: Line, starts: dict[Point, list[Line]]) -> Line:
    starts[head[0]].remove(head)
    chain = list(head)
    while (more := starts.get(chain[-1])) and chain[0] != chain[-1]:
        chain += more.pop()[1:]
    return chain


def _within(chain: Line, box: Box) -> list[Line]:
    """The parts of a line within a box, cut at its edge."""
    if all(_is_inside(point, box) for point in chain):
        return [chain]
    parts: list[Line] = []
    part: Line = []
    for a, b in pairwise(chain):
        cut = _cut(a, b, box)
        if cut is None:
            continue
        start, end = cut
        if part and part[-1] == start:
            part.append(end)
        else:
            part = [start, end]
            parts.append(part)
    if len(parts) > 1 and chain[0] == chain[-1] and parts[0][0] == parts[-1][-1]:
        parts[0] = parts.pop() + parts[0][1:]  # a ring that began inside
    return parts


def _is_inside(point: Point, box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _cut(a: Point, b: Point, box: Box) -> tuple[Point, Point] | None:
    """The part of a segment within the box (Liang and Barsky)."""
    first, last = 0.0, 1.0
    step = (b[0] - a[0], b[1] - a[1])
    for axis in (0, 1):
        for limit, sign in ((box[axis], 1.0), (box[axis + 2], -1.0)):
            room = sign * (a[axis] - limit)
            change = sign * step[axis]
            if change == 0:
                if room < 0:
                    return None
            elif change > 0:
                first = max(first, -room / change)
            else:
                last = min(last, -room / change)
    if first >= last:
        return None
    start = a if first == 0 else (a[0] + first * step[0], a[1] + first * step[1])
    end = b if last == 1 else (a[0] + last * step[0], a[1] + last * step[1])
    return start, end


def _to_edge(chain: Line, box: Box) -> Line:
    """A line whose ends stand on the edge of the box; an extract may have cut it before."""
    return [_on_edge(chain[0], box), *chain, _on_edge(chain[-1], box)]


def _on_edge(point: Point, box: Box) -> Point:
    x, y = point
    gaps = {x - box[0]: (box[0], y), box[2] - x: (box[2], y)}
    gaps |= {y - box[1]: (x, box[1]), box[3] - y: (x, box[3])}
    return gaps[min(gaps)]


def _closed(chains: list[Line], box: Box) -> list[Line]:
    """Rings of water: along each shore, then clockwise along the edge to the next one."""
    left = list(chains)
    rings = []
    while left:
        ring = list(left.pop(0))
        first = _turn(ring[0], box)
        while True:
            at = _turn(ring[-1], box)
            ways = [(_ahead(at, _turn(chain[0], box)), i) for i, chain in enumerate(left)]
            way, i = min(ways, default=(4.0, -1))
            if _ahead(at, first) <= way:
                break
            chain = left.pop(i)
            ring += [*_corners(at, _turn(chain[0], box), box), *chain]
        rings.append([*ring, *_corners(at, first, box), ring[0]])
    return rings


def _turn(point: Point, box: Box) -> float:
    """How far along the edge a point is, 0 to 4, clockwise from the south-western corner."""
    x = (point[0] - box[0]) / (box[2] - box[0])
    y = (point[1] - box[1]) / (box[3] - box[1])
    sides = {x: y, 1 - y: 1 + x, 1 - x: 3 - y, y: 4 - x}
    return sides[min(sides)] % 4


def _ahead(start: float, end: float) -> float:
    return (end - start) % 4


def _corners(start: float, end: float, box: Box) -> Line:
    """The corners passed going clockwise from one turn to another."""
    corners = [(box[0], box[1]), (box[0], box[3]), (box[2], box[3]), (box[2], box[1])]
    passed = []
    way = _ahead(start, end)
    for i in range(1, 5):
        corner = int(start) + i
        if corner - start < way:
            passed.append(corners[corner % 4])
    return passed


def _edge(box: Box) -> Line:
    return [
        (box[0], box[1]),
        (box[0], box[3]),
        (box[2], box[3]),
        (box[2], box[1]),
        (box[0], box[1]),
    ]


def signed_area(ring: Line) -> float:
    """Twice the area of a closed ring; positive if it turns to the left."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def _holds(ring: Line, point: Point) -> bool:
    x, y = point
    inside = False
    for a, b in pairwise(ring):
        if (a[1] > y) != (b[1] > y) and x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]:
            inside = not inside
    return inside
