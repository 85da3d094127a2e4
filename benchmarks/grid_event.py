"""How soon an event of the grid reaches a thousand cars that can give energy back, as setpoints.

A gateway as `viavolta gateway` starts it, with its control loop, on a PostgreSQL of its own; the
stations of OCPP 2.1 in a process of their own beside it, on the same cores, each with a session of
a car that its driver lets discharge to a minimum. An OpenADR event lowers what the feeder may draw
to a fifth, for an hour. Time runs from the moment at which the event is written to the moment at
which the last station that the first plan after it tells has its new profile. Then every profile is
read minute by minute: limits and minimums that are broken are counted. Ratio = aim / time.

`python benchmarks/grid_event.py [--stations 1000]`. Ends with 1 where the aim is missed, or a
limit or a minimum is broken.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ocpp_network import CARD, PASSWORD, Network, identity, network

AIM_S = 2.0
STATIONS, SITES = 1000, 10
BEFORE_KW, EVENT_KW, SITE_KW = 8.0, 1.6, 9.0
"""For each car: what the feeder bears before the event and during it, and what its site bears."""

CAPACITY_KWH, MINIMUM_SOC, EFFICIENCY = 60.0, 0.25, 0.93
LOOK_EVERY_S, SETTLES_S, PATIENCE_S = 0.05, 8.0, 400.0
_TOLERANCE_KW, _TOLERANCE_SOC = 0.5, 1e-3


def main() -> int:
    """Run it; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", help="of the other benchmarks, not needed")
    parser.add_argument("--stations", type=int, default=STATIONS)
    parser.add_argument("--station-process", type=json.loads, help="be the stations")
    options = parser.parse_args()
    if options.station_process is not None:
        asyncio.run(live(**options.station_process))
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="viavolta-bench-") as folder,
        network(Path(folder), stations=options.stations, holders=1) as made,
    ):
        return measure(made, options.stations)


