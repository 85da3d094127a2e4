"""The lists of needs and solutions: facets with counts, orders, pages, a table and its export."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from django.http import HttpRequest
from django.utils.translation import gettext as _

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.maps import Layer, Map, Shape, point
from viavolta.hub.frame.tables import Table
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.labels import choice_label, country_name, group_label
from viavolta.hub.market.models import Entry, EntryKind
from viavolta.hub.market.queries import Found, find, in_order, places_of
from viavolta.hub.market.shelf import GROUPS, Longs, Shelf, ordered
from viavolta.model.facets import Facet

VIEWS = ("cards", "table", "map")
_PORTION = 500
_OPEN_GROUPS = frozenset({"segment", "vehicle", "site", "population", "country"})


class EntryRows:
    """Found entries as rows of a table: ids in memory, the rest read for the part shown."""

    def __init__(self, criteria: Criteria, found: Found | None = None) -> None:
        self.criteria = criteria
        self.hits = found or find(criteria)
        self.ids: Longs = self.hits.selection.ids
        if self.hits.ranked is not None:
            self.ids = self.hits.ranked[np.isin(self.hits.ranked, self.ids)]

    def found(self, words: str) -> "EntryRows":
        """The same choices with other words."""
        if words == self.criteria.words:
            return self
        return EntryRows(replace(self.criteria, words=words))

    def ordered(self, key: str, *, descending: bool) -> "EntryRows":
        """The same entries in one of the shelf's orders."""
        rows = EntryRows(self.criteria, self.hits)
        rows.ids = ordered(self.hits.shelf, self.ids, by=key, descending=descending)
        return rows

    def count(self) -> int:
        """How many there are."""
        return len(self.ids)

    def part(self, start: int, stop: int | None) -> Iterable[Entry]:
        """Some of the entries; all of them are read in portions."""
        ids = self.ids[start:stop]
        for first in range(0, len(ids), _PORTION):
            yield from in_order(ids[first : first + _PORTION])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One choice of a group, how many it would leave, and whether it is made."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of choices beside a list."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    is_open: bool

    @property
    def chosen(self) -> tuple[Choice, ...]:
        """The choices made."""
        return tuple(choice for choice in self.choices if choice.is_chosen)


class Listing:
    """One list as an address asks for it."""

    def __init__(
        self, request: HttpRequest, criteria: Criteria, shelf: Shelf | None = None
    ) -> None:
        self.request = request
        self.kind = kind = criteria.kind
        self.criteria = criteria
        self.rows = EntryRows(criteria, None if shelf is None else find(criteria, shelf))
        self.table = Table(
            request,
            self.rows,
            columns_of(kind),
            caption=_("Needs") if kind == EntryKind.NEED else _("Solutions"),
        )

    @property
    def view(self) -> str:
        """Cards, a table, or a map with its table."""
        asked = self.request.GET.get("view", "")
        return asked if asked in VIEWS else VIEWS[0]

    @cached_property
    def groups(self) -> list[Group]:
        """The groups of choices that have something to choose."""
        groups = []
        for name in GROUPS:
            chosen = self.criteria.chosen.get(name, frozenset())
            counts = self.rows.hits.selection.counts[name]
            choices = tuple(
                Choice(
                    value=word,
                    label=choice_label(name, word),
                    count=count,
                    is_chosen=word in chosen,
                )
                for word, count in counts.items()
                if count or word in chosen
            )
            if choices:
                is_open = name in _OPEN_GROUPS or bool(chosen)
                groups.append(
                    Group(name=name, label=group_label(name), choices=choices, is_open=is_open)
                )
        return groups

    @property
    def taken(self) -> list[tuple[str, str]]:
        """Each choice made, and the address without it."""
        taken = []
        for group in self.groups:
            for choice in group.chosen:
                query = self.request.GET.copy()
                left = [v for v in query.getlist(group.name) if v != choice.value]
                query.setlist(group.name, left)
                query.pop("page", None)
                taken.append((choice.label, f"{self.request.path}?{query.urlencode()}"))
        return taken

    @property
    def orders(self) -> list[tuple[str, str, bool]]:
        """The orders offered: value, name, and whether it is the one shown."""
        asked = self.request.GET.get("sort", "")
        first = (
            _("best match first")
            if self.criteria.words
            else _("small and medium-sized cities first")
        )
        offered = [
            ("", first),
            ("-published", _("newest first")),
            ("title", _("by title")),
        ]
        if self.kind == EntryKind.SOLUTION:
            offered.insert(2, ("-replications", _("most replicated first")))
        known = {value for value, _label in offered}
        return [(v, label, v == (asked if asked in known else "")) for v, label in offered]

    @property
    def views(self) -> list[tuple[str, str, bool]]:
        """The ways to look at the list: value, name, whether it is the one shown."""
        labels = {"cards": _("cards"), "table": _("table"), "map": _("map and table")}
        return [("" if v == VIEWS[0] else v, labels[v], v == self.view) for v in VIEWS]

    @property
    def map(self) -> Map:
        """Where the organisations behind all that was found are; larger with more entries."""
        shelf = self.rows.hits.shelf
        of_found = shelf.organisation_ids[np.isin(shelf.ids, self.rows.ids)]
        bodies, counts = np.unique(of_found, return_counts=True)
        n_of = dict(zip(bodies.tolist(), counts.tolist(), strict=True))
        title = _("Needs") if self.kind == EntryKind.NEED else _("Solutions")
        features = [
            point(lat, lon, id=pk, name=name, n=n_of[pk], size=5 + 2 * math.sqrt(n_of[pk]))
            for pk, name, lat, lon in places_of(list(n_of))
        ]
        layer = Layer(
            key="places",
            label=title,
            shape=Shape.POINT,
            features=features,
            size_by="size",
            popup=[("name", _("Organisation")), ("n", title)],
        )
        return Map(
            key="market",
            title=title,
            layers=[layer],
            note=_(
                "At the place of the organisation; those without a place are in the table only."
            ),
        )


