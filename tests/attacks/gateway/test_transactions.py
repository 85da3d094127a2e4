"""Sessions of others, and records that should harm the tables"""

import datetime as dt
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.db import connection
from oca.certificates import Pair
from target import AT, Target, event, sessions, wait_for

from viavolta.gateway.commands import take
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.storage.journal import Journal
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import CommandState, Session, SessionEvent, Station

pytestmark = pytest.mark.django_db(transaction=True)
START = {"connectorId": 1, "idTag": "card", "meterStart": 0, "timestamp": AT}
STATUS = {
    "timestamp": AT,
    "connectorStatus": "Occupied",
    "evseId": 1,
    "connectorId": 1,
}


def test_ending_the_session_of_another_2(target: Target) -> None:
    """2.x: B sends an Ended, an update and a number of A's transaction: A's session goes on, and B
    has one of its own that nothing of A's is in."""
    victim, thief = target.station(), target.station(tenant_id=2)
    with target.line(victim) as line, target.line(thief) as other:
        assert line.call("TransactionEvent", event("tx", 0, "Started", wh=0))[0] == 3
        assert other.call("TransactionEvent", event("tx", 1, wh=9e6))[0] == 3
        assert other.call("TransactionEvent", event("tx", 2, "Ended", wh=9e6))[0] == 3
        assert line.call("TransactionEvent", event("tx", 1, wh=1000))[0] == 3
    target.project()
    (own,), (stolen,) = sessions(victim), sessions(thief)
    assert (own.ended_at, own.energy_wh, own.missing, own.doubts) == (None, 1000, [], [])
    assert stolen.station == thief
    assert "no-start" in stolen.doubts


def test_ending_the_session_of_another_16(target: Target) -> None:
    """1.6: B stops and meters under the number that A was given: A's session goes on."""
    victim, thief = target.station(), target.station()
    with (
        target.line(victim, Version.V16) as line,
        target.line(thief, Version.V16) as other,
    ):
        number = line.call("StartTransaction", START)[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 9_000_000, "timestamp": AT}
        meter = {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "8000000"}]}],
        }
        assert other.call("MeterValues", meter)[0] == 3
        assert other.call("StopTransaction", stop)[0] == 3
    target.project()
    (own,) = sessions(victim)
    assert (own.ended_at, own.energy_wh) == (None, None)
    assert SessionEvent.objects.filter(session=own).count() == 1


def test_speaking_for_another(target: Target) -> None:
    """A name in the payload is no name: what B says of station A is kept as B's."""
    victim, thief = target.station(), target.station()
    boot = {
        "reason": "PowerUp",
        "chargingStation": {"model": "m", "vendorName": "v", "serialNumber": victim.identity},
    }
    with target.line(thief) as other:
        assert other.call("BootNotification", boot)[0] == 3
        assert other.call("StatusNotification", STATUS)[0] == 3
    target.project()
    victim.refresh_from_db()
    assert (victim.serial, victim.outlets.count()) == ("", 0)
    assert thief.outlets.count() == 1


def test_answering_for_another(target: Target) -> None:
    """B answers the call that A was asked, with its very message id: A's answer counts."""
    victim, thief = target.station(), target.station()
    with target.line(victim) as line, target.line(thief) as other:
        asked = ask(victim.pk, "ClearCache", {}, by="test")
        message_id = line.hear()[1]
        other.say(json.dumps([3, message_id, {"status": "Rejected"}]))
        assert other.is_alive()
        line.say(json.dumps([3, message_id, {"status": "Accepted"}]))
        line.say(json.dumps([3, message_id, {"status": "Rejected"}]))
        assert line.is_alive()

        def is_over() -> bool:
            asked.refresh_from_db()
            return asked.state not in {CommandState.QUEUED, CommandState.SENT}

        wait_for(is_over)
    assert (asked.state, asked.answer) == ("answered", {"status": "Accepted"})


def test_commands_for_another_gateway(target: Target) -> None:
    """A gateway takes no command for a station that it does not hold."""
    absent = target.station()
    ask(absent.pk, "ClearCache", {}, by="test")
    assert take("intruder", lambda station: station != absent.pk) == []


