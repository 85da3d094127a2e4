"""Cells of grid tables beyond text and numbers: choices, yes or no, whole numbers, blanks."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable, Flags
from viavolta.formats.profile_rows import rows_of
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

Choice = TypeVar("Choice", bound=StrEnum)
_YES = ("true", "1", "yes", "y")
_NO = ("false", "0", "no", "n")
MOST = 1e15
"""No figure about a grid is larger."""
_LARGEST = 1e9  # beyond which a whole number is a slip


def is_blank(table: ChargeTable, column: str) -> Flags:
    """(rows,) where a cell is empty, or the table has no such column."""
    cells = table.columns.get(column)
    if cells is None:
        return np.ones(len(table), dtype=bool)
    blank = cells.is_null()
    if cells.dtype == pl.String:
        blank |= (cells.str.strip_chars() == "").fill_null(value=True)
    return blank.to_numpy()


def numbers(
    table: ChargeTable, column: str, *, default: float | None = None, minimum: float = -np.inf
) -> Floats:
    """Finite numbers that are not absurdly large, so that later sums cannot overflow."""
    values = table.numbers(column, default=default, minimum=minimum)
    is_absurd = np.isfinite(values) & (np.abs(values) > MOST)
    table.find(
        is_absurd,
        column,
        error=lambda _: InputError(
            code="grid-number-out-of-range",
            message=text("{column} is out of range", column=column),
            where=Where(file=table.file),
            expected=text("{least} to {most}", least=-MOST, most=MOST),
            hint=text("check the unit of the value"),
        ),
    )
    return np.where(is_absurd, np.nan, values)


def needed(table: ChargeTable, column: str, *, where: Flags, why: str) -> None:
    """Record every blank cell of a column in the rows that need it."""
    table.find(
        where & is_blank(table, column),
        column,
        error=lambda _: InputError(
            code="csv-value-missing",
            message=text("{column} is empty", column=column),
            where=Where(file=table.file),
            expected=text("a value: {why}", why=why),
            hint=text("fill in the cell"),
        ),
    )


def choices(
    table: ChargeTable, column: str, kinds: type[Choice], *, default: Choice | None = None
) -> tuple[Choice, ...]:
    """Members of an enum, written in any case; blanks become the default, or a finding."""
    every = tuple(kinds)
    return tuple(every[n] for n in choice_numbers(table, column, kinds, default=default).tolist())


def choice_numbers(
    table: ChargeTable, column: str, kinds: type[Choice], *, default: Choice | None = None
) -> Ints:
    """(rows,) the same as places of the members in their enum."""
    every = tuple(kinds)
    harmless = every.index(default) if default is not None else 0
    if default is not None and column not in table.columns:
        return np.full(len(table), harmless, dtype=np.int64)
    words = table.words(column, default="" if default is not None else None)
    numbers = rows_of(words.str.to_lowercase(), tuple(kind.value.lower() for kind in every))
    table.find(
        (numbers < 0) & (words != "").to_numpy(),
        column,
        error=lambda _: InputError(
            code="grid-word-unknown",
            message=text("{column} is none of the known words", column=column),
            where=Where(file=table.file),
            expected=", ".join(every),
            hint=text("choose one of these words"),
        ),
    )
    return np.where(numbers < 0, harmless, numbers)


def flags(table: ChargeTable, column: str, *, default: bool) -> Flags:
    """True or false, 1 or 0, yes or no; blanks become the default."""
    cells = table.columns.get(column)
    if cells is not None and cells.dtype == pl.Boolean:
        return cells.fill_null(default).to_numpy()
    words = table.words(column, default="").str.to_lowercase()
    table.find(
        (~words.is_in([*_YES, *_NO]) & (words != "")).to_numpy(),
        column,
        error=lambda _: InputError(
            code="grid-word-unknown",
            message=text("{column} is neither yes nor no", column=column),
            where=Where(file=table.file),
            expected="true, false",
            hint=text("choose one of these words"),
        ),
    )
    return np.where((words == "").to_numpy(), default, words.is_in(_YES).to_numpy())


def whole(
    table: ChargeTable, column: str, *, default: int | Ints, minimum: float = -np.inf
) -> Ints:
    """Whole numbers; blanks become the default."""
    values = table.numbers(column, default=np.nan, minimum=minimum)
    is_wrong = np.isfinite(values) & ((values != np.round(values)) | (np.abs(values) > _LARGEST))
    table.find(
        is_wrong,
        column,
        error=lambda _: InputError(
            code="grid-number-not-whole",
            message=text("{column} is not a whole number", column=column),
            where=Where(file=table.file),
            expected=text("a whole number such as 2"),
            hint=text("write the number without decimals"),
        ),
    )
    is_usable = np.isfinite(values) & ~is_wrong
    return np.where(is_usable, np.where(is_usable, values, 0.0), default).astype(np.int64)


def within(
    table: ChargeTable, column: str, values: Floats, *, least: float, most: float, why: str
) -> None:
    """Record numbers outside a range that makes sense."""
    table.find(
        np.isfinite(values) & ((values < least) | (values > most)),
        column,
        error=lambda _: InputError(
            code="grid-number-out-of-range",
            message=text("{column} is out of range", column=column),
            where=Where(file=table.file),
            expected=text("{least} to {most}: {why}", least=least, most=most, why=why),
            hint=text("check the unit of the value"),
        ),
    )


def above_zero(table: ChargeTable, column: str, values: Floats, *, where: Flags) -> None:
    """Record numbers that are zero or below in the rows where they may not be."""
    table.find(
        where & (values <= 0),
        column,
        error=lambda _: InputError(
            code="grid-number-not-positive",
            message=text("{column} is not above zero", column=column),
            where=Where(file=table.file),
            expected=text("a number above 0"),
            hint=text("leave the cell empty where the value is not known and not required"),
        ),
    )


def names_of(values: Sequence[object]) -> pl.Series:
    """Names as text without spaces around them; "" where there is none."""
    return pl.Series(
        ["" if value is None else str(value).strip() for value in values], dtype=pl.String
    )
