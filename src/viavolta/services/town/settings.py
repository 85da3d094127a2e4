"""Read the configuration of a town study: the user's own figures, and the settings beside them.

The file is TOML. Its tables are either subjects of the catalogue, whose figures it replaces
(`[town]`, `[charging]` ...), or settings of the study:

- `[place] name, settlement, n_households, grid, timezone`: the town. `grid` is the path of the
  town's own grid; without it a twin is made for the settlement and the number of households;
- `[study] ev_shares, strategies, draws, first_year, last_year, region`: what is asked. `region` is
  the country whose uptake of electric cars counts, or Europe.
"""

import itertools
import zoneinfo
from dataclasses import dataclass
from pathlib import Path

from viavolta.catalogue import Assumptions
from viavolta.catalogue.assumptions import read_config
from viavolta.catalogue.uptake import EUROPE, FIRST_YEAR, LAST_YEAR, uptake_regions
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.services.config_reader import ConfigReader, Table
from viavolta.services.town.strategy import Strategy

SETTINGS: dict[str, tuple[str, ...]] = {
    "place": ("name", "settlement", "n_households", "grid", "timezone"),
    "study": ("ev_shares", "strategies", "draws", "first_year", "last_year", "region"),
}
"""Tables of settings and the keys each may have."""

SETTLEMENTS = ("urban", "suburban", "rural")
MAX_BYTES = 1_000_000
MAX_HOUSEHOLDS = 5_000
MAX_DRAWS = 200
MAX_SHARES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TownSettings:
    """What the user decides beside figures.

    Attributes
    ----------
    settlement : urban, suburban or rural: the kind of twin, and of construction.
    n_households : of the whole town. grid : path of the town's own grid; None for a twin.
    ev_shares : rising shares of all cars that are electric. draws : None for that of the effort.
    """

    name: str
    settlement: str
    n_households: int
    grid: Path | None
    timezone: str
    ev_shares: tuple[float, ...]
    strategies: tuple[Strategy, ...]
    draws: int | None
    first_year: int
    last_year: int
    region: str


DEFAULTS = TownSettings(
    name="Town",
    settlement="rural",
    n_households=200,
    grid=None,
    timezone="Europe/Berlin",
    ev_shares=(0.3, 1.0),
    strategies=tuple(Strategy),
    draws=None,
    first_year=2025,
    last_year=2045,
    region=EUROPE,
)


def town_settings(
    config: Path | None, *, subjects: tuple[str, ...]
) -> tuple[Assumptions, TownSettings]:
    """Load the catalogue and put the user's own values and settings on top.

    A value equal to the catalogue's leaves the catalogue's source in place. A relative path of the
    grid counts from the folder of the file.

    Raises
    ------
    UsageError: there is no such file, or no such grid.
    InputError: it is too large, not TOML, or holds an unknown key or a value that cannot be.
    """
    assumptions = Assumptions(subjects)
    file, source, content = ("", "", {}) if config is None else _content(config)
    reader = ConfigReader(file, source, assumptions=assumptions)
    reader.check_tables(content, SETTINGS, subjects=subjects)
    figures = {name: table for name, table in content.items() if name in subjects}
    assumptions.replace(reader.changed_figures(figures), file=file)
    folder = Path() if config is None else config.parent
    return assumptions, _settings(content, reader, folder)


def _content(config: Path) -> tuple[str, str, Table]:
    hint = text("`viavolta config grid` prints a file to start from")
    if not config.is_file():
        raise UsageError(
            code="missing-path", message=text("there is no file {file}", file=config), hint=hint
        )
    if config.stat().st_size > MAX_BYTES:
        raise InputError(
            code="config-too-large",
            message=text("{file} is too large for a configuration", file=config.name),
            where=Where(file=config.name, value=str(config.stat().st_size)),
            expected=text("at most {n} bytes", n=MAX_BYTES),
            hint=hint,
        )
    try:
        content = read_config(config)
    except (RecursionError, ValueError) as error:
        raise InputError(
            code="config-not-toml",
            message=text("{file} is nested too deeply, or has a number too long", file=config.name),
            where=Where(file=config.name),
            hint=hint,
        ) from error
    return config.name, config.read_text(encoding="utf-8-sig"), content


