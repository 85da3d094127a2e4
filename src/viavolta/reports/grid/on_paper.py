"""A grid study on two sheets: one for a council in plain words, one for the operator in numbers."""

from collections.abc import Iterator

import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.grid import measures, violations
from viavolta.reports.grid.answer import answer, kicker, notes
from viavolta.reports.grid.cost import by_strategy as cost_by_strategy
from viavolta.reports.grid.cost import over_the_years
from viavolta.reports.grid.council import questions
from viavolta.reports.grid.drawing import Drawing
from viavolta.reports.grid.facts import GridFacts, facts_of
from viavolta.reports.grid.grade import short
from viavolta.reports.grid.hosting import areas, tightest
from viavolta.reports.grid.key_figures import figures_of
from viavolta.reports.grid.levels import loadings, voltages
from viavolta.reports.grid.map import alt, caption, draw, first_strategy, legend
from viavolta.reports.grid.network import network_of
from viavolta.reports.grid.operator import by_strategy, has_ranges
from viavolta.reports.grid.power import over_time
from viavolta.reports.grid.sentences import in_sentence
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.pdf.document import Document, fitting, pdf_of

_HALF_PX = 330
_TALL, _LOW, _NONE = 330.0, 230.0, 0.0
"""Height of the map on the second sheet, px; the charts beside it follow."""
_SECOND = (
    *((rows, _TALL) for rows in (16, 12, 9, 7, 5, 4)),
    *((rows, _LOW) for rows in (5, 4, 3, 2)),
    (2, _NONE),
    (0, _NONE),
)
"""Rows of the lists and height of the pictures on the second sheet, less and less."""
_FIRST = ((8, 5), (4, 5), (4, 4), (4, 3), (4, 2), (0, 1))
"""Cards and questions on the first sheet, less and less; without cards no picture, either."""
_CAVEATS = 2


def grid_pdf(study: Study) -> bytes:
    """Set a grid study on two sheets of A4; the same study gives the same bytes."""
    facts = facts_of(study)
    title = study.title
    first = fitting(title, _first_sheets(facts))
    second = fitting(title, _second_sheets(facts))
    return pdf_of(Document(title=title, blocks=[*first, blocks.new_page(), *second]))


def _first_sheets(facts: GridFacts) -> Iterator[list[Block | None]]:
    """Give versions of the first sheet, fullest first."""
    drawing = (
        cost_by_strategy(facts)
        or over_time(facts)
        or areas(facts, most=8)
        or tightest(facts, most=8)
    )
    picture = None if drawing is None else drawing.on_paper(facts)
    for cards, asked in _FIRST:
        yield _council(facts, picture if cards else None, cards=cards, questions_shown=asked)


def _second_sheets(facts: GridFacts) -> Iterator[list[Block | None]]:
    """Give versions of the second sheet, fullest first."""
    pictures: list[Block | None] = []
    drawn = _NONE
    for rows, high in _SECOND:
        if high != drawn:
            pictures, drawn = (_pictures(facts, high) if high else []), high
        yield _operator(facts, pictures, rows=rows)


def _council(
    facts: GridFacts, picture: Block | None, *, cards: int, questions_shown: int
) -> list[Block | None]:
    """Set the first sheet, with so many cards and so many of the questions, the last ones."""
    figures = [
        (f"{one.label} ({short(facts.grade)})", one.value, one.beside)
        for one in figures_of(facts)[:cards]
    ]
    asked = questions(facts)[-questions_shown:]
    return [
        blocks.kicker(kicker(facts)),
        blocks.heading(facts.study.title, 1),
        blocks.answer(answer(facts)),
        blocks.caveats(notes(facts), most=_CAVEATS),
        blocks.cards(figures) if figures else None,
        picture,
        *(block for question, said in asked for block in _question(question, list(said))),
    ]


def _question(question: str, said: list[str]) -> list[Block]:
    return [blocks.heading(question, 3), *(blocks.paragraph(one) for one in said)]


def _operator(facts: GridFacts, pictures: list[Block | None], *, rows: int) -> list[Block | None]:
    """Set the second sheet."""
    columns, listed = by_strategy(facts)
    grade = short(facts.grade)
    title = text("By strategy ({g})", g=grade)
    if has_ranges(listed):
        title = text(
            "By strategy, ranges from the 5th to the 95th percentile of draws ({g})", g=grade
        )
    return [
        blocks.heading(text("For the operator of the grid, in numbers")),
        blocks.table(title, columns, listed, wide=(0,)) if listed else None,
        *pictures,
        _violations(facts, rows) if rows else None,
        _measures(facts, rows) if rows else None,
        blocks.note(
            text(
                "All elements, hours and measures, the assumptions with their sources and the "
                "commands that make this study again stand in report.html and in the tables of "
                "the study."
            )
        ),
    ]


def _pictures(facts: GridFacts, high: float) -> list[Block | None]:
    """Put the map beside the charts that say most."""
    chart_px = round((high - 100) / 2)
    strategy = first_strategy(facts)
    network = network_of(facts, strategy)
    charts: list[Drawing] = [
        one
        for one in (
            loadings(facts),
            voltages(facts),
            over_the_years(facts),
            tightest(facts, most=8),
        )
        if one is not None
    ]
    if network is None:
        drawn = [one.on_paper(facts, width=_HALF_PX, height=chart_px) for one in charts[:2]]
        return [blocks.beside(drawn[:1], drawn[1:])] if drawn else []
    plan = blocks.picture(
        text("Worst of {period} ({g})", period=facts.period, g=short(facts.grade)),
        draw(network, size=None, width=_HALF_PX, height=high),
        alt=alt(network),
        legend=legend(network),
        caption=caption(network),
    )
    right = [
        one.on_paper(facts, width=_HALF_PX, height=chart_px, with_legend=i == 0)
        for i, one in enumerate(charts[:2])
    ]
    return [blocks.beside([plan], right)]


def _violations(facts: GridFacts, rows: int) -> Block | None:
    frame = facts.table("violations", facts.plain)
    if frame is None:
        return None
    gathered = violations.by_element(frame)
    shown = gathered.head(rows)
    how = "" if facts.plain is None else text(" with {s}", s=in_sentence(facts.plain))
    return blocks.table(
        text("Longest violations{how} ({g})", how=how, g=short(facts.grade)),
        violations.columns(told_apart=False),
        violations.rows(shown, told_apart=False),
        more=_more(gathered.height - shown.height),
    )


def _measures(facts: GridFacts, rows: int) -> Block | None:
    """List what several draws need, how sure it is; else the measures of the one case."""
    needs = facts.table("needs")
    if needs is not None:
        chosen = needs.filter(pl.col("strategy") == facts.plain)
        shown = measures.sorted_needs(chosen if chosen.height else needs).head(rows)
        return blocks.table(
            text("Measures, surest first ({g})", g=short(facts.grade)),
            measures.needs_columns(),
            measures.needs_rows(shown),
            more=_more(needs.height - shown.height),
        )
    frame = facts.table("measures")
    if frame is None:
        return None
    shown = measures.sorted_measures(frame).head(rows)
    return blocks.table(
        text("Measures, first needed first ({g})", g=short(facts.grade)),
        measures.columns(facts),
        measures.rows(facts, shown),
        more=_more(frame.height - shown.height),
    )


def _more(n: int) -> str:
    return text("{n} more in report.html", n=n) if n > 0 else ""
