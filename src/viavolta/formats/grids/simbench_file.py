"""Tables of a SimBench CSV folder: columns separated by semicolons, NULL where there is nothing."""

from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.charge_csv import read_csv
from viavolta.formats.charge_table import ChargeTable
from viavolta.formats.grids.elements import Elements
from viavolta.model.arrays import Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

NEEDED = ("Node", "Line", "LineType", "ExternalNet")
"""Tables without which a folder is no SimBench grid."""
_COLUMNS = {
    "Node": ("id", "vmr"),
    "Line": ("id", "nodea", "nodeb", "type", "length"),
    "LineType": ("id", "r", "x", "b"),
    "Transformer": ("id", "nodehv", "nodelv", "type"),
    "TransformerType": ("id", "sr", "vmhv", "vmlv", "vmimp", "pcu"),
    "Switch": ("id", "nodea", "nodeb", "cond"),
    "ExternalNet": ("node",),
    "Load": ("node", "pload"),
    "RES": ("node", "pres"),
    "PowerPlant": ("node", "ppp"),
}
"""Columns that a table must have."""
_NOTHING = ("NULL", "")


def is_simbench(folder: Path) -> bool:
    """Whether a folder holds the tables of a SimBench grid."""
    return all((folder / f"{name}.csv").is_file() for name in ("Node", "Line", "LineType"))


def simbench_table(folder: Path, name: str) -> Elements:
    """A table of the folder, columns in lower case; none that is not needed is one without rows.

    Raises
    ------
    InputError: a table that is needed is missing, or one is no table.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        if name in NEEDED:
            raise InputError(
                code="grid-table-missing",
                message=text("{folder} has no {file}", folder=folder.name, file=path.name),
                where=Where(file=path.name),
                expected=", ".join(f"{needed}.csv" for needed in NEEDED),
                hint=text("export all tables of the grid"),
            )
        return Elements(kind="", table=ChargeTable.of(path.name, {}, lines=_no_rows()))
    names, columns, lines = read_csv(path, separator=";")
    for column in _COLUMNS.get(name, ()):
        if column not in names:
            raise InputError(
                code="csv-missing-column",
                message=text("{file} has no column {column}", file=path.name, column=column),
                where=Where(file=path.name, row=1, field=column),
                expected=", ".join(_COLUMNS[name]),
                hint=text("the first line names the columns, separated by semicolons"),
            )
    known = {column: _without_nulls(values) for column, values in zip(names, columns, strict=True)}
    return Elements(kind="", table=ChargeTable.of(path.name, known, lines=lines))


def _without_nulls(values: pl.Series) -> pl.Series:
    trimmed = values.str.strip_chars()
    return trimmed.set(trimmed.is_in(_NOTHING).fill_null(value=True), None)


def _no_rows() -> Ints:
    return np.zeros(0, dtype=np.int64)
