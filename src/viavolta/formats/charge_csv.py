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
_REPEATED = re.compile(r"_duplicated_[0-9]+$")  # how polars renames a column that was there before


def read_csv(path: Path) -> tuple[list[str], list[pl.Series], Ints]:
    """Names and cells of all columns, lines without any content left out, and each row's line.

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
    frame = _frame(path)
    lines = np.arange(2, frame.height + 2)
    if frame.width > 1:
        is_blank = _is_blank(frame)
        if is_blank.any():
            frame, lines = frame.filter(~is_blank), lines[~is_blank.to_numpy()]
    known = {name.strip().lower() for name in frame.columns}
    return [_name(name, known) for name in frame.columns], frame.get_columns(), lines


def _frame(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema=False)
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
