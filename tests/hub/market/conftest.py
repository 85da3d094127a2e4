"""Needs and solutions of the sample city."""

from collections.abc import Callable

import pytest
from cast import Cast
from django.utils import timezone

from viavolta.hub.market.models import Entry, EntryKind, EntryState

MakeEntry = Callable[..., Entry]


@pytest.fixture
def make_entry(cast: Cast) -> MakeEntry:
    """Make a published need or solution of the city, unless told otherwise."""

    def make(kind: EntryKind, title: str, **fields: object) -> Entry:
        given: dict[str, object] = {
            "organisation": cast.organisation,
            "slug": title.lower().replace(" ", "-"),
            "summary": f"{title} in one sentence.",
            "language": "en",
            "state": EntryState.PUBLISHED,
            "published_at": timezone.now(),
            "facets": {"segment": ["public-transport"]},
            "form": "product" if kind == EntryKind.SOLUTION else "",
        }
        return Entry.objects.create(kind=kind, title=title, **(given | fields))

    return make
