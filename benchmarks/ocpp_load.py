"""How many stations and messages a second the gateway bears: validated, understood, durable.

A gateway as `viavolta gateway` starts it, on a PostgreSQL of its own with the settings that it has
after installation; stations in processes of their own beside it, on the same cores. Every message
is an event of a session; it is validated by the official schema, judged, written to the journal and
flushed to the disk before it is answered, and brought into the tables meanwhile. Times run from
when a message was due to its answer, whether the gateway was ready for it or not. At the end every
acknowledged event must stand in the tables.

`python benchmarks/ocpp_load.py [--stations 20000 --rate 5000 --seconds 600]`. Without options it
is a small run. Ratio = aim / figure. Ends with 1 where an aim is missed.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocpp_network import (
    SPARE_FILES,
    Network,
    cpu_s_of,
    memory_bytes_of,
    most_files,
    network,
    start_callers,
)

AIM_P99_MS, AIM_MEMORY_GIB = 250.0, 1.5
SAMPLE_EVERY_S = 1.0
TELL_EVERY_S = 10.0
TABLES_WITHIN_S = 300.0


@dataclass
class Watched:
    """What was seen of the gateway while it was under load."""

    seconds: float = 0.0
    caught_up_s: float = 0.0
    memory_gib: float = 0.0
    behind_mb: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)


def main() -> int:
    """Run it; 1 where an aim is missed."""
    options = read_options()
    limit = most_files() - SPARE_FILES
    holders = options.gateways or max(1, math.ceil(options.stations / limit))
    callers = max(options.callers, math.ceil(options.stations / limit))
    stations = min(options.stations, holders * limit)
    print(
        f"{stations:,} stations in {callers} processes, {options.rate:,.0f} messages a second for "
        f"{options.seconds:.0f} s, {holders} gateways, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f} before; a process may open {most_files():,} files"
    )
    if stations < options.stations:
        print(f"{options.stations:,} stations are more than {holders} gateways may hold here")
    with (
        tempfile.TemporaryDirectory(prefix="viavolta-bench-") as folder,
        network(Path(folder), stations=stations, holders=holders) as made,
    ):
        return measured(made, stations, callers, options)


def read_options() -> argparse.Namespace:
    """The options; the folder that `run.py` gives is not needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=500.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--gateways", type=int, default=0, help="0: as few as the files allow")
    parser.add_argument("--callers", type=int, default=2, help="processes of stations, at least")
    return parser.parse_args()


def measured(made: Network, stations: int, callers: int, options: argparse.Namespace) -> int:
    """Connect, talk, watch; 1 where an aim is missed."""
    began = time.monotonic()
    shares = [
        {
            "first": k * stations // callers,
            "stations": (k + 1) * stations // callers - k * stations // callers,
            "rate": options.rate / callers,
            "seconds": options.seconds,
            "source": f"127.0.0.{k + 2}",
        }
        for k in range(callers)
    ]
    processes = start_callers(made, shares)
    for one in processes:
        if not one.stdout or one.stdout.readline() != "ready\n":
            raise SystemExit("the stations could not connect:\n" + made.log.read_text()[-3000:])
    print(f"all are connected and booted after {time.monotonic() - began:.1f} s", flush=True)
    made.wait_for_tables(TABLES_WITHIN_S)
    for one in processes:
        if one.stdin:
            one.stdin.write("go\n")
            one.stdin.flush()
    watched = watch(made, processes)
    results = [json.loads(one.communicate()[0]) for one in processes]
    watched.caught_up_s = made.wait_for_tables(TABLES_WITHIN_S)
    return judged(made, results, watched, asked=stations, rate_asked=options.rate)


