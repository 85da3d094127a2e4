"""Forged traces: the log and the journal"""

import datetime as dt
import logging
from pathlib import Path

import pytest
from attacker import Attacker, basic
from target import Target, event, sessions

from viavolta.gateway.projecting import Projected
from viavolta.model.errors import InputError, UsageError
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.storage.journal import Journal, Position, durable_end, read_journal
from viavolta.storage.tables.stations import Station

pytestmark = pytest.mark.django_db(transaction=True)
FORGED = "WARNING hold forged line"


def test_log_injection(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    """Line breaks in names, headers, messages and what a station says of itself make no line of
    the log."""
    caplog.set_level(logging.INFO)
    for path in (f"/ocpp/cp%0a{FORGED.replace(' ', '%20')}", "/ocpp/cp%0d%0a", "/ocpp/x%1b[31m"):
        with Attacker(target.port, path, authorization=basic("x", f"y\n{FORGED}")):
            pass
    word = f"a\n{FORGED}"
    boot = {"reason": "PowerUp", "chargingStation": {"model": word[:20], "vendorName": word}}
    with target.line(target.station()) as line:
        line.call("BootNotification", boot)
        line.call(word, {})
        line.call("DataTransfer", {"vendorId": word})
        line.say(word)
        line.hear()
    target.project()
    assert caplog.records
    assert all("\n" not in str(vars(record)) for record in caplog.records)
    assert FORGED not in caplog.text


def test_personal_data_in_logs(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    """Cards, passwords, what was sent and who sent it stand in no line of the log."""
    caplog.set_level(logging.INFO)
    station = target.station()
    card = {"idToken": {"idToken": "card-of-ana", "type": "ISO14443"}}
    with target.line(station) as line:
        line.call("Authorize", card)
        line.call("TransactionEvent", event("tx-of-ana", 0, "Started") | card)
        line.call("Authorize", {"idToken": {"idToken": "card-of-ana" * 50, "type": "ISO14443"}})
        line.say('[2,"x","Authorize",{"idToken":"card-of-ana"}')
        line.hear()
    with Attacker.as_station(target.port, station.identity, "password-of-ana") as caller:
        assert caller.status == 401
    target.project()
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "of-ana" not in told


def record(station: Station, seq: int) -> bytes:
    """An event as the gateway writes it down."""
    return record_bytes(
        Record(
            kind=RecordKind.CALL,
            station=station.pk,
            version=Version.V201,
            received_at=dt.datetime.now(dt.UTC),
            action="TransactionEvent",
            payload=event("tx", seq, wh=100 * seq),
            answer={},
        )
    )


def written(folder: Path, station: Station) -> Path:
    """A journal of three events, and its one file."""
    with Journal(folder) as journal:
        for seq in range(3):
            journal.append([record(station, seq)])
    (file,) = folder.glob("*.journal")
    return file


def test_altered_record(target: Target, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A record in the middle that was altered: nothing from it on is believed, no gateway goes on
    writing behind it, and the log says where."""
    station = target.station()
    file = written(tmp_path / "altered", station)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    projected = Projected(tmp_path / "altered")
    projected.go_on()
    projected.go_on()
    assert "journal damaged" in caplog.text
    assert sessions(station) == []
    with pytest.raises(InputError, match="damaged"):
        Journal(tmp_path / "altered")


def test_forged_record(target: Target, tmp_path: Path) -> None:
    """Bytes put behind the end that the gateway vouched for are not read, nor kept."""
    station = target.station()
    folder = tmp_path / "forged"
    file = written(folder, station)
    end = durable_end(folder)
    forged = record(station, 9)
    with file.open("ab") as more:
        more.write(len(forged).to_bytes(4, "little") + bytes(4) + forged)
    assert len(list(read_journal(folder, Position()))) == 3
    with Journal(folder) as journal:
        assert journal.end == end


def test_forged_end(target: Target, tmp_path: Path) -> None:
    """A note of the durable end that was altered is not believed: nothing is read until a gateway
    writes it anew."""
    station = target.station()
    folder = tmp_path / "end"
    written(folder, station)
    end = folder / "end"
    end.write_bytes(bytes(len(end.read_bytes())))
    with pytest.raises(InputError, match="damaged"):
        list(read_journal(folder, Position()))
    with Journal(folder):
        assert len(list(read_journal(folder, Position()))) == 3


def test_second_writer(target: Target) -> None:
    """A second gateway under the same name cannot write the journal of the first."""
    with pytest.raises(UsageError, match="another process"):
        Journal(target.gateway.settings.journal)


def test_journal_is_its_owners_alone(target: Target) -> None:
    """No other user of the machine reads what stations said, nor the key of the passwords."""
    data = target.gateway.settings.data
    files = [*target.gateway.settings.journal.iterdir(), *(data / "secrets").iterdir()]
    assert len(files) > 3
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
