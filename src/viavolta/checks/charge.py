"""Verify a charge study from its tables alone."""

from typing import Any

import polars as pl

from viavolta.checks.charge_bound import check_prices
from viavolta.checks.charge_data import read_charge_data
from viavolta.checks.charge_power import check_limits, check_power
from viavolta.checks.charge_summary import check_summary
from viavolta.checks.finding import Finding


def check_charge(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check powers, batteries, limits, prices, bound, cost and counts of a charge study.

    Where the tables do not fit together, only that is reported: all else rests on it. The bound is
    worked out again from the table of prices; no code is shared with the engines.
    """
    data, findings = read_charge_data(tables)
    if data is None:
        return findings
    findings = [*check_power(data), *check_limits(data), *check_prices(data)]
    is_sane = not any(finding.rule == "stay-range" for finding in findings)
    summary = study.get("summary")
    if is_sane:
        findings += check_summary(data, summary if isinstance(summary, dict) else {})
    return findings
