"""Calls, and the skills of organisations."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.actions.calls import (
    CallFacts,
    change_call,
    declare_skills,
    open_call,
    require_caller,
)
from viavolta.hub.collaborate.columns import (
    page_of,
    sample_column,
    segment_column,
    segment_filter,
)
from viavolta.hub.collaborate.forms.calls import CallForm, SkillsForm
from viavolta.hub.collaborate.models import Call
from viavolta.hub.collaborate.models.calls import PartKind
from viavolta.hub.collaborate.pages import acting_page, person_of
from viavolta.hub.collaborate.queries.consortia import calls as all_calls
from viavolta.hub.collaborate.queries.consortia import consortia, coverage
from viavolta.hub.collaborate.views.collaborations import tabs
from viavolta.hub.collaborate.zones import instant, wall_time
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import organisations_of, require
from viavolta.hub.people.models import Organisation, Role


def _by_time(rows: QueryRows, choice: str) -> QueryRows:
    now = timezone.now()
    narrowed = {
        "open": rows.query.filter(deadline__gte=now),
        "closed": rows.query.filter(deadline__lt=now),
    }
    return QueryRows(narrowed[choice], search=rows.search)


@access(Access.PUBLIC)
def calls(request: HttpRequest) -> HttpResponseBase:
    """Calls, those that close soonest first."""
    table = Table(
        request,
        QueryRows(all_calls(), search=("title", "about", "funder")),
        (
            Column(key="title", label=_("Title"), link=page_of),
            segment_column(),
            Column(key="funder", label=_("Funder")),
            Column(key="deadline", label=_("Deadline"), kind=Kind.MOMENT, unit="UTC"),
            Column(
                key="needs",
                label=_("Needs"),
                value=lambda row: ", ".join(part.label for part in row.parts.all()),
            ),
            Column(key="n_consortia", label=_("Consortia"), kind=Kind.NUMBER),
            sample_column(),
        ),
        sort="deadline",
        caption=_("Calls"),
        filters=(
            segment_filter(),
            Filter(
                key="time",
                label=_("Deadline"),
                choices=(("open", _("open")), ("closed", _("closed"))),
                keep=_by_time,
            ),
        ),
        empty=Empty(title=_("No calls yet")),
    )
    if table.is_export:
        return table.export("calls")
    return render(
        request,
        "collaborate/list.html",
        {
            "title": _("Calls"),
            "table": table,
            "tabs": tabs("calls"),
            "new_url": reverse("call-new"),
            "new_label": _("Enter a call"),
        },
    )


@access(Access.PUBLIC)
def call(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A call: what it needs, and the consortia that form."""
    row = get_object_or_404(all_calls(), slug=slug)
    forming = [
        (one, [gap.part for gap in coverage(one) if not gap.is_covered])
        for one in consortia().filter(call=row)
    ]
    return render(
        request,
        "collaborate/call.html",
        {
            "title": row.title,
            "is_sample": row.is_sample,
            "crumbs": [(_("Calls"), reverse("calls")), (row.title, "")],
            "call": row,
            "roles": [part for part in row.parts.all() if part.kind == PartKind.ROLE],
            "skills": [part for part in row.parts.all() if part.kind == PartKind.SKILL],
            "is_open": row.deadline >= timezone.now(),
            "consortia": forming,
            "can_edit": _may_edit(request, row),
        },
    )


def _may_edit(request: HttpRequest, row: Call) -> bool:
    if row.organisation is None:
        return bool(getattr(request.user, "is_moderator", False))
    return organisations_of(request.user, Role.EDITOR).filter(pk=row.organisation.pk).exists()


@access(Access.SIGNED_IN)
def new_call(request: HttpRequest) -> HttpResponseBase:
    """Enter a call."""

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = open_call(person_of(request), cleaned["organisation"], _facts_from(cleaned))
        return made.get_absolute_url(), _("The call is entered.")

    return acting_page(
        request,
        CallForm(person_of(request), request.POST or None, is_new=True),
        save,
        title=_("Enter a call"),
    )


@access(Access.EDITOR)
def edit_call(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change a call."""
    row = get_object_or_404(all_calls(), slug=slug)
    require_caller(person_of(request), row.organisation)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        change_call(person_of(request), row, _facts_from(cleaned), seen=cleaned["version"])
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        CallForm(person_of(request), request.POST or None, initial=_facts(row), is_new=False),
        save,
        current=lambda: _current(slug),
        title=row.title,
        cancel_url=row.get_absolute_url(),
    )


@access(Access.EDITOR)
def skills(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say which skills an organisation has."""
    organisation = get_object_or_404(Organisation, slug=slug)
    require(request.user, organisation, Role.EDITOR)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        declare_skills(person_of(request), organisation, cleaned["skills"])
        return reverse("skills", args=(slug,)), _("Saved.")

    declared = list(organisation.skills.values_list("skill", flat=True))
    return form_page(
        request,
        SkillsForm(request.POST or None, initial={"skills": declared}),
        save,
        title=_("Skills of %(organisation)s") % {"organisation": organisation.name},
        lead=_("Consortia that lack one of them find you."),
    )


def _facts_from(cleaned: dict[str, Any]) -> CallFacts:
    return CallFacts(
        title=cleaned["title"],
        segment=cleaned["segment"],
        deadline=instant(cleaned["deadline"], cleaned["zone"]),
        zone=cleaned["zone"],
        about=cleaned["about"],
        funder=cleaned["funder"],
        link=cleaned["link"],
        roles=tuple(cleaned["roles"]),
        skills=tuple(cleaned["skills"]),
    )


def _current(slug: str) -> tuple[Call, dict[str, Any]]:
    row = Call.objects.get(slug=slug)
    return row, _facts(row)


def _facts(row: Call) -> dict[str, Any]:
    parts = list(row.parts.all())
    return {
        "title": row.title,
        "segment": row.segment,
        "about": row.about,
        "funder": row.funder,
        "link": row.link,
        "deadline": f"{wall_time(row.deadline, row.zone):%Y-%m-%dT%H:%M}",
        "zone": row.zone,
        "roles": [part.key for part in parts if part.kind == PartKind.ROLE],
        "skills": [part.key for part in parts if part.kind == PartKind.SKILL],
        "version": row.version,
    }
