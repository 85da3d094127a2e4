"""How a value is shown in a cell, and how it is written to a file."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from viavolta.hub.frame.numbers import NOTHING, shown_day, shown_moment, shown_number, shown_percent
from viavolta.hub.frame.rows import Row, value_of

Words = str | Promise


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"  # from a share of 0..1
    DAY = "day"
    MOMENT = "moment"
    YES_NO = "yes-no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table; `key` names it in the address bar, the file and the rows.

    `value` computes what the row does not hold under `key`; `link` makes the cell a link; `html`
    draws it (escaped by `format_html`); `sort` is the field to sort by, "" if it cannot be sorted.
    """

    key: str
    label: Words
    kind: Kind = Kind.TEXT
    unit: Words = ""
    digits: int = 0
    value: Callable[[Row], Any] | None = None
    link: Callable[[Row], str] | None = None
    html: Callable[[Row], str] | None = None
    sort: str | None = None
    is_shown: bool = True

    @property
    def sort_key(self) -> str:
        """The field this column sorts by; "" if none."""
        if self.sort is not None:
            return self.sort
        return "" if self.value or self.html else self.key

    @property
    def is_number(self) -> bool:
        """Whether its cells are aligned as numbers."""
        return self.kind in {Kind.NUMBER, Kind.PERCENT}

    def raw(self, row: Row) -> Any:
        """The value itself."""
        return self.value(row) if self.value else value_of(row, self.key)

    def shown(self, row: Row) -> SafeString:
        """The cell as the page shows it."""
        if self.html:
            return conditional_escape(self.html(row))
        text = self.text(row)
        if self.link and (address := self.link(row)):
            return format_html('<a href="{}">{}</a>', address, text)
        return conditional_escape(text)

    def text(self, row: Row) -> str:
        """The value as the reader's language writes it."""
        value = self.raw(row)
        if value is None or value == "":
            return NOTHING
        return _SHOW[self.kind](value, self.digits)


def _yes_no(value: Any, _digits: int) -> str:
    return _("yes") if value else _("no")


_SHOW: dict[Kind, Callable[[Any, int], str]] = {
    Kind.TEXT: lambda value, _digits: str(value),
    Kind.NUMBER: lambda value, digits: shown_number(value, digits=digits),
    Kind.PERCENT: lambda value, digits: shown_percent(value, digits=digits),
    Kind.DAY: lambda value, _digits: shown_day(value),
    Kind.MOMENT: lambda value, _digits: shown_moment(value),
    Kind.YES_NO: _yes_no,
}


def for_file(value: Any) -> str:
    """A value for a CSV file: ISO dates, points, and no text that a spreadsheet would compute."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    text = str(value)
    if isinstance(value, (int, float)):
        return text
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
