"""The queue of runs: asked for, taken by workers in turns, held by leases, ended once.

Every change is one statement or one transaction that says which state it expects, so that two who
act at once never both succeed.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from viavolta.model.messages import text
from viavolta.storage.runs.kinds import kind_of
from viavolta.storage.tables.models import HELD, Run, RunState, WorkerSeen

LEASE = dt.timedelta(seconds=30)
MOST_TRIES = 3
_FORGOTTEN = dt.timedelta(days=1)
_LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_CLAIM_LOCK = 0x7669_6176  # any number that no one else locks


def enqueue(
    kind: str,
    *,
    owner_key: str,
    arguments: Mapping[str, Any],
    title: str = "",
    result_folder: str = "",
) -> Run:
    """Ask for a run; a worker takes it when it is the owner's turn.

    `result_folder` is relative to the data folder; `studies/run-N` unless given.

    Raises
    ------
    KeyError: nobody registered the kind.
    """
    run = Run.objects.create(
        kind=kind,
        owner_key=owner_key,
        arguments=dict(arguments),
        title=title[:200],
        is_quick=kind_of(kind).is_quick,
        result_folder=result_folder,
    )
    if not run.result_folder:
        run.result_folder = f"studies/run-{run.pk}"
        run.save(update_fields=["result_folder"])
    return run


def cancel(run_id: int) -> bool:
    """Stop a run: at once if it waits, else its worker interrupts it; False if it has ended."""
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None or run.is_ended:
            return False
        if run.state == RunState.QUEUED:
            run.state, run.ended_at = RunState.STOPPED, timezone.now()
            run.save(update_fields=["state", "ended_at"])
            kind_of(run.kind).at_end(run)
        elif run.state == RunState.RUNNING:
            run.state = RunState.STOPPING
            run.save(update_fields=["state"])
    return True


def resume(run_id: int) -> bool:
    """Queue a stopped or failed run again: it goes on behind its last finished stage."""
    waiting = Run.objects.filter(pk=run_id, state__in=(RunState.STOPPED, RunState.FAILED)).update(
        state=RunState.QUEUED, tries=0, error=None, ended_at=None, queued_at=timezone.now()
    )
    return bool(waiting)


def claim(worker: str, *, is_quick: bool, most_per_owner: int) -> Run | None:
    """Take the next run of a queue for a worker; None where nobody waits whose turn it is.

    Owners take turns: of those that wait, the one with the fewest runs under way goes first, then
    the one whose last start is longest ago, then the run that has waited longest. Nobody has more
    than `most_per_owner` runs under way.
    """
    with transaction.atomic():
        _lock_claims()
        owner_key = _next_owner(is_quick=is_quick, most_per_owner=most_per_owner)
        if owner_key is None:
            return None
        waiting = Run.objects.filter(
            state=RunState.QUEUED, is_quick=is_quick, owner_key=owner_key
        ).order_by("queued_at", "pk")
        run = waiting.select_for_update().first()
        if run is None:
            return None
        now = timezone.now()
        run.state, run.worker, run.lease_until = RunState.RUNNING, worker, now + LEASE
        run.started_at, run.tries = now, run.tries + 1
        run.stage, run.share_done, run.message = "", 0.0, ""
        run.save()
        return run


def _lock_claims() -> None:
    """One claim at a time, so that turns are exact; SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])


def _next_owner(*, is_quick: bool, most_per_owner: int) -> str | None:
    owners = Run.objects.filter(state=RunState.QUEUED, is_quick=is_quick)
    in_turn = (
        Run.objects.filter(is_quick=is_quick, owner_key__in=owners.values("owner_key"))
        .values("owner_key")
        .annotate(
            under_way=models.Count("pk", filter=models.Q(state__in=HELD)),
            last=models.Max("started_at"),
            waits_since=models.Min("queued_at", filter=models.Q(state=RunState.QUEUED)),
        )
        .filter(under_way__lt=most_per_owner)
        .order_by("under_way", models.F("last").asc(nulls_first=True), "waits_since")
    )
    first = in_turn.first()
    return None if first is None else str(first["owner_key"])


def renew(worker: str, run_ids: Collection[int]) -> set[int]:
    """Renew a worker's leases; of these runs, those that it still holds."""
    held = Run.objects.filter(pk__in=run_ids, worker=worker, state__in=HELD)
    held.update(lease_until=timezone.now() + LEASE)
    return set(held.values_list("pk", flat=True))


