"""What is published, in memory: filters, counts of facets and orders without asking the database.

One process keeps one shelf. Each use asks the database for two small numbers and reads again only
what changed since; so several web processes agree without talking to each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from numpy.typing import NDArray

from viavolta.engines.matching.tables import COLUMNS, SLICES, FacetTable
from viavolta.hub.market.models import Entry, EntryKind, EntryState, Evidence, SolutionForm
from viavolta.hub.market.stamps import MARKET, stamp
from viavolta.hub.people.models import Organisation, OrganisationKind
from viavolta.hub.studies.models import Study, Visibility
from viavolta.model.arrays import Flags
from viavolta.model.facets import FACET_VALUES, Facet

HAS = ("evidence", "study")
"""What an entry can have besides words: measured evidence, a study that computes it."""
_SMALL_CITY_INHABITANTS = 250_000
_SMALL_BANDS = ("under-10k", "under-50k", "under-100k", "under-250k")
_COLUMN_OF = {(facet.value, value.value): c for c, (facet, value) in enumerate(COLUMNS)}

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shelf:
    """The published entries, one row each, newest last.

    Attributes
    ----------
    ids, organisation_ids: shape (N,).
    says: flags of facets, shape (N, C), columns as in `engines.matching.tables.COLUMNS`.
    more: other words to filter by (`form`, `by`, `country`, `has`): the word of each row, or of
        `has` its flags.
    is_small: of a town or city below 250,000 inhabitants, or proven in one.
    """

    ids: Longs
    is_solution: Flags
    says: Flags
    forms: NDArray[np.str_]
    organisation_kinds: NDArray[np.str_]
    countries: NDArray[np.str_]
    has: Flags
    organisation_ids: Longs
    is_small: Flags
    inhabitants: Longs
    n_replications: Longs
    published_s: NDArray[np.float64]
    titles: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def facets(self) -> FacetTable:
        """The facets of all rows, as the matching engine takes them."""
        return FacetTable(says=self.says)

    def rows(self, keep: Flags | NDArray[np.intp]) -> "Shelf":
        """Some of the rows."""
        return Shelf(**{name: getattr(self, name)[keep] for name in Shelf.__slots__})


GROUPS: tuple[str, ...] = (*(facet.value for facet in Facet), "country", "by", "form", "has")
"""Everything a list can be narrowed by, besides words of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was found: ids in order, and how many there would be for each further choice."""

    ids: Longs
    counts: Mapping[str, Mapping[str, int]]

    def __len__(self) -> int:
        return len(self.ids)


def select(
    shelf: Shelf,
    kind: EntryKind,
    *,
    chosen: Mapping[str, frozenset[str]] = MappingProxyType({}),
    found: Longs | None = None,
) -> Selection:
    """The entries that meet every group of choices (one word of each group is enough).

    `found` are the ids a text search found; only these are kept. Without an order of their own
    (`ordered`) ids stand small and medium-sized cities first.
    """
    of_kind: Flags = shelf.is_solution == (kind is EntryKind.SOLUTION)
    if found is not None:
        of_kind &= np.isin(shelf.ids, found)
    base = _packed(of_kind[:, None])[0]
    index = _index(shelf)
    masks = {group: index.any_of(group, words) for group, words in chosen.items() if words}
    kept = _all_of(base, masks.values())
    totals = index.totals(kept)
    counts = {}
    for group, part in index.parts.items():
        mine = totals[part]
        if group in masks:
            others = _all_of(base, (mask for name, mask in masks.items() if name != group))
            mine = index.totals(others, part)
        counts[group] = dict(zip(index.words[group], map(int, mine), strict=True))
    rows = np.unpackbits(kept.view(np.uint8), count=len(shelf)).astype(np.bool_)
    return Selection(ids=ordered(shelf, shelf.ids[rows]), counts=counts)


Bits = NDArray[np.uint64]


def _packed(flags: Flags) -> Bits:
    """Each column of flags as a row of bits, filled up with zeros; (N, V) to (V, N / 64)."""
    padded = np.zeros((flags.shape[1], -(-max(len(flags), 1) // 64) * 64), dtype=np.bool_)
    padded[:, : len(flags)] = flags.T
    return np.packbits(padded, axis=1).view(np.uint64)


def _all_of(base: Bits, masks: Iterable[Bits]) -> Bits:
    bits = base.copy()
    for mask in masks:
        bits &= mask
    return bits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """Every word to filter by as one row of bits, so that counting ten thousand takes no time."""

    words: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, slice]
    says: Bits

    def any_of(self, group: str, chosen: frozenset[str]) -> Bits:
        """The entries that say one of the words of a group."""
        rows = [row for row, word in enumerate(self.words[group]) if word in chosen]
        bits: Bits = np.bitwise_or.reduce(self.says[self.parts[group]][rows], axis=0)
        return bits

    def totals(self, entries: Bits, part: slice = slice(None)) -> Longs:
        """How many of the entries say each word."""
        counted: Longs = np.bitwise_count(self.says[part] & entries).sum(axis=1, dtype=np.int64)
        return counted


@lru_cache(maxsize=2)
def _index(shelf: Shelf) -> _Index:
    countries = tuple(sorted(set(shelf.countries.tolist())))
    columns: dict[str, tuple[tuple[str, ...], Flags]] = {
        facet.value: (tuple(v.value for v in FACET_VALUES[facet]), shelf.says[:, SLICES[facet]])
        for facet in Facet
    }
    columns["country"] = (countries, _is_each(shelf.countries, countries))
    bodies = tuple(OrganisationKind.values)
    columns["by"] = (bodies, _is_each(shelf.organisation_kinds, bodies))
    forms = tuple(SolutionForm.values)
    columns["form"] = (forms, _is_each(shelf.forms, forms))
    columns["has"] = (HAS, shelf.has)
    ends = np.cumsum([len(words) for words, _says in columns.values()]).tolist()
    return _Index(
        words={group: words for group, (words, _says) in columns.items()},
        parts={g: slice(a, b) for g, a, b in zip(columns, [0, *ends], ends, strict=False)},
        says=_packed(np.hstack([says for _words, says in columns.values()])),
    )


def _is_each(column: NDArray[np.str_], words: tuple[str, ...]) -> Flags:
    flags: Flags = column[:, None] == np.array(words, dtype=column.dtype)[None, :]
    return flags


SMALL_FIRST = ""
"""The order a list begins with: small and medium-sized cities first, then what was measured."""
ORDERS = (SMALL_FIRST, "published", "replications", "title", "country", "inhabitants")


def ordered(shelf: Shelf, ids: Longs, *, by: str = SMALL_FIRST, descending: bool = False) -> Longs:
    """Ids of the shelf in an order of `ORDERS`; ties go to the newest."""
    kept = np.flatnonzero(np.isin(shelf.ids, ids))
    newest = -shelf.published_s[kept]
    if by == SMALL_FIRST:
        keys: tuple[Any, ...] = (newest, ~shelf.has[kept, 0], ~shelf.is_small[kept])
    else:
        values = {
            "published": shelf.published_s,
            "replications": shelf.n_replications,
            "title": shelf.titles,
            "country": shelf.countries,
            "inhabitants": shelf.inhabitants,
        }[by][kept]
        places = np.unique(values, return_inverse=True)[1]
        keys = (newest, -places if descending else places)
    result: Longs = shelf.ids[kept[np.lexsort(keys)]]
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stamp:
    """Numbers that change whenever what is published changes."""

    last: datetime | None
    edits: int | None
    n: int
    top: int | None
    surroundings: tuple[int | None, ...]

    @staticmethod
    def now() -> "_Stamp":
        """The stamp of the database as it stands."""
        entries = Entry.objects.aggregate(
            last=Max("changed_at"), edits=Sum("version"), n=Count("id"), top=Max("id")
        )
        bodies = Organisation.objects.aggregate(
            n=Count("id"), edits=Sum("version"), n_hidden=Count("id", filter=Q(hidden=True))
        )
        studies = Study.objects.filter(
            visibility=Visibility.PUBLIC, market_entries__isnull=False
        ).aggregate(n=Count("id"), sum=Sum("id"))
        return _Stamp(
            **entries,
            surroundings=(*bodies.values(), *studies.values()),
        )

    def shows_only_additions(self, old: "_Stamp") -> bool:
        """Whether since `old` entries were added and edited, but none is gone."""
        if self.surroundings != old.surroundings or old.last is None:
            return False
        return self.n - old.n == Entry.objects.filter(id__gt=old.top or 0).count()


class _Keeper:
    """The shelf of this process, and what the database looked like when it was read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: tuple[Any, ...] = ()
        self._stamp: _Stamp | None = None
        self._shelf: Shelf | None = None

    def current(self) -> Shelf:
        """The shelf as the database stands now."""
        with self._lock:
            numbers = stamp(MARKET)
            if self._shelf is not None and numbers == self._numbers:
                return self._shelf
            self._numbers = numbers
            return self._renewed(_Stamp.now())

    def _renewed(self, now: "_Stamp") -> Shelf:
        """The shelf with what changed since it was read."""
        if self._shelf is None or self._stamp is None:
            self._shelf = _read(None)
        elif now != self._stamp:
            if now.shows_only_additions(self._stamp):
                self._shelf = _joined(self._shelf, _changed_since(self._stamp))
            else:
                self._shelf = _read(None)
        self._stamp = now
        return self._shelf


