"""From route relations to lines: which relations belong together, and which way each one runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from viavolta.formats.osm import Relation, RouteExtract, Tags
from viavolta.formats.osm_calls import SAME_STOP_M, Call, CallList, directions_of, distance_m
from viavolta.model.messages import text
from viavolta.model.progress import Progress
from viavolta.services.lines.paths import LinePath, lay_path
from viavolta.services.lines.road_graph import LineCost, NamedWays, RoadGraph

MAX_CALLS = 500
"""No bus line calls more often; a relation that does is not one."""
Why = tuple[str, str]
"""Code and reason of a refusal."""
MIN_LENGTH_KM = 0.3
"""A shorter line is refused: nobody runs a bus for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One direction of one relation, laid on the roads.

    n_outside: stops that the extract does not hold; unused_m: length of named ways that neither
    direction drives on though all stops are there; is_return: made by turning the stops round.
    """

    relation: int
    path: LinePath
    n_outside: int
    unused_m: float = 0.0
    is_return: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as passengers know it: variants out and home, and the tags of its first relation."""

    line_id: str
    ref: str
    tags: Tags
    relations: tuple[int, ...]
    outward: tuple[Variant, ...]
    homeward: tuple[Variant, ...]

    @property
    def is_trolleybus(self) -> bool:
        """Tell whether the relation is mapped as a trolleybus."""
        return self.tags.get("route") == "trolleybus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A relation of which no timetable was made, and why.

    code: no-stops, outside, too-many-stops, no-road, not-route, no-headway or off.
    """

    relation: int
    ref: str
    name: str
    code: str
    reason: str


def find_lines(
    extract: RouteExtract, *, min_inside_share: float, progress: Progress
) -> tuple[list[Line], list[Refusal]]:
    """Lay all route relations on the roads and group them to lines.

    min_inside_share: a direction with a smaller share of its stops inside the extract is refused.
    """
    graph = RoadGraph(extract)
    lines: list[Line] = []
    refusals: list[Refusal] = []
    groups = _groups(extract)
    for i, relations in enumerate(groups):
        progress(text("laying lines on roads"), i / len(groups))
        laid: list[tuple[Relation, int, Variant]] = []
        for relation in relations:
            layer = _Layer(relation, extract, graph)
            variants, reason = layer.variants(min_inside_share)
            laid += [(relation, direction, variant) for direction, variant in variants]
            if not variants:
                refusals.append(_refusal(relation, reason))
        if laid:
            lines.append(_line(laid, extract, graph))
    return lines, refusals


def line_ref(relation: Relation) -> str:
    """Get the number of a line as passengers know it; the relation's id where it has none."""
    return relation.tags.get("ref", "").strip() or str(relation.id)


class _Layer:
    """Lays the directions of one relation on the roads."""

    def __init__(self, relation: Relation, extract: RouteExtract, graph: RoadGraph) -> None:
        self._relation = relation
        self._extract = extract
        self._graph = graph
        roles = _agreed_roles(relation)
        self._ways = NamedWays(graph, roles)
        self._cost = LineCost(extract.ways, roles)

    def variants(self, min_inside_share: float) -> tuple[list[tuple[int, Variant]], Why]:
        """(direction, variant) of each direction that works; else why none does."""
        if self._relation.tags.get("type") != "route":
            return [], ("not-route", text("not tagged type=route"))
        lists = directions_of(self._relation, self._extract)
        reason: Why = ("no-stops", text("no stops: the relation names none"))
        found = []
        for direction, calls in enumerate(lists):
            path, why = self._lay_list(calls, min_inside_share)
            if path is None:
                reason = why
            else:
                variant = Variant(relation=self._relation.id, path=path, n_outside=calls.n_outside)
                found.append((direction, variant))
        return self._with_unused(found), reason

    def lay(self, calls: Sequence[Call]) -> LinePath | None:
        """Find the path past some calls, or None."""
        path = lay_path(calls, graph=self._graph, cost=self._cost, ways=self._ways)
        return path if path and path.length_km >= MIN_LENGTH_KM else None

    def _with_unused(self, found: list[tuple[int, Variant]]) -> list[tuple[int, Variant]]:
        """Say once per relation how much of its ways is not driven on."""
        if not found or any(v.n_outside or v.path.cut_off for _, v in found):
            return found
        driven = {way for _, variant in found for way in variant.path.ways}
        direction, first = found[0]
        unused_m = self._ways.unused_m(driven)
        return [(direction, replace(first, unused_m=unused_m)), *found[1:]]

    def _lay_list(self, found: CallList, min_inside_share: float) -> tuple[LinePath | None, Why]:
        n_inside, n_all = len(found.calls), len(found.calls) + found.n_outside
        if n_inside < 2 or n_inside < min_inside_share * n_all:  # noqa: PLR2004 - a line's two ends
            reason = text("{a} of {b} stops in the extract", a=n_inside, b=n_all)
            return None, ("outside", reason)
        if n_inside > MAX_CALLS:
            return None, ("too-many-stops", text("more than {n} stops", n=MAX_CALLS))
        if not self._ways:
            return None, ("outside", text("no way of it in the extract"))
        path = self.lay(found.calls)
        reason = text("no road joins its stops over {km} km or more", km=MIN_LENGTH_KM)
        return path, ("no-road", reason)


