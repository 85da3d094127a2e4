"""A crowd of simulated stations at a real gateway."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from running_gateway import running

from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.fleet import CARD, Crowd, identities, run_crowd
from viavolta.storage.projector import project
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.stations import Session, Station, Token

ONE_EACH = dict.fromkeys(Version, 1)
HURRY = 20_000
"""Drivers stay for seconds."""
PASSWORD = "a-password-of-all-stations"


@pytest.mark.usefixtures("database_file")
def test_drivers_come_and_go_at_stations_of_every_version(tmp_path: Path) -> None:
    """Each station boots, charges, and ends sessions; a gateway that restarts is called again."""
    for number, (identity, _) in enumerate(identities(ONE_EACH)):
        hashed = key_hash(gateway_key(tmp_path), identity, PASSWORD)
        Station.objects.create(tenant_id=1, identity=identity, key_hash=hashed)
        Token.objects.create(tenant_id=1, token=CARD.format(number + 1))

    async def one_each_has_ended() -> None:
        for _ in range(200):
            await asyncio.sleep(0.1)
            await asyncio.to_thread(_project, tmp_path)
            if await asyncio.to_thread(_ended) == {v.value for v in Version}:
                return
        pytest.fail(f"ended sessions at stations of {_ended()} only")

    async def story() -> None:
        async with running(tmp_path) as gateway:
            crowd = Crowd(
                url=f"ws://127.0.0.1:{gateway.settings.port}/ocpp",
                password=PASSWORD,
                counts=ONE_EACH,
                pace=HURRY,
                tick_s=0.05,
            )
            living = asyncio.create_task(run_crowd(crowd))
            await one_each_has_ended()
            for conversation in gateway.hall:
                conversation.end(1001, "back soon")
            await asyncio.to_thread(Session.objects.all().delete)
            await one_each_has_ended()
            living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await living

    asyncio.run(story())


def _ended() -> set[str]:
    sessions = Session.objects.filter(ended_at__isnull=False).select_related("station")
    return {session.station.ocpp_version for session in sessions}


def _project(data: Path) -> None:
    while project(data / "journal" / "gateway", "gateway"):
        pass


def test_the_command_lists_its_stations() -> None:
    """What is to be enrolled can be read before anything is called."""
    command = [sys.executable, "-m", "viavolta.simulator", "--stations", "1,0,2", "--list"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["sim-16-1 1.6", "sim-21-1 2.1", "sim-21-2 2.1"]
