"""Scenarios side by side: what `reports.comparison` finds, and the bus types they choose from."""

from collections.abc import Sequence

import polars as pl

from viavolta.hub.studies.changes import ChangeKind, labels
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.shown import NOTHING
from viavolta.reports.comparison import changes, figures

MOST = 6
"""Scenarios on one page."""


def figure_frame(results: Sequence[tuple[Scenario, Result]]) -> pl.DataFrame:
    """One row per figure; per scenario its value, and all but the first their difference to it."""
    return figures.figure_frame([result.study for _scenario, result in results])


def differences(results: Sequence[tuple[Scenario, Result]]) -> list[changes.Difference]:
    """What was changed: files by hash, depots, options, and every assumption that differs."""
    types = tuple(
        ", ".join(scenario.config.get("fleet", {}).get("vehicle_types", ())) or NOTHING
        for scenario, _r in results
    )
    named = ("fleet", labels()[ChangeKind.VEHICLE_TYPES], types)
    more = [named] if len(set(types)) > 1 else []
    return changes.differences([result.study for _scenario, result in results], more=more)
