"""What a bus plan is asked to do."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from viavolta.model.errors import UsageError
from viavolta.model.messages import text
from viavolta.services.bus_config import DepotSetting

MAX_LAT, MAX_LON = 90.0, 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BusRequest:
    """The options of `viavolta plan bus`; None or empty: the planner's own choice.

    max_trips: a day with more is refused; no part of the plan.
    """

    feed: Path
    config: Path | None = None
    date: dt.date | None = None
    depots: tuple[str, ...] = ()
    elevation: tuple[Path, ...] = ()
    osm: Path | None = None
    weather: Path | None = None
    load: Path | None = None
    grid: Path | None = None
    min_layover_s: int | None = None
    deadhead_kmh: float | None = None
    max_trips: int | None = None
    seed: int = 1
    effort: str = "normal"
    title: str | None = None


def command_line(request: BusRequest, *, date: dt.date) -> list[str]:
    """The command that makes the same study again; files by name, without their folders."""
    words = ["viavolta", "plan", "bus", request.feed.name, "--out", "STUDY"]
    words += ["--date", date.isoformat()]
    for option, path in (
        ("--config", request.config),
        ("--osm", request.osm),
        ("--weather", request.weather),
        ("--load", request.load),
        ("--grid", request.grid),
    ):
        words += [option, path.name] if path is not None else []
    for depot in request.depots:
        words += ["--depot", depot]
    for tile in request.elevation:
        words += ["--elevation", tile.name]
    if request.min_layover_s is not None:
        words += ["--min-layover", str(request.min_layover_s)]
    if request.deadhead_kmh is not None:
        words += ["--deadhead-kmh", f"{request.deadhead_kmh:g}"]
    return [*words, "--seed", str(request.seed), "--effort", request.effort]


def parse_depot(option: str) -> DepotSetting:
    """Read a `--depot NAME=LAT,LON` option.

    Raises
    ------
    UsageError: it has another form, or the position is not on the globe.
    """
    name, _, position = option.rpartition("=")
    try:
        lat, lon = (float(part) for part in position.split(","))
    except ValueError:
        lat = lon = float("nan")
    if not name.strip() or not (abs(lat) <= MAX_LAT and abs(lon) <= MAX_LON):
        raise UsageError(
            code="bad-depot",
            message=text("--depot {option} cannot be read", option=option[:200]),
            expected=text("NAME=LATITUDE,LONGITUDE, such as Nord=46.07,11.12"),
        )
    return DepotSetting(name=name.strip()[:200], lat=lat, lon=lon)
