"""Elements of one kind, such as lines, in a file that holds several kinds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable, Flags
from viavolta.formats.grids import cells
from viavolta.formats.grids.draft import Part
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """A table of elements whose columns are told as `<kind>.<column>`.

    Attributes
    ----------
    kind : what the file calls the elements; "" where the table is a file of its own.
    table : its cells; `lines` are what the file calls the rows.
    """

    kind: str
    table: ChargeTable

    @classmethod
    def of(
        cls, file: str, kind: str, columns: dict[str, pl.Series], *, lines: Sequence[int] | Ints
    ) -> "Elements":
        """Name columns by their kind."""
        named = {f"{kind}.{name}": values for name, values in columns.items()}
        return cls(kind=kind, table=ChargeTable.of(file, named, lines=np.asarray(lines, np.int64)))

    def __len__(self) -> int:
        return len(self.table)

    @property
    def lines(self) -> Ints:
        """(rows,) what the file calls each row."""
        return self.table.lines

    def field(self, column: str) -> str:
        """Column as it is told."""
        return f"{self.kind}.{column}" if self.kind else column

    def has(self, column: str) -> bool:
        """Whether the table has a column."""
        return self.field(column) in self.table.columns

    def numbers(
        self, column: str, *, default: float | None = None, minimum: float = -np.inf
    ) -> Floats:
        """(rows,) finite numbers; a required column that is missing is all blanks."""
        field = self.field(column)
        values = cells.numbers(self.table, field, default=default, minimum=minimum)
        if default is None and not self.has(column):
            cells.needed(
                self.table, field, where=self.every, why=text("the file has no such column")
            )
        return values

    def ratings(self, column: str) -> Floats:
        """(rows,) limits that are not known, and infinite, where blank, zero or infinite."""
        field = self.field(column)
        column_cells = self.table.columns.get(field)
        if column_cells is not None and column_cells.dtype == pl.Float64:
            is_none = column_cells.is_infinite() & (column_cells > 0)
            self.table.columns[field] = column_cells.set(is_none.fill_null(value=False), None)
        values = cells.numbers(self.table, field, default=np.inf, minimum=0.0)
        return np.where(values > 0, values, np.inf)

    def words(self, column: str) -> pl.Series:
        """(rows,) text, "" at blanks and where the column is missing; numbers as they stand."""
        column_cells = self.table.columns.get(self.field(column))
        if column_cells is None:
            return pl.repeat("", len(self), dtype=pl.String, eager=True)
        return column_cells.cast(pl.String).fill_null("").str.strip_chars()

    def flags(self, column: str, *, default: bool) -> Flags:
        """(rows,) yes or no."""
        column_cells = self.table.columns.get(self.field(column))
        if column_cells is not None and column_cells.dtype.is_numeric():
            return np.where(
                self.is_blank(column), default, column_cells.fill_null(0).to_numpy() != 0
            )
        return cells.flags(self.table, self.field(column), default=default)

    def whole(self, column: str, *, default: int | Ints, minimum: float = -np.inf) -> Ints:
        """(rows,) whole numbers."""
        return cells.whole(self.table, self.field(column), default=default, minimum=minimum)

    def is_blank(self, column: str) -> Flags:
        """(rows,) where a cell is empty."""
        return cells.is_blank(self.table, self.field(column))

    def above_zero(self, column: str, values: Floats) -> None:
        """Record numbers that are zero or below."""
        cells.above_zero(self.table, self.field(column), values, where=self.every)

    def within(self, column: str, values: Floats, *, least: float, most: float, why: str) -> None:
        """Record numbers outside a range that makes sense."""
        cells.within(self.table, self.field(column), values, least=least, most=most, why=why)

    def find(self, is_wrong: Flags, column: str, *, error: Callable[[int], InputError]) -> None:
        """Record where a condition (rows,) holds."""
        self.table.find(is_wrong, self.field(column), error=error)

    def refuse(self, is_wrong: Flags, column: str, *, why: str) -> None:
        """Record elements, or ways of working of theirs, that a grid here does not know."""
        self.find(
            is_wrong,
            column,
            error=lambda _: InputError(
                code="grid-element-unsupported",
                message=text("{kind}: {why}", kind=self.kind or self.table.file, why=why),
                where=Where(file=self.table.file),
                expected=text("sources, lines, switches, transformers of two windings; loads"),
                hint=text("take the element out of service, or put an equal line or load instead"),
            ),
        )

    @property
    def every(self) -> Flags:
        """(rows,) all true."""
        return np.ones(len(self), dtype=bool)

    def part(self, rows: Ints, *, named: dict[str, str], values: dict[str, Any]) -> Part:
        """The nodes or branches that rows become; values are (rows of the table,) each."""
        return Part(
            table=self.table,
            rows=rows,
            values={name: _taken(column, rows) for name, column in values.items()},
            named={name: self.field(named.get(name, name)) for name in {*values, *named}},
        )


def _taken(values: Any, rows: Ints) -> Any:
    if isinstance(values, list | tuple):
        return [values[row] for row in rows.tolist()]
    return np.asarray(values)[rows]


def names_of(tables: Sequence[Elements], *, prefix: Sequence[str]) -> list[list[str]]:
    """Names of elements: those of the file where all tables have them, each once; else numbers.

    prefix stands before the number of an element of each table.
    """
    names = [elements.words("name").to_list() for elements in tables]
    every = [name for of_table in names for name in of_table]
    if "" not in every and len(set(every)) == len(every):
        return names
    return [
        [f"{before}{number}" for number in elements.lines.tolist()]
        for elements, before in zip(tables, prefix, strict=True)
    ]
