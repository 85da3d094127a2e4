"""Certificates of stations: signed with their operator's key, renewed in time."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone
from oca.certificates import ORGANISATION, Pair

from viavolta.gateway import signing
from viavolta.gateway.registry import Registry
from viavolta.protocols.ocpp.link import End, Outcome
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage import v2g_authorities
from viavolta.storage.station_authorities import (
    authority_of,
    open_authority,
    signing_organisations,
)
from viavolta.storage.tables.stations import Command, Station
from viavolta.storage.v2g_authorities import open_v2g_authority

pytestmark = pytest.mark.django_db


def station(**columns: object) -> Station:
    """A station of tenant 1."""
    return Station.objects.create(tenant_id=1, identity="cp-1", **columns)


def test_an_authority_is_opened_once(tmp_path: Path) -> None:
    """Its key is its owner's alone; another machine without the key signs nothing."""
    made = open_authority(tmp_path, 1, ORGANISATION)
    again = open_authority(tmp_path, 1, "Other")
    assert (again.organisation, again.certificate) == (ORGANISATION, made.certificate)
    (key,) = (tmp_path / "secrets").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    assert signing_organisations(tmp_path) == {1: ORGANISATION}
    assert authority_of(tmp_path / "elsewhere", 1) is None
    assert signing_organisations(tmp_path / "elsewhere") == {}
    registry = Registry(tmp_path)
    registry.refresh()
    assert (registry.signing_organisation(1), registry.signing_organisation(2)) == (
        ORGANISATION,
        None,
    )


def test_a_request_is_signed_and_sent(tmp_path: Path) -> None:
    """The certificate waits as a command; the old one counts until the new one is shown."""
    open_authority(tmp_path, 1, ORGANISATION)
    row = station(certificate_sha256="old")
    signing.sign(tmp_path, row.pk, {"csr": Pair.new().request("cp-1")}, Version.V21)
    row.refresh_from_db()
    command = Command.objects.get(station=row, action="CertificateSigned")
    assert "BEGIN CERTIFICATE" in command.payload["certificateChain"]
    assert row.certificate_sha256 == "old"
    end = timezone.now() + dt.timedelta(days=365)
    signing.promote(row.pk, row.next_certificate_sha256, end)
    shown = row.next_certificate_sha256
    row.refresh_from_db()
    assert (row.certificate_sha256, row.next_certificate_sha256) == (shown, "")
    assert row.certificate_expires_at == end


@pytest.mark.parametrize("name", ["cp-2", "", "cp-1\x00"])
def test_a_request_for_another_is_not_signed(tmp_path: Path, name: str) -> None:
    """What the doors let slip is checked again where the key is."""
    open_authority(tmp_path, 1, ORGANISATION)
    row = station()
    request = Pair.new().request(name or "x")
    signing.sign(tmp_path, row.pk, {"csr": request}, Version.V201)
    assert not Command.objects.exists()


def test_a_certificate_that_is_not_taken_counts_no_longer() -> None:
    """Rejected: forgotten; lost: kept, since the station may have it."""
    row = station(next_certificate_sha256="new")
    lost = Outcome(message_id="1", action="CertificateSigned", end=End.LOST)
    signing.note(row.pk, 1, lost)
    row.refresh_from_db()
    assert row.next_certificate_sha256 == "new"
    rejected = Outcome(
        message_id="1",
        action="CertificateSigned",
        end=End.ANSWERED,
        payload={"status": "Rejected"},
    )
    signing.note(row.pk, 1, rejected)
    row.refresh_from_db()
    assert row.next_certificate_sha256 == ""


@pytest.mark.parametrize(
    ("version", "action", "message"),
    [
        ("1.6", "ExtendedTriggerMessage", "SignChargePointCertificate"),
        ("2.0.1", "TriggerMessage", "SignChargingStationCertificate"),
        ("2.1", "TriggerMessage", "SignChargingStationCertificate"),
    ],
)
def test_renewal_is_asked_for_in_time(version: str, action: str, message: str) -> None:
    """Thirty days before the end, once a day, of stations on this gateway's line alone."""
    soon = timezone.now() + dt.timedelta(days=29)
    station(gateway="g", ocpp_version=version, certificate_expires_at=soon)
    assert signing.ask_for_renewals("other") == 0
    assert signing.ask_for_renewals("g") == 1
    assert signing.ask_for_renewals("g") == 0
    command = Command.objects.get()
    assert (command.action, command.payload) == (action, {"requestedMessage": message})
    Command.objects.update(asked_at=timezone.now() - dt.timedelta(days=2))
    assert signing.ask_for_renewals("g") == 1
    later = timezone.now() + dt.timedelta(days=31)
    Station.objects.update(certificate_expires_at=later)
    Command.objects.all().delete()
    assert signing.ask_for_renewals("g") == 0


