"""Frames and messages that are none"""

import contextlib
import json
import socket
import zlib

import pytest
from attacker import BINARY, CLOSE, CONTINUATION, PATIENCE_S, PING, TEXT, Attacker
from target import Target, event, sessions

from viavolta.protocols.ocpp.frames import MAX_DEPTH, MAX_FRAME_BYTES, MAX_ID_CHARS
from viavolta.protocols.ocpp.schemas import Version

pytestmark = pytest.mark.django_db(transaction=True)
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}}
BOOT_WORDS = '{"reason":"PowerUp","chargingStation":{"model":"mTEXT","vendorName":"v"}}'


def test_oversized_frame(target: Target) -> None:
    """A frame that announces a byte too many, or 2^63, ends the link before it is read."""
    for size in (MAX_FRAME_BYTES + 1, 2**40, 2**63 - 1):
        with target.line(target.station()) as line:
            line.send(bytes([0x80 | TEXT, 0xFF]) + size.to_bytes(8) + bytes(4) + b"[2")
            assert line.ended_with() in {1009, None}


def test_oversized_message_in_fragments(target: Target) -> None:
    """Fragments that are each small enough, and too much together, end the link."""
    with target.line(target.station()) as line:
        line.frame(TEXT, b" " * 400_000, is_last=False)
        line.frame(CONTINUATION, b" " * 400_000, is_last=False)
        line.frame(CONTINUATION, b" " * 400_000)
        assert line.ended_with() == 1009


def test_endless_empty_fragments(target: Target) -> None:
    """A message in ever more empty fragments fills no memory: the link is ended."""
    with target.line(target.station()) as line:
        line.frame(TEXT, b"[", is_last=False)
        line.send((bytes([CONTINUATION, 0x80]) + bytes(4)) * 50_000)
        assert line.ended_with() == 1008


def test_fragments_out_of_turn(target: Target) -> None:
    """A continuation of nothing, a second beginning and a last fragment: no station's message is
    put together of them unnoticed."""
    with target.line(target.station()) as line:
        line.frame(CONTINUATION, b'[2,"x","Heartbeat",{}]')
        assert line.ended_with() == 1002
    with target.line(target.station()) as line:
        line.frame(TEXT, b'[2,"x","Heart', is_last=False)
        line.frame(TEXT, b'beat",{}]')
        assert line.ended_with() == 1002


def test_ping_between_fragments(target: Target) -> None:
    """A ping may come between fragments, and the message is whole all the same."""
    with target.line(target.station()) as line:
        line.frame(TEXT, b'[2,"x","Heart', is_last=False)
        line.frame(PING, b"?")
        line.frame(CONTINUATION, b'beat",{}]')
        assert line.hear()[:2] == [3, "x"]


def test_binary_frame(target: Target) -> None:
    """A text in a binary frame ends the link with 1003."""
    with target.line(target.station()) as line:
        line.frame(BINARY, b'[2,"x","Heartbeat",{}]')
        assert line.ended_with() == 1003


@pytest.mark.parametrize("head", [bytes([0x83, 0x80]), bytes([0x8F, 0x80]), bytes([0xF1, 0x80])])
def test_unknown_opcodes_and_reserved_bits(target: Target, head: bytes) -> None:
    """Opcodes and bits that nobody agreed on end the link."""
    with target.line(target.station()) as line:
        line.send(head + bytes(4))
        assert line.ended_with() in {None, 1002, 1003}


def test_long_control_frame(target: Target) -> None:
    """A ping of 60,000 bytes and a close frame of one byte break the rules and end the link."""
    for kind, payload in ((PING, bytes(60_000)), (CLOSE, b"\x03")):
        with target.line(target.station()) as line:
            line.frame(kind, payload)
            line.ended_with()
            assert not line.is_alive()


def test_compression_bomb(target: Target) -> None:
    """Compression is not agreed to, and a compressed frame is not unpacked."""
    station = target.station()
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    with target.line(station, more=offer) as line:
        assert b"extensions" not in line.head.lower()
        bomb = zlib.compressobj(wbits=-15)
        packed = bomb.compress(b" " * 50_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH)
        line.send(
            bytes([0xC0 | TEXT, 0x80 | 126]) + len(packed).to_bytes(2) + bytes(4) + packed[:65_000]
        )
        line.ended_with()
    with target.line(station) as line:
        assert line.is_alive()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{}",
        b"[]",
        b"null",
        b"2",
        b"[2]",
        b'[2,"x"]',
        b'[2,"x","Heartbeat"]',
        b'[2,"x","Heartbeat",[]]',
        b'[2,"x","Heartbeat",{},{}]',
        b'[2,5,"Heartbeat",{}]',
        b'[2,"","Heartbeat",{}]',
        b'[true,"x","Heartbeat",{}]',
        b'[2.0,"x","Heartbeat",{}]',
        b'["2","x","Heartbeat",{}]',
        b'[7,"x","Heartbeat",{}]',
        b'[6,"x","Heartbeat",{}]',
        b'[-2,"x",{}]',
        b'[2,"x",2,{}]',
        b'[2,"x","Heartbeat",{}',
        b'[2,"x","Heartbeat",{}]garbage',
        b'[2,"x","Heartbeat",{"a":NaN}]',
        b'[2,"x","Heartbeat",{"a":Infinity}]',
        b'[2,"x","\xff\xfe",{}]',
        b'\xef\xbb\xbf[2,"x","Heartbeat",{}]',
        b'[2,"x","__class__",{}]',
        b'[2,"x","../../Heartbeat",{}]',
        b'[2,"x","Reset",{"type":"Immediate"}]',
    ],
    ids=range(29),
)
def test_malformed_messages(target: Target, raw: bytes) -> None:
    """What is no call that a station may make is answered with an error, and the link stays."""
    with target.line(target.station()) as line:
        line.say(raw)
        assert line.hear()[0] == 4
        assert line.is_alive()


