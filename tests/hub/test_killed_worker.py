"""kill -9 of the worker in mid-run: no study and no upload is lost."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from viavolta.formats.input_file import input_of

SEED = """
from viavolta.hub.site.start import migrate, set_up
set_up()
migrate()
from viavolta.hub.site.samples import seed
from viavolta.storage.tables.models import Run
run = Run.objects.get(pk=seed().scenario.run_id)
run.arguments["options"]["effort"] = "low"
run.save()
"""


def rows(data: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data / "hub.sqlite3", timeout=20) as database:
        return database.execute(query).fetchall()


def wait_for(is_so: Callable[[], bool], seconds: float = 500.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def processes_in(folder: Path) -> list[int]:
    """Processes whose command line names a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(folder).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a hub of its own, on SQLite in a file."""
    other = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "VIAVOLTA_ORIGIN")
    kept = {k: v for k, v in os.environ.items() if k not in other}
    return kept | {"VIAVOLTA_DATA": str(tmp_path / "data")}


@pytest.fixture
def start_worker(
    surroundings: dict[str, str],
) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Start workers; those that are left are ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "viavolta", "worker"]
        started.append(subprocess.Popen(command, env=surroundings, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for worker in started:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_killed_worker_loses_no_study_and_no_upload(
    tmp_path: Path,
    surroundings: dict[str, str],
    start_worker: Callable[[], "subprocess.Popen[bytes]"],
) -> None:
    """The next worker goes on behind the last finished stage; the study obeys every rule."""
    data = tmp_path / "data"
    subprocess.run([sys.executable, "-c", SEED], check=True, env=surroundings)
    uploads = rows(data, "SELECT path, sha256 FROM studies_upload")
    assert len(uploads) == 2
    stage = data / "runs" / "1" / "work" / "read.stage"
    worker = start_worker()
    wait_for(stage.exists)
    worker.kill()
    worker.wait()
    wait_for(lambda: not processes_in(data / "studies" / "run-1"), 10)
    read_at = stage.stat().st_mtime_ns
    assert rows(data, "SELECT state, tries FROM tables_run WHERE kind = 'plan-bus'") == [
        ("running", 1)
    ]
    assert not (data / "studies" / "run-1").exists()
    assert rows(data, "SELECT result_folder FROM studies_scenario") == [("",)]
    start_worker()
    is_read_again = False

    def is_done() -> bool:
        nonlocal is_read_again
        is_read_again |= stage.exists() and stage.stat().st_mtime_ns != read_at
        state = rows(data, "SELECT state FROM tables_run WHERE kind = 'plan-bus'")
        assert state in ([("running",)], [("queued",)], [("done",)])
        return state == [("done",)]

    wait_for(is_done)
    assert not is_read_again
    ((folder, summary, tries),) = rows(
        data,
        "SELECT s.result_folder, summary, tries FROM studies_scenario s, tables_run r"
        " WHERE s.run_id = r.id",
    )
    assert tries == 2
    study = json.loads((data / str(folder) / "study.json").read_text("utf-8"))
    assert json.loads(str(summary))["vehicles"] == study["summary"]["vehicles"] > 10
    check = [sys.executable, "-m", "viavolta", "check", str(data / str(folder))]
    assert subprocess.run(check, check=False, stdout=subprocess.DEVNULL).returncode == 0
    for path, sha256 in uploads:
        assert input_of(data / str(path)).sha256 == sha256
