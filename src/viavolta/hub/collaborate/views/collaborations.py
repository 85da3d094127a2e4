"""Collaborations and their projects."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.actions.collaborations import (
    answer_invitation,
    change_collaboration,
    invite_partner,
    leave_collaboration,
    require_lead,
    require_member,
    start_collaboration,
    write_message,
)
from viavolta.hub.collaborate.columns import (
    collaboration_columns,
    segment_filter,
)
from viavolta.hub.collaborate.forms.collaborations import (
    CollaborationEditForm,
    CollaborationForm,
    MessageForm,
)
from viavolta.hub.collaborate.log import LOG_WORDS
from viavolta.hub.collaborate.models import Collaboration, Partner
from viavolta.hub.collaborate.models.collaborations import CollaborationState, PartnerState
from viavolta.hub.collaborate.models.contacts import ContactState
from viavolta.hub.collaborate.pages import acting_page, person_of
from viavolta.hub.collaborate.queries.collaborations import (
    can_be_invited,
    is_member,
    listed,
    log_of,
    members_of,
    messages_for,
    my_places,
)
from viavolta.hub.collaborate.queries.contacts import contacts_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows, keep
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.models import Organisation

_FOUND = 20
_LOGGED = 30


@access(Access.PUBLIC)
def collaborations(request: HttpRequest) -> HttpResponseBase:
    """Who works with whom on what."""
    table = Table(
        request,
        QueryRows(listed(), search=("title", "about")),
        collaboration_columns(),
        sort="-last_activity",
        caption=_("Collaborations"),
        filters=(
            segment_filter(),
            Filter(
                key="state",
                label=_("State"),
                choices=CollaborationState.choices,
                keep=keep("state"),
            ),
        ),
        empty=Empty(
            title=_("No collaborations yet"),
            text=_("Start one, or ask an organisation for contact first."),
            url=reverse("collaboration-new"),
            label=_("Start a collaboration"),
        ),
    )
    if table.is_export:
        return table.export("collaborations")
    return render(
        request,
        "collaborate/list.html",
        {
            "title": _("Collaborations"),
            "table": table,
            "tabs": tabs("collaborations"),
            "new_url": reverse("collaboration-new"),
            "new_label": _("Start a collaboration"),
        },
    )


def tabs(here: str) -> list[tuple[str, str, bool]]:
    """The rooms of working together: label, address, whether one is there."""
    rooms = (
        ("collaborations", _("Collaborations")),
        ("projects", _("Projects")),
        ("calls", _("Calls")),
        ("events", _("Events")),
        ("news", _("News")),
    )
    return [(label, reverse(name), name == here) for name, label in rooms]


@access(Access.SIGNED_IN)
def new_collaboration(request: HttpRequest) -> HttpResponseBase:
    """Start a collaboration, from an accepted contact request if the address names one."""
    contact = (
        contacts_of(person_of(request))
        .filter(pk=_number(request.GET.get("contact")), state=ContactState.ACCEPTED)
        .first()
    )

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = start_collaboration(
            person_of(request),
            cleaned["lead"],
            title=cleaned["title"],
            segment=cleaned["segment"],
            about=cleaned["about"],
            contact=contact,
        )
        return made.get_absolute_url(), _("The collaboration has started.")

    return acting_page(
        request,
        CollaborationForm(person_of(request), request.POST or None),
        save,
        title=_("Start a collaboration"),
        lead=f"{contact.sender}, {contact.recipient}" if contact else "",
        submit=_("Start"),
    )


@access(Access.PUBLIC)
def collaboration(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A collaboration: members, projects, activity; for members the messages."""
    row = get_object_or_404(listed(), slug=slug)
    places = list(my_places(request.user, row))
    leads = any(place.is_lead for place in places)
    find = request.GET.get("find", "").strip()[:80]
    return render(
        request,
        "collaborate/collaboration.html",
        {
            "title": row.title,
            "is_sample": row.is_sample,
            "crumbs": [(_("Collaborations"), reverse("collaborations")), (row.title, "")],
            "collaboration": row,
            "members": members_of(row),
            "projects": row.projects.prefetch_related("partners"),
            "gatherings": row.gatherings.filter(hidden=False).order_by("-starts_at")[:10],
            "log": [
                (event.at, LOG_WORDS[event.verb])
                for event in log_of(row)[:_LOGGED]
                if event.verb in LOG_WORDS
            ],
            "is_member": is_member(request.user, row),
            "messages_shown": messages_for(request.user, row)[:50],
            "leads": leads,
            "can_write": any(place.state == PartnerState.MEMBER for place in places),
            "invited": [place for place in places if place.state == PartnerState.INVITED],
            "can_leave": [
                place
                for place in places
                if place.state == PartnerState.MEMBER and not place.is_lead
            ],
            "waiting": row.partners.filter(state=PartnerState.INVITED).select_related(
                "organisation"
            )
            if leads
            else (),
            "message_form": MessageForm(),
            "find": find,
            "found": can_be_invited(row).filter(name__icontains=find)[:_FOUND]
            if leads and find
            else None,
            "invite_url": reverse("collaboration-invite", args=(row.slug,)),
        },
    )


