"""Planning events, registering, groups, minutes."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.actions.collaborations import require_member
from viavolta.hub.collaborate.models import BreakoutGroup, Collaboration, Gathering, Registration
from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.collaborate.zones import Rhythm, instant, repeated
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import require, role_in
from viavolta.hub.people.models import Organisation, Role, User

MOST_REPEATS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringFacts:
    """What an event says of itself; `starts` is what the clock in `zone` shows."""

    title: str
    starts: datetime
    minutes_long: int
    zone: str
    about: str = ""
    segment: str = ""
    place: str = ""
    online: str = ""
    places_for: int | None = None
    collaboration: Collaboration | None = None


@transaction.atomic
def plan_gatherings(
    user: User,
    organisation: Organisation,
    facts: GatheringFacts,
    *,
    rhythm: Rhythm = Rhythm.ONCE,
    count: int = 1,
    is_sample: bool = False,
) -> list[Gathering]:
    """Plan an event, or a series of them at the same hour of the clock.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation, or not of the collaboration.
    RefusedError: too many, or a time that the clock skips.
    """
    require(user, organisation, Role.EDITOR)
    if facts.collaboration is not None:
        require_member(user, facts.collaboration)
    if not 1 <= count <= MOST_REPEATS:
        raise RefusedError(_("A series has at most 26 events."))
    walls = repeated(facts.starts, rhythm, count)
    series = uuid.uuid4() if len(walls) > 1 else None
    made = []
    for wall in walls:
        starts_at = instant(wall, facts.zone)
        name = f"{facts.title} {wall:%Y-%m-%d}"
        gathering = Gathering(
            organisation=organisation,
            slug=free_slug(Gathering, name, "event"),
            series=series,
            is_sample=is_sample,
            created_by=user,
        )
        _fill(gathering, facts, starts_at)
        gathering.save()
        record(Verb.EVENT_PLANNED, actor=user, organisation=organisation, subject=gathering)
        made.append(gathering)
    return made


@transaction.atomic
def change_gathering(user: User, gathering: Gathering, facts: GatheringFacts, *, seen: int) -> None:
    """Change an event; calendars that hold it see the new version.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    StaleEditError: somebody else saved it in the meantime.
    RefusedError: a time that the clock skips.
    """
    require(user, gathering.organisation, Role.EDITOR)
    _fill(gathering, facts, instant(facts.starts, facts.zone))
    gathering.changed_at = timezone.now()
    save_version(gathering, seen=seen)
    record(Verb.EVENT_CHANGED, actor=user, organisation=gathering.organisation, subject=gathering)


@transaction.atomic
def cancel_gathering(user: User, gathering: Gathering, *, is_cancelled: bool, seen: int) -> None:
    """Cancel an event, or take the cancellation back.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    StaleEditError: somebody else saved it in the meantime.
    """
    require(user, gathering.organisation, Role.EDITOR)
    gathering.cancelled = is_cancelled
    gathering.changed_at = timezone.now()
    save_version(gathering, seen=seen)
    record(
        Verb.EVENT_CANCELLED,
        actor=user,
        organisation=gathering.organisation,
        subject=gathering,
        detail={"cancelled": is_cancelled},
    )


@transaction.atomic
def register(
    user: User, gathering: Gathering, organisation: Organisation | None = None
) -> Registration:
    """Register for an event, for one's organisation or alone; twice is once.

    Raises
    ------
    PermissionDenied: the person does not belong to the organisation.
    RefusedError: the event is over, cancelled or full.
    """
    if organisation is not None and role_in(user, organisation) is None:
        raise PermissionDenied
    locked = Gathering.objects.select_for_update().get(pk=gathering.pk)
    if locked.cancelled or locked.ends_at < timezone.now():
        raise RefusedError(_("This event takes no registrations."))
    there = locked.registrations.filter(user=user).first()
    if there is not None:
        return there
    if locked.places_for is not None and locked.registrations.count() >= locked.places_for:
        raise RefusedError(_("All places are taken."))
    registration = Registration.objects.create(
        gathering=locked, user=user, organisation=organisation
    )
    record(Verb.EVENT_REGISTERED, actor=user, organisation=organisation, subject=gathering)
    return registration


@transaction.atomic
def unregister(user: User, gathering: Gathering) -> None:
    """Take one's registration back."""
    gone, _rows = Registration.objects.filter(gathering=gathering, user=user).delete()
    if gone:
        record(Verb.EVENT_UNREGISTERED, actor=user, subject=gathering)


