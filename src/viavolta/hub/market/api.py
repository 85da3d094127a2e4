"""Needs, solutions and searches in the API: all that the pages show, and all that editors do."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, model_validator

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.market import actions, searching
from viavolta.hub.market.carrying import compared
from viavolta.hub.market.content import EVIDENCE_FIELDS, Content, MeasuredFigure
from viavolta.hub.market.criteria import MAX_WORDS, Criteria
from viavolta.hub.market.listing import EntryRows, entry_url
from viavolta.hub.market.matching import matches_of
from viavolta.hub.market.models import (
    Entry,
    EntryKind,
    EntryState,
    Replication,
    SavedSearch,
    SolutionForm,
)
from viavolta.hub.market.queries import (
    editable_entry,
    entry_for,
    find,
    replications_of,
    searches_of,
)
from viavolta.hub.market.replicating import proven_scenario, replicate, sources_of
from viavolta.hub.market.shelf import GROUPS
from viavolta.hub.market.visitor import person_of
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import OrganisationKind
from viavolta.hub.studies.models import Study, Visibility
from viavolta.model.facets import (
    Budget,
    Climate,
    Facets,
    Maturity,
    Population,
    Power,
    Segment,
    Site,
    Standard,
    Terrain,
    Vehicle,
    VoltageLevel,
)

router = Router(tags=["market"])
Language = Literal["en", "de", "fr", "it", "sl", "nl"]
Has = Literal["evidence", "study"]


class Side(StrEnum):
    """The two sides of the market, as addresses call them."""

    NEEDS = "needs"
    SOLUTIONS = "solutions"

    @property
    def kind(self) -> EntryKind:
        """What stands on this side."""
        return EntryKind.NEED if self is Side.NEEDS else EntryKind.SOLUTION


class FacetsBody(Schema):
    """What an entry says in fixed words; see the values of each."""

    model_config = ConfigDict(extra="forbid")

    segment: list[Segment] = Field(default=[])
    vehicle: list[Vehicle] = Field(default=[])
    site: list[Site] = Field(default=[])
    power: list[Power] = Field(default=[])
    voltage_level: list[VoltageLevel] = Field(default=[])
    standard: list[Standard] = Field(default=[])
    budget: list[Budget] = Field(default=[])
    climate: list[Climate] = Field(default=[])
    terrain: list[Terrain] = Field(default=[])
    population: list[Population] = Field(default=[])
    maturity: list[Maturity] = Field(default=[])


class ListQuery(FacetsBody):
    """What a list is narrowed by: one value of each group is enough, every group must be met."""

    model_config = ConfigDict(extra="ignore")

    q: str = Field("", max_length=MAX_WORDS, description="words of the text")
    country: list[str] = Field([], description="ISO 3166-1 alpha-2")
    by: list[OrganisationKind] = Field([], description="kinds of organisations")
    form: list[SolutionForm] = Field(default=[])
    has: list[Has] = Field(default=[])
    sort: Literal["", "published", "replications", "title", "country", "inhabitants"] = Field(
        "", description="empty: best match first, or small and medium-sized cities first"
    )
    descending: bool = False
    limit: int = Field(25, ge=1, le=250)
    offset: int = Field(0, ge=0, le=1_000_000)

    def criteria(self, kind: EntryKind) -> Criteria:
        """The criteria of that query."""
        chosen = {group: frozenset(map(str, getattr(self, group))) for group in GROUPS}
        return Criteria(
            kind=kind,
            words=" ".join(self.q.split()),
            chosen={group: words for group, words in chosen.items() if words},
        )


class FigureBody(Schema):
    """One measured figure."""

    what: str = Field(min_length=1, max_length=140)
    value: Decimal = Field(max_digits=14, decimal_places=4)
    unit: str = Field(min_length=1, max_length=24)
    place: str = Field(min_length=1, max_length=120)
    measured_from: date
    measured_to: date
    method: str = Field("", max_length=300)
    contact: str = Field(
        "", max_length=140, pattern="^[^@]*$", description="a function; no address"
    )

    @model_validator(mode="after")
    def _in_order(self) -> "FigureBody":
        if self.measured_to < self.measured_from:
            msg = "measured_to is before measured_from"
            raise ValueError(msg)
        return self


class EntryBody(Schema):
    """What an editor writes."""

    title: str = Field(min_length=1, max_length=140)
    summary: str = Field(min_length=1, max_length=300)
    language: Language
    text: str = Field("", max_length=12_000)
    facets: FacetsBody = FacetsBody()
    form: SolutionForm | None = Field(None, description="solutions only")
    wanted_by: date | None = Field(None, description="needs only")
    study: str | None = Field(None, description="the slug of a public study; solutions only")
    evidence: list[FigureBody] = Field([], max_length=12, description="solutions only")

    def content(self) -> Content:
        """The content of that body."""
        return Content(
            title=self.title,
            summary=self.summary,
            language=self.language,
            text=self.text,
            facets=Facets.from_codes(
                {name: list(map(str, words)) for name, words in self.facets.dict().items()}
            ),
            form=self.form or "",
            wanted_by=self.wanted_by,
            study_id=None if self.study is None else _study_id(self.study),
            evidence=tuple(
                MeasuredFigure(**{name: getattr(f, name) for name in EVIDENCE_FIELDS})
                for f in self.evidence
            ),
        )


class NewEntry(EntryBody):
    """A new need or solution, and whose it is."""

    organisation: str = Field(description="the slug of an organisation of yours")


class ChangedEntry(EntryBody):
    """A need or solution as it should be."""

    version: int = Field(description="the version that was read; an older one is refused with 409")


class EntryLine(Schema):
    """A need or solution as a list shows it."""

    slug: str
    title: str
    summary: str
    language: str
    organisation: str
    organisation_name: str
    country: str
    lat: float | None
    lon: float | None
    facets: dict[str, list[str]]
    form: str
    state: EntryState
    is_sample: bool
    n_replications: int
    published_at: datetime | None
    page: str

    @staticmethod
    def of(entry: Entry) -> dict[str, Any]:
        """The line of an entry."""
        body = entry.organisation
        return {
            name: getattr(entry, name)
            for name in (
                "slug",
                "title",
                "summary",
                "language",
                "facets",
                "form",
                "state",
                "is_sample",
                "n_replications",
                "published_at",
            )
        } | {
            "organisation": body.slug,
            "organisation_name": body.name,
            "country": body.country,
            "lat": body.lat,
            "lon": body.lon,
            "page": entry_url(entry),
        }


class EntryList(Schema):
    """A part of a list, how long it is, and how many there would be for each further choice."""

    count: int
    items: list[EntryLine]
    counts: dict[str, dict[str, int]]


class Attachment(Schema):
    """A picture (widest form) or a document."""

    name: str
    url: str


class EntryOut(EntryLine):
    """A need or solution."""

    text: str
    version: int
    wanted_by: date | None
    study: str | None
    evidence: list[FigureBody]
    pictures: list[Attachment]
    documents: list[Attachment]

    @staticmethod
    def of(entry: Entry) -> dict[str, Any]:
        """The whole of an entry."""
        study = entry.study
        is_public = study is not None and study.visibility == Visibility.PUBLIC
        return EntryLine.of(entry) | {
            "text": entry.text,
            "version": entry.version,
            "wanted_by": entry.wanted_by,
            "study": study.slug if study is not None and is_public else None,
            "evidence": list(entry.evidence.all()),
            "pictures": [
                {
                    "name": row.alternative,
                    "url": reverse("market-picture", args=[row.pk, row.widths[-1]]),
                }
                for row in entry.pictures.all()
                if row.removed_at is None
            ],
            "documents": [
                {"name": row.name, "url": reverse("market-document", args=[row.pk])}
                for row in entry.documents.all()
                if row.removed_at is None
            ],
        }


class MatchQuery(Schema):
    """How many matches, and in which language the reasons are named."""

    lang: Language = "en"
    limit: int = Field(20, ge=1, le=100)


class MatchOut(Schema):
    """An entry of the other side that matches."""

    entry: EntryLine
    score: float
    matched_on: list[str] = Field(description="terms of the glossary, in the language asked for")


class ReplicateBody(Schema):
    """What the study is applied to."""

    source: str = Field(
        pattern="^(study|feed)-[0-9]{1,12}$",
        description="`study-` with the number of a study, or `feed-` with that of a timetable",
    )


class ReplicationOut(Schema):
    """A solution's study at another place; figures of both once it is computed."""

    id: int
    solution: str
    study: str
    organisation: str
    at: datetime
    page: str
    figures: list[dict[str, Any]]

    @staticmethod
    def of(row: Replication) -> dict[str, Any]:
        """A replication with what is known of it."""
        own = row.study.scenarios.filter(is_baseline=True).first()
        origin = proven_scenario(row.entry)
        figures = compared(origin, own) if origin and own and own.result_folder else []
        return {
            "id": row.pk,
            "solution": row.entry.slug,
            "study": row.study.slug,
            "organisation": row.organisation.slug,
            "at": row.at,
            "page": reverse("market-replication", args=[row.pk]),
            "figures": [
                {"label": f.label, "unit": f.unit, "original": f.there, "here": f.here}
                for f in figures
            ],
        }


