"""What is wrong with the tables of a grid, told in one error that lists every place."""

from collections.abc import Iterable

from viavolta.formats.charge_table import ChargeTable
from viavolta.model.errors import InputError
from viavolta.model.messages import text

MAX_LISTED = 50
"""Findings listed beside the first; the rest is counted."""


def raise_all(tables: Iterable[ChargeTable]) -> None:
    """Raise the first finding of the tables, the others listed in its hint.

    Raises
    ------
    InputError: something was found in one of them.
    """
    once = list({id(table): table for table in tables}.values())
    n_found = sum(table.n_found for table in once)
    if not n_found:
        return
    places = set()
    found = []
    for table in once:
        for error in table.found(most=MAX_LISTED + 1):
            place = (error.where.file, error.where.row, error.where.field, error.code)
            if place in places:  # a cell that was looked at twice
                n_found -= 1
                continue
            places.add(place)
            found.append(error)
    first, others = found[0], found[1 : MAX_LISTED + 1]
    if others:
        lines = [_line(error) for error in others]
        n_left = n_found - 1 - len(others)
        if n_left:
            lines.append(text("and {n} more", n=n_left))
        more = text("{n} more problems: {list}", n=n_found - 1, list="; ".join(lines))
        first.hint = f"{first.hint}; {more}" if first.hint else more
    raise first


def _line(error: InputError) -> str:
    where = error.where
    value = text(" ({value})", value=where.value) if where.value else ""
    return text(
        "{file} row {row} {field}: {message}{value}",
        file=where.file,
        row=where.row,
        field=where.field,
        message=error.message,
        value=value,
    )