_keeper = _Keeper()
current_shelf = _keeper.current


def _changed_since(stamp: _Stamp) -> list[int]:
    """Entries changed since, with a minute for transactions that were still open then."""
    since = (stamp.last or datetime.min.replace(tzinfo=UTC)) - timedelta(minutes=1)
    return list(Entry.objects.filter(changed_at__gte=since).values_list("id", flat=True))


def _joined(old: Shelf, changed: list[int]) -> Shelf:
    """The shelf with the rows of some entries read anew."""
    kept = old.rows(~np.isin(old.ids, np.array(changed, dtype=np.int64)))
    new = _read(changed)
    return Shelf(
        **{
            name: np.concatenate([getattr(kept, name), getattr(new, name)])
            for name in Shelf.__slots__
        }
    )


def listed(entry_ids: Iterable[int] | None = None) -> Any:
    """Query of the entries that stand on the market for all to see."""
    query = Entry.objects.filter(
        state=EntryState.PUBLISHED,
        is_hidden=False,
        deleted_at=None,
        merged_into=None,
        organisation__hidden=False,
    )
    return query if entry_ids is None else query.filter(id__in=entry_ids)


def _read(entry_ids: list[int] | None) -> Shelf:
    rows = list(
        listed(entry_ids)
        .annotate(has_evidence=Exists(Evidence.objects.filter(entry=OuterRef("pk"))))
        .order_by("published_at", "id")
        .values_list(
            "id",
            "kind",
            "facets",
            "form",
            "organisation__kind",
            "organisation__country",
            "has_evidence",
            "study__visibility",
            "organisation_id",
            "organisation__inhabitants",
            "n_replications",
            "published_at",
            "title",
        )
    )
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * 13
    says = np.zeros((len(rows), len(COLUMNS)), dtype=np.bool_)
    for row, facets in enumerate(columns[2]):
        said = [_COLUMN_OF[facet, code] for facet, codes in facets.items() for code in codes]
        says[row, said] = True
    inhabitants = np.array([n or 0 for n in columns[9]], dtype=np.int64)
    is_city = np.array([k == OrganisationKind.CITY for k in columns[4]], dtype=np.bool_)
    bands = [_COLUMN_OF["population", band] for band in _SMALL_BANDS]
    is_small = says[:, bands].any(axis=1) | (
        is_city & (inhabitants > 0) & (inhabitants < _SMALL_CITY_INHABITANTS)
    )
    return Shelf(
        ids=np.array(columns[0], dtype=np.int64),
        is_solution=np.array([k == EntryKind.SOLUTION for k in columns[1]], dtype=np.bool_),
        says=says,
        forms=np.array(columns[3], dtype="U8"),
        organisation_kinds=np.array(columns[4], dtype="U24"),
        countries=np.array(columns[5], dtype="U2"),
        has=np.array(
            [(e, v == Visibility.PUBLIC) for e, v in zip(columns[6], columns[7], strict=True)],
            dtype=np.bool_,
        ).reshape(len(rows), len(HAS)),
        organisation_ids=np.array(columns[8], dtype=np.int64),
        is_small=is_small,
        inhabitants=inhabitants,
        n_replications=np.array(columns[10], dtype=np.int64),
        published_s=np.array([at.timestamp() for at in columns[11]], dtype=np.float64),
        titles=np.array([title.casefold()[:40] for title in columns[12]], dtype="U40"),
    )
