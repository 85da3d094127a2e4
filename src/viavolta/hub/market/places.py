"""Where the market stands on pages of the frame: navigation, doors of the first page, home."""

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import (
    Area,
    Door,
    HomeSection,
    NavEntry,
    add_door,
    add_to_home,
    add_to_navigation,
    moderators,
    signed_in,
)
from viavolta.hub.market.matching import matches_of
from viavolta.hub.market.models import Entry
from viavolta.hub.market.queries import entries_of
from viavolta.hub.market.shelf import listed
from viavolta.hub.people.access import organisations_of, role_in
from viavolta.hub.people.hooks import OrganisationSection, add_organisation_section
from viavolta.hub.people.models import Organisation

_SHOWN_ENTRIES = 3
_SHOWN_MATCHES = 2


def take_places() -> None:
    """Give the market its places."""
    add_to_navigation(NavEntry(label=_("Market"), url_name="market", order=30))
    add_to_navigation(
        NavEntry(
            label=_("Our needs and solutions"),
            url_name="market-ours",
            order=30,
            is_for=signed_in,
            area=Area.ACCOUNT,
        )
    )
    add_to_navigation(
        NavEntry(
            label=_("Duplicates and hidden entries"),
            url_name="market-moderate",
            order=80,
            is_for=moderators,
            area=Area.ACCOUNT,
        )
    )
    add_door(
        Door(
            title=_("A town with a task"),
            text=_("See what has worked in towns of your size, and apply it to your own data."),
            url_name="market-solutions",
            order=20,
            icon_name="search",
        )
    )
    add_door(
        Door(
            title=_("A company with a product"),
            text=_("See which towns ask for it, and at a glance whether it is for you."),
            url_name="market-needs",
            order=30,
            icon_name="plug",
        )
    )
    add_to_home(HomeSection(template="market/home.html", order=20, context=_matches))
    add_organisation_section(
        OrganisationSection(template="market/organisation.html", order=10, context=_entries)
    )


def _entries(request: HttpRequest, organisation: Organisation) -> dict[str, object] | None:
    """The organisation's needs and solutions; drafts for its members."""
    is_member = role_in(request.user, organisation) is not None
    entries = entries_of(organisation, is_member=is_member)
    return {"entries": entries} if entries else None


def _matches(request: HttpRequest) -> dict[str, object] | None:
    """What matches the visitor's own entries, the newest of these first."""
    own = listed().filter(organisation__in=organisations_of(request.user).values("pk"))
    entries = own.select_related("organisation").order_by("-published_at")[:_SHOWN_ENTRIES]
    language = (get_language() or "en")[:2]
    found: list[tuple[Entry, list[tuple[Entry, str]]]] = []
    for entry in entries:
        matches = [
            (match.entry, ", ".join(match.reason_names(language)))
            for match in matches_of(entry, n=_SHOWN_MATCHES)
        ]
        if matches:
            found.append((entry, matches))
    return {"found": found} if found else None
