"""What is published, in memory: always as the database stands."""

import pytest
from cast import Cast
from django.utils import timezone

from viavolta.hub.market.models import Entry, EntryKind, Evidence
from viavolta.hub.market.shelf import current_shelf, ordered, select
from viavolta.hub.people.models import Organisation

NEED, SOLUTION = EntryKind.NEED, EntryKind.SOLUTION


def _found(kind: EntryKind = SOLUTION, **chosen: str) -> list[int]:
    choice = {group: frozenset(words.split()) for group, words in chosen.items()}
    return [int(i) for i in select(current_shelf(), kind, chosen=choice).ids]


@pytest.mark.django_db
def test_an_empty_market_has_an_empty_shelf() -> None:
    """Nothing published, nothing found, all counts nil."""
    selection = select(current_shelf(), SOLUTION)
    assert len(selection) == 0
    assert selection.counts["vehicle"]["bus"] == 0


def test_it_follows_every_change(make_entry, cast: Cast) -> None:
    """Published, edited, hidden, gone for good, of a hidden organisation: seen at the next use."""
    a = make_entry(SOLUTION, "A", facets={"segment": ["fleets"], "vehicle": ["car"]})
    assert _found() == [a.pk]
    b = make_entry(SOLUTION, "B", facets={"segment": ["fleets"], "vehicle": ["van"]})
    assert _found(vehicle="van") == [b.pk]
    Entry.objects.filter(pk=b.pk).update(
        facets={"vehicle": ["bus"]}, version=2, changed_at=timezone.now()
    )
    assert _found(vehicle="van") == []
    assert _found(vehicle="bus") == [b.pk]
    Entry.objects.filter(pk=b.pk).update(is_hidden=True, version=3, changed_at=timezone.now())
    assert _found() == [a.pk]
    c = make_entry(SOLUTION, "C")
    a.delete()
    assert _found() == [c.pk]
    Organisation.objects.filter(pk=cast.organisation.pk).update(hidden=True)
    assert _found() == []


def test_words_of_one_facet_widen_and_facets_narrow(make_entry) -> None:
    """Bus or minibus, and depot; counts say what each further choice would leave."""
    a = make_entry(SOLUTION, "A", facets={"vehicle": ["bus"], "site": ["depot"]})
    b = make_entry(SOLUTION, "B", facets={"vehicle": ["minibus"], "site": ["depot"]})
    make_entry(SOLUTION, "C", facets={"vehicle": ["bus"], "site": ["street"]})
    make_entry(NEED, "D", facets={"vehicle": ["bus"], "site": ["depot"]})
    assert set(_found(vehicle="bus minibus", site="depot")) == {a.pk, b.pk}
    selection = select(
        current_shelf(),
        SOLUTION,
        chosen={"vehicle": frozenset({"bus"}), "site": frozenset({"depot"})},
    )
    assert selection.counts["vehicle"]["bus"] == 1
    assert selection.counts["vehicle"]["minibus"] == 1
    assert selection.counts["site"]["street"] == 1
    assert selection.counts["country"] == {"AT": 1}


def test_small_towns_come_first_and_the_order_can_be_switched(make_entry) -> None:
    """Of a big city, newest; of a small town, older: small first by default, newest on demand."""
    big = Organisation.objects.create(
        name="Metropolis", slug="metropolis", kind="city", country="DE", inhabitants=1_200_000
    )
    small = make_entry(NEED, "Small", published_at=timezone.now())
    large = make_entry(NEED, "Large", organisation=big, published_at=timezone.now())
    shelf = current_shelf()
    ids = select(shelf, NEED).ids
    assert list(ids) == [small.pk, large.pk]
    assert list(ordered(shelf, ids, by="published", descending=True)) == [large.pk, small.pk]
    assert list(ordered(shelf, ids, by="title")) == [large.pk, small.pk]
    assert list(ordered(shelf, ids, by="inhabitants")) == [small.pk, large.pk]


def test_measured_evidence_counts(make_entry) -> None:
    """A list can be narrowed to what was measured."""
    a = make_entry(SOLUTION, "A")
    make_entry(SOLUTION, "B")
    Evidence.objects.create(
        entry=a,
        what="x",
        value=1,
        unit="kWh",
        place="y",
        measured_from="2025-01-01",
        measured_to="2025-02-01",
    )
    Entry.objects.filter(pk=a.pk).update(version=2, changed_at=timezone.now())
    assert _found(has="evidence") == [a.pk]
