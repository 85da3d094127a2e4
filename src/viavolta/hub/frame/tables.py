"""Tables that sort, filter, choose columns, page and export, by the address bar alone.

    table = Table(request, QueryRows(needs, search=("title", "text")), COLUMNS, sort="-made_at")
    if table.is_export:
        return table.export("needs")
    return render(request, "market/needs.html", {"title": _("Needs"), "table": table})

and in the template `{% include "frame/table.html" %}`. Without JavaScript links and a form carry
the state; with it htmx swaps the table alone. Two tables on one page need different `name`s.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from viavolta.hub.frame.cells import Column, for_file
from viavolta.hub.frame.rows import Row, Rows

Words = str | Promise
PAGE_SIZES = (25, 50, 100, 250)
_PAGES_AROUND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A list of choices above a table; `keep(rows, choice)` narrows the rows to the one chosen."""

    key: str
    label: Words
    choices: Sequence[tuple[str, Words]]
    keep: Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """What stands in place of a table without rows: a sentence and the first step."""

    title: Words
    text: Words = ""
    url: str = ""
    label: Words = ""


class Table:
    """The part of some rows that the address asks for.

    `sort` is the order without a wish ("-" before a key: largest first); `filters` are lists of
    choices; `caption` names the table for those who do not see it; `empty` offers a first step.
    """

    def __init__(
        self,
        request: HttpRequest,
        rows: Rows,
        columns: Sequence[Column],
        *,
        name: str = "",
        caption: Words = "",
        sort: str = "",
        filters: Sequence[Filter] = (),
        can_search: bool = True,
        page_size: int = PAGE_SIZES[0],
        empty: Empty | None = None,
    ) -> None:
        self.request = request
        self.all_columns = tuple(columns)
        self.name = name
        self.caption = caption
        self.default_sort = sort
        self.filters = tuple(filters)
        self.can_search = can_search
        self.page_size = self._chosen_size(page_size)
        self.empty = empty
        self._all_rows = rows

    # what the address asks for

    def parameter(self, key: str) -> str:
        """The name of a query parameter of this table."""
        return f"{self.name}-{key}" if self.name else key

    def asked(self, key: str) -> str:
        """What the address says for one of this table's parameters."""
        return self.request.GET.get(self.parameter(key), "").strip()

    def address(self, **changes: str | int | None) -> str:
        """The page's address with some of the table's parameters changed."""
        query = self.request.GET.copy()
        for key, value in changes.items():
            query.pop(self.parameter(key), None)
            if value not in {None, ""}:
                query[self.parameter(key)] = str(value)
        return f"{self.request.path}?{query.urlencode()}"

    @property
    def element_id(self) -> str:
        """The element that htmx swaps."""
        return f"table-{self.name}" if self.name else "table"

    @property
    def swap(self) -> SafeString:
        """What makes htmx swap the table alone and keep its state in the address bar.

        What is asked last wins: an answer still awaited is given up.
        """
        return format_html(
            'hx-target="#{0}" hx-select="#{0}" hx-swap="outerMorph" hx-push-url="true"'
            ' hx-sync="#{0}:replace"',
            self.element_id,
        )

    @property
    def words(self) -> str:
        """What is searched for."""
        return self.asked("q")[:200] if self.can_search else ""

    @cached_property
    def order(self) -> tuple[str, bool]:
        """The key of the column sorted by, and whether largest first."""
        keys = {c.key for c in self.all_columns if c.sort_key}
        for wish in (self.asked("sort"), self.default_sort):
            if wish.removeprefix("-") in keys:
                return wish.removeprefix("-"), wish.startswith("-")
        return "", False

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns shown: those chosen, else those shown by default."""
        chosen = set(self.request.GET.getlist(self.parameter("column")))
        kept = tuple(c for c in self.all_columns if c.key in chosen)
        return kept or tuple(c for c in self.all_columns if c.is_shown)

    def _chosen_size(self, usual: int) -> int:
        asked = self.asked("size")
        return int(asked) if asked in {str(size) for size in PAGE_SIZES} else usual

    @property
    def search_parameter(self) -> str:
        """The name of the field of words."""
        return self.parameter("q")

    @property
    def column_parameter(self) -> str:
        """The name of the fields that choose columns."""
        return self.parameter("column")

    # the rows

    @cached_property
    def found(self) -> Rows:
        """All rows that the search and the filters leave, in order."""
        rows = self._all_rows
        for narrow in self.filters:
            choice = self.asked(narrow.key)
            if choice in {value for value, _label in narrow.choices if value}:
                rows = narrow.keep(rows, choice)
        if self.words:
            rows = rows.found(self.words)
        key, descending = self.order
        column = next((c for c in self.all_columns if c.key == key), None)
        return rows.ordered(column.sort_key, descending=descending) if column else rows

    @cached_property
    def count(self) -> int:
        """How many rows are left."""
        return self.found.count()

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter is at work."""
        return bool(self.words) or any(self.asked(f.key) for f in self.filters)

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of this page."""
        start = (self.page - 1) * self.page_size
        return list(self.found.part(start, start + self.page_size))

    # what the template draws

    @property
    def heads(self) -> list[dict[str, Any]]:
        """The heads of the columns: label, unit, how sorted, the address that sorts."""
        key, descending = self.order
        return [
            {
                "column": c,
                "aria": ("descending" if descending else "ascending") if c.key == key else "",
                "address": self._sorting_address(c) if c.sort_key else "",
            }
            for c in self.columns
        ]

    def _sorting_address(self, column: Column) -> str:
        key, descending = self.order
        is_up = column.key == key and not descending
        return self.address(sort=f"-{column.key}" if is_up else column.key, page=None)

    @property
    def body(self) -> Iterator[list[tuple[Column, SafeString]]]:
        """The cells of each row of this page."""
        for row in self.rows:
            yield [(column, column.shown(row)) for column in self.columns]

    @property
    def filter_fields(self) -> list[dict[str, Any]]:
        """The lists of choices: name, label, choices, the one chosen."""
        return [
            {
                "name": self.parameter(f.key),
                "label": f.label,
                "choices": f.choices,
                "chosen": self.asked(f.key),
            }
            for f in self.filters
        ]

    @property
    def kept_by_search(self) -> list[tuple[str, str]]:
        """What the form of words and choices carries along, so that nothing else is lost."""
        return self._kept(without=("q", "page", "export", *(f.key for f in self.filters)))

    @property
    def kept_by_columns(self) -> list[tuple[str, str]]:
        """What the form of columns carries along."""
        return self._kept(without=("column", "export"))

    def _kept(self, *, without: Sequence[str]) -> list[tuple[str, str]]:
        own = {self.parameter(key) for key in without}
        return [(k, v) for k, vs in self.request.GET.lists() if k not in own for v in vs]

    @property
    def column_choices(self) -> list[tuple[Column, bool]]:
        """Each column and whether it is shown."""
        return [(c, c in self.columns) for c in self.all_columns]

    @property
    def sizes(self) -> list[tuple[int, bool]]:
        """How many rows a page may have, and which it has."""
        return [(size, size == self.page_size) for size in PAGE_SIZES]

    @cached_property
    def page_count(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.count // self.page_size))

    @cached_property
    def page(self) -> int:
        """The page shown; the last one if the address asks for more."""
        asked = self.asked("page")
        return min(int(asked), self.page_count) if asked.isdecimal() and int(asked) else 1

    @property
    def first(self) -> int:
        """The number of the first row shown."""
        return (self.page - 1) * self.page_size + 1 if self.count else 0

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return min(self.page * self.page_size, self.count)

    @property
    def pages(self) -> list[tuple[int | None, str]]:
        """Numbers and addresses of the pages around this one; None stands for those left out."""
        near = range(self.page - _PAGES_AROUND, self.page + _PAGES_AROUND + 1)
        wanted = sorted({1, self.page_count, *(n for n in near if 1 <= n <= self.page_count)})
        shown: list[tuple[int | None, str]] = []
        for before, n in zip([0, *wanted], wanted, strict=False):
            if n > before + 1:
                shown.append((None, ""))
            shown.append((n, self.address(page=n if n > 1 else None)))
        return shown

    @property
    def previous_address(self) -> str:
        """The address of the page before; "" on the first."""
        return self.address(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_address(self) -> str:
        """The address of the page after; "" on the last."""
        return self.address(page=self.page + 1) if self.page < self.page_count else ""

    @property
    def clear_address(self) -> str:
        """The address without search and filters."""
        return self.address(q=None, page=None, **{f.key: None for f in self.filters})

    # the file

    @property
    def is_export(self) -> bool:
        """Whether the address asks for the table as a file."""
        return self.asked("export") == "csv"

    @property
    def export_address(self) -> str:
        """The address of the file."""
        return self.address(export="csv", page=None)

    def export(self, file_name: str) -> StreamingHttpResponse:
        """All rows found and all columns as CSV: keys as heads, ISO dates, points in numbers."""
        answer = StreamingHttpResponse(self._lines(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{file_name}.csv"'
        return answer

    def _lines(self) -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow([c.key for c in self.all_columns])
        for row in self.found.part(0, None):
            writer.writerow([for_file(c.raw(row)) for c in self.all_columns])
            if buffer.tell() > 32_000:  # noqa: PLR2004 - a portion for the wire
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue()