def name_of(criteria: Criteria) -> str:
    """What a search could be called: its words and choices."""
    words = [choice_label(g, w) for g in GROUPS for w in sorted(criteria.chosen.get(g, ()))]
    return ", ".join(filter(None, (criteria.words, *words)))[:120]


def entry_url(entry: Entry) -> str:
    """The address of an entry's page."""
    return entry.get_absolute_url()


def columns_of(kind: EntryKind) -> list[Column]:
    """The columns of the table of needs or solutions, and of its file."""
    columns = [
        Column(key="title", label=_("Title"), link=entry_url),
        Column(key="organisation", label=_("Organisation"), value=_organisation_name),
        Column(
            key="country",
            label=_("Country"),
            value=lambda e: country_name(e.organisation.country),
            sort="country",
        ),
        Column(
            key="inhabitants",
            label=_("Inhabitants"),
            kind=Kind.NUMBER,
            value=lambda e: e.organisation.inhabitants,
            sort="inhabitants",
        ),
        *(
            Column(
                key=facet.value,
                label=group_label(facet.value),
                value=partial(_words_of, facet),
                is_shown=facet in {Facet.SEGMENT, Facet.VEHICLE},
            )
            for facet in Facet
        ),
        Column(
            key="published", label=_("Published"), kind=Kind.DAY, value=_published, sort="published"
        ),
        Column(
            key="sample",
            label=_("Sample"),
            kind=Kind.YES_NO,
            value=lambda e: e.is_sample,
            is_shown=False,
        ),
        Column(
            key="summary", label=_("In one sentence"), value=lambda e: e.summary, is_shown=False
        ),
    ]
    if kind == EntryKind.SOLUTION:
        columns.insert(
            4,
            Column(
                key="replications",
                label=_("Replications"),
                kind=Kind.NUMBER,
                value=lambda e: e.n_replications,
                sort="replications",
            ),
        )
    return columns


def facet_words(entry: Entry, facet: Facet) -> str:
    """What an entry says of one facet, in words."""
    return ", ".join(choice_label(facet.value, code) for code in entry.facets.get(facet.value, ()))


def _words_of(facet: Facet, entry: Entry) -> str:
    return facet_words(entry, facet)


def _organisation_name(entry: Entry) -> str:
    return entry.organisation.name


def _published(entry: Entry) -> Any:
    return entry.published_at and entry.published_at.date()