class SearchBody(Schema):
    """A search to keep: the query of a list's address, and a name."""

    side: Side
    query: str = Field("", max_length=1000)
    name: str = Field(min_length=1, max_length=120)
    notify: bool = True


class SearchOut(Schema):
    """A search a person keeps."""

    id: int
    side: Side
    query: str
    name: str
    notify: bool
    count: int = Field(description="how many it finds now")

    @staticmethod
    def of(search: SavedSearch) -> dict[str, Any]:
        """A search with what it finds."""
        kind = EntryKind(search.kind)
        found = find(Criteria.from_text(kind, search.query))
        return {
            "id": search.pk,
            "side": f"{kind.value}s",
            "query": search.query,
            "name": search.name,
            "notify": search.notify,
            "count": len(found.selection),
        }


@router.get("/market/searches", response=list[SearchOut])
@api_access(Access.SIGNED_IN)
def saved_searches(request: HttpRequest) -> Any:
    """The searches you keep, with what each finds now."""
    return [SearchOut.of(search) for search in searches_of(person_of(request))]


@router.post("/market/searches", response={201: SearchOut})
@api_access(Access.SIGNED_IN)
def keep_search(request: HttpRequest, body: SearchBody) -> Any:
    """Keep a search."""
    criteria = Criteria.from_text(body.side.kind, body.query)
    search = searching.save_search(person_of(request), criteria, name=body.name, notify=body.notify)
    return Status(201, SearchOut.of(search))


