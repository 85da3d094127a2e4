"""Figures as the reader's language writes them, each with its unit: those of the reports."""

from typing import Any

from viavolta.reports.numbers import (
    NOTHING,
    amount,
    change,
    clock,
    hours_minutes,
    known,
    long_date,
    money,
    number,
    percent,
    plain,
    power,
)

__all__ = [
    "NOTHING",
    "amount",
    "change",
    "clock",
    "hours_minutes",
    "known",
    "long_date",
    "money",
    "number",
    "percent",
    "plain",
    "power",
    "signed",
]


def signed(value: Any, digits: int = 0) -> str:
    """A difference with its sign."""
    figure = known(value)
    words = number(figure, digits)
    return f"+{words}" if figure is not None and round(figure, digits) > 0 else words
