"""Watching a run: how far it is, how long it takes, stop it, go on with it, why it failed."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.people.access import may
from viavolta.hub.people.models import Role
from viavolta.hub.studies import queries, running
from viavolta.hub.studies.models import Scenario, UploadKind
from viavolta.storage.tables.models import HELD, Run, RunState

STAGES = {
    "read": _("read the files"),
    "blocks": _("put buses and trips together"),
    "charging": _("plan the charging"),
    "alternatives": _("other plans beside it"),
    "costs": _("costs and carbon"),
    "sensitivities": _("what the cost hangs on"),
    "robustness": _("how sure the plan is"),
    "grid": _("strain on the grid"),
    "tables": _("tables"),
    "report": _("report"),
}
"""Stages as `viavolta plan bus` tells them, in order."""
_WEIGHTS = {
    "read": 0.05,
    "blocks": 0.3,
    "charging": 0.3,
    "alternatives": 0.15,
    "costs": 0.02,
    "sensitivities": 0.06,
    "robustness": 0.05,
    "grid": 0.1,
    "tables": 0.02,
    "report": 0.06,
}
"""Shares of a run's time that the stages usually take."""
_ADVICE = {
    "connection-too-small": _("Raise the limit of the depot's connection, or add a depot."),
    "depot-too-small": _("Allow more charging points at the depot, or add a depot."),
    "run-too-long": _("Choose less effort, or a smaller network."),
    "run-too-large": _("Choose less effort, or a smaller network."),
    "run-lost": _("Go on with it: what was finished is kept."),
}


@access(Access.READER)
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A run from its start to its end."""
    scenario = queries.scenario_to_run(request.user, pk)
    return render(request, "studies/run.html", _context(request, scenario))


@access(Access.READER)
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes, asked for again while the run goes on."""
    scenario = queries.scenario_to_run(request.user, pk)
    context = _context(request, scenario)
    answer = render(request, "studies/run_progress.html", context)
    run: Run | None = context["run"]
    if run is not None and run.state == RunState.DONE and request.headers.get("HX-Request"):
        answer.headers["HX-Redirect"] = context["done_url"]
    return answer


def _context(request: HttpRequest, scenario: Scenario) -> dict[str, Any]:
    run = running.run_of(scenario)
    study = scenario.study
    files = running.uploads_of(scenario)
    return {
        "title": study.title,
        "kicker": scenario.name,
        "is_sample": study.is_sample,
        "crumbs": [(_("Studies"), reverse("studies:list")), (study.title, "")],
        "scenario": scenario,
        "study": study,
        "run": run,
        "is_editor": may(request.user, study.organisation, Role.EDITOR),
        "command": running.command_of(scenario).shown() if files else "",
        "config": running.config_text(scenario.config),
        "config_name": running.CONFIG_NAME,
        "done_url": reverse("studies:results-overview", args=[study.slug, scenario.pk]),
        **(_progress(run, scenario) if run is not None else {}),
    }


def _progress(run: Run, scenario: Scenario) -> dict[str, Any]:
    has_grid = any(file.kind == UploadKind.GRID for file in running.uploads_of(scenario))
    names = [name for name in STAGES if has_grid or name != "grid"]
    share = _share(run, names)
    elapsed = _elapsed_s(run)
    left = None
    if run.state in HELD and elapsed and share > 0.05:  # noqa: PLR2004 - too early to tell
        left = round(elapsed * (1 - share) / share)
    return {
        "stages": [(STAGES[name], _stage_state(run, names, name)) for name in names],
        "share": share,
        "percent": round(share * 100),
        "elapsed": None if elapsed is None else _duration(elapsed),
        "left": None if left is None else _duration(left),
        "is_moving": not run.is_ended,
        "ahead": _ahead(run),
        "advice": _ADVICE.get((run.error or {}).get("code", ""), ""),
    }


def _share(run: Run, names: list[str]) -> float:
    if run.state == RunState.DONE:
        return 1.0
    if run.stage not in names:
        return 0.0
    total = sum(_WEIGHTS[name] for name in names)
    before = sum(_WEIGHTS[name] for name in names[: names.index(run.stage)])
    within = _WEIGHTS[run.stage] * min(max(run.share_done, 0.0), 1.0)
    return (before + within) / total


def _stage_state(run: Run, names: list[str], name: str) -> str:
    if run.state == RunState.DONE:
        return "is-done"
    if run.stage not in names:
        return ""
    at, here = names.index(run.stage), names.index(name)
    if here < at:
        return "is-done"
    if here > at:
        return ""
    return "is-failed" if run.state == RunState.FAILED else "is-now"


def _elapsed_s(run: Run) -> float | None:
    if run.started_at is None:
        return None
    return ((run.ended_at or timezone.now()) - run.started_at).total_seconds()


def _duration(seconds: float) -> str:
    """Minutes and seconds, hours in front where there are any."""
    text = str(dt.timedelta(seconds=round(seconds)))
    return text.removeprefix("0:")


def _ahead(run: Run) -> int | None:
    """How many long runs wait or are under way in front of one that waits."""
    if run.state != RunState.QUEUED:
        return None
    others = Run.objects.filter(is_quick=run.is_quick).exclude(pk=run.pk)
    waiting = others.filter(state=RunState.QUEUED, queued_at__lt=run.queued_at).count()
    return waiting + others.filter(state__in=HELD).count()


@require_POST
@access(Access.EDITOR)
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a run."""
    scenario = queries.scenario_to_run(request.user, pk)
    running.cancel_run(request.user, scenario)
    notices.done(request, _("The run is being stopped; what is finished of it is kept."))
    return redirect("studies:run", pk)


@require_POST
@access(Access.EDITOR)
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a run that was stopped or failed."""
    scenario = queries.scenario_to_run(request.user, pk)
    running.resume_run(request.user, scenario)
    return redirect("studies:run", pk)


@require_POST
@access(Access.EDITOR)
def run_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute a scenario anew, with the files and figures it has now."""
    scenario = queries.scenario_to_run(request.user, pk)
    running.start_run(request.user, scenario)
    return redirect("studies:run", pk)
