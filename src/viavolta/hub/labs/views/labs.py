"""Labs: list, page, hosts and participants."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.columns import page_of, sample_column
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.labs.actions.labs import (
    LabFacts,
    add_host,
    answer_lab,
    change_lab,
    invite_organisation,
    invite_person,
    leave_lab,
    open_lab,
    remove_host,
    require_host,
)
from viavolta.hub.labs.forms import LabForm, PersonInviteForm
from viavolta.hub.labs.models import Lab, Participant, ParticipantState
from viavolta.hub.labs.queries import (
    is_host,
    may_contribute,
    open_lab_invitations,
    participants,
    published_practices,
    sessions,
)
from viavolta.hub.labs.queries import (
    labs as all_labs,
)
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role, User

_FOUND = 20


@access(Access.PUBLIC)
def labs(request: HttpRequest) -> HttpResponseBase:
    """All labs with what they do."""
    table = Table(
        request,
        QueryRows(all_labs(), search=("name", "region_name", "nuts")),
        (
            Column(key="name", label=_("Name"), link=page_of),
            Column(
                key="region_name",
                label=_("Region"),
                link=lambda row: reverse("region", args=(row.nuts,)),
            ),
            Column(key="nuts", label=_("NUTS region")),
            Column(key="organisation", label=_("Host"), sort="organisation__name"),
            Column(key="n_participants", label=_("Participants"), kind=Kind.NUMBER),
            Column(key="n_sessions", label=_("Sessions"), kind=Kind.NUMBER),
            Column(key="n_practices", label=_("Practices"), kind=Kind.NUMBER),
            sample_column(),
        ),
        sort="name",
        caption=_("Living labs"),
        empty=Empty(title=_("No living labs yet")),
    )
    if table.is_export:
        return table.export("labs")
    return render(
        request,
        "collaborate/list.html",
        {
            "title": _("Living labs"),
            "table": table,
            "tabs": tabs("labs"),
            "new_url": reverse("lab-new") if getattr(request.user, "is_lab_host", False) else "",
            "new_label": _("Open a lab"),
        },
    )


def tabs(here: str) -> list[tuple[str, str, bool]]:
    """Labs and practices."""
    rooms = (("labs", _("Living labs")), ("practices", _("Good practices")))
    return [(label, reverse(name), name == here) for name, label in rooms]


@access(Access.PUBLIC)
def lab(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A lab: text, sessions, practices; hosts see who is invited and invite."""
    row = get_object_or_404(all_labs(), slug=slug)
    hosts = is_host(request.user, row)
    texts = {text.language: text for text in row.texts.all()}
    order = [get_language() or "", *row.languages, *texts]
    find = request.GET.get("find", "").strip()[:80]
    taking_part = list(participants(row))
    return render(
        request,
        "labs/lab.html",
        {
            "title": row.name,
            "is_sample": row.is_sample,
            "crumbs": [(_("Living labs"), reverse("labs")), (row.name, "")],
            "lab": row,
            "text": next((texts[code] for code in order if code in texts), None),
            "hosts_it": hosts,
            "hosts": row.hosts.all(),
            "organisations": [p.organisation for p in taking_part if p.organisation],
            "n_people": sum(p.organisation is None for p in taking_part),
            "sessions": sessions().filter(lab=row)[:50],
            "practices": published_practices().filter(lab=row)[:50],
            "can_write": may_contribute(request.user, row).exists(),
            "invited": open_lab_invitations(request.user).filter(lab=row)
            if isinstance(request.user, User)
            else (),
            "my_places": _my_places(request, row),
            "waiting": row.participants.filter(state=ParticipantState.INVITED).select_related(
                "organisation"
            )
            if hosts
            else (),
            "person_form": PersonInviteForm(),
            "find": find,
            "found": _to_invite(row, find) if hosts and find else None,
            "invite_url": reverse("lab-invite", args=(row.slug,)),
        },
    )


def _my_places(request: HttpRequest, row: Lab) -> list[Participant]:
    if not isinstance(request.user, User):
        return []
    mine = set(organisations_of(request.user, Role.EDITOR).values_list("pk", flat=True))
    return [
        place
        for place in participants(row)
        if place.organisation_id in mine or place.user == request.user
    ]


def _to_invite(row: Lab, find: str) -> list[Organisation]:
    taken = row.participants.filter(
        state__in=(ParticipantState.MEMBER, ParticipantState.INVITED), organisation__isnull=False
    )
    found = Organisation.objects.filter(hidden=False, name__icontains=find)
    return list(found.exclude(pk__in=taken.values("organisation_id"))[:_FOUND])


@access(Access.LAB_HOST)
def new_lab(request: HttpRequest) -> HttpResponseBase:
    """Open a lab."""
    user = person_of(request)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = open_lab(user, cleaned["organisation"], _facts_from(cleaned))
        return made.get_absolute_url(), _("The lab is open.")

    return form_page(
        request, LabForm(user, request.POST or None, is_new=True), save, title=_("Open a lab")
    )