@pytest.mark.parametrize("length", [MAX_ID_CHARS + 1, 5000])
def test_long_message_id(target: Target, length: int) -> None:
    """A message id that is too long is not sent back."""
    with target.line(target.station()) as line:
        line.say(json.dumps([2, "x" * length, "Heartbeat", {}]))
        assert line.hear()[:2] == [4, "-1"]
        assert line.is_alive()


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_deep_nesting(target: Target, bracket: bytes) -> None:
    """Nesting beyond what any message needs is refused before a parser sees it."""
    with target.line(target.station()) as line:
        for depth in (MAX_DEPTH + 1, 100_000):
            line.say(b'[2,"x","Heartbeat",' + bracket * depth)
            assert line.hear()[0] == 4
        assert line.is_alive()


def test_duplicate_keys(target: Target) -> None:
    """Of two values for one key the one that was checked is the one that is kept."""
    station = target.station()
    good, bad = json.dumps(event("t", 0, "Started")), '"seqNo":-1,"seqNo":"x"'
    with target.line(station) as line:
        line.say(f'[2,"x","TransactionEvent",{good[:-1]},{bad}}}]')
        assert line.hear()[0] == 4
        line.say(f'[2,"y","TransactionEvent",{{{bad},{good[1:]}]')
        assert line.hear()[0] == 3
    target.project()
    assert [s.transaction for s in sessions(station)] == ["t"]


def test_answer_to_nothing(target: Target) -> None:
    """Results and errors for calls that were never made change nothing and are not answered."""
    with target.line(target.station()) as line:
        for frame in ('[3,"never",{}]', '[4,"never","InternalError","",{}]', '[3,"-1",{}]'):
            line.say(frame)
        assert line.is_alive()


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udfff", "\\ud83d\\u0000"])
def test_texts_no_table_takes(target: Target, text: str) -> None:
    """NUL and half characters are refused in payload, action and message id; what comes after
    them reaches the tables."""
    station = target.station()
    with target.line(station) as line:
        for raw in (
            f'[2,"x","BootNotification",{BOOT_WORDS.replace("TEXT", text)}]',
            f'[2,"x","Heart{text}",{{}}]',
            f'[2,"x{text}","Heartbeat",{{}}]',
            f'[2,"y","DataTransfer",{{"vendorId":"v","data":{{"{text}":1}}}}]',
            f'[3,"x{text}",{{"{text}":"{text}"}}]',
        ):
            line.say(raw)
            assert line.hear()[0] == 4
        assert line.call("BootNotification", BOOT)[0] == 3
    target.project()
    station.refresh_from_db()
    assert (station.vendor, station.model) == ("v", "m")


def test_frames_without_a_mask(target: Target) -> None:
    """A frame that is not masked is no client's, and ends the link or is taken as it is."""
    station = target.station()
    with target.line(station) as line:
        raw = b'[2,"x","Heartbeat",{}]'
        line.send(bytes([0x80 | TEXT, len(raw)]) + raw)
        line.ended_with()
    with target.line(station) as line:
        assert line.is_alive()


def answer_to(port: int, request: bytes) -> bytes:
    """All that the port says to these bytes, until it hangs up."""
    answer = b""
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), PATIENCE_S) as other,
    ):
        other.sendall(request)
        other.shutdown(socket.SHUT_WR)
        while more := other.recv(4096):
            answer += more
    return answer


def test_no_websocket(target: Target) -> None:
    """Plain HTTP, other methods and garbage at the port are turned away, and nobody notices."""
    station = target.station()
    with target.line(station) as line:
        for request in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /ocpp/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
            b"GET /ocpp/x HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\r\n\r\n",
            bytes(5000),
        ):
            assert b" 101 " not in answer_to(target.port, request)
        assert line.is_alive()


def test_wrong_version(target: Target) -> None:
    """A version that nobody speaks is refused, and a call of another version is not understood."""
    station = target.station()
    with target.line(station, Version.V16) as line:
        assert line.call("TransactionEvent", event("t", 0))[2] == "NotImplemented"
        line.say('[6,"x","NotifyPeriodicEventStream",{}]')
        assert line.hear()[0] == 4
    with Attacker(target.port, f"/ocpp/{station.identity}", more="X: y\r\n") as caller:
        assert caller.status == 401
