"""The table of every results page: sorted, filtered and paged by the address, and downloadable.

A page may show several tables; each reads parameters with its own name before the dot:
`buses.sort=-energy_kwh`, `buses.q=V01`, `buses.page=2`. `download=buses` with `as=csv` or
`as=parquet` gives the rows as they are filtered and sorted, all pages together.
"""

import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.utils import formats

from viavolta.hub.studies.results.shown import NOTHING, clock, hours_minutes, number, plain

ROWS_PER_PAGE = 50
_FORMULA = r"^([=+\-@\t\r\n])"
_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column on the screen.

    kind: text, code (a name as in the data), number, any (a number of any size), clock (seconds of
    the service day), duration (seconds), moment (UTC, shown in the study's zone), flag, or english
    (content in the words of the run).
    """

    key: str
    label: str
    unit: str = ""
    kind: str = "text"
    digits: int = 0

    @property
    def is_number(self) -> bool:
        """Whether the cells are set flush right."""
        return self.kind in {"number", "any", "clock", "duration", "moment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A filter by one column's values; `labels` gives words for them."""

    key: str
    label: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in one cell."""

    text: str
    kind: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A column's head with the address that sorts by it."""

    column: Column
    address: str
    sorted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePage:
    """One page of a table, ready for the template `studies/results/table.html`."""

    name: str
    caption: str
    headers: list[Header]
    rows: list[list[Cell]]
    n_rows: int
    n_all: int
    page: int
    n_pages: int
    query: str
    choices: list[dict[str, Any]]
    kept: list[tuple[str, str]]
    addresses: dict[str, str]
    frame: pl.DataFrame

    @property
    def first(self) -> int:
        """Number of the first row shown."""
        return min(self.n_rows, (self.page - 1) * ROWS_PER_PAGE + 1)

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.n_rows, self.page * ROWS_PER_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """A table to show: its rows and how its columns are read."""

    name: str
    caption: str
    columns: Sequence[Column]
    frame: pl.DataFrame
    choices: Sequence[Choice] = ()
    zone: str = "UTC"
    links: dict[str, str] = field(default_factory=dict)
    """Column of each linked column's addresses."""


def table_page(request: HttpRequest, spec: TableSpec) -> TablePage:
    """Filter, sort and cut a table as the address says."""
    asked = _Asked(request, spec.name)
    frame = _filtered(spec, asked)
    frame, key, down = _ordered(frame, asked.word("sort"), {c.key for c in spec.columns})
    n_pages = max(1, -(-frame.height // ROWS_PER_PAGE))
    page = min(max(asked.whole("page", 1), 1), n_pages)
    shown = frame.slice((page - 1) * ROWS_PER_PAGE, ROWS_PER_PAGE)
    zone = ZoneInfo(spec.zone)
    return TablePage(
        name=spec.name,
        caption=spec.caption,
        headers=[_header(c, asked, key=key, down=down) for c in spec.columns],
        rows=[
            [_cell(c, row, zone, spec.links) for c in spec.columns]
            for row in shown.iter_rows(named=True)
        ],
        n_rows=frame.height,
        n_all=spec.frame.height,
        page=page,
        n_pages=n_pages,
        query=asked.word("q"),
        choices=[_choice(c, spec.frame, asked) for c in spec.choices],
        kept=asked.others(),
        addresses={
            "before": asked.address(page=str(page - 1)) if page > 1 else "",
            "after": asked.address(page=str(page + 1)) if page < n_pages else "",
            "csv": asked.download("csv"),
            "parquet": asked.download("parquet"),
        },
        frame=frame.select([c for c in frame.columns if c not in spec.links.values()]),
    )


class _Asked:
    """The parameters of the address that belong to one table."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        self._request, self._name = request, name

    def word(self, key: str) -> str:
        return self._request.GET.get(f"{self._name}.{key}", "")[:200]

    def whole(self, key: str, default: int) -> int:
        word = self.word(key)
        return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else default  # noqa: PLR2004 - digits of a page number

    def address(self, **changes: str) -> str:
        query = self._request.GET.copy()
        for key in ("download", "as"):
            query.pop(key, None)
        if "page" not in changes:
            query.pop(f"{self._name}.page", None)
        for key, value in changes.items():
            query[f"{self._name}.{key}"] = value
        return f"?{query.urlencode()}#table-{self._name}"

    def download(self, kind: str) -> str:
        query = self._request.GET.copy()
        query["download"], query["as"] = self._name, kind
        return f"?{query.urlencode()}"

    def others(self) -> list[tuple[str, str]]:
        """Parameters a filter form of this table passes on."""
        mine = (f"{self._name}.q", f"{self._name}.page", f"{self._name}.is.", "download", "as")
        return [
            (key, value)
            for key, values in self._request.GET.lists()
            for value in values
            if not key.startswith(mine)
        ]


def _filtered(spec: TableSpec, asked: _Asked) -> pl.DataFrame:
    frame = spec.frame
    query = asked.word("q").strip().lower()
    texts = [c.key for c in spec.columns if frame.schema[c.key] == pl.String]
    if query and texts:
        hits = [
            pl.col(key).str.to_lowercase().str.contains(query, literal=True).fill_null(value=False)
            for key in texts
        ]
        frame = frame.filter(pl.any_horizontal(hits))
    for choice in spec.choices:
        wanted = asked.word(f"is.{choice.key}")
        if wanted:
            frame = frame.filter(pl.col(choice.key).cast(pl.String) == wanted)
    return frame


def _ordered(frame: pl.DataFrame, sort: str, keys: set[str]) -> tuple[pl.DataFrame, str, bool]:
    key, down = sort.removeprefix("-"), sort.startswith("-")
    if key not in keys or isinstance(frame.schema[key], pl.List):
        return frame, "", False
    ordered = frame.sort(key, descending=down, nulls_last=True, maintain_order=True)
    return ordered, key, down


def _header(column: Column, asked: _Asked, *, key: str, down: bool) -> Header:
    here = column.key == key
    turned = f"-{column.key}" if here and not down else column.key
    state = ("descending" if down else "ascending") if here else ""
    return Header(column=column, address=asked.address(sort=turned), sorted=state)


def _choice(choice: Choice, frame: pl.DataFrame, asked: _Asked) -> dict[str, Any]:
    counts = frame[choice.key].cast(pl.String).value_counts().sort(choice.key)
    return {
        "name": f"{asked._name}.is.{choice.key}",  # noqa: SLF001 - one module
        "label": choice.label,
        "chosen": asked.word(f"is.{choice.key}"),
        "options": [
            (value, choice.labels.get(value, value), number(n))
            for value, n in counts.iter_rows()
            if value
        ],
    }


def _cell(column: Column, row: dict[str, Any], zone: ZoneInfo, links: dict[str, str]) -> Cell:
    value = row[column.key]
    link = str(row[links[column.key]] or "") if column.key in links else ""
    return Cell(text=_shown(value, column, zone), kind=column.kind, link=link)


def _shown(value: Any, column: Column, zone: ZoneInfo) -> str:  # noqa: C901, PLR0911 - one case per kind
    if value is None:
        return NOTHING
    match column.kind:
        case "number":
            return number(value, column.digits)
        case "any":
            return plain(value) if not isinstance(value, str) else value
        case "clock":
            return clock(value)
        case "duration":
            return hours_minutes(value)
        case "moment":
            local = value.replace(tzinfo=value.tzinfo or dt.UTC).astimezone(zone)
            return formats.date_format(local, "SHORT_DATETIME_FORMAT")
        case "flag":
            return "✓" if value else NOTHING
        case "day":
            return formats.date_format(value, "SHORT_DATE_FORMAT")
        case _:
            return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def download(request: HttpRequest, tables: Sequence[TablePage], stem: str) -> HttpResponse | None:
    """The file the address asks for; None where it asks for none of these tables."""
    wanted, kind = request.GET.get("download", ""), request.GET.get("as", "csv")
    page = next((t for t in tables if t.name == wanted), None)
    if page is None or kind not in _CONTENT_TYPES:
        return None
    return table_file(page.frame, kind=kind, name=f"{stem}-{page.name}")


def table_file(frame: pl.DataFrame, *, kind: str, name: str) -> HttpResponse:
    """A table as a file to save."""
    content = csv_bytes(frame) if kind == "csv" else parquet_bytes(frame)
    return attachment(content, name=f"{name}.{kind}", content_type=_CONTENT_TYPES[kind])


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
            kind = pl.String()  # noqa: PLW2901 - what it is from here on
        if kind == pl.String:
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