def measure(made: Network, n: int) -> int:
    """Let an event happen, and look at what came of it."""
    os.environ.update(made.environment)
    from viavolta.hub.site.start import set_up  # noqa: PLC0415 - once the surroundings are known

    set_up()
    _prepare(n)
    words = json.dumps({"port": made.port, "n": n})
    with subprocess.Popen(
        [sys.executable, __file__, "--station-process", words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as stations:
        _wait(lambda: _n_planned() == n, "every session to be planned")
        _wait(_is_settled(), "the stations to have their profiles")
        print(f"{n} sessions planned, {_ask(stations)['n_told']} profiles taken; now the event")
        began_s, began = time.monotonic(), dt.datetime.now(dt.UTC)
        _event(n)
        _wait(lambda: _is_answered(began), "the first plan after the event")
        _wait(_is_settled(), "the stations to have their new profiles")
        told = _ask(stations)
        stations.terminate()
    return _report(made, n, told, began_s=began_s, began=began)


def _report(
    made: Network, n: int, told: Mapping[str, Any], *, began_s: float, began: dt.datetime
) -> int:
    from viavolta.storage.live_orders import BY  # noqa: PLC0415 - set up by now
    from viavolta.storage.tables.live import ControlLease  # noqa: PLC0415 - likewise
    from viavolta.storage.tables.stations import Command  # noqa: PLC0415 - likewise

    asked = Command.objects.filter(asked_by=BY, asked_at__gte=began).order_by("asked_at")
    first = asked.values_list("asked_at", flat=True).first()
    if first is None:
        print(made.log.read_text()[-2000:])
        print("no station was told anything")
        return 1
    wave = set(asked.filter(asked_at=first).values_list("station__identity", flat=True))
    reached_s = [next(s for s, _ in told["told"][name] if s >= began_s) - began_s for name in wave]
    limits, minimums = _broken(told, n, began_s + max(reached_s), began)
    gap = ControlLease.objects.get().gap or 0.0
    print(
        f"{len(wave)} of {n} stations told by the first plan; the last after {max(reached_s):.2f} s"
    )
    print(f"half of them after {sorted(reached_s)[len(reached_s) // 2]:.2f} s")
    print(
        f"limits broken: {limits}; minimums broken: {minimums}; proven gap of the plan: {gap:.2%}"
    )
    print(f"ratio to the aim of {AIM_S:.0f} s: {AIM_S / max(reached_s):.2f}")
    return int(max(reached_s) > AIM_S or limits + minimums > 0)


def _prepare(n: int) -> None:
    """A feeder with sites, prices, and what every driver lets happen."""
    from viavolta.storage.tables.live import EnergyPrice, SiteLimit, Wish  # noqa: PLC0415
    from viavolta.storage.tables.stations import Station  # noqa: PLC0415 - set up by now

    top = SiteLimit.objects.create(
        tenant_id=1, limit_id="feeder", import_kw=n * BEFORE_KW, export_kw=n * BEFORE_KW
    )
    for k in range(SITES):
        SiteLimit.objects.create(
            tenant_id=1,
            limit_id=f"site-{k}",
            parent=top,
            import_kw=n / SITES * SITE_KW,
            export_kw=n / SITES * SITE_KW,
        )
    hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    for k, eur in enumerate((0.1, 0.1, 0.15, 0.3, 0.45, 0.4, 0.3, 0.2, 0.2, 0.25, 0.3, 0.3)):
        EnergyPrice.objects.create(
            tenant_id=1,
            starts_at=hour + dt.timedelta(hours=k),
            buy_eur_per_kwh=eur,
            sell_eur_per_kwh=eur - 0.02,
        )
    rows = list(Station.objects.all())
    for k, row in enumerate(rows):
        row.limit_id = f"site-{k % SITES}"
    Station.objects.bulk_update(rows, ("limit_id",), batch_size=500)
    Wish.objects.bulk_create(
        Wish(
            tenant_id=1,
            station=row,
            evse=1,
            token=CARD,
            may_discharge=True,
            min_soc=MINIMUM_SOC,
            capacity_kwh=CAPACITY_KWH,
        )
        for row in rows
    )


def _event(n: int) -> None:
    """What a grid operator's event makes of the feeder's limit."""
    from viavolta.storage.grid_signals import Heard, follow_limits  # noqa: PLC0415 - set up by now

    now = dt.datetime.now(dt.UTC)
    payload = {"type": "IMPORT_CAPACITY_LIMIT", "values": [n * EVENT_KW]}
    content = {
        "id": "event-1",
        "programID": "programme-1",
        "targets": [{"type": "RESOURCE_NAME", "values": ["feeder"]}],
        "intervalPeriod": {"start": now.isoformat(), "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [payload]}],
    }
    follow_limits(1, [Heard(content=content, received_at=now)], now=now)


def _broken(told: Mapping[str, Any], n: int, from_s: float, began: dt.datetime) -> tuple[int, int]:
    """Minutes of the event in which a limit is broken, and cars whose minimum is."""
    begin = began + dt.timedelta(seconds=1)
    moments = [begin + dt.timedelta(minutes=k) for k in range(1, 60)]
    sites = [[0.0] * len(moments) for _ in range(SITES)]
    n_minimums = 0
    for k, name in enumerate(map(identity, range(n))):
        profile = [p for s, p in told["told"][name] if s <= from_s][-1]
        soc, is_below = told["soc"][name], False
        for t, moment in enumerate(moments):
            kw = power_kw(profile, moment)
            sites[k % SITES][t] += kw
            soc += kw * (EFFICIENCY if kw > 0 else 1 / EFFICIENCY) / 60 / CAPACITY_KWH
            is_below |= kw < 0 and soc < MINIMUM_SOC - _TOLERANCE_SOC
        n_minimums += is_below
    total = [sum(column) for column in zip(*sites, strict=True)]
    site_kw = n / SITES * SITE_KW
    n_limits = sum(kw > n * EVENT_KW + _TOLERANCE_KW for kw in total)
    n_limits += sum(abs(kw) > site_kw + _TOLERANCE_KW for row in sites for kw in row)
    print(
        f"planned during the event: {min(total):.0f} to {max(total):.0f} of {n * EVENT_KW:.0f} kW"
    )
    return n_limits, n_minimums


def power_kw(profile: Mapping[str, Any], moment: dt.datetime) -> float:
    """What a profile of OCPP 2.1 asks for at a moment; 0 outside of it."""
    (schedule,) = profile["chargingSchedule"]
    passed_s = (moment - dt.datetime.fromisoformat(schedule["startSchedule"])).total_seconds()
    if not 0 <= passed_s < schedule["duration"]:
        return 0.0
    period = [p for p in schedule["chargingSchedulePeriod"] if p["startPeriod"] <= passed_s][-1]
    return float(period.get("setpoint", period["limit"])) / 1000


def _n_planned() -> int:
    from viavolta.storage.tables.live import Order  # noqa: PLC0415 - set up by now

    return Order.objects.filter(command__state="answered").count()


def _is_answered(began: dt.datetime) -> bool:
    from viavolta.storage.live_orders import BY  # noqa: PLC0415 - set up by now
    from viavolta.storage.tables.stations import Command  # noqa: PLC0415 - likewise

    return Command.objects.filter(asked_by=BY, asked_at__gte=began).exists()


def _is_settled() -> Callable[[], bool]:
    """Whether nothing was asked of a station for a while, and nothing waits."""
    from viavolta.storage.tables.stations import Command  # noqa: PLC0415 - set up by now

    def look() -> bool:
        lately = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=SETTLES_S)
        is_waiting = Command.objects.filter(state__in=("queued", "sent")).exists()
        return not is_waiting and not Command.objects.filter(asked_at__gt=lately).exists()

    time.sleep(1.0)
    return look


def _wait(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(LOOK_EVERY_S)


def _ask(stations: "subprocess.Popen[str]") -> dict[str, Any]:
    """What the stations were told so far."""
    assert stations.stdin is not None  # noqa: S101 - they are pipes
    assert stations.stdout is not None  # noqa: S101 - likewise
    stations.stdin.write("tell\n")
    stations.stdin.flush()
    found: dict[str, Any] = json.loads(stations.stdout.readline())
    return found


async def live(port: int, n: int) -> None:
    """Be the stations: plug in everywhere, take every profile, tell of them when asked."""
    from viavolta.protocols.ocpp.schemas import Version  # noqa: PLC0415 - this process alone
    from viavolta.simulator.car import Car  # noqa: PLC0415 - likewise
    from viavolta.simulator.line import Drive, connect  # noqa: PLC0415 - likewise
    from viavolta.simulator.station import SimulatedStation  # noqa: PLC0415 - likewise

    rng, told = random.Random(1), {}  # noqa: S311 - cars, no secrets

    class Station(SimulatedStation):
        """One that remembers when it was told what."""

        def _set_profile(self, profile: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
            if profile["chargingProfilePurpose"] == "TxProfile":
                told.setdefault(self.identity, []).append((time.monotonic(), profile))
            return super()._set_profile(profile, now)

    async def one(name: str) -> tuple[Drive, asyncio.Task[None]]:
        count = itertools.count(1)
        station = Station(
            name,
            Version.V21,
            meter_every=dt.timedelta(hours=9),
            new_id=lambda: f"{name}-{next(count)}",
        )
        line = await connect(f"ws://127.0.0.1:{port}/ocpp", name, PASSWORD, Version.V21)
        drive = Drive(station, line, clock=lambda: dt.datetime.now(dt.UTC))
        listening = asyncio.create_task(drive.listen())
        if not await drive.boot():
            raise RuntimeError(f"{name} is not taken in")
        car = Car(
            token=CARD,
            capacity_kwh=CAPACITY_KWH,
            soc=rng.uniform(0.3, 0.7),
            max_discharge_kw=10.0,
            min_kw=4.14,
            minimum_soc=MINIMUM_SOC,
        )
        now = dt.datetime.now(dt.UTC)
        hours = dt.timedelta(hours=rng.uniform(6, 12))
        await drive.tell(station.plug_in(car, now, departure=now + hours))
        return drive, listening

    lives = []
    names = list(map(identity, range(n)))
    for k in range(0, n, 50):
        lives += await asyncio.gather(*(one(name) for name in names[k : k + 50]))
    soc = {drive.station.identity: drive.station.car.soc for drive, _ in lives if drive.station.car}
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        found = {"told": told, "soc": soc, "n_told": sum(len(rows) for rows in told.values())}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
