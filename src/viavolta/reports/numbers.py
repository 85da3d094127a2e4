"""Numbers, money, times and dates as people read them; nothing known becomes an en dash."""

import datetime as dt
import math

from viavolta.model.messages import local_number, text

NOTHING = "\N{EN DASH}"
"""Stands where a figure is not known."""

HOUR_S = 3600
DAY_S = 24 * HOUR_S
_MILLION = 1e6
_KW_PER_MW = 1000.0
_THOUSAND = 1000.0


def known(value: object) -> float | None:
    """Take a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def number(value: object, digits: int = 0) -> str:
    """Thousands and decimals set apart as the language does, a true minus sign."""
    figure = known(value)
    if figure is None:
        return NOTHING
    words = f"{figure:,.{digits}f}"
    if not words.strip("-0.,"):
        words = words.lstrip("-")
    return local_number(words).replace("-", "\N{MINUS SIGN}")


def _bound(words: str) -> str:
    """Keep a number and its unit on one line."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def amount(value: object) -> str:
    """Write a sum in words: millions with two decimals, else whole units."""
    figure = known(value)
    if figure is not None and abs(figure) >= _MILLION:
        return _bound(text("{n} million", n=number(figure / _MILLION, 2)))
    return number(figure)


def money(value: object) -> str:
    """Euros in words, as `amount`."""
    return _bound(text("{n} EUR", n=amount(value)))


def rough(value: object) -> float | None:
    """Round to three significant digits: for figures that are not known better."""
    figure = known(value)
    if figure is None or not figure:
        return figure
    return round(figure, 2 - math.floor(math.log10(abs(figure))))


def about(value: object) -> str:
    """Euros in words, in three significant digits."""
    return money(rough(value))


def plain(value: object) -> str:
    """Write a number of any size in four significant digits at most, without end zeros."""
    figure = known(value)
    if figure is None or abs(figure) >= _THOUSAND:
        return number(figure)
    return local_number(f"{figure:.4g}").replace("-", "\N{MINUS SIGN}")


def power(value: object) -> str:
    """Kilowatts, from 1,000 on megawatts."""
    figure = known(value)
    if figure is not None and abs(figure) >= _KW_PER_MW:
        return _bound(text("{n} MW", n=number(figure / _KW_PER_MW, 2)))
    return _bound(text("{n} kW", n=number(figure)))


def percent(share: object, digits: int = 0) -> str:
    """Write a share 0..1 as percent."""
    figure = known(share)
    return NOTHING if figure is None else _bound(text("{n} %", n=number(100 * figure, digits)))


def change(now: object, before: object) -> str:
    """By how much `now` differs from `before`, in signed percent."""
    new, old = known(now), known(before)
    if new is None or not old:
        return NOTHING
    words = percent(new / old - 1)
    return words if words.startswith(("\N{MINUS SIGN}", "0\N{NO-BREAK SPACE}")) else "+" + words


def clock(second: object) -> str:
    """Write a second of the service day as a time, past midnight with its days: `00:40 +1`."""
    figure = known(second)
    if figure is None:
        return NOTHING
    days, rest = divmod(int(figure), DAY_S)
    words = f"{rest // HOUR_S:02d}:{rest % HOUR_S // 60:02d}"
    return f"{words} {days:+d}" if days else words


def hours_minutes(duration_s: object) -> str:
    """Write a duration as hours and minutes, `14:05`."""
    figure = known(duration_s)
    if figure is None:
        return NOTHING
    return f"{int(figure) // HOUR_S}:{int(figure) % HOUR_S // 60:02d}"


def long_date(date: dt.date | None) -> str:
    """Write a date with its weekday, in words."""
    if date is None:
        return text("the service day")
    weekdays = (
        text("Monday"),
        text("Tuesday"),
        text("Wednesday"),
        text("Thursday"),
        text("Friday"),
        text("Saturday"),
        text("Sunday"),
    )
    months = (
        text("January"),
        text("February"),
        text("March"),
        text("April"),
        text("May"),
        text("June"),
        text("July"),
        text("August"),
        text("September"),
        text("October"),
        text("November"),
        text("December"),
    )
    return text(
        "{weekday} {day} {month} {year}",
        weekday=weekdays[date.weekday()],
        day=date.day,
        month=months[date.month - 1],
        year=date.year,
    )