def test_replayed_message_ids(target: Target) -> None:
    """The same id with other content gets the first answer again and is not heard; the same
    event under other ids, on other links, counts once."""
    station = target.station()
    with target.line(station) as line:
        first = line.call("TransactionEvent", event("tx", 0, "Started", wh=0), "same")
        again = line.call("TransactionEvent", event("tx", 1, "Ended", wh=5e6), "same")
        assert first == again
        line.call("TransactionEvent", event("tx", 0, "Started", wh=0), "other")
    with target.line(station) as line:
        line.call("TransactionEvent", event("tx", 0, "Started", wh=0), "same")
        line.call("TransactionEvent", event("tx", 1, wh=100), "new")
    target.project()
    (row,) = sessions(station)
    assert (row.ended_at, row.energy_wh, row.doubts) == (None, 100, [])
    assert SessionEvent.objects.filter(session=row).count() == 2


def test_replayed_recording(target: Target) -> None:
    """A whole recorded session, sent again later, ends and counts nothing a second time."""
    station = target.station()
    told = [event("tx", k, kind, wh=k * 500) for k, kind in enumerate(("Started", "Ended"))]
    for _ in range(3):
        with target.line(station) as line:
            for one in told:
                assert line.call("TransactionEvent", one)[0] == 3
    target.project()
    (row,) = sessions(station)
    assert (row.is_complete, row.energy_wh) == (True, 500)
    assert SessionEvent.objects.filter(session=row).count() == 2


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        (Version.V201, "StatusNotification", STATUS | {"connectorId": -1}),
        (Version.V201, "StatusNotification", STATUS | {"evseId": 2**31}),
        (Version.V201, "StatusNotification", STATUS | {"timestamp": "0001-01-01T00:00:00+14:00"}),
        (Version.V201, "StatusNotification", STATUS | {"timestamp": "9999-12-31T23:59:59-14:00"}),
        (Version.V201, "TransactionEvent", event("t", 0, "Started", evse={"id": -1})),
        (Version.V201, "TransactionEvent", event("t", 0) | {"timestamp": "2026-06-30T23:59:60Z"}),
        (Version.V201, "TransactionEvent", event("t", 0) | {"timestamp": "0001-01-01T00:00:00Z"}),
        (Version.V201, "TransactionEvent", event("t", 0, wh=1e300)),
        (
            Version.V201,
            "TransactionEvent",
            event("t", 0)
            | {
                "meterValue": [
                    {
                        "timestamp": AT,
                        "sampledValue": [{"value": 1, "unitOfMeasure": {"multiplier": 400}}],
                    }
                ]
            },
        ),
        (Version.V16, "StartTransaction", START | {"connectorId": -5}),
        (Version.V16, "StartTransaction", START | {"timestamp": "2026-06-30T23:59:60Z"}),
        (
            Version.V16,
            "StopTransaction",
            {"transactionId": 1, "meterStop": 10**15, "timestamp": AT},
        ),
        (
            Version.V16,
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": 1,
                "meterValue": [
                    {
                        "timestamp": f"2026-03-01T08:00:00.{'0' * 200}Z",
                        "sampledValue": [{"value": "1"}],
                    }
                ],
            },
        ),
        (
            Version.V21,
            "NotifyEVChargingNeeds",
            {
                "evseId": 1,
                "chargingNeeds": {
                    "requestedEnergyTransfer": "AC_BPT",
                    "v2xChargingParameters": {"maxChargePower": 1e300},
                },
            },
        ),
        (
            Version.V201,
            "NotifyEVChargingNeeds",
            {
                "evseId": 1,
                "chargingNeeds": {
                    "requestedEnergyTransfer": "DC",
                    "departureTime": "9999-12-31T23:59:59-14:00",
                },
            },
        ),
    ],
    ids=range(15),
)
def test_values_no_table_takes(
    target: Target, version: Version, action: str, payload: dict[str, object]
) -> None:
    """Valid by the schema, and nothing that a column or a sum bears: refused, and the tables of
    everybody go on."""
    station, neighbour = target.station(), target.station()
    with target.line(station, version) as line, target.line(neighbour) as other:
        assert line.call(action, payload)[:1] == [4]
        assert line.is_alive()
        assert other.call("TransactionEvent", event("tx", 0, "Started"))[0] == 3
    target.project()
    assert sessions(station) == []
    assert len(sessions(neighbour)) == 1


def test_huge_numbers(target: Target) -> None:
    """Thousands of digits, exponents and a sequence number of ten million: no memory, no time."""
    station = target.station()
    with target.line(station) as line:
        for digits in ("9" * 5000, "1" + "0" * 400, "1e999", "-1e999"):
            started = json.dumps(event("tx", 0, "Started"))
            swollen = started.replace('"seqNo": 0', f'"seqNo": {digits}')
            assert swollen != started
            line.say(f'[2,"x","TransactionEvent",{swollen}]')
            assert line.hear()[0] == 4
        assert line.call("TransactionEvent", event("tx", 10_000_000, "Started"))[0] == 3
        assert line.call("TransactionEvent", event("tx", -10_000_000))[0] == 3
    target.project()
    (row,) = sessions(station)
    assert 0 < len(row.missing) <= 1000
    assert "gap" in row.doubts


