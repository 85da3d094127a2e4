"""pandapower's own JSON, decoded without pandapower: element tables by name."""

import json
from typing import Any

import numpy as np

from viavolta.formats.grids.elements import Elements
from viavolta.formats.grids.json_file import bad_shape, series
from viavolta.model.arrays import Ints

OUT_OF_SERVICE = -3
"""Node of a bus that the file has, but not in service."""


def is_pandapower(document: object) -> bool:
    """Whether a JSON document was written by pandapower."""
    return isinstance(document, dict) and document.get("_class") == "pandapowerNet"


def net_of(document: dict[str, Any], *, file: str) -> dict[str, Any]:
    """What a pandapower document holds, by name: tables still packed, and plain values.

    Raises
    ------
    InputError: it is not laid out so.
    """
    net = document.get("_object")
    if not isinstance(net, dict):
        raise bad_shape(file, "_object")
    return net


def elements_of(net: dict[str, Any], kind: str, *, file: str) -> Elements:
    """Elements of a kind, each with its number as its row; none where there is no such table.

    Raises
    ------
    InputError: the table is not laid out as pandas writes it.
    """
    packed = net.get(kind)
    if packed is None:
        return Elements.of(file, kind, {}, lines=[])
    if not isinstance(packed, dict) or packed.get("_class") not in ("DataFrame", "GeoDataFrame"):
        raise bad_shape(file, kind)
    table = packed.get("_object")
    if isinstance(table, str):
        try:
            table = json.loads(table)
        except (ValueError, RecursionError) as error:
            raise bad_shape(file, kind) from error
    index, columns = _split(table) if isinstance(table, dict) else (None, None)
    if index is None or columns is None:
        raise bad_shape(file, kind)
    numbers = [_number(value) for value in index]
    if None in numbers:
        raise bad_shape(file, f"{kind}.index")
    return Elements.of(
        file,
        kind,
        {name: series(values) for name, values in columns.items()},
        lines=np.array(numbers, dtype=np.int64),
    )


def buses(elements: Elements, column: str, node_of: dict[int, int]) -> Ints:
    """(rows,) node of the bus that a column names, OUT_OF_SERVICE, or -1 where there is no such."""
    numbers = elements.whole(column, default=-1)
    blank = elements.is_blank(column)
    nodes = [node_of.get(number, -1) for number in numbers.tolist()]
    return np.where(blank, -1, np.array(nodes, dtype=np.int64))


def _split(table: dict[str, Any]) -> tuple[list[Any] | None, dict[str, list[Any]] | None]:
    """Index and columns of a table in the layouts "split" and "columns" of pandas."""
    names, index, data = (table.get(key) for key in ("columns", "index", "data"))
    if isinstance(names, list) and isinstance(index, list) and isinstance(data, list):
        is_table = len(data) == len(index) and all(
            isinstance(row, list) and len(row) == len(names) for row in data
        )
        if not is_table:
            return None, None
        return index, {str(name): [row[n] for row in data] for n, name in enumerate(names)}
    if not all(isinstance(cells, dict) for cells in table.values()):
        return None, None
    index = list(next(iter(table.values()), {}))
    return index, {name: [cells.get(number) for number in index] for name, cells in table.items()}


def _number(value: object) -> int | None:
    try:
        number = int(str(value))
    except ValueError:
        return None
    return number if abs(number) < 1 << 62 else None
