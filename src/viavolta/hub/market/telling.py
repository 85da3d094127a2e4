"""Letters about new needs and solutions that a saved search finds, sent by a worker."""

import logging
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.listing import entry_url
from viavolta.hub.market.models import Entry, EntryKind, SavedSearch
from viavolta.hub.market.queries import find
from viavolta.hub.people.access import organisations_of
from viavolta.storage.runs.kinds import RunKind, register
from viavolta.storage.runs.queue import enqueue
from viavolta.storage.tables.models import Run, RunState

log = logging.getLogger(__name__)

KIND = "market-notices"
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinds:
    """What a search finds that its owner was not told of yet, the newest first."""

    search: SavedSearch
    entries: list[Entry]


def ask_for_notices() -> None:
    """Have a worker look through the saved searches, unless that is already waiting."""
    if not Run.objects.filter(kind=KIND, state=RunState.QUEUED).exists():
        enqueue(KIND, owner_key="market", arguments={}, result_folder=f"runs/{KIND}")


def tell_of_new_finds() -> dict[str, Any]:
    """Write to everybody whose searches find something new; how many letters were sent."""
    sent = 0
    searches = SavedSearch.objects.filter(notify=True, user__is_active=True)
    for search in searches.select_related("user").order_by("id"):
        finds = new_finds(search)
        if finds.entries and _send(finds):
            sent += 1
            newest = finds.entries[0].published_at or search.told_until
            SavedSearch.objects.filter(pk=search.pk).update(told_until=newest)
    return {"letters": sent}


def new_finds(search: SavedSearch) -> NewFinds:
    """What the search finds, published since its owner was told last, by others than her own."""
    ids = find(Criteria.from_text(EntryKind(search.kind), search.query)).selection.ids.tolist()
    entries = (
        Entry.objects.filter(id__in=ids, published_at__gt=search.told_until)
        .exclude(organisation__in=organisations_of(search.user).values("pk"))
        .select_related("organisation")
        .order_by("-published_at", "-id")
    )
    return NewFinds(search=search, entries=list(entries))


def _send(finds: NewFinds) -> bool:
    search = finds.search
    origin = settings.CONFIG.origin
    with override(search.user.language or "en"):
        context = {
            "search": search,
            "entries": [(e, f"{origin}{entry_url(e)}") for e in finds.entries[:_MOST_NAMED]],
            "n_more": max(len(finds.entries) - _MOST_NAMED, 0),
            "address": f"{origin}{reverse('market-searches')}",
        }
        subject = " ".join((_("New for “%(name)s”") % {"name": search.name}).split())
        body = render_to_string("market/letters/new_finds.txt", context)
    try:
        send_mail(f"viavolta: {subject}", body, None, [search.user.email])
    except (OSError, SMTPException) as error:
        log.warning("letter not sent", extra={"reason": type(error).__name__})
        return False
    return True


def register_kind() -> None:
    """Make the run known to hub and workers."""
    register(
        RunKind(
            name=KIND,
            command=lambda _run: ("notices", "--json"),
            is_quick=True,
            uses_database=True,
        )
    )
