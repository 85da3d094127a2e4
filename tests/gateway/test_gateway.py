"""A running gateway and stations that call it over loopback."""

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import picows
import pytest
from django.db import OperationalError
from django.utils import timezone
from running_gateway import running

from viavolta.gateway import errands, port
from viavolta.gateway.errands import Errands
from viavolta.gateway.hall import Hall
from viavolta.gateway.registry import Registry
from viavolta.gateway.server import Gateway, GatewaySettings
from viavolta.protocols.ocpp.link import End
from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.line import Line, connect
from viavolta.storage import presence
from viavolta.storage.enrolment import token_hash
from viavolta.storage.projector import project
from viavolta.storage.station_commands import ask as ask_station
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.stations import Command, CommandState, Session, Station, Token

PASSWORD = "a-password-of-the-station"
BOOT: dict[Version, dict[str, Any]] = {
    Version.V16: {"chargePointModel": "m", "chargePointVendor": "v"},
    Version.V201: {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}},
    Version.V21: {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}},
}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_file")]


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """A station that is taken in, with a password and a card that may charge."""
    Token.objects.create(tenant_id=1, token="card")
    return Station.objects.create(
        tenant_id=1, identity="cp-1", key_hash=key_hash(gateway_key(tmp_path), "cp-1", PASSWORD)
    )


async def call(
    gateway: Gateway, identity: str, password: str | None, version: Version = Version.V201
) -> Line:
    """A station calls the gateway."""
    url = f"ws://127.0.0.1:{gateway.settings.port}/ocpp"
    return await connect(url, identity, password, version)


def on(data: Path, story: Callable[[Gateway], Coroutine[Any, Any, None]]) -> None:
    """Run a story with a gateway, and bring what was heard into the tables."""

    async def told() -> None:
        async with running(data) as gateway:
            await story(gateway)

    asyncio.run(told())
    while project(data / "journal" / "gateway", "gateway"):
        pass


@pytest.mark.parametrize("version", list(Version))
def test_a_station_boots_in_each_version(
    tmp_path: Path, station: Station, version: Version
) -> None:
    """It is answered, and what it says of itself stands in the tables."""

    async def story(gateway: Gateway) -> None:
        async with await call(gateway, "cp-1", PASSWORD, version) as line:
            outcome = await line.call("BootNotification", BOOT[version])
            assert outcome.payload is not None
            assert outcome.payload["status"] == "Accepted"
            assert len(gateway.hall) == 1

    on(tmp_path, story)
    station.refresh_from_db()
    assert (station.vendor, station.ocpp_version) == ("v", version.value)
    assert station.gateway == ""


def test_who_came_while_the_gateway_stopped_is_written_down(
    tmp_path: Path, station: Station
) -> None:
    """A note that was under way when the errands were ended is written at the end."""
    hall, busy = Hall(), threading.Event()
    came: Any = SimpleNamespace(
        entry=SimpleNamespace(pk=station.pk), version=Version.V21, gone=lambda: None
    )
    hall.enter(came)

    async def story() -> None:
        with ThreadPoolExecutor(1) as thread:
            ours = Errands(GatewaySettings(data=tmp_path), hall, Registry(tmp_path), thread)
            thread.submit(busy.wait)
            noting = asyncio.create_task(ours.end())
            await asyncio.sleep(0)
            noting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await noting
            hall.leave(came)
            busy.set()
            await ours.end()

    asyncio.run(story())
    station.refresh_from_db()
    assert (station.ocpp_version, station.gateway) == ("2.1", "")


def test_a_session_is_told_and_stands_in_the_tables(tmp_path: Path, station: Station) -> None:
    """1.6: start, meter, stop; the card is known, a stranger's is not; told twice, one session."""
    start = {
        "connectorId": 1,
        "idTag": "card",
        "meterStart": 100,
        "timestamp": "2026-03-01T08:00:00Z",
    }

    async def story(gateway: Gateway) -> None:
        async with await call(gateway, "cp-1", PASSWORD, Version.V16) as line:
            stranger = await line.call("Authorize", {"idTag": "other"})
            assert stranger.payload == {"idTagInfo": {"status": "Invalid"}}
            first = await line.call("StartTransaction", start)
            again = await line.call("StartTransaction", start)
            assert first.payload == again.payload
            assert first.payload is not None
            stop = {
                "transactionId": first.payload["transactionId"],
                "meterStop": 5100,
                "timestamp": "2026-03-01T09:00:00Z",
            }
            assert (await line.call("StopTransaction", stop)).end is End.ANSWERED

    on(tmp_path, story)
    session = Session.objects.get(station=station)
    assert (session.energy_wh, session.token, session.is_complete) == (5000, "card", True)