@access(Access.EDITOR)
def edit_collaboration(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change what everybody sees: the lead's editors."""
    row = get_object_or_404(listed(), slug=slug)
    require_lead(person_of(request), row)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        seen = cleaned.pop("version")
        change_collaboration(person_of(request), row, **cleaned, seen=seen)
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        CollaborationEditForm(request.POST or None, initial=_facts(row)),
        save,
        current=lambda: _current(slug),
        title=row.title,
        cancel_url=row.get_absolute_url(),
    )


def _current(slug: str) -> tuple[Collaboration, dict[str, Any]]:
    row = Collaboration.objects.get(slug=slug)
    return row, _facts(row)


def _facts(row: Collaboration) -> dict[str, Any]:
    return {
        "title": row.title,
        "segment": row.segment,
        "state": row.state,
        "about": row.about,
        "version": row.version,
    }


@require_POST
@access(Access.EDITOR)
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite an organisation."""
    row = get_object_or_404(listed(), slug=slug)
    require_lead(person_of(request), row)
    organisation = get_object_or_404(
        Organisation, slug=request.POST.get("organisation", ""), hidden=False
    )
    return act(
        request,
        lambda: invite_partner(person_of(request), row, organisation),
        _("%(organisation)s is invited.") % {"organisation": organisation.name},
        back=row.get_absolute_url(),
    )


@require_POST
@access(Access.EDITOR)
def answer(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Join or decline, as the button says."""
    partner = _partner(request, partner_id)
    is_accepted = "accept" in request.POST
    return act(
        request,
        lambda: answer_invitation(person_of(request), partner, is_accepted=is_accepted),
        _("You take part.") if is_accepted else _("Declined."),
        back=partner.collaboration.get_absolute_url(),
    )


@require_POST
@access(Access.EDITOR)
def leave(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Leave a collaboration."""
    partner = _partner(request, partner_id)
    return act(
        request,
        lambda: leave_collaboration(person_of(request), partner),
        _("You left the collaboration."),
        back=partner.collaboration.get_absolute_url(),
    )


def _partner(request: HttpRequest, partner_id: int) -> Partner:
    """A place of one of the person's organisations; others are not found."""
    partner = get_object_or_404(
        Partner.objects.select_related("collaboration", "organisation"),
        pk=partner_id,
        collaboration__hidden=False,
    )
    return get_object_or_404(my_places(request.user, partner.collaboration), pk=partner_id)


@require_POST
@access(Access.EDITOR)
def write(request: HttpRequest, slug: str) -> HttpResponse:
    """Write to the members."""
    row = get_object_or_404(listed(), slug=slug)
    require_member(person_of(request), row)
    form = MessageForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    if not text:
        return act(request, lambda: None, _("The message was empty."), back=row.get_absolute_url())
    return act(
        request,
        lambda: write_message(person_of(request), row, text=text),
        _("Sent."),
        back=row.get_absolute_url() + "#messages",
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
