"""The answer to "why?" at each figure: the rule, what binds, what one unit more is worth."""

from viavolta.model.messages import text
from viavolta.reports.grid.facts import GridFacts
from viavolta.reports.grid.grade import grade_sentence
from viavolta.reports.markup import Html, fill, tag


def why_of(facts: GridFacts, key: str, rule: str) -> Html:
    """Fold the reasons of a figure away: those of the study first, then where it comes from."""
    why = facts.reasons.get(key)
    lines = [tag("p", rule), tag("p", grade_sentence(facts.grade))]
    if why is not None:
        lines.insert(0, tag("p", why.statement))
        if why.binds:
            lines.append(tag("p", fill(text("What binds: {binds}"), binds=why.binds)))
        if why.one_more:
            lines.append(tag("p", fill(text("One more: {worth}"), worth=why.one_more)))
    return tag("details", tag("summary", text("Why?")), *lines, class_="why")