def _answered(status: str) -> Outcome:
    return Outcome(
        message_id="1",
        action="CertificateSigned",
        end=End.ANSWERED,
        payload={"status": status},
    )


def test_a_certificate_for_vehicles_is_another_one(tmp_path: Path) -> None:
    """It is no key to the gateway; it is renewed in time by its own message, once it was taken."""
    open_authority(tmp_path, 1, ORGANISATION)
    open_v2g_authority(tmp_path, 1, ORGANISATION)
    row = station(gateway="g", ocpp_version="2.1", next_certificate_sha256="under way")
    request = {"csr": Pair.new().request("cp-1"), "certificateType": "V2GCertificate"}
    signing.sign(tmp_path, row.pk, {**request, "requestId": 7}, Version.V21)
    sent = Command.objects.get(action="CertificateSigned")
    assert (sent.payload["certificateType"], sent.payload["requestId"]) == ("V2GCertificate", 7)
    signing.note(row.pk, sent.pk, _answered("Rejected"))
    row.refresh_from_db()
    assert (row.next_certificate_sha256, row.v2g_expires_at) == ("under way", None)
    signing.note(row.pk, sent.pk, _answered("Accepted"))
    row.refresh_from_db()
    assert row.v2g_expires_at is not None
    assert dt.timedelta(days=59) < row.v2g_expires_at - timezone.now() < dt.timedelta(days=61)
    assert signing.ask_for_renewals("g") == 0
    Station.objects.update(v2g_expires_at=timezone.now() + dt.timedelta(days=20))
    assert signing.ask_for_renewals("g") == 1
    assert signing.ask_for_renewals("g") == 0
    command = Command.objects.get(action="TriggerMessage")
    assert command.payload == {"requestedMessage": "SignV2GCertificate"}


def test_one_certificate_for_both_uses_is_renewed_as_one(tmp_path: Path) -> None:
    """What says no type is for both; its renewal is one message."""
    open_v2g_authority(tmp_path, 1, ORGANISATION)
    row = station(gateway="g", ocpp_version="2.0.1")
    signing.sign(tmp_path, row.pk, {"csr": Pair.new().request("cp-1")}, Version.V201)
    sent = Command.objects.get(action="CertificateSigned")
    assert "certificateType" not in sent.payload
    signing.note(row.pk, sent.pk, _answered("Accepted"))
    row.refresh_from_db()
    assert row.next_certificate_sha256
    soon = timezone.now() + dt.timedelta(days=20)
    Station.objects.update(v2g_expires_at=soon, certificate_expires_at=soon)
    assert signing.ask_for_renewals("g") == 1
    command = Command.objects.get(action="TriggerMessage")
    assert command.payload == {"requestedMessage": "SignCombinedCertificate"}


def test_a_station_of_1_6_shows_vehicles_nothing(tmp_path: Path) -> None:
    """Its requests are for the link alone, whatever authorities there are."""
    open_authority(tmp_path, 1, ORGANISATION)
    open_v2g_authority(tmp_path, 1, ORGANISATION)
    row = station()
    signing.sign(tmp_path, row.pk, {"csr": Pair.new().request("cp-1")}, Version.V16)
    assert set(Command.objects.get().payload) == {"certificateChain"}
    assert Command.objects.get().payload["certificateChain"].count("BEGIN") == 1


def test_an_authority_for_vehicles_is_made_anew_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the same root; another machine without the keys signs nothing."""
    made = open_v2g_authority(tmp_path, 1, ORGANISATION)
    assert open_v2g_authority(tmp_path, 1, "Other").certificate == made.certificate
    monkeypatch.setattr(v2g_authorities, "RENEW_BEFORE", dt.timedelta(days=5 * 365))
    again = open_v2g_authority(tmp_path, 1, "Other")
    assert again.certificate != made.certificate
    assert (again.root, again.organisation) == (made.root, ORGANISATION)
    known = v2g_authorities.v2g_authority_of(tmp_path, 1)
    assert known is not None
    assert known.certificate == again.certificate
    assert v2g_authorities.v2g_authority_of(tmp_path / "elsewhere", 1) is None
    assert v2g_authorities.v2g_roots(tmp_path / "elsewhere") == {}
