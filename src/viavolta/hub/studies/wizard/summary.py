"""What a draft will compute, in a few rows, how long that takes, and the command that does it."""

import shlex
from typing import Any

from django.utils.translation import gettext as _

from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.studies.wizard.answers import Answers, bus_types, catalogue
from viavolta.hub.studies.wizard.config import config_of
from viavolta.hub.studies.wizard.countries import country_name
from viavolta.hub.studies.wizard.steps import LABELS, Step

Row = tuple[Any, str, str]
_SECONDS_BASE = 5.0
_SECONDS_PER_SQUARE = 35.0
"""Seconds for a thousand trips at normal effort on two cores; they grow with the square."""
_BY_EFFORT = {"low": 0.1, "normal": 1.0, "high": 3.0}
S_PER_MIN = 60


def summary_rows(answers: Answers) -> list[Row]:
    """Label, what was chosen, and the step where it can be changed."""
    return [
        (LABELS[Step.PLACE], _place(answers), Step.PLACE),
        (LABELS[Step.FLEET], _fleet(answers), Step.FLEET),
        (LABELS[Step.SITES], _sites(answers), Step.SITES),
        (LABELS[Step.GRID], _grid(answers), Step.GRID),
        (LABELS[Step.PRICES], _prices(answers), Step.PRICES),
    ]


def estimate_minutes(answers: Answers) -> dict[str, int]:
    """Whole minutes a run takes at each effort, at least one."""
    thousands = answers.facts.get("trips", 0) / 1000
    return {
        effort: max(
            1, round((_SECONDS_BASE + _SECONDS_PER_SQUARE * thousands**2 * factor) / S_PER_MIN)
        )
        for effort, factor in _BY_EFFORT.items()
    }


def command_text(answers: Answers) -> str:
    """The command that computes the same on one's own machine."""
    feed = answers.feed
    words = ["viavolta", "plan", "bus", "" if feed is None else feed.name, "--out", "STUDY"]
    if config_of(answers):
        words += ["--config", "plan.toml"]
    for tile in answers.elevation:
        words += ["--elevation", tile.name]
    if answers.weather:
        words += ["--weather", answers.weather.name]
    grid = answers.of(Step.GRID)
    if grid.get("mode") == "twin":
        words += ["--grid", f"twin-{grid['settlement']}"]
    elif grid.get("mode") == "file" and answers.grid_file:
        words += ["--grid", answers.grid_file.name.removesuffix(".zip")]
    return shlex.join([*words, "--seed", "1"])


def _place(answers: Answers) -> str:
    facts = answers.facts
    day = answers.of(Step.PLACE).get("date") or facts.get("service_day", "")
    return _("%(trips)s trips of %(lines)s lines on %(day)s") % {
        "trips": shown_number(facts.get("trips")),
        "lines": shown_number(facts.get("n_lines")),
        "day": day,
    }


def _fleet(answers: Answers) -> str:
    kept = answers.of(Step.FLEET)
    types = bus_types(catalogue())
    chosen = set(kept.get("types") or [t.name for t in types if t.is_usual])
    battery = kept.get("battery_kwh")
    return "; ".join(
        _("%(length)d m, %(battery)d kWh")
        % {"length": t.length_m, "battery": battery or t.battery_kwh}
        for t in types
        if t.name in chosen
    )


def _sites(answers: Answers) -> str:
    names = ", ".join(str(depot["name"]) for depot in answers.depots)
    return names if answers.has_own_depots else _("as proposed: %(names)s") % {"names": names}


def _grid(answers: Answers) -> str:
    kept = answers.of(Step.GRID)
    match kept.get("mode", "none"):
        case "twin":
            return _("a typical grid")
        case "file":
            return "" if answers.grid_file is None else answers.grid_file.name
        case _:
            return _("left out")


def _prices(answers: Answers) -> str:
    kept = answers.of(Step.PRICES)
    n = len(kept.get("figures", {}))
    country = country_name(answers.country) if answers.country else _("European mean")
    own = _("%(n)d prices of your own") % {"n": n} if n else _("prices of the catalogue")
    return f"{country}; {own}"
