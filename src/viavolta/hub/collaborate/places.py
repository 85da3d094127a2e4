"""Where working together appears on other apps' pages."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.calendar import tasks_of
from viavolta.hub.collaborate.queries.collaborations import open_invitations
from viavolta.hub.collaborate.queries.contacts import count_to_answer
from viavolta.hub.frame.registry import (
    Area,
    HomeSection,
    NavEntry,
    add_to_home,
    add_to_navigation,
    signed_in,
)
from viavolta.hub.market.hooks import PageAction, add_page_action
from viavolta.hub.market.models import Entry
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.hooks import OrganisationAction, add_organisation_action
from viavolta.hub.people.models import Organisation, Role

_ON_HOME = 5


def take() -> None:
    """Register entries, parts and actions."""
    add_to_navigation(
        NavEntry(
            label=_("Collaborate"),
            url_name="collaborations",
            order=40,
            beyond=("/calls/", "/consortia/", "/events/", "/news/", "/projects/"),
        )
    )
    add_to_navigation(
        NavEntry(
            label=_("Contact requests"),
            url_name="contacts",
            order=40,
            is_for=signed_in,
            area=Area.ACCOUNT,
            count=lambda request: count_to_answer(person_of(request)),
        )
    )
    add_to_navigation(
        NavEntry(label=_("Tasks"), url_name="tasks", order=41, is_for=signed_in, area=Area.ACCOUNT)
    )
    add_to_home(HomeSection(template="collaborate/home.html", order=40, context=_waiting))
    add_page_action(PageAction(label=_("Ask for contact"), order=10, url=_ask_about))
    add_organisation_action(
        OrganisationAction(label=_("Ask for contact"), order=10, url=_ask_organisation)
    )
    add_organisation_action(OrganisationAction(label=_("Skills"), order=20, url=_skills_of))


def contact_address(organisation: Organisation, **more: str) -> str:
    """Where one asks an organisation to talk."""
    return f"{reverse('contact-new')}?{urlencode({'to': organisation.slug, **more})}"


def _ask_about(request: HttpRequest, entry: Entry) -> str | None:
    """Nobody asks his own organisation."""
    if organisations_of(request.user).filter(pk=entry.organisation_id).exists():
        return None
    return contact_address(entry.organisation, entry=entry.slug)


def _ask_organisation(request: HttpRequest, organisation: Organisation) -> str | None:
    """Members do not ask their own."""
    if organisation.hidden or organisations_of(request.user).filter(pk=organisation.pk).exists():
        return None
    return contact_address(organisation)


def _skills_of(request: HttpRequest, organisation: Organisation) -> str | None:
    """Editors say which skills theirs has."""
    mine = organisations_of(request.user, Role.EDITOR).filter(pk=organisation.pk)
    return reverse("skills", args=(organisation.slug,)) if mine.exists() else None


def _waiting(request: HttpRequest) -> dict[str, object] | None:
    """What waits for the person: invitations, requests, tasks."""
    user = person_of(request)
    invitations = list(open_invitations(user)[:_ON_HOME])
    requests = count_to_answer(user)
    tasks = list(tasks_of(user).filter(owner=user, done_at=None)[:_ON_HOME])
    if not (invitations or requests or tasks):
        return None
    return {"invitations": invitations, "n_requests": requests, "tasks": tasks}
