"""Workbooks for spreadsheets: one sheet per table. The same tables give the same bytes."""

import datetime as dt
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import xlsxwriter

ROWS_MAX = 1_048_575
"""Rows below the header that a sheet of the format holds; a longer table goes on in the next."""
TEXT_MAX = 32_767
"""Characters that a cell holds; a longer text ends with three dots."""
NAME_MAX = 31
WIDTH_LEAST, WIDTH_MOST = 8, 48
ROWS_MEASURED = 200
_STAMP = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zones; not today's date
_TAKEN_LITERALLY = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table of a workbook."""

    name: str
    table: pl.DataFrame


def workbook(sheets: Sequence[Sheet], *, title: str) -> bytes:
    """Write a workbook.

    Texts stay texts, whatever they begin with; lists are joined by spaces; moments are written in
    UTC, since the format knows no time zones; cells without a finite value stay empty.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _TAKEN_LITERALLY)
    book.set_properties({"title": title[:TEXT_MAX], "created": _STAMP})
    head = book.add_format({"bold": True, "bottom": 1})
    formats = {
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    taken: set[str] = set()
    for sheet in sheets:
        height = sheet.table.height
        for start in range(0, max(height, 1), ROWS_MAX):
            part = sheet.table.slice(start, ROWS_MAX)
            page = book.add_worksheet(_free_name(sheet.name, taken))
            _write(page, part, head=head, formats=formats)
    book.close()
    return buffer.getvalue()


def _free_name(name: str, taken: set[str]) -> str:
    """A name that no sheet has yet, without the characters that the format refuses."""
    plain = "".join("_" if c in "[]:*?/\\'" else c for c in name)[:NAME_MAX] or "table"
    found, number = plain, 1
    while found.lower() in taken:
        number += 1
        found = f"{plain[: NAME_MAX - len(str(number)) - 1]} {number}"
    taken.add(found.lower())
    return found


def _write(page: Any, table: pl.DataFrame, *, head: Any, formats: dict[str, Any]) -> None:
    page.freeze_panes(1, 0)
    if table.width:
        page.autofilter(0, 0, table.height, table.width - 1)
    for k, (name, values) in enumerate(_widths(table)):
        page.set_column(k, k, values)
        page.write_string(0, k, name, head)
    for number, row in enumerate(table.iter_rows(), start=1):
        for k, value in enumerate(row):
            _cell(page, number, k, value=value, formats=formats)


def _widths(table: pl.DataFrame) -> Iterable[tuple[str, int]]:
    for name in table.columns:
        shown = table[name].head(ROWS_MEASURED).to_list()
        longest = max([len(name), *(len(str(value)) for value in shown)])
        yield name, min(max(longest + 2, WIDTH_LEAST), WIDTH_MOST)


def _cell(page: Any, row: int, column: int, *, value: Any, formats: dict[str, Any]) -> None:
    match value:
        case None:
            return
        case bool():
            page.write_boolean(row, column, value)
        case int() | float():
            if math.isfinite(value):
                page.write_number(row, column, value)
        case dt.datetime():
            moment = value.astimezone(dt.UTC) if value.tzinfo else value
            page.write_datetime(row, column, moment.replace(tzinfo=None), formats["moment"])
        case dt.date():
            page.write_datetime(row, column, value, formats["day"])
        case list():
            _text(page, row, column, value=" ".join(map(str, value)))
        case _:
            _text(page, row, column, value=str(value))


def _text(page: Any, row: int, column: int, *, value: str) -> None:
    shown = value if len(value) <= TEXT_MAX else value[: TEXT_MAX - 3] + "..."
    page.write_string(row, column, shown)
