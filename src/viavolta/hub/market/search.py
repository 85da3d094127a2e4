"""Search in the words of entries, in any of six languages: FTS5 on SQLite, else PostgreSQL.

A word finds the texts that have its stem or that speak of the same term in another language.
"""

from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from viavolta.engines.matching.words import Wish, wishes_of
from viavolta.hub.market.models import Entry, EntryKind
from viavolta.hub.market.words import token_of

MOST_WORDS = 12
"""Words of a search that count; more would be a text, which matching reads better."""
_SQLITE = """
    SELECT entry.id FROM market_full_text
    JOIN market_entry AS entry ON entry.id = market_full_text.rowid
    WHERE market_full_text MATCH %s AND entry.kind = %s
    ORDER BY bm25(market_full_text, 4.0, 1.0), entry.id DESC
"""
_POSTGRESQL = """
    SELECT words.entry_id FROM market_entrywords AS words
    JOIN market_entry AS entry ON entry.id = words.entry_id,
    to_tsquery('simple', %s) AS query
    WHERE words.full_text @@ query AND entry.kind = %s
    ORDER BY ts_rank(words.full_text, query, 1) DESC, entry.id DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Entries by id, best first, published or not; `is_loose`: none has all words, these some."""

    ids: NDArray[np.int64]
    is_loose: bool = False


def search(kind: EntryKind, query: str, language: str) -> Hits:
    """Entries of a kind whose words, or whose organisation's name, meet a search.

    `language` is the one the visitor reads in; words of all six are understood.
    """
    wishes = wishes_of(query, language)[:MOST_WORDS]
    if not wishes:
        return Hits(ids=np.zeros(0, dtype=np.int64))
    strict = np.array([*_ids(kind, wishes, "AND"), *_ids_by_name(kind, query)], dtype=np.int64)
    if len(strict) or len(wishes) == 1:
        return Hits(ids=_once(strict))
    loose = np.array(_ids(kind, wishes, "OR"), dtype=np.int64)
    return Hits(ids=loose, is_loose=bool(len(loose)))


def _ids(kind: EntryKind, wishes: list[Wish], join: str) -> list[int]:
    is_sqlite = connection.vendor == "sqlite"
    expression = _sqlite(wishes, join) if is_sqlite else _postgresql(wishes, join)
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE if is_sqlite else _POSTGRESQL, [expression, str(kind)])
        return [row[0] for row in cursor.fetchall()]


def _sqlite(wishes: list[Wish], join: str) -> str:
    """The search as FTS5 writes it; words are bare letters and figures, so that none can break."""
    groups = (
        " OR ".join(
            [
                f'"{wish.stem}"' + ("" if wish.is_whole else " *"),
                *(f'"{token_of(key)}"' for key in sorted(wish.terms)),
            ]
        )
        for wish in wishes
    )
    return f" {join} ".join(f"({group})" for group in groups)


def _postgresql(wishes: list[Wish], join: str) -> str:
    """The same as PostgreSQL writes it."""
    groups = (
        " | ".join(
            [
                wish.stem + ("" if wish.is_whole else ":*"),
                *(token_of(key) for key in sorted(wish.terms)),
            ]
        )
        for wish in wishes
    )
    return (" & " if join == "AND" else " | ").join(f"({group})" for group in groups)


def _ids_by_name(kind: EntryKind, query: str) -> list[int]:
    """Entries of organisations that are called so."""
    named = Entry.objects.filter(kind=kind, organisation__name__icontains=query.strip())
    return list(named.order_by("-id").values_list("id", flat=True))


def _once(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ids in their order, each once."""
    _, first = np.unique(ids, return_index=True)
    return ids[np.sort(first)]
