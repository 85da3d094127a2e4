"""Tables of a study on the page and as files: the frame's table, with Parquet beside CSV."""

import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.numbers import shown_moment
from viavolta.hub.frame.rows import FrameRows
from viavolta.hub.frame.tables import Filter, Table
from viavolta.hub.studies.results.shown import NOTHING, clock, plain

_FORMULA = r"^([=+\-@\t\r\n])"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
_ROWS_PER_PAGE = 25
_DIGITS = {"lat": 5, "lon": 5, "pu": 4, "km": 2, "kwh": 1, "kw": 1, "percent": 1, "eur": 0}
_SECONDS_OF_DAY = re.compile(r"(start|end|arrival|departure)_s")


class StudyTable(Table):
    """Rows of a study; the address may ask for them as CSV or as Parquet."""

    def file(self, stem: str) -> HttpResponse | None:
        """All rows as filtered and sorted, as the file the address asks for; None if for none."""
        kind = self.asked("export")
        if kind not in FILES:
            return None
        rows = self.found
        if not isinstance(rows, FrameRows):
            return None
        return table_file(rows.frame, kind=kind, name=f"{stem}-{self.name or 'table'}")

    @property
    def parquet_address(self) -> str:
        """The address of the Parquet file."""
        return self.address(export="parquet", page=None)


class WholePageTable(StudyTable):
    """A table that a picture follows: sorting and paging it makes the whole page anew."""

    @property
    def swap(self) -> SafeString:
        """What htmx puts in place: everything below the head of the page."""
        return mark_safe(
            'hx-target="#main" hx-select="#main" hx-swap="outerHTML" hx-push-url="true"'
        )


def study_table(
    request: HttpRequest,
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    name: str,
    caption: str,
    sort: str = "",
    filters: Sequence[Filter] = (),
) -> StudyTable:
    """A table of a results page."""
    return StudyTable(
        request,
        FrameRows(frame),
        columns,
        name=name,
        caption=caption,
        sort=sort,
        filters=filters,
        page_size=_ROWS_PER_PAGE,
    )


def choice_filter(frame: pl.DataFrame, key: str, label: str, words: dict[str, str]) -> Filter:
    """A list of a column's values to choose from, with their counts."""
    counts = frame[key].cast(pl.String).value_counts().sort(key)
    choices = [(v, f"{words.get(v, v)} ({n})") for v, n in counts.iter_rows() if v]
    return Filter(
        key=key,
        label=label,
        choices=choices,
        keep=lambda rows, wanted: FrameRows(
            rows.frame.filter(pl.col(key).cast(pl.String) == wanted)
        ),
    )


def asked_file(tables: Sequence[StudyTable], stem: str) -> HttpResponseBase | None:
    """The file of one of these tables, where the address asks for one."""
    files = (table.file(stem) for table in tables)
    return next((file for file in files if file is not None), None)


def clock_column(key: str, label: str) -> Column:
    """A time of the service day."""
    return Column(
        key=key, label=label, kind=Kind.NUMBER, html=lambda row: clock(row[key]), sort=key
    )


def raw_columns(frame: pl.DataFrame) -> list[Column]:
    """Columns of a table of the study folder, under the names they have in the data."""
    return [_raw_column(name, kind) for name, kind in frame.schema.items()]


def _raw_column(name: str, kind: pl.DataType) -> Column:
    if _SECONDS_OF_DAY.fullmatch(name):
        return clock_column(name, name)
    if kind.is_float():
        digits = _DIGITS.get(name.rsplit("_", 1)[-1])
        shown = None if digits is not None else lambda row: plain(row[name])
        return Column(
            key=name, label=name, kind=Kind.NUMBER, digits=digits or 0, html=shown, sort=name
        )
    if isinstance(kind, pl.Datetime):
        return Column(
            key=name, label=name, html=lambda row: shown_moment(_aware(row[name])), sort=name
        )
    if isinstance(kind, pl.List):
        return Column(key=name, label=name, html=lambda row: _listed(row[name]), sort="")
    return Column(key=name, label=name, kind=_plain_kind(kind))


def _plain_kind(kind: pl.DataType) -> Kind:
    if kind.is_integer():
        return Kind.NUMBER
    if kind == pl.Date:
        return Kind.DAY
    return Kind.YES_NO if kind == pl.Boolean else Kind.TEXT


def _aware(value: dt.datetime | None) -> dt.datetime | None:
    return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


def _listed(values: list[Any] | None) -> str:
    return format_html("{}", "; ".join(map(str, values))) if values else NOTHING


FILES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
"""Kinds of file a table can be had as, with their content types."""


def table_file(frame: pl.DataFrame, *, kind: str, name: str) -> HttpResponse:
    """A table as a file to save."""
    content = csv_bytes(frame) if kind == "csv" else parquet_bytes(frame)
    return attachment(content, name=f"{name}.{kind}", content_type=FILES[kind])


def attachment(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    """A file to save, never to open in the page."""
    answer = HttpResponse(content, content_type=content_type)
    safe = _NOT_IN_NAMES.sub("-", name)
    answer["Content-Disposition"] = f'attachment; filename="{safe}"'
    return answer


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """CSV in UTF-8 with a mark, so that spreadsheets read it right.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; lists are joined
    by semicolons; figures keep their points.
    """
    columns = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if isinstance(kind, pl.List):
            column = column.cast(pl.List(pl.String)).list.join("; ")
        if isinstance(kind, pl.List) or kind == pl.String:
            column = column.str.replace(_FORMULA, "'$1")
        columns.append(column.alias(name))
    buffer = io.BytesIO()
    frame.select(columns).write_csv(buffer, include_bom=True, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return buffer.getvalue()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Parquet, as in the study folder."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=3)
    return buffer.getvalue()
