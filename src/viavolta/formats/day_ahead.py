"""Day-ahead prices as published: a moment in UTC and EUR per MWh, hour by hour."""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from viavolta.formats.sessions.text_table import TextTable
from viavolta.model.arrays import Floats, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

COLUMNS = ("utc", "price_eur_mwh")
_KWH_PER_MWH = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAhead:
    """Prices that hold from their moment to the next one; start (N,) and eur_per_kwh (N,)."""

    start: Times
    eur_per_kwh: Floats


def is_day_ahead(table: TextTable) -> bool:
    """Whether a table has the columns of day-ahead prices."""
    return set(COLUMNS) <= set(table.columns)


def day_ahead(table: TextTable) -> DayAhead:
    """Read a table of day-ahead prices.

    Raises
    ------
    InputError: a moment or price cannot be read, rows are not in order, or there are fewer than
        two.
    """
    starts, prices = [], []
    cells = zip(table.lines, table.cells("utc"), table.cells("price_eur_mwh"), strict=True)
    for line, moment, price in cells:
        starts.append(_moment(moment, table.file, line=line))
        prices.append(_price(price, table.file, line=line))
        if len(starts) > 1 and starts[-1] <= starts[-2]:
            raise _wrong(
                table.file,
                line,
                field="utc",
                value=moment,
                expected=text("later than the row before it"),
            )
    if len(starts) < 2:  # noqa: PLR2004 - one row does not say how long it holds
        raise _wrong(table.file, 2, field="utc", value="", expected=text("two rows at least"))
    return DayAhead(
        start=np.array(starts, dtype="datetime64[s]"),
        eur_per_kwh=np.array(prices) / _KWH_PER_MWH,
    )


def _moment(cell: str, file: str, *, line: int) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(cell)
    except ValueError as error:
        raise _wrong(file, line, field="utc", value=cell, expected="2019-01-01T00:00Z") from error
    if found.tzinfo is None:
        return found
    return found.astimezone(dt.UTC).replace(tzinfo=None)


def _price(cell: str, file: str, *, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(
            file, line, field="price_eur_mwh", value=cell, expected=text("a number with a point")
        )
    return value


def _wrong(file: str, line: int, *, field: str, value: str, expected: str) -> InputError:
    return InputError(
        code="day-ahead-invalid",
        message=text("the day-ahead prices cannot be used: {field}", field=field),
        where=Where(file=file, row=line, field=field, value=value[:200]),
        expected=expected,
        hint=text("give one row per hour, in order: utc, price_eur_mwh"),
    )
