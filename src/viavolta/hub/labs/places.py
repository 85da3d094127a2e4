"""Where living labs appear on other apps' pages."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.frame.registry import (
    Door,
    HomeSection,
    NavEntry,
    add_door,
    add_to_home,
    add_to_navigation,
)
from viavolta.hub.labs.queries import open_lab_invitations, published_practices, to_review
from viavolta.hub.market.hooks import PageSection, add_page_section
from viavolta.hub.market.models import Entry

_ON_HOME = 5


def take() -> None:
    """Register entries and parts."""
    add_to_navigation(NavEntry(label=_("Living labs"), url_name="labs", order=50))
    add_door(
        Door(
            title=_("A host of a living lab"),
            text=_("Sessions, outcomes and practices of a region, reviewed and counted."),
            url_name="labs",
            order=50,
            icon_name="lab",
        )
    )
    add_to_home(HomeSection(template="labs/home.html", order=50, context=_waiting))
    add_page_section(PageSection(template="labs/entry.html", order=50, context=_practices_of))


def _waiting(request: HttpRequest) -> dict[str, object] | None:
    """Invitations to labs, and practices to review."""
    user = person_of(request)
    invitations = list(open_lab_invitations(user)[:_ON_HOME])
    reviews = list(to_review(user)[:_ON_HOME])
    if not (invitations or reviews):
        return None
    return {"invitations": invitations, "reviews": reviews}


def _practices_of(request: HttpRequest, entry: Entry) -> dict[str, object] | None:  # noqa: ARG001 - the signature of a hook
    """Published practices that name a solution."""
    found = list(published_practices().filter(solutions=entry)[:_ON_HOME])
    return {"practices": found} if found else None
