"""Entries that may be one and the same: alike in title, or in facets and organisation."""

from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from django.utils.text import slugify

from viavolta.hub.market.models import Entry, EntryKind
from viavolta.hub.market.shelf import listed

_ALIKE_SHARE = 0.72
_MOST = 50
_COMMON = 40
"""A word of the title that more entries share than this tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two entries, the older first, and how alike their titles are."""

    older: Entry
    newer: Entry
    alike_share: float


def likely_duplicates(kind: EntryKind) -> list[Pair]:
    """Pairs of published entries whose titles are alike, the most alike first."""
    titles = dict(listed().filter(kind=kind).order_by("id").values_list("id", "title"))
    words = {key: _words(title) for key, title in titles.items()}
    holders: dict[str, list[int]] = defaultdict(list)
    for key, said in words.items():
        for word in said:
            holders[word].append(key)
    candidates = {
        pair
        for keys in holders.values()
        if len(keys) <= _COMMON
        for pair in combinations(keys, 2)
        if len(words[pair[0]] & words[pair[1]]) >= min(2, len(words[pair[0]]))
    }
    alike = {
        pair: SequenceMatcher(None, titles[pair[0]].casefold(), titles[pair[1]].casefold()).ratio()
        for pair in candidates
    }
    best = sorted((p for p in alike if alike[p] >= _ALIKE_SHARE), key=lambda p: (-alike[p], p))
    rows = Entry.objects.select_related("organisation").in_bulk(
        {key for pair in best[:_MOST] for key in pair}
    )
    return [Pair(older=rows[a], newer=rows[b], alike_share=alike[a, b]) for a, b in best[:_MOST]]


def _words(title: str) -> frozenset[str]:
    return frozenset(word for word in slugify(title).split("-") if len(word) > 3)  # noqa: PLR2004 - "the", "for"
