"""OpenStreetMap extracts: bus route relations with all that is needed to follow them.

Reads `.osm.pbf`, `.osm` and `.osm.gz` in several streaming passes, so that memory holds only the
routes, the ways and stops they name, and the roads near them. Objects outside the extract are
simply absent from the result: that is how extracts are cut.
"""

import gzip
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import osmium

from viavolta.formats.osm_access import DRIVABLE
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

MAX_FILE_BYTES = 1 << 30
"""A larger file is refused: cut the region out first."""
MAX_XML_BYTES = 4 << 30
"""Most bytes of XML that a compressed file may unpack to."""
Kind = Literal["n", "w", "r"]
Tags = dict[str, str]

_CHUNK_BYTES = 1 << 20
_PROLOG_BYTES = 1 << 16
_CELLS_PER_DEGREE = 100  # about 1 km: roads within one cell of a route may bridge its gaps
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|<\?[^>]*\?>|<!--.*?-->)*+<osm[\s>]", re.DOTALL)
_ROUTES = tuple((key, mode) for key in ("route", "route_master") for mode in ("bus", "trolleybus"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a relation: a node, way or relation, and its role."""

    kind: Kind
    ref: int
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation with its tags and members in mapped order."""

    id: int
    tags: Tags
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way: its nodes in drawing order, those outside the extract left out."""

    id: int
    tags: Tags
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPoint:
    """A member that may be a stop; for ways and relations lat, lon is the middle of its nodes."""

    lat: float
    lon: float
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteExtract:
    """What an extract knows of bus lines.

    Attributes
    ----------
    routes: relations `route=bus` and `route=trolleybus`, by id.
    master_of: route relation id -> id of the route_master that groups it.
    points: (kind, id) -> position and tags of the routes' members that may be stops.
    ways: ways that the routes name and drivable roads near them, by id.
    locations: node id -> (lat, lon) in degrees, for all nodes of `ways`.
    """

    routes: tuple[Relation, ...]
    master_of: dict[int, int]
    points: dict[tuple[Kind, int], StopPoint]
    ways: dict[int, Way]
    locations: dict[int, tuple[float, float]]


def read_routes(path: Path) -> RouteExtract:
    """Read the bus routes of an OSM file.

    Raises
    ------
    UsageError: there is no such file.
    InputError: the file is too large, damaged, or not OpenStreetMap data; XML with a document type
        or entities is refused before it reaches a parser.
    """
    source = OsmSource(path)
    routes, master_of = _read_relations(source)
    areas = _read_stop_areas(source, routes)
    members = [*(m for r in routes for m in r.members), *(m for a in areas for m in a.members)]
    node_points = _read_points(source, {m.ref for m in members if m.kind == "n"})
    ways, locations = _read_named_ways(source, {m.ref for m in members if m.kind == "w"})
    near = _cells([*locations.values(), *((p.lat, p.lon) for p in node_points.values())])
    roads, road_locations = _read_roads(source, near) if routes else ({}, {})
    points: dict[tuple[Kind, int], StopPoint] = {("n", i): p for i, p in node_points.items()}
    points |= _way_points(ways, locations)
    points |= _area_points(areas, points)
    return RouteExtract(
        routes=tuple(routes),
        master_of=master_of,
        points=points,
        ways=roads | ways,
        locations=road_locations | locations,
    )


class OsmSource:
    """An OSM file of known format, read object by object.

    Raises
    ------
    UsageError: there is no such file.
    InputError: the file is too large or not OpenStreetMap data.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._file = osmium.io.File(str(path), _sniff(path))

    def objects(
        self, entities: Any, *filters: Any, locations: bool = False
    ) -> Iterator[Any]:  # osmium's own types know no common object
        """Yield objects, valid only until the next one is asked for."""
        processor = osmium.FileProcessor(self._file, entities)
        if locations:
            processor = processor.with_locations()
        for one in filters:
            processor = processor.with_filter(one)
        yield from self._read(processor)

    def areas(self) -> Iterator[Any]:
        """Yield areas, made of closed ways and multipolygon relations."""
        tagged = osmium.filter.KeyFilter("building", "natural", "waterway", "landuse", "leisure")
        processor = (
            osmium.FileProcessor(self._file)
            .with_areas(tagged)
            .with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
        )
        yield from self._read(processor)

    def _read(self, processor: Iterable[Any]) -> Iterator[Any]:
        try:
            yield from processor
        except (RuntimeError, ValueError, OSError) as error:  # what osmium's readers raise
            raise _unreadable(self.name, str(error)) from error


def _sniff(path: Path) -> str:
    """Tell the format by content, refusing what is not OSM before a parser sees it."""
    if not path.is_file():
        raise UsageError(
            code="input-missing",
            message=text("there is no file {file}", file=str(path)),
            where=Where(file=path.name),
        )
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _too_large(path.name, MAX_FILE_BYTES)
    with path.open("rb") as stream:
        head = stream.read(_PROLOG_BYTES)
    if head[:2] == b"\x1f\x8b":
        _check_xml_prolog(path.name, _unpacked_head(path))
        return "osm.gz"
    if head[4:64].find(b"OSMHeader") >= 0:
        return "osm.pbf"
    _check_xml_prolog(path.name, head)
    return "osm"


def _unpacked_head(path: Path) -> bytes:
    """Unpack all of a gzip file once, bounded, and return its beginning."""
    total = 0
    head = b""
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                head = head or chunk[:_PROLOG_BYTES]
                if not total:
                    _check_xml_prolog(path.name, head)
                total += len(chunk)
                if total > MAX_XML_BYTES:
                    raise _too_large(path.name, MAX_XML_BYTES)
    except (EOFError, OSError, ValueError) as error:
        raise _unreadable(path.name, str(error)) from error
    return head


def _check_xml_prolog(name: str, head: bytes) -> None:
    """Allow nothing but comments and the XML declaration before the root `<osm>`."""
    if _PROLOG.match(head):
        return
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise InputError(
            code="osm-entities",
            message=text("{file} declares a document type or entities", file=name),
            where=Where(file=name, row=1),
            expected=text("OpenStreetMap XML without <!DOCTYPE> and <!ENTITY>"),
            hint=text("OpenStreetMap files never need them; do not trust where this came from"),
        )
    raise InputError(
        code="osm-not-osm",
        message=text("{file} is not an OpenStreetMap file", file=name),
        where=Where(file=name, row=1, value=head[:60].decode("utf-8", "replace")),
        expected=text(".osm.pbf, .osm or .osm.gz in UTF-8"),
        hint=text("an extract of a city can be downloaded from the OpenStreetMap community"),
    )


def _too_large(name: str, limit: int) -> InputError:
    return InputError(
        code="osm-too-large",
        message=text("{file} is larger than {gib} GiB", file=name, gib=limit >> 30),
        where=Where(file=name),
        hint=text("cut the region out first, for instance with `osmium extract`"),
    )


def _unreadable(name: str, why: str) -> InputError:
    return InputError(
        code="osm-unreadable",
        message=text("{file} is damaged: {why}", file=name, why=why[:200]),
        where=Where(file=name),
        expected=text("a complete .osm.pbf, .osm or .osm.gz file"),
        hint=text("download it again; was the download cut short?"),
    )


def _read_relations(source: OsmSource) -> tuple[list[Relation], dict[int, int]]:
    routes: dict[int, Relation] = {}
    masters: dict[int, Relation] = {}
    wanted = osmium.filter.TagFilter(*_ROUTES)
    for obj in source.objects(osmium.osm.RELATION, wanted):
        relation = _relation(obj)
        if relation.tags.get("type") == "route_master":
            masters[relation.id] = relation
        elif "route" in relation.tags:
            routes[relation.id] = relation
    master_of = {
        m.ref: i for i in sorted(masters, reverse=True) for m in masters[i].members if m.kind == "r"
    }
    return [routes[i] for i in sorted(routes)], master_of


def _read_stop_areas(source: OsmSource, routes: Iterable[Relation]) -> list[Relation]:
    """Relations that routes name as members: platforms drawn as areas."""
    refs = {m.ref for r in routes for m in r.members if m.kind == "r"}
    if not refs:
        return []
    found = source.objects(osmium.osm.RELATION, osmium.filter.IdFilter(_positive(refs)))
    return sorted((_relation(obj) for obj in found), key=lambda r: r.id)


def _read_points(source: OsmSource, refs: set[int]) -> dict[int, StopPoint]:
    points = {}
    for obj in source.objects(osmium.osm.NODE, osmium.filter.IdFilter(_positive(refs))):
        if obj.location.valid():
            points[obj.id] = StopPoint(
                lat=obj.location.lat, lon=obj.location.lon, tags=tags_of(obj)
            )
    return points


Located = tuple[dict[int, Way], dict[int, tuple[float, float]]]


def _read_named_ways(source: OsmSource, refs: set[int]) -> Located:
    wanted = osmium.filter.IdFilter(_positive(refs))
    ways: dict[int, Way] = {}
    locations: dict[int, tuple[float, float]] = {}
    for obj in _ways(source, wanted):
        _keep_way(obj, ways, locations)
    return ways, locations


def _read_roads(source: OsmSource, near: set[tuple[int, int]]) -> Located:
    """Drivable roads that begin or end near a route."""
    ways: dict[int, Way] = {}
    locations: dict[int, tuple[float, float]] = {}
    for obj in _ways(source, osmium.filter.KeyFilter("highway")):
        if obj.tags.get("highway") not in DRIVABLE or len(obj.nodes) < 2:  # noqa: PLR2004 - a line
            continue
        ends = [obj.nodes[i].location for i in (0, -1)]
        if any(end.valid() and _cell(end.lat, end.lon) in near for end in ends):
            _keep_way(obj, ways, locations)
    return ways, locations


def _ways(source: OsmSource, wanted: Any) -> Iterator[Any]:
    only_ways = osmium.filter.EntityFilter(osmium.osm.WAY)
    both = osmium.osm.NODE | osmium.osm.WAY
    return source.objects(both, only_ways, wanted, locations=True)


def _keep_way(obj: Any, ways: dict[int, Way], locations: dict[int, tuple[float, float]]) -> None:
    nodes = [(n.ref, n.location) for n in obj.nodes if n.location.valid()]
    if nodes:
        locations.update((ref, (place.lat, place.lon)) for ref, place in nodes)
        ways[obj.id] = Way(id=obj.id, tags=tags_of(obj), nodes=tuple(ref for ref, _ in nodes))


def _way_points(
    ways: dict[int, Way], locations: dict[int, tuple[float, float]]
) -> dict[tuple[Kind, int], StopPoint]:
    return {
        ("w", way.id): _middle([locations[n] for n in way.nodes], way.tags) for way in ways.values()
    }


def _area_points(
    areas: Iterable[Relation], points: dict[tuple[Kind, int], StopPoint]
) -> dict[tuple[Kind, int], StopPoint]:
    found: dict[tuple[Kind, int], StopPoint] = {}
    for area in areas:
        parts = [points[m.kind, m.ref] for m in area.members if (m.kind, m.ref) in points]
        if parts:
            found["r", area.id] = _middle([(p.lat, p.lon) for p in parts], area.tags)
    return found


def _middle(places: list[tuple[float, float]], tags: Tags) -> StopPoint:
    return StopPoint(
        lat=math.fsum(lat for lat, _ in places) / len(places),
        lon=math.fsum(lon for _, lon in places) / len(places),
        tags=tags,
    )


def _cells(places: Iterable[tuple[float, float]]) -> set[tuple[int, int]]:
    return {
        (row + dr, column + dc)
        for row, column in {_cell(lat, lon) for lat, lon in places}
        for dr in (-1, 0, 1)
        for dc in (-1, 0, 1)
    }


def _cell(lat: float, lon: float) -> tuple[int, int]:
    return math.floor(lat * _CELLS_PER_DEGREE), math.floor(lon * _CELLS_PER_DEGREE)


def _relation(obj: Any) -> Relation:
    members = tuple(Member(kind=m.type, ref=m.ref, role=m.role) for m in obj.members)
    return Relation(id=obj.id, tags=tags_of(obj), members=members)


def tags_of(obj: Any) -> Tags:
    """The tags of an object of the file."""
    return {tag.k: tag.v for tag in obj.tags}


def _positive(refs: Iterable[int]) -> list[int]:
    """Ids that osmium's filter can hold; negative ones exist only in files never uploaded."""
    return sorted(ref for ref in refs if ref > 0)
