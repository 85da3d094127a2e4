"""Which solutions meet a need and which needs a solution meets, and why: answers from memory.

One process keeps the words and vectors of what is published beside the shelf, and reads again only
what changed since the last question.
"""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np
from django.db.models import Count, Max
from numpy.typing import NDArray

from viavolta.catalogue.glossary import name
from viavolta.engines.kit.embedding import DIMENSIONS
from viavolta.engines.matching.profiles import Profile
from viavolta.engines.matching.score import (
    Market,
    Pool,
    best,
    reasons,
    scores_of_needs,
    scores_of_solutions,
)
from viavolta.engines.matching.tables import FacetTable
from viavolta.engines.matching.texts import Bag, TextTable
from viavolta.hub.market.models import Entry, EntryKind, EntryWords
from viavolta.hub.market.queries import in_order
from viavolta.hub.market.shelf import Shelf, current_shelf
from viavolta.hub.market.stamps import WORDS, stamp
from viavolta.hub.market.words import profile_of

LEAST_SCORE = 0.75
"""Right solutions of the labelled needs (tests/golden/matching) are above, most others below."""
_MOST_ANSWERS = 2_000
_OVERLAP = timedelta(minutes=1)
"""For transactions that were still open when the last answer was given."""
_NO_BAG = Bag(feature=np.zeros(0, dtype=np.int64), count=np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry that matches, and the terms of the glossary on which it does."""

    entry: Entry
    score: float
    reasons: tuple[str, ...]

    def reason_names(self, language: str) -> tuple[str, ...]:
        """The reasons in words, such as "depot charging", "mountain"."""
        return tuple(name(key, language) for key in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Words and vector of one entry."""

    terms: Bag
    stems: Bag
    vector: NDArray[np.float32] | None


_Answer = dict[int, tuple[float, tuple[str, ...]]]
"""Entries that match, best first: their score and the reasons."""


class _Answers(OrderedDict[tuple[int, int, int], _Answer]):
    """Answers by entry, version and number; the oldest give way."""

    def __setitem__(self, key: tuple[int, int, int], answer: _Answer) -> None:
        super().__setitem__(key, answer)
        if len(self) > _MOST_ANSWERS:
            with suppress(KeyError):  # another thread may have been quicker
                self.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """The rows of one side of the market: their entries and who they are of."""

    ids: NDArray[np.int64]
    organisation_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    """The published entries as the engine takes them; entry and organisation of each row.

    `answers` holds what was asked already of this very market, the oldest first.
    """

    market: Market
    needs: _Side
    solutions: _Side
    answers: "_Answers"


def matches_of(entry: Entry, *, n: int = 20) -> list[Match]:
    """The best matches of an entry on the other side of the market, best first.

    The entry need not be published; its own organisation's entries are left out.
    """
    laid, kept = _keeper.current()
    key = (entry.pk, entry.version, n)
    if key not in laid.answers:
        laid.answers[key] = _found(entry, n, laid, kept)
    found = laid.answers[key]
    others = {other.pk: other for other in in_order(list(found))}
    return [
        Match(entry=others[pk], score=score, reasons=why)
        for pk, (score, why) in found.items()
        if pk in others
    ]


def _found(entry: Entry, n: int, laid: _Laid, kept: dict[int, _Kept]) -> _Answer:
    own = _profile(entry, kept.get(entry.pk))
    if entry.kind == EntryKind.NEED:
        side, scores = laid.solutions, scores_of_solutions(own, laid.market)
    else:
        side, scores = laid.needs, scores_of_needs(own, laid.market)
    fits = (scores >= LEAST_SCORE) & (side.organisation_ids != entry.organisation_id)
    rows = np.flatnonzero(fits)
    rows = rows[best(scores[rows], n)]
    score_of = dict(zip(side.ids[rows].tolist(), scores[rows].tolist(), strict=True))
    found: _Answer = {}
    for other in Entry.objects.in_bulk(list(score_of)).values():
        theirs = _profile(other, kept.get(other.pk))
        pair = (own, theirs) if entry.kind == EntryKind.NEED else (theirs, own)
        found[other.pk] = score_of[other.pk], reasons(*pair, laid.market.terms)
    return {pk: found[pk] for pk in score_of if pk in found}


def _profile(entry: Entry, kept: _Kept | None) -> Profile:
    """The profile of an entry from what is kept; read anew where nothing is."""
    if kept is None:
        return profile_of(entry)
    return Profile(facets=entry.said(), terms=kept.terms, stems=kept.stems, vector=kept.vector)


class _Keeper:
    """What this process keeps, and what the database looked like when it was read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stamp: tuple[Any, ...] = ()
        self._kept: dict[int, _Kept] = {}
        self._read_at: datetime | None = None
        self._shelf: Shelf | None = None
        self._laid: _Laid | None = None

    def current(self) -> tuple[_Laid, dict[int, _Kept]]:
        """The market as the database stands now."""
        with self._lock:
            now, shelf = stamp(WORDS), current_shelf()
            if now != self._stamp:
                self._kept, self._read_at = _read(self._kept, self._read_at)
            if self._laid is None or now != self._stamp or shelf is not self._shelf:
                self._laid = _lay(shelf, self._kept)
            self._stamp, self._shelf = now, shelf
            return self._laid, self._kept


_keeper = _Keeper()


def _read(
    kept: dict[int, _Kept], read_at: datetime | None
) -> tuple[dict[int, _Kept], datetime | None]:
    """What is kept with what changed since it was read, all of it where some is gone; and when."""
    now = EntryWords.objects.aggregate(last=Max("changed_at"), n=Count("changed_at"))
    if read_at is not None:
        joined = kept | _rows(changed_at__gte=read_at - _OVERLAP)
        if len(joined) == now["n"]:
            return joined, now["last"]
    return _rows(), now["last"]


def _rows(**since: Any) -> dict[int, _Kept]:
    rows = EntryWords.objects.filter(**since).values_list("pk", "terms", "stems", "vector")
    return {
        pk: _Kept(
            terms=Bag.from_bytes(bytes(terms)),
            stems=Bag.from_bytes(bytes(stems)),
            vector=None if vector is None else _vector(bytes(vector)),
        )
        for pk, terms, stems, vector in rows.iterator(chunk_size=2_000)
    }


def _vector(kept: bytes) -> NDArray[np.float32]:
    return np.frombuffer(kept, dtype=np.float16).astype(np.float32)


def _lay(shelf: Shelf, kept: dict[int, _Kept]) -> _Laid:
    needs, solutions = np.flatnonzero(~shelf.is_solution), np.flatnonzero(shelf.is_solution)
    return _Laid(
        market=Market.of(_pool(shelf, needs, kept), _pool(shelf, solutions, kept)),
        needs=_side(shelf, needs),
        solutions=_side(shelf, solutions),
        answers=_Answers(),
    )


def _side(shelf: Shelf, rows: NDArray[np.intp]) -> _Side:
    return _Side(ids=shelf.ids[rows], organisation_ids=shelf.organisation_ids[rows])


def _pool(shelf: Shelf, rows: NDArray[np.intp], kept: dict[int, _Kept]) -> Pool:
    nothing = _Kept(terms=_NO_BAG, stems=_NO_BAG, vector=None)
    each = [kept.get(int(pk), nothing) for pk in shelf.ids[rows]]
    no_vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vectors = [no_vector if one.vector is None else one.vector for one in each]
    return Pool(
        facets=FacetTable(says=shelf.says[rows]),
        terms=TextTable.of([one.terms for one in each]),
        stems=TextTable.of([one.stems for one in each]),
        vectors=np.array(vectors, dtype=np.float32).reshape(-1, DIMENSIONS),
        has_vector=np.array([one.vector is not None for one in each], dtype=np.bool_),
    )
