"""Verify a charge study from its tables alone."""

from typing import Any

import polars as pl

from viavolta.checks.charge_blocks import vehicles_of
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_bound import check_prices
from viavolta.checks.charge_data import read_charge_data
from viavolta.checks.charge_limits import check_limits
from viavolta.checks.charge_power import check_power
from viavolta.checks.charge_stays import NEEDED, check_stays
from viavolta.checks.charge_summary import Result, check_summary, terms_of
from viavolta.checks.finding import Finding


def check_charge(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check powers, batteries, limits, prices, bound, cost and counts of a charge study.

    Where the tables do not fit together, only that is reported: all else rests on it. The bound is
    worked out again from the table of prices; no code is shared with the engines. Of each rule the
    first findings are given, and the number of the others.
    """
    book = Book()
    data = read_charge_data(tables, book)
    if data is None:
        return book.findings()
    stated = study.get("summary")
    summary = stated if isinstance(stated, dict) else {}
    vehicles = vehicles_of(data)
    check_stays(data, vehicles, book)
    net_kw = check_limits(data, book)
    check_prices(data, terms_of(summary), book)
    if not book.has(*NEEDED):
        outcome = check_power(data, vehicles, book)
        result = Result(net_kw=net_kw, outcome=outcome)
        check_summary(data, vehicles, summary, result=result, book=book)
    return book.findings()
