"""Pages of scenarios: the list, one to change with its quick estimate, and what is done to them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.maps import Layer, Map, Shape, point
from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Table
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.people.models import User
from viavolta.hub.studies import running, scenarios
from viavolta.hub.studies.changes import Change, change_words
from viavolta.hub.studies.estimates import QuickEstimate, quick_estimate
from viavolta.hub.studies.models import Scenario, Study
from viavolta.hub.studies.results.folder import Result, result_of
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.network import map_layers
from viavolta.hub.studies.results.shown import change, number, percent, signed
from viavolta.hub.studies.scenario_forms import ChangesForm, depots_of, initial_of
from viavolta.hub.studies.sharing import study_for, study_to_edit
from viavolta.reports.comparison.figures import FIGURES, figure_words
from viavolta.services.bus.estimate import LARGEST_ERROR_SHARE


@access(Access.PUBLIC)
def scenario_list(request: HttpRequest, slug: str) -> HttpResponseBase:
    """All scenarios of a study with their figures."""
    study = study_for(request, slug)
    edits = study.organisation_id is not None and _may_edit(request, study)
    listed = list(study.scenarios.all())
    with reader_of("UTC"):
        table = Table(
            request,
            RecordRows([_row(s) for s in listed]),
            _columns(study, is_editor=edits),
            name="scenarios",
            caption=_("Scenarios"),
        )
        if table.is_export:
            return table.export(f"{study.slug}-scenarios")
        context = {
            "title": study.title,
            "kicker": _("Scenarios"),
            "study": study,
            "table": table,
            "may_edit": edits,
            "n_results": sum(1 for s in listed if s.result_folder),
        }
        return render(request, "studies/scenarios/list.html", context)


@access(Access.EDITOR)
@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a scenario, and go on to what it changes."""
    study = study_to_edit(request, slug)
    try:
        scenario = scenarios.add_scenario(_user(request), study)
    except ValidationError as error:
        refused(request, error.messages[0])
        return HttpResponseRedirect(reverse("studies:scenarios", args=(slug,)))
    return HttpResponseRedirect(_place(scenario))


