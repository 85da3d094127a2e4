"""`viavolta config`: print a commented file with every assumption that can be set."""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from viavolta.catalogue import Assumptions, Figure
from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.errors import UsageError
from viavolta.model.messages import text
from viavolta.model.progress import Progress

KINDS = ("bus", "freight", "sites", "grid")
AVAILABLE = ("bus", "grid")
WIDTH = 98
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")

BUS_SETTINGS = """\
# Settings of the study. Take away the "# " before a line to set it.

# [fleet]
# vehicle_types = [{types}]  # bus types to plan with; without it the 12 m ones
# max_vehicles = 60  # buses there are; without it, as many as the timetable takes
# electric_shares = [0.25, 0.5, 0.75, 1.0]  # of the fleet, at the end of each year of the phase-in

# [[depots]]  # one such table for each depot; without any, depots are proposed
# name = "North"
# lat = 43.7384
# lon = 7.4246
# connection_kw = 1000  # limit of the grid connection in kW; without it, it is sized
# max_points = 40  # room for charging points; without it, they are sized

# [charging]
# terminals = "auto"  # auto: where they pay; none: depots only; given: at all [[terminals]]

# [[terminals]]  # one such table for each terminal where buses may charge between trips
# name = "Central station"  # a place of the timetable by name or place_id; or lat and lon
# point_kw = 300  # power of its points
# connection_kw = 600  # limit of its grid connection in kW; without it, all points at full power
# max_points = 2  # room for charging points; without it, as many as are used at once

# [service]
# date = 2025-02-10  # service day; without it, it is chosen from the feed

# [operation]
# min_layover_s = {layover_s}  # seconds between activities of different trips
# deadhead_kmh = 25  # speed without passengers; without it, it is calibrated from the timetable

# [tariff]
# country = "IT"  # where the electricity comes from, for its carbon: {countries}

# [grid]  # only used with --grid
# region = "urban"  # urban or rural: what a trench for a cable costs

# [grid.nodes]  # depot = node of the grid; without it, the nearest node
# "North" = "node-1"
"""

TOWN_SETTINGS = """\
# Settings of the study. Take away the "# " before a line to set it.

# [place]
# name = "{name}"
# settlement = "{settlement}"  # urban, suburban or rural: the kind of twin, and of trenches
# n_households = {n_households}  # households of the whole town
# grid = "my-grid"  # the town's own grid (see the reference of grids); without it, a twin is made
# timezone = "{timezone}"

# [study]
# ev_shares = [{ev_shares}]  # rising shares of all cars that are electric
# strategies = [{strategies}]
# draws = 20  # drawings of homes and cars; without it, what --effort says
# first_year = {first_year}  # of the uptake of electric cars
# last_year = {last_year}
# region = "{region}"  # whose uptake: a country, or Europe
"""


