"""The gateway's parts killed at random moments under load: nothing lost, billed twice or hidden.

Stations in processes of their own tell sessions without pause and call again when their link is
lost; an event that nobody acknowledged is told again, and some are forgotten on purpose. Two
processes close bills meanwhile. Killed are the processes that hold stations, the projector, the
control loop, those that bill, the whole gateway, or all connections of the database, each at
random. The gateway counts as back when all of its parts are there, listen, answer a new station,
and what was heard since stands in the tables.

At the end every acknowledged event must stand in the tables, every session once with one bill at
most, every forgotten event among the missing ones and no other. Prints the figures; ends with 1
where one is violated.

`python benchmarks/ocpp_crash.py [--kills 100]`. Without options it is a small run.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import picows
from ocpp_caller import EVENTS_PER_SESSION, WH_PER_EVENT, Caller, Settings
from ocpp_network import HERE, Network, network, start_callers

BACK_WITHIN_S = 5.0
GIVEN_UP_S = 120.0
PAUSE_S = (0.5, 3.0)
SKIPS = 0.02
HOLDERS = 2
CALLERS = 2
BILLERS = 2
TABLES_WITHIN_S = 120.0
VICTIMS = ("hold", "hold", "project", "control", "biller", "gateway", "connections")


@dataclasses.dataclass
class Scene:
    """What may be killed, and what became of it."""

    made: Network
    probe: int
    """The number of a station that nobody else plays."""

    rng: random.Random
    billers: "list[subprocess.Popen[bytes]]" = dataclasses.field(default_factory=list)
    killed: Counter[str] = dataclasses.field(default_factory=Counter)
    back_s: list[float] = dataclasses.field(default_factory=list)

    def keep_billers(self) -> None:
        """Start those that bill, and those that were killed, again."""
        self.billers = [one for one in self.billers if one.poll() is None]
        while len(self.billers) < BILLERS:
            words = [sys.executable, str(HERE / "ocpp_network.py"), "bill"]
            self.billers.append(
                subprocess.Popen(words, env=self.made.environment, stderr=subprocess.DEVNULL)
            )

    def kill_one(self) -> None:
        """Kill something, and wait until the gateway is back."""
        victim = self.rng.choice(VICTIMS)
        parts = [pid for pid, part in self.made.parts().items() if part == victim]
        killed_at = time.time()
        if victim == "gateway":
            self.made.gateway.kill()
            self.made.gateway.wait()
            self.made.start()  # as a service manager does
        elif victim == "biller":
            self.rng.choice(self.billers).kill()
        elif victim == "connections":
            self.made.asked(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.rng.choice(parts), signal.SIGKILL)
        self.killed[victim] += 1
        self.wait_until_back(killed_at)
        self.back_s.append(time.time() - killed_at)
        self.keep_billers()

    def wait_until_back(self, killed_at: float) -> None:
        """Wait until all parts are there, a new station is answered, and the tables go on.

        Raises
        ------
        RuntimeError: it never comes back.
        """
        while not (self._is_whole() and self._answers() and self._goes_on(killed_at)):
            if self.made.gateway.poll() is not None:
                self.made.start()  # a part was killed too often for its keeper
            if time.time() - killed_at > GIVEN_UP_S:
                raise RuntimeError(self.made.log.read_text()[-3000:])
            time.sleep(0.05)

    def _is_whole(self) -> bool:
        parts = self.made.parts()
        holders = [pid for pid, part in parts.items() if part == "hold"]
        return (
            len(holders) == HOLDERS
            and {"project", "control"} <= set(parts.values())
            and all(self.made.is_listening(pid) for pid in holders)
        )

    def _answers(self) -> bool:
        async def calls() -> None:
            settings = Settings(
                port=self.made.port, first=self.probe, stations=1, rate=1.0, seconds=0.0
            )
            caller = Caller(settings)
            (station,) = caller.stations
            await caller.connect(station)
            if station.transport is not None:
                station.transport.disconnect()

        try:
            asyncio.run(calls())
        except (OSError, picows.WSError, TimeoutError):
            return False
        return True

    def _goes_on(self, killed_at: float) -> bool:
        rows = self.made.asked("SELECT extract(epoch FROM reached_at) FROM tables_journalposition")
        return sum(at is not None and at > killed_at for (at,) in rows) >= HOLDERS


def main() -> int:
    """Run it; 1 where something is violated."""
    options = read_options()
    with (
        tempfile.TemporaryDirectory(prefix="viavolta-bench-") as folder,
        network(
            Path(folder),
            stations=options.stations + 1,
            holders=HOLDERS,
            server=options.database,
        ) as made,
    ):
        scene = Scene(made, options.stations, random.Random(options.seed))  # noqa: S311 - no secret
        scene.keep_billers()
        try:
            results = under_load(scene, options)
        finally:
            for one in scene.billers:
                one.kill()
                one.wait()
        made.wait_for_tables(TABLES_WITHIN_S)
        return judged(scene, results, options)


def read_options() -> argparse.Namespace:
    """The options; the folder that `run.py` gives is not needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL server; else one is made")
    parser.add_argument(
        "--any-time", action="store_true", help="do not judge how fast the gateway is back"
    )
    return parser.parse_args()


