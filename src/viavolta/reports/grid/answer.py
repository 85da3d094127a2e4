"""The first screen: title, the answer in a few plain sentences, and what limits its truth."""

from viavolta.model.messages import text
from viavolta.reports.figure import paragraph
from viavolta.reports.grid.facts import GridFacts
from viavolta.reports.grid.grade import grade_sentence, grade_words
from viavolta.reports.grid.sentences import costs_in_short, fits, takes, verdict, when
from viavolta.reports.markup import Html, clip, join, tag

_CAVEATS_SHOWN = 4


def opening(facts: GridFacts) -> Html:
    """Title, answer and caveats."""
    return tag(
        "header",
        tag("p", kicker(facts), class_="kicker"),
        tag("h1", clip(facts.study.title)),
        tag("p", answer(facts), class_="answer"),
        _caveats(facts),
        id="answer",
    )


def kicker(facts: GridFacts) -> str:
    """Give the line above the title."""
    return text("Grid study, {grade}", grade=grade_words(facts.grade))


def answer(facts: GridFacts) -> Html:
    """Join the findings that a reader in a hurry reads."""
    said = (verdict(facts), costs_in_short(facts), when(facts), fits(facts), takes(facts))
    found = [one for one in said if one is not None]
    if not found:
        return Html(text("This study holds no figure that this report knows."))
    return join(found, " ")


def notes(facts: GridFacts) -> list[str]:
    """Say what must be known before trusting the answer: the grade first, then warnings."""
    found = [grade_sentence(facts.grade)]
    found += [clip(w.message) for w in facts.study.warnings]
    return list(dict.fromkeys(found))


def _caveats(facts: GridFacts) -> Html:
    said = notes(facts)
    shown, rest = said[:_CAVEATS_SHOWN], said[_CAVEATS_SHOWN:]
    folded = None
    if rest:
        folded = tag(
            "details",
            tag("summary", text("{n} more", n=len(rest))),
            tag("ul", *(tag("li", note) for note in rest)),
        )
    return tag(
        "aside",
        paragraph(text("Before you rely on this"), class_="aside-title"),
        tag("ul", *(tag("li", note) for note in shown)),
        folded,
        class_="caveats",
        aria_label=text("Caveats"),
    )
