"""What the draws say together: intervals, shares avoided, years."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.services.town.draw import NONE, CaseResult
from viavolta.services.town.strategy import Strategy

Interval = dict[str, float]
"""p05, p50 and p95 of the draws."""
QUANTILES = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))


def interval(values: Iterable[float]) -> Interval | None:
    """p05, p50 and p95, linear between draws; None where there is no value."""
    array = np.array(list(values), dtype=np.float64)
    if not array.size:
        return None
    return {name: float(np.quantile(array, share)) for name, share in QUANTILES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All draws of a study.

    Attributes
    ----------
    cases : of all draws, draw by draw. uptake : share of electric cars by year.
    """

    cases: tuple[CaseResult, ...]
    uptake: dict[int, float]

    @property
    def draws(self) -> list[int]:
        """Numbers of the draws."""
        return sorted({case.draw for case in self.cases})

    @property
    def strategies(self) -> list[str]:
        """Strategies in order, the town without cars first."""
        return list(dict.fromkeys(case.strategy for case in self.cases))

    def of(self, strategy: str, ev_share: float) -> list[CaseResult]:
        """A case in all draws, in order of the draws; that without cars has a share of 0."""
        share = 0.0 if strategy == NONE else ev_share
        found = [c for c in self.cases if c.strategy == strategy and c.ev_share == share]
        return sorted(found, key=lambda case: case.draw)

    def year_of_share(self, ev_share: float) -> int | None:
        """First year in which at least this share is electric; None where that is later."""
        for year in sorted(self.uptake):
            if self.uptake[year] >= ev_share:
                return year
        return None

    def shown_draw(self, ev_share: float) -> int:
        """The draw whose unmanaged cost is the lower median; hours outside decide among equals."""
        cases = self.of(Strategy.UNMANAGED, ev_share)
        ranked = sorted(cases, key=lambda c: (c.reinforcement_eur, c.flow.broken_hours, c.draw))
        return ranked[(len(ranked) - 1) // 2].draw


def avoided_share(costs: Sequence[CaseResult], unmanaged: Sequence[CaseResult]) -> Interval | None:
    """Interval of 1 - cost / unmanaged cost over the draws in which unmanaged costs something."""
    return interval(
        1 - case.reinforcement_eur / other.reinforcement_eur
        for case, other in zip(costs, unmanaged, strict=True)
        if other.reinforcement_eur > 0
    )


def mean_avoided_share(
    costs: Sequence[CaseResult], unmanaged: Sequence[CaseResult]
) -> float | None:
    """1 - mean cost / mean unmanaged cost over all draws; None where unmanaged costs nothing."""
    total = sum(case.reinforcement_eur for case in unmanaged)
    if total <= 0:
        return None
    return 1 - sum(case.reinforcement_eur for case in costs) / total


def measure_years(outcome: Outcome, case: CaseResult) -> list[int | None]:
    """Year from which on each measure is needed; None after the last year that is looked at."""
    if case.strategy == NONE:
        return [min(outcome.uptake)] * len(case.measures)
    return [outcome.year_of_share(share) for share in case.measure_share]


def spent_by_year(outcome: Outcome, strategy: str, draw: int) -> dict[int, float]:
    """EUR spent by the end of each year, of measures that are needed by then."""
    spent = dict.fromkeys(sorted(outcome.uptake), 0.0)
    for case in outcome.cases:
        if case.draw != draw or case.strategy not in {strategy, NONE}:
            continue
        for measure, year in zip(case.measures, measure_years(outcome, case), strict=True):
            for later in spent:
                if year is not None and later >= year:
                    spent[later] += measure.cost_eur
    return spent


def first_years(outcome: Outcome, strategy: str) -> list[int]:
    """First year in which something is built, of the draws in which that is within the years."""
    found = []
    for draw in outcome.draws:
        years = [
            year
            for case in outcome.cases
            if case.draw == draw and case.strategy in {strategy, NONE}
            for year in measure_years(outcome, case)
            if year is not None
        ]
        if years:
            found.append(min(years))
    return found
