"""The worker: takes runs from the queue, does each in a process of its own, ends them once.

One loop in one thread does everything, so that a worker holds no lock that a killed one could keep.
What a worker that was killed had under way is taken up by the next: `queue.recover`.
"""

import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from viavolta.model.messages import text
from viavolta.storage.processes import identity, is_lost
from viavolta.storage.runs import queue
from viavolta.storage.runs.child import Child, Told, last_words, read_answer
from viavolta.storage.runs.kinds import kind_of, rounds
from viavolta.storage.tables.models import Run, RunState

LOG = logging.getLogger(__name__)

TICK_S = 0.1
ASK_EVERY_S = 0.5
TELL_EVERY_S = 1.0
RENEW_EVERY_S = 5.0
WEIGH_EVERY_S = 0.5
_SECRETS = ("DATABASE_URL", "VIAVOLTA_SMTP", "VIAVOLTA_OIDC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What runs may take.

    Attributes
    ----------
    slots, quick_slots : long and quick runs of a worker at the same time. per_owner : runs of one
        owner at the same time, over all workers. memory_bytes, time_s : of one run.
        grace_s : between asking a run to stop and killing it.
    """

    slots: int
    quick_slots: int = 1
    per_owner: int = 1
    memory_bytes: int
    time_s: float
    grace_s: float = 20.0


@dataclass(slots=True, kw_only=True)
class _UnderWay:
    """A run with its process; `why` it was killed, where it was."""

    run: Run
    child: Child
    began: float
    told: Told = field(default_factory=Told)
    told_at: float = 0.0
    interrupted_at: float | None = None
    why: dict[str, Any] | None = None
    is_held: bool = True


class Worker:
    """Does runs until it is told to stop."""

    def __init__(
        self,
        quotas: Quotas,
        *,
        program: tuple[str, ...] = (sys.executable, "-m", "viavolta"),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.name = identity()
        self._quotas, self._program = quotas, program
        self._environment = {k: v for k, v in environment.items() if k not in _SECRETS}
        self._everything = dict(environment)
        self._data = Path(settings.CONFIG.data)
        self._under_way: dict[int, _UnderWay] = {}
        self._next: dict[str, float] = {}

    def work(self, stop: threading.Event) -> None:
        """Do runs until `stop` is set; then interrupt them and queue them again."""
        LOG.info("worker started", extra={"worker": self.name})
        while not stop.wait(TICK_S):
            try:
                self.tick()
            except (OperationalError, InterfaceError):
                LOG.warning("database out of reach", exc_info=True)
                connection.close()
                stop.wait(TELL_EVERY_S)
        self._hand_back()
        queue.say_gone(self.name)
        LOG.info("worker stopped", extra={"worker": self.name})

    def tick(self) -> None:
        """Look once after everything that is due."""
        for one in list(self._under_way.values()):
            if one.child.returncode() is not None:
                self._finish(one)
            else:
                self._watch(one)
        if self._is_due("renew", RENEW_EVERY_S):
            if not connection.in_atomic_block:
                close_old_connections()
            queue.say_alive(self.name)
            self._keep_leases()
            lost = [name for name in queue.workers_at_work() if is_lost(name)]
            queue.recover(lost=lost)
        for one_round in rounds():
            if self._is_due(f"round-{one_round.name}", one_round.every_s):
                one_round.ask()
        if self._is_due("ask", ASK_EVERY_S):
            self._stop_those_asked_for()
            for is_quick in (True, False):
                self._take(is_quick=is_quick)

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every_s
        return True

    def _take(self, *, is_quick: bool) -> None:
        slots = self._quotas.quick_slots if is_quick else self._quotas.slots
        busy = sum(one.run.is_quick == is_quick for one in self._under_way.values())
        while busy < slots:
            run = queue.claim(self.name, is_quick=is_quick, most_per_owner=self._quotas.per_owner)
            if run is None:
                return
            busy += self._begin(run)

    def _begin(self, run: Run) -> bool:
        """Start a run; False where it turned out to be done, or cannot be started."""
        LOG.info("run begins", extra={"run": run.pk, "kind": run.kind, "tries": run.tries})
        answer = read_answer(run.folder)
        if run.tries > 1 and answer is not None and "error" not in answer:
            self._end(run, RunState.DONE)
            return False
        try:
            child = self._start(run)
        except Exception as error:  # a kind's own code: what it does wrong must not end the worker
            LOG.exception("run cannot begin", extra={"run": run.pk, "kind": run.kind})
            self._end(run, RunState.FAILED, error=_not_begun(error))
            return False
        self._under_way[run.pk] = _UnderWay(run=run, child=child, began=time.monotonic())
        return True

    def _start(self, run: Run) -> Child:
        if run.result.is_dir() and run.result.resolve().is_relative_to(self._data.resolve()):
            shutil.rmtree(run.result)  # of a try that ended before it had answered
        run.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kind = kind_of(run.kind)
        return Child(
            [*self._program, *kind.command(run)],
            folder=run.folder,
            cwd=self._data,
            environment=self._everything if kind.uses_database else self._environment,
        )

    def _watch(self, one: _UnderWay) -> None:
        now = time.monotonic()
        if one.child.told != one.told and now - one.told_at >= TELL_EVERY_S:
            one.told, one.told_at = one.child.told, now
            told = one.told
            queue.tell(
                self.name, one.run.pk, stage=told.stage, share=told.share, message=told.message
            )
        if one.interrupted_at is not None and now - one.interrupted_at > self._quotas.grace_s:
            one.child.kill()
        if one.why is None and now - one.began > self._quotas.time_s:
            self._break_off(one, _too_long(self._quotas.time_s))
        is_due = one.why is None and self._is_due(f"weigh {one.run.pk}", WEIGH_EVERY_S)
        if is_due and one.child.memory_bytes() > self._quotas.memory_bytes:
            self._break_off(one, _too_much(self._quotas.memory_bytes))

    def _break_off(self, one: _UnderWay, why: dict[str, Any]) -> None:
        one.why = why
        one.child.kill()

    def _stop_those_asked_for(self) -> None:
        if not self._under_way:
            return
        for run_id in queue.to_stop(self.name):
            one = self._under_way.get(run_id)
            if one is not None and one.interrupted_at is None:
                one.interrupted_at = time.monotonic()
                one.child.interrupt()

    def _keep_leases(self) -> None:
        """Renew leases; what another worker holds by now is left to it."""
        if not self._under_way:
            return
        held = queue.renew(self.name, list(self._under_way))
        for run_id, one in self._under_way.items():
            if run_id not in held:
                one.is_held = False
                one.child.kill()

    def _finish(self, one: _UnderWay) -> None:
        """End the run of a child that has ended; the child is forgotten once that is written."""
        run, code = one.run, one.child.returncode()
        answer = read_answer(run.folder)
        if not one.is_held:
            pass
        elif one.why is not None:
            self._end(run, RunState.FAILED, error=one.why)
        elif code == 0 and answer is not None:
            self._end(run, RunState.DONE)
        elif one.interrupted_at is not None:
            self._end(run, RunState.STOPPED)
        elif code is not None and code < 0:
            queue.lose(self.name, run.pk)
        else:
            self._end(run, RunState.FAILED, error=_error_of(answer, run, code))
        del self._under_way[run.pk]

    def _end(self, run: Run, state: RunState, *, error: Mapping[str, Any] | None = None) -> None:
        try:
            queue.end(self.name, run.pk, state, error=error)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # a kind's own code: what it does wrong must not end the worker
            LOG.exception("what follows a run failed", extra={"run": run.pk, "kind": run.kind})
            state = RunState.FAILED
            queue.end(self.name, run.pk, state, error=_not_followed(), is_followed=False)
        if state == RunState.DONE:
            shutil.rmtree(run.folder / "work", ignore_errors=True)
        LOG.info("run ended", extra={"run": run.pk, "kind": run.kind, "state": str(state)})

    def _hand_back(self) -> None:
        """Interrupt what is under way, and queue it again behind its last finished stage."""
        for one in self._under_way.values():
            one.child.interrupt()
        deadline = time.monotonic() + self._quotas.grace_s
        for one in list(self._under_way.values()):
            one.child.wait(max(0.0, deadline - time.monotonic()))
            is_asked = bool({one.run.pk} & queue.to_stop(self.name))
            if one.child.returncode() == 0 or one.why is not None or is_asked:
                one.interrupted_at = one.interrupted_at or (0.0 if is_asked else None)
                self._finish(one)
            else:
                queue.give_back(self.name, one.run.pk)


def _error_of(answer: Mapping[str, Any] | None, run: Run, code: int | None) -> dict[str, Any]:
    """What the command said; else its last words."""
    error = None if answer is None else answer.get("error")
    if isinstance(error, dict):
        return error
    return queue.run_error(
        "run-failed",
        text(
            "the run ended with exit code {code}: {words}", code=code, words=last_words(run.folder)
        ),
        hint=text("try again; if it fails again, report it"),
    )


def _not_begun(error: Exception) -> dict[str, Any]:
    return queue.run_error(
        "run-not-begun",
        text("the run cannot be started: {error}", error=f"{type(error).__name__}: {error}"[:200]),
        hint=text("its files may be gone: choose them anew"),
    )


def _too_long(time_s: float) -> dict[str, Any]:
    return queue.run_error(
        "run-too-long",
        text("the run took longer than the {h:g} hours it may take", h=time_s / 3600),
        hint=text("plan a smaller area or a lower effort"),
    )


def _too_much(memory_bytes: int) -> dict[str, Any]:
    return queue.run_error(
        "run-too-large",
        text("the run needed more than the {gb:.1f} GB it may take", gb=memory_bytes / 1e9),
        hint=text("plan a smaller area or a lower effort"),
    )


def _not_followed() -> dict[str, Any]:
    return queue.run_error(
        "run-not-followed",
        text("the run was done, but what follows it failed"),
        hint=text("try again; if it fails again, report it"),
    )
