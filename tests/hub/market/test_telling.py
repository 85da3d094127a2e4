"""Letters about what a saved search newly finds."""

from datetime import timedelta

import pytest
from cast import Cast
from django.core import mail
from django.utils import timezone

from viavolta.hub.market import actions
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.models import Entry, EntryKind, EntryState, SavedSearch
from viavolta.hub.market.searching import save_search
from viavolta.hub.market.telling import KIND, tell_of_new_finds
from viavolta.hub.people.models import User
from viavolta.storage.tables.models import Run


@pytest.fixture
def search(cast: Cast) -> SavedSearch:
    """A stranger looks for buses, and reads German."""
    User.objects.filter(pk=cast.users["stranger"].pk).update(language="de")
    criteria = Criteria(kind=EntryKind.SOLUTION, chosen={"vehicle": frozenset({"bus"})})
    kept = save_search(cast.users["stranger"], criteria, name="Busse")
    SavedSearch.objects.update(told_until=timezone.now() - timedelta(hours=1))
    return kept


def test_new_finds_are_told_once_and_in_the_readers_language(
    search: SavedSearch, make_entry
) -> None:
    """What matches is named with its address; what does not match or was told is not."""
    make_entry(EntryKind.SOLUTION, "A bus", facets={"vehicle": ["bus"]})
    make_entry(EntryKind.SOLUTION, "A van", facets={"vehicle": ["van"]})
    assert tell_of_new_finds() == {"letters": 1}
    letter = mail.outbox[0]
    assert letter.to == [search.user.email]
    assert "A bus" in letter.body
    assert "A van" not in letter.body
    assert "/market/solutions/a-bus/" in letter.body
    assert "hat Neues gefunden" in letter.body
    assert tell_of_new_finds() == {"letters": 0}


def test_own_entries_old_ones_and_switched_off_searches_are_not_told(
    search: SavedSearch, make_entry, cast: Cast
) -> None:
    """Nobody is told of her own, of what was there before, or against her wish."""
    old = timezone.now() - timedelta(days=2)
    make_entry(EntryKind.SOLUTION, "Old bus", facets={"vehicle": ["bus"]}, published_at=old)
    search.user.membership_set.create(organisation=cast.organisation, role="reader")
    make_entry(EntryKind.SOLUTION, "Own bus", facets={"vehicle": ["bus"]})
    assert tell_of_new_finds() == {"letters": 0}
    search.user.membership_set.all().delete()
    SavedSearch.objects.update(notify=False)
    assert tell_of_new_finds() == {"letters": 0}


def test_publishing_asks_a_worker_once(cast: Cast, make_entry) -> None:
    """Two entries published one after the other wait for one run."""
    for title in ("One", "Two"):
        entry = make_entry(EntryKind.SOLUTION, title, state=EntryState.DRAFT, published_at=None)
        actions.publish(cast.users["editor"], Entry.objects.get(pk=entry.pk))
    assert Run.objects.filter(kind=KIND).count() == 1