def under_load(scene: Scene, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Kill while stations talk; what the stations were told."""
    n = options.stations
    shares = [
        {
            "first": k * n // CALLERS,
            "stations": (k + 1) * n // CALLERS - k * n // CALLERS,
            "rate": options.rate / CALLERS,
            "seconds": None,
            "keeps": True,
            "skips": SKIPS,
        }
        for k in range(CALLERS)
    ]
    processes = start_callers(scene.made, shares)
    for one in processes:
        if not one.stdout or one.stdout.readline() != "ready\n":
            raise SystemExit("the stations could not connect")
    say(processes)
    for k in range(options.kills):
        time.sleep(scene.rng.uniform(*PAUSE_S))
        scene.kill_one()
        print(f"  {k + 1}: back after {scene.back_s[-1]:.1f} s", flush=True)
    time.sleep(PAUSE_S[1])
    say(processes)
    return [json.loads(one.communicate()[0]) for one in processes]


def say(processes: "list[subprocess.Popen[str]]") -> None:
    """Have the stations begin, or end."""
    for one in processes:
        if one.stdin:
            one.stdin.write("go\n")
            one.stdin.flush()


def judged(scene: Scene, results: list[dict[str, Any]], options: argparse.Namespace) -> int:
    """Hold the tables against what the stations were told; print; 1 where it is violated."""
    os.environ.update(scene.made.environment)
    from viavolta.hub.site.start import set_up  # noqa: PLC0415 - the database is known by now

    set_up()
    found = violations(results)
    kinds = ", ".join(f"{what} {n}" for what, n in sorted(scene.killed.items()))
    print(f"{sum(scene.killed.values())} kills under load: {kinds}")
    acknowledged = sum(one["acknowledged"] for one in results)
    again = sum(one["calls_again"] for one in results)
    print(f"{acknowledged:,} events acknowledged; stations called again {again:,} times")
    times = sorted(scene.back_s)
    n_late = sum(1 for seconds in times if seconds > BACK_WITHIN_S)
    print(
        f"back after {times[len(times) // 2]:.1f} s (half), {times[-1]:.1f} s (all): ratio "
        f"{BACK_WITHIN_S / times[-1]:.2f} to {BACK_WITHIN_S:.0f} s, {n_late} later than that"
    )
    for name, n in found.items():
        print(f"{name}: {n}")
    is_late = bool(n_late) and not options.any_time
    is_violated = any(found[name] for name in found if name not in TOLD)
    print("violated" if is_violated else "nothing lost, nothing billed twice, every gap reported")
    return int(is_violated or is_late)


TOLD = ("sessions", "bills", "gaps told")
"""Figures that are no violations."""


def violations(results: list[dict[str, Any]]) -> dict[str, int]:
    """How often each promise was broken, and how much there was."""
    from django.db.models import Count  # noqa: PLC0415 - set up by now
    from django.utils import timezone  # noqa: PLC0415 - likewise

    from viavolta.storage.billing import SETTLE, close_bills  # noqa: PLC0415 - likewise
    from viavolta.storage.tables import billing, stations  # noqa: PLC0415 - likewise

    while close_bills(timezone.now() + 2 * SETTLE):
        pass
    numbers = {
        (identity, transaction): pk
        for pk, identity, transaction in stations.Session.objects.values_list(
            "pk", "station__identity", "transaction"
        )
    }
    aliases = stations.TransactionAlias.objects.values_list(
        "station__identity", "transaction", "session_id"
    )
    numbers |= {(identity, transaction): pk for identity, transaction, pk in aliases}
    kept = set(stations.SessionEvent.objects.values_list("session_id", "key"))
    told = {tuple(event) for one in results for event in one["kept"]}
    skipped = {tuple(event) for one in results for event in one["skipped"]}
    furthest: dict[tuple[str, str], int] = {}
    for identity, transaction, key in told:
        if key.isdigit():
            furthest[identity, transaction] = max(
                furthest.get((identity, transaction), 0), int(key)
            )
    missing = {
        (identity, transaction, number)
        for identity, transaction, gaps in stations.Session.objects.values_list(
            "station__identity", "transaction", "missing"
        )
        for number in gaps
    }
    ended = {event[:2] for event in told if event[2] in {str(EVENTS_PER_SESSION - 1), "stop"}}
    bills = billing.Bill.objects.all()
    billed = set(bills.values_list("session_id", flat=True))
    full = (EVENTS_PER_SESSION - 1) * WH_PER_EVENT
    taken = [
        *bills.values_list("number", flat=True),
        *billing.Correction.objects.values_list("number", flat=True),
    ]
    twice = bills.values("session").annotate(n=Count("pk")).filter(n__gt=1)
    return {
        "sessions": len(set(numbers.values())),
        "bills": len(bills),
        "gaps told": len(missing),
        "acknowledged and not in the tables": sum(
            (numbers.get(event[:2]), event[2]) not in kept for event in told
        ),
        "sessions in the tables twice": max(
            0, len(set(numbers.values())) - sum(one["begun"] for one in results)
        ),
        "ended and not billed": sum(numbers.get(end) not in billed for end in ended),
        "billed twice": twice.count(),
        "billed for more than was drawn": bills.filter(energy_wh__gt=full + 0.5).count(),
        "numbers of bills left out or used twice": int(
            sorted(taken) != list(range(1, len(taken) + 1))
        ),
        "gaps not reported": len(
            {gap for gap in skipped if furthest.get(gap[:2], 0) > gap[2]} - missing
        ),
        "gaps reported that are none": len(missing - skipped),
    }


if __name__ == "__main__":
    sys.exit(main())
