"""Lists stay quick when there is much in them."""

import random

import pytest
from cast import Cast
from django.test import Client
from django.utils import timezone

from viavolta.hub.market.models import Entry, EntryKind
from viavolta.model.facets import FACET_VALUES, Facet

MANY = 10_000


@pytest.fixture
def many(cast: Cast) -> None:
    """Ten thousand solutions."""
    dice = random.Random(1)  # noqa: S311 - a seed for test data
    codes = {f.value: [v.value for v in FACET_VALUES[f]] for f in Facet}
    now = timezone.now()
    kinds = [
        {f: dice.sample(words, min(2, len(words))) for f, words in codes.items()} for _ in range(50)
    ]
    Entry.objects.bulk_create(
        (
            Entry(
                kind=EntryKind.SOLUTION,
                organisation=cast.organisation,
                slug=f"solution-{n}",
                title=f"Solution {n}",
                summary="One sentence.",
                language="en",
                form="product",
                state="published",
                published_at=now,
                facets=kinds[n % 50],
            )
            for n in range(MANY)
        ),
        batch_size=500,
    )


@pytest.mark.usefixtures("many")
def test_a_list_of_ten_thousand_asks_the_database_a_few_questions(
    django_assert_max_num_queries,
) -> None:
    """However many there are: a handful of queries, whatever is chosen, sorted or shown."""
    browser = Client()
    assert "10,000 found" in browser.get("/market/solutions/").text  # reads the shelf
    for query in ("", "?vehicle=bus&site=depot&page=3", "?sort=title&view=table", "?view=map"):
        with django_assert_max_num_queries(7):
            assert browser.get(f"/market/solutions/{query}").status_code == 200
