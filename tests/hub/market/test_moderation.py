"""Hiding, and making one of two entries for the same thing."""

import pytest
from cast import Cast
from django.core.exceptions import PermissionDenied, ValidationError

from viavolta.hub.frame.models import Event
from viavolta.hub.market import moderation
from viavolta.hub.market.models import Entry, EntryKind, Picture, Replication
from viavolta.hub.studies.models import Study

SOLUTION = EntryKind.SOLUTION


def test_only_moderators_hide_and_merge(cast: Cast, make_entry) -> None:
    """Not even the owner of an organisation."""
    a, b = make_entry(SOLUTION, "One"), make_entry(SOLUTION, "Two")
    with pytest.raises(PermissionDenied):
        moderation.hide(cast.users["owner"], a)
    with pytest.raises(PermissionDenied):
        moderation.merge(cast.users["owner"], kept=a, merged=b)


def test_hiding_is_undone_and_recorded(cast: Cast, make_entry) -> None:
    """Hidden means off the market; the reason stands in the record."""
    entry = make_entry(SOLUTION, "One")
    moderation.hide(cast.users["moderator"], entry, reason="advertisement")
    assert not Entry.objects.get(pk=entry.pk).is_listed
    moderation.show(cast.users["moderator"], entry)
    assert Entry.objects.get(pk=entry.pk).is_listed
    hidden = Event.objects.get(verb="entry-hidden")
    assert hidden.detail == {"reason": "advertisement"}


def test_what_referred_to_the_merged_follows_and_goes_back(cast: Cast, make_entry) -> None:
    """Pictures and replications follow to the kept entry, are counted there, and can go back."""
    moderator = cast.users["moderator"]
    kept, merged = make_entry(SOLUTION, "One"), make_entry(SOLUTION, "Two")
    picture = Picture.objects.create(
        entry=merged, sha256="0" * 64, width=1, height=1, widths=[1], alternative="x"
    )
    study = Study.objects.create(organisation=cast.organisation, title="S", slug="s")
    Replication.objects.create(entry=merged, study=study, organisation=cast.organisation)
    row = moderation.merge(moderator, kept=kept, merged=merged)
    picture.refresh_from_db()
    kept.refresh_from_db()
    assert (picture.entry_id, kept.n_replications) == (kept.pk, 1)
    assert Entry.objects.get(pk=merged.pk).merged_into == kept
    moderation.undo_merge(moderator, row)
    picture.refresh_from_db()
    merged.refresh_from_db()
    assert (picture.entry_id, merged.merged_into, merged.n_replications) == (merged.pk, None, 1)
    assert Entry.objects.get(pk=kept.pk).n_replications == 0


def test_a_need_is_not_merged_with_a_solution(cast: Cast, make_entry) -> None:
    """Nor an entry with itself, nor one that is merged already."""
    moderator = cast.users["moderator"]
    need, solution = make_entry(EntryKind.NEED, "One"), make_entry(SOLUTION, "Two")
    third = make_entry(SOLUTION, "Three")
    with pytest.raises(ValidationError):
        moderation.merge(moderator, kept=need, merged=solution)
    with pytest.raises(ValidationError):
        moderation.merge(moderator, kept=solution, merged=solution)
    moderation.merge(moderator, kept=solution, merged=third)
    third.refresh_from_db()
    with pytest.raises(ValidationError):
        moderation.merge(moderator, kept=third, merged=solution)
