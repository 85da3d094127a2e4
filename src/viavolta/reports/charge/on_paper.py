"""A charging schedule on one sheet: the answer, the key figures, power over time, the costs."""

from collections.abc import Iterator

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.charge.answer import answer, kicker, notes
from viavolta.reports.charge.costs import cost_picture
from viavolta.reports.charge.facts import ChargeFacts, facts_of
from viavolta.reports.charge.flows import Flows, flows_of
from viavolta.reports.charge.key_figures import known_figures
from viavolta.reports.charge.power import grid_picture
from viavolta.reports.charge.words import euros
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.pdf.document import Document, fitting, pdf_of
from viavolta.reports.tables import figures, words

_WIDE_PX = 700
_LIMITS = 6


def charge_pdf(study: Study) -> bytes:
    """Set a charge study on one sheet of A4; the same study gives the same bytes."""
    facts = facts_of(study)
    return sheet_of(facts, flows_of(facts))


def sheet_of(facts: ChargeFacts, flows: Flows | None) -> bytes:
    """Set a study whose facts and flows are known already."""
    title = facts.study.title
    return pdf_of(Document(title=title, blocks=fitting(title, _sheets(facts, flows))))


def _sheets(facts: ChargeFacts, flows: Flows | None) -> Iterator[list[Block | None]]:
    """Give versions of the sheet, fullest first."""
    day = None if flows is None else grid_picture(flows).on_paper(width=_WIDE_PX)
    drawing = cost_picture(facts)
    cost = None if drawing is None else drawing.on_paper(width=_WIDE_PX)
    limits = [(one.limit_id, one.hours, one.value_eur) for one in facts.binding]
    cards = [(one.label, one.value, one.beside) for one in known_figures(facts)]
    for n_caveats, rows, pictures in (
        (3, _LIMITS, (day, cost)),
        (2, 3, (day, cost)),
        (1, 3, (day,)),
        (1, 0, ()),
    ):
        yield [
            blocks.kicker(kicker(facts)),
            blocks.heading(facts.study.title, 1),
            blocks.answer(answer(facts, flows)),
            blocks.caveats(notes(facts), most=n_caveats),
            blocks.cards(cards, columns=5) if cards else None,
            *pictures,
            _binding(limits, rows),
            blocks.note(
                text(
                    "Power by level, prices of limits, shortfalls and the proof stand in "
                    "report.html; viavolta check verifies the schedule from its tables. "
                    "Unmet energy counts as {price} for each kWh.",
                    price=euros(facts.number("unmet_eur_per_kwh")),
                )
            ),
        ]


def _binding(limits: list[tuple[str, float, float]], rows: int) -> Block | None:
    if not limits or not rows:
        return None
    rest = len(limits) - rows
    return blocks.table(
        text("Limits that cost money, dearest first"),
        (
            words(text("Limit")),
            figures(text("Hours in which it binds"), 1),
            figures(text("One more kW is worth (EUR)"), 2),
        ),
        limits[:rows],
        more=text("{n} more in report.html", n=rest) if rest > 0 else "",
    )
