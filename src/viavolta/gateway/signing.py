"""Certificates for stations: requests signed, renewal asked for in time (2.0.1 A02, A03).

A new certificate counts beside the old one until the station shows it; from then on the old one no
longer counts.
"""

import datetime as dt
import logging
from pathlib import Path

from django.db import close_old_connections
from django.db.models import F
from django.utils import timezone

from viavolta.protocols.ocpp.link import Outcome
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.station_certificates import pem_of, sha256_of, signed, why_unsigned
from viavolta.storage.station_authorities import authority_of
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import Command, Station

RENEW_BEFORE = dt.timedelta(days=30)
ASK_AGAIN = dt.timedelta(days=1)
SIGNED = "CertificateSigned"
BY = "gateway"
_TRIGGER = {
    Version.V16: ("ExtendedTriggerMessage", "SignChargePointCertificate"),
    Version.V201: ("TriggerMessage", "SignChargingStationCertificate"),
    Version.V21: ("TriggerMessage", "SignChargingStationCertificate"),
}
log = logging.getLogger(__name__)


def sign(data: Path, station_id: int, csr: str, version: Version) -> None:
    """Sign a request that was accepted, and have the certificate sent; blocking, in a thread."""
    close_old_connections()
    station = Station.objects.filter(pk=station_id).first()
    authority = None if station is None else authority_of(data, station.tenant_id)
    if station is None or authority is None:
        return
    names = {station.identity, station.serial} - {""}
    why_not = why_unsigned(csr, names=names, organisation=authority.organisation)
    if why_not:
        log.warning("request not signed", extra={"station": station.pk, "reason": why_not})
        return
    certificate = signed(authority, csr, now=timezone.now())
    station.next_certificate_sha256 = sha256_of(certificate)
    station.changed_at = timezone.now()
    station.save(update_fields=["next_certificate_sha256", "changed_at"])
    more = {} if version is Version.V16 else {"certificateType": "ChargingStationCertificate"}
    ask(station.pk, SIGNED, {"certificateChain": pem_of(certificate), **more}, by=BY)


def note(station_id: int, outcome: Outcome) -> None:
    """What a station did with its certificate: one that it does not take counts no longer."""
    close_old_connections()
    if (outcome.payload or {}).get("status") == "Rejected":
        Station.objects.filter(pk=station_id).update(
            next_certificate_sha256="", changed_at=timezone.now()
        )


def promote(station_id: int, sha256: str, expires_at: dt.datetime) -> None:
    """A station showed this certificate: it counts, and until when is known; blocking."""
    close_old_connections()
    mine = Station.objects.filter(pk=station_id)
    mine.filter(next_certificate_sha256=sha256).update(
        certificate_sha256=F("next_certificate_sha256"), next_certificate_sha256=""
    )
    mine.filter(certificate_sha256=sha256).update(
        certificate_expires_at=expires_at, changed_at=timezone.now()
    )


def ask_for_renewals(gateway: str) -> int:
    """Have stations on the line ask for new certificates before theirs expire; how many."""
    close_old_connections()
    now = timezone.now()
    due = Station.objects.filter(gateway=gateway, certificate_expires_at__lt=now + RENEW_BEFORE)
    n_asked = 0
    for station in due.exclude(ocpp_version=""):
        action, message = _TRIGGER[Version(station.ocpp_version)]
        asked = Command.objects.filter(
            station=station, action=action, asked_by=BY, asked_at__gt=now - ASK_AGAIN
        )
        if not asked.exists():
            ask(station.pk, action, {"requestedMessage": message}, by=BY)
            n_asked += 1
    return n_asked
