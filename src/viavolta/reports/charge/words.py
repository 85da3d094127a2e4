"""Sums, energy and shares of a charge study in words: as many digits as their size asks for."""

from viavolta.model.messages import text
from viavolta.reports.numbers import NOTHING, known, money, number

_CENTS_BELOW_EUR = 1000.0
_TENTHS_BELOW = 100.0
_MWH_FROM_KWH = 100_000.0
_KW_PER_MW = 1000.0
_SMALLEST_PERCENT = 0.01


def _bound(words: str) -> str:
    """Keep a number and its unit on one line."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def euros(value: object) -> str:
    """Euros with cents where they matter: a night of three vans costs 24.10 EUR."""
    figure = known(value)
    if figure is None or abs(figure) >= _CENTS_BELOW_EUR:
        return money(figure)
    return _bound(text("{n} EUR", n=number(figure, 2)))


def kilowatts(value: object) -> str:
    """Power: a decimal below 100 kW, megawatts from 1,000 kW on."""
    figure = known(value)
    if figure is None:
        return NOTHING
    if abs(figure) >= _KW_PER_MW:
        return _bound(text("{n} MW", n=number(figure / _KW_PER_MW, 2)))
    return _bound(text("{n} kW", n=number(figure, _tenths(figure))))


def kilowatt_hours(value: object) -> str:
    """Energy: a decimal below 100 kWh, megawatt-hours from 100,000 kWh on."""
    figure = known(value)
    if figure is None:
        return NOTHING
    if abs(figure) >= _MWH_FROM_KWH:
        return _bound(text("{n} MWh", n=number(figure / _KW_PER_MW)))
    return _bound(text("{n} kWh", n=number(figure, _tenths(figure))))


def _tenths(figure: float) -> int:
    return 0 if abs(figure) >= _TENTHS_BELOW or figure == round(figure) else 1


def small_percent(share: object) -> str:
    """A gap as percent: two decimals, and never rounded down to nothing."""
    figure = known(share)
    if figure is None:
        return NOTHING
    percent = 100 * figure
    if 0 < percent < _SMALLEST_PERCENT:
        return _bound(text("less than {n} %", n=number(_SMALLEST_PERCENT, 2)))
    return _bound(text("{n} %", n=number(percent, 0 if percent == 0 else 2)))


def count_of_stays(n: object) -> str:
    """Write a number of stays: `one stay`, `1,200 stays`."""
    return text("one stay") if n == 1 else text("{n} stays", n=number(n))
