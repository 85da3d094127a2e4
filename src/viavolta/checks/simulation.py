"""Verify a simulation study from its tables alone."""

from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.simulation_data import read_simulation_data
from viavolta.checks.simulation_power import check_power
from viavolta.checks.simulation_summary import check_summary
from viavolta.checks.simulation_sums import check_sums


def check_simulation(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check powers, batteries, limits, costs and sums of every strategy.

    Everything is worked out again from the schedule, the stays, the limits and the signals; no
    code is shared with the engines. Where tables do not fit together, only that is reported.
    """
    data, findings = read_simulation_data(tables)
    if data is None:
        return findings
    findings = [*check_power(data), *check_sums(data, tables)]
    summary = study.get("summary")
    findings += check_summary(data, tables, summary if isinstance(summary, dict) else {})
    return findings