def _settings(content: Table, reader: ConfigReader, folder: Path) -> TownSettings:
    place = reader.table(content, "place", SETTINGS["place"])
    study = reader.table(content, "study", SETTINGS["study"])
    first = reader.whole(
        "study.first_year",
        study.get("first_year", DEFAULTS.first_year),
        low=FIRST_YEAR,
        high=LAST_YEAR,
    )
    draws = study.get("draws")
    return TownSettings(
        name=reader.name("place.name", place.get("name", DEFAULTS.name)),
        settlement=_word(
            "place.settlement",
            place.get("settlement", DEFAULTS.settlement),
            reader,
            choices=SETTLEMENTS,
        ),
        n_households=reader.whole(
            "place.n_households",
            place.get("n_households", DEFAULTS.n_households),
            low=1,
            high=MAX_HOUSEHOLDS,
        ),
        grid=_grid(place.get("grid"), reader, folder),
        timezone=_timezone(place.get("timezone", DEFAULTS.timezone), reader),
        ev_shares=_shares(study.get("ev_shares", list(DEFAULTS.ev_shares)), reader),
        strategies=_strategies(study.get("strategies", [*DEFAULTS.strategies]), reader),
        draws=None if draws is None else reader.whole("study.draws", draws, low=1, high=MAX_DRAWS),
        first_year=first,
        last_year=reader.whole(
            "study.last_year",
            study.get("last_year", max(first, DEFAULTS.last_year)),
            low=first,
            high=LAST_YEAR,
        ),
        region=_word(
            "study.region",
            study.get("region", DEFAULTS.region),
            reader,
            choices=uptake_regions(),
        ),
    )


def _word(field: str, value: object, reader: ConfigReader, *, choices: tuple[str, ...]) -> str:
    word = reader.name(field, value)
    if word not in choices:
        raise reader.error(
            code="config-out-of-range",
            message=text("{field} cannot be {word}", field=field, word=word),
            field=field,
            value=word,
            expected=", ".join(choices),
        )
    return word


def _grid(value: object, reader: ConfigReader, folder: Path) -> Path | None:
    if value is None:
        return None
    path = folder / reader.name("place.grid", value)
    if not path.exists():
        raise UsageError(
            code="missing-path",
            message=text("there is no grid at {path}", path=path),
            where=Where(file=reader.file, field="place.grid", value=str(value)),
            hint=text("a relative path counts from the folder of the configuration"),
        )
    return path


def _timezone(value: object, reader: ConfigReader) -> str:
    name = reader.name("place.timezone", value)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise reader.error(
            code="config-out-of-range",
            message=text("{name} is not a known time zone", name=name),
            field="place.timezone",
            value=name,
            expected=text("a name such as Europe/Berlin"),
        ) from None
    return name


def _shares(value: object, reader: ConfigReader) -> tuple[float, ...]:
    entries = reader.items("study.ev_shares", value)
    shares = tuple(reader.number("study.ev_shares", one, low=0.01, high=1.0) for one in entries)
    rises = all(low < high for low, high in itertools.pairwise(shares))
    if not (rises and 1 <= len(shares) <= MAX_SHARES):
        raise reader.error(
            code="config-out-of-range",
            message=text("study.ev_shares do not rise, or are too many or none"),
            field="study.ev_shares",
            value=value,
            expected=text("1 to {n} rising shares from 0.01 to 1", n=MAX_SHARES),
        )
    return shares


def _strategies(value: object, reader: ConfigReader) -> tuple[Strategy, ...]:
    field = "study.strategies"
    words = [
        _word(field, one, reader, choices=tuple(Strategy)) for one in reader.items(field, value)
    ]
    if Strategy.UNMANAGED not in words:
        raise reader.error(
            code="config-out-of-range",
            message=text(
                "{field} lacks unmanaged, with which all others are compared", field=field
            ),
            field=field,
            value=words,
            expected=", ".join(Strategy),
        )
    return tuple(one for one in Strategy if one in words)
