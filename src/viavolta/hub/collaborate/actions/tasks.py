"""Follow-up tasks of events, and the reminders that go with them."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viavolta.hub.collaborate.models import FollowUp, Gathering
from viavolta.hub.collaborate.refusals import RefusedError
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.people.access import may, require
from viavolta.hub.people.models import Role, User

REMIND_BEFORE = timedelta(days=2)


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
        raise RefusedError(gettext_lazy("This person has nothing to do with the event."))
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


def remind(now: datetime) -> int:
    """Remind the owners of open tasks that are due within two days, each once; how many.

    A task is marked first and its letter sent in the same transaction: if the letter cannot be
    handed over, the mark is undone and the next round tries again.
    """
    due = FollowUp.objects.filter(
        done_at=None,
        reminded_at=None,
        owner__is_active=True,
        due_on__lte=(now + REMIND_BEFORE).date(),
        gathering__cancelled=False,
        gathering__is_sample=False,
    )
    return sum(_remind_one(key, now) for key in due.values_list("pk", flat=True))


@transaction.atomic
def _remind_one(key: int, now: datetime) -> int:
    if not FollowUp.objects.filter(pk=key, reminded_at=None).update(reminded_at=now):
        return 0
    task = FollowUp.objects.select_related("owner", "gathering__organisation").get(pk=key)
    owner = task.owner
    if owner is None:
        return 0
    with translation.override(owner.language or settings.LANGUAGE_CODE):
        send_mail(
            subject=_("Due on %(day)s: %(task)s")
            % {"day": f"{task.due_on:%Y-%m-%d}", "task": task.text},
            message=_("From the event “%(event)s” of %(organisation)s.")
            % {"event": task.gathering.title, "organisation": task.gathering.organisation.name}
            + f"\n\n{task.text}\n",
            from_email=None,
            recipient_list=[owner.email],
        )
    record(
        Verb.TASK_REMINDED,
        organisation=task.gathering.organisation,
        subject=task.gathering,
        detail={"task": task.pk},
    )
    return 1
