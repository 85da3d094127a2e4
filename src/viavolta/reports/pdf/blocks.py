"""The pieces of a document on paper: plain data that the template draws.

Each function gives one block. Texts pass through `markup.clip`, so that no control character and no
endless word reaches the page; sentences may be `Html`, of which bold type is kept.
"""

from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from typing import Any

from viavolta.model.messages import text
from viavolta.reports.colours import on_paper
from viavolta.reports.markup import Html, clip
from viavolta.reports.numbers import known, number, plain
from viavolta.reports.tables import Column, Kind

Block = dict[str, Any]
Runs = list[list[str]]
Legend = Sequence[tuple[Html, str]]

_CELL = 60
"""Longest text in a cell, characters; the tables of the study hold the whole."""
_XMLNS = 'xmlns="http://www.w3.org/2000/svg"'


def heading(words: str, level: int = 2) -> Block:
    """Build a heading: level 1 is the title of the document, 3 a small one below it."""
    return {"kind": "heading", "words": clip(words, 140), "level": level}


def kicker(words: str) -> Block:
    """Build the line above the title."""
    return {"kind": "kicker", "runs": runs(words)}


def answer(words: str) -> Block:
    """Build the answer: the sentences that a reader in a hurry reads."""
    return {"kind": "answer", "runs": runs(words)}


def paragraph(words: str) -> Block:
    """Build a paragraph."""
    return {"kind": "paragraph", "runs": runs(words)}


def note(words: str) -> Block:
    """Build a small remark."""
    return {"kind": "note", "runs": runs(words)}


def points(items: Iterable[str]) -> Block:
    """Build a list of points."""
    return {"kind": "points", "items": [runs(item) for item in items]}


def caveats(items: Sequence[str], *, most: int = 3) -> Block | None:
    """Say what must be known before trusting the answer; None where there is nothing."""
    if not items:
        return None
    shown = [runs(clip(item, 240)) for item in items[:most]]
    if len(items) > most:
        shown.append(runs(text("{n} more in report.html", n=len(items) - most)))
    return {"kind": "caveats", "title": text("Before you rely on this"), "items": shown}


def cards(rows: Iterable[tuple[str, str, str]], *, columns: int = 4) -> Block:
    """Build key figures: label, value and what stands beside it, this many to a line."""
    made = [
        {"label": clip(label, 90), "value": clip(value, 40), "beside": clip(beside, 100)}
        for label, value, beside in rows
    ]
    return {"kind": "cards", "columns": max(1, min(columns, len(made))), "cards": made}


def picture(
    title: str,
    svg: str,
    *,
    alt: str,
    legend: Legend = (),
    caption: str = "",
    width: float = 1.0,
) -> Block:
    """Build a picture with its title; `width` is a share of the column."""
    return {
        "kind": "picture",
        "title": clip(title, 140),
        "svg": _standing_alone(svg),
        "alt": clip(alt),
        "legend": [[_standing_alone(mark), clip(label, 60)] for mark, label in legend],
        "caption": runs(caption) if caption else [],
        "width": width,
    }


def table(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    wide: Sequence[int] = (),
    more: str = "",
) -> Block:
    """Build a table in the columns of `reports.tables`; columns of words share the room.

    Those whose place `wide` names get twice the share.
    """
    return {
        "kind": "table",
        "title": clip(title, 140),
        "columns": [
            {
                "title": clip(c.title, 60),
                "number": c.kind is not Kind.TEXT,
                "share": (2 if i in wide else 1) if c.kind is Kind.TEXT else 0,
            }
            for i, c in enumerate(columns)
        ],
        "rows": [[_cell(c, v) for c, v in zip(columns, row, strict=True)] for row in rows],
        "more": more,
    }


def beside(left: Sequence[Block], right: Sequence[Block], *, share: float = 0.5) -> Block:
    """Put blocks side by side; `share` of the width is the left one's."""
    return {"kind": "beside", "left": list(left), "right": list(right), "share": share}


def new_page() -> Block:
    """Begin a new page."""
    return {"kind": "page"}


def runs(words: str) -> Runs:
    """Take sentences apart into [style, words]; style is strong or empty."""
    if not isinstance(words, Html):
        return [["", clip(words, 1000)]]
    reader = _Runs()
    reader.feed(words)
    reader.close()
    return reader.found


class _Runs(HTMLParser):
    """Reads the markup of a sentence."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Runs = []
        self._strong = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as in the base class
        self._strong += tag in {"strong", "b"}

    def handle_endtag(self, tag: str) -> None:
        self._strong -= tag in {"strong", "b"}

    def handle_data(self, data: str) -> None:
        self.found.append(["strong" if self._strong else "", clip(data, 1000)])


def _cell(column: Column, value: object) -> str:
    figure = known(value)
    if column.kind is Kind.TEXT or figure is None:
        return "" if value is None or isinstance(value, float) else clip(value, _CELL)
    return plain(figure) if column.kind is Kind.PLAIN else number(figure, column.digits)


def _standing_alone(svg: str) -> str:
    """Give a picture of the page its colours and its namespace."""
    return on_paper(svg.replace("<svg ", f"<svg {_XMLNS} ", 1))
