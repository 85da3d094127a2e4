"""Long runs: what was asked for, by whom, how far it is and how it ended."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from viavolta.storage.tables import (
    billing,
    certificates,
    enrolment,
    fleets,
    live,
    notices,
    payments,
    stations,
    statistics,
)

__all__ = [
    "Run",
    "RunState",
    "billing",
    "certificates",
    "enrolment",
    "fleets",
    "live",
    "notices",
    "payments",
    "stations",
    "statistics",
]


class RunState(models.TextChoices):
    """Where a run is on its way; the hub has the words for people."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


ENDED = (RunState.STOPPED, RunState.FAILED, RunState.DONE)
HELD = (RunState.RUNNING, RunState.STOPPING)


class Run(models.Model):
    """One command line that a worker runs for an owner, in a process of its own.

    `owner_key` says whose turn it is ("organisation:12"): owners take turns. `arguments` are what
    the kind makes its command line from. `stage`, `share_done` (of the stage) and `message` are
    what the command told last. `error` is its error as `--json` tells it, null unless it failed.
    A worker holds a run until `lease_until` and renews that while it lives; `tries` counts how
    often one took it. `result_folder`, relative to the data folder, is what `--out` names.
    """

    kind = models.CharField(max_length=40)
    owner_key = models.CharField(max_length=80, db_index=True)
    title = models.CharField(max_length=200, blank=True)
    arguments = models.JSONField(default=dict)
    is_quick = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    stage = models.CharField(max_length=40, blank=True)
    share_done = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    error = models.JSONField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    result_folder = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-queued_at", "-id")
        indexes = (
            models.Index(fields=("state", "is_quick", "id"), name="run_queue"),
            models.Index(fields=("owner_key", "-started_at"), name="run_turns"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen unless somebody asks for it."""
        return self.state in ENDED

    @property
    def folder(self) -> Path:
        """Where the run keeps its stages, its log and its answer, for as long as it needs them."""
        return _data() / "runs" / str(self.pk)

    @property
    def result(self) -> Path:
        """The folder that the command writes its result to."""
        return _data() / self.result_folder


class WorkerSeen(models.Model):
    """When a worker last said that it lives."""

    worker = models.CharField(max_length=120, unique=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.worker


def _data() -> Path:
    data: Any = settings.CONFIG.data
    return Path(data)
