"""JSON files of grids: decoded once, and their cells as columns of one type."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

MAX_BYTES = 1_000_000_000
_MAX_SHOWN = 200


def check_there(path: Path) -> None:
    """Check that there is a file or folder.

    Raises
    ------
    UsageError: there is none.
    """
    if not path.exists():
        raise UsageError(
            code="missing-path",
            message=text("there is nothing at {path}", path=path),
            where=Where(file=path.name),
            hint=text("check the name and the folder you are in"),
        )


def read_json(path: Path) -> Any:
    """Decode a JSON file.

    Raises
    ------
    InputError: too large, no UTF-8, no JSON, or nested without end.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            code="grid-too-large",
            message=text("{file} is larger than {n} bytes", file=path.name, n=MAX_BYTES),
            where=Where(file=path.name),
            expected=text("at most {n} bytes", n=MAX_BYTES),
            hint=text("split the grid at its transformers"),
        )
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(
            code="grid-json-unreadable",
            message=text("{file} cannot be read as JSON", file=path.name),
            where=Where(file=path.name, value=str(error)[:_MAX_SHOWN]),
            expected=text("one JSON document in UTF-8"),
            hint=text("export the grid again"),
        ) from error


def bad_shape(file: str, field: str) -> InputError:
    """The file says it is of a kind, but a part of it is laid out otherwise."""
    return InputError(
        code="grid-json-unexpected",
        message=text("{field} is not laid out as this kind of file says", field=field[:_MAX_SHOWN]),
        where=Where(file=file, field=field[:_MAX_SHOWN]),
        expected=text("a table of elements, as its own program writes it"),
        hint=text("export the grid again with a current version"),
    )


def series(values: Sequence[Any]) -> pl.Series:
    """Cells as numbers where all are numbers, as yes or no where all are, as text else."""
    known = [None if _is_nothing(value) else value for value in values]
    present = [value for value in known if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        return pl.Series(known, dtype=pl.Boolean)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        return pl.Series([_float(value) for value in known], dtype=pl.Float64)
    return pl.Series([None if value is None else _word(value) for value in known], dtype=pl.String)


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _float(value: float | None) -> float | None:
    try:
        return None if value is None else float(value)
    except OverflowError:
        return math.inf


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
