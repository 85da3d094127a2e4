"""Parquet files of the charging commands: columns as they are typed, rows counted from 1."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

from viavolta.model.arrays import Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

MAX_ROWS = 50_000_000
"""A small file can claim any number of rows; more than these do not fit into memory."""
_MAX_SHOWN = 200
_TRIAL = """
import sys
import polars as pl
path, most, *wanted = sys.argv[1:]
try:
    plan = pl.scan_parquet(path, glob=False)
    names = plan.collect_schema().names()
    chosen = [c for c, name in enumerate(names) if name.strip().lower() in wanted]
    if plan.select(pl.len()).collect().item() <= int(most) and chosen:
        pl.read_parquet(path, columns=chosen, glob=False)
except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
    print(error)
    sys.exit(3)
"""
_LEFT_TO_US = {0, 1}  # it went well, or the trial itself failed and says nothing about the file


def read_parquet(path: Path, *, wanted: tuple[str, ...]) -> tuple[list[str], list[pl.Series], Ints]:
    """Names and cells of the wanted columns, and each row's number.

    Names are in lower case without spaces around them; one that stands twice is there twice.

    Raises
    ------
    InputError: damaged, no Parquet at all, or too many rows.
    """
    reason = _reason_against(path, wanted)
    if reason is not None:
        raise _unreadable(path, reason)
    try:
        plan = pl.scan_parquet(path, glob=False)
        names = [name.strip().lower() for name in plan.collect_schema().names()]
        n_rows = plan.select(pl.len()).collect().item()
        _check_size(path, n_rows)
        chosen = [column for column, name in enumerate(names) if name in wanted]
        frame = pl.read_parquet(path, columns=chosen, glob=False) if chosen else pl.DataFrame()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _unreadable(path, str(error)) from error
    return [names[column] for column in chosen], frame.get_columns(), np.arange(1, n_rows + 1)


def _check_size(path: Path, n_rows: int) -> None:
    if n_rows > MAX_ROWS:
        raise InputError(
            code="parquet-too-large",
            message=text("{file} has {n} rows", file=path.name, n=n_rows),
            where=Where(file=path.name),
            expected=text("at most {n} rows", n=MAX_ROWS),
            hint=text("split the work into several runs"),
        )


def _reason_against(path: Path, wanted: tuple[str, ...]) -> str | None:
    """Why a process of its own cannot read the columns; None where it can.

    A damaged file can make polars ask for more memory than there is, which ends its process.
    """
    done = subprocess.run(  # noqa: S603 - this Python, a fixed program, no shell
        [sys.executable, "-c", _TRIAL, str(path.absolute()), str(MAX_ROWS), *wanted],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode in _LEFT_TO_US:
        return None
    return done.stdout.decode("utf-8", errors="replace").strip() or text("reading it fails")


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        code="parquet-unreadable",
        message=text("{file} is not a readable Parquet file", file=path.name),
        where=Where(file=path.name, value=reason[:_MAX_SHOWN]),
        expected=text("a whole Parquet file"),
        hint=text("export the table again, or give it as CSV with the ending .csv"),
    )
