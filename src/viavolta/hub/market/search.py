"""Search in the words of entries, in any of six languages: FTS5 on SQLite, else PostgreSQL.

A word finds the texts that have its stem or that speak of the same term in another language.
"""

from dataclasses import dataclass

import numpy as np
from django.db import connection

from viavolta.engines.matching.words import Wish, wishes_of
from viavolta.hub.market.models import EntryKind
from viavolta.hub.market.shelf import Longs, Shelf, current_shelf
from viavolta.hub.market.words import token_of
from viavolta.hub.people.models import Organisation

MOST_WORDS = 12
"""Words of a search that count; more would be a text, which matching reads better."""
_SQLITE = """
    SELECT rowid FROM market_full_text WHERE market_full_text MATCH %s
    ORDER BY bm25(market_full_text, 4.0, 1.0)
"""
_POSTGRESQL = """
    SELECT words.entry_id
    FROM market_entrywords AS words, to_tsquery('simple', %s) AS query
    WHERE words.full_text @@ query
    ORDER BY ts_rank(words.full_text, query, 1) DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Published entries by id, best first; `is_loose`: none has all words, these have some."""

    ids: Longs
    is_loose: bool = False


def search(kind: EntryKind, query: str, language: str, shelf: Shelf | None = None) -> Hits:
    """Entries of a kind whose words, or whose organisation's name, meet a search.

    `language` is the one the visitor reads in; words of all six are understood.
    """
    wishes = wishes_of(query, language)[:MOST_WORDS]
    shelf = shelf or current_shelf()
    is_of_kind = shelf.is_solution == (kind is EntryKind.SOLUTION)
    side = shelf.ids[is_of_kind]
    if not wishes:
        return Hits(ids=side[:0])
    named = side[np.isin(shelf.organisation_ids[is_of_kind], _organisations(query))][::-1]
    strict = np.concatenate([_on(side, _ids(wishes, "AND")), named])
    if len(strict) or len(wishes) == 1:
        return Hits(ids=_once(strict))
    loose = _on(side, _ids(wishes, "OR"))
    return Hits(ids=loose, is_loose=bool(len(loose)))


def _ids(wishes: list[Wish], join: str) -> Longs:
    """All entries that meet the wishes, on the market or not, best first."""
    is_sqlite = connection.vendor == "sqlite"
    expression = _sqlite(wishes, join) if is_sqlite else _postgresql(wishes, join)
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE if is_sqlite else _POSTGRESQL, [expression])
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def _on(side: Longs, ids: Longs) -> Longs:
    """Those of the ids that stand on one side of the market, in their order."""
    return ids[np.isin(ids, side)]


def _organisations(query: str) -> Longs:
    """Ids of the organisations that are called so."""
    named = Organisation.objects.filter(name__icontains=query.strip())
    return np.array(list(named.values_list("pk", flat=True)), dtype=np.int64)


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


def _once(ids: Longs) -> Longs:
    """The ids in their order, each once."""
    _, first = np.unique(ids, return_index=True)
    return ids[np.sort(first)]
