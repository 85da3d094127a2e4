"""CSV tables of the charging commands: read as text, checked cell by cell, all findings at once."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

MAX_BYTES = 4_000_000_000
_MAX_SHOWN = 200
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


class CsvTable:
    """A CSV file with its columns as text, and what is wrong with it so far.

    Reading a column records a finding for each bad cell and puts a harmless value in its place, so
    that one run finds everything; `raise_findings` then raises the first in file order.
    """

    def __init__(self, path: Path, *, required: tuple[str, ...]) -> None:
        self.file = path.name
        self.columns, self.lines = _read(path)
        self._findings: list[InputError] = []
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

    def __len__(self) -> int:
        return len(self.lines)

    def words(self, column: str, *, default: str | None = None) -> list[str]:
        """Text of a column; empty cells become the default, or a finding without one."""
        if column not in self.columns:
            return [default or ""] * len(self)
        cells = self.columns[column]
        if default is None:
            for row in np.flatnonzero([cell == "" for cell in cells]).tolist():
                self._missing(row, column)
        return [cell or default or "" for cell in cells]

    def numbers(
        self,
        column: str,
        *,
        default: float | None = None,
        minimum: float = -np.inf,
    ) -> Floats:
        """Finite numbers of a column; empty cells become the default, or a finding without one."""
        if column not in self.columns:
            return np.full(len(self), np.nan if default is None else default)
        cells = pl.Series(self.columns[column], dtype=pl.String)
        values = cells.cast(pl.Float64, strict=False).to_numpy()
        is_empty = (cells == "").to_numpy()
        result: Floats = np.where(is_empty, np.nan if default is None else default, values)
        is_bad = ~is_empty & ~np.isfinite(values)
        for row in np.flatnonzero(is_bad).tolist():
            self.find(
                row,
                column,
                error=InputError(
                    code="csv-not-a-number",
                    message=text("{column} is not a finite number", column=column),
                    where=Where(file=self.file),
                    expected=text("a number with a point, such as 11.5"),
                    hint=text(
                        "write a point for decimals; leave out units and separators of thousands"
                    ),
                ),
            )
        if default is None:
            for row in np.flatnonzero(is_empty).tolist():
                self._missing(row, column)
        with np.errstate(invalid="ignore"):
            is_low = ~is_bad & (result < minimum)
        for row in np.flatnonzero(is_low).tolist():
            self.find(
                row,
                column,
                error=InputError(
                    code="csv-number-too-small",
                    message=text("{column} is below {minimum}", column=column, minimum=minimum),
                    where=Where(file=self.file),
                    expected=text("at least {minimum}", minimum=minimum),
                    hint=text("check the sign and the unit of the value"),
                ),
            )
        return result

    def times(self, column: str) -> Times:
        """Moments with an offset, as datetime64[s] in UTC; fractions of a second are cut off.

        A cell that is no such moment becomes NaT, which compares to nothing.
        """
        seconds = np.full(len(self), np.iinfo(np.int64).min)
        known: dict[str, int] = {}
        for row, cell in enumerate(self.columns[column]):
            if cell not in known:
                moment = self._moment(row, column, cell=cell)
                if moment is None:
                    continue
                known[cell] = (moment - _EPOCH) // _SECOND
            seconds[row] = known[cell]
        return seconds.astype("datetime64[s]")

    def find(self, row: int, column: str, *, error: InputError) -> None:
        """Record a finding at a row (counted from 0) and column; fills in where it is."""
        cells = self.columns.get(column)
        value = None if cells is None else cells[row][:_MAX_SHOWN]
        error.where = Where(file=self.file, row=int(self.lines[row]), field=column, value=value)
        self._findings.append(error)

    def find_duplicates(self, column: str, values: list[str]) -> None:
        """Record every value that was there before."""
        first: dict[str, int] = {}
        for row, value in enumerate(values):
            before = first.setdefault(value, row)
            if before != row and value:
                self.find(
                    row,
                    column,
                    error=InputError(
                        code="csv-duplicate-id",
                        message=text(
                            "{column} stands in row {row} already",
                            column=column,
                            row=int(self.lines[before]),
                        ),
                        where=Where(file=self.file),
                        expected=text("each {column} once", column=column),
                        hint=text("remove one of the two rows, or rename one"),
                    ),
                )

    def raise_findings(self) -> None:
        """Raise the finding that comes first in the file, saying how many more there are.

        Raises
        ------
        InputError: something was found.
        """
        if not self._findings:
            return
        first = min(self._findings, key=lambda error: error.where.row or 0)
        n_more = len(self._findings) - 1
        if n_more:
            more = text("{n} more problems in this file", n=n_more)
            first.hint = f"{first.hint}; {more}" if first.hint else more
        raise first

    def _moment(self, row: int, column: str, *, cell: str) -> dt.datetime | None:
        if not cell:
            self._missing(row, column)
            return None
        try:
            moment = dt.datetime.fromisoformat(cell)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
        if moment is None:
            error = InputError(
                code="csv-not-a-time",
                message=text("{column} is not a time", column=column),
                where=Where(file=self.file),
                expected=text("ISO 8601 with offset, such as 2025-03-30T06:00:00+02:00"),
                hint=text("write the date, a T, the time and the offset; Z stands for UTC"),
            )
        else:
            error = InputError(
                code="csv-time-without-offset",
                message=text("{column} has no offset from UTC", column=column),
                where=Where(file=self.file),
                expected=text("ISO 8601 with offset, such as 2025-03-30T06:00:00+02:00"),
                hint=text("add +00:00 or Z where the times are UTC"),
            )
        self.find(row, column, error=error)
        return None

    def _missing(self, row: int, column: str) -> None:
        self.find(
            row,
            column,
            error=InputError(
                code="csv-value-missing",
                message=text("{column} is empty", column=column),
                where=Where(file=self.file),
                expected=text("a value in every row"),
                hint=text("fill in the cell, or remove the row"),
            ),
        )


def rows_where(condition: NDArray[np.bool_]) -> list[int]:
    """Rows, counted from 0, at which a condition holds."""
    rows: list[int] = np.flatnonzero(condition).tolist()
    return rows


def _read(path: Path) -> tuple[dict[str, list[str]], Ints]:
    """Cells by column, without empty lines, and the line number of each row."""
    if not path.is_file():
        raise UsageError(
            code="missing-path",
            message=text("{path} is not a file", path=path),
            where=Where(file=path.name),
        )
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            code="csv-too-large",
            message=text("{file} is larger than {n} bytes", file=path.name, n=MAX_BYTES),
            where=Where(file=path.name),
            hint=text("split the work into several runs"),
        )
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise InputError(
            code="csv-empty",
            message=text("{file} is empty", file=path.name),
            where=Where(file=path.name, row=1),
            expected=text("a line of column names, then rows"),
            hint=text("export the table again"),
        ) from error
    except (pl.exceptions.ComputeError, pl.exceptions.ShapeError) as error:
        raise InputError(
            code="csv-unreadable",
            message=text("{file} cannot be read as a CSV table", file=path.name),
            where=Where(file=path.name, value=str(error).splitlines()[0][:_MAX_SHOWN]),
            expected=text("UTF-8 text, columns separated by commas, as many cells in each line"),
            hint=text(
                "save the table again as CSV in UTF-8; cells with commas stand in double quotes"
            ),
        ) from error
    frame = frame.rename({name: name.strip().lower() for name in frame.columns}, strict=False)
    frame = frame.with_columns(pl.all().str.strip_chars().fill_null("")).with_row_index(
        "line of it"
    )
    cells = pl.exclude("line of it")
    if frame.width > 1:
        frame = frame.filter(pl.any_horizontal(cells != ""))
    lines = frame["line of it"].to_numpy().astype(np.int64) + 2
    return {name: frame[name].to_list() for name in frame.columns[1:]}, lines