@access(Access.EDITOR)
def edit(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """What a scenario changes, with a quick estimate beside it."""
    study, scenario = _scenario(request, slug, scenario_id)
    baseline = scenarios.baseline_of(study)
    base_result = result_of(baseline)
    before = depots_of(baseline, base_result)
    is_stale = False
    if request.method == "POST" and not scenario.is_baseline:
        form = ChangesForm(request.POST, baseline=baseline, result=base_result)
        if form.is_valid():
            try:
                saved = scenarios.change_scenario(
                    _user(request), scenario, form.changes(before), seen=_seen(request)
                )
            except StaleEditError:
                is_stale = True
            else:
                if "run" in request.POST:
                    running.start_run(request.user, saved)
                    return HttpResponseRedirect(reverse("studies:run", args=(saved.pk,)))
                done(request, _("Saved."))
                return HttpResponseRedirect(_place(saved))
    else:
        initial = initial_of(scenario.changes, _depots_now(scenario, before))
        form = ChangesForm(initial=initial, baseline=baseline, result=base_result)
    fresh = Scenario.objects.get(pk=scenario.pk)
    with reader_of("UTC"):
        context = {
            "title": scenario.name,
            "kicker": study.title,
            "study": study,
            "scenario": fresh,
            "form": form,
            "is_stale": is_stale,
            "others_words": change_words(fresh.changes) if is_stale else [],
            "depots": form.depot_rows(),
            "map": _map(base_result, _points(form)),
            "estimate": estimate_rows(baseline, _asked(form, before, scenario.changes)),
            "crumbs": [
                (study.title, reverse("studies:scenarios", args=(slug,))),
                (scenario.name, ""),
            ],
        }
        return render(request, "studies/scenarios/edit.html", context)


@access(Access.EDITOR)
@require_POST
def estimate_part(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """The quick estimate for what stands in the form."""
    study, scenario = _scenario(request, slug, scenario_id)
    baseline = scenarios.baseline_of(study)
    base_result = result_of(baseline)
    form = ChangesForm(request.POST, baseline=baseline, result=base_result)
    before = depots_of(baseline, base_result)
    with reader_of("UTC"):
        context = {
            "estimate": estimate_rows(baseline, _asked(form, before, scenario.changes)),
            "scenario": scenario,
            "form": form,
        }
        return render(request, "studies/scenarios/estimate.html", context)


@access(Access.EDITOR)
@require_POST
def rename(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Give a scenario another name."""
    _study, scenario = _scenario(request, slug, scenario_id)
    name = request.POST.get("name", "").strip()[:120]
    if not name:
        refused(request, _("A scenario needs a name."))
    else:
        try:
            scenarios.rename_scenario(_user(request), scenario, name, seen=_seen(request))
            done(request, _("Saved."))
        except StaleEditError:
            refused(request, _("Somebody else changed this scenario; nothing was saved."))
    return HttpResponseRedirect(_place(scenario))


@access(Access.EDITOR)
@require_POST
def duplicate(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Add another scenario with the same changes."""
    _study, scenario = _scenario(request, slug, scenario_id)
    try:
        copied = scenarios.copy_scenario(_user(request), scenario)
    except ValidationError as error:
        refused(request, error.messages[0])
        return HttpResponseRedirect(_place(scenario))
    return HttpResponseRedirect(_place(copied))


@access(Access.EDITOR)
@require_POST
def delete(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Take a scenario away, with a way back."""
    study, scenario = _scenario(request, slug, scenario_id)
    try:
        scenarios.delete_scenario(_user(request), scenario)
    except ValidationError as error:
        refused(request, error.messages[0])
    else:
        undo = reverse("studies:scenario-restore", args=(slug, scenario.pk))
        done(request, _("Deleted: %(name)s") % {"name": scenario.name}, undo=undo)
    return HttpResponseRedirect(reverse("studies:scenarios", args=(study.slug,)))


@access(Access.EDITOR)
@require_POST
def restore(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Bring a deleted scenario back."""
    study = study_to_edit(request, slug)
    scenario = Scenario.every.filter(study=study, pk=scenario_id).first()
    if scenario is None:
        raise Http404
    scenarios.restore_scenario(_user(request), scenario)
    done(request, _("Back again: %(name)s") % {"name": scenario.name})
    return HttpResponseRedirect(reverse("studies:scenarios", args=(study.slug,)))


def estimate_rows(baseline: Scenario, changes: list[Change] | None) -> dict[str, Any]:
    """A quick estimate as the template shows it."""
    if changes is None:
        return {"message": _("Correct the form first.")}
    made = quick_estimate(baseline, changes)
    if made is None:
        return {"message": _("An estimate needs the result of the baseline.")}
    if isinstance(made, str):
        return {"message": made}
    return {
        "rows": [_estimated(key, made) for key in made.after if key in FIGURES],
        "infeasible": made.infeasible_trips,
        "took_s": number(made.took_s, 1),
    }


def _estimated(key: str, made: QuickEstimate) -> dict[str, Any]:
    figure = FIGURES[key]
    before, after = made.before[key], made.after[key]
    error = LARGEST_ERROR_SHARE.get(key)
    return {
        "label": figure_words()[key],
        "unit": figure.unit,
        "before": number(before, figure.digits),
        "after": number(after, figure.digits),
        "difference": signed(after - before, figure.digits),
        "change": change(after, before),
        "error": "" if error is None else f"±{percent(error)}",
        "tone": figure.tone(after - before),
    }


def _asked(
    form: ChangesForm, before: list[dict[str, Any]], saved: list[Change]
) -> list[Change] | None:
    if not form.is_bound:
        return saved
    return form.changes(before) if form.is_valid() else None


def _depots_now(scenario: Scenario, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    own = [c["value"] for c in scenario.changes if c["kind"] == "depots"]
    return own[-1] if own else before


def _map(result: Result | None, points: list[dict[str, Any]]) -> Map:
    """The lines of the baseline, and the depots as pins to drag."""
    lines = [] if result is None else map_layers(result)["lines"]["features"]
    pins = [point(p["lat"], p["lon"], id=str(p["n"]), name=p["name"]) for p in points]
    return Map(
        key="scenario",
        title=_("Depots"),
        layers=[
            Layer(key="lines", label="", shape=Shape.LINE, features=lines, colour="r-rest", size=2),
            Layer(key="depots", label="", shape=Shape.POINT, features=pins, is_draggable=True),
        ],
    )


def _points(form: ChangesForm) -> list[dict[str, Any]]:
    """Depots with coordinates, for the map."""
    points = []
    for row in form.depot_rows():
        try:
            points.append(
                {
                    "n": row["n"],
                    "name": row["name"],
                    "lat": float(row["lat"]),
                    "lon": float(row["lon"]),
                }
            )
        except (KeyError, ValueError):
            continue
    return points


def _row(scenario: Scenario) -> dict[str, Any]:
    summary = scenario.summary or {}
    return {
        "pk": scenario.pk,
        "name": scenario.name,
        "has_result": bool(scenario.result_folder),
        "changes": "; ".join(change_words(scenario.changes or [])),
    } | {key: summary.get(key) for key in FIGURES}


def _columns(study: Study, *, is_editor: bool) -> list[Column]:
    words = figure_words()

    def link(row: dict[str, Any]) -> str:
        if row["has_result"] or not is_editor:
            return reverse("studies:results-overview", args=(study.slug, row["pk"]))
        return reverse("studies:scenario", args=(study.slug, row["pk"]))

    columns = [
        Column(key="name", label=_("Scenario"), link=link),
        Column(key="changes", label=_("Changes to the baseline")),
        *(
            Column(
                key=key,
                label=words[key],
                kind=Kind.NUMBER,
                unit=figure.unit,
                digits=figure.digits,
                is_shown=figure.is_main,
            )
            for key, figure in FIGURES.items()
        ),
    ]
    if is_editor:
        edit_word = _("Change")
        columns.append(
            Column(
                key="edit",
                label="",
                value=lambda _row: edit_word,
                link=lambda row: reverse("studies:scenario", args=(study.slug, row["pk"])),
            )
        )
    return columns


def _scenario(request: HttpRequest, slug: str, scenario_id: int) -> tuple[Study, Scenario]:
    study = study_to_edit(request, slug)
    scenario = study.scenarios.filter(pk=scenario_id).first()
    if scenario is None:
        raise Http404
    scenario.study = study
    return study, scenario


def _may_edit(request: HttpRequest, study: Study) -> bool:
    try:
        study_to_edit(request, study.slug)
    except Http404:
        return False
    return True


def _place(scenario: Scenario) -> str:
    return reverse("studies:scenario", args=(scenario.study.slug, scenario.pk))


def _seen(request: HttpRequest) -> int:
    word = request.POST.get("version", "")
    return int(word) if word.isascii() and word.isdigit() else 0


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
