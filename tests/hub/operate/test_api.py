"""Commands and queries in the API."""

import datetime as dt
import json
import threading
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from viavolta.hub.frame.models import Event
from viavolta.hub.operate.api.operations import OPERATIONS
from viavolta.hub.people.models import TokenScope
from viavolta.hub.people.tokens import make_token
from viavolta.protocols.ocpp.actions import FROM_CENTRAL
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.tables.live import LimitChange
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import Command, Session, Station, Token

ROOT = "/api/operate/sampleton"


@pytest.fixture
def program(cast: Any) -> Any:
    """Asks the API with a token that may write; returns status and document."""
    _row, secret = make_token(
        cast.users["owner"], cast.organisation, name="driver", scope=TokenScope.WRITE, days=1
    )

    def ask(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = Client().generic(
            method,
            path if path.startswith("/") else f"{ROOT}/{path}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", **headers},
        )
        return answer.status_code, answer.json() if answer.content else None

    return ask


def test_every_command_of_every_version_has_an_operation() -> None:
    """And no operation is for a command that a version does not have."""
    for version in Version:
        named = [o.actions[version] for o in OPERATIONS if version in o.actions]
        assert sorted(named) == sorted(FROM_CENTRAL[version])
    assert len({o.name for o in OPERATIONS}) == len(OPERATIONS)


def test_a_command_is_queued_and_what_becomes_of_it_is_told(
    cast: Any, station: Station, program: Any
) -> None:
    """202 with the row; GET tells the answer once there is one; who asked stands in the log."""
    status, made = program("POST", "stations/cp-1/reset", {"type": "OnIdle"})
    assert (status, made["state"], made["action"]) == (202, "queued", "Reset")
    assert made["asked_by"] == "driver"
    Command.objects.update(state="answered", answer={"status": "Scheduled"})
    status, told = program("GET", f"commands/{made['id']}?wait=1")
    assert (status, told["state"], told["answer"]) == (200, "answered", {"status": "Scheduled"})
    event = Event.objects.get(verb="station.asked")
    assert event.detail == {"action": "Reset", "station": station.identity}
    assert event.organisation_id == cast.organisation.pk


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("reset", {"type": "Soft"}, 422, "payload-refused"),  # the word of 1.6
        ("reset", {}, 422, "payload-refused"),
        ("reset", {"type": "OnIdle", "customData": {"vendorId": "\0"}}, 400, "refused"),
        ("reset", [1], 422, "invalid-request"),
        ("set-der-control", {}, 409, "not-possible"),  # 2.1 alone
        ("get-configuration", {}, 409, "not-possible"),  # 1.6 alone
    ],
)
@pytest.mark.usefixtures("station")
def test_what_is_wrong_is_said_before_anything_is_queued(
    program: Any, path: str, body: Any, status: int, code: str
) -> None:
    """With a stable code, and nothing is asked of the station."""
    got, told = program("POST", f"stations/cp-1/{path}", body)
    assert (got, told["code"]) == (status, code)
    assert not Command.objects.exists()


def test_a_station_that_never_connected_cannot_be_asked(program: Any, station: Station) -> None:
    """Its version is not known."""
    Station.objects.filter(pk=station.pk).update(ocpp_version="")
    assert program("POST", "stations/cp-1/clear-cache", {})[0] == 409


