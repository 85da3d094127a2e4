"""Which roads of OpenStreetMap a bus may use, in which direction, and how fast.

Access goes from the general to the special: `access`, `vehicle`, `motor_vehicle`, `psv`, `bus`; the
most special tag that a way carries counts (wiki.openstreetmap.org/wiki/Key:access).
"""

import re
from collections.abc import Mapping

DRIVABLE = frozenset(
    {
        *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
        *("secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified"),
        *("residential", "living_street", "service", "road", "busway", "bus_guideway"),
    }
)
"""Values of `highway` on which a bus may drive where no tag says otherwise."""

ACCESS_KEYS = ("bus", "psv", "motor_vehicle", "vehicle", "access")
"""Tags on access that hold for a bus, the most special first."""

_BUS_KEYS = ("bus", "psv")
_CLOSED = frozenset(
    {
        *("no", "private", "agricultural", "forestry", "emergency", "military"),
        *("delivery", "customers", "use_sidepath", "dismount"),
    }
)
_OPEN = frozenset({"yes", "designated", "official", "permissive"})
_BY_FOOT = frozenset({"pedestrian", "track", "footway", "cycleway", "path"})
_YARDS = frozenset({"parking_aisle", "driveway", "drive-through", "emergency_access"})
_BOLLARDS = frozenset(
    {
        *("bollard", "block", "jersey_barrier", "chain", "log", "debris", "planter"),
        *("cycle_barrier", "motorcycle_barrier", "height_restrictor", "rope", "turnstile"),
    }
)
_LANES_AGAINST = ("bus:backward", "psv:backward", "lanes:bus:backward", "lanes:psv:backward")
_SPEED = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?$")
_KMH_PER_MPH = 1.609344
_WALKING_KMH = 7.0

Tags = Mapping[str, str]


def is_for_buses(tags: Tags) -> bool:
    """Tell whether a bus may use a way at all; ferries are none, for they are no highway."""
    highway = tags.get("highway", "")
    if highway not in DRIVABLE and highway not in _BY_FOOT:
        return False
    if tags.get("area") == "yes":
        return False
    if any(tags.get(key) in _OPEN for key in _BUS_KEYS):
        return True
    if highway in _BY_FOOT or tags.get("service") in _YARDS:
        return False
    word = next((tags[key] for key in ACCESS_KEYS if key in tags), "yes")
    return word not in _CLOSED


def is_bollard(tags: Tags) -> bool:
    """Tell whether a node stops buses; gates and bus traps do not."""
    if tags.get("barrier") not in _BOLLARDS:
        return False
    word = next((tags[key] for key in ACCESS_KEYS if key in tags), "no")
    return word not in _OPEN


def may_drive(tags: Tags, *, forward: bool) -> bool:
    """Tell whether a bus may use a way in a direction, by its one-way tags."""
    if tags.get("oneway:bus") == "no" or tags.get("oneway:psv") == "no":
        return True
    if tags.get("busway", "").startswith("opposite"):
        return True
    if not forward and any(tags.get(key, "no") not in {"no", "0"} for key in _LANES_AGAINST):
        return True
    oneway = tags.get("oneway:bus") or tags.get("oneway:psv") or tags.get("oneway", "")
    if oneway in {"-1", "reverse"}:
        return not forward
    is_roundabout = tags.get("junction") in {"roundabout", "circular"}
    is_motorway = tags.get("highway") == "motorway"
    if oneway in {"yes", "1", "true"} or ((is_roundabout or is_motorway) and oneway != "no"):
        return forward
    return True


def speed_kmh(tags: Tags, class_kmh: Mapping[str, float]) -> float:
    """Free speed of a bus: that of the road's class, or its speed limit where one is signed.

    `class_kmh` has a speed for each class (`motorway`, `motorway_link` ...) and for `other`.
    """
    usual = class_kmh.get(tags.get("highway", ""), class_kmh["other"])
    limit = tags.get("maxspeed:bus") or tags.get("maxspeed", "")
    if limit == "walk":
        return min(usual, _WALKING_KMH)
    found = _SPEED.match(limit.strip())
    if found is None or float(found[1]) <= 0.0:
        return usual
    return float(found[1]) * (_KMH_PER_MPH if found[2] == "mph" else 1.0)
