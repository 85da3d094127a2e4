"""What the market keeps of a person: exported for her, without her name after erasure."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from viavolta.hub.market.models import Entry, Revision, SavedSearch
from viavolta.hub.people.models import User
from viavolta.hub.people.privacy import Holding, holds


def _kept_of(user: User) -> dict[str, Any]:
    return {
        "saved_searches": list(
            SavedSearch.objects.filter(user=user).values(
                "name", "kind", "query", "notify", "created_at"
            )
        ),
        "entries_begun": list(
            Entry.objects.filter(created_by=user).values("slug", "title", "created_at")
        ),
        "versions_written": list(
            Revision.objects.filter(by=user).values("entry__slug", "version", "at")
        ),
    }


SEARCHES_AND_WORDS = Holding(
    name="market",
    export=_kept_of,
    kept=_("Needs and solutions of your organisation, without your name."),
)


def register_holding() -> None:
    """Make the market known to export and erasure."""
    holds(SEARCHES_AND_WORDS)
