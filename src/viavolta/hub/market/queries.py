"""What the market's pages and API read."""

from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from viavolta.hub.frame.deletion import KEPT_AFTER_DELETION
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.models import (
    Document,
    Entry,
    EntryKind,
    Merge,
    Picture,
    Replication,
    SavedSearch,
)
from viavolta.hub.market.search import search
from viavolta.hub.market.shelf import Longs, Selection, Shelf, current_shelf, listed, select
from viavolta.hub.people.access import may, organisations_of, role_in
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import Study, Visibility
from viavolta.hub.studies.sharing import links_of, visible_studies

_SHOWN_REPLICATIONS = 20


class Found(NamedTuple):
    """A selection, the shelf it was made from and, after a text search, ids best first.

    `is_loose`: no entry has all the words that were looked for; these have some of them.
    """

    shelf: Shelf
    selection: Selection
    ranked: Longs | None
    is_loose: bool = False


def find(criteria: Criteria, shelf: Shelf | None = None) -> Found:
    """The published entries that meet some criteria."""
    shelf = shelf or current_shelf()
    if not criteria.words:
        return Found(shelf, select(shelf, criteria.kind, chosen=criteria.chosen), None)
    hits = search(criteria.kind, criteria.words, (get_language() or "en")[:2], shelf)
    selection = select(shelf, criteria.kind, chosen=criteria.chosen, found=hits.ids)
    return Found(shelf, selection, hits.ids, hits.is_loose)


def in_order(ids: Longs | list[int]) -> list[Entry]:
    """Entries with what a list shows of them, in the order of their ids: two queries."""
    wanted = [int(i) for i in ids]
    rows = (
        Entry.objects.filter(id__in=wanted)
        .select_related("organisation")
        .defer("text")
        .prefetch_related(_shown_pictures())
    )
    by_id = {entry.pk: entry for entry in rows}
    return [by_id[i] for i in wanted if i in by_id]


def places_of(organisation_ids: list[int]) -> list[tuple[int, str, float, float]]:
    """Id, name, latitude and longitude of the organisations that say where they are."""
    rows = Organisation.objects.filter(id__in=organisation_ids).order_by("id")
    return [
        (pk, name, lat, lon)
        for pk, name, lat, lon in rows.values_list("id", "name", "lat", "lon")
        if lat is not None and lon is not None
    ]


def _shown_pictures() -> "Prefetch[Any]":
    return Prefetch("pictures", queryset=Picture.objects.filter(removed_at=None))


def entry_for(request: HttpRequest, kind: EntryKind, slug: str) -> Entry:
    """An entry this visitor may see, with all its page shows.

    Raises
    ------
    Http404: there is none, or it is not for this visitor.
    """
    entry = (
        Entry.objects.filter(kind=kind, slug=slug)
        .select_related("organisation", "study", "merged_into")
        .prefetch_related(
            "evidence",
            _shown_pictures(),
            Prefetch("documents", queryset=Document.objects.filter(removed_at=None)),
        )
        .first()
    )
    if entry is None or not is_visible(request, entry):
        raise Http404
    return entry


def is_visible(request: HttpRequest, entry: Entry) -> bool:
    """Published: all; draft, hidden, deleted: its members; hidden: moderators too."""
    if (entry.is_listed or entry.merged_into_id) and not entry.organisation.hidden:
        return True
    if getattr(request.user, "is_moderator", False) and entry.state == "published":
        return True
    return role_in(request.user, entry.organisation) is not None


def editable_entry(request: HttpRequest, kind: EntryKind, slug: str) -> Entry:
    """An entry this visitor may change; strangers learn nothing of it.

    Raises
    ------
    Http404: there is none, it is merged into another, or this visitor is no editor of it.
    """
    entry = entry_for(request, kind, slug)
    if entry.merged_into_id or not may(request.user, entry.organisation, Role.EDITOR):
        raise Http404
    return entry


def entries_of(organisation: Organisation, *, is_member: bool) -> list[Entry]:
    """An organisation's needs and solutions; for members drafts and withdrawn ones too."""
    query = organisation.market_entries.filter(deleted_at=None, merged_into=None)
    if not is_member:
        query = listed().filter(organisation=organisation)
    return list(
        query.select_related("organisation").defer("text").prefetch_related(_shown_pictures())
    )


def deleted_of(user: User) -> "QuerySet[Entry]":
    """What editors can still bring back."""
    return Entry.objects.filter(
        organisation__in=organisations_of(user, Role.EDITOR),
        deleted_at__gt=timezone.now() - KEPT_AFTER_DELETION,
    ).select_related("organisation")


def public_studies_of(organisation: Organisation) -> "QuerySet[Study]":
    """The studies a solution of this organisation can show."""
    return Study.objects.filter(organisation=organisation, visibility=Visibility.PUBLIC)


def replications_of(entry: Entry, request: HttpRequest) -> list[Replication]:
    """Where a solution's study was applied, newest first, as far as this visitor sees the study."""
    seen = visible_studies(request.user, links_of(request)).values("pk")
    rows = entry.replications.filter(study__in=seen, organisation__hidden=False)
    return list(rows.select_related("study", "organisation")[:_SHOWN_REPLICATIONS])


def searches_of(user: User) -> "QuerySet[SavedSearch]":
    """The searches a person keeps."""
    return SavedSearch.objects.filter(user=user)


def merges() -> "QuerySet[Merge]":
    """What moderators merged, newest first."""
    return Merge.objects.select_related("kept", "merged", "by")
