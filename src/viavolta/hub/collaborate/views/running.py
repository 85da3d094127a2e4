"""Running an event: groups, attendance, minutes, follow-up tasks."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.actions.calendar import (
    assign_groups,
    keep_minutes,
    note_attendance,
    set_groups,
    spread_over_groups,
)
from viavolta.hub.collaborate.actions.tasks import finish_task, set_task
from viavolta.hub.collaborate.forms.calendar import GroupsForm, MinutesForm, TaskForm
from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.calendar import gatherings, registrations_of, tasks_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Role

MOST_OTHERS = 100_000


def _mine_to_run(request: HttpRequest, slug: str) -> Gathering:
    gathering = get_object_or_404(gatherings(), slug=slug)
    require(request.user, gathering.organisation, Role.EDITOR)
    return gathering


@access(Access.EDITOR)
def people(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Who comes, in which group; who came."""
    row = _mine_to_run(request, slug)
    groups = list(row.groups.all())
    return render(
        request,
        "collaborate/people.html",
        {
            "title": _("Participants"),
            "crumbs": [
                (_("Events"), reverse("events")),
                (row.title, row.get_absolute_url()),
                (_("Participants"), ""),
            ],
            "event": row,
            "people": registrations_of(row),
            "groups": groups,
            "groups_form": GroupsForm(initial={"topics": "\n".join(g.topic for g in groups)}),
        },
    )


@require_POST
@access(Access.EDITOR)
def groups(request: HttpRequest, slug: str) -> HttpResponse:
    """Name the breakout groups."""
    row = _mine_to_run(request, slug)
    form = GroupsForm(request.POST)
    topics = form.cleaned_data["topics"] if form.is_valid() else []
    return act(
        request,
        lambda: set_groups(person_of(request), row, topics),
        _("Saved."),
        back=reverse("event-people", args=(slug,)),
    )


@require_POST
@access(Access.EDITOR)
def spread(request: HttpRequest, slug: str) -> HttpResponse:
    """Spread all registered over the groups."""
    row = _mine_to_run(request, slug)
    return act(
        request,
        lambda: spread_over_groups(person_of(request), row),
        _("Everybody is in a group."),
        back=reverse("event-people", args=(slug,)),
    )


@require_POST
@access(Access.EDITOR)
def note_people(request: HttpRequest, slug: str) -> HttpResponse:
    """Save groups and attendance as the table says."""
    row = _mine_to_run(request, slug)
    places: dict[int, int | None] = {}
    for key in request.POST:
        name, _dash, number = key.partition("-")
        if name == "group" and number.isdecimal():
            group = request.POST.get(key, "")
            places[int(number)] = int(group) if group.isdecimal() else None
    present = [int(key) for key in request.POST.getlist("attended") if key.isdecimal()]
    others = request.POST.get("others", "0")

    def save() -> None:
        assign_groups(person_of(request), row, places)
        note_attendance(
            person_of(request),
            row,
            present,
            others=min(int(others), MOST_OTHERS) if others.isdecimal() else 0,
        )

    return act(request, save, _("Saved."), back=reverse("event-people", args=(slug,)))


@access(Access.EDITOR)
def minutes(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Write the minutes."""
    row = _mine_to_run(request, slug)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        keep_minutes(person_of(request), row, minutes=cleaned["minutes"], seen=cleaned["version"])
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        MinutesForm(request.POST or None, initial=_written(row)),
        save,
        current=lambda: _current(slug),
        title=_("Minutes"),
        lead=row.title,
        cancel_url=row.get_absolute_url(),
    )


def _current(slug: str) -> tuple[Gathering, dict[str, Any]]:
    row = Gathering.objects.get(slug=slug)
    return row, _written(row)


def _written(row: Gathering) -> dict[str, Any]:
    return {"minutes": row.minutes, "version": row.version}


@access(Access.EDITOR)
def new_task(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give somebody a task."""
    row = _mine_to_run(request, slug)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        set_task(
            person_of(request),
            row,
            text=cleaned["text"],
            owner=cleaned["owner"],
            due_on=cleaned["due_on"],
        )
        return row.get_absolute_url() + "#tasks", _("The task is set.")

    return form_page(
        request,
        TaskForm(row, request.POST or None),
        save,
        title=_("New task"),
        lead=row.title,
        cancel_url=row.get_absolute_url(),
    )


@require_POST
@access(Access.SIGNED_IN)
def tick_task(request: HttpRequest, task_id: int) -> HttpResponse:
    """Tick a task off, or open it again."""
    task = get_object_or_404(tasks_of(person_of(request)), pk=task_id)
    is_done = task.done_at is None
    return act(
        request,
        lambda: finish_task(person_of(request), task, is_done=is_done),
        _("Done.") if is_done else _("The task is open again."),
        back=reverse("tasks"),
        undo=reverse("task-tick", args=(task_id,)) if is_done else "",
    )


def _by_state(rows: QueryRows, choice: str) -> QueryRows:
    return QueryRows(rows.query.filter(done_at__isnull=choice == "open"), search=rows.search)


@access(Access.SIGNED_IN)
def tasks(request: HttpRequest) -> HttpResponseBase:
    """Tasks the person owns or follows."""
    table = Table(
        request,
        QueryRows(tasks_of(person_of(request)), search=("text", "gathering__title")),
        (
            Column(
                key="text",
                label=_("Task"),
                link=lambda row: row.gathering.get_absolute_url() + "#tasks",
            ),
            Column(
                key="owner",
                label=_("Owner"),
                value=lambda row: row.owner.name if row.owner else "",
                sort="owner__name",
            ),
            Column(key="due_on", label=_("Due"), kind=Kind.DAY),
            Column(key="done_at", label=_("Done"), kind=Kind.DAY),
            Column(key="event", label=_("Event"), value=lambda row: row.gathering.title),
        ),
        sort="due_on",
        caption=_("Tasks"),
        filters=(
            Filter(
                key="state",
                label=_("State"),
                choices=(("open", _("open")), ("done", _("done"))),
                keep=_by_state,
            ),
        ),
        empty=Empty(title=_("No tasks"), text=_("Follow-up tasks of events stand here.")),
    )
    if table.is_export:
        return table.export("tasks")
    return render(request, "collaborate/list.html", {"title": _("Tasks"), "table": table})
