"""The sample market: complete, marked, and made once."""

import pytest
from django.test import Client

from viavolta.hub.market.models import Entry
from viavolta.hub.market.samples import seed
from viavolta.hub.people.models import Organisation
from viavolta.model.facets import Segment


@pytest.mark.django_db
def test_the_sample_market_covers_all_segments_and_languages_and_is_marked() -> None:
    """Each segment has needs and solutions, every language is there, all say they are samples."""
    made = seed()
    assert made == Entry.objects.count() == 64
    assert seed() == 0
    assert not Entry.objects.filter(is_sample=False).exists()
    assert not Organisation.objects.filter(is_sample=False).exists()
    for segment in Segment:
        for kind in ("need", "solution"):
            said = [e for e in Entry.objects.filter(kind=kind) if segment in e.said().segment]
            assert len(said) >= 4, (segment, kind)
    assert set(Entry.objects.values_list("language", flat=True)) == {
        "en",
        "de",
        "fr",
        "it",
        "sl",
        "nl",
    }


@pytest.mark.django_db
def test_sample_figures_say_so_on_their_page() -> None:
    """Whoever reads a sample's figures reads that they were made up."""
    seed()
    entry = Entry.objects.filter(evidence__isnull=False).first()
    assert entry is not None
    text = Client().get(f"/market/solutions/{entry.slug}/").text
    assert "these figures were made up" in text
