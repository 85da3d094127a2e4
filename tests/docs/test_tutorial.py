"""The tutorial and the guide to charging work as they are written."""

import json
from pathlib import Path
from typing import Any


def summary(folder: Path) -> dict[str, Any]:
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert isinstance(study["summary"], dict)
    return study["summary"]


def test_the_tutorial_plans_and_checks(tutorial: tuple[Path, str]) -> None:
    """Its commands end well: a feed, two plans, both accepted by the check."""
    folder, printed = tutorial
    assert (folder / "monaco.zip").is_file()
    assert (folder / "first-plan" / "report.html").stat().st_size > 0
    assert printed.count("every rule holds") == 2


def test_the_tutorial_tells_the_truth(tutorial: tuple[Path, str]) -> None:
    """With resistance heaters energy, power, cost and CO2 rise, as the page says."""
    folder, _ = tutorial
    before, after = summary(folder / "first-plan"), summary(folder / "resistance-heating")
    for key in ("energy_kwh", "peak_kw_managed", "cost_eur_per_year", "co2_t_per_year"):
        assert after[key] > before[key], key


def test_the_figure_changed_is_marked(tutorial: tuple[Path, str]) -> None:
    """The study says that the figure is the user's."""
    folder, _ = tutorial
    study = json.loads((folder / "resistance-heating" / "study.json").read_text(encoding="utf-8"))
    heating = next(a for a in study["assumptions"] if a["key"] == "buses.all.heating")
    assert (heating["value"], heating["status"]) == ("electric", "user")


def test_the_guide_to_charging_works(charging: tuple[Path, str]) -> None:
    """Its tables can be scheduled within the limit, and the check accepts the schedule."""
    folder, printed = charging
    assert "every rule holds" in printed
    assert summary(folder / "night")["peak_import_kw"] <= 30 * (1 + 1e-9)
    assert summary(folder / "night")["unmet_kwh"] == 0
