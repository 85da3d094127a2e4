"""Many simulated stations at a gateway, where drivers plug in, say what they want, and leave.

Power and clock are those of the world. With a `pace` above 1 drivers come and go so much faster,
and their batteries are so much smaller: a night passes in minutes, at the power that a night has.
"""

import asyncio
import contextlib
import datetime as dt
import itertools
import logging
import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import picows

from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.car import Car
from viavolta.simulator.line import Drive, connect
from viavolta.simulator.station import Call, SimulatedStation

CARD = "simulated-{}"
"""The card of the n-th driver; the tenant decides whether it may charge."""

CALL_AGAIN_S = 3.0
BATTERIES_KWH = (40.0, 52.0, 64.0, 77.0)
STAY_H = (4.0, 10.0)
BREAK_H = (0.1, 1.0)
SOC_ON_ARRIVAL = (0.2, 0.6)
MIN_KW = 4.14
"""6 A on three phases."""
FULL_KW = 11.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What stations there are, and how their drivers behave.

    Attributes
    ----------
    url : of the gateway, up to the identity.
    password : of all stations; None for none.
    counts : stations of each version.
    prefix : of their identities; see `identities`.
    pace : how many times faster than in life drivers come and go.
    tick_s : how often a station looks at its car.
    meter_every_s : between two meter values.
    seed : of the drivers.
    """

    url: str
    password: str | None
    counts: dict[Version, int]
    prefix: str = "sim"
    pace: float = 1.0
    tick_s: float = 1.0
    meter_every_s: float = 10.0
    seed: int = 1


def identities(counts: dict[Version, int], prefix: str = "sim") -> list[tuple[str, Version]]:
    """Identity and version of every station: sim-16-1, sim-201-1, sim-21-1, ..."""
    return [
        (f"{prefix}-{version.replace('.', '')}-{k}", version)
        for version in Version
        for k in range(1, counts.get(version, 0) + 1)
    ]


async def run_crowd(crowd: Crowd) -> None:
    """Let all stations live until cancelled."""
    names = identities(crowd.counts, crowd.prefix)
    async with asyncio.TaskGroup() as group:
        for k, (identity, version) in enumerate(names):
            group.create_task(Outlet(crowd, identity, version, number=k).live())


class Outlet:
    """One station with the drivers that come to it."""

    def __init__(self, crowd: Crowd, identity: str, version: Version, *, number: int) -> None:
        self._crowd, self._number = crowd, number
        self._rng = random.Random(f"{crowd.seed} {identity}")  # noqa: S311 - drivers, no secrets
        count = itertools.count(1)
        first = f"{dt.datetime.now(dt.UTC):%m%d%H%M%S}"
        self.station = SimulatedStation(
            identity,
            version,
            rated_kw=22.0,
            meter_every=dt.timedelta(seconds=crowd.meter_every_s),
            new_id=lambda: f"{identity}-{first}-{next(count)}",
        )
        self._untold: deque[Call] = deque()
        self._next_at = _now() + self._hours((0.0, BREAK_H[1]))

    async def live(self) -> None:
        """Call the gateway, again and again, and charge in between."""
        crowd = self._crowd
        while True:
            try:
                await self._on_one_line()
            except (OSError, TimeoutError, picows.WSError) as error:
                log.info("line lost", extra={"station": self.station.identity, "why": str(error)})
            await asyncio.sleep(CALL_AGAIN_S * self._rng.uniform(0.5, 1.5) + crowd.tick_s)

    async def _on_one_line(self) -> None:
        crowd, station = self._crowd, self.station
        line = await connect(crowd.url, station.identity, crowd.password, station.version)
        async with line:
            drive = Drive(station, line, clock=_now, untold=self._untold)
            listening = asyncio.create_task(drive.listen())
            living = asyncio.create_task(self._days(drive))
            tasks = (listening, living)
            until: list[asyncio.Future[Any]] = [*tasks, line.closed]
            try:
                await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                        await task

    async def _days(self, drive: Drive) -> None:
        is_accepted = await drive.boot()
        while not is_accepted:
            await asyncio.sleep(CALL_AGAIN_S)
            is_accepted = await drive.boot()
        while True:
            await drive.tell(self._step(_now()))
            await asyncio.sleep(self._crowd.tick_s)

    def _step(self, now: dt.datetime) -> list[Call]:
        """What happens now: somebody comes, somebody leaves, or the car just charges."""
        station = self.station
        if now < self._next_at:
            return station.wants(now)
        if station.car is None:
            self._next_at = now + self._hours(STAY_H)
            return station.plug_in(self._car(), now, departure=self._next_at)
        if station.transaction is None:
            return []  # the gateway has not named it yet
        self._next_at = now + self._hours(BREAK_H)
        return station.unplug(now)

    def _car(self) -> Car:
        has_v2x = self.station.version is Version.V21
        return Car(
            token=CARD.format(self._number + 1),
            capacity_kwh=self._rng.choice(BATTERIES_KWH) / self._crowd.pace,
            soc=self._rng.uniform(*SOC_ON_ARRIVAL),
            max_kw=FULL_KW,
            min_kw=MIN_KW,
            max_discharge_kw=FULL_KW if has_v2x else 0.0,
        )

    def _hours(self, within: tuple[float, float]) -> dt.timedelta:
        return dt.timedelta(hours=self._rng.uniform(*within) / self._crowd.pace)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
