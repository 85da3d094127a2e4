"""Too much of everything"""

import json
import select
import socket

import pytest
from attacker import PATIENCE_S, PING, TEXT
from target import Target, event, sessions, wait_for

from viavolta.gateway import port, registry
from viavolta.gateway.patience import MOST_REMEMBERED, Patience
from viavolta.protocols.ocpp.link import MAX_QUEUE, REMEMBERED, QueueFullError
from viavolta.protocols.ocpp.schemas import Version

pytestmark = pytest.mark.django_db(transaction=True)


def test_flood_of_messages(target: Target) -> None:
    """A station that sends far too fast is read more slowly: nothing of it is lost, and others are
    answered meanwhile."""
    station, other = target.station(), target.station()
    n = port.BURST_MESSAGES + 100
    with target.line(station) as line, target.line(other) as calm:
        burst = [json.dumps([2, f"m{k}", "TransactionEvent", event("tx", k)]) for k in range(n)]
        for text in burst:
            line.say(text)
        assert calm.is_alive()
        heard = [line.hear() for _ in range(n)]
    assert [frame[:2] for frame in heard] == [[3, f"m{k}"] for k in range(n)]
    target.project()
    assert sessions(station)[0].missing == []


def pressed(line: socket.socket, content: bytes, *, most: int) -> int:
    """Send again and again without reading, until nothing more is taken; bytes that were."""
    line.setblocking(False)
    sent = 0
    while sent < most:
        _, writable, _ = select.select([], [line], [], 1.0)
        if not writable:
            break
        sent += line.send(content)
    return sent


def test_flood_of_pings(target: Target) -> None:
    """Pings count as messages do: after the first hundreds they are read no faster than those."""
    station, other = target.station(), target.station()
    with target.line(station) as line, target.line(other) as calm:
        one = bytes([0x80 | PING, 0x80 | 125]) + bytes(4) + bytes(125)
        most = 100_000_000
        assert pressed(line.socket, one * 1000, most=most) < most
        assert calm.is_alive()


def test_answers_that_are_not_read(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A station that asks and never reads is choked off before its answers fill the memory, even
    where it may talk as fast as it likes."""
    monkeypatch.setattr(port, "BURST_MESSAGES", 10**9)
    station, other = target.station(), target.station()
    with target.line(station) as line, target.line(other) as calm:
        asked = b"".join(
            bytes([0x80 | TEXT, 0x80 | len(raw)]) + bytes(4) + raw
            for raw in (f'[2,"m{k}","Nonsense",{{}}]'.encode() for k in range(5000))
        )
        most = 100_000_000
        assert pressed(line.socket, asked, most=most) < most
        assert calm.is_alive()


def test_flood_of_connections(target: Target) -> None:
    """Connections of one address that never ask for anything are bounded; stations of other
    addresses come in meanwhile."""
    station = target.station()
    held: list[socket.socket] = []
    try:
        held += [
            socket.create_connection(("127.0.0.1", target.port), PATIENCE_S)
            for _ in range(port.MOST_KNOCKING + 50)
        ]
        wait_for(lambda: sum(map(is_closed, held)) >= 50)
        with target.line(station, source="127.0.0.2") as line:
            assert line.is_alive()
    finally:
        for one in held:
            one.close()


def is_closed(one: socket.socket) -> bool:
    """Whether the other side hung up by now."""
    poll = select.poll()  # numbers of files may be beyond what `select` takes
    poll.register(one, select.POLLIN)
    try:
        return bool(poll.poll(0)) and one.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def test_handshake_half_done(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a byte of its request now and then is cut off when the time for it is over."""
    monkeypatch.setattr(port, "HANDSHAKE_S", 0.3)
    with socket.create_connection(("127.0.0.1", target.port), PATIENCE_S) as slow:
        slow.settimeout(0.05)
        for byte in b"GET /ocpp/x HTTP/1.1\r\n" + b"X: y\r\n" * 1000:
            try:
                slow.send(bytes([byte]))
                if slow.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("it was heard out")


def test_endless_request(target: Target) -> None:
    """A request for an upgrade without an end is cut off."""
    with socket.create_connection(("127.0.0.1", target.port), PATIENCE_S) as other:
        try:
            for _ in range(2000):
                other.sendall(b"X" * 10_000)
        except OSError:
            return
        pytest.fail("twenty million bytes of a request were taken")


def test_links_of_one_station(target: Target) -> None:
    """Forty links of one station, one after the other: one is left, and one conversation."""
    station = target.station()
    lines = [target.line(station) for _ in range(40)]
    assert lines[-1].is_alive()
    assert all(line.ended_with() == 1008 for line in lines[:-1])
    assert len([held for held in target.gateway.hall if held.entry.pk == station.pk]) == 1
    for line in lines:
        line.close()


def test_calls_that_are_never_answered(target: Target) -> None:
    """A station that answers nothing holds up its own queue alone, and that is bounded."""
    station = target.station()
    with target.line(station):
        wait_for(lambda: target.is_held(station))
        conversation = target.gateway.hall.get(station.pk)
        assert conversation is not None
        link = conversation._link  # noqa: SLF001 - its queue
        for _ in range(MAX_QUEUE):
            link.call("ClearCache", {}, timeout_s=30)
        with pytest.raises(QueueFullError):
            link.call("ClearCache", {}, timeout_s=30)


def test_flood_of_message_ids(target: Target) -> None:
    """Of a thousand ids the last few are remembered."""
    station = target.station()
    with target.line(station) as line:
        for _ in range(2 * REMEMBERED):
            assert line.is_alive()
        conversation = target.gateway.hall.get(station.pk)
        assert conversation is not None
        assert len(conversation._link._answered) <= REMEMBERED  # noqa: SLF001 - its memory


def test_flood_of_names() -> None:
    """Refusals of ever new names are remembered up to a bound."""
    patience = Patience(burst=1, per_minute=1.0)
    for k in range(MOST_REMEMBERED + 1000):
        patience.refused(f"{k}", 0.0)
    assert len(patience._buckets) == MOST_REMEMBERED  # noqa: SLF001 - its memory


def test_flood_of_starts(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.6: ever new starts are remembered up to a bound, and one told again is one session."""
    monkeypatch.setattr(registry, "MOST_STARTS", 3)
    station = target.station()
    with target.line(station, Version.V16) as line:
        for k in (0, 1, 2, 3, 4, 5, 0):
            start = {
                "connectorId": 1,
                "idTag": "card",
                "meterStart": k,
                "timestamp": "2026-03-01T08:00:00Z",
            }
            assert line.call("StartTransaction", start)[0] == 3
    target.project()
    assert len(sessions(station)) == 6
