"""Is this for us? A need and a solution laid side by side, facet by facet."""

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from viavolta.engines.matching.agreement import agreement_of_solutions
from viavolta.engines.matching.tables import FacetTable
from viavolta.hub.market.labels import choice_label, group_label
from viavolta.hub.market.models import Entry, EntryKind
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import User
from viavolta.model.facets import FACET_VALUES, Facet, Facets

_MET = 0.99
MAX_COMPARED = 5


class Verdict(StrEnum):
    """How one point stands."""

    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not-met"
    NOT_SAID = "not-said"

    @property
    def words(self) -> str:
        """The verdict in the reader's language."""
        return {
            Verdict.MET: _("met"),
            Verdict.PARTLY: _("partly"),
            Verdict.NOT_MET: _("not met"),
            Verdict.NOT_SAID: _("not said"),
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One facet: what is asked, what is offered, how far that goes."""

    label: str
    asked: str
    offered: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A need and a solution compared; `ours` is the entry of the visitor's own organisation."""

    ours: Entry
    points: tuple[Point, ...]

    @property
    def n_met(self) -> int:
        """How many points are met."""
        return sum(point.verdict is Verdict.MET for point in self.points)

    @property
    def n_open(self) -> int:
        """How many points are not met."""
        return sum(point.verdict is Verdict.NOT_MET for point in self.points)


def fits_for(user: User | AnonymousUser, entry: Entry) -> list[Fit]:
    """The visitor's own entries of the other side beside this one, the best fit first."""
    if not isinstance(user, User):
        return []
    other = EntryKind.NEED if entry.kind == EntryKind.SOLUTION else EntryKind.SOLUTION
    ours = (
        Entry.objects.filter(
            organisation__in=organisations_of(user),
            kind=other,
            deleted_at=None,
            merged_into=None,
        )
        .exclude(organisation=entry.organisation_id)
        .select_related("organisation")
        .defer("text")
        .order_by("-changed_at")[:50]
    )
    fits = [Fit(ours=own, points=points_of(*_sides(entry, own))) for own in ours]
    fits.sort(key=lambda fit: (fit.n_open - fit.n_met, -fit.ours.pk))
    return fits[:MAX_COMPARED]


def points_of(need: Facets, solution: Facets) -> tuple[Point, ...]:
    """Every facet the need says something of, beside what the solution says."""
    agreement = agreement_of_solutions(need, FacetTable.of([solution]))
    points = []
    for column, facet in enumerate(Facet):
        if not need.of(facet):
            continue
        met = float(agreement.met[0, column])
        if not agreement.is_known[0, column]:
            verdict = Verdict.NOT_SAID
        elif met >= _MET:
            verdict = Verdict.MET
        else:
            verdict = Verdict.PARTLY if met > 0 else Verdict.NOT_MET
        points.append(
            Point(
                label=group_label(facet.value),
                asked=_words(need, facet),
                offered=_words(solution, facet),
                verdict=verdict,
            )
        )
    return tuple(points)


def _sides(one: Entry, other: Entry) -> tuple[Facets, Facets]:
    need, solution = (one, other) if one.kind == EntryKind.NEED else (other, one)
    return need.said(), solution.said()


def _words(facets: Facets, facet: Facet) -> str:
    said = facets.of(facet)
    return ", ".join(
        choice_label(facet.value, value.value) for value in FACET_VALUES[facet] if value in said
    )
