"""The consortium builder."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.actions.consortia import (
    answer_consortium,
    change_consortium,
    form_consortium,
    invite_to_consortium,
    require_consortium_lead,
    set_covers,
    work_together,
)
from viavolta.hub.collaborate.forms.calls import ConsortiumEditForm, ConsortiumForm
from viavolta.hub.collaborate.models import Consortium, ConsortiumMember
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.collaborate.pages import acting_page, person_of
from viavolta.hub.collaborate.queries.consortia import (
    calls,
    consortia,
    coverage,
    places_of,
    suggestions,
)
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role

_FOUND = 20


@access(Access.SIGNED_IN)
def new_consortium(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Form a consortium for a call."""
    call = get_object_or_404(calls(), slug=slug)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = form_consortium(
            person_of(request), cleaned["lead"], call, name=cleaned["name"], about=cleaned["about"]
        )
        return made.get_absolute_url(), _("The consortium is formed.")

    return acting_page(
        request,
        ConsortiumForm(person_of(request), request.POST or None),
        save,
        title=_("Form a consortium"),
        lead=call.title,
    )


@access(Access.PUBLIC)
def consortium(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Which parts of the call are covered by whom, which lack, who would fit and why."""
    row = get_object_or_404(consortia(), slug=slug)
    places = places_of(row)
    mine = set(organisations_of(request.user, Role.EDITOR).values_list("pk", flat=True))
    leads = any(place.is_lead and place.organisation_id in mine for place in places)
    covered = coverage(row)
    lacking = [one.part for one in covered if not one.is_covered]
    find = request.GET.get("find", "").strip()[:80]
    return render(
        request,
        "collaborate/consortium.html",
        {
            "title": row.name,
            "is_sample": row.is_sample,
            "crumbs": [
                (_("Calls"), reverse("calls")),
                (row.call.title, row.call.get_absolute_url()),
                (row.name, ""),
            ],
            "consortium": row,
            "places": [
                (
                    place,
                    {cover.part_id for cover in place.covers.all()},
                    leads or place.organisation_id in mine,
                )
                for place in places
            ],
            "coverage": covered,
            "lacking": lacking,
            "suggestions": suggestions(row, lacking),
            "leads": leads,
            "invited": [
                place
                for place in places
                if place.organisation_id in mine and place.state == PartnerState.INVITED
            ],
            "find": find,
            "found": _to_invite(row, find) if leads and find else None,
            "invite_url": reverse("consortium-invite", args=(row.slug,)),
        },
    )


def _to_invite(row: Consortium, find: str) -> list[Organisation]:
    taken = [place.organisation_id for place in places_of(row)]
    found = Organisation.objects.filter(hidden=False, name__icontains=find).exclude(pk__in=taken)
    return list(found[:_FOUND])


@access(Access.EDITOR)
def edit_consortium(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change name, text and state."""
    row = get_object_or_404(consortia(), slug=slug)
    require_consortium_lead(person_of(request), row)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        seen = cleaned.pop("version")
        change_consortium(person_of(request), row, **cleaned, seen=seen)
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        ConsortiumEditForm(request.POST or None, initial=_facts(row)),
        save,
        current=lambda: _current(slug),
        title=row.name,
        cancel_url=row.get_absolute_url(),
    )


def _current(slug: str) -> tuple[Consortium, dict[str, Any]]:
    row = Consortium.objects.get(slug=slug)
    return row, _facts(row)


def _facts(row: Consortium) -> dict[str, Any]:
    return {"name": row.name, "about": row.about, "state": row.state, "version": row.version}


@require_POST
@access(Access.EDITOR)
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite an organisation."""
    row = get_object_or_404(consortia(), slug=slug)
    require_consortium_lead(person_of(request), row)
    organisation = get_object_or_404(
        Organisation, slug=request.POST.get("organisation", ""), hidden=False
    )
    return act(
        request,
        lambda: invite_to_consortium(person_of(request), row, organisation),
        _("%(organisation)s is invited.") % {"organisation": organisation.name},
        back=row.get_absolute_url(),
    )


@require_POST
@access(Access.EDITOR)
def answer(request: HttpRequest, member_id: int) -> HttpResponse:
    """Join or decline, as the button says."""
    member = get_object_or_404(
        ConsortiumMember.objects.select_related("consortium", "organisation").filter(
            organisation__in=organisations_of(request.user, Role.EDITOR)
        ),
        pk=member_id,
    )
    is_accepted = "accept" in request.POST
    return act(
        request,
        lambda: answer_consortium(person_of(request), member, is_accepted=is_accepted),
        _("You take part.") if is_accepted else _("Declined."),
        back=member.consortium.get_absolute_url(),
    )


@require_POST
@access(Access.EDITOR)
def covers(request: HttpRequest, member_id: int) -> HttpResponse:
    """Say which parts a member takes on."""
    member = get_object_or_404(
        ConsortiumMember.objects.select_related("consortium__call", "organisation"),
        pk=member_id,
        consortium__call__hidden=False,
    )
    parts = [int(key) for key in request.POST.getlist("part") if key.isdecimal()]
    return act(
        request,
        lambda: set_covers(person_of(request), member, parts),
        _("Saved."),
        back=member.consortium.get_absolute_url(),
    )


@require_POST
@access(Access.EDITOR)
def together(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the consortium a collaboration."""
    row = get_object_or_404(consortia(), slug=slug)
    require_consortium_lead(person_of(request), row)
    return act(
        request,
        lambda: work_together(person_of(request), row),
        _("The collaboration has started."),
        back=row.get_absolute_url(),
    )