@transaction.atomic
def keep_minutes(user: User, gathering: Gathering, *, minutes: str, seen: int) -> None:
    """Write down what was said.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    StaleEditError: somebody else saved them in the meantime.
    """
    require(user, gathering.organisation, Role.EDITOR)
    gathering.minutes = minutes
    save_version(gathering, seen=seen)
    record(Verb.EVENT_MINUTED, actor=user, organisation=gathering.organisation, subject=gathering)
    if gathering.collaboration is not None:
        record(
            Verb.COLLABORATION_MET,
            actor=user,
            organisation=gathering.organisation,
            subject=gathering.collaboration,
        )


@transaction.atomic
def note_attendance(
    user: User, gathering: Gathering, present: Iterable[int], *, others: int
) -> None:
    """Say which of the registered came, and how many others.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    """
    require(user, gathering.organisation, Role.EDITOR)
    came = set(present)
    gathering.registrations.filter(pk__in=came).update(attended=True)
    gathering.registrations.exclude(pk__in=came).update(attended=False)
    Gathering.objects.filter(pk=gathering.pk).update(others_attended=others)
    gathering.others_attended = others
    record(Verb.EVENT_ATTENDED, actor=user, organisation=gathering.organisation, subject=gathering)


@transaction.atomic
def set_groups(user: User, gathering: Gathering, topics: Iterable[str]) -> list[BreakoutGroup]:
    """Make the breakout groups these topics, in this order; those that stay keep their people.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    """
    require(user, gathering.organisation, Role.EDITOR)
    wanted = list(dict.fromkeys(topic for topic in topics if topic))
    gathering.groups.exclude(topic__in=wanted).delete()
    there = set(gathering.groups.values_list("topic", flat=True))
    for topic in wanted:
        if topic not in there:
            BreakoutGroup.objects.create(gathering=gathering, topic=topic)
    record(Verb.EVENT_GROUPED, actor=user, organisation=gathering.organisation, subject=gathering)
    return list(gathering.groups.all())


@transaction.atomic
def assign_groups(user: User, gathering: Gathering, places: Mapping[int, int | None]) -> None:
    """Put registrations (by id) into groups (by id), or into none.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    """
    require(user, gathering.organisation, Role.EDITOR)
    groups = {group.pk: group for group in gathering.groups.all()}
    for registration in gathering.registrations.filter(pk__in=list(places)):
        wanted = places[registration.pk]
        registration.group = None if wanted is None else groups.get(wanted)
        registration.save(update_fields=["group"])
    record(Verb.EVENT_GROUPED, actor=user, organisation=gathering.organisation, subject=gathering)


@transaction.atomic
def spread_over_groups(user: User, gathering: Gathering) -> None:
    """Spread all registered evenly over the groups, people of one organisation apart.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    RefusedError: there is no group.
    """
    require(user, gathering.organisation, Role.EDITOR)
    groups = list(gathering.groups.all())
    if not groups:
        raise RefusedError(_("Name the groups first."))
    people = sorted(
        gathering.registrations.all(), key=lambda row: (row.organisation_id or 0, row.pk)
    )
    for n, registration in enumerate(people):
        registration.group = groups[n % len(groups)]
        registration.save(update_fields=["group"])
    record(Verb.EVENT_GROUPED, actor=user, organisation=gathering.organisation, subject=gathering)


def _fill(gathering: Gathering, facts: GatheringFacts, starts_at: datetime) -> None:
    gathering.title = facts.title
    gathering.about = facts.about
    gathering.segment = facts.segment
    gathering.starts_at = starts_at
    gathering.ends_at = starts_at + timedelta(minutes=facts.minutes_long)
    gathering.zone = facts.zone
    gathering.place = facts.place
    gathering.online = facts.online
    gathering.places_for = facts.places_for
    gathering.collaboration = facts.collaboration