@access(Access.LAB_HOST)
def edit_lab(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change what everybody sees of a lab."""
    user, row = person_of(request), get_object_or_404(all_labs(), slug=slug)
    require_host(user, row)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        change_lab(user, row, _facts_from(cleaned), seen=cleaned["version"])
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        LabForm(user, request.POST or None, initial=_facts(row), is_new=False),
        save,
        current=lambda: _current(slug),
        title=row.name,
        cancel_url=row.get_absolute_url(),
    )


def _facts_from(cleaned: dict[str, Any]) -> LabFacts:
    return LabFacts(
        name=cleaned["name"],
        nuts=cleaned["nuts"],
        region_name=cleaned["region_name"],
        languages=tuple(cleaned["languages"]),
        texts={code: cleaned[f"about_{code}"] for code, _label in settings.LANGUAGES},
    )


def _current(slug: str) -> tuple[Lab, dict[str, Any]]:
    row = Lab.objects.get(slug=slug)
    return row, _facts(row)


def _facts(row: Lab) -> dict[str, Any]:
    return {
        "name": row.name,
        "nuts": row.nuts,
        "region_name": row.region_name,
        "languages": row.languages,
        "version": row.version,
        **{f"about_{text.language}": text.about for text in row.texts.all()},
    }


def _hosted(request: HttpRequest, slug: str) -> tuple[User, Lab]:
    user, row = person_of(request), get_object_or_404(all_labs(), slug=slug)
    return require_host(user, row), row


@require_POST
@access(Access.LAB_HOST)
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite an organisation."""
    user, row = _hosted(request, slug)
    organisation = get_object_or_404(
        Organisation, slug=request.POST.get("organisation", ""), hidden=False
    )
    return act(
        request,
        lambda: invite_organisation(user, row, organisation),
        _("%(organisation)s is invited.") % {"organisation": organisation.name},
        back=row.get_absolute_url(),
    )


@require_POST
@access(Access.LAB_HOST)
def invite_by_letter(request: HttpRequest, slug: str) -> HttpResponse:
    """Send a person a letter."""
    user, row = _hosted(request, slug)
    form = PersonInviteForm(request.POST)
    email = form.cleaned_data["email"] if form.is_valid() else ""
    answer_at = request.build_absolute_uri(reverse("lab-join", args=("TOKEN",)))
    if not email:
        return act(
            request, lambda: None, _("That is no e-mail address."), back=row.get_absolute_url()
        )
    return act(
        request,
        lambda: invite_person(user, row, email, address=answer_at.replace("TOKEN", "{token}")),
        _("The letter is sent."),
        back=row.get_absolute_url(),
    )


@require_POST
@access(Access.LAB_HOST)
def host(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a host by address, or remove one, as the button says."""
    user, row = _hosted(request, slug)
    leaving = request.POST.get("remove", "")
    if leaving.isdecimal():
        person = get_object_or_404(row.hosts, pk=int(leaving))
        return act(
            request,
            lambda: remove_host(user, row, person),
            _("Saved."),
            back=row.get_absolute_url(),
        )
    return act(
        request,
        lambda: add_host(user, row, request.POST.get("email", "").strip()),
        _("Saved."),
        back=row.get_absolute_url(),
    )


@require_POST
@access(Access.SIGNED_IN)
def answer(request: HttpRequest, place_id: int) -> HttpResponse:
    """Take part or decline, as the button says."""
    user = person_of(request)
    place = get_object_or_404(open_lab_invitations(user), pk=place_id)
    return _answered(request, user, place)


@access(Access.SIGNED_IN)
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer a letter: its link shows the invitation to the person it was sent to."""
    user = person_of(request)
    place = get_object_or_404(
        Participant.objects.select_related("lab", "organisation"),
        token=token,
        state=ParticipantState.INVITED,
        email__iexact=user.email,
        lab__hidden=False,
    )
    if request.method == "POST":
        return _answered(request, user, place)
    return render(request, "labs/join.html", {"title": place.lab.name, "place": place})


def _answered(request: HttpRequest, user: User, place: Participant) -> HttpResponse:
    is_accepted = "accept" in request.POST
    return act(
        request,
        lambda: answer_lab(user, place, is_accepted=is_accepted),
        _("You take part.") if is_accepted else _("Declined."),
        back=place.lab.get_absolute_url(),
    )


@require_POST
@access(Access.SIGNED_IN)
def leave(request: HttpRequest, place_id: int) -> HttpResponse:
    """Stop taking part."""
    user = person_of(request)
    place = get_object_or_404(
        Participant.objects.select_related("lab", "organisation"), pk=place_id
    )
    place = get_object_or_404(
        Participant, pk__in=[p.pk for p in _my_places(request, place.lab)], pk=place_id
    )
    return act(
        request,
        lambda: leave_lab(user, place),
        _("You left the lab."),
        back=place.lab.get_absolute_url(),
    )
