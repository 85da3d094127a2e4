"""Tables beside pictures: readable cells, raw values for the CSV download."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from viavolta.model.messages import text
from viavolta.reports.markup import Html, clip, esc, join, tag
from viavolta.reports.numbers import clock, known, number, plain

_RAW_DIGITS = 7
"""Significant digits of a number in the CSV; the study's Parquet tables hold all of them."""


class Kind(StrEnum):
    """How a column's values are shown."""

    TEXT = "text"
    NUMBER = "number"
    CLOCK = "clock"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; the title carries the unit."""

    title: str
    kind: Kind = Kind.TEXT
    digits: int = 0


def words(title: str) -> Column:
    """Build a column of text."""
    return Column(title=title)


def figures(title: str, digits: int = 0) -> Column:
    """Build a column of numbers, shown with this many decimals."""
    return Column(title=title, kind=Kind.NUMBER, digits=digits)


def values(title: str) -> Column:
    """Build a column of numbers of very different sizes, or of words."""
    return Column(title=title, kind=Kind.PLAIN)


def times(title: str) -> Column:
    """Build a column of seconds of the service day, shown as times."""
    return Column(title=title, kind=Kind.CLOCK)


def table(
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    caption: str,
    total: Sequence[object] | None = None,
) -> Html:
    """Build a table that scrolls in its own box, with its download.

    Parameters
    ----------
    name
        File name of the download, without ending; made here, never from outside.
    total
        A last row that sums up, set apart.
    """
    head = join(tag("th", c.title, scope="col", class_=_css(c)) for c in columns)
    body = join(Html("<tr>") + _cells(columns, row) + Html("</tr>\n") for row in rows)
    foot = None if total is None else tag("tfoot", tag("tr", _cells(columns, total)))
    whole = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", head)),
        tag("tbody", body),
        foot,
        data_name=name,
    )
    box = tag("div", whole, class_="table-box", tabindex="0", role="region", aria_label=caption)
    return tag("div", box, download_button(), class_="table-block")


def download_button() -> Html:
    """Build the button that saves the table of its block; the page's script gives it life."""
    return tag("button", text("Download as CSV"), type="button", class_="csv", hidden="")


def _css(column: Column) -> str | None:
    return None if column.kind is Kind.TEXT else "n"


def _cells(columns: Sequence[Column], row: Sequence[object]) -> Html:
    return Html("".join(_cell(c, v) for c, v in zip(columns, row, strict=True)))


def _cell(column: Column, value: object) -> str:
    """Numbers carry their raw value for the CSV, where the shown one differs."""
    if column.kind is Kind.TEXT:
        shown = "" if value is None else value if isinstance(value, Html) else clip(value)
        return f"<td>{esc(shown)}</td>"
    figure = known(value)
    if figure is None:
        shown = "" if value is None or isinstance(value, float) else clip(value)
        return f'<td class="n">{esc(shown)}</td>'
    shown = _shown(column, figure)
    raw = f"{figure:.{_RAW_DIGITS}g}" if figure % 1 else f"{figure:.0f}"
    data = "" if raw == shown else f' data-v="{raw}"'
    return f'<td class="n"{data}>{shown}</td>'


def _shown(column: Column, figure: float) -> str:
    if column.kind is Kind.CLOCK:
        return clock(figure)
    return plain(figure) if column.kind is Kind.PLAIN else number(figure, column.digits)
