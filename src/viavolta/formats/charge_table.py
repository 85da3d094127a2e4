"""Tables of the charging commands, CSV or Parquet: checked cell by cell, all findings at once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.formats.charge_csv import read_csv
from viavolta.formats.charge_parquet import read_parquet
from viavolta.formats.charge_times import NO_TIME, seconds_of_moments, seconds_of_text
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

Flags = NDArray[np.bool_]
MakeError = Callable[[int], InputError]
"""The error of a row, counted from 0; its place is filled in afterwards."""
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a column in some rows, counted from 0, and the error it makes."""

    rows: Ints
    column: str
    error: MakeError


class ChargeTable:
    """A table with its columns, and what is wrong with it so far.

    Reading a column records a finding for its bad cells and puts a harmless value in their place,
    so that one run finds everything; `raise_findings` then raises the first in file order.

    Attributes
    ----------
    file : name of the file; Parquet where it ends in .parquet, CSV else.
    columns : the known columns of the file as they were read.
    lines : (rows,) line of a CSV file, or row of a Parquet file counted from 1.
    findings : what is wrong so far, in the order it was found.
    """

    def __init__(
        self,
        path: Path,
        *,
        required: tuple[str, ...],
        optional: tuple[str, ...] = (),
        separator: str = ",",
    ) -> None:
        self.file = path.name
        self.columns, self.lines = _read(path, wanted=(*required, *optional), separator=separator)
        self.findings: list[Finding] = []
        self._require(required)

    @classmethod
    def of(cls, file: str, columns: dict[str, pl.Series], *, lines: Ints) -> "ChargeTable":
        """Make a table of cells that were read otherwise; it may have no rows."""
        table = cls.__new__(cls)
        table.file, table.columns, table.lines, table.findings = file, columns, lines, []
        return table

    def __len__(self) -> int:
        return len(self.lines)

    def words(self, column: str, *, default: str | None = None) -> pl.Series:
        """Text of a column; empty cells become the default, or a finding without one."""
        if column not in self.columns:
            return pl.repeat(default or "", len(self), dtype=pl.String, eager=True)
        words = self._text(column).fill_null("")
        if default is None:
            self._find_missing((words == "").to_numpy(), column)
            return words
        return words.replace("", default) if default else words

    def numbers(
        self, column: str, *, default: float | None = None, minimum: float = -np.inf
    ) -> Floats:
        """Finite numbers of a column; empty cells become the default, or a finding without one."""
        empty = np.nan if default is None else default
        if column not in self.columns:
            return np.broadcast_to(np.float64(empty), len(self))
        values, is_empty = self._floats(column)
        is_bad = ~is_empty & ~np.isfinite(values)
        result: Floats = np.where(is_empty, empty, values)
        self.find(is_bad, column, error=lambda _: _not_a_number(self.file, column))
        if default is None:
            self._find_missing(is_empty, column)
        self.find(
            ~is_bad & (result < minimum),
            column,
            error=lambda _: _too_small(self.file, column, minimum=minimum),
        )
        return result

    def times(self, column: str) -> Times:
        """Moments with an offset, as datetime64[s] in UTC; fractions of a second are cut off.

        A cell that is no such moment becomes NaT, which compares to nothing.
        """
        cells = self.columns[column]
        if isinstance(cells.dtype, pl.Datetime):
            is_empty = cells.is_null().to_numpy()
            seconds = seconds_of_moments(cells)
            is_naive = ~is_empty & (cells.dtype.time_zone is None)
        else:
            words = self.words(column, default="")
            is_empty = (words == "").to_numpy()
            seconds, is_naive = seconds_of_text(words)
        self._find_missing(is_empty, column)
        self.find(is_naive, column, error=lambda _: _without_offset(self.file, column))
        is_bad = (seconds == NO_TIME) & ~is_naive & ~is_empty
        self.find(is_bad, column, error=lambda _: _not_a_time(self.file, column))
        return seconds.astype("datetime64[s]")

    def find(self, is_wrong: Flags, column: str, *, error: MakeError) -> None:
        """Record what is wrong with a column where a condition (rows,) holds."""
        rows = np.flatnonzero(is_wrong)
        if rows.size:
            self.findings.append(Finding(rows=rows, column=column, error=error))

    def find_duplicates(self, column: str, values: pl.Series) -> None:
        """Record every value that was there before."""

        def error(row: int) -> InputError:
            before = int((values == values[row]).arg_true()[0])
            return InputError(
                code="csv-duplicate-id",
                message=text(
                    "{column} stands in row {row} already",
                    column=column,
                    row=int(self.lines[before]),
                ),
                where=Where(file=self.file),
                expected=text("each {column} once", column=column),
                hint=text("remove one of the two rows, or rename one"),
            )

        self.find((~values.is_first_distinct() & (values != "")).to_numpy(), column, error=error)

    def raise_findings(self) -> None:
        """Raise the finding that comes first in the file, saying how many more there are.

        Raises
        ------
        InputError: something was found.
        """
        if not self.findings:
            return
        (first,) = self.found(most=1)
        n_more = self.n_found - 1
        if n_more:
            more = text("{n} more problems in this file", n=n_more)
            first.hint = f"{first.hint}; {more}" if first.hint else more
        raise first

    @property
    def n_found(self) -> int:
        """Number of bad cells so far."""
        return sum(finding.rows.size for finding in self.findings)

    def found(self, *, most: int) -> list[InputError]:
        """The findings that come first in the file, each an error with its place."""
        places = sorted(
            (int(row), n) for n, finding in enumerate(self.findings) for row in finding.rows[:most]
        )
        return [self._error(self.findings[n], row) for row, n in places[:most]]

    def _error(self, finding: Finding, row: int) -> InputError:
        error = finding.error(row)
        error.where = Where(
            file=self.file,
            row=int(self.lines[row]),
            field=finding.column,
            value=self._shown(row, finding.column),
        )
        return error

    def _shown(self, row: int, column: str) -> str | None:
        """The cell as it stands in the file, cut to a length for the screen."""
        if column not in self.columns:
            return None
        cell = self.columns[column].slice(row, 1)
        if isinstance(cell.dtype, pl.Datetime):  # may lie beyond what Python knows as a time
            seconds = int(seconds_of_moments(cell)[0])
            number = cell.to_physical()[0]
            return str(number) if seconds == NO_TIME else iso(np.datetime64(seconds, "s"))
        return "" if cell[0] is None else str(cell[0]).strip()[:_MAX_SHOWN]

    def _text(self, column: str) -> pl.Series:
        cells = self.columns[column]
        if cells.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null) or cells.dtype.is_integer():
            return cells.cast(pl.String).str.strip_chars()
        raise _wrong_type(self.file, column, dtype=cells.dtype)

    def _floats(self, column: str) -> tuple[Floats, Flags]:
        """(rows,) values, not finite where there is none, and where the cell is empty."""
        cells = self.columns[column]
        if cells.dtype.is_numeric():
            is_empty = cells.is_null()
        else:
            cells = self._text(column).fill_null("")
            is_empty = cells == ""
        return cells.cast(pl.Float64, strict=False).to_numpy(), is_empty.to_numpy()

    def _require(self, required: tuple[str, ...]) -> None:
        missing = [name for name in required if name not in self.columns]
        if missing:
            raise InputError(
                code="csv-missing-column",
                message=text("{file} has no column {column}", file=self.file, column=missing[0]),
                where=Where(file=self.file, row=1, field=missing[0]),
                expected=", ".join(required),
                hint=text("the first line names the columns, separated by commas"),
            )
        if not len(self):
            raise InputError(
                code="csv-empty",
                message=text("{file} has no rows", file=self.file),
                where=Where(file=self.file, row=2),
                expected=text("one row below the column names, at least"),
                hint=text("add rows, or export the table again"),
            )

    def _find_missing(self, is_missing: Flags, column: str) -> None:
        self.find(is_missing, column, error=lambda _: _value_missing(self.file, column))


