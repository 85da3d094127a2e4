"""Sessions of a lab, its figures and what the funder gets."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.calendar import attendance
from viavolta.hub.collaborate.views.calendar import facts_from
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.pages import form_page
from viavolta.hub.labs.actions.labs import change_session, plan_session, require_host
from viavolta.hub.labs.export import Sheet, sheet
from viavolta.hub.labs.forms import OutcomesForm, PeriodForm, SessionForm
from viavolta.hub.labs.models import LabSession
from viavolta.hub.labs.periods import days_of, period_of
from viavolta.hub.labs.queries import figures as count
from viavolta.hub.labs.queries import is_host, labs, published_practices, sessions


@access(Access.PUBLIC)
def session(request: HttpRequest, session_id: int) -> HttpResponseBase:
    """A session: agenda, outcomes, how many came."""
    row = get_object_or_404(sessions(), pk=session_id)
    return render(
        request,
        "labs/session.html",
        {
            "title": row.gathering.title,
            "is_sample": row.lab.is_sample,
            "crumbs": [
                (_("Living labs"), reverse("labs")),
                (row.lab.name, row.lab.get_absolute_url()),
                (row.gathering.title, ""),
            ],
            "session": row,
            "hosts_it": is_host(request.user, row.lab),
            "attendance": attendance(row.gathering),
            "practices": published_practices().filter(session=row),
        },
    )


@access(Access.LAB_HOST)
def new_session(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Plan a session."""
    user, lab = person_of(request), get_object_or_404(labs(), slug=slug)
    require_host(user, lab)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = plan_session(
            user,
            lab,
            cleaned["organisation"],
            facts_from(cleaned),
            agenda=cleaned["agenda"],
        )
        return reverse("lab-session", args=(made.pk,)), _("The session is in the calendar.")

    return form_page(
        request,
        SessionForm(user, request.POST or None),
        save,
        title=_("Plan a session"),
        lead=lab.name,
        cancel_url=lab.get_absolute_url(),
    )


@access(Access.LAB_HOST)
def edit_session(request: HttpRequest, session_id: int) -> HttpResponseBase:
    """Write agenda and outcomes."""
    user, row = person_of(request), get_object_or_404(sessions(), pk=session_id)
    require_host(user, row.lab)
    page = reverse("lab-session", args=(session_id,))

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        seen = cleaned.pop("version")
        change_session(user, row, **cleaned, seen=seen)
        return page, _("Saved.")

    return form_page(
        request,
        OutcomesForm(request.POST or None, initial=_facts(row)),
        save,
        current=lambda: _current(session_id),
        title=row.gathering.title,
        cancel_url=page,
    )


def _current(session_id: int) -> tuple[LabSession, dict[str, Any]]:
    row = LabSession.objects.get(pk=session_id)
    return row, _facts(row)


def _facts(row: LabSession) -> dict[str, Any]:
    return {"agenda": row.agenda, "outcomes": row.outcomes, "version": row.version}


@access(Access.LAB_HOST)
def figures(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The lab in figures for a period, with the tables to download."""
    user, lab = person_of(request), get_object_or_404(labs(), slug=slug)
    require_host(user, lab)
    since, until = days_of(*_wanted(request))
    return render(
        request,
        "labs/figures.html",
        {
            "title": _("Figures for the funder"),
            "crumbs": [
                (_("Living labs"), reverse("labs")),
                (lab.name, lab.get_absolute_url()),
                (_("Figures for the funder"), ""),
            ],
            "lab": lab,
            "figures_of_lab": count(lab, *period_of(since, until)),
            "form": PeriodForm(initial={"since": since, "until": until}),
            "period": f"since={since}&until={until}",
        },
    )


@access(Access.LAB_HOST)
def figures_file(request: HttpRequest, slug: str, which: str) -> HttpResponse:
    """One of the funder's tables as CSV."""
    user, lab = person_of(request), get_object_or_404(labs(), slug=slug)
    require_host(user, lab)
    if which not in set(Sheet):
        raise Http404
    answer = HttpResponse(
        sheet(lab, Sheet(which), *period_of(*_wanted(request))),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = f'attachment; filename="{lab.slug}-{which}.csv"'
    return answer


def _wanted(request: HttpRequest) -> tuple[date | None, date | None]:
    """The days the address asks for."""
    form = PeriodForm(request.GET)
    return (
        (form.cleaned_data["since"], form.cleaned_data["until"])
        if form.is_valid()
        else (None, None)
    )
