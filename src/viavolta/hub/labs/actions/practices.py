"""Good practices: written, submitted, reviewed, published."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import save_version
from viavolta.hub.labs.models import (
    Lab,
    LabSession,
    Practice,
    PracticeState,
    Review,
    Verdict,
)
from viavolta.hub.labs.queries import (
    linkable_solutions,
    linkable_studies,
    may_contribute,
    may_review,
)
from viavolta.hub.labs.verbs import Verb
from viavolta.hub.market.models import Entry
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeFacts:
    """What a practice says."""

    title: str
    language: str
    segment: str
    challenge: str
    approach: str
    result: str = ""
    lessons: str = ""
    session: LabSession | None = None
    studies: tuple[Study, ...] = ()
    solutions: tuple[Entry, ...] = ()


@transaction.atomic
def write_practice(
    user: User,
    lab: Lab,
    organisation: Organisation,
    facts: PracticeFacts,
    *,
    is_sample: bool = False,
) -> Practice:
    """Write a practice as a draft.

    Raises
    ------
    PermissionDenied: the person may not write in the name of the organisation in this lab.
    """
    if not may_contribute(user, lab).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    practice = Practice(
        lab=lab,
        organisation=organisation,
        slug=free_slug(Practice, facts.title, "practice"),
        is_sample=is_sample,
        created_by=user,
    )
    _fill(practice, facts)
    practice.save()
    _link(practice, facts)
    record(Verb.PRACTICE_WRITTEN, actor=user, organisation=organisation, subject=practice)
    return practice


@transaction.atomic
def change_practice(user: User, practice: Practice, facts: PracticeFacts, *, seen: int) -> None:
    """Change a practice; a published one is reviewed again before others read it again.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    StaleEditError: somebody else saved it in the meantime.
    """
    require(user, practice.organisation, Role.EDITOR)
    _fill(practice, facts)
    if practice.state == PracticeState.PUBLISHED:
        practice.state = PracticeState.SUBMITTED
        practice.submitted_at = timezone.now()
    save_version(practice, seen=seen)
    _link(practice, facts)
    record(Verb.PRACTICE_CHANGED, actor=user, organisation=practice.organisation, subject=practice)


@transaction.atomic
def submit_practice(user: User, practice: Practice) -> None:
    """Hand a draft, or one that was sent back, to review.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    RefusedError: it is under review or published already.
    """
    require(user, practice.organisation, Role.EDITOR)
    if practice.state not in {PracticeState.DRAFT, PracticeState.RETURNED}:
        raise RefusedError(_("This is not possible at this stage."))
    practice.state = PracticeState.SUBMITTED
    practice.submitted_at = timezone.now()
    save_version(practice, seen=practice.version)
    record(
        Verb.PRACTICE_SUBMITTED, actor=user, organisation=practice.organisation, subject=practice
    )


@transaction.atomic
def review_practice(
    user: User, practice: Practice, *, verdict: Verdict, comment: str, seen: int
) -> Review:
    """Publish a practice or send it back; `seen` is the version the reviewer read.

    Raises
    ------
    PermissionDenied: no host or moderator, or of those who wrote it.
    RefusedError: it is not under review, or is sent back without a word.
    StaleEditError: it was changed since the reviewer read it.
    """
    if not may_review(user, practice):
        raise PermissionDenied
    if practice.state != PracticeState.SUBMITTED:
        raise RefusedError(_("This is not possible at this stage."))
    if verdict == Verdict.RETURN and not comment.strip():
        raise RefusedError(_("Say what should be changed."))
    is_published = verdict == Verdict.PUBLISH
    practice.state = PracticeState.PUBLISHED if is_published else PracticeState.RETURNED
    if is_published:
        practice.published_at = practice.published_at or timezone.now()
    save_version(practice, seen=seen)
    review = Review.objects.create(
        practice=practice, reviewer=user, verdict=verdict, comment=comment
    )
    record(
        Verb.PRACTICE_PUBLISHED if is_published else Verb.PRACTICE_RETURNED,
        actor=user,
        organisation=practice.organisation,
        subject=practice,
    )
    return review


def _fill(practice: Practice, facts: PracticeFacts) -> None:
    practice.title = facts.title
    practice.language = facts.language
    practice.segment = facts.segment
    practice.challenge = facts.challenge
    practice.approach = facts.approach
    practice.result = facts.result
    practice.lessons = facts.lessons
    practice.session = (
        facts.session if facts.session and facts.session.lab_id == practice.lab_id else None
    )


def _link(practice: Practice, facts: PracticeFacts) -> None:
    writers = Organisation.objects.filter(pk=practice.organisation.pk)
    studies = linkable_studies(writers).filter(pk__in=[one.pk for one in facts.studies])
    solutions = linkable_solutions(writers).filter(pk__in=[one.pk for one in facts.solutions])
    practice.studies.set(studies)
    practice.solutions.set(solutions)
