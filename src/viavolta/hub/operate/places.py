"""Where running stations appears on other apps' pages."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import (
    Door,
    NavEntry,
    add_door,
    add_to_navigation,
    signed_in,
)
from viavolta.hub.people.access import role_in
from viavolta.hub.people.hooks import OrganisationAction, add_organisation_action
from viavolta.hub.people.models import Organisation


def take() -> None:
    """Register entries and parts."""
    add_to_navigation(NavEntry(label=_("Charging"), url_name="operate", order=15, is_for=signed_in))
    add_door(
        Door(
            title=_("An operator of charging stations"),
            text=_("Stations on a map, sessions, limits that hold, and why each has its power."),
            url_name="operate",
            order=45,
            icon_name="plug",
        )
    )
    add_organisation_action(
        OrganisationAction(label=_("Charging stations"), order=40, url=_stations_of)
    )


def _stations_of(request: HttpRequest, row: Organisation) -> str | None:
    """The stations of an organisation, for its members."""
    return None if role_in(request.user, row) is None else reverse("operate-map", args=(row.slug,))
