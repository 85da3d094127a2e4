"""Web server, worker and gateway side by side: started, kept, ended together."""

import contextlib
import json
import logging
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LOG = logging.getLogger(__name__)

WATCH_EVERY_S = 0.2
CALM_S = 60.0
MOST_RESTARTS = 5
GRACE_S = 30.0
_ASK_TIMEOUT_S = 5.0


@dataclass(slots=True, kw_only=True)
class _Part:
    """One of the processes; `restarts` counts those within the last CALM_S."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    restarts: list[float]


class Together:
    """Runs `viavolta` commands as parts of one whole."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = dict(environment)
        self._parts: list[_Part] = []

    def start(
        self,
        name: str,
        words: Sequence[str],
        *,
        module: str = "viavolta",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a part: a module with these words, and what differs in its environment."""
        words = ["-m", module, *words]
        around = self._environment | dict(environment or {})
        part = _Part(
            name=name,
            words=words,
            environment=around,
            process=_process(words, around),
            restarts=[],
        )
        self._parts.append(part)

    def watch(self, stop: threading.Event, *, meanwhile: Callable[[], None] | None = None) -> bool:
        """Keep all parts running until `stop` is set; False where one cannot be kept."""
        while not stop.wait(WATCH_EVERY_S):
            for part in self._parts:
                if part.process.poll() is not None and not self._restart(part):
                    return False
            if meanwhile is not None:
                meanwhile()
        return True

    def _restart(self, part: _Part) -> bool:
        now = time.monotonic()
        part.restarts = [at for at in part.restarts if now - at < CALM_S]
        code = part.process.returncode
        if len(part.restarts) >= MOST_RESTARTS:
            LOG.error("part ends again and again", extra={"part": part.name, "code": code})
            return False
        LOG.warning("part ended, started again", extra={"part": part.name, "code": code})
        part.restarts.append(now)
        part.process = _process(part.words, part.environment)
        return True

    def stop(self) -> None:
        """End all parts cleanly; kill what does not end."""
        for part in self._parts:
            with contextlib.suppress(ProcessLookupError):
                part.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for part in self._parts:
            try:
                part.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                LOG.warning("part killed", extra={"part": part.name})
                os.killpg(part.process.pid, signal.SIGKILL)
                part.process.wait()


def _process(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    launch = [sys.executable, "-m", "viavolta.storage.launch", str(os.getpid())]
    return subprocess.Popen(  # noqa: S603 - our own commands
        [*launch, sys.executable, *words],
        stdin=subprocess.DEVNULL,
        env=dict(environment),
        process_group=0,
    )


def health_of(address: str) -> dict[str, str] | None:
    """What the hub at an address says of its parts; None where it does not answer."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False  # it is asked at loopback, whatever its certificate names
    trusting.verify_mode = ssl.CERT_NONE
    request = urllib.request.Request(f"{address}/health")  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(  # noqa: S310 - our own server
            request, timeout=_ASK_TIMEOUT_S, context=trusting
        ) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        content = error.read()
    except OSError:
        return None
    try:
        parts = json.loads(content)
    except ValueError:
        return None
    return parts if isinstance(parts, dict) else None
