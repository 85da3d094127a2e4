"""The sample city: Monaco's lines and slopes, and a timetable stated for the demo."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A sample city: its files, and what the demo assumes where nobody published it.

    headways as `--headway` takes them, depots as `--depot` does; label says what the data are not.
    """

    name: str
    title: str
    label: str
    osm: Path
    elevation: Path
    headways: tuple[str, ...]
    days: str
    timezone: str
    depots: tuple[str, ...]


def monaco_osm() -> Path:
    """Roads, stops and bus lines of Monaco (ODbL 1.0, © OpenStreetMap contributors)."""
    return _file("monaco.osm.gz")


def monaco_elevation() -> Path:
    """Ground elevation around Monaco: one SRTM tile, named as its format demands."""
    return _file("N43E007.hgt.zip")


def monaco() -> City:
    """Describe the city; its intervals are plausible for 38,000 people, not the operator's."""
    busy = "06:00-07:00=15,07:00-20:00=10,20:00-22:00=20"
    calm = "06:00-07:00=20,07:00-20:00=12,20:00-22:00=20"
    return City(
        name="monaco",
        title="Monaco: electric buses for the sample city",
        label="OpenStreetMap as of June 2012, generated timetable, not today's network",
        osm=monaco_osm(),
        elevation=monaco_elevation(),
        headways=(f"1={busy}", f"2={busy}", f"4={calm}", f"5={calm}", f"6={calm}"),
        days="mon-sat",
        timezone="Europe/Monaco",
        depots=("FONTVIEILLE=43.7283,7.4140",),
    )


def _file(name: str) -> Path:
    return Path(str(resources.files("viavolta.samples.monaco").joinpath(name)))