def iso(moment: np.datetime64) -> str:
    """Write a moment as people may write it into a table."""
    return f"{moment.astype('datetime64[s]')}+00:00"


def _read(
    path: Path, *, wanted: tuple[str, ...], separator: str
) -> tuple[dict[str, pl.Series], Ints]:
    if not path.is_file():
        raise UsageError(
            code="missing-path",
            message=text("{path} is not a file", path=path),
            where=Where(file=path.name),
            hint=text("check the name and the folder you are in"),
        )
    is_parquet = path.suffix.lower() == ".parquet"
    names, cells, lines = (
        read_parquet(path, wanted=wanted) if is_parquet else read_csv(path, separator=separator)
    )
    repeated = [name for name in names if name in wanted and names.count(name) > 1]
    if repeated:
        raise InputError(
            code="csv-duplicate-column",
            message=text("{file} has column {column} twice", file=path.name, column=repeated[0]),
            where=Where(file=path.name, row=1, field=repeated[0]),
            expected=text("each column once"),
            hint=text("remove one of the two columns, or rename one"),
        )
    columns = dict(zip(names, cells, strict=True))
    return {name: columns[name] for name in wanted if name in columns}, lines


def _value_missing(file: str, column: str) -> InputError:
    return InputError(
        code="csv-value-missing",
        message=text("{column} is empty", column=column),
        where=Where(file=file),
        expected=text("a value in every row"),
        hint=text("fill in the cell, or remove the row"),
    )


def _not_a_number(file: str, column: str) -> InputError:
    return InputError(
        code="csv-not-a-number",
        message=text("{column} is not a finite number", column=column),
        where=Where(file=file),
        expected=text("a number with a point, such as 11.5"),
        hint=text("write a point for decimals; leave out units and separators of thousands"),
    )


def _too_small(file: str, column: str, *, minimum: float) -> InputError:
    return InputError(
        code="csv-number-too-small",
        message=text("{column} is below {minimum}", column=column, minimum=minimum),
        where=Where(file=file),
        expected=text("at least {minimum}", minimum=minimum),
        hint=text("check the sign and the unit of the value"),
    )


def _not_a_time(file: str, column: str) -> InputError:
    return InputError(
        code="csv-not-a-time",
        message=text("{column} is not a time", column=column),
        where=Where(file=file),
        expected=text("ISO 8601 with offset, such as 2025-03-30T06:00:00+02:00"),
        hint=text("write the date, a T, the time and the offset; Z stands for UTC"),
    )


def _without_offset(file: str, column: str) -> InputError:
    return InputError(
        code="csv-time-without-offset",
        message=text("{column} has no offset from UTC", column=column),
        where=Where(file=file),
        expected=text("ISO 8601 with offset, such as 2025-03-30T06:00:00+02:00"),
        hint=text("add +00:00 or Z where the times are UTC; in Parquet, give the zone"),
    )


def _wrong_type(file: str, column: str, *, dtype: pl.DataType) -> InputError:
    return InputError(
        code="parquet-wrong-type",
        message=text("{column} has the type {dtype}", column=column, dtype=str(dtype)[:_MAX_SHOWN]),
        where=Where(file=file, field=column, value=str(dtype)[:_MAX_SHOWN]),
        expected=text("numbers, text, or timestamps with a zone, as the column needs"),
        hint=text("convert the column before writing the file"),
    )
