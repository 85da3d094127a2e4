"""The worker: runs in processes of their own, watched, stopped, ended once."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viavolta.storage.runs import kinds, queue
from viavolta.storage.runs.worker import Worker
from viavolta.storage.tables.models import Run

Ask = Callable[..., Run]
MakeWorker = Callable[..., Worker]


def work_until(worker: Worker, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, list(Run.objects.values())
        worker.tick()
        time.sleep(0.02)


def answer_of(run: Run) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((run.folder / "answer.json").read_text("utf-8"))
    return answer


def state_of(run: Run) -> str:
    run.refresh_from_db()
    return run.state


def until_told(worker: Worker, run: Run) -> None:
    def is_told() -> bool:
        run.refresh_from_db()
        return bool(run.stage)

    work_until(worker, is_told)


def test_a_run_is_done(
    ask: Ask, make_worker: MakeWorker, ended: list[tuple[int, str]], tmp_path: Path
) -> None:
    """Its answer is kept, what follows it happens once, its stages go."""
    run = ask("done")
    (run.folder / "work").mkdir(parents=True)
    work_until(make_worker(), lambda: state_of(run) == "done")
    assert answer_of(run)["out"] == run.result_folder == f"studies/run-{run.pk}"
    assert (tmp_path / run.result_folder / "study.json").is_file()
    assert ended == [(run.pk, "done")]
    assert (run.share_done, run.error, run.lease_until) == (1.0, None, None)
    assert not (run.folder / "work").exists()


def test_what_a_run_tells_is_written_down(ask: Ask, make_worker: MakeWorker) -> None:
    """Stage, share and message stand in its row."""
    run = ask("sleep")
    until_told(make_worker(), run)
    assert (run.state, run.stage, run.share_done, run.message) == (
        "running",
        "blocks",
        0.5,
        "sleep",
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("fail",), "config-not-toml", "no"),
        (("crash",), "run-failed", "the run ended with exit code 1: ValueError: oops"),
        (("hoard",), "run-too-large", "the run needed more than the 0.5 GB it may take"),
        (("sleep",), "run-too-long", "the run took longer than the 0.0001 hours it may take"),
        (("die",), "run-lost", "the run ended without a word 3 times"),
    ],
)
def test_a_run_fails_with_a_reason(
    words: tuple[str], code: str, message: str, ask: Ask, make_worker: MakeWorker
) -> None:
    """What the command says, else what became of it."""
    run = ask(*words)
    worker = make_worker(time_s=0.36 if words == ("sleep",) else 60.0)
    work_until(worker, lambda: state_of(run) == "failed")
    assert run.error is not None
    assert (run.error["code"], run.error["message"]) == (code, message)


def test_a_run_is_stopped(ask: Ask, make_worker: MakeWorker) -> None:
    """It is interrupted, ends by itself, and may be resumed."""
    run = ask("sleep")
    worker = make_worker()
    until_told(worker, run)
    queue.cancel(run.pk)
    work_until(worker, lambda: state_of(run) == "stopped")
    assert queue.resume(run.pk)
    until_told(worker, run)


def test_a_run_that_does_not_stop_is_killed(ask: Ask, make_worker: MakeWorker) -> None:
    """After a time of grace."""
    run = ask("sulk")
    worker = make_worker(grace_s=0.2)
    until_told(worker, run)
    queue.cancel(run.pk)
    work_until(worker, lambda: state_of(run) == "stopped")


def test_a_worker_that_is_shut_down_hands_its_runs_back(ask: Ask, make_worker: MakeWorker) -> None:
    """They wait for the next worker, without a try counted; their processes are gone."""
    run = ask("sleep")
    worker = make_worker()
    until_told(worker, run)
    (one,) = worker._under_way.values()  # noqa: SLF001 - the process is what is asked about
    stop = threading.Event()
    stop.set()
    worker.work(stop)
    assert one.child.returncode() == 130
    assert (state_of(run), run.tries) == ("queued", 0)


def test_a_run_is_done_once_though_its_worker_was_lost_at_the_end(
    ask: Ask, make_worker: MakeWorker, ended: list[tuple[int, str]]
) -> None:
    """A complete answer is taken as it is; half a result without one is made anew."""
    run = ask("done")
    first = queue.claim("lost", is_quick=False, most_per_owner=1)
    assert first is not None
    run.folder.mkdir(parents=True)
    run.result.mkdir(parents=True)
    (run.result / "half").write_text("")
    (run.folder / "answer.json").write_text('{"out":')
    queue.recover(lost=["lost"])
    work_until(make_worker(), lambda: state_of(run) == "done")
    assert [path.name for path in run.result.iterdir()] == ["study.json"]
    Run.objects.filter(pk=run.pk).update(state="running", worker="lost", tries=1)
    queue.recover(lost=["lost"])
    (run.result / "kept").write_text("")
    work_until(make_worker(), lambda: state_of(run) == "done")
    assert (run.result / "kept").is_file()
    assert ended == [(run.pk, "done")] * 2


def test_what_another_worker_took_is_left_to_it(ask: Ask, make_worker: MakeWorker) -> None:
    """A worker that slept through its lease kills its own process and writes nothing."""
    run = ask("sleep")
    worker = make_worker()
    until_told(worker, run)
    Run.objects.filter(pk=run.pk).update(worker="another")
    worker._next.clear()  # noqa: SLF001 - the leases are due
    work_until(worker, lambda: not worker._under_way)  # noqa: SLF001
    assert (state_of(run), run.worker) == ("running", "another")


def test_a_follower_that_fails_does_not_end_the_worker(ask: Ask, make_worker: MakeWorker) -> None:
    """The run has failed, and says why; the next one is done."""
    run, other = ask("done", follow="raises"), ask("done")
    work_until(make_worker(), lambda: state_of(other) == "done")
    assert state_of(run) == "failed"
    assert run.error is not None
    assert run.error["code"] == "run-not-followed"


def test_a_run_that_cannot_begin_has_failed(ask: Ask, make_worker: MakeWorker) -> None:
    """Arguments that make no command line end the run, not the worker."""
    run = ask("done")
    Run.objects.filter(pk=run.pk).update(arguments={})
    work_until(make_worker(), lambda: state_of(run) == "failed")
    assert run.error is not None
    assert run.error["code"] == "run-not-begun"


def test_a_run_is_not_told_where_the_database_is(
    ask: Ask, make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads uploaded files holds no key to the hub."""
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    run = ask("environment")
    work_until(make_worker(), lambda: state_of(run) == "done")
    answer = answer_of(run)
    assert "DATABASE_URL" not in answer
    assert "PATH" in answer


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux promises it")
def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Though the parent was killed, and could end nothing itself."""
    script = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'viavolta.storage.launch',"
        " str(os.getpid()), sys.executable, '-c', 'import time; print(1, flush=True);"
        " time.sleep(60)'], stdout=subprocess.PIPE)\n"
        "child.stdout.read(1)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def test_a_worker_looks_after_rounds(
    make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round is asked at once and then again only after its time."""
    asked: list[str] = []
    monkeypatch.setattr(kinds, "_rounds", {})
    kinds.add_round(kinds.Round(name="often", every_s=0.0, ask=lambda: asked.append("often")))
    kinds.add_round(kinds.Round(name="rarely", every_s=900.0, ask=lambda: asked.append("rarely")))
    worker = make_worker()
    worker.tick()
    worker.tick()
    assert asked == ["often", "rarely", "often"]
