"""Which stops a bus route relation calls at, in which order and in which directions.

OpenStreetMap has two ways to map a line. *Old*: one relation for both directions, with roles such
as `forward_stop` and `backward_stop`. *New* (`public_transport:version=2`): one relation for each
direction and variant, with `stop` on the road and `platform` beside it. Both are found in the wild
in every mixture, and many relations of the first years give their stops no role at all.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from viavolta.formats.osm import Kind, Member, Relation, RouteExtract, StopPoint, Tags

SAME_STOP_M = 80.0
"""A stop on the road and its platform beside it lie no farther apart."""

_ROLE = re.compile(
    r"(?P<way>forward|backward)?[_:]?(?P<what>stop|platform|start_stop|end_stop|start|end|halt)"
    r"(?:_entry_only|_exit_only)?[_:]?\d*"
)
_STOP_TAGS = {
    "highway": {"bus_stop", "platform"},
    "amenity": {"bus_station"},
    "public_transport": {"stop_position", "platform", "station"},
    "public_transportation": {"stop_position", "platform", "station"},
    "bus": {"yes"},
    "trolleybus": {"yes"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One stop of a line: where it is, and what it is called (empty where nobody wrote it)."""

    stop_id: str
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallList:
    """The calls of one direction, in travel order.

    n_outside counts the stops that the relation names and the extract does not hold.
    """

    calls: tuple[Call, ...]
    n_outside: int


def directions_of(relation: Relation, extract: RouteExtract) -> tuple[CallList, ...]:
    """One call list for each direction that the relation maps: none, one or two."""
    found = [found for m in relation.members if (found := _stop_member(m, extract)) is not None]
    backward = [f for f in found if f.way == "backward"]
    forward = [f for f in found if f.way == "forward"]
    neutral = [f for f in found if not f.way]
    if not backward:
        return _some(_call_list(found))
    if not forward and len(neutral) < len(backward):
        return _some(_call_list(backward))
    outward = _call_list([f for f in found if f.way != "backward"])
    homeward = _homeward(outward, _call_list(backward), _call_list(neutral))
    return (*_some(outward), *_some(homeward))


def distance_m(a: Call | StopPoint, b: Call | StopPoint) -> float:
    """Great-circle distance, as on a plane: exact enough within a town."""
    dy = (b.lat - a.lat) * 111_195.0
    dx = (b.lon - a.lon) * 111_195.0 * math.cos(math.radians((a.lat + b.lat) / 2))
    return math.hypot(dx, dy)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    way: str  # forward, backward or empty: both
    what: str  # stop or platform
    call: Call | None  # None: outside the extract


def _stop_member(member: Member, extract: RouteExtract) -> _Found | None:
    point = extract.points.get((member.kind, member.ref))
    role = _ROLE.fullmatch(member.role.strip().lower())
    if role is None:
        looks_like_stop = member.kind == "n" and (point is None or _is_stop(point.tags))
        if member.role or not looks_like_stop:
            return None
    way = (role["way"] or "") if role else ""
    what = "platform" if role and role["what"] == "platform" else "stop"
    return _Found(way=way, what=what, call=_call(member, point) if point else None)


def _is_stop(tags: Tags) -> bool:
    return any(tags.get(key) in values for key, values in _STOP_TAGS.items())


def _call(member: Member, point: StopPoint) -> Call:
    kind: Kind = member.kind
    name = point.tags.get("name") or point.tags.get("uic_name") or ""
    return Call(stop_id=f"{kind}{member.ref}", name=name, lat=point.lat, lon=point.lon)


def _call_list(found: Sequence[_Found]) -> CallList:
    """Join each stop with its platform, whichever way the two were listed."""
    stops = [f for f in found if f.what == "stop"]
    platforms = [f for f in found if f.what == "platform"]
    longer, other = (stops, platforms) if len(stops) >= len(platforms) else (platforms, stops)
    named, n_paired = _paired(longer, [f.call for f in other if f.call])
    changes = sum(a.what != b.what for a, b in pairwise(found))
    if changes <= 1 and 0 < len(other) <= 2 * n_paired:  # all of one kind, then all of the other
        return _without_repeats(named, n_outside=sum(f.call is None for f in longer))
    outside = max(sum(f.call is None for f in kind) for kind in (stops, platforms))
    return _without_repeats([f.call for f in found if f.call], n_outside=outside)


def _paired(found: Sequence[_Found], others: Sequence[Call]) -> tuple[list[Call], int]:
    """Give calls the name of the other one beside them where they lack one; count such pairs."""
    named, n_paired = [], 0
    for call in (f.call for f in found if f.call):
        near = min(others, key=lambda o: distance_m(o, call), default=None)
        is_pair = near is not None and _are_one(call, near)
        n_paired += is_pair
        named.append(_merged(call, near) if near and is_pair else call)
    return named, n_paired


def _without_repeats(calls: Sequence[Call], *, n_outside: int) -> CallList:
    kept: list[Call] = []
    for call in calls:
        if kept and _are_one(kept[-1], call):
            kept[-1] = _merged(kept[-1], call)
        else:
            kept.append(call)
    return CallList(calls=tuple(kept), n_outside=n_outside)


def _are_one(a: Call, b: Call) -> bool:
    if a.stop_id == b.stop_id:
        return True
    same_name = not a.name or not b.name or a.name.casefold() == b.name.casefold()
    return same_name and distance_m(a, b) <= SAME_STOP_M


def _merged(a: Call, b: Call) -> Call:
    return a if a.name else Call(stop_id=a.stop_id, name=b.name, lat=a.lat, lon=a.lon)


def _homeward(outward: CallList, backward: CallList, neutral: CallList) -> CallList:
    """Build the return: `backward` stops in travel order, shared stops where they fit best."""
    calls = list(backward.calls)
    if calls and outward.calls:
        first, last = outward.calls[0], outward.calls[-1]
        as_listed = distance_m(calls[0], last) + distance_m(calls[-1], first)
        if distance_m(calls[0], first) + distance_m(calls[-1], last) < as_listed:
            calls.reverse()
    for call in reversed(neutral.calls):
        calls.insert(_best_place(calls, call), call)
    return _without_repeats(calls, n_outside=backward.n_outside + neutral.n_outside)


def _best_place(calls: Sequence[Call], new: Call) -> int:
    """Where inserting a call lengthens the way least."""

    def added_m(i: int) -> float:
        before = distance_m(calls[i - 1], new) if i > 0 else 0.0
        after = distance_m(new, calls[i]) if i < len(calls) else 0.0
        direct = distance_m(calls[i - 1], calls[i]) if 0 < i < len(calls) else 0.0
        return before + after - direct

    return min(range(len(calls) + 1), key=added_m)


def _some(calls: CallList) -> tuple[CallList, ...]:
    return (calls,) if calls.calls or calls.n_outside else ()
