"""Where timetables of a country are published, from `texts/portals.toml`."""

from dataclasses import dataclass
from functools import cache

from viavolta.hub.guide.entries import read_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """A place on the web that offers timetables; `country` is empty for one of the whole world."""

    country: str
    name: str
    url: str
    status: str


@cache
def portals() -> tuple[Portal, ...]:
    """All portals, those of the whole world last."""
    return tuple(
        Portal(country=row["country"], name=row["name"], url=row["url"], status=row["status"])
        for row in read_texts("portals")["portal"]
    )


def portals_of(country: str) -> list[Portal]:
    """The portals of a country (ISO 3166), then those of the whole world."""
    own = [portal for portal in portals() if portal.country == country.upper()]
    return [*own, *(portal for portal in portals() if not portal.country)]
