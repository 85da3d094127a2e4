"""Kinds of runs for tests, and a command line that does what it is told."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from viavolta.storage.runs import kinds, queue
from viavolta.storage.runs.worker import Quotas, Worker
from viavolta.storage.tables.models import Run

PROGRAM = Path(__file__).with_name("command.py")


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, db: None) -> list[tuple[int, str]]:  # noqa: ARG001 - opens the database
    """A data folder and kinds of its own; what followed the end of runs, in order."""
    followed: list[tuple[int, str]] = []

    def follow(run: Run) -> None:
        followed.append((run.pk, run.state))
        if run.arguments.get("follow") == "raises":
            msg = "the follower"
            raise RuntimeError(msg)

    def command(run: Run) -> list[str]:
        return [*run.arguments["words"], "--out", run.result_folder]

    monkeypatch.setattr(kinds, "_kinds", {})
    monkeypatch.setattr(settings, "CONFIG", type("Config", (), {"data": tmp_path}))
    kinds.register(kinds.RunKind(name="test", command=command, at_end=follow))
    kinds.register(kinds.RunKind(name="quick", command=command, at_end=follow, is_quick=True))
    return followed


Ask = Callable[..., Run]


@pytest.fixture
def ask() -> Ask:
    """Queue a run of the test's command, by the words it takes."""

    def enqueue(*words: str, owner: str = "a", kind: str = "test", **more: Any) -> Run:
        return queue.enqueue(kind, owner_key=owner, arguments={"words": words, **more})

    return enqueue


@pytest.fixture
def make_worker() -> Iterator[Callable[..., Worker]]:
    """Workers that run the test's command; their children are killed at the end."""
    made: list[Worker] = []

    def make(**more: Any) -> Worker:
        given = {"slots": 2, "memory_bytes": 500_000_000, "time_s": 60.0, "grace_s": 5.0, **more}
        worker = Worker(Quotas(**given), program=(sys.executable, "-S", str(PROGRAM)))
        made.append(worker)
        return worker

    yield make
    for worker in made:
        for one in worker._under_way.values():  # noqa: SLF001 - cleans up after any failure
            one.child.wait(0)
