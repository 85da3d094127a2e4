"""Getting in without a right to"""

import base64

import pytest
from attacker import Attacker, basic
from oca.stage import PASSWORD
from target import Target, wait_for

from viavolta.gateway import server
from viavolta.storage.enrolment import close_window, open_window
from viavolta.storage.tables.stations import Station

pytestmark = pytest.mark.django_db(transaction=True)


def refused(target: Target, name: str, authorization: bytes | str | None) -> int:
    """The status that a call with this header gets."""
    with Attacker(target.port, f"/ocpp/{name}", authorization=authorization) as caller:
        return caller.status


@pytest.mark.parametrize(
    "password",
    ["", "x", PASSWORD[:-1], PASSWORD + "\0", PASSWORD.upper(), "x" * 5000, "pässwörd-☃"],
)
def test_wrong_password(target: Target, password: str) -> None:
    """No, empty, nearly right, very long or non-ASCII passwords: 401."""
    station = target.station()
    assert refused(target, station.identity, basic(station.identity, password)) == 401
    assert refused(target, station.identity, None) == 401
    assert not target.is_held(station)


def test_password_of_another(target: Target) -> None:
    """The right password of one station at the name of another, or under another's user name."""
    station, other = target.station(), target.station()
    Station.objects.filter(pk=other.pk).update(key_hash=station.key_hash)
    name = station.identity
    assert refused(target, other.identity, basic(other.identity, PASSWORD + "x")) == 401
    assert refused(target, name, basic(other.identity, PASSWORD)) == 401
    assert refused(target, name, basic("", PASSWORD)) == 401


def test_stolen_hash(target: Target) -> None:
    """A hash copied out of the tables opens neither as a password nor under another name."""
    station = target.station()
    thief = target.station(key_hash=station.key_hash)
    assert refused(target, station.identity, basic(station.identity, station.key_hash)) == 401
    assert refused(target, thief.identity, basic(thief.identity, PASSWORD)) == 401


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!!",
        b"Basic \xff\xfe\xfd",
        b"Basic " + "é".encode(),
        b"Basic " + base64.b64encode(b"\xff\xfe:x"),
        b"Basic " + base64.b64encode(b"no colon"),
        b"Bearer " + base64.b64encode(b"cp:x"),
        b"Basic " + b"QUFB" * 20_000,
    ],
    ids=range(10),
)
def test_malformed_credentials(target: Target, header: bytes) -> None:
    """Headers that are no basic authentication are refused like a wrong password, or cut off."""
    station = target.station()
    assert refused(target, station.identity, header) in {400, 401, 0}
    with target.line(station) as line:
        assert line.is_alive()


