"""A PostgreSQL of one's own for as long as a test or a command lasts.

`python tests/hub/throwaway_postgres.py COMMAND ...` runs a command with DATABASE_URL set to it. It
listens at a socket in a temporary folder alone. It never runs as root: where we are root, it runs
as the user `postgres` that Debian's package brings.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")
START_S = 30.0


def binaries() -> Path | None:
    """The folder with initdb and postgres, of the newest version that is installed."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/pgsql").glob("*/bin")]
    newest = sorted(places, key=lambda place: int(place.parent.name.split(".")[0]), reverse=True)
    on_path = shutil.which("initdb")
    found = [*newest, *([Path(on_path).parent] if on_path else [])]
    return next((p for p in found if (p / "initdb").exists() and (p / "postgres").exists()), None)


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server, give its address as DATABASE_URL takes it, and remove all of it."""
    place = binaries()
    if place is None:
        msg = "PostgreSQL is not installed"
        raise RuntimeError(msg)
    folder = Path(tempfile.mkdtemp(prefix="viavolta-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    form = ("-U", "viavolta", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    made = subprocess.run(
        [place / "initdb", "-D", folder / "data", *form],
        check=False,
        capture_output=True,
        text=True,
        user=user,
        cwd=folder,
    )
    if made.returncode:
        raise RuntimeError(made.stderr)
    options = [word for setting in QUICK for word in ("-c", setting)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [place / "postgres", "-D", folder / "data", "-k", folder, "-h", "", *options],
            stdout=log,
            stderr=log,
            user=user,
            cwd=folder,
        )
    try:
        _wait(folder, server)
        yield f"postgres://viavolta@{quote(str(folder), safe='')}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # fast: whoever is connected is sent away
        server.wait(START_S)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    status = folder / "data" / "postmaster.pid"
    while not (status.exists() and "ready" in status.read_text()):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "log").read_text())
        time.sleep(0.05)


def main() -> int:
    """Run a command with a server of its own, which is gone however this ends but by kill -9."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with postgres() as url:
        done = subprocess.run(sys.argv[1:], check=False, env=os.environ | {"DATABASE_URL": url})
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