@pytest.mark.usefixtures("station")
def test_a_repeat_under_the_same_key_starts_nothing_twice(program: Any) -> None:
    """The same command comes back; another request under that key is refused."""
    body = {"idToken": {"idToken": "card", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    first = program("POST", "stations/cp-1/remote-start", body, **{"Idempotency-Key": "k"})
    again = program("POST", "stations/cp-1/remote-start", body, **{"Idempotency-Key": "k"})
    assert first[1]["id"] == again[1]["id"]
    other = program(
        "POST", "stations/cp-1/remote-start", body | {"evseId": 2}, **{"Idempotency-Key": "k"}
    )
    assert other[0] == 409
    assert Command.objects.count() == 1


def test_readers_may_not_ask_and_strangers_see_nothing(cast: Any, station: Station) -> None:
    """403 and 404; without signing in 401."""
    page = f"{ROOT}/stations/{station.identity}/clear-cache"
    for persona, status in (("reader", 403), ("stranger", 404), ("anonymous", 401)):
        answer = cast.client(persona).post(page, {}, content_type="application/json")
        assert answer.status_code == status, persona


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_when_the_answer_is_there(station: Station, program: Any) -> None:
    """The request is answered with the end, well before its time is over."""
    made = program("POST", "stations/cp-1/clear-cache", {})[1]
    changed = threading.Event()

    def answered() -> None:
        from django.db import connection  # noqa: PLC0415 - of this thread

        Command.objects.update(state="answered", answer={"status": "Accepted"})
        connection.close()
        changed.set()

    timer = threading.Timer(0.3, answered)
    timer.start()
    began = timezone.now()
    told = program("GET", f"commands/{made['id']}?wait=30")[1]
    timer.join()
    assert told["state"] == "answered"
    assert timezone.now() - began < dt.timedelta(seconds=25)
    assert station.pk


def test_transactions_are_found_by_state_tag_reason_and_time(
    session: Session, program: Any
) -> None:
    """Each criterion narrows; the latest is one row; none is 404."""
    old = Session.objects.create(
        station=session.station,
        transaction="tx-0",
        token="other",
        started_at=session.started_at - dt.timedelta(days=2),
        ended_at=session.started_at - dt.timedelta(days=1),
        stop_reason="EVDisconnected",
    )

    def found(query: str) -> list[str]:
        status, page = program("GET", f"transactions?{query}")
        assert status == 200
        return [row["transaction"] for row in page["items"]]

    assert found("") == ["tx-1", "tx-0"]
    assert found("state=open") == ["tx-1"]
    assert found("state=ended&stop_reason=EVDisconnected") == ["tx-0"]
    assert found("token=other") == ["tx-0"]
    assert found("evse=1") == ["tx-1"]
    until = (session.started_at - dt.timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert found(f"until={until}") == ["tx-0"]
    assert found(f"since={until}") == ["tx-1"]
    assert program("GET", "transactions/latest?station=cp-1")[1]["energy_kwh"] == 3.5
    assert program("GET", "transactions/latest?token=nobody")[0] == 404
    assert program("GET", f"transactions/{old.pk}")[1]["readings"] == []


def test_reservations_and_profiles_follow_from_what_was_accepted(
    session: Session, program: Any
) -> None:
    """By the commands that the station answered."""
    later = timezone.now() + dt.timedelta(hours=1)
    profile = {"id": 4, "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile"}
    asked = {
        "ReserveNow": {
            "id": 9,
            "expiryDateTime": later.isoformat(),
            "idToken": {"idToken": "guest", "type": "Central"},
        },
        "SetChargingProfile": {"evseId": 1, "chargingProfile": profile},
    }
    for action, payload in asked.items():
        Command.objects.create(
            station=session.station,
            action=action,
            payload=payload,
            state="answered",
            answer={"status": "Accepted"},
            expires_at=later,
        )
    assert [row["number"] for row in program("GET", "reservations")[1]] == [9]
    assert [row["number"] for row in program("GET", "profiles?station=cp-1")[1]] == [4]
    assert program("GET", "profiles?station=none")[1] == []


def test_messages_are_told_without_personal_data(station: Station, program: Any) -> None:
    """By station, action and number; tokens and customers' data are masked."""
    told = {
        "NotifyReport": {"requestId": 5, "seqNo": 0},
        "NotifyCustomerInformation": {"requestId": 6, "data": "Ana, card 04AB"},
        "DataTransfer": {"vendorId": "v", "list": [{"idToken": "04AB"}]},
    }
    for action, payload in told.items():
        Notice.objects.create(
            station=station,
            action=action,
            request_id=payload.get("requestId"),
            received_at=timezone.now(),
            payload=payload,
        )
    rows = program("GET", "messages")[1]["items"]
    assert len(rows) == 3
    assert "04AB" not in str(rows)
    assert "Ana" not in str(rows)
    assert program("GET", "messages?request_id=5")[1]["items"][0]["payload"]["seqNo"] == 0


def test_limits_and_tokens_are_changed(station: Station, program: Any) -> None:
    """A limit by hand and its release; a token added once and blocked."""
    assert program("PUT", "limits/site", {"import_kw": 12.5})[0] == 204
    (now,) = program("GET", "limits")[1]
    assert (now["import_kw"], now["contract_kw"], now["source"]) == (12.5, 50.0, "operator")
    assert program("PUT", "limits/site", {"import_kw": None})[0] == 204
    assert not LimitChange.objects.filter(is_withdrawn=False).exists()
    status, made = program("POST", "tokens", {"token": "card"})
    assert (status, program("POST", "tokens", {"token": "card"})[0]) == (201, 409)
    assert program("PUT", f"tokens/{made['id']}", {"status": "Blocked"})[0] == 200
    assert Token.objects.get().status == "Blocked"
    assert program("GET", "tokens?token=card")[1]["items"][0]["status"] == "Blocked"
    assert station.limit_id == "site"


def test_another_tenants_things_are_not_there(neighbour: Any, session: Session) -> None:
    """Neither by the organisation's address nor by numbers under one's own."""
    client = Client()
    client.force_login(neighbour)
    made = Command.objects.create(
        station=session.station, action="ClearCache", expires_at=timezone.now()
    )
    for path in (
        f"{ROOT}/transactions",
        f"/api/operate/other/transactions/{session.pk}",
        f"/api/operate/other/commands/{made.pk}",
        "/api/operate/other/stations/cp-1",
    ):
        assert client.get(path).status_code == 404
    answer = client.post(
        "/api/operate/other/stations/cp-1/clear-cache", {}, content_type="application/json"
    )
    assert answer.status_code == 404


def test_the_wire_is_compact(program: Any, station: Station, cast: Any) -> None:
    """No spaces between the parts of a document."""
    answer = cast.client("reader").get(f"{ROOT}/stations/{station.identity}")
    assert b'{"identity":"cp-1",' in answer.content
    assert program("GET", "stations")[1]["count"] == 1
