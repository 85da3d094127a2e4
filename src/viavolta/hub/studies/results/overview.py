"""The first page: the answer, the key figures with their reasons, what limits their truth."""

from django.http import HttpRequest
from django.utils.safestring import mark_safe

from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.figures import cards
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.page import Page, results_page
from viavolta.hub.studies.results.verdict import verdict_of
from viavolta.reports.bus.answer import answer, kicker, notes

_NOTES_SHOWN = 4


@results_page("overview")
def overview(request: HttpRequest, scenario: Scenario, result: Result) -> Page:  # noqa: ARG001 - the signature of a page
    """Can our buses go electric, what does it cost, what must the grid do."""
    said = notes(result.facts)
    return {
        "kicker": kicker(result.facts),
        "answer": mark_safe(answer(result.facts)),  # noqa: S308 - reports.markup escapes all text
        "cards": cards(result),
        "notes": said[:_NOTES_SHOWN],
        "more_notes": said[_NOTES_SHOWN:],
        "verdict": verdict_of(result),
        "sheets": result.sheets(),
    }