def test_empty_meter_values(target: Target) -> None:
    """1.6: meter values of a transaction without any value change nothing."""
    station = target.station()
    with target.line(station, Version.V16) as line:
        line.call("MeterValues", {"connectorId": 1, "transactionId": 5, "meterValue": []})
        assert line.call("StartTransaction", START)[0] == 3
    target.project()
    assert len(sessions(station)) == 1


def test_poisoned_journal(target: Target) -> None:
    """Records that no table takes, however they got into a journal: each is set aside with its
    reason, the others stand in the tables."""
    station = target.station()

    def record(action: str, payload: dict[str, object]) -> bytes:
        told = Record(
            kind=RecordKind.CALL,
            station=station.pk,
            version=Version.V201,
            received_at=dt.datetime.now(dt.UTC),
            action=action,
            payload=payload,
            answer={},
        )
        return record_bytes(told)

    poison = [
        record("StatusNotification", STATUS | {"connectorId": -1}),
        b'["call"]',
        record("TransactionEvent", {"seqNo": 1}),
    ]
    good = [record("TransactionEvent", event("tx", k, wh=100 * k)) for k in range(3)]
    folder = target.gateway.settings.data / "journal" / "poisoned"
    with Journal(folder) as journal:
        journal.append([good[0], poison[0], good[1], poison[1], poison[2], good[2]])
    wait_for(lambda: Session.objects.filter(station=station, energy_wh=200).exists())
    notices = Notice.objects.filter(station=station, action="SetAside")
    assert notices.count() == 2
    assert all("poisoned 0:" in notice.payload["journal"] for notice in notices)


def test_words_of_sql(target: Target) -> None:
    """Words of SQL in whatever a station says stay texts in the tables."""
    station = target.station()
    word = "');DROP TABLE tables_station;--"
    boot = {"reason": "PowerUp", "chargingStation": {"model": word[:20], "vendorName": word}}
    with target.line(station) as line:
        assert line.call("BootNotification", boot)[0] == 3
        assert line.call("TransactionEvent", event(word, 0, "Started"))[0] == 3
    target.project()
    station.refresh_from_db()
    assert (station.vendor, sessions(station)[0].transaction) == (word, word)
    assert Station._meta.db_table in connection.introspection.table_names()


def test_talk_before_adoption(target: Target) -> None:
    """Who waits in an inbox writes nothing but its knocking: no session, no notice, no state."""
    station = target.station(admission="Pending")
    with target.line(station, Version.V21) as line:
        for action, payload in (
            ("TransactionEvent", event("tx", 0, "Started")),
            ("StatusNotification", STATUS),
            ("DataTransfer", {"vendorId": "v"}),
        ):
            assert line.call(action, payload)[2] == "SecurityError"
        stream = {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 0, "v": "1"}]}
        line.say(json.dumps([6, "x", "NotifyPeriodicEventStream", stream]))
        assert line.is_alive()
    target.project()
    assert sessions(station) == []
    assert not Notice.objects.filter(station=station).exists()
    assert not station.outlets.exists()


@pytest.mark.parametrize(
    ("name", "organisation", "why"),
    [
        ("other", "Town", "WrongCommonName"),
        ("", "Village", "WrongOrganization"),
        ("", "Town", "WeakKey"),
        ("", "Town", "InvalidCSR"),
    ],
)
def test_request_for_a_foreign_certificate(
    target: Target, name: str, organisation: str, why: str
) -> None:
    """A request in another's name, for another operator, with a weak key or broken is not
    signed."""
    station = target.station()
    csr = Pair.new().request(name or station.identity, organisation)
    if why == "InvalidCSR":
        csr = csr.replace("\n", "\nA", 2)
    if why == "WeakKey":
        csr = weak_request(station.identity)
    with target.line(station) as line:
        heard = line.call("SignCertificate", {"csr": csr})
        assert heard[2] == {"status": "Rejected", "statusInfo": {"reasonCode": why}}
        assert line.is_alive()
    station.refresh_from_db()
    assert station.next_certificate_sha256 == ""


def weak_request(name: str) -> str:
    """A request with an RSA key of 1024 bits."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Town"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak it is meant to be
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()
