"""What the sections of a simulation report ask of a study."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from viavolta.model.study import Study
from viavolta.reports.numbers import known
from viavolta.services.simulation.strategies import Strategy, strategy_label

COLOURS = {
    Strategy.UNCONTROLLED: "--r1",
    Strategy.FIRST_COME: "--r4",
    Strategy.SMART: "--r0",
    Strategy.SMART_V2X: "--r2",
}
DASHES = {
    Strategy.UNCONTROLLED: [6, 3],
    Strategy.FIRST_COME: [2, 2],
    Strategy.SMART: [1, 0],
    Strategy.SMART_V2X: [8, 2, 2, 2],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationFacts:
    """A simulation study as the sections read it; `figures` by strategy, in order."""

    study: Study
    figures: dict[Strategy, dict[str, Any]]

    def table(self, name: str) -> pl.DataFrame:
        """A table of the study."""
        return self.study.tables[name]

    def number(self, key: str) -> float | None:
        """A figure about the sessions, None where it is not known."""
        return known(self.study.summary.get(key))

    def of(self, strategy: Strategy, key: str) -> float | None:
        """A figure of a strategy, None where it is not known."""
        return known(self.figures[strategy].get(key))

    @property
    def zone(self) -> ZoneInfo:
        """Where the sessions took place."""
        return ZoneInfo(self.study.timezone)

    @property
    def step_h(self) -> float:
        """Length of a step."""
        return float(self.study.summary["step_s"]) / 3600

    def label(self, strategy: Strategy) -> str:
        """The strategy in words."""
        return strategy_label(strategy)

    def baseline(self) -> Strategy:
        """What the others are compared with: uncontrolled where it was tried."""
        return next(iter(self.figures))

    def best(self) -> Strategy:
        """The cheapest strategy when missing energy is counted at its price."""
        return min(self.figures, key=lambda s: self.of(s, "cost_with_unmet_eur") or 0.0)


def facts_of(study: Study) -> SimulationFacts:
    """Prepare a study for its report."""
    entries = {entry["strategy"]: entry for entry in study.summary["strategies"]}
    return SimulationFacts(
        study=study,
        figures={s: entries[s.value] for s in Strategy if s.value in entries},
    )
