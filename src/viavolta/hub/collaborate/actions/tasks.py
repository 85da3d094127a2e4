"""Follow-up tasks of events."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models import FollowUp, Gathering
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.people.access import may, require
from viavolta.hub.people.models import Role, User


@transaction.atomic
def set_task(
    user: User, gathering: Gathering, *, text: str, owner: User | None, due_on: date
) -> FollowUp:
    """Give somebody who belongs to the event a task.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    RefusedError: the owner neither came nor belongs to the organisation.
    """
    require(user, gathering.organisation, Role.EDITOR)
    if owner is not None and not (
        gathering.registrations.filter(user=owner).exists()
        or may(owner, gathering.organisation, Role.READER)
    ):
        raise RefusedError(_("This person has nothing to do with the event."))
    task = FollowUp.objects.create(gathering=gathering, text=text, owner=owner, due_on=due_on)
    record(
        Verb.TASK_SET,
        actor=user,
        organisation=gathering.organisation,
        subject=gathering,
        detail={"task": task.pk},
    )
    return task


@transaction.atomic
def finish_task(user: User, task: FollowUp, *, is_done: bool) -> None:
    """Tick a task off, or open it again: its owner, or an editor of the organisation.

    Raises
    ------
    PermissionDenied: the person is neither.
    """
    if task.owner_id != user.pk:
        require(user, task.gathering.organisation, Role.EDITOR)
    task.done_at = timezone.now() if is_done else None
    task.save(update_fields=["done_at"])
    record(
        Verb.TASK_DONE if is_done else Verb.TASK_REOPENED,
        actor=user,
        organisation=task.gathering.organisation,
        subject=task.gathering,
        detail={"task": task.pk},
    )
