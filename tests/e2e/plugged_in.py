"""Simulated stations with a car each, of every version, in a thread of their own."""

import asyncio
import contextlib
import datetime as dt
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from calling import called

from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.car import Car
from viavolta.simulator.line import Drive
from viavolta.simulator.station import SimulatedStation

TICK_S = 0.2
STAY = dt.timedelta(hours=10)


async def _live(url: str, identity: str, version: Version, *, password: str, car: Car) -> None:
    count = itertools.count(1)
    station = SimulatedStation(
        identity,
        version,
        meter_every=dt.timedelta(seconds=1),
        new_id=lambda: f"{identity}-{next(count)}",
    )
    async with await called(url, identity, password, version) as line:
        drive = Drive(station, line, clock=_now)
        listening = asyncio.create_task(drive.listen())
        try:
            assert await drive.boot()
            await drive.tell(station.plug_in(car, _now(), departure=_now() + STAY))
            while True:
                await drive.tick()
                await asyncio.sleep(TICK_S)
        finally:
            listening.cancel()


@contextmanager
def plugged_in(
    url: str, versions: Mapping[str, Version], *, password: str, token: str
) -> Iterator[None]:
    """Let a car charge at each of these stations."""
    loop = asyncio.new_event_loop()

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for identity, version in versions.items():
                car = Car(token=token, soc=0.2, capacity_kwh=60.0, min_kw=4.14)
                group.create_task(_live(url, identity, version, password=password, car=car))

    task = loop.create_task(all_of_them())

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        loop.close()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
