"""A run in a process of its own: started, listened to, interrupted, killed."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viavolta.storage.processes import group_memory_bytes

MOST_LOG_BYTES = 1_000_000
MOST_LINE = 4_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a command told last: its stage, the share of it that is done, and what it does."""

    stage: str = ""
    share: float = 0.0
    message: str = ""


class Child:
    """A command line under way.

    Its answer goes to `folder/answer.json`; what it says beside its progress to `folder/log.txt`.
    Started from the thread that lives as long as the worker: the system ends the child with it.
    """

    def __init__(
        self, words: Sequence[str], *, folder: Path, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        launch = [sys.executable, "-m", "viavolta.storage.launch", str(os.getpid())]
        with answer_file(folder).open("wb") as answer:
            self._process = subprocess.Popen(  # noqa: S603 - words of a registered kind
                [*launch, *words],
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=dict(environment),
                process_group=0,
            )
        self.told = Told()
        self._log = (folder / "log.txt").open("ab")
        self._left = MOST_LOG_BYTES
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def returncode(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        code = self._process.poll()
        if code is not None:
            self._listener.join(timeout=5)
        return code

    def interrupt(self) -> None:
        """Ask it to stop and keep what is finished."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it and all processes that it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self, timeout_s: float) -> None:
        """Give it time to end; kill it where that is not enough."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def memory_bytes(self) -> int:
        """Memory that it and all processes that it started hold."""
        return group_memory_bytes(self._process.pid)

    def _listen(self) -> None:
        stream = self._process.stderr
        if stream is None:
            return
        with self._log, stream:
            while line := stream.readline(MOST_LINE):
                told = _progress(line)
                if told is not None:
                    self.told = told
                elif self._left > 0:
                    self._left -= len(line)
                    self._log.write(line)
                    self._log.flush()


def answer_file(folder: Path) -> Path:
    """Where a run's answer stands: the one JSON document of `--json`."""
    return folder / "answer.json"


def read_answer(folder: Path) -> dict[str, Any] | None:
    """The answer of a run, None where it gave none: a command writes it last of all."""
    try:
        answer = json.loads(answer_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def last_words(folder: Path) -> str:
    """The last line of the log of a run."""
    try:
        lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def _progress(line: bytes) -> Told | None:
    """A line of `--progress json`; None for any other."""
    if not line.startswith(b"{"):
        return None
    try:
        told = json.loads(line)
        return Told(str(told["stage"]), float(told["share"]), str(told["message"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
