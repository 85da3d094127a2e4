"""Maps with their table: points, lines and areas over the basemap, places to pick or to drag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.templatetags.static import static
from django.utils.functional import Promise

from viavolta.hub.frame.basemaps import basemaps

Words = str | Promise


class Shape(StrEnum):
    """What a layer is made of."""

    POINT = "point"
    LINE = "line"
    AREA = "area"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Features of one kind, drawn alike.

    `features` are GeoJSON features (WGS 84), each with an `id` property if rows of the table or
    scripts refer to it. `label` heads the legend; `popup` names the properties shown on a click.
    `colour` is a name of the sheet (r0 to r6, r-rest); with `colour_by`, a property that holds such
    a name decides instead. `size` is the radius of points or the width of lines in pixels, or with
    `size_by` the name of a property that holds it. `text` is a property written beside points.
    With `is_draggable` points can be moved by mouse, touch and arrow keys; the map then sends the
    event `vv-moved` with layer, id, lat and lon.
    """

    key: str
    label: Words
    shape: Shape
    features: Sequence[Mapping[str, Any]]
    colour: str = "r0"
    colour_by: str = ""
    size: float = 5
    size_by: str = ""
    text: str = ""
    popup: Sequence[tuple[str, Words]] = field(default_factory=tuple)
    is_draggable: bool = False
    is_shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Layers from the lowest to the highest, and what part of the world is shown.

    Without `bounds` (west, south, east, north) the map shows all features, or Europe if there are
    none. A button with `data-show="layer:id"` in the table beside it moves the map to a feature.
    """

    key: str
    title: Words
    layers: Sequence[Layer] = field(default_factory=tuple)
    bounds: tuple[float, float, float, float] | None = None
    note: Words = ""
    credit: Words = ""
    is_small: bool = False
    picks: tuple[str, str] | None = None
    """Ids of the fields for latitude and longitude that a click on the map fills in."""

    @property
    def element_id(self) -> str:
        """The id of the picture."""
        return f"map-{self.key}"

    @property
    def data(self) -> dict[str, Any]:
        """What the script draws, as plain JSON."""
        return {
            "title": str(self.title),
            "bounds": self.bounds,
            "credit": str(self.credit),
            "picks": self.picks,
            "outlines": static("frame/europe.json"),
            "basemaps": [base.as_dict() for base in basemaps()],
            "layers": [_layer(layer) for layer in self.layers],
        }


def point(lat: float, lon: float, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature of one point."""
    where = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": where, "properties": properties}


def line(places: Sequence[tuple[float, float]], **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature of a line through places of latitude and longitude."""
    where = {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in places]}
    return {"type": "Feature", "geometry": where, "properties": properties}


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "key": layer.key,
        "label": str(layer.label),
        "shape": layer.shape.value,
        "features": {"type": "FeatureCollection", "features": list(layer.features)},
        "colour": layer.colour,
        "colourBy": layer.colour_by,
        "size": layer.size,
        "sizeBy": layer.size_by,
        "text": layer.text,
        "popup": [{"key": key, "label": str(label)} for key, label in layer.popup],
        "draggable": layer.is_draggable,
        "shown": layer.is_shown,
    }
