"""A gateway, a projector, a control loop and simulated stations of any version, over loopback."""

import asyncio
import contextlib
import datetime as dt
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from running_gateway import running

from viavolta.gateway.control import ControlLoop
from viavolta.gateway.server import Gateway
from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.car import Car
from viavolta.simulator.line import Drive, connect
from viavolta.simulator.station import SimulatedStation
from viavolta.storage.live_facts import gateways_alive
from viavolta.storage.projector import project
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.live import Order
from viavolta.storage.tables.stations import Command, Outlet, Session, Station, Token

PASSWORD = "a-password-of-the-station"
TENANT = 1
PATIENCE_S = 120.0
SOON_S = 0.05


@dataclass(kw_only=True)
class Scene:
    """What runs, and the stations by their identities."""

    data: Path
    gateway: Gateway
    control: ControlLoop
    drives: dict[str, Drive] = field(default_factory=dict)
    turns: dict[str, asyncio.Lock] = field(default_factory=dict)
    """A station tells one thing after the other."""

    async def plug_in(self, identity: str, car: Car, *, hours: float) -> Session:
        """A car comes for so many hours; its session, once it stands in the tables."""
        drive, now = self.drives[identity], _now()
        leaves_at = now + dt.timedelta(hours=hours)
        async with self.turns[identity]:
            await drive.tell(drive.station.plug_in(car, now, departure=leaves_at))
        there = Session.objects.select_related("station").filter(
            station__identity=identity, ended_at=None
        )
        await self.until(there.exists, f"the session of {identity}")
        return await asyncio.to_thread(there.get)

    async def unplug(self, identity: str) -> None:
        """The car leaves."""
        drive = self.drives[identity]
        async with self.turns[identity]:
            await drive.tell(drive.station.unplug(_now()))

    def powers_kw(self) -> dict[str, float]:
        """What the meters in the tables said last."""
        rows = Session.objects.filter(ended_at=None, power_w__isnull=False)
        return {row.station.identity: row.power_w / 1000 for row in rows.select_related("station")}

    def _told(self) -> str:
        orders = Order.objects.values_list("session__station__identity", "power_kw", "why", "plan")
        commands = Command.objects.values_list("station__identity", "asked_by", "state", "answer")
        return f"powers {self.powers_kw()}, orders {list(orders)}, commands {list(commands)}"

    async def until(self, look: Callable[[], Any], what: str) -> None:
        """Wait until something stands in the tables, while the control loop goes on."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not await asyncio.to_thread(look):
            if asyncio.get_running_loop().time() > deadline:
                told = await asyncio.to_thread(self._told)
                pytest.fail(f"waited in vain for {what}; {told}")
            await asyncio.to_thread(self.control.once)
            await asyncio.sleep(SOON_S)


@contextlib.asynccontextmanager
async def scene(
    data: Path, versions: dict[str, Version], *, holder: str = "tests"
) -> AsyncIterator[Scene]:
    """Stations of these identities on the line of a gateway of their own."""
    control = await asyncio.to_thread(ControlLoop, holder)
    async with running(data) as gateway:
        found = Scene(data=data, gateway=gateway, control=control)
        async with contextlib.AsyncExitStack() as lines:
            tasks = [asyncio.create_task(_project(data))]
            for identity, version in versions.items():
                url = f"ws://127.0.0.1:{gateway.settings.port}/ocpp"
                line = await lines.enter_async_context(
                    await connect(url, identity, PASSWORD, version)
                )
                count = itertools.count(1)
                station = SimulatedStation(
                    identity,
                    version,
                    meter_every=dt.timedelta(seconds=0.2),
                    new_id=lambda name=identity, n=count: f"{name}-{next(n)}",  # type: ignore[misc] # bound now
                )
                drive = found.drives[identity] = Drive(station, line, clock=_now)
                tasks.append(asyncio.create_task(drive.listen()))
                assert await drive.boot()
                turn = found.turns[identity] = asyncio.Lock()
                tasks.append(asyncio.create_task(_live(drive, turn)))
            names = set(versions)
            await found.until(lambda: _on_line() >= names, "stations on the line")
            try:
                yield found
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                        await task


def take_in(
    data: Path, identity: str, *, limit_id: str = "", max_kw: float | None = 11.0
) -> Station:
    """A station that may call, and the card of its driver."""
    Token.objects.get_or_create(tenant_id=TENANT, token="card")
    station = Station.objects.create(
        tenant_id=TENANT,
        identity=identity,
        limit_id=limit_id,
        key_hash=key_hash(gateway_key(data), identity, PASSWORD),
    )
    Outlet.objects.create(
        station=station,
        evse=1,
        connector=1,
        status="Available",
        status_at=_now(),
        max_kw=max_kw,
    )
    return station


def _on_line() -> set[str]:
    alive = gateways_alive(_now())
    rows = Station.objects.filter(gateway__in=alive)
    return set(rows.values_list("identity", flat=True))


async def _live(drive: Drive, turn: asyncio.Lock) -> None:
    while True:
        async with turn:
            await drive.tick()
        await asyncio.sleep(SOON_S)


async def _project(data: Path) -> None:
    while True:
        await asyncio.to_thread(project, data / "journal" / "gateway", "gateway")
        await asyncio.sleep(SOON_S)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
