"""What every results page shares: the scenario, its tabs, the way back."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.people.access import role_in
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result, result_of
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.tables import StudyTable, asked_file
from viavolta.hub.studies.sharing import may_edit, scenario_for

SECTIONS = (
    ("overview", _("Overview")),
    ("map", _("Map")),
    ("buses", _("Buses")),
    ("power", _("Power")),
    ("grid", _("Grid")),
    ("costs", _("Costs and CO₂")),
    ("phase_in", _("Year by year")),
    ("robustness", _("How sure")),
    ("assumptions", _("Assumptions")),
    ("record", _("Record")),
    ("tables", _("Tables")),
)
"""Name in the address and label of each page, in the order of the tabs."""

OPTIONAL = ("grid", "phase_in", "robustness")
"""Pages that only studies with such a key in their summary have."""

Page = dict[str, Any]
Maker = Callable[[HttpRequest, Scenario, Result], Page]


def results_page(
    section: str,
) -> Callable[[Maker], Callable[[HttpRequest, str, int], HttpResponseBase]]:
    """Make a view of a function that fills one results page.

    The function returns the page's context; tables under "tables" can be had as files by the
    address. A scenario without a result gets the page that says so.
    """

    def mark(maker: Maker) -> Callable[[HttpRequest, str, int], HttpResponseBase]:
        @access(Access.PUBLIC)
        @wraps(maker)
        def view(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponseBase:
            scenario = scenario_for(request, slug, scenario_id)
            result = result_of(scenario)
            if result is None:
                return no_result(request, scenario)
            with reader_of(result.study.timezone):
                context = maker(request, scenario, result)
                tables: Sequence[StudyTable] = context.get("tables", ())
                file = asked_file(tables, stem(scenario))
                if file is not None:
                    return file
                context = around(request, scenario, section, result) | context
                return render(request, f"studies/results/{section}.html", context)

        return view

    return mark


def no_result(request: HttpRequest, scenario: Scenario) -> HttpResponse:
    """Say that the scenario has no result yet."""
    context = around(request, scenario, "overview", None)
    is_member = role_in(request.user, scenario.study.organisation) is not None
    context["run_url"] = reverse("studies:run", args=(scenario.pk,)) if is_member else ""
    return render(request, "studies/results/none.html", context)


def around(request: HttpRequest, scenario: Scenario, section: str, result: Result | None) -> Page:
    """The context that all pages of a scenario share."""
    study = scenario.study
    others = [s for s in study.scenarios.all() if s.result_folder or s.pk == scenario.pk]
    return {
        "title": study.title,
        "is_sample": study.is_sample,
        "study": study,
        "scenario": scenario,
        "scenarios": [(s, address(s, section), s.pk == scenario.pk) for s in others],
        "result": result,
        "section": section,
        "may_edit": may_edit(request.user, study),
        "tabs": [
            (label, address(scenario, name), name == section)
            for name, label in SECTIONS
            if name not in OPTIONAL or (result is not None and result.summary.get(name))
        ],
    }


def address(scenario: Scenario, section: str = "overview") -> str:
    """Where a page of a scenario's results stands."""
    return reverse(f"studies:results-{section}", args=(scenario.study.slug, scenario.pk))


def stem(scenario: Scenario) -> str:
    """How files of a scenario begin."""
    return f"{scenario.study.slug}-{scenario.pk}"
