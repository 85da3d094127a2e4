"""How fast pages with lists are, with 10,000 solutions and 2,000 organisations on the market.

A hub as `viavolta web` starts it, with two processes, on SQLite and, where its programs are
installed, on PostgreSQL; 20 clients, each asking for the next page as soon as it has the one
before, from one process beside it on the same cores. Addresses vary: facets, pages, orders and
words are drawn at random, so that few pages are asked for twice. The time is from the request to
the last byte; after a warm-up it is taken for some seconds. Ratio = aim / time within which 95 %
were answered.

Ends with 1 where an aim is missed.
"""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
AIM_MS, CLIENTS, PROCESSES = 100.0, 20, 2
WARM_S, MEASURED_S = 4.0, 8.0
SEARCHES = ("depot", "cargo bikes", "Lastenrad", "recharge", "polnilnica", "bakfiets", "solar roof")
SEGMENTS = ("fleets", "logistics", "public-transport", "infrastructure", "multimodal")
VEHICLES = ("bus", "minibus", "car", "van", "truck", "cargo-bike", "bicycle", "ferry")
SITES = ("depot", "terminal", "street", "car-park", "hotel", "workplace")
ORDERS = ("", "-published", "title", "-replications")


def solutions(rng: np.random.Generator) -> str:
    """A list of solutions, narrowed and ordered at random."""
    parts = [f"segment={one_of(rng, SEGMENTS)}"] if rng.random() < 0.7 else []
    parts += [f"vehicle={one_of(rng, VEHICLES)}"] if rng.random() < 0.5 else []
    parts += [f"site={one_of(rng, SITES)}"] if rng.random() < 0.3 else []
    parts += [f"sort={one_of(rng, ORDERS)}", f"page={rng.integers(1, 13)}"]
    return "/market/solutions/?" + "&".join(parts)


def search(rng: np.random.Generator) -> str:
    """A search in the texts of solutions."""
    words = one_of(rng, SEARCHES).replace(" ", "+")
    return f"/market/solutions/?q={words}&segment={one_of(rng, SEGMENTS)}&page={rng.integers(1, 6)}"


def table(rng: np.random.Generator) -> str:
    """The same as a table."""
    return solutions(rng) + "&view=table"


def organisations(rng: np.random.Generator) -> str:
    """A list of organisations."""
    word = f"&q={rng.integers(1, 200)}" if rng.random() < 0.3 else ""
    return f"/organisations/?page={rng.integers(1, 5)}{word}"


def need(rng: np.random.Generator) -> str:
    """A need's page, with the solutions that match it."""
    return f"/market/needs/need-{rng.integers(200)}/"


def solution(rng: np.random.Generator) -> str:
    """A solution's page, with the needs that match it."""
    return f"/market/solutions/solution-{rng.integers(10_000)}/"


def one_of(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    """One of several, each as likely."""
    return choices[int(rng.integers(len(choices)))]


PAGES: dict[str, Callable[[np.random.Generator], str]] = {
    "list of solutions": solutions,
    "table of solutions": table,
    "search": search,
    "list of organisations": organisations,
    "a need with its matches": need,
    "a solution with its matches": solution,
}


def main() -> int:
    """Measure every page on every database; 1 where one is slower than the aim."""
    slow: list[str] = []
    with tempfile.TemporaryDirectory(prefix="viavolta-bench-") as folder:
        for name, database in databases(Path(folder)):
            slow += measured(name, database, Path(folder, name))
    print("not reached: " + ("; ".join(slow) or "nothing, every aim is reached"))
    return int(bool(slow))


def measured(name: str, database: str, data: Path) -> list[str]:
    """Measure the pages on one database; those slower than the aim."""
    data.mkdir()
    port = free_port()
    environment = os.environ | {
        "VIAVOLTA_DATA": str(data),
        "DATABASE_URL": database,
        "VIAVOLTA_ORIGIN": f"http://127.0.0.1:{port}",
    }
    fill = [sys.executable, str(HERE / "hub_market.py")]
    subprocess.run(fill, env=environment, check=True)
    words = ["web", "--port", str(port), "--processes", str(PROCESSES)]
    print(f"{name}, {CLIENTS} clients, {PROCESSES} processes on {os.cpu_count()} cores")
    slow = []
    with running([sys.executable, "-m", "viavolta", *words], environment):
        wait_for(port)
        for page, address in PAGES.items():
            times_ms = asked(port, address)
            p50, p95 = np.percentile(times_ms, (50, 95))
            rate = len(times_ms) / MEASURED_S
            print(
                f"  {page:28} {p50:5.0f} ms, 95 % within {p95:5.0f} ms, {rate:4.0f} a second: "
                f"ratio {AIM_MS / p95:.2f}",
                flush=True,
            )
            slow += [f"{page} on {name}"] if p95 > AIM_MS else []
    return slow


def asked(port: int, address: Callable[[np.random.Generator], str]) -> list[float]:
    """Milliseconds of all requests that began in the measured time."""
    begin = time.perf_counter() + WARM_S
    times: list[list[float]] = [[] for _ in range(CLIENTS)]
    clients = [
        threading.Thread(
            target=client, args=(port, address, np.random.default_rng(n), begin, times[n])
        )
        for n in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return [ms for each in times for ms in each]


def client(
    port: int,
    address: Callable[[np.random.Generator], str],
    rng: np.random.Generator,
    begin: float,
    times_ms: list[float],
) -> None:
    """Ask for one page after another until the time is over."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while (asked_at := time.perf_counter()) < begin + MEASURED_S:
        connection.request("GET", address(rng), headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status} for a page")
        if asked_at >= begin:
            times_ms.append((time.perf_counter() - asked_at) * 1e3)
    connection.close()


def databases(folder: Path) -> Iterator[tuple[str, str]]:
    """SQLite, then a PostgreSQL of its own where it is installed: names and addresses."""
    yield "SQLite", ""
    programs = [shutil.which(name) for name in ("initdb", "pg_ctl")]
    if None in programs:
        print("PostgreSQL: not installed")
        return
    with postgresql(folder / "postgresql", *map(str, programs)) as address:
        yield "PostgreSQL", address


@contextlib.contextmanager
def postgresql(folder: Path, initdb: str, pg_ctl: str) -> Iterator[str]:
    """A PostgreSQL as it is after installation, in a folder of its own; not as root."""
    port = free_port()
    if os.geteuid() == 0:
        folder.parent.chmod(0o755)
        folder.mkdir()
        shutil.chown(folder, "nobody")
        before = ["setpriv", "--reuid=nobody", "--clear-groups"]
    else:
        before = []
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    cluster = str(folder / "cluster")

    def run(*words: str) -> None:
        subprocess.run([*before, *words], check=True, stdout=subprocess.DEVNULL, cwd=folder.parent)

    run(initdb, "-D", cluster, "-U", "viavolta", "-A", "trust", "-E", "UTF8", "--no-locale")
    run(pg_ctl, "-D", cluster, "-w", "-l", str(folder / "log"), "-o", settings, "start")
    try:
        yield f"postgres://viavolta@127.0.0.1:{port}/postgres"
    finally:
        run(pg_ctl, "-D", cluster, "-w", "-m", "fast", "stop")


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """A server while the block lasts."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            server.terminate()
            server.wait(30)


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/market/")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("the hub does not answer")


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
