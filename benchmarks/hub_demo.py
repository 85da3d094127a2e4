"""How long a fresh `viavolta demo` takes to its first page, and how soon a killed run goes on.

Aims: the first page, with all sample data, within 60 s of the command, though no kernel has been
compiled yet; a run whose worker was killed is taken up by the next worker of the same machine
within 10 s of its start. The files of the pages are prepared before (`viavolta prepare`).
"""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

FIRST_PAGE_AIM_S = 60.0
TAKEN_UP_AIM_S = 10.0
_SAMPLES, _SAMPLE = "market/solutions/", b"Muster-Ladewerk"


def main(_data: Path) -> int:
    """Measure both in folders of their own; 1 where an aim is missed."""
    with tempfile.TemporaryDirectory(prefix="viavolta-bench-") as folder:
        place = Path(folder)
        page_s, ready_s = first_page(place)
        print(
            f"first page {page_s:.1f} s, ready with sample data {ready_s:.1f} s after the command"
        )
        print(f"ratio to the aim of {FIRST_PAGE_AIM_S:.0f} s: {ready_s / FIRST_PAGE_AIM_S:.2f}")
        taken_s = taken_up(place)
        print(f"a killed run is taken up {taken_s:.1f} s after the next worker was started")
        print(f"ratio to the aim of {TAKEN_UP_AIM_S:.0f} s: {taken_s / TAKEN_UP_AIM_S:.2f}")
    return int(ready_s > FIRST_PAGE_AIM_S or taken_s > TAKEN_UP_AIM_S)


def first_page(place: Path) -> tuple[float, float]:
    """Seconds to the first answer, and to the first page that shows the samples."""
    port = _free_port()
    began = time.monotonic()
    command = [sys.executable, "-m", "viavolta", "demo", "--port", str(port)]
    surroundings = _surroundings(place) | {"NUMBA_CACHE_DIR": str(place / "kernels")}
    with subprocess.Popen(
        [*command, "--data", str(place / "data")],
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as demo:
        try:
            _wait(lambda: _page(port) is not None)
            page_s = time.monotonic() - began
            line = demo.stdout.readline() if demo.stdout else ""
            ready_s = time.monotonic() - began
            if not line.startswith("viavolta is ready") or _SAMPLE not in (
                _page(port, _SAMPLES) or b""
            ):
                raise SystemExit(f"the demo is not what it should be: {line}")
        finally:
            demo.send_signal(signal.SIGKILL)  # as cruel as it gets: its parts end with it
    return page_s, ready_s


def taken_up(place: Path) -> float:
    """Seconds from the start of a worker to the second try of the run that the demo left."""
    command = [sys.executable, "-m", "viavolta", "worker"]
    began = time.monotonic()
    with subprocess.Popen(
        command,
        env=_surroundings(place) | {"VIAVOLTA_DATA": str(place / "data")},
        stderr=subprocess.DEVNULL,
    ) as worker:
        try:
            _wait(lambda: _tries(place / "data") > 1)
            return time.monotonic() - began
        finally:
            worker.send_signal(signal.SIGTERM)


def _tries(data: Path) -> int:
    database = sqlite3.connect(data / "hub.sqlite3", timeout=20)
    try:
        return int(database.execute("SELECT max(tries) FROM tables_run").fetchone()[0])
    finally:
        database.close()


def _page(port: int, name: str = "") -> bytes | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=5) as answer:
            content: bytes = answer.read()
            return content
    except OSError:
        return None


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def _surroundings(place: Path) -> dict[str, str]:
    other = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "VIAVOLTA_ORIGIN", "VIAVOLTA_DATA")
    return {k: v for k, v in os.environ.items() if k not in other} | {"HOME": str(place)}


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
