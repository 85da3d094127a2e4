"""What a map shows of an OpenStreetMap extract: roads, water, land use, buildings, names."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from viavolta.formats.coastline import Area, Box, Line, sea_areas
from viavolta.formats.osm import OsmSource

RANKS = {
    "city": 1,
    "town": 2,
    "village": 3,
    "suburb": 4,
    "quarter": 5,
    "hamlet": 5,
    "neighbourhood": 6,
}
"""Kinds of `place` that are named on the map, the most important first."""

_ROADS = frozenset(
    {
        *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
        *("secondary", "secondary_link", "tertiary", "tertiary_link"),
    }
)
_STREETS = frozenset(
    {"unclassified", "residential", "living_street", "service", "pedestrian", "road", "busway"}
)
_RAILS = frozenset({"rail", "tram", "light_rail", "subway", "funicular", "narrow_gauge"})
_STREAMS = frozenset({"river", "canal", "stream"})
_WATER = {"natural": {"water", "bay"}, "waterway": {"riverbank", "dock"}, "landuse": {"reservoir"}}
_GREEN = {
    "leisure": {"park", "garden", "pitch", "golf_course", "nature_reserve", "playground"},
    "landuse": {
        *("forest", "grass", "meadow", "cemetery", "orchard", "vineyard", "farmland"),
        *("village_green", "recreation_ground", "allotments"),
    },
    "natural": {"wood", "scrub", "heath", "grassland", "wetland", "beach"},
}
_BUILT = {"landuse": {"residential", "commercial", "industrial", "retail", "railway"}}
_BY_HIGHWAY = {**dict.fromkeys(_ROADS, "roads"), **dict.fromkeys(_STREETS, "streets")}
_LITTLE_ENDIAN, _POLYGON = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A geometry as well-known binary (WGS 84), its name and, for places, its rank."""

    wkb: bytes
    name: str = ""
    rank: int = 0


NOWHERE: Box = (180.0, 90.0, -180.0, -90.0)


@dataclass(slots=True)
class Shapes:
    """Shapes by layer of the map, and the box they cover."""

    layers: dict[str, list[Shape]] = field(default_factory=dict)
    box: Box = NOWHERE


def read_shapes(path: Path) -> Shapes:
    """Read what a map shows.

    Raises
    ------
    UsageError: there is no such file.
    InputError: the file is too large, damaged, or not OpenStreetMap data.
    """
    source = OsmSource(path)
    found = Shapes()
    shores = _read_lines(source, found)
    for layer, shape in _areas(source):
        found.layers.setdefault(layer, []).append(shape)
    if found.box != NOWHERE:
        found.box = grown(found.box)
        sea = [Shape(wkb=_polygon(area)) for area in sea_areas(shores, found.box)]
        found.layers.setdefault("water", []).extend(sea)
    found.layers = {layer: shapes for layer, shapes in found.layers.items() if shapes}
    return found


def _read_lines(source: OsmSource, found: Shapes) -> list[Line]:
    """Put lines and places into `found`, and its box; give the shores."""
    factory = osmium.geom.WKBFactory()
    shores: list[Line] = []
    both = osmium.osm.NODE | osmium.osm.WAY
    for obj in source.objects(both, osmium.filter.EmptyTagFilter(), locations=True):
        if obj.is_node():
            layer, geometry = "places" if obj.tags.get("place") in RANKS else "", "point"
        else:
            layer, geometry = line_layer(obj.tags), "linestring"
        if not layer:
            continue
        places = [n.location for n in obj.nodes] if obj.is_way() else [obj.location]
        valid = [(p.lon, p.lat) for p in places if p.valid()]
        if len(valid) < len(places) or (obj.is_way() and len(set(valid)) < 2):  # noqa: PLR2004 - a line
            continue
        if layer == "shores":
            shores.append(valid)
            continue
        if layer in {"roads", "streets"}:
            found.box = _wider(found.box, valid)
        make = factory.create_point if geometry == "point" else factory.create_linestring
        found.layers.setdefault(layer, []).append(
            Shape(
                wkb=bytes.fromhex(make(obj)),
                name=obj.tags.get("name") or "",
                rank=RANKS.get(obj.tags.get("place") or "", 0),
            )
        )
    return shores


def line_layer(tags: Any) -> str:
    """The layer of a way by its tags; "" if the map does not show it as a line."""
    if (layer := _BY_HIGHWAY.get(tags.get("highway"))) and tags.get("area") != "yes":
        return layer
    if tags.get("railway") in _RAILS and tags.get("tunnel") != "yes":
        return "rail"
    if tags.get("waterway") in _STREAMS and tags.get("tunnel") is None:
        return "streams"
    if tags.get("natural") == "coastline":
        return "shores"
    is_border = tags.get("boundary") == "administrative" and tags.get("admin_level") == "2"
    return "borders" if is_border else ""


def area_layer(tags: Any) -> str:
    """The layer of an area by its tags; "" if the map does not show it."""
    if tags.get("building") not in {None, "no"}:
        return "buildings"
    for layer, wanted in (("water", _WATER), ("green", _GREEN), ("built", _BUILT)):
        if any(tags.get(key) in values for key, values in wanted.items()):
            return layer
    return ""


def _areas(source: OsmSource) -> Iterator[tuple[str, Shape]]:
    factory = osmium.geom.WKBFactory()
    for area in source.areas():
        if layer := area_layer(area.tags):
            yield layer, Shape(wkb=bytes.fromhex(factory.create_multipolygon(area)))


def grown(box: Box) -> Box:
    """A box with half its size more on each side: sea and woods go on beyond the last road."""
    dx, dy = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def _wider(box: Box, points: Iterable[tuple[float, float]]) -> Box:
    west, south, east, north = box
    for lon, lat in points:
        west, south = min(west, lon), min(south, lat)
        east, north = max(east, lon), max(north, lat)
    return west, south, east, north


def _polygon(area: Area) -> bytes:
    rings = [area.outer, *area.islands]
    parts = [struct.pack("<BII", _LITTLE_ENDIAN, _POLYGON, len(rings))]
    for ring in rings:
        flat = [value for point in ring for value in point]
        parts.append(struct.pack(f"<I{len(flat)}d", len(ring), *flat))
    return b"".join(parts)
