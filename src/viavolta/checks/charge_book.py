"""A bounded book of findings: of a rule that a million rows break, the first ones and a count."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from viavolta.checks.finding import Finding
from viavolta.model.messages import text

MOST_PER_RULE = 100
"""Findings of one rule in one table that are written out."""


@dataclass(slots=True)
class Book:
    """Collects findings, and counts those beyond the first of each rule and table."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, findings: Iterable[Finding]) -> None:
        """Take findings one by one."""
        for finding in findings:
            key = finding.rule, finding.table
            self.counts[key] += 1
            if self.counts[key] <= MOST_PER_RULE:
                self.kept.append(finding)

    def note(
        self,
        rule: str,
        table: str,
        rows: NDArray[np.integer] | NDArray[np.bool_],
        *,
        where: Callable[[int], str],
        message: Callable[[int], str],
    ) -> None:
        """Take the rows that break a rule, as numbers or as flags; texts are made for the first."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if not len(rows):
            return
        free = max(0, MOST_PER_RULE - self.counts[rule, table])
        for row in rows[:free].tolist():
            found = Finding(rule=rule, table=table, where=where(row), message=message(row))
            self.kept.append(found)
        self.counts[rule, table] += len(rows)

    def findings(self) -> list[Finding]:
        """All that was kept, and how many more there are."""
        more = [
            Finding(
                rule=rule,
                table=table,
                where=text("and more"),
                message=text("{n} more findings of this rule", n=count - MOST_PER_RULE),
            )
            for (rule, table), count in self.counts.items()
            if count > MOST_PER_RULE
        ]
        return [*self.kept, *more]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not self.kept

    def has(self, *rules: str) -> bool:
        """Whether one of the rules is broken."""
        return any(rule in rules for rule, _ in self.counts)