def watch(made: Network, processes: "list[subprocess.Popen[str]]") -> Watched:
    """Look at the gateway's parts until all stations have told what they had to."""
    seen, began = Watched(), time.monotonic()
    parts = made.parts()
    before = {pid: cpu_s_of(pid) for pid in parts}
    told_s = 0.0
    while any(one.poll() is None for one in processes) and not all_have_told(processes):
        time.sleep(SAMPLE_EVERY_S)
        seen.seconds = time.monotonic() - began
        seen.memory_gib = max(seen.memory_gib, sum(map(memory_bytes_of, parts)) / 2**30)
        behind_mb = made.behind_bytes() / 1e6
        seen.behind_mb = max(seen.behind_mb, behind_mb)
        if seen.seconds - told_s >= TELL_EVERY_S:
            told_s = seen.seconds
            held = made.asked("SELECT coalesce(sum(n_stations), 0) FROM tables_gatewayseen")
            print(
                f"  {seen.seconds:5.0f} s: {held[0][0]:,} connected, {seen.memory_gib:.2f} GiB, "
                f"tables {behind_mb:.1f} MB behind",
                flush=True,
            )
    for pid, part in parts.items():
        seen.cpu_s[part] = seen.cpu_s.get(part, 0.0) + cpu_s_of(pid) - before[pid]
    return seen


def all_have_told(processes: "list[subprocess.Popen[str]]") -> bool:
    """Whether all results wait to be read."""
    import select  # noqa: PLC0415 - only here

    pipes = [one.stdout for one in processes if one.stdout]
    return len(select.select(pipes, [], [], 0.0)[0]) == len(pipes)


def judged(
    made: Network,
    results: list[dict[str, Any]],
    watched: Watched,
    *,
    asked: int,
    rate_asked: float,
) -> int:
    """Print the figures beside the aims; 1 where one is missed."""
    total = {
        name: sum(one[name] for one in results)
        for name in ("connected", "acknowledged", "refused", "lost", "unanswered")
    }
    p50, p95, p99, worst = percentiles_ms(results, (0.5, 0.95, 0.99, 1.0))
    kept = int(made.asked("SELECT count(*) FROM tables_sessionevent")[0][0])
    rate = total["acknowledged"] / max(one["seconds"] for one in results)
    busy_s = sum(watched.cpu_s.values())
    print(
        f"{total['connected']:,} connected, {total['acknowledged']:,} messages acknowledged "
        f"({rate:,.0f} a second), {total['refused']} refused, {total['lost']} lost with their "
        f"links, {total['unanswered']} not answered"
    )
    print(f"acknowledged within {p50:.1f} ms (50 %), {p95:.1f} ms (95 %), {worst:.0f} ms (all)")
    print(f"within {p99:.1f} ms (99 %): ratio {AIM_P99_MS / p99:.2f} to {AIM_P99_MS:.0f} ms")
    print(
        f"memory of all parts {watched.memory_gib:.2f} GiB: ratio "
        f"{AIM_MEMORY_GIB / max(watched.memory_gib, 1e-9):.2f} to {AIM_MEMORY_GIB} GiB"
    )
    per_part = ", ".join(f"{part} {s:.1f} s" for part, s in sorted(watched.cpu_s.items()))
    print(
        f"CPU {per_part} in {watched.seconds:.0f} s: "
        f"{total['acknowledged'] / max(busy_s, 1e-9):,.0f} messages per CPU-second of all parts"
    )
    print(
        f"tables up to {watched.behind_mb:.1f} MB behind, level {watched.caught_up_s:.1f} s after "
        f"the last answer; {kept:,} events stand there"
    )
    missed = {
        "rate": rate < 0.99 * rate_asked,
        "connected": total["connected"] < asked,
        "refused, lost or unanswered": any(
            total[name] for name in ("refused", "lost", "unanswered")
        ),
        "99 %": p99 > AIM_P99_MS,
        "memory": watched.memory_gib > AIM_MEMORY_GIB,
        "acknowledged and not in the tables": kept < total["acknowledged"],
    }
    names = [name for name, is_missed in missed.items() if is_missed]
    print("not reached: " + (", ".join(names) or "nothing, every aim is reached"))
    return int(bool(names))


def percentiles_ms(results: list[dict[str, Any]], shares: tuple[float, ...]) -> list[float]:
    """Times within which these shares of the messages were acknowledged, ms."""
    counts = sorted((tenths, n) for one in results for tenths, n in one["tenths_ms"])
    total = sum(n for _, n in counts)
    found = []
    for share in shares:
        passed = 0
        for tenths, n in counts:
            passed += n
            if passed >= share * total:
                found.append(tenths / 10.0)
                break
    return found


if __name__ == "__main__":
    sys.exit(main())
