"""The study for a council: five questions, each with an answer in plain words."""

from viavolta.model.messages import text
from viavolta.reports.figure import section
from viavolta.reports.grid.facts import GridFacts
from viavolta.reports.grid.grade import grade_sentence
from viavolta.reports.grid.measures import has_strategies, kind_words
from viavolta.reports.grid.sentences import (
    bears,
    costs,
    fits,
    helps,
    in_sentence,
    lasting_needs,
    takes,
    when,
)
from viavolta.reports.markup import Content, Html, clip, join, tag
from viavolta.reports.numbers import number

_KINDS = 4


def council(facts: GridFacts) -> Html:
    """Build the section in plain words."""
    parts: list[Content] = []
    for question, said in questions(facts):
        parts.append(tag("h3", question))
        parts += [tag("p", one) for one in said]
    return section("council", text("In plain words"), *parts)


def questions(facts: GridFacts) -> list[tuple[str, list[Html]]]:
    """Give the questions that this study answers, each with its paragraphs."""
    asked = (
        (text("Can the grid take it?"), [bears(facts), fits(facts), takes(facts)]),
        (text("What does it cost?"), [costs(facts)]),
        (text("What must be built, and when?"), [_built(facts), when(facts)]),
        (
            text("Do smart charging and V2X help?"),
            [*(join(saving, " ") for saving in helps(facts)), _lasting(facts)],
        ),
        (text("How good are the figures?"), [Html(_sure(facts))]),
    )
    found = [(question, [one for one in said if one is not None]) for question, said in asked]
    return [(question, said) for question, said in found if said]


def _built(facts: GridFacts) -> Html | None:
    """Count the measures of uncontrolled charging by kind."""
    case = facts.plain if has_strategies(facts) else None
    frame = facts.table("measures", case)
    if frame is None:
        return Html(text("Nothing.")) if facts.has("measures") else None
    counted = frame.group_by("kind").len().sort(["len", "kind"], descending=[True, False])
    kinds = [
        text("{n} x {kind}", n=number(n), kind=kind_words(str(kind)))
        for kind, n in counted.head(_KINDS).iter_rows()
    ]
    rest = counted.height - _KINDS
    if rest > 0:
        kinds.append(text("{n} other kinds", n=rest))
    how = text("With {s}", s=in_sentence(case)) if case else text("Here")
    words = text("{how}: {kinds}.", how=how, kinds=", ".join(kinds))
    return join((words,))


def _lasting(facts: GridFacts) -> Html | None:
    """Say plainly where smart charging does not help."""
    listed = lasting_needs(facts)
    if not listed:
        return None
    named = [
        text("{kind} at {element}", kind=kind_words(str(k)), element=clip(e, 40))
        for k, e in ((one.get("kind"), one.get("element")) for one in listed[:_KINDS])
    ]
    rest = len(listed) - _KINDS
    if rest > 0:
        named.append(text("{n} more", n=number(rest)))
    n = len(listed)
    where = text("at one place") if n == 1 else text("at {n} places", n=number(n))
    return join(
        (text("Smart charging does not help {where}: {list}.", where=where, list=", ".join(named)),)
    )


def _sure(facts: GridFacts) -> str:
    return grade_sentence(facts.grade)
