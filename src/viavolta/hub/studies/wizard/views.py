"""The pages of a new study: begin, five steps, summary, start."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.guide.entries import field_guide
from viavolta.hub.people.access import organisations_of, require
from viavolta.hub.people.models import Role
from viavolta.hub.studies import queries
from viavolta.hub.studies.models import Draft, UploadKind
from viavolta.hub.studies.wizard import drafts
from viavolta.hub.studies.wizard.answers import Answers, catalogue
from viavolta.hub.studies.wizard.forms import (
    SAMPLE,
    DepotsBase,
    FleetForm,
    GridForm,
    PlaceForm,
    PricesForm,
    StartForm,
    depot_forms,
)
from viavolta.hub.studies.wizard.pictures import depots_map, town_map
from viavolta.hub.studies.wizard.places import towns
from viavolta.hub.studies.wizard.sample import sample_feed, sample_study
from viavolta.hub.studies.wizard.steps import LABELS, ORDER, SUMMARY, Step, after, before
from viavolta.hub.studies.wizard.summary import command_text, estimate_minutes, summary_rows
from viavolta.model.errors import PlatformError

_UPLOADS = {
    Step.PLACE: (UploadKind.FEED,),
    Step.FLEET: (UploadKind.ELEVATION, UploadKind.WEATHER),
    Step.GRID: (UploadKind.GRID,),
    Step.PRICES: (UploadKind.CONFIG,),
}


@access(Access.SIGNED_IN)
def new_study(request: HttpRequest) -> HttpResponse:
    """For which organisation is the study? With one there is nothing to ask."""
    mine = list(organisations_of(request.user, Role.EDITOR))
    if not mine:
        return render(request, "studies/new/no_organisation.html", {"title": _("New study")})
    asked = request.POST.get("organisation", "")
    chosen = next((o for o in mine if str(o.pk) == asked), None)
    if request.method == "POST":
        if chosen is None and (asked or len(mine) > 1):
            raise Http404
        draft = drafts.begin_draft(request.user, chosen or mine[0])
        return redirect("studies:step", draft.pk, Step.PLACE)
    return render(
        request,
        "studies/new/begin.html",
        {
            "title": _("New study"),
            "lead": _("Five steps, each with a default: you can go on at once."),
            "organisations": mine,
            "drafts": queries.drafts_of(request.user)[:10],
        },
    )


@require_POST
@access(Access.SIGNED_IN)
def sample(request: HttpRequest) -> HttpResponse:
    """The sample city as a study of my organisation, started."""
    mine = organisations_of(request.user, Role.EDITOR)
    asked = request.POST.get("organisation", "")
    organisation = mine.filter(pk=asked).first() if asked.isdecimal() else mine.first()
    if organisation is None:
        return render(request, "studies/new/no_organisation.html", {"title": _("New study")})
    scenario = sample_study(request.user, organisation)
    return redirect("studies:run", scenario.pk)


@access(Access.EDITOR)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step of a new study."""
    if name not in set(ORDER):
        raise Http404
    draft = queries.draft_for(request.user, pk)
    if draft.study_id is not None:
        return _started(draft)
    at = Step(name)
    form = _form(request, draft, at, data=request.POST if request.method == "POST" else None)
    conflict: list[tuple[Any, str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            answer = _answer(request, draft, form)
            seen = request.POST.get("version", "")
            drafts.save_step(
                request.user, draft, at, answer, seen=int(seen) if seen.isdecimal() else 0
            )
        except StaleEditError:
            draft = queries.draft_for(request.user, pk)
            conflict = _conflict(at, answer, Answers(draft).of(at))
        else:
            return redirect(_address(draft, after(at)))
    status = 409 if conflict else 422 if request.method == "POST" else 200
    return render(
        request,
        f"studies/new/{at.value}.html",
        {**_context(request, draft, at), "form": form, "conflict": conflict},
        status=status,
    )


def _form(request: HttpRequest, draft: Draft, at: Step, *, data: Any) -> Any:
    answers, own = Answers(draft), draft.organisation
    match at:
        case Step.PLACE:
            feeds = [f for f in queries.usable(own, UploadKind.FEED) if not f.is_sample]
            return PlaceForm(answers, feeds, data, asked=request.GET.get("feed", ""))
        case Step.FLEET:
            return FleetForm(
                answers,
                catalogue(),
                tiles=queries.usable(own, UploadKind.ELEVATION),
                years=queries.usable(own, UploadKind.WEATHER),
                data=data,
            )
        case Step.SITES:
            return depot_forms(answers, data)
        case Step.GRID:
            return GridForm(answers, queries.usable(own, UploadKind.GRID), data)
        case Step.PRICES:
            return PricesForm(
                answers, catalogue(), queries.usable(own, UploadKind.CONFIG), data=data
            )


def _answer(request: HttpRequest, draft: Draft, form: Any) -> dict[str, Any]:
    if isinstance(form, DepotsBase):
        changed = form.has_changed() or Answers(draft).has_own_depots
        return {"depots": form.rows() if changed else []}
    answer: dict[str, Any] = form.answer()
    if isinstance(form, PlaceForm):
        if answer["feed"] == SAMPLE:
            person = require(request.user, draft.organisation, Role.EDITOR)
            answer["feed"] = sample_feed(person, draft.organisation).pk
        answer["feed"] = int(answer["feed"])
        answer["title"] = answer["title"] or _default_title(draft, answer)
    return answer


def _default_title(draft: Draft, answer: Mapping[str, Any]) -> str:
    """The study's name where she gave none: its town, else the operator."""
    trial = Draft(organisation=draft.organisation, answers={Step.PLACE.value: dict(answer)})
    answers = Answers(trial)
    town = answers.place
    name = town.name if town is not None else str(answers.facts.get("agency", ""))
    return _("%(place)s: electric buses") % {"place": name} if name else _("Electric buses")


def _conflict(
    at: Step, mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[tuple[Any, str, str]]:
    return [(LABELS[at], _lines(mine), _lines(theirs))]


def _lines(answer: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in answer.items() if value not in (None, ""))


def _context(request: HttpRequest, draft: Draft, at: Step) -> dict[str, Any]:
    answers = Answers(draft)
    back = before(at)
    context: dict[str, Any] = {
        "title": LABELS[at],
        "kicker": answers.title or _("New study"),
        "draft": draft,
        "answers": answers,
        "step": at,
        "steps": _steps(answers, at),
        "back": _address(draft, back) if back else "",
        "here": _address(draft, at),
        "uploads": [
            upload
            for kind in _UPLOADS.get(at, ())
            for upload in queries.recent(draft.organisation, kind, most=3)
        ],
        "upload_kinds": _UPLOADS.get(at, ()),
        "organisation": draft.organisation,
    }
    if at is Step.PLACE:
        found = towns(request)
        context |= {**found, "town_map": town_map(found["town"])}
    if at is Step.SITES:
        context["map"] = depots_map(answers)
        context["guides"] = [field_guide(key) for key in ("depot", "connection", "points")]
        context["is_wide"] = True
    return context


def _steps(answers: Answers, at: str) -> list[tuple[Any, str]]:
    shown = [
        (LABELS[one], "now" if one == at else "done" if answers.is_done(one) else "")
        for one in ORDER
    ]
    return [*shown, (_("Summary"), "now" if at == SUMMARY else "")]


def _address(draft: Draft, name: str) -> str:
    if name == SUMMARY:
        return reverse("studies:summary", args=[draft.pk])
    return reverse("studies:step", args=[draft.pk, str(name)])


@access(Access.EDITOR)
def summary(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be computed, how long it takes, and the start."""
    draft = queries.draft_for(request.user, pk)
    if draft.study_id is not None:
        return _started(draft)
    answers = Answers(draft)
    if answers.feed is None:
        notices.careful(request, _("Choose a timetable first."))
        return redirect(_address(draft, Step.PLACE))
    form, error = StartForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            scenario = drafts.start_draft(request.user, draft, effort=form.effort_chosen())
        except PlatformError as refused:
            error = refused.as_dict()
        except drafts.UnfinishedError as refused:
            notices.refused(request, str(refused))
            return redirect(_address(draft, Step.PLACE))
        else:
            return redirect("studies:run", scenario.pk)
    return render(
        request,
        "studies/new/summary.html",
        {
            "title": _("Summary"),
            "kicker": answers.title,
            "draft": draft,
            "answers": answers,
            "steps": _steps(answers, SUMMARY),
            "back": _address(draft, Step.PRICES),
            "rows": summary_rows(answers),
            "minutes": estimate_minutes(answers),
            "command": command_text(answers),
            "form": form,
            "error": error,
        },
        status=422 if request.method == "POST" else 200,
    )


def _started(draft: Draft) -> HttpResponse:
    study = draft.study
    baseline = None if study is None else study.scenarios.filter(is_baseline=True).first()
    return redirect("studies:list") if baseline is None else redirect("studies:run", baseline.pk)


@require_POST
@access(Access.EDITOR)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    drafts.remove_draft(request.user, queries.draft_for(request.user, pk))
    notices.done(request, _("The draft is thrown away."))
    return redirect("studies:list")
