"""Maps of the wizard: the lines of a timetable, depots to drag, a town to pick."""

import json
from typing import Any

from django.utils.translation import gettext as _

from viavolta.hub.frame.maps import Layer, Map, Shape, point
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Upload
from viavolta.hub.studies.wizard.answers import Answers
from viavolta.samples.places import Place
from viavolta.storage.inspection_folder import MAP

DEPOTS = "depots"


def depots_map(answers: Answers) -> Map | None:
    """The lines and the depots, which can be dragged; row n of the form is the depot of id n."""
    upload = answers.feed
    if upload is None:
        return None
    pins = [
        point(depot["lat"], depot["lon"], id=str(n), name=str(depot["name"]))
        for n, depot in enumerate(answers.depots)
    ]
    return Map(
        key=DEPOTS,
        title=_("Lines and depots"),
        layers=[
            *_lines(upload),
            Layer(
                key=DEPOTS,
                label=_("Depots"),
                shape=Shape.POINT,
                features=pins,
                text="name",
                is_draggable=True,
            ),
        ],
        bounds=_bounds(upload),
        note=_("Drag a depot, or move it with the arrow keys: the table follows."),
        credit=upload.credit,
    )


def lines_map(upload: Upload) -> Map:
    """The lines of a timetable on its day, with their terminals."""
    return Map(
        key=f"lines-{upload.pk}",
        title=_("Lines of the day"),
        layers=_lines(upload),
        bounds=_bounds(upload),
        credit=upload.credit,
        is_small=True,
    )


def town_map(town: Place | None) -> Map:
    """A map on which a click fills in the place."""
    near = None
    if town is not None:
        near = (town.lon - 0.2, town.lat - 0.12, town.lon + 0.2, town.lat + 0.12)
    return Map(
        key="town",
        title=_("Or pick it on the map"),
        bounds=near,
        credit="© GeoNames",
        is_small=True,
        picks=("town-lat", "town-lon"),
    )


def _bounds(upload: Upload) -> tuple[float, float, float, float] | None:
    bounds = upload.findings.get("facts", {}).get("bounds")
    if not bounds:
        return None
    west, south, east, north = bounds
    return west, south, east, north


def _lines(upload: Upload) -> list[Layer]:
    features = _features(upload)
    lines = [f for f in features if f["geometry"]["type"] == "LineString"]
    ends = [f for f in features if f["geometry"]["type"] == "Point"]
    return [
        Layer(
            key="lines",
            label=_("Lines"),
            shape=Shape.LINE,
            features=lines,
            size=2,
            popup=[("line", _("Line"))],
        ),
        Layer(
            key="terminals",
            label=_("Terminals"),
            shape=Shape.POINT,
            features=ends,
            colour="r-rest",
            size=3,
            popup=[("terminal", "")],
        ),
    ]


def _features(upload: Upload) -> list[dict[str, Any]]:
    path = store.findings_folder(upload.path, upload.kind) / MAP
    if not path.is_file():
        return []
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features
