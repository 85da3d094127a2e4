"""Certificates of others, and TLS that is none"""

import datetime as dt
import ssl
from typing import Any

import pytest
from attacker import Attacker, GoneError, basic
from django.utils import timezone
from oca.certificates import ORGANISATION, Pair, client_context
from oca.stage import PASSWORD
from oca.two import HASH
from target import Target, wait_for

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.plug_and_charge.v2g import Use, signed_for_vehicles
from viavolta.services.station_certificates import new_authority, sha256_of, signed
from viavolta.storage.station_authorities import authority_of
from viavolta.storage.tables.stations import Station
from viavolta.storage.v2g_authorities import v2g_authority_of

pytestmark = pytest.mark.django_db(transaction=True)
YEAR = dt.timedelta(days=365)


def certified(
    target: Target, name: str, *, tenant: int = 1, made: dt.datetime | None = None
) -> Pair:
    """A certificate for a name, by the authority of a tenant."""
    authority = authority_of(target.gateway.settings.data, tenant)
    assert authority is not None
    pair = Pair.new()
    csr = pair.request(name, authority.organisation)
    return Pair(pair.key, signed(authority, csr, now=made or timezone.now()))


def bound(target: Target, **columns: Any) -> tuple[Station, Pair]:
    """A station of profile 3 and its certificate."""
    station = target.station(security_profile=3, **columns)
    pair = certified(target, station.identity)
    assert pair.certificate is not None
    Station.objects.filter(pk=station.pk).update(
        certificate_sha256=sha256_of(pair.certificate), changed_at=timezone.now()
    )
    entry = target.gateways.tls.registry.station
    wait_for(lambda: bool((known := entry(station.identity)) and known.certificate_sha256))
    wait_for(lambda: target.gateways.tls.settings.tls.verify_mode is ssl.CERT_OPTIONAL)  # type: ignore[union-attr]
    return station, pair


def gets_in(target: Target, name: str, shown: Pair | None, *, password: str = PASSWORD) -> bool:
    """Whether a call over TLS that shows a certificate is answered."""
    folder = target.gateways.trusted.parent
    files = None if shown is None else shown.write(folder, f"shown-{id(shown)}")
    context = client_context(target.gateways.trusted, files)
    port = target.gateways.tls.settings.port
    try:
        with Attacker(port, f"/ocpp/{name}", authorization=basic(name, password), tls=context) as a:
            return a.status == 101 and a.is_alive()
    except (OSError, GoneError):
        return False


def test_certificate_of_another_station(target: Target) -> None:
    """A valid certificate of B, shown under A's name, lets nobody in; A's own does."""
    (station, own), (_, other) = bound(target), bound(target)
    assert not gets_in(target, station.identity, other)
    assert gets_in(target, station.identity, own)


def test_no_certificate_but_the_password(target: Target) -> None:
    """A station bound to its certificate is refused with the right password alone."""
    station, _ = bound(target)
    assert not gets_in(target, station.identity, None)


def test_same_name_by_the_same_authority(target: Target) -> None:
    """Another certificate in the same name, by the same authority, is not the one that is
    known."""
    station, own = bound(target)
    assert not gets_in(target, station.identity, certified(target, station.identity))
    assert gets_in(target, station.identity, own)


def test_same_name_by_another_operator(target: Target) -> None:
    """Another operator's authority signs nothing that opens a station of this one."""
    station, _ = bound(target)
    assert not gets_in(target, station.identity, certified(target, station.identity, tenant=2))


def test_unknown_authority(target: Target) -> None:
    """An authority of the same name that nobody trusts, and a certificate of one's own making."""
    station, _ = bound(target)
    pretender = new_authority(ORGANISATION, now=timezone.now())
    pair = Pair.new()
    forged = Pair(pair.key, signed(pretender, pair.request(station.identity), now=timezone.now()))
    assert not gets_in(target, station.identity, forged)
    assert not gets_in(target, station.identity, Pair.new().self_signed(station.identity))


def test_expired_certificate(target: Target) -> None:
    """The station's own certificate opens nothing once it has expired."""
    station, _ = bound(target)
    old = certified(target, station.identity, made=timezone.now() - 2 * YEAR)
    assert old.certificate is not None
    Station.objects.filter(pk=station.pk).update(
        certificate_sha256=sha256_of(old.certificate), changed_at=timezone.now()
    )
    entry, sha256 = target.gateways.tls.registry.station, sha256_of(old.certificate)
    wait_for(lambda: bool((k := entry(station.identity)) and k.certificate_sha256 == sha256))
    assert not gets_in(target, station.identity, old)


def test_certificate_of_the_gateway(target: Target) -> None:
    """What the gateway shows itself is no station's."""
    station, _ = bound(target)
    assert not gets_in(target, station.identity, Pair.new().self_signed("127.0.0.1"))


def test_certificate_for_vehicles_at_the_gateway(target: Target) -> None:
    """What a station shows vehicles is no key to the gateway, not even under its own name."""
    station, own = bound(target)
    authority = v2g_authority_of(target.gateway.settings.data, 1)
    assert authority is not None
    for use in (Use.V2G, Use.BOTH):
        pair = Pair.new()
        csr = pair.request(station.identity, ORGANISATION)
        made = signed_for_vehicles(authority, csr, use, now=timezone.now())
        assert not gets_in(target, station.identity, Pair(pair.key, made))
    assert gets_in(target, station.identity, own)


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [
        ("other", {"certificateType": "V2GCertificate"}, "WrongCommonName"),
        ("", {"certificateType": "V2G20Certificate"}, "NotSupported"),
        ("", {"certificateType": "V2GCertificate", "hashRootCertificate": HASH}, "UnknownRoot"),
    ],
)
def test_request_for_what_vehicles_believe(
    target: Target, name: str, more: dict[str, Any], why: str
) -> None:
    """In another's name, for a kind that nobody signs, under a root that is not the operator's:
    not signed."""
    station = target.station()
    csr = Pair.new().request(name or station.identity, ORGANISATION)
    with target.line(station, Version.V21) as line:
        heard = line.call("SignCertificate", {"csr": csr, **more})
    assert heard[2] == {"status": "Rejected", "statusInfo": {"reasonCode": why}}


def test_plain_words_at_the_secure_port(target: Target) -> None:
    """A plain request, and TLS 1.1, get nothing from the port with TLS."""
    station = target.station()
    port = target.gateways.tls.settings.port
    with Attacker.as_station(port, station.identity) as plain:
        assert plain.status == 0
    context = client_context(target.gateways.trusted, at_most=ssl.TLSVersion.TLSv1_1)
    with pytest.raises(OSError, match=r"SSL|reset|alert"):
        Attacker.as_station(port, station.identity, tls=context)
    assert gets_in(target, station.identity, None)
