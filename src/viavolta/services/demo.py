"""Prepares the sample city: a feed generated from its map, ready for the planner."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viavolta.model.progress import Progress
from viavolta.samples import City, monaco
from viavolta.services.import_lines import ImportRequest, import_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoInputs:
    """What the planner is given: the city, its feed, and how the feed was made."""

    city: City
    feed: Path
    made: dict[str, Any]


def prepare_demo(folder: Path, *, progress: Progress) -> DemoInputs:
    """Generate the sample city's feed into an existing folder."""
    city = monaco()
    feed = folder / f"{city.name}-generated.zip"
    request = ImportRequest(
        source=city.osm,
        output=feed,
        headways=city.headways,
        days=city.days,
        timezone=city.timezone,
    )
    return DemoInputs(city=city, feed=feed, made=import_lines(request, progress=progress))
