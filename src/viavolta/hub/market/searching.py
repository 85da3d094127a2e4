"""Searches people keep: saved, renamed, forgotten, and told of when something new is found."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.models import SavedSearch
from viavolta.hub.market.verbs import MarketVerb
from viavolta.hub.people.models import User

MAX_SEARCHES = 50


@transaction.atomic
def save_search(user: User, criteria: Criteria, *, name: str, notify: bool = True) -> SavedSearch:
    """Keep a search; the same search is kept once.

    Raises
    ------
    ValidationError: there are fifty already.
    """
    query = criteria.as_text()
    if user.saved_searches.exclude(kind=criteria.kind, query=query).count() >= MAX_SEARCHES:
        raise ValidationError(_("Fifty searches are enough; forget one first."))
    search, is_new = SavedSearch.objects.update_or_create(
        user=user,
        kind=criteria.kind,
        query=query,
        defaults={"name": name.strip()[:120], "notify": notify},
    )
    record(
        MarketVerb.SEARCH_SAVED if is_new else MarketVerb.SEARCH_CHANGED,
        actor=user,
        subject=search,
    )
    return search


@transaction.atomic
def change_search(user: User, search: SavedSearch, *, name: str, notify: bool) -> None:
    """Rename a search, or choose whether new finds are told; telling begins now."""
    if notify and not search.notify:
        search.told_until = timezone.now()
    search.name, search.notify = name.strip()[:120], notify
    search.save(update_fields=["name", "notify", "told_until"])
    record(MarketVerb.SEARCH_CHANGED, actor=user, subject=search)


@transaction.atomic
def forget_search(user: User, search: SavedSearch) -> None:
    """Forget a search."""
    record(MarketVerb.SEARCH_FORGOTTEN, actor=user, subject=search)
    search.delete()
