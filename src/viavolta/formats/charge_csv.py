"""CSV files of the charging commands, read as text; each row knows its line in the file."""

import re
from pathlib import Path

import numpy as np
import polars as pl

from viavolta.model.arrays import Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

MAX_BYTES = 4_000_000_000
_MAX_SHOWN = 200
_MAX_HEAD = 100_000
_DECIMAL_COMMA = r"^(\s*[+-]?[0-9]*),([0-9]+(?:[eE][+-]?[0-9]+)?\s*)$"
_REPEATED = re.compile(r"_duplicated_[0-9]+$")  # how polars renames a column that was there before


def read_csv(path: Path, *, separator: str = ",") -> tuple[list[str], list[pl.Series], Ints]:
    """Names and cells of all columns, lines without any content left out, and each row's line.

    Where columns are separated otherwise than by commas, a comma in a number is its point.

    Names are in lower case without spaces around them; one that stands twice is there twice.
    Cells are text, null where empty.

    Raises
    ------
    InputError: too large, empty, or no CSV table in UTF-8.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            code="csv-too-large",
            message=text("{file} is larger than {n} bytes", file=path.name, n=MAX_BYTES),
            where=Where(file=path.name),
            expected=text("at most {n} bytes", n=MAX_BYTES),
            hint=text("split the work into several runs"),
        )
    frame = _frame(path, separator)
    lines = np.arange(2, frame.height + 2)
    if frame.width > 1:
        is_blank = _is_blank(frame)
        if is_blank.any():
            frame, lines = frame.filter(~is_blank), lines[~is_blank.to_numpy()]
    known = {name.strip().lower() for name in frame.columns}
    return [_name(name, known) for name in frame.columns], frame.get_columns(), lines


def separator_of(path: Path) -> str:
    """What separates columns: a semicolon, as spreadsheets write it in much of Europe, or a comma.

    A file that is missing or no text counts as one with commas; reading it says what is wrong.
    """
    if not path.is_file():
        return ","
    with path.open("rb") as stream:
        first_line = stream.readline(_MAX_HEAD)
    return ";" if b";" in first_line and b"," not in first_line else ","


def _frame(path: Path, separator: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, infer_schema=False, separator=separator)
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
    if separator == ",":
        return frame
    return frame.with_columns(pl.all().str.replace(_DECIMAL_COMMA, "${1}.${2}"))


def _name(name: str, known: set[str]) -> str:
    """Name of a column as people mean it."""
    name = name.strip().lower()
    first = _REPEATED.sub("", name)
    return first if first in known else name


def _is_blank(frame: pl.DataFrame) -> pl.Series:
    """(rows,) True where no cell holds anything."""
    is_blank = pl.repeat(value=True, n=frame.height, dtype=pl.Boolean, eager=True)
    for cells in frame.iter_columns():
        is_blank &= (cells.str.strip_chars() == "").fill_null(value=True)
        if not is_blank.any():  # most often so after the first column
            break
    return is_blank
