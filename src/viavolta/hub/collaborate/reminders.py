"""Reminders of follow-up tasks: asked for by workers, sent once each by a run of its own."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.models import FollowUp
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.storage.runs.kinds import Round, RunKind, add_round, register
from viavolta.storage.runs.queue import enqueue
from viavolta.storage.tables.models import Run, RunState

KIND = "reminders"
REMIND_BEFORE = timedelta(days=2)
LOOK_EVERY_S = 300.0


def register_kind() -> None:
    """Make the run known to hub and workers, and have workers look for what is due."""
    register(
        RunKind(
            name=KIND,
            command=lambda _run: ("reminders", "--json", "--progress", "json"),
            is_quick=True,
            uses_database=True,
        )
    )
    add_round(Round(name=KIND, every_s=LOOK_EVERY_S, ask=ask_for_reminders))


def ask_for_reminders() -> None:
    """Have a worker send what is due, unless that is already asked for."""
    open_states = (RunState.QUEUED, RunState.RUNNING)
    if (
        _due(timezone.now()).exists()
        and not Run.objects.filter(kind=KIND, state__in=open_states).exists()
    ):
        enqueue(KIND, owner_key="collaborate", arguments={}, result_folder=f"runs/{KIND}")


def remind(now: datetime) -> int:
    """Remind the owners of open tasks that are due within two days, each once; how many.

    A task is marked first and its letter sent in the same transaction: if the letter cannot be
    handed over, the mark is undone and the next round tries again.
    """
    return sum(_remind_one(key, now) for key in list(_due(now).values_list("pk", flat=True)))


def _due(now: datetime) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(
        done_at=None,
        reminded_at=None,
        owner__is_active=True,
        due_on__lte=(now + REMIND_BEFORE).date(),
        gathering__cancelled=False,
        gathering__is_sample=False,
    )


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
