"""Values of changes that come from programs: of the kind and within the bounds the form has."""

import math
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError

from viavolta.hub.studies.changes import ChangeKind, known_types

MAX_DEPOTS = 20
BOUNDS: dict[ChangeKind, tuple[float, float]] = {
    ChangeKind.BATTERY: (50.0, 1500.0),
    ChangeKind.PRICE: (0.1, 5.0),
    ChangeKind.LAYOVER: (0.0, 3600.0),
    ChangeKind.SPEED: (5.0, 60.0),
}
"""Battery in kWh, price as a share, layover in seconds, speed in km/h."""
WINTER_C = (-40.0, 20.0)


def checked(kind: ChangeKind, value: Any) -> Any:
    """A value as it is kept.

    Raises
    ------
    ValidationError: it is not what this kind of change has.
    """
    if kind in BOUNDS:
        figure = _within(kind.value, value, *BOUNDS[kind])
        return round(figure) if kind is ChangeKind.LAYOVER else figure
    other: dict[ChangeKind, Callable[[Any], Any]] = {
        ChangeKind.VEHICLE_TYPES: _types,
        ChangeKind.DEPOTS: _depots,
        ChangeKind.WINTER: _winter,
        ChangeKind.GRID: _grid,
    }
    return other[kind](value)


def _within(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValidationError({name: f"a number from {low:g} to {high:g}"})
    return float(value)


def _types(value: Any) -> list[str]:
    known = known_types()
    if not isinstance(value, list) or not value or not all(v in known for v in value):
        raise ValidationError({"vehicle-types": f"some of {', '.join(known)}"})
    return list(dict.fromkeys(value))


def _depots(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_DEPOTS:
        raise ValidationError({"depots": f"1 to {MAX_DEPOTS} depots with name, lat and lon"})
    depots = [_depot(one) for one in value]
    if len({d["name"] for d in depots}) < len(depots):
        raise ValidationError({"depots": "each with a name of its own"})
    return depots


def _depot(value: Any) -> dict[str, Any]:
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or not name.strip() or len(name) > 80:  # noqa: PLR2004 - as the form
        raise ValidationError({"depots": "each with a name of at most 80 letters"})
    depot: dict[str, Any] = {
        "name": name.strip(),
        "lat": _within("lat", value.get("lat"), -90.0, 90.0),
        "lon": _within("lon", value.get("lon"), -180.0, 180.0),
    }
    if value.get("connection_kw") is not None:
        depot["connection_kw"] = _within("connection_kw", value["connection_kw"], 1.0, 1e6)
    return depot


def _winter(value: Any) -> dict[str, Any]:
    place = value.get("place") if isinstance(value, dict) else None
    if not isinstance(place, str) or not place.replace("_", "").isalnum() or len(place) > 40:  # noqa: PLR2004 - a key
        raise ValidationError({"winter": "place, a key of the catalogue's climates, and c"})
    return {"place": place, "c": _within("winter", value.get("c"), *WINTER_C)}


def _grid(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    upload = value.get("upload") if isinstance(value, dict) else None
    if isinstance(upload, bool) or not isinstance(upload, int) or not 0 < upload < math.inf:
        raise ValidationError({"grid": "null for none, or upload, the number of a file"})
    return {"upload": min(upload, 2**62), "name": str(value.get("name", ""))[:200]}