@pytest.mark.parametrize(
    ("identity", "password"),
    [
        ("cp-1", "wrong"),
        ("cp-1", None),
        ("cp-1", ""),
        ("cp-2", PASSWORD),
        ("../cp-1", PASSWORD),
        ("x" * 500, PASSWORD),
    ],
)
@pytest.mark.usefixtures("station")
def test_who_has_no_credential_stays_outside(
    tmp_path: Path, identity: str, password: str | None
) -> None:
    """Unknown and wrong are refused alike; the station's own link is not disturbed."""

    async def story(gateway: Gateway) -> None:
        async with await call(gateway, "cp-1", PASSWORD) as line:
            with pytest.raises(picows.WSInvalidStatusError):
                await call(gateway, identity, password)
            assert (await line.call("Heartbeat", {})).end is End.ANSWERED

    on(tmp_path, story)


@pytest.mark.usefixtures("station")
def test_a_station_that_comes_again_replaces_its_old_link(tmp_path: Path) -> None:
    """The half-open link is ended, the new one talks."""

    async def story(gateway: Gateway) -> None:
        old = await call(gateway, "cp-1", PASSWORD)
        async with await call(gateway, "cp-1", PASSWORD) as new:
            assert await asyncio.wait_for(old.closed, 5) == 1008
            assert (await new.call("Heartbeat", {})).end is End.ANSWERED
            assert len(gateway.hall) == 1

    on(tmp_path, story)


def test_a_station_that_waits_for_adoption_only_knocks(tmp_path: Path, station: Station) -> None:
    """Pending at the boot, a security error for a transaction, accepted once adopted."""
    Station.objects.update(admission=Station.Admission.PENDING)

    async def story(gateway: Gateway) -> None:
        async with await call(gateway, "cp-1", PASSWORD, Version.V16) as line:
            boot = await line.call("BootNotification", BOOT[Version.V16])
            assert boot.payload is not None
            assert boot.payload["status"] == "Pending"
            refused = await line.call("Authorize", {"idTag": "card"})
            assert (refused.end, refused.error_code) == (End.REFUSED, "SecurityError")

    on(tmp_path, story)
    assert not Session.objects.filter(station=station).exists()


def test_a_command_goes_out_and_its_fate_is_known(tmp_path: Path, station: Station) -> None:
    """Answered, refused by its own schema, and expired where the station is not there."""
    absent = Station.objects.create(tenant_id=1, identity="cp-away")

    async def story(gateway: Gateway) -> None:
        async with await call(gateway, "cp-1", PASSWORD) as line:
            ask = asyncio.to_thread
            reset = await ask(ask_station, station.pk, "Reset", {"type": "Immediate"}, by="test")
            wrong = await ask(ask_station, station.pk, "Reset", {"type": "Soft"}, by="test")
            heard = await asyncio.wait_for(line.heard.get(), 10)
            assert (heard.action, heard.payload) == ("Reset", {"type": "Immediate"})
            line.answer(heard, {"status": "Scheduled"})
            await until(reset, CommandState.ANSWERED)
            await until(wrong, CommandState.REFUSED)
            late = await ask(ask_station, absent.pk, "ClearCache", {}, by="test")
            await ask(Command.objects.filter(pk=late.pk).update, expires_at=late.asked_at)
            await until(late, CommandState.EXPIRED)
            await ask(reset.refresh_from_db)
            assert reset.answer == {"status": "Scheduled"}

    on(tmp_path, story)


async def until(command: Command, state: CommandState) -> None:
    """Wait for a command to reach a state."""
    for _ in range(100):
        await asyncio.to_thread(command.refresh_from_db)
        if command.state == state:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"{command.action} is {command.state}, not {state}: {command.error}")


