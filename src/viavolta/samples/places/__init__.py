"""Towns of Europe by name, to point at on a map: `find_places`, `nearest_place`, `largest_place`.

From GeoNames (CC BY 4.0), see CREDITS.md. May import model only.
"""

import csv
import gzip
import io
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

from viavolta.model.geo import great_circle_km

MAX_FOUND = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A town; `country` is the ISO 3166 code, `other_names` some of its names elsewhere."""

    name: str
    country: str
    lat: float
    lon: float
    inhabitants: int
    other_names: tuple[str, ...]


def find_places(query: str, *, most: int = MAX_FOUND) -> list[Place]:
    """Towns one of whose names begins with the query, the larger first; exact names lead.

    Case, accents and hyphens do not matter. A query shorter than two letters finds nothing.
    """
    wanted = plain(query)
    if len(wanted) < 2:  # noqa: PLR2004 - one letter names a third of Europe
        return []
    exact, begins = [], []
    for place, names in _named():
        if wanted in names:
            exact.append(place)
        elif any(name.startswith(wanted) for name in names):
            begins.append(place)
    return [*exact, *begins][:most]


def nearest_place(lat: float, lon: float, *, within_km: float = 30.0) -> Place | None:
    """The nearest town, None where none is within reach."""
    near = [
        place
        for place, _ in _named()
        if abs(place.lat - lat) < 1 and abs(place.lon - lon) < 2  # noqa: PLR2004 - degrees
    ]
    away = [(float(great_circle_km(lat, lon, p.lat, p.lon)), n) for n, p in enumerate(near)]
    km, n = min(away, default=(within_km, -1))
    return near[n] if km < within_km else None


def largest_place(west: float, south: float, east: float, north: float) -> Place | None:
    """The town of most inhabitants within a box of degrees; None where there is none."""
    inside = (
        place for place, _ in _named() if west <= place.lon <= east and south <= place.lat <= north
    )
    return max(inside, key=lambda place: place.inhabitants, default=None)


def plain(name: str) -> str:
    """A name without case, accents, hyphens and apostrophes."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("-", " "))
    kept = "".join(c for c in letters if c.isalnum() or c.isspace())
    return " ".join(kept.split())


@cache
def _named() -> tuple[tuple[Place, tuple[str, ...]], ...]:
    packed = resources.files("viavolta.samples.places").joinpath("europe.csv.gz").read_bytes()
    rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode("utf-8")))
    places = [
        Place(
            name=row["name"],
            country=row["country"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            inhabitants=int(row["inhabitants"]),
            other_names=tuple(filter(None, row["other_names"].split("|"))),
        )
        for row in rows
    ]
    return tuple((p, tuple(map(plain, (p.name, *p.other_names)))) for p in places)
