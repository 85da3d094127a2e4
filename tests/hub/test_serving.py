"""`viavolta serve` with real processes: it answers, keeps its parts, ends them all."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from viavolta.cli.serving import Listening
from viavolta.hub.site.together import health_of
from viavolta.model.errors import UsageError

WELL = {"web": "ok", "worker": "ok", "gateway": "ok"}


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_for(is_so: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def below(pid: int) -> dict[int, str]:
    """All processes that a process started, with theirs, by their command lines."""
    found: dict[int, str] = {}
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                words = (entry / "cmdline").read_bytes().decode().replace("\0", " ")
            except OSError:
                continue
            if stat[0] not in {"Z", "X"}:
                parents[int(entry.name)] = (int(stat[1]), words)
    known = {pid}
    while more := {p for p, (parent, _) in parents.items() if parent in known} - known:
        known |= more
        found |= {p: parents[p][1] for p in more}
    return found


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return stat[0] not in {"Z", "X"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, new for the first of these tests."""
    return tmp_path_factory.mktemp("hub") / "data"


@pytest.fixture
def served(data: Path, assets: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The hub on a port of its own; ready."""
    port = free_port()
    other = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "VIAVOLTA_DATA", "VIAVOLTA_ORIGIN")
    surroundings = {k: v for k, v in os.environ.items() if k not in other}
    surroundings["VIAVOLTA_ASSETS"] = str(assets)
    command = [sys.executable, "-m", "viavolta", "serve", "--port", str(port)]
    command += ["--ocpp-port", str(free_port())]
    with subprocess.Popen(
        [*command, "--data", str(data), "--processes", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"viavolta is ready: http://127.0.0.1:{port}/\n"
        yield process, f"http://127.0.0.1:{port}"
        process.kill()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_serve_answers_keeps_its_parts_and_ends_all(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    """A lost part is started again; SIGTERM ends every process and gives back the port."""
    process, address = served
    assert health_of(address) == WELL
    with urllib.request.urlopen(address) as page:  # noqa: S310 - our own server
        assert b"<main" in page.read()
    (worker,) = (pid for pid, words in below(process.pid).items() if " worker" in words)
    os.kill(worker, signal.SIGKILL)
    wait_for(
        lambda: any(
            pid != worker and " worker" in words for pid, words in below(process.pid).items()
        )
    )
    (holder,) = (pid for pid, words in below(process.pid).items() if "gateway.part hold" in words)
    os.kill(holder, signal.SIGKILL)
    wait_for(lambda: (health_of(address) or {})["gateway"] == "silent")
    wait_for(lambda: health_of(address) == WELL)
    all_of_it = below(process.pid)
    assert len(all_of_it) >= 5
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not [pid for pid in all_of_it if is_alive(pid)]
    assert health_of(address) is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_nothing_outlives_a_killed_serve(served: tuple[subprocess.Popen[str], str]) -> None:
    """Not even when it was killed, and could end nothing itself."""
    process, _ = served
    all_of_it = below(process.pid)
    process.kill()
    wait_for(lambda: not [pid for pid in all_of_it if is_alive(pid)], 10)


@pytest.mark.parametrize(
    ("listening", "code"),
    [
        (Listening(host="hub.example.org", port=8399), "plain-http-refused"),
        (Listening(host="192.0.2.1", port=8399), "plain-http-refused"),
        (Listening(host="127.0.0.1", port=8399, key=Path("k")), "tls-incomplete"),
        (Listening(host="::", port=8399, allow_plain=True), "origin-unknown"),
        (
            Listening(host="127.0.0.1", port=8399, key=Path("no"), certificate=Path("no")),
            "missing-path",
        ),
        (Listening(host="192.0.2.1", port=8399, allow_plain=True), "port-taken"),
    ],
)
def test_listening_where_it_cannot_or_should_not_is_refused(
    listening: Listening, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain HTTP beyond this machine, half a certificate, no name, no such address."""
    monkeypatch.delenv("VIAVOLTA_ORIGIN", raising=False)
    with pytest.raises(UsageError) as caught:
        listening.checked()
    assert caught.value.code == code


def test_a_taken_port_is_said_so() -> None:
    """Before anything is set up."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError) as caught:
            Listening(host="127.0.0.1", port=taken.getsockname()[1]).checked()
    assert caught.value.code == "port-taken"


def test_options_of_serve_reach_the_web_server(tmp_path: Path) -> None:
    """Files by their full path; the scheme follows from the certificate."""
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("")
    at = Listening(
        host="::1",
        port=8443,
        processes=3,
        certificate=tmp_path / "c.pem",
        key=tmp_path / "k.pem",
    )
    assert at.address == "https://[::1]:8443"
    assert at.words() == [
        *("--host", "::1", "--port", "8443", "--processes", "3"),
        *("--tls-certificate", str(tmp_path / "c.pem"), "--tls-key", str(tmp_path / "k.pem")),
    ]