def config(
    kind: Annotated[str, typer.Argument(help="bus, freight, sites or grid.")],
    *,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Print a commented default configuration (TOML) to start from."""

    def work(_: Progress) -> dict[str, Any]:
        _check_kind(kind)
        return {"kind": kind, "config": _TEXTS[kind]()}

    run(work, as_json=as_json, lang=lang, show=_show)


def bus_config_text() -> str:
    """Write every figure a bus study rests on as TOML, with its unit, range and source.

    Reading the text back changes no figure.
    """
    # heavy imports: not on the way to --help
    from viavolta.catalogue.bus_types import bus_type_names  # noqa: PLC0415
    from viavolta.engines.costs.carbon import carbon_countries  # noqa: PLC0415
    from viavolta.services.bus_config import BUS_SUBJECTS  # noqa: PLC0415

    assumptions = Assumptions(BUS_SUBJECTS)
    lines = [
        "# " + text("Configuration of `viavolta plan bus`: all values are the defaults."),
        "# " + text("Keep only the lines you change. Figures you set have no range any more."),
        "",
        BUS_SETTINGS.format(
            types=", ".join(json.dumps(name) for name in bus_type_names(assumptions)),
            layover_s=_toml_value(assumptions.figure("planning.min_layover_s").value),
            countries=", ".join(code.upper() for code in carbon_countries(assumptions)),
        ),
        "# " + text("Figures: unit; range where sources differ; source, year; status."),
        *_all_figures(assumptions),
    ]
    return "\n".join(lines) + "\n"


def town_config_text() -> str:
    """Write every figure a town's grid study rests on as TOML, with its unit, range and source.

    Reading the text back changes no figure.
    """
    # heavy imports: not on the way to --help
    from viavolta.services.town.figures import TOWN_SUBJECTS  # noqa: PLC0415
    from viavolta.services.town.settings import DEFAULTS  # noqa: PLC0415

    lines = [
        "# " + text("Configuration of `viavolta grid study`: all values are the defaults."),
        "# " + text("Keep only the lines you change. Figures you set have no range any more."),
        "",
        TOWN_SETTINGS.format(
            name=DEFAULTS.name,
            settlement=DEFAULTS.settlement,
            n_households=DEFAULTS.n_households,
            timezone=DEFAULTS.timezone,
            ev_shares=", ".join(str(share) for share in DEFAULTS.ev_shares),
            strategies=", ".join(json.dumps(str(one)) for one in DEFAULTS.strategies),
            first_year=DEFAULTS.first_year,
            last_year=DEFAULTS.last_year,
            region=DEFAULTS.region,
        ),
        "# " + text("Figures: unit; range where sources differ; source, year; status."),
        *_all_figures(Assumptions(TOWN_SUBJECTS)),
    ]
    return "\n".join(lines) + "\n"


_TEXTS = {"bus": bus_config_text, "grid": town_config_text}


def _all_figures(assumptions: Assumptions) -> Iterator[str]:
    for table, figures in _tables(assumptions).items():
        yield from ("", f"[{_toml_key(table)}]")
        for figure in figures:
            yield from _figure_lines(figure)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise UsageError(
            code="unknown-config-kind",
            message=text("there is no configuration of kind {kind}", kind=kind),
            expected=", ".join(KINDS),
        )
    if kind not in AVAILABLE:
        raise UsageError(
            code="config-not-available",
            message=text("viavolta cannot plan {kind} yet, so it has no configuration", kind=kind),
            expected=", ".join(AVAILABLE),
        )


def _tables(assumptions: Assumptions) -> dict[str, list[Figure]]:
    """Figures by TOML table; a subject's own keys come before its inner tables."""
    tables: dict[str, list[Figure]] = {}
    for key in assumptions.keys():  # noqa: SIM118 - not a mapping
        table = key.rpartition(".")[0]
        tables.setdefault(table.partition(".")[0], [])
        tables.setdefault(table, []).append(assumptions.figure(key))
    return {table: figures for table, figures in tables.items() if figures}


def _figure_lines(figure: Figure) -> Iterator[str]:
    facts = [figure.unit]
    if figure.minimum is not None and figure.maximum is not None:
        low, high = _toml_value(figure.minimum), _toml_value(figure.maximum)
        facts.append(text("{low} to {high}", low=low, high=high))
    facts.append(f"{figure.source}, {figure.year}" if figure.year else figure.source)
    facts.append(figure.status)
    yield from _comment("; ".join(facts))
    if figure.note:
        yield from _comment(figure.note)
    yield f"{_toml_key(figure.key.rpartition('.')[2])} = {_toml_value(figure.value)}"


def _comment(sentence: str) -> list[str]:
    return textwrap.wrap(
        sentence,
        width=WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _toml_key(dotted: str) -> str:
    parts = dotted.split(".")
    return ".".join(p if _BARE_KEY.match(p) else json.dumps(p) for p in parts)


def _toml_value(value: float | str) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(int(value)) if value == int(value) else repr(value)


def _show(summary: dict[str, Any]) -> None:
    for line in summary["config"].splitlines():
        say(line)
