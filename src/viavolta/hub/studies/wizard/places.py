"""A town by its name: where it lies, and where its timetable may be found."""

from typing import Any

from django.http import HttpRequest

from viavolta.hub.guide.portals import portals_of
from viavolta.hub.studies.wizard.countries import country_name
from viavolta.samples.places import Place, find_places, nearest_place


def towns(request: HttpRequest) -> dict[str, Any]:
    """What the page shows for the town asked for: matches by name, or the one chosen."""
    query = request.GET.get("q", "").strip()[:80]
    town = _chosen(request)
    return {
        "query": query,
        "found": [(place, country_name(place.country)) for place in find_places(query)],
        "town": town,
        "town_country": "" if town is None else country_name(town.country),
        "portals": [] if town is None else portals_of(town.country),
    }


def _chosen(request: HttpRequest) -> Place | None:
    try:
        lat, lon = float(request.GET.get("lat", "")), float(request.GET.get("lon", ""))
    except ValueError:
        return None
    return nearest_place(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None  # noqa: PLR2004 - the globe