def test_a_command_in_flight_is_lost_with_its_link(tmp_path: Path, station: Station) -> None:
    """Nobody is left to wonder what became of it."""

    async def story(gateway: Gateway) -> None:
        line = await call(gateway, "cp-1", PASSWORD)
        sent = await asyncio.to_thread(ask_station, station.pk, "ClearCache", {}, by="test")
        await asyncio.wait_for(line.heard.get(), 10)
        line.transport.disconnect()
        await until(sent, CommandState.LOST)

    on(tmp_path, story)


@pytest.mark.usefixtures("station")
def test_a_half_open_link_is_replaced_and_an_impostor_replaces_nothing(tmp_path: Path) -> None:
    """A link whose other end is silently gone: whoever has no password does not get its place, the
    station itself has it as soon as it calls, and the old conversation is over."""

    async def story(gateway: Gateway) -> None:
        silent = await call(gateway, "cp-1", PASSWORD)
        silent.transport.underlying_transport.pause_reading()
        held = next(iter(gateway.hall))
        for password in ("wrong", "", None):
            with pytest.raises(picows.WSInvalidStatusError):
                await call(gateway, "cp-1", password)
            assert next(iter(gateway.hall)) is held
        async with await call(gateway, "cp-1", PASSWORD) as new:
            assert next(iter(gateway.hall)) is not held
            assert (await new.call("Heartbeat", {})).end is End.ANSWERED
            assert len(gateway.hall) == 1
        silent.transport.underlying_transport.resume_reading()
        assert await asyncio.wait_for(silent.closed, 30) == 1008

    on(tmp_path, story)


def test_a_bare_link_that_gives_no_sign_of_life_makes_room(
    tmp_path: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A station without a password of its own yet is not replaced by just anybody: the old link is
    asked for a sign of life, and where none comes within ten seconds there is room."""
    assert port.PROBE_S < 10
    monkeypatch.setattr(port, "PROBE_S", 0.2)
    window = EnrolmentWindow.objects.create(
        tenant_id=1,
        token_hash=token_hash("token"),
        opens_at=timezone.now(),
        ends_at=timezone.now() + dt.timedelta(hours=1),
        capacity=5,
    )
    Station.objects.filter(pk=station.pk).update(
        key_hash="", admission=Station.Admission.PENDING, window=window
    )

    async def story(gateway: Gateway) -> None:
        url = f"ws://127.0.0.1:{gateway.settings.port}/ocpp/enrol/token"
        alive = await connect(url, "cp-1", None, Version.V201)
        with pytest.raises(picows.WSInvalidStatusError):
            await connect(url, "cp-1", None, Version.V201)
        assert (await alive.call("Heartbeat", {})).end is End.ANSWERED
        alive.transport.underlying_transport.pause_reading()
        for _ in range(300):
            with contextlib.suppress(picows.WSInvalidStatusError):
                async with await connect(url, "cp-1", None, Version.V201) as new:
                    assert (await new.call("Heartbeat", {})).end is End.ANSWERED
                    break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("there was never room")
        alive.transport.disconnect(graceful=False)

    on(tmp_path, story)


def test_tables_out_of_reach_end_no_link(
    tmp_path: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away stations stay and are answered; once it is back, who is there and
    what was asked stands in the tables."""
    monkeypatch.setattr(errands, "RETRY_S", 0.05)
    real, failed = presence.note, []

    def note(*values: Any) -> None:
        if len(failed) < 3:
            failed.append(values)
            raise OperationalError
        real(*values)

    monkeypatch.setattr(presence, "note", note)

    async def story(gateway: Gateway) -> None:
        async with await call(gateway, "cp-1", PASSWORD) as line:
            assert (await line.call("Heartbeat", {})).end is End.ANSWERED
            for _ in range(300):
                await asyncio.to_thread(station.refresh_from_db)
                if station.gateway:
                    break
                await asyncio.sleep(0.05)
            assert (station.gateway, len(failed)) == ("gateway", 3)
            assert (await line.call("Heartbeat", {})).end is End.ANSWERED

    on(tmp_path, story)
