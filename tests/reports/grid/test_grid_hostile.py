"""Texts from outside are shown, never executed: on the page and on paper."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.reports.grid.on_paper import grid_pdf
from viavolta.reports.grid.report import grid_report
from viavolta.reports.pdf.document import n_pages

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</svg><svg onload=alert(1)>",
    '#panic(1) #read("/etc/passwd") $x$ *b* _i_ `c` @ref <l> \\ //',
    "{0}{evil}{{",
    "]]>&lt;&#x41;\x00\x1b[31m\u202e\u2028",
    "var(--ink) var(--nothing)",
    "datum.value);alert(1)//",
    "A" * 100_000,
    "\u4e2d\u6587 \u0635",
]
TABLES = {
    "measures": ["measure_id", "kind", "element", "removes"],
    "violations": ["kind", "cause"],
    "why": ["statement", "binds", "one_more"],
}

NAMES = {
    ("nodes", "node_id"): (
        ("branches", "from_node"),
        ("branches", "to_node"),
        ("voltages", "node_id"),
        ("hosting", "node_id"),
        ("violations", "element"),
    ),
    ("branches", "branch_id"): (("loadings", "branch_id"), ("violations", "element")),
}


def hostile(study: Study, texts: list[str]) -> Study:
    """Put texts in turn wherever a text of the inputs may come through, names of nodes included."""
    turn = itertools.cycle(texts)

    def evil(frame: pl.DataFrame, column: str) -> pl.Series:
        return frame[column] + pl.Series([next(turn) for _ in range(frame.height)])

    tables = dict(study.tables)
    for name, columns in TABLES.items():
        tables[name] = tables[name].with_columns(evil(tables[name], c).alias(c) for c in columns)
    for (table, column), used in NAMES.items():
        names = evil(tables[table], column)
        new = dict(zip(tables[table][column], names, strict=True))
        tables[table] = tables[table].with_columns(names.alias(column))
        for other, where in used:
            tables[other] = tables[other].with_columns(pl.col(where).replace(new))
    return dataclasses.replace(
        study,
        title=next(turn),
        effort=next(turn),
        tables=tables,
        inputs=tuple(StudyInput(name=t, sha256=t, bytes=1, origin=t, licence=t) for t in texts),
        assumptions=tuple(
            AssumptionUsed(key=t, value=t, unit=t, source=t, year=1, status=t) for t in texts
        ),
        repairs=tuple(Repair(code=t, file=t, count=1, example=t, action=t) for t in texts),
        warnings=tuple(StudyWarning(code=t, file=t, message=t) for t in texts),
        summary=study.summary | {"command": texts},
    )


@pytest.mark.parametrize("first", [0, 3, 6])
def test_the_page_has_no_new_element(town: Study, parse: Callable[[str], Any], first: int) -> None:
    """With hostile texts everywhere no new kind of element, attribute or script appears."""
    calm = parse(grid_report(town).decode())
    content = grid_report(hostile(town, EVIL[first:] + EVIL[:first])).decode("utf-8")
    evil = parse(content)
    assert {name for name, _ in evil.elements} <= {name for name, _ in calm.elements}
    assert _attributes(evil) <= _attributes(calm)
    assert evil.inline == calm.inline
    assert content.count("<script") == 1
    assert len(content) < 2_000_000
    assert "alert(1)" in evil.text()


def _attributes(page: Any) -> set[tuple[str, str]]:
    return {(name, key) for name, values in page.elements for key in values}


@pytest.mark.parametrize("first", [0, 3, 6])
def test_paper_shows_hostile_text_as_it_is(town: Study, first: int) -> None:
    """Markup of the typesetter stays text, nothing is read, and two sheets stay two."""
    made = grid_pdf(hostile(town, EVIL[first:] + EVIL[:first]))
    assert n_pages(made) == 2
    words = pdf_text(made)
    assert "root:" not in words
    assert any(squeezed(one)[:20] in words for one in EVIL[:5])


def test_commands_of_the_typesetter_are_text(town: Study) -> None:
    """A title full of its commands comes out letter by letter."""
    title = '#panic(1) #let x = read("/etc/passwd") $a^2$ *b* _c_ = d'
    made = grid_pdf(dataclasses.replace(town, title=title))
    assert squeezed(title) in pdf_text(made)
    assert b"pdfuaid" in made


def test_characters_without_a_glyph_cost_the_standard_only(town: Study) -> None:
    """A name in Chinese is set without PDF/UA; in Greek, Polish and Ukrainian with it."""
    made = grid_pdf(dataclasses.replace(town, title="\u4e2d\u6587"))
    assert n_pages(made) == 2
    assert b"pdfuaid" not in made
    greek = "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1 \u0141\u00f3d\u017a \u041a\u0438\u0457\u0432"
    made = grid_pdf(dataclasses.replace(town, title=greek))
    assert b"pdfuaid" in made
    assert squeezed(greek) in pdf_text(made)
