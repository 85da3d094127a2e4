"""Stations that others wrote, each run with its own Python against the gateway."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from oca import k, v16
from oca.stage import PASSWORD, Gateways, Stage

from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import CommandState, Session

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT_S = 60
STATION = Path(__file__).parent / "foreign_station.py"
ForeignClient = Callable[[str], Path]


@pytest.mark.parametrize("version", list(Version))
def test_a_station_of_the_ocpp_library_charges(
    gateways: Gateways, foreign_client: ForeignClient, version: Version
) -> None:
    """It boots, is authorised, takes a profile, is stopped from afar; its session is complete."""
    python = foreign_client("ocpp")
    stage = Stage.of(gateways, f"ocpp-library-{version}", version)
    address = f"ws://127.0.0.1:{stage.gateway.settings.port}/ocpp"
    command = [str(python), str(STATION), address, stage.station.identity, PASSWORD, version]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreign:
        try:
            assert foreign.stdout is not None
            number = json.loads(foreign.stdout.readline())["transaction"]
            if version is Version.V16:
                profile = {"connectorId": 1, "csChargingProfiles": v16.profile("TxDefaultProfile")}
                asks = [("SetChargingProfile", profile), ("RemoteStopTransaction", {})]
            else:
                profile = {"evseId": 1, "chargingProfile": k.profile()}
                asks = [("SetChargingProfile", profile), ("RequestStopTransaction", {})]
            asks[1][1]["transactionId"] = number
            rows = [ask(stage.station.pk, action, words, by="test") for action, words in asks]
            found = json.loads(foreign.stdout.readline())
            assert foreign.wait(LIMIT_S) == 0
        finally:
            foreign.kill()
    assert (found["boot"], found["card"]) == ("Accepted", "Accepted")
    assert found["profile"]
    for row in rows:
        stage.wait_for_end(row)
        assert (row.state, row.answer) == (CommandState.ANSWERED, {"status": "Accepted"})
    stage.project()
    session = Session.objects.get(station=stage.station)
    assert (session.energy_wh, session.stop_reason) == (7000, "Remote")
    assert session.is_complete


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_test_ocpp_finds_the_central_system(
    gateways: Gateways, foreign_client: ForeignClient, version: str, is_tls: bool
) -> None:
    """Its own verdict: SUCCESS, with the version it asked for; a wrong password FAILED."""
    python = foreign_client("test-ocpp")
    scheme = "wss" if is_tls else "ws"
    stage = Stage.of(gateways, f"test-ocpp-{scheme}-{version}", Version(version))
    stage.is_tls = is_tls

    def run(password: str) -> subprocess.CompletedProcess[str]:
        command = [
            *(str(python), "-m", "test_ocpp"),
            *(f"{scheme}://127.0.0.1:{stage.gateway.settings.port}/ocpp", stage.station.identity),
            *("--ocpp", version, "--password", password),
            *(("--ca", str(gateways.trusted)) if is_tls else ()),
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    told = run(PASSWORD)
    assert told.returncode == 0, told.stdout
    assert "BootNotification status: Accepted" in told.stdout
    assert f"Negotiated subprotocol: ocpp{version}" in told.stdout
    assert "SUCCESS" in told.stdout
    refused = run("wrong")
    assert refused.returncode == 1
    assert "HTTP 401" in refused.stdout
