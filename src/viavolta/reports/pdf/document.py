"""A document from its blocks to the bytes of a PDF."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from viavolta import __version__
from viavolta.model.messages import language_in_use, text
from viavolta.reports.colours import colour
from viavolta.reports.markup import clip
from viavolta.reports.pdf.blocks import Block

_NO_GLYPH = "could not be displayed with font"
"""What typst says where a standard cannot be kept because the fonts lack a character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Title and blocks, in order; None among the blocks is left out."""

    title: str
    blocks: Sequence[Block | None]


def pdf_of(document: Document) -> bytes:
    """Set a document; the same document gives the same bytes.

    The file follows PDF/UA-1 (ISO 14289-1), for readers by voice. Where a text holds a character
    that the fonts lack (Chinese, for example) the standard cannot be kept: the document is set
    without it, and the character shows as a box that can still be searched and copied. PDF/A is not
    claimed: it asks for a date of making, which a study that repeats does not have.
    """
    import typst  # noqa: PLC0415 - only reports need it

    try:
        return _set(document, standards=("ua-1",))
    except typst.TypstError as error:
        if _NO_GLYPH not in error.message:
            raise
        return _set(document, standards=())


def _set(document: Document, *, standards: Sequence[str]) -> bytes:
    import typst  # noqa: PLC0415 - only reports need it

    named: Any = list(standards)  # their type exists for type checkers only
    made: bytes = typst.compile(
        resources.files("viavolta.reports.pdf").joinpath("house.typ").read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(_data(document), ensure_ascii=True, allow_nan=False)},
        pdf_standards=named,
    )
    return made


def fitting(title: str, versions: Iterable[Sequence[Block | None]]) -> list[Block | None]:
    """Give the first of several versions of a sheet, fullest first, that takes one page.

    Later versions are made only when they are needed. The last one is taken as it is: it must be
    short enough by construction.
    """
    tried: Sequence[Block | None] = ()
    for tried in versions:
        if n_pages(_set(Document(title=title, blocks=tried), standards=())) == 1:
            break
    return list(tried)


def n_pages(made: bytes) -> int:
    """Count the pages of a PDF that was made here."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", made))


def _data(document: Document) -> dict[str, object]:
    return {
        "title": clip(document.title, 140),
        "lang": language_in_use(),
        "footer": text(
            "{title}, viavolta {version}", title=clip(document.title, 100), version=__version__
        ),
        "colours": {
            "ink": colour("--ink"),
            "soft": colour("--ink-soft"),
            "line": colour("--line"),
            "strong-line": colour("--line-strong"),
            "accent": colour("--accent"),
            "warn-edge": colour("--warn-edge"),
            "warn-back": colour("--warn-bg"),
        },
        "blocks": [block for block in document.blocks if block is not None],
    }
