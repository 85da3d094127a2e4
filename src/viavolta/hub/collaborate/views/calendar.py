"""The calendar: list, month, iCalendar, one event."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.actions.calendar import (
    GatheringFacts,
    cancel_gathering,
    change_gathering,
    plan_gatherings,
    register,
    unregister,
)
from viavolta.hub.collaborate.columns import page_of, sample_column, segment_column, segment_filter
from viavolta.hub.collaborate.forms.calendar import GatheringForm
from viavolta.hub.collaborate.ical import MEDIA_TYPE, calendar_of
from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.pages import acting_page, person_of
from viavolta.hub.collaborate.queries.calendar import (
    attendance,
    gatherings,
    may_look_inside,
    may_run,
    month,
    registrations_of,
)
from viavolta.hub.collaborate.templatetags.collaborate import when
from viavolta.hub.collaborate.views.collaborations import tabs
from viavolta.hub.collaborate.words import SEGMENTS
from viavolta.hub.collaborate.zones import Rhythm, wall_time
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import organisations_of, require
from viavolta.hub.people.models import Role

YEARS = range(2000, 2100)


def _by_time(rows: QueryRows, choice: str) -> QueryRows:
    now = timezone.now()
    narrowed = {
        "coming": rows.query.filter(ends_at__gte=now),
        "past": rows.query.filter(ends_at__lt=now),
    }
    return QueryRows(narrowed[choice], search=rows.search)


@access(Access.PUBLIC)
def events(request: HttpRequest) -> HttpResponseBase:
    """All events as a list."""
    table = Table(
        request,
        QueryRows(gatherings(), search=("title", "about", "place")),
        (
            Column(key="starts_at", label=_("When"), value=when, sort="starts_at"),
            Column(key="title", label=_("Title"), link=page_of),
            Column(key="organisation", label=_("Organisation"), sort="organisation__name"),
            segment_column(),
            Column(key="place", label=_("Place")),
            Column(key="n_registered", label=_("Registered"), kind=Kind.NUMBER),
            Column(key="cancelled", label=_("cancelled"), kind=Kind.YES_NO, is_shown=False),
            sample_column(),
        ),
        sort="-starts_at",
        caption=_("Events"),
        filters=(
            segment_filter(),
            Filter(
                key="time",
                label=_("Time"),
                choices=(("coming", _("to come")), ("past", _("past"))),
                keep=_by_time,
            ),
        ),
        empty=Empty(title=_("No events yet"), url=reverse("event-new"), label=_("Plan an event")),
    )
    if table.is_export:
        return table.export("events")
    return render(
        request,
        "collaborate/events.html",
        {"title": _("Events"), "table": table, "tabs": tabs("events")},
    )


@access(Access.PUBLIC)
def month_view(request: HttpRequest) -> HttpResponseBase:
    """A month of events; `?month=2027-10`."""
    today = timezone.localdate()
    first = today.replace(day=1)
    wanted = request.GET.get("month", "")
    if wanted:
        try:
            first = date.fromisoformat(f"{wanted}-01")
        except ValueError as error:
            raise Http404 from error
    if first.year not in YEARS:
        raise Http404
    return render(
        request,
        "collaborate/month.html",
        {
            "title": _("Events"),
            "tabs": tabs("events"),
            "first": first,
            "weeks": month(first.year, first.month),
            "today": today,
            "before": _month_on(first, -1),
            "after": _month_on(first, 1),
        },
    )


def _month_on(first: date, n: int) -> str:
    year, number = divmod(first.year * 12 + first.month - 1 + n, 12)
    return f"{year:04}-{number + 1:02}"


@access(Access.PUBLIC)
def calendar_file(request: HttpRequest) -> HttpResponse:
    """All events for the calendars people use; `?segment=` narrows it."""
    rows = gatherings()
    segment = request.GET.get("segment", "")
    if segment in {code for code, _label in SEGMENTS}:
        rows = rows.filter(segment=segment)
    return _ical(request, list(rows), name=f"{settings.SITE_NAME} {segment}".strip())


@access(Access.PUBLIC)
def event_file(request: HttpRequest, slug: str) -> HttpResponse:
    """One event as a file for calendars."""
    gathering = get_object_or_404(gatherings(), slug=slug)
    answer = _ical(request, [gathering], name=gathering.title)
    answer["Content-Disposition"] = f'attachment; filename="{gathering.slug}.ics"'
    return answer


def _ical(request: HttpRequest, rows: list[Gathering], *, name: str) -> HttpResponse:
    origin = request.build_absolute_uri("/").rstrip("/")
    return HttpResponse(calendar_of(rows, name=name, origin=origin), content_type=MEDIA_TYPE)


@access(Access.PUBLIC)
def event(request: HttpRequest, slug: str) -> HttpResponseBase:
    """An event; who registered sees how to join, who comes, minutes and tasks."""
    row = get_object_or_404(gatherings(), slug=slug)
    is_inside = may_look_inside(request.user, row)
    mine = (
        row.registrations.filter(user=request.user).select_related("group").first()
        if request.user.is_authenticated
        else None
    )
    now = timezone.now()
    return render(
        request,
        "collaborate/event.html",
        {
            "title": row.title,
            "is_sample": row.is_sample,
            "crumbs": [(_("Events"), reverse("events")), (row.title, "")],
            "event": row,
            "is_inside": is_inside,
            "runs": may_run(request.user, row),
            "registration": mine,
            "is_over": row.ends_at < now,
            "can_register": mine is None and row.ends_at >= now and not row.cancelled,
            "my_organisations": organisations_of(request.user),
            "people": registrations_of(row) if is_inside else (),
            "groups": row.groups.all() if is_inside else (),
            "tasks": row.follow_ups.select_related("owner") if is_inside else (),
            "attendance": attendance(row),
            "others": Gathering.objects.filter(series=row.series, hidden=False).exclude(pk=row.pk)
            if row.series
            else (),
        },
    )


@access(Access.SIGNED_IN)
def new_event(request: HttpRequest) -> HttpResponseBase:
    """Plan an event or a series."""

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = plan_gatherings(
            person_of(request),
            cleaned["organisation"],
            facts_from(cleaned),
            rhythm=Rhythm(cleaned["rhythm"]),
            count=cleaned["count"],
        )
        return made[0].get_absolute_url(), _("The event is in the calendar.")

    return acting_page(
        request,
        GatheringForm(person_of(request), request.POST or None, is_new=True),
        save,
        title=_("Plan an event"),
    )


@access(Access.EDITOR)
def edit_event(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change an event."""
    row = get_object_or_404(gatherings(), slug=slug)
    require(request.user, row.organisation, Role.EDITOR)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        change_gathering(person_of(request), row, facts_from(cleaned), seen=cleaned["version"])
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        GatheringForm(person_of(request), request.POST or None, initial=_facts(row), is_new=False),
        save,
        current=lambda: _current(slug),
        title=row.title,
        cancel_url=row.get_absolute_url(),
    )


