"""Figures as the reader's language writes them, each with its unit."""

import math
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from viavolta.reports.numbers import NOTHING, clock, hours_minutes, known

__all__ = ["NOTHING", "amount", "change", "clock", "hours_minutes", "kw", "money", "number", "pct"]

NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_MILLION = 1e6
_KW_PER_MW = 1000.0
_SMALL = 100.0


def number(value: Any, digits: int = 0) -> str:
    """A number with grouped thousands; a dash where it is not known."""
    figure = known(value)
    if figure is None:
        return NOTHING
    figure = round(figure, digits) + 0.0
    words = formats.number_format(
        abs(figure), decimal_pos=digits, use_l10n=True, force_grouping=True
    )
    return MINUS + words if figure < 0 else words


def plain(value: Any) -> str:
    """A number of any size in four significant digits at most."""
    figure = known(value)
    if figure is None:
        return NOTHING
    if figure == 0 or abs(figure) >= _KW_PER_MW or figure == int(figure):
        return number(figure)
    return number(figure, max(0, 3 - math.floor(math.log10(abs(figure)))))


def amount(value: Any) -> str:
    """A sum: millions with two decimals, else whole units."""
    figure = known(value)
    if figure is not None and abs(figure) >= _MILLION:
        return _("%(n)s million") % {"n": number(figure / _MILLION, 2)}
    return number(figure)


def money(value: Any) -> str:
    """Euros in words, cents where there are few."""
    figure = known(value)
    if figure is not None and abs(figure) < _SMALL and figure != int(figure):
        return f"{number(figure, 2)}{NARROW}EUR"
    return f"{amount(value)}{NARROW}EUR"


def kw(value: Any) -> str:
    """Kilowatts, from 1,000 on megawatts."""
    figure = known(value)
    if figure is not None and abs(figure) >= _KW_PER_MW:
        return f"{number(figure / _KW_PER_MW, 2)}{NARROW}MW"
    return f"{number(figure)}{NARROW}kW"


def pct(share: Any, digits: int = 0) -> str:
    """A share of 0..1 as a percentage."""
    figure = known(share)
    return NOTHING if figure is None else f"{number(100 * figure, digits)}{NARROW}%"


def change(now: Any, before: Any, digits: int = 0) -> str:
    """By how much `now` differs from `before`, in signed percent."""
    new, old = known(now), known(before)
    if new is None or not old:
        return NOTHING
    words = pct(new / old - 1, digits)
    return words if words.startswith((MINUS, f"0{NARROW}")) else f"+{words}"


def signed(value: Any, digits: int = 0) -> str:
    """A difference with its sign."""
    figure = known(value)
    words = number(figure, digits)
    return f"+{words}" if figure is not None and round(figure, digits) > 0 else words