def test_no_enumeration(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody has and a wrong password get the same bytes after the same work."""
    station, hashed = target.station(), []
    real = server.Doors.judge.__globals__["key_hash"]

    def counted(*words: object) -> object:
        hashed.append(words)
        return real(*words)

    monkeypatch.setitem(server.Doors.judge.__globals__, "key_hash", counted)
    answers = []
    for name in (station.identity, "cp-of-nobody"):
        with Attacker(target.port, f"/ocpp/{name}", authorization=basic(name, "x")) as caller:
            answers.append(caller.head)
        with Attacker(target.port, f"/ocpp/enrol/wrong/{name}") as caller:
            answers.append(caller.head)
    assert len(set(answers)) == 1
    assert answers[0].startswith(b"HTTP/1.1 401")
    assert len(hashed) == 4


@pytest.mark.parametrize(
    "path",
    [
        "/ocpp/..%2f{}",
        "/ocpp/../ocpp/x/{}",
        "/ocpp/x%2f..%2f{}",
        "/ocpp/{}%00",
        "/ocpp/{}%0a",
        "/ocpp/{}%20",
        "/ocpp/{}/",
        "/ocpp//{}",
        "/ocpp/{}?x=1",
        "/ocpp/{}%2500",
        "/OCPP/{}",
        "/ocpp/%ff{}",
        "/ocpp/enrol//{}",
        "/ocpp/enrol/{}",
        "/",
    ],
)
def test_tricks_in_the_path(target: Target, path: str) -> None:
    """Slashes, dots, NUL, line breaks and queries around a name reach nobody's station."""
    station = target.station()
    credential = basic(station.identity, PASSWORD)
    with Attacker(target.port, path.format(station.identity), authorization=credential) as caller:
        assert caller.status in {400, 401, 404}
    assert not target.is_held(station)


def test_names_that_look_alike(target: Target) -> None:
    """Other case, and letters of other scripts that look the same, are other names; and no
    station of such a name can enrol."""
    station = target.station()
    window, token = open_window(1, by="test", lasts=server.dt.timedelta(hours=1))
    wait_for(lambda: target.gateway.registry.window(window.token_hash) is not None)
    alike = station.identity.replace("c", "\u0441").replace("p", "\u0440")  # Cyrillic
    for name in (station.identity.upper(), alike, station.identity + "\u200b"):
        assert refused(target, name, basic(name, PASSWORD)) in {401, 404}
    for name in (alike, "c p", "<b>", "cp\u202e1"):
        path = "/ocpp/enrol/" + token + "/" + "".join(f"%{b:02x}" for b in name.encode())
        with Attacker(target.port, path) as caller:
            assert caller.status in {401, 404}
        assert not Station.objects.filter(identity=name).exists()


def test_guessing_is_slowed(target: Target) -> None:
    """Twenty guesses at a name, then 429 unheard; the station itself still comes in from home."""
    station = target.station()
    with target.line(station) as line:
        assert line.is_alive()
    target.gateway.known_at[station.identity] = "192.0.2.1"
    found = {refused(target, station.identity, basic(station.identity, f"{k}")) for k in range(25)}
    assert found == {401, 429}
    target.gateway.known_at[station.identity] = "127.0.0.1"
    with target.line(station) as line:
        assert line.is_alive()


def test_guessing_all_over(target: Target) -> None:
    """A hundred guesses at any names from one address, then 429 for that address."""
    found = [refused(target, f"nobody-{k}", basic(f"nobody-{k}", "x")) for k in range(110)]
    assert found[:100] == [401] * 100
    assert 429 in found


def test_link_of_another_is_not_taken(target: Target) -> None:
    """Whoever comes under a station's name without its password ends no link; who has it does."""
    station = target.station()
    with target.line(station) as line:
        for password in ("", "wrong", None):
            header = None if password is None else basic(station.identity, password)
            assert refused(target, station.identity, header) == 401
        assert line.is_alive()
        with target.line(station) as newer:
            assert line.ended_with() == 1008
            assert newer.is_alive()


def test_window_of_enrolment_is_no_way_round(target: Target) -> None:
    """A station of another tenant, or one that has its password, is not reached through a
    window's token."""
    station = target.station()
    window, token = open_window(2, by="test", lasts=server.dt.timedelta(hours=1))
    wait_for(lambda: target.gateway.registry.window(window.token_hash) is not None)
    with Attacker(target.port, f"/ocpp/enrol/{token}/{station.identity}") as caller:
        assert caller.status == 401
    station.refresh_from_db()
    assert (station.tenant_id, station.window_id) == (1, None)


def test_token_of_enrolment_used_again(target: Target) -> None:
    """A window that is closed takes nobody, and another's place in the inbox is not taken."""
    window, token = open_window(2, by="test", lasts=server.dt.timedelta(hours=1))
    wait_for(lambda: target.gateway.registry.window(window.token_hash) is not None)

    def knock(name: str, password: str) -> Attacker:
        path = f"/ocpp/enrol/{token}/{name}"
        return Attacker(target.port, path, authorization=basic(name, password))

    with knock("new-1", "first-password") as first:
        boot = {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}}
        assert first.call("BootNotification", boot)[2]["status"] == "Pending"
        assert first.call("Authorize", {"idToken": {"idToken": "card", "type": "ISO14443"}})[2] == (
            "SecurityError"
        )
        with knock("new-1", "another-password") as other:
            assert other.status == 401
        close_window(window)
        wait_for(
            lambda: (
                not target.gateway.registry.window(window.token_hash).is_open(  # type: ignore[union-attr]
                    target.gateway.registry.now()
                )
            )
        )
        with knock("new-2", "password") as late:
            assert late.status == 401
    assert Station.objects.get(identity="new-1").admission == "Pending"


@pytest.mark.parametrize("profile", [2, 3])
def test_downgrade_of_the_profile(target: Target, profile: int) -> None:
    """A station bound to TLS, or to its certificate, is refused on the plain port with the right
    password, and lowers its profile by nothing that it says."""
    station = target.station()
    with target.line(station) as line:
        assert line.is_alive()
    Station.objects.filter(pk=station.pk).update(
        security_profile=profile, changed_at=server.dt.datetime.now(server.dt.UTC)
    )

    def is_bound() -> bool:
        entry = target.gateway.registry.station(station.identity)
        return entry is not None and entry.security_profile == profile

    wait_for(is_bound)
    for _ in range(2):
        assert refused(target, station.identity, basic(station.identity, PASSWORD)) == 401
    assert refused(target, station.identity, None) == 401
    station.refresh_from_db()
    assert station.security_profile == profile


def test_without_any_credential(target: Target) -> None:
    """Profile 0 is let in nowhere unless the gateway was started to allow it."""
    station = target.station(security_profile=0, key_hash="")
    assert refused(target, station.identity, None) == 401
    assert refused(target, station.identity, basic(station.identity, "")) == 401