@router.delete("/market/searches/{search_id}", response={204: None})
@api_access(Access.SIGNED_IN)
def forget_search(request: HttpRequest, search_id: int) -> Any:
    """Forget a search."""
    person = person_of(request)
    searching.forget_search(person, get_object_or_404(searches_of(person), pk=search_id))
    return Status(204, None)


@router.get("/market/{side}", response=EntryList)
@api_access(Access.PUBLIC)
def entries(request: HttpRequest, side: Side, query: Query[ListQuery]) -> Any:  # noqa: ARG001 - ninja's signature
    """Published needs or solutions: searched, narrowed, sorted, with counts for each choice."""
    criteria = query.criteria(side.kind)
    rows = EntryRows(criteria)
    shown = rows.ordered(query.sort, descending=query.descending) if query.sort else rows
    return {
        "count": rows.count(),
        "items": [EntryLine.of(e) for e in shown.part(query.offset, query.offset + query.limit)],
        "counts": rows.hits.selection.counts,
    }


@router.post("/market/{side}", response={201: EntryOut})
@api_access(Access.EDITOR)
def new_entry(request: HttpRequest, side: Side, body: NewEntry) -> Any:
    """Begin a need or a solution as a draft."""
    person = person_of(request)
    organisation = get_object_or_404(organisations_of(person), slug=body.organisation)
    entry = actions.create(person, organisation, side.kind, body.content())
    return Status(201, EntryOut.of(entry))


