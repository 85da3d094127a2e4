"""A replay of recorded sessions on one sheet: the answer and the strategies side by side."""

from collections.abc import Iterator

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.pdf.document import Document, fitting, pdf_of
from viavolta.reports.simulation.answer import answer, kicker, notes
from viavolta.reports.simulation.facts import SimulationFacts, facts_of
from viavolta.reports.simulation.figures import strategy_picture, strategy_table

_WIDE_PX = 760
"""Width at which the bars are drawn: smaller type, and less high."""


def simulation_pdf(study: Study) -> bytes:
    """Set a simulation study on one sheet of A4; the same study gives the same bytes."""
    sheet = fitting(study.title, _sheets(facts_of(study)))
    return pdf_of(Document(title=study.title, blocks=sheet))


def _sheets(facts: SimulationFacts) -> Iterator[list[Block | None]]:
    """Give versions of the sheet, fullest first."""
    picture = strategy_picture(facts).on_paper(width=_WIDE_PX)
    columns, rows = strategy_table(facts)
    for n_caveats, shown, listed in ((3, picture, rows), (1, picture, rows[:8]), (1, None, rows)):
        yield [
            blocks.kicker(kicker(facts)),
            blocks.heading(facts.study.title, 1),
            blocks.answer(answer(facts)),
            blocks.caveats(notes(facts), most=n_caveats),
            shown,
            blocks.table(
                text("Figures of each strategy"),
                columns,
                listed,
                more=text("{n} more in report.html", n=len(rows) - len(listed))
                if len(listed) < len(rows)
                else "",
            ),
            blocks.note(
                text(
                    "Power over the day, who lacks energy and why, and all assumptions stand in "
                    "report.html."
                )
            ),
        ]
