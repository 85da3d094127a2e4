"""Verify a grid study from its tables alone, by the question it answers."""

from collections.abc import Callable
from typing import Any

import polars as pl

from viavolta.checks.charge_book import Book
from viavolta.checks.finding import Finding
from viavolta.checks.grid_causes import check_causes
from viavolta.checks.grid_data import found, read_grid_data
from viavolta.checks.grid_extremes import check_extremes
from viavolta.checks.grid_hosting import check_hosting
from viavolta.checks.grid_results import check_results
from viavolta.checks.grid_steps import check_steps
from viavolta.checks.grid_sums import check_sums
from viavolta.checks.grid_thermal import check_temperatures
from viavolta.checks.town import check_town
from viavolta.model.messages import text

Check = Callable[[dict[str, Any], dict[str, pl.DataFrame]], list[Finding]]


def check_grid(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check a grid study with the rules of its question."""
    summary = study.get("summary")
    question = summary.get("question") if isinstance(summary, dict) else None
    check = _CHECKS.get(str(question))
    if check is None:
        message = text("{q!r} is none of {all}", q=question, all=", ".join(_CHECKS))
        return [found("question", "study", ("summary.question",), message)]
    return check(study, tables)


def check_assessment(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check an assessment: its sums, its worst steps by a power flow of its own, temperatures.

    Where the tables do not fit together, only that is reported.
    """
    data, findings = read_grid_data(study, tables)
    if data is None:
        return findings
    book = Book()
    for rule in _RULES:
        book.add(rule(data))
    return book.findings()


_RULES = (
    *(check_results, check_extremes, check_sums),
    *(check_steps, check_temperatures, check_causes),
)
_CHECKS: dict[str, Check] = {
    "assess": check_assessment,
    "capacity": check_hosting,
    "town": check_town,
}