def to_stop(worker: str) -> set[int]:
    """The worker's runs that somebody wants stopped."""
    asked = Run.objects.filter(worker=worker, state=RunState.STOPPING)
    return set(asked.values_list("pk", flat=True))


def tell(worker: str, run_id: int, *, stage: str, share: float, message: str) -> None:
    """Write down how far a run is."""
    Run.objects.filter(pk=run_id, worker=worker, state__in=HELD).update(
        stage=stage[:40], share_done=share, message=message[:300]
    )


def give_back(worker: str, run_id: int) -> None:
    """Queue a run again that its worker cannot finish now; this was no try of the run's own."""
    Run.objects.filter(pk=run_id, worker=worker, state=RunState.RUNNING).update(
        state=RunState.QUEUED, worker="", lease_until=None, tries=models.F("tries") - 1
    )


def end(
    worker: str,
    run_id: int,
    state: RunState,
    *,
    error: Mapping[str, Any] | None = None,
    is_followed: bool = True,
) -> bool:
    """End a run that the worker holds, with what its kind wants done; False if it lost it."""
    with transaction.atomic():
        held = Run.objects.select_for_update().filter(pk=run_id, worker=worker, state__in=HELD)
        run = held.first()
        if run is None:
            return False
        run.state, run.ended_at, run.lease_until = state, timezone.now(), None
        run.error = None if error is None else dict(error)
        if state == RunState.DONE:
            run.share_done = 1.0
        run.save()
        if is_followed:
            kind_of(run.kind).at_end(run)
    return True


def lose(worker: str, run_id: int) -> None:
    """Put down a run whose process was killed by someone else: as if its worker were lost."""
    Run.objects.filter(pk=run_id, worker=worker).update(lease_until=_LONG_AGO)
    recover()


def recover(*, lost: Collection[str] = ()) -> int:
    """Take runs from workers whose lease ended, or that are known to be lost; how many.

    They are queued again and go on behind their last finished stage; after MOST_TRIES tries they
    have failed. Those that were to be stopped are stopped.
    """
    n = 0
    gone = models.Q(lease_until__lt=timezone.now()) | models.Q(worker__in=lost)
    for run_id in Run.objects.filter(gone, state__in=HELD).values_list("pk", flat=True):
        with transaction.atomic():
            held = Run.objects.select_for_update().filter(gone, pk=run_id, state__in=HELD)
            run = held.first()
            if run is None:
                continue
            n += 1
            run.lease_until, run.worker = None, ""
            if run.state == RunState.RUNNING and run.tries < MOST_TRIES:
                run.state = RunState.QUEUED
                run.save()
                continue
            run.ended_at = timezone.now()
            if run.state == RunState.STOPPING:
                run.state = RunState.STOPPED
            else:
                run.state, run.error = RunState.FAILED, lost_error(run.tries)
            run.save()
            kind_of(run.kind).at_end(run)
    return n


def lost_error(tries: int) -> dict[str, Any]:
    """The error of a run that ended without a word each time."""
    return run_error(
        "run-lost",
        text("the run ended without a word {n} times", n=tries),
        hint=text("there may be too little memory: plan a smaller area or a lower effort"),
    )


def run_error(code: str, message: str, *, hint: str) -> dict[str, Any]:
    """An error of the run itself, in the form of the command line's."""
    nowhere = dict.fromkeys(("file", "row", "field", "value", "expected"))
    return {"code": code, "message": message, **nowhere, "hint": hint}


def say_alive(worker: str) -> None:
    """Write down that a worker lives; those that have been silent for a day are forgotten."""
    now = timezone.now()
    WorkerSeen.objects.update_or_create(worker=worker, defaults={"seen_at": now})
    WorkerSeen.objects.filter(seen_at__lt=now - _FORGOTTEN).delete()


def say_gone(worker: str) -> None:
    """Write down that a worker ends."""
    WorkerSeen.objects.filter(worker=worker).delete()


def is_any_worker_alive() -> bool:
    """Whether a worker was heard of within a lease."""
    return WorkerSeen.objects.filter(seen_at__gt=timezone.now() - LEASE).exists()


def workers_at_work() -> set[str]:
    """The workers that hold runs."""
    return set(Run.objects.filter(state__in=HELD).values_list("worker", flat=True).distinct())