@require_POST
@access(Access.EDITOR)
def cancel_event(request: HttpRequest, slug: str) -> HttpResponse:
    """Cancel an event, or take the cancellation back."""
    row = get_object_or_404(gatherings(), slug=slug)
    require(request.user, row.organisation, Role.EDITOR)
    is_cancelled = not row.cancelled
    return act(
        request,
        lambda: cancel_gathering(
            person_of(request), row, is_cancelled=is_cancelled, seen=row.version
        ),
        _("The event is cancelled.") if is_cancelled else _("The event takes place."),
        back=row.get_absolute_url(),
        undo=reverse("event-cancel", args=(slug,)) if is_cancelled else "",
    )


@require_POST
@access(Access.SIGNED_IN)
def register_for(request: HttpRequest, slug: str) -> HttpResponse:
    """Register, for an organisation if one is chosen."""
    row = get_object_or_404(gatherings(), slug=slug)
    organisation = (
        organisations_of(request.user).filter(slug=request.POST.get("organisation", "")).first()
    )
    return act(
        request,
        lambda: register(person_of(request), row, organisation),
        _("You are registered."),
        back=row.get_absolute_url(),
        undo=reverse("event-unregister", args=(slug,)),
    )


@require_POST
@access(Access.SIGNED_IN)
def unregister_from(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the registration back."""
    row = get_object_or_404(gatherings(), slug=slug)
    return act(
        request,
        lambda: unregister(person_of(request), row),
        _("You are no longer registered."),
        back=row.get_absolute_url(),
    )


def facts_from(cleaned: dict[str, Any]) -> GatheringFacts:
    """What a form of an event says."""
    return GatheringFacts(
        title=cleaned["title"],
        starts=cleaned["starts"],
        minutes_long=cleaned["minutes_long"],
        zone=cleaned["zone"],
        about=cleaned.get("about", ""),
        segment=cleaned.get("segment", ""),
        place=cleaned["place"],
        online=cleaned["online"],
        places_for=cleaned.get("places_for"),
        collaboration=cleaned.get("collaboration"),
    )


def _current(slug: str) -> tuple[Gathering, dict[str, Any]]:
    row = Gathering.objects.get(slug=slug)
    return row, _facts(row)


def _facts(row: Gathering) -> dict[str, Any]:
    return {
        "title": row.title,
        "starts": f"{wall_time(row.starts_at, row.zone):%Y-%m-%dT%H:%M}",
        "minutes_long": round((row.ends_at - row.starts_at).total_seconds() / 60),
        "zone": row.zone,
        "about": row.about,
        "segment": row.segment,
        "place": row.place,
        "online": row.online,
        "places_for": row.places_for,
        "collaboration": row.collaboration_id,
        "version": row.version,
    }
