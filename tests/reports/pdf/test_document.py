"""Documents on paper: blocks become pages, texts stay texts, colours are those of the page."""

import pytest
import typst
from pdf_text import pdf_text, squeezed

from viavolta.reports.colours import colour, on_paper
from viavolta.reports.markup import Html, fill, tag
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.pdf.document import Document, fitting, n_pages, pdf_of
from viavolta.reports.tables import figures, words

SVG = Html('<svg viewBox="0 0 10 10"><path d="M0 0h10v10z" fill="var(--r1)"/></svg>')


def every_kind() -> list[Block | None]:
    return [
        blocks.kicker("kicker"),
        blocks.heading("title", 1),
        blocks.answer(fill("yes: {n} buses", n=tag("strong", "12"))),
        blocks.caveats([f"caveat {i}" for i in range(5)]),
        blocks.cards([("label", "1,234 kW", "beside")] * 5),
        blocks.heading("section"),
        blocks.paragraph("a < b & c"),
        blocks.points(["first", Html("second <strong>bold</strong>")]),
        blocks.picture(
            "picture", SVG, alt="a triangle", width=0.2, legend=[(SVG, "mark")], caption="below"
        ),
        blocks.table(
            "table",
            (words("Name"), figures("kW", 1)),
            [("depot", 12.34), ("unknown", None), ("words", "about 3")],
            more="7 more",
        ),
        blocks.beside([blocks.note("left")], [blocks.note("right")]),
        None,
        blocks.new_page(),
        blocks.heading("question", 3),
    ]


def test_every_kind_of_block_comes_out() -> None:
    """Texts of all blocks are there, in order, on two pages that keep to PDF/UA."""
    made = pdf_of(Document(title="title", blocks=every_kind()))
    assert n_pages(made) == 2
    assert b"pdfuaid" in made
    found = pdf_text(made)
    expected = (
        "kicker title yes: 12 buses Before you rely on this caveat 0 caveat 1 caveat 2 2 more in "
        "report.html label 1,234 kW beside section a < b & c first second bold picture mark below "
        "table Name kW depot 12.3 unknown words about 3 7 more left right"
    )
    at = 0
    for word in expected.split():
        at = found.index(squeezed(word), at)
    assert "caveat3" not in found


def test_the_same_document_gives_the_same_bytes() -> None:
    """Twice, without any clock time."""
    first, second = (pdf_of(Document(title="t", blocks=every_kind())) for _ in range(2))
    assert first == second


def test_a_fault_in_the_blocks_is_not_covered_up() -> None:
    """What breaks the standard for another reason than a missing character is an error."""
    with pytest.raises(typst.TypstError, match="level"):
        pdf_of(Document(title="t", blocks=[blocks.heading("second step first")]))
    with pytest.raises(typst.TypstError, match="no such block"):
        pdf_of(Document(title="t", blocks=[{"kind": "nothing"}]))


def test_the_fullest_version_of_a_page_is_taken() -> None:
    """Of several versions the first that fits, else the last."""
    versions = [[blocks.paragraph("word " * 200)] * n for n in (40, 5, 2)]
    taken = fitting("t", versions)
    assert taken == versions[1]
    assert fitting("t", versions[:1]) == versions[0]


def test_sentences_keep_their_bold_words_and_lose_their_markup() -> None:
    """Only `Html` is taken apart; plain text stays as it is, tags included."""
    assert blocks.runs(Html("a &lt; <strong>b</strong> c")) == [
        ["", "a < "],
        ["strong", "b"],
        ["", " c"],
    ]
    assert blocks.runs("<strong>b</strong>") == [["", "<strong>b</strong>"]]


def test_colours_are_those_of_the_light_theme() -> None:
    """Properties of the page are replaced by what the style sheet says; others stay."""
    assert colour("--ink") == "#1c2326"
    assert on_paper('fill="var(--c-trip)" var(--nothing)') == 'fill="#0072b2" var(--nothing)'
