"""Entries of the market at the moderators' desk: anybody signed in can report one."""

from django.http import HttpRequest
from django.urls import reverse

from viavolta.hub.market.models import Entry
from viavolta.hub.market.moderation import hide, show
from viavolta.hub.market.queries import is_visible
from viavolta.hub.people.moderation import Reportable, can_be_reported


def register_kind() -> None:
    """Make entries known to the desk."""
    can_be_reported(
        Reportable(
            kind="market.entry",
            find=_find,
            hide=hide,
            show=show,
            organisation_of=lambda entry: entry.organisation,
            address=lambda entry: reverse("market-entry", args=(entry.kind, entry.slug)),
        )
    )


def _find(request: HttpRequest, pk: int) -> Entry | None:
    entry = Entry.objects.select_related("organisation").filter(pk=pk).first()
    return entry if entry is not None and is_visible(request, entry) else None
