"""How far the figures of a grid can be trusted, shown at each of them."""

from viavolta.model.grid import Grade
from viavolta.model.messages import text
from viavolta.reports.grid.facts import GridFacts
from viavolta.reports.markup import Html, join, tag


def grade_words(grade: Grade | None) -> str:
    """Say in a few words what a grade stands for."""
    if grade is None:
        return text("grade not stated")
    return {
        Grade.MEASURED: text("grade A: the operator's model, checked by measurement"),
        Grade.MODELLED: text("grade B: the operator's own model"),
        Grade.FILLED_IN: text("grade C: partly known, the rest typical values"),
        Grade.TWIN: text("grade D: a typical grid, not this one"),
    }[grade]


def grade_sentence(grade: Grade | None) -> str:
    """Say what the grade means for whoever reads the figures."""
    if grade is None:
        return text("The study does not say how good the data of the grid are.")
    return {
        Grade.MEASURED: text(
            "Grade A: the grid is the operator's own model, checked against measurements."
        ),
        Grade.MODELLED: text(
            "Grade B: the grid is the operator's own model or its records, not checked by "
            "measurement."
        ),
        Grade.FILLED_IN: text(
            "Grade C: part of the grid is known, the rest is filled in from typical values. Single "
            "elements may differ from what is in the ground."
        ),
        Grade.TWIN: text(
            "Grade D: this is not your grid but a typical one of the same kind of settlement, "
            "scaled to the place. Take the figures as an order of magnitude; no single cable or "
            "transformer of it exists. The operator's data would replace it."
        ),
    }[grade]


def short(grade: Grade | None) -> str:
    """Name the grade by its letter."""
    return text("grade {g}", g="?" if grade is None else grade.value)


def mark(facts: GridFacts) -> Html:
    """Build the mark that stands at each figure."""
    return tag(
        "span",
        short(facts.grade),
        class_="grade",
        title=grade_words(facts.grade),
        data_grade="" if facts.grade is None else facts.grade.value,
    )


def titled(title: str, facts: GridFacts) -> Html:
    """Put the mark behind a title."""
    return join((title, mark(facts)), " ")
