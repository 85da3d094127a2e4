"""What a charge study rests on."""

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.figure import paragraph, section
from viavolta.reports.markup import Html, clip
from viavolta.reports.tables import table, values, words


def assumptions(study: Study) -> Html:
    """Every figure that was not in the inputs, with its source."""
    title = text("Assumptions")
    intro = paragraph(
        text(
            "Uncontrolled charging means full power from arrival until the energy is there. Prices "
            "and limits are taken as given and known in advance. Power is even within a step."
        )
    )
    if not study.assumptions:
        return section("assumptions", title, intro, paragraph(text("No figures are recorded.")))
    columns = (
        words(text("Assumption")),
        values(text("Value")),
        words(text("Unit")),
        words(text("Status")),
        words(text("Source")),
    )
    rows = (
        (one.key, one.value, one.unit, clip(one.status, 30), clip(one.source))
        for one in study.assumptions
    )
    caption = text("Assumptions with source and status")
    return section(
        "assumptions", title, intro, table("assumptions", columns, rows, caption=caption)
    )
