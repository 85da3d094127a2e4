"""Calls and consortia: which parts are covered, which lack, and who would fit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from viavolta.hub.collaborate.models import (
    Call,
    CallPart,
    Consortium,
    ConsortiumMember,
    DeclaredSkill,
    Partner,
)
from viavolta.hub.collaborate.models.calls import PartKind
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.people.models import Organisation

N_SUGGESTIONS = 10
_N_LOOKED_AT = 200


def calls() -> QuerySet[Call]:
    """Calls that everybody sees."""
    return (
        Call.objects.filter(hidden=False)
        .select_related("organisation")
        .prefetch_related("parts")
        .annotate(n_consortia=Count("consortia", distinct=True))
        .order_by("deadline", "id")  # grouping drops the usual order
    )


def consortia() -> QuerySet[Consortium]:
    """Consortia of calls that everybody sees, with `places`: members and invited ones."""
    places = (
        ConsortiumMember.objects.filter(
            state__in=(PartnerState.MEMBER, PartnerState.INVITED), organisation__hidden=False
        )
        .select_related("organisation")
        .prefetch_related("covers__part")
    )
    return (
        Consortium.objects.filter(call__hidden=False)
        .select_related("call", "collaboration")
        .prefetch_related("call__parts", Prefetch("members", places, to_attr="places"))
    )


def places_of(consortium: Consortium) -> list[ConsortiumMember]:
    """Members and invited ones of a consortium read by `consortia`."""
    return list(getattr(consortium, "places"))  # noqa: B009 - Django prefetches it to there


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCovered:
    """A part of the call, and who covers it; invited ones do not cover it yet."""

    part: CallPart
    by: tuple[Organisation, ...]
    invited: tuple[Organisation, ...]

    @property
    def is_covered(self) -> bool:
        """Whether a member covers it."""
        return bool(self.by)


def coverage(consortium: Consortium) -> list[PartCovered]:
    """Each part of the call with who covers it (of a consortium read by `consortia`)."""
    by: dict[int, list[Organisation]] = defaultdict(list)
    invited: dict[int, list[Organisation]] = defaultdict(list)
    for place in places_of(consortium):
        side = by if place.state == PartnerState.MEMBER else invited
        for cover in place.covers.all():
            side[cover.part_id].append(place.organisation)
    return [
        PartCovered(part=part, by=tuple(by[part.pk]), invited=tuple(invited[part.pk]))
        for part in consortium.call.parts.all()
    ]


def parts_that_fit(organisation: Organisation, call: Call) -> list[CallPart]:
    """The parts of a call that an organisation fits by its kind or its declared skills."""
    declared = DeclaredSkill.objects.filter(organisation=organisation)
    skills = set(declared.values_list("skill", flat=True))
    return [part for part in call.parts.all() if _fits(part, organisation.kind, skills)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An organisation that would fill gaps, and why it is suggested."""

    organisation: Organisation
    fills: tuple[CallPart, ...]
    n_in_segment: int


def suggestions(consortium: Consortium, lacking: Sequence[CallPart]) -> list[Suggestion]:
    """Organisations that fill most gaps; among equals those at work in the call's segment first."""
    if not lacking:
        return []
    found = _who_could_fill(consortium, lacking)
    has: dict[int, set[str]] = defaultdict(set)
    declared = DeclaredSkill.objects.filter(organisation__in=found)
    for one, skill in declared.values_list("organisation_id", "skill"):
        has[one].add(skill)
    at_work = Partner.objects.filter(
        organisation__in=found,
        state=PartnerState.MEMBER,
        collaboration__segment=consortium.call.segment,
        collaboration__hidden=False,
    )
    counts = dict(at_work.order_by().values_list("organisation_id").annotate(n=Count("pk")))
    rows = [
        Suggestion(
            organisation=one,
            fills=tuple(part for part in lacking if _fits(part, one.kind, has[one.pk])),
            n_in_segment=counts.get(one.pk, 0),
        )
        for one in found
    ]
    rows.sort(key=lambda row: (-len(row.fills), -row.n_in_segment, row.organisation.name))
    return rows[:N_SUGGESTIONS]


def _who_could_fill(consortium: Consortium, lacking: Sequence[CallPart]) -> list[Organisation]:
    """Organisations of the wanted kinds or skills outside the consortium, samples among samples."""
    kinds = [part.key for part in lacking if part.kind == PartKind.ROLE]
    skills = [part.key for part in lacking if part.kind == PartKind.SKILL]
    asked = ConsortiumMember.objects.filter(consortium=consortium).exclude(state=PartnerState.LEFT)
    fitting = (
        Organisation.objects.filter(hidden=False, is_sample=consortium.is_sample)
        .filter(Q(kind__in=kinds) | Q(skills__skill__in=skills))
        .exclude(pk__in=asked.values("organisation_id"))
        .annotate(n_fitting=Count("skills", filter=Q(skills__skill__in=skills), distinct=True))
        .order_by("-n_fitting", "name", "pk")
    )
    return list(fitting[:_N_LOOKED_AT])


def _fits(part: CallPart, kind: str, skills: set[str]) -> bool:
    return part.key == kind if part.kind == PartKind.ROLE else part.key in skills
