"""Labs as everybody sees them, and what their hosts and participants see besides."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, Q, QuerySet

from viavolta.hub.collaborate.queries.calendar import attendance
from viavolta.hub.labs.models import (
    Lab,
    LabSession,
    Participant,
    ParticipantState,
    Practice,
    PracticeState,
    Review,
)
from viavolta.hub.market.models import Entry, EntryState
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import Study, Visibility

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def labs() -> QuerySet[Lab]:
    """Labs that everybody sees."""
    return (
        Lab.objects.filter(hidden=False, organisation__hidden=False)
        .select_related("organisation")
        .annotate(
            n_participants=Count(
                "participants",
                filter=Q(participants__state=ParticipantState.MEMBER),
                distinct=True,
            ),
            n_sessions=Count("sessions", distinct=True),
            n_practices=Count(
                "practices",
                filter=Q(practices__state=PracticeState.PUBLISHED, practices__hidden=False),
                distinct=True,
            ),
        )
        .order_by("name", "id")  # grouping drops the usual order
    )


def is_host(user: "User | AnonymousUser", lab: Lab) -> bool:
    """Whether the person hosts the lab (and still has the platform role)."""
    return isinstance(user, User) and user.is_lab_host and lab.hosts.filter(pk=user.pk).exists()


def sessions() -> QuerySet[LabSession]:
    """Sessions of labs that everybody sees, newest first."""
    return LabSession.objects.filter(
        lab__hidden=False, gathering__hidden=False, lab__organisation__hidden=False
    ).select_related("lab", "gathering", "gathering__organisation")


def participants(lab: Lab) -> QuerySet[Participant]:
    """Who takes part."""
    return lab.participants.filter(state=ParticipantState.MEMBER).select_related(
        "organisation", "user"
    )


def may_contribute(user: "User | AnonymousUser", lab: Lab) -> QuerySet[Organisation]:
    """Organisations in whose name the person may write a practice in a lab."""
    taking_part = lab.participants.filter(
        state=ParticipantState.MEMBER, organisation__isnull=False
    ).values("organisation_id")
    mine = organisations_of(user, Role.EDITOR).filter(hidden=False)
    if is_host(user, lab) or (
        isinstance(user, User)
        and lab.participants.filter(user=user, state=ParticipantState.MEMBER).exists()
    ):
        return mine.distinct()
    return mine.filter(Q(pk__in=taking_part) | Q(pk=lab.organisation_id)).distinct()


def published_practices() -> QuerySet[Practice]:
    """Practices that were reviewed and published."""
    return Practice.objects.filter(
        state=PracticeState.PUBLISHED,
        hidden=False,
        lab__hidden=False,
        organisation__hidden=False,
    ).select_related("lab", "organisation")


def readable_practices(user: "User | AnonymousUser") -> QuerySet[Practice]:
    """Practices a person may open: published, her own, those of labs she hosts, those to review."""
    rows = Practice.objects.select_related("lab", "organisation", "session__gathering")
    if not isinstance(user, User):
        return rows.filter(pk__in=published_practices().values("pk"))
    if user.is_moderator:
        return rows
    seen = Q(pk__in=published_practices().values("pk"))
    seen |= Q(organisation__in=organisations_of(user, Role.EDITOR).values("pk"))
    if user.is_lab_host:
        seen |= Q(lab__hosts=user) | Q(state=PracticeState.SUBMITTED)
    return rows.filter(seen).distinct()


def may_review(user: "User | AnonymousUser", practice: Practice) -> bool:
    """Whether a person may review: a host or moderator who is not of the writers."""
    return (
        isinstance(user, User)
        and (user.is_lab_host or user.is_moderator)
        and practice.created_by_id != user.pk
        and not organisations_of(user).filter(pk=practice.organisation_id).exists()
    )


def to_review(user: User) -> QuerySet[Practice]:
    """Practices that wait for this person's review, the longest wait first."""
    if not (user.is_lab_host or user.is_moderator):
        return Practice.objects.none()
    return (
        Practice.objects.filter(state=PracticeState.SUBMITTED, hidden=False)
        .exclude(created_by=user)
        .exclude(organisation__in=organisations_of(user).values("pk"))
        .select_related("lab", "organisation")
        .order_by("submitted_at", "pk")
    )