@router.get("/market/{side}/{slug}", response=EntryOut)
@api_access(Access.PUBLIC)
def one_entry(request: HttpRequest, side: Side, slug: str) -> Any:
    """One need or solution; a merged one answers with the one that was kept."""
    entry = entry_for(request, side.kind, slug)
    return EntryOut.of(entry.merged_into or entry)


@router.get("/market/{side}/{slug}/matches", response=list[MatchOut])
@api_access(Access.PUBLIC)
def matches(request: HttpRequest, side: Side, slug: str, query: Query[MatchQuery]) -> Any:
    """The other side's best matches, best first, and on what they match."""
    entry = entry_for(request, side.kind, slug)
    return [
        {
            "entry": EntryLine.of(match.entry),
            "score": match.score,
            "matched_on": list(match.reason_names(query.lang)),
        }
        for match in matches_of(entry, n=query.limit)
    ]


@router.post("/market/solutions/{slug}/replicate", response={201: ReplicationOut})
@api_access(Access.EDITOR)
def replicate_study(request: HttpRequest, slug: str, body: ReplicateBody) -> Any:
    """Apply a solution's study to a study or timetable of yours, and have it computed."""
    person = person_of(request)
    entry = entry_for(request, EntryKind.SOLUTION, slug)
    source = next((s for s in sources_of(person) if s.key == body.source), None)
    if source is None:
        raise Http404
    return Status(201, ReplicationOut.of(replicate(person, entry, source)))


@router.get("/market/solutions/{slug}/replications", response=list[ReplicationOut])
@api_access(Access.PUBLIC)
def replications(request: HttpRequest, slug: str) -> Any:
    """Where the solution's study was applied, as far as you may see the studies."""
    entry = entry_for(request, EntryKind.SOLUTION, slug)
    return [ReplicationOut.of(row) for row in replications_of(entry, request)]


@router.put("/market/{side}/{slug}", response=EntryOut)
@api_access(Access.EDITOR)
def change_entry(request: HttpRequest, side: Side, slug: str, body: ChangedEntry) -> Any:
    """Change a need or a solution; 409 if somebody else did since that version."""
    entry = editable_entry(request, side.kind, slug)
    actions.edit(person_of(request), entry, body.content(), seen=body.version)
    return EntryOut.of(entry_for(request, side.kind, slug))


@router.delete("/market/{side}/{slug}", response={204: None})
@api_access(Access.EDITOR)
def delete_entry(request: HttpRequest, side: Side, slug: str) -> Any:
    """Delete a need or a solution; it can be brought back for 30 days."""
    actions.delete(person_of(request), editable_entry(request, side.kind, slug))
    return Status(204, None)


@router.post("/market/{side}/{slug}/publish", response=EntryOut)
@api_access(Access.EDITOR)
def publish_entry(request: HttpRequest, side: Side, slug: str) -> Any:
    """Show it to everybody."""
    return _done(request, side, slug, actions.publish)


@router.post("/market/{side}/{slug}/withdraw", response=EntryOut)
@api_access(Access.EDITOR)
def withdraw_entry(request: HttpRequest, side: Side, slug: str) -> Any:
    """Take it off the market."""
    return _done(request, side, slug, actions.withdraw)


@router.post("/market/{side}/{slug}/undelete", response=EntryOut)
@api_access(Access.EDITOR)
def undelete_entry(request: HttpRequest, side: Side, slug: str) -> Any:
    """Bring a deleted one back."""
    return _done(request, side, slug, actions.undelete)


def _done(request: HttpRequest, side: Side, slug: str, act: Any) -> Any:
    entry = editable_entry(request, side.kind, slug)
    act(person_of(request), entry)
    return EntryOut.of(entry)


def _study_id(slug: str) -> int:
    study = get_object_or_404(Study.objects.filter(visibility=Visibility.PUBLIC), slug=slug)
    return study.pk
