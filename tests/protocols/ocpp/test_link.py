"""Conversations between a station and the central system, both ends sans I/O."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.ocpp.frames import ErrorCode
from viavolta.protocols.ocpp.link import (
    MAX_QUEUE,
    End,
    Link,
    NotAPayloadError,
    QueueFullError,
    Side,
)
from viavolta.protocols.ocpp.schemas import Version

BOOT = {
    Version.V16: {"chargePointModel": "m", "chargePointVendor": "v"},
    Version.V201: {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}},
    Version.V21: {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}},
}
TAKEN = {"currentTime": "2026-01-01T00:00:00Z", "interval": 300, "status": "Accepted"}


def link(version: Version, side: Side) -> Link:
    """A link whose ids count up."""
    count = itertools.count(1)
    return Link(version, side, new_id=lambda: f"{side}-{next(count)}")


def sent(one: Link, now_s: float = 0.0) -> list[Any]:
    """What one end sends now, as JSON."""
    return [json.loads(text) for text in one.to_send(now_s)]


@pytest.mark.parametrize("version", list(Version))
def test_both_ends_understand_each_other(version: Version) -> None:
    """A boot goes over, is heard once, answered, and ends as answered at the station."""
    station, central = link(version, Side.STATION), link(version, Side.CENTRAL)
    station.call("BootNotification", BOOT[version], timeout_s=30)
    (text,) = station.to_send(0)
    heard = central.receive(text)
    assert heard is not None
    assert (heard.action, heard.payload) == ("BootNotification", BOOT[version])
    central.answer(heard.message_id, TAKEN)
    (reply,) = central.to_send(0)
    assert station.receive(reply) is None
    (outcome,) = station.outcomes()
    assert (outcome.end, outcome.payload) == (End.ANSWERED, TAKEN)


def test_one_call_flies_at_a_time() -> None:
    """The second call leaves when the first is answered, refused or timed out."""
    central = link(Version.V16, Side.CENTRAL)
    for _ in range(4):
        central.call("ClearCache", {}, timeout_s=30)
    assert [frame[1] for frame in sent(central)] == ["central-1"]
    assert sent(central) == []
    central.receive('[3,"central-1",{"status":"Accepted"}]')
    assert [frame[1] for frame in sent(central, 1)] == ["central-2"]
    central.receive('[4,"central-2","NotSupported","",{}]')
    assert [frame[1] for frame in sent(central, 2)] == ["central-3"]
    assert central.next_due_s() == 32
    assert sent(central, 31.9) == []
    assert [frame[1] for frame in sent(central, 32)] == ["central-4"]
    assert [o.end for o in central.close()] == [
        End.ANSWERED,
        End.REFUSED,
        End.TIMED_OUT,
        End.LOST,
    ]


def test_a_repeated_call_is_heard_once_and_answered_the_same() -> None:
    """A replayed frame changes nothing and gets the first answer, or none while that waits."""
    central = link(Version.V16, Side.CENTRAL)
    start = json.dumps([2, "s1", "Heartbeat", {}])
    assert central.receive(start) is not None
    assert central.receive(start) is None
    central.answer("s1", {"currentTime": "2026-01-01T00:00:00Z"})
    first = sent(central)
    assert central.receive(start) is None
    assert sent(central) == first


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ([2, "1", "BootNotification", {}], "OccurrenceConstraintViolation"),
        ([2, "1", "Heartbeat", {"x": 1}], "FormatViolation"),
        ([2, "1", "Reset", {"type": "Immediate"}], "NotImplemented"),
        ([2, "1", "Nonsense", {}], "NotImplemented"),
        (
            [2, "1", "StatusNotification", {"timestamp": "now", "connectorStatus": "Occupied"}],
            "OccurrenceConstraintViolation",
        ),
        (
            [2, "1", "FirmwareStatusNotification", {"status": "Eaten"}],
            "PropertyConstraintViolation",
        ),
        ([2, "1", "FirmwareStatusNotification", {"status": 5}], "TypeConstraintViolation"),
        ([2, 1, "Heartbeat", {}], "RpcFrameworkError"),
    ],
)
def test_a_wrong_call_is_refused_with_its_code(frame: list[Any], code: str) -> None:
    """A call that breaks its schema, or that this side does not take, is never heard."""
    central = link(Version.V201, Side.CENTRAL)
    assert central.receive(json.dumps(frame)) is None
    ((kind, message_id, written, *_),) = sent(central)
    assert (kind, message_id, written) == (4, "1" if frame[1] == "1" else "-1", code)


def test_this_side_sends_nothing_that_breaks_a_schema() -> None:
    """A wrong call or answer raises here, before it is on the wire, and the call still waits."""
    central = link(Version.V201, Side.CENTRAL)
    with pytest.raises(NotAPayloadError, match="type"):
        central.call("Reset", {}, timeout_s=1)
    with pytest.raises(NotAPayloadError, match="no call"):
        central.call("Heartbeat", {}, timeout_s=1)
    heard = central.receive('[2,"1","Heartbeat",{}]')
    assert heard is not None
    with pytest.raises(NotAPayloadError, match="currentTime"):
        central.answer("1", {})
    central.refuse("1", ErrorCode.INTERNAL, "out of order")
    assert sent(central) == [[4, "1", "InternalError", "out of order", {}]]


def test_a_wrong_answer_is_told_only_in_2_1() -> None:
    """An answer that breaks its schema ends the call; 2.1 has a frame to say so."""
    for version, told in ((Version.V201, 0), (Version.V21, 1)):
        central = link(version, Side.CENTRAL)
        central.call("ClearCache", {}, timeout_s=30)
        central.to_send(0)
        central.receive('[3,"central-1",{"status":"Perhaps"}]')
        assert [o.end for o in central.outcomes()] == [End.MISUNDERSTOOD]
        assert [frame[:3] for frame in sent(central)] == [
            [5, "central-1", "PropertyConstraintViolation"]
        ][:told]


def test_strange_answers_are_ignored() -> None:
    """An answer to a call that nobody made, or made before, changes nothing."""
    central = link(Version.V16, Side.CENTRAL)
    central.receive('[3,"other",{"status":"Accepted"}]')
    central.call("ClearCache", {}, timeout_s=30)
    central.to_send(0)
    central.receive('[4,"other","GenericError","",{}]')
    assert central.outcomes() == []
    assert sent(central) == []


def test_a_send_is_heard_and_not_answered() -> None:
    """An event stream of 2.1 is taken in without an answer, a wrong one is dropped."""
    central = link(Version.V21, Side.CENTRAL)
    stream = {
        "id": 1,
        "pending": 0,
        "basetime": "2026-01-01T00:00:00Z",
        "data": [{"t": 0, "v": "1"}],
    }
    heard = central.receive(json.dumps([6, "1", "NotifyPeriodicEventStream", stream]))
    assert heard is not None
    assert heard.is_send
    assert central.receive('[6,"2","NotifyPeriodicEventStream",{}]') is None
    assert central.receive('[6,"3","Heartbeat",{}]') is None
    assert sent(central) == []


def test_the_queue_is_bounded() -> None:
    """A station that answers nothing cannot fill the memory."""
    central = link(Version.V16, Side.CENTRAL)
    for _ in range(MAX_QUEUE):
        central.call("ClearCache", {}, timeout_s=30)
    with pytest.raises(QueueFullError):
        central.call("ClearCache", {}, timeout_s=30)


@given(
    st.lists(
        st.sampled_from(["call", "good", "bad", "refuse", "late", "wait", "stray"]), max_size=40
    )
)
def test_every_call_ends_exactly_once(steps: list[str]) -> None:
    """Whatever the station does, each call has one outcome, in the order of the calls."""
    central = link(Version.V16, Side.CENTRAL)
    now_s, made, ended, flying = 0.0, [], [], None
    for step in steps:
        now_s += 1
        match step:
            case "call":
                made.append(central.call("ClearCache", {}, timeout_s=5))
            case "good" if flying:
                central.receive(json.dumps([3, flying, {"status": "Accepted"}]))
            case "bad" if flying:
                central.receive(json.dumps([3, flying, {}]))
            case "refuse" if flying:
                central.receive(json.dumps([4, flying, "GenericError", "", {}]))
            case "late" if made:
                central.receive(json.dumps([3, made[0], {"status": "Accepted"}]))
            case "wait":
                now_s += 10
            case _:
                central.receive('[3,"stray",{}]')
        for frame in sent(central, now_s):
            if frame[0] == 2:
                flying = frame[1]
        ended += [o.message_id for o in central.outcomes()]
    ended += [o.message_id for o in central.close()]
    assert ended == made