def reviews_of(practice: Practice) -> QuerySet[Review]:
    """What reviewers said, newest first."""
    return practice.reviews.select_related("reviewer")


def linkable_studies(organisations: QuerySet[Organisation]) -> QuerySet[Study]:
    """Public studies of organisations, which a practice of theirs may name."""
    return Study.objects.filter(
        visibility=Visibility.PUBLIC,
        organisation__in=organisations.values("pk"),
        organisation__hidden=False,
    )


def linkable_solutions(organisations: QuerySet[Organisation]) -> QuerySet[Entry]:
    """Solutions of organisations on the market, which a practice of theirs may name."""
    return Entry.objects.filter(
        kind="solution",
        organisation__in=organisations.values("pk"),
        state=EntryState.PUBLISHED,
        is_hidden=False,
        deleted_at=None,
        merged_into=None,
    )


def open_lab_invitations(user: User) -> QuerySet[Participant]:
    """Invitations to labs that wait for this person's answer."""
    return Participant.objects.filter(
        Q(organisation__in=organisations_of(user, Role.EDITOR).values("pk")) | Q(user=user),
        state=ParticipantState.INVITED,
        lab__hidden=False,
    ).select_related("lab", "organisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What the hub knows of a region: its labs, sessions, practices, organisations, studies."""

    nuts: str
    name: str
    languages: list[str]
    labs: list[Lab]
    sessions: list[LabSession]
    practices: list[Practice]
    organisations: list[Organisation]
    studies: list[Study]


def region(nuts: str) -> Region | None:
    """A region that has a lab; organisations below it by their NUTS code."""
    here = list(labs().filter(nuts=nuts).prefetch_related("texts"))
    if not here:
        return None
    in_region = Organisation.objects.filter(hidden=False, nuts__startswith=nuts)
    return Region(
        nuts=nuts,
        name=here[0].region_name,
        languages=list(dict.fromkeys(code for lab in here for code in lab.languages)),
        labs=here,
        sessions=list(sessions().filter(lab__in=here)[:20]),
        practices=list(published_practices().filter(lab__in=here)[:20]),
        organisations=list(in_region[:50]),
        studies=list(
            Study.objects.filter(visibility=Visibility.PUBLIC, organisation__in=in_region)[:20]
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LabFigures:
    """A lab in figures, as its funder asks for them, between two instants."""

    sessions: int
    attendance: int
    participants: int
    practices_written: int
    practices_published: int


def figures(lab: Lab, since: datetime, until: datetime) -> LabFigures:
    """Count a lab's work in `[since, until)`; cancelled sessions do not count."""
    held = held_sessions(lab, since, until)
    practices = lab.practices.filter(hidden=False)
    return LabFigures(
        sessions=len(held),
        attendance=sum(attendance(session.gathering) for session in held),
        participants=participants(lab).filter(joined_at__gte=since, joined_at__lt=until).count(),
        practices_written=practices.filter(created_at__gte=since, created_at__lt=until).count(),
        practices_published=practices.filter(
            state=PracticeState.PUBLISHED, published_at__gte=since, published_at__lt=until
        ).count(),
    )


def held_sessions(lab: Lab, since: datetime, until: datetime) -> list[LabSession]:
    """Sessions that began in `[since, until)`, in order, each with who came."""
    rows = (
        lab.sessions.filter(
            gathering__cancelled=False,
            gathering__starts_at__gte=since,
            gathering__starts_at__lt=until,
        )
        .select_related("gathering", "gathering__organisation")
        .prefetch_related(Prefetch("gathering__registrations"))
        .order_by("gathering__starts_at", "pk")
    )
    return list(rows)