def _agreed_roles(relation: Relation) -> dict[int, str]:
    """Role of each named way; a way named in both directions, or twice, has none."""
    roles: dict[int, str] = {}
    for member in relation.members:
        if member.kind == "w":
            role = member.role if member.role in {"forward", "backward"} else ""
            roles[member.ref] = role if roles.get(member.ref, role) == role else ""
    return roles


def _groups(extract: RouteExtract) -> list[list[Relation]]:
    """Relations of one line together: one route_master, or one number of one network."""
    groups: dict[tuple[str, ...], list[Relation]] = {}
    for relation in extract.routes:
        tags = relation.tags
        key: tuple[str, ...] = ("relation", str(relation.id))
        if relation.id in extract.master_of:
            key = ("master", str(extract.master_of[relation.id]))
        elif tags.get("ref", "").strip():
            key = ("ref", *(tags.get(k, "").strip() for k in ("ref", "network", "route")))
        groups.setdefault(key, []).append(relation)
    return list(groups.values())


def _line(
    laid: Sequence[tuple[Relation, int, Variant]], extract: RouteExtract, graph: RoadGraph
) -> Line:
    outward: list[Variant] = []
    homeward: list[Variant] = []
    for _, direction, variant in laid:
        is_home = direction == 1 or (bool(outward) and _runs_against(variant, outward[0]))
        (homeward if is_home else outward).append(variant)
    if not outward:
        outward, homeward = homeward, []
    if not homeward and not any(_is_circular(r, v) for r, _, v in laid):
        homeward = list(_returns([(r, v) for r, _, v in laid], extract, graph))
    first = laid[0][0]
    return Line(
        line_id=f"osm{first.id}",
        ref=line_ref(first),
        tags=first.tags,
        relations=tuple(dict.fromkeys(relation.id for relation, _, _ in laid)),
        outward=tuple(outward),
        homeward=tuple(homeward),
    )


def _runs_against(variant: Variant, other: Variant) -> bool:
    a, b = variant.path.calls, other.path.calls
    against = distance_m(a[0], b[-1]) + distance_m(a[-1], b[0])
    return against < distance_m(a[0], b[0]) + distance_m(a[-1], b[-1])


def _is_circular(relation: Relation, variant: Variant) -> bool:
    first, last = variant.path.calls[0], variant.path.calls[-1]
    if relation.tags.get("roundtrip") == "yes" or first.stop_id == last.stop_id:
        return True
    limit = 3 * SAME_STOP_M if first.name and first.name == last.name else SAME_STOP_M
    return distance_m(first, last) <= limit


def _returns(
    laid: Iterable[tuple[Relation, Variant]], extract: RouteExtract, graph: RoadGraph
) -> Iterable[Variant]:
    """Turn variants round: the same stops the other way, where no relation maps the return."""
    for relation, variant in laid:
        path = _Layer(relation, extract, graph).lay(variant.path.calls[::-1])
        if path is not None:
            yield replace(variant, path=path, n_outside=0, unused_m=0.0, is_return=True)


def _refusal(relation: Relation, why: Why) -> Refusal:
    name = relation.tags.get("name", "")
    return Refusal(
        relation=relation.id, ref=line_ref(relation), name=name, code=why[0], reason=why[1]
    )
