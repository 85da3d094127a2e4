"""Dates in which a spreadsheet exchanged day and month, wherever the day could be a month."""

import re
from collections.abc import Sequence
from itertools import pairwise

from viavolta.formats.sessions.notebook import Notebook
from viavolta.formats.sessions.text_table import TextTable
from viavolta.model.messages import text

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTHS = 12


def with_dates_put_right(
    table: TextTable, columns: tuple[str, ...], *, notebook: Notebook
) -> TextTable:
    """Exchange day and month back where the order of the rows shows that they were exchanged.

    Such files are written in order of time by their first column. A spreadsheet that reads
    30/09/2016 as text and 01/10/2016 as the tenth of January leaves dates that jump to and fro;
    exchanged back they are in order. Where neither reading is clearly better, nothing is changed.
    """
    first = table.cells(columns[0])
    if _breaks([_exchanged(cell) for cell in first]) >= _breaks(first):
        return table
    changed = dict(table.columns)
    for name in columns:
        cells = table.cells(name)
        for line, cell in zip(table.lines, cells, strict=True):
            if _exchanged(cell) != cell:
                notebook.note(
                    code="session-day-month-exchanged",
                    line=line,
                    value=cell,
                    action=text("day and month exchanged back: only so the rows are in order"),
                )
        changed[name] = [_exchanged(cell) for cell in cells]
    return TextTable(file=table.file, columns=changed, lines=table.lines)


def _exchanged(cell: str) -> str:
    found = _DATE.match(cell)
    if found is None or not 1 <= int(found[3]) <= _MONTHS:
        return cell
    return f"{found[1]}-{found[3]}-{found[2]}{cell[found.end() :]}"


def _breaks(cells: Sequence[str]) -> int:
    """How often the order of time is broken, reading up or down, whichever is better."""
    dates = [cell for cell in cells if _DATE.match(cell)]
    pairs = list(pairwise(dates))
    return min(sum(a > b for a, b in pairs), sum(a < b for a, b in pairs))
