"""The streets of an OpenStreetMap extract that a bus may use, with the rules of its turns.

Read in streaming passes; only what lies in the box that was asked for is kept.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import osmium

from viavolta.formats.osm import OsmSource, tags_of
from viavolta.formats.osm_access import is_bollard, is_for_buses, may_drive, speed_kmh
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.model.streets import Point, Street, StreetMap, TurnRule

Box = tuple[float, float, float, float]
"""South, west, north, east in degrees."""

_RULE_KEYS = ("restriction:bus", "restriction:psv", "restriction")
_BUS_WORDS = frozenset({"bus", "psv"})


def read_streets(path: Path, *, box: Box, class_kmh: Mapping[str, float]) -> StreetMap:
    """Read the streets that begin, end or bend in a box.

    `class_kmh` holds the free speed by value of `highway`, and under `other`.

    Raises
    ------
    UsageError: there is no such file.
    InputError: the file is too large, damaged, no OpenStreetMap data, or has no street in the box.
    """
    source = OsmSource(path)
    streets: dict[int, Street] = {}
    location: dict[int, Point] = {}
    for obj in _highways(source):
        tags = tags_of(obj)
        if not is_for_buses(tags):
            continue
        nodes = [(n.ref, n.location) for n in obj.nodes if n.location.valid()]
        if len(nodes) < 2 or not any(_inside(box, at.lat, at.lon) for _, at in nodes):  # noqa: PLR2004 - a line
            continue
        street = Street(
            id=obj.id,
            nodes=tuple(ref for ref, _ in nodes),
            is_open_along=may_drive(tags, forward=True),
            is_open_against=may_drive(tags, forward=False),
            speed_kmh=speed_kmh(tags, class_kmh),
        )
        streets[street.id] = street
        location.update((ref, (at.lat, at.lon)) for ref, at in nodes)
    if not streets:
        raise _no_streets(path.name)
    rules, n_left_out = _rules(source, streets)
    return StreetMap(
        name=path.name,
        streets=tuple(streets[i] for i in sorted(streets)),
        location=location,
        rules=tuple(rules),
        closed_nodes=frozenset(_bollards(source, location)),
        n_rules_left_out=n_left_out,
    )


def _highways(source: OsmSource) -> Iterator[Any]:
    only_ways = osmium.filter.EntityFilter(osmium.osm.WAY)
    roads = osmium.filter.KeyFilter("highway")
    both = osmium.osm.NODE | osmium.osm.WAY
    return source.objects(both, only_ways, roads, locations=True)


def _inside(box: Box, lat: float, lon: float) -> bool:
    south, west, north, east = box
    return south <= lat <= north and west <= lon <= east


def _bollards(source: OsmSource, location: Mapping[int, Point]) -> Iterator[int]:
    for obj in source.objects(osmium.osm.NODE, osmium.filter.KeyFilter("barrier")):
        if obj.id in location and is_bollard(tags_of(obj)):
            yield obj.id


def _rules(source: OsmSource, streets: Mapping[int, Street]) -> tuple[list[TurnRule], int]:
    """Rules of turns between these streets, and how many lead over a street instead of a node."""
    rules: list[TurnRule] = []
    n_left_out = 0
    for obj in source.objects(osmium.osm.RELATION, osmium.filter.KeyFilter(*_RULE_KEYS)):
        word = _word(tags_of(obj))
        if word is None:
            continue
        members = [(m.role, m.type, m.ref) for m in obj.members]
        froms = [i for role, kind, i in members if role == "from" and kind == "w" and i in streets]
        tos = [i for role, kind, i in members if role == "to" and kind == "w" and i in streets]
        vias = [(kind, i) for role, kind, i in members if role == "via"]
        if not froms or not tos:
            continue
        if len(vias) != 1 or vias[0][0] != "n":
            n_left_out += 1
            continue
        rules += [
            TurnRule(
                from_street=a, via_node=vias[0][1], to_street=b, is_only=word.startswith("only_")
            )
            for a in froms
            for b in tos
        ]
    return rules, n_left_out


def _word(tags: Mapping[str, str]) -> str | None:
    """What a relation forbids or demands of buses; None where they are excepted."""
    key = next(key for key in _RULE_KEYS if key in tags)
    excepted = {word.strip() for word in tags.get("except", "").split(";")}
    if key == "restriction" and excepted & _BUS_WORDS:
        return None
    word = tags[key]
    return word if word.startswith(("no_", "only_")) else None


def _no_streets(file: str) -> InputError:
    return InputError(
        code="osm-no-streets",
        message=text("{file} has no road for buses where the timetable's stops are", file=file),
        where=Where(file=file),
        expected=text("an extract that covers the stops and depots"),
        hint=text("take the extract of the region that the buses drive in"),
    )
