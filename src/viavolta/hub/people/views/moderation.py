"""Reports by users, the moderators' desk, and the log of what happened."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.models import Event
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import visitor
from viavolta.hub.people.forms import DecisionForm, ReportForm
from viavolta.hub.people.models import Organisation, Report, ReportReason, ReportState
from viavolta.hub.people.moderation import decide, report, reportable, show_again


@access(Access.SIGNED_IN)
def report_thing(request: HttpRequest, reported_kind: str, reported_id: int) -> HttpResponse:
    """Tell the moderators what is wrong with something."""
    kind = reportable(reported_kind)
    thing = kind.find(request, reported_id) if kind else None
    if kind is None or thing is None:
        raise Http404
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        report(visitor(request), kind, thing, **form.cleaned_data)
        done(request, _("Thank you. The moderators will look at it."))
        return redirect(kind.address(thing))
    context = {
        "title": _("Report: %(title)s") % {"title": thing},
        "form": form,
        "cancel_url": kind.address(thing),
    }
    return render(request, "people/form.html", context)


@access(Access.MODERATOR)
@require_safe
def desk(request: HttpRequest) -> HttpResponseBase:
    """Reports, the open ones first."""
    table = Table(
        request,
        QueryRows(Report.objects.all(), search=("title", "text")),
        (
            Column(
                key="title",
                label=gettext_lazy("what"),
                link=lambda row: reverse("moderation-report", args=(row.pk,)),
            ),
            Column(
                key="reason",
                label=gettext_lazy("reason"),
                value=lambda row: row.get_reason_display(),
                sort="reason",
            ),
            Column(
                key="state",
                label=gettext_lazy("state"),
                value=lambda row: row.get_state_display(),
                sort="state",
            ),
            Column(key="at", label=gettext_lazy("when"), kind=Kind.MOMENT),
        ),
        caption=_("Reports"),
        sort="state",
        filters=(_choice("state", ReportState.choices), _choice("reason", ReportReason.choices)),
        empty=Empty(title=_("No reports")),
    )
    if table.is_export:
        return table.export("reports")
    return render(request, "people/table.html", {"title": _("Moderation"), "table": table})


def _choice(key: str, choices: Any) -> Filter:
    def keep(rows: QueryRows, choice: str) -> QueryRows:
        return QueryRows(rows.query.filter(**{key: choice}), search=rows.search)

    labels = {"state": gettext_lazy("state"), "reason": gettext_lazy("reason")}
    return Filter(key=key, label=labels[key], choices=choices, keep=keep)


@access(Access.MODERATOR)
def one_report(request: HttpRequest, report: int) -> HttpResponse:
    """One report with the thing it is about; hide it, or find no fault."""
    row = get_object_or_404(Report, pk=report)
    kind = reportable(row.kind)
    thing = kind.find(request, row.object_id) if kind else None
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and thing is not None and form.is_valid():
        decide(
            visitor(request),
            row,
            thing,
            hide=request.POST.get("hide") == "yes",
            **form.cleaned_data,
        )
        done(request, _("Decided."), undo=reverse("moderation-show", args=(row.pk,)))
        return redirect("moderation")
    address = kind.address(thing) if kind is not None and thing is not None else ""
    context = {"title": row.title, "report": row, "address": address, "form": form}
    return render(request, "people/report.html", context)


@access(Access.MODERATOR)
@require_POST
def show(request: HttpRequest, report: int) -> HttpResponse:
    """Take a decision back."""
    row = get_object_or_404(Report, pk=report)
    kind = reportable(row.kind)
    thing = kind.find(request, row.object_id) if kind else None
    if thing is None:
        raise Http404
    show_again(visitor(request), row, thing)
    done(request, _("It is shown again and the report is open."))
    return redirect("moderation-report", row.pk)


@access(Access.MODERATOR)
@require_safe
def log(request: HttpRequest) -> HttpResponseBase:
    """What happened: the append-only record, filtered and exported."""
    names = dict(Organisation.objects.values_list("pk", "name"))
    verbs = Event.objects.order_by("verb").values_list("verb", flat=True).distinct()
    table = Table(
        request,
        QueryRows(
            Event.objects.select_related("actor"), search=("verb", "subject_kind", "actor__name")
        ),
        (
            Column(key="at", label=gettext_lazy("when"), kind=Kind.MOMENT),
            Column(key="actor", label=gettext_lazy("who"), sort="actor__name"),
            Column(key="verb", label=gettext_lazy("what")),
            Column(
                key="organisation_id",
                label=gettext_lazy("organisation"),
                value=lambda row: names.get(row.organisation_id, row.organisation_id),
                sort="organisation_id",
            ),
            Column(key="subject_kind", label=gettext_lazy("kind")),
            Column(key="subject_id", label=gettext_lazy("number")),
            Column(key="detail", label=gettext_lazy("details"), value=lambda row: row.detail or ""),
        ),
        caption=_("Log"),
        sort="-at",
        filters=(
            Filter(
                key="verb",
                label=gettext_lazy("what"),
                choices=[(verb, verb) for verb in verbs],
                keep=lambda rows, choice: QueryRows(
                    rows.query.filter(verb=choice), search=rows.search
                ),
            ),
        ),
        page_size=50,
    )
    if table.is_export:
        return table.export("log")
    return render(request, "people/table.html", {"title": _("Log"), "table": table})
