"""Certificates for stations: requests signed, renewal asked for in time (2.0.1 A02, A03).

A new certificate counts beside the old one until the station shows it; from then on the old one no
longer counts.
"""

import datetime as dt
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from django.db import close_old_connections
from django.db.models import F, Q
from django.utils import timezone

from viavolta.protocols.ocpp.link import Outcome
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.plug_and_charge.v2g import (
    Use,
    V2GAuthority,
    is_for_vehicles,
    signed_for_vehicles,
    use_of,
)
from viavolta.services.station_certificates import pem_of, sha256_of, signed, why_unsigned
from viavolta.storage.station_authorities import authority_of
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.stations import Command, Station
from viavolta.storage.v2g_authorities import v2g_authority_of

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


def sign(data: Path, station_id: int, request: Mapping[str, Any], version: Version) -> None:
    """Sign a request that was accepted, and have the certificate sent; blocking, in a thread."""
    close_old_connections()
    station = Station.objects.filter(pk=station_id).first()
    if station is None:
        return
    v2g = v2g_authority_of(data, station.tenant_id)
    use = Use.STATION if version is Version.V16 else use_of(request, has_authority=v2g is not None)
    authority = authority_of(data, station.tenant_id) if use is Use.STATION else v2g
    if use is None or authority is None:
        return
    csr, names = request["csr"], {station.identity, station.serial} - {""}
    why_not = why_unsigned(csr, names=names, organisation=authority.organisation)
    if why_not:
        log.warning("request not signed", extra={"station": station.pk, "reason": why_not})
        return
    if isinstance(authority, V2GAuthority):
        certificate = signed_for_vehicles(authority, csr, use, now=timezone.now())
        chain = pem_of(certificate) + pem_of(authority.certificate)
    else:
        certificate = signed(authority, csr, now=timezone.now())
        chain = pem_of(certificate)
    if use is not Use.V2G:
        station.next_certificate_sha256 = sha256_of(certificate)
        station.changed_at = timezone.now()
        station.save(update_fields=["next_certificate_sha256", "changed_at"])
    ask(station.pk, SIGNED, {"certificateChain": chain, **_about(request, use, version)}, by=BY)


def _about(request: Mapping[str, Any], use: Use, version: Version) -> dict[str, Any]:
    """What is said of a certificate: its use, none for both; in 2.1 which request it answers."""
    if version is Version.V16:
        return {}
    numbered = {name: request[name] for name in ("requestId",) if name in request}
    return numbered | ({} if use is Use.BOTH else {"certificateType": use.value})


def note(station_id: int, command_id: int, outcome: Outcome) -> None:
    """What a station did with its certificate: one that it does not take counts no longer.

    Of one that it took for vehicles it is known from now on when it ends.
    """
    close_old_connections()
    mine = Station.objects.filter(pk=station_id)
    sent = Command.objects.filter(pk=command_id).first()
    payload = {} if sent is None else sent.payload
    status = (outcome.payload or {}).get("status")
    if status == "Rejected" and payload.get("certificateType") != Use.V2G:
        mine.update(next_certificate_sha256="", changed_at=timezone.now())
    elif status == "Accepted" and payload:
        leaf = x509.load_pem_x509_certificates(payload["certificateChain"].encode())[0]
        if is_for_vehicles(leaf):
            mine.update(v2g_expires_at=leaf.not_valid_after_utc, changed_at=timezone.now())


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
    soon = timezone.now() + RENEW_BEFORE
    here = Station.objects.filter(gateway=gateway).exclude(ocpp_version="")
    n_asked = 0
    is_both = Q(certificate_expires_at=F("v2g_expires_at"))
    for station in here.filter(certificate_expires_at__lt=soon).exclude(is_both):
        n_asked += _ask_once_a_day(station, *_TRIGGER[Version(station.ocpp_version)])
    for station in here.filter(v2g_expires_at__lt=soon):
        is_one = station.certificate_expires_at == station.v2g_expires_at
        message = "SignCombinedCertificate" if is_one else "SignV2GCertificate"
        n_asked += _ask_once_a_day(station, "TriggerMessage", message)
    return n_asked


def _ask_once_a_day(station: Station, action: str, message: str) -> bool:
    payload = {"requestedMessage": message}
    before = Command.objects.filter(
        station=station,
        action=action,
        payload=payload,
        asked_by=BY,
        asked_at__gt=timezone.now() - ASK_AGAIN,
    )
    if before.exists():
        return False
    ask(station.pk, action, payload, by=BY)
    return True
