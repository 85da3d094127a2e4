"""How a tenant takes in stations: a window with an address, an inbox, adopted or refused.

A station that nobody knows calls the address of an open window and waits in the tenant's inbox,
told Pending; nothing that it says there counts yet. Once adopted it gets a password of its own over
the link that it holds, and needs it from then on.
"""

import datetime as dt
import hashlib
import secrets

from django.db import close_old_connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from viavolta.storage.station_commands import ask
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.stations import Station

TOKEN_BYTES = 24
MOST_WAITING = 1000
"""Stations in one inbox, whatever its window allows."""

LONGEST = dt.timedelta(days=31)


def token_hash(token: str) -> str:
    """What is kept of a token; it is long and random, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_window(
    tenant_id: int, *, by: str, lasts: dt.timedelta, capacity: int = 50
) -> tuple[EnrolmentWindow, str]:
    """Open a window; its token, which is shown this once: stations call /ocpp/enrol/TOKEN/IDENTITY.

    Raises
    ------
    ValueError: it would last longer than `LONGEST`, or its inbox hold more than `MOST_WAITING`.
    """
    if not dt.timedelta(0) < lasts <= LONGEST or not 0 < capacity <= MOST_WAITING:
        msg = f"a window lasts up to {LONGEST.days} days, for up to {MOST_WAITING} stations"
        raise ValueError(msg)
    token, now = secrets.token_urlsafe(TOKEN_BYTES), timezone.now()
    window = EnrolmentWindow.objects.create(
        tenant_id=tenant_id,
        token_hash=token_hash(token),
        opens_at=now,
        ends_at=now + lasts,
        capacity=capacity,
        opened_by=by,
    )
    return window, token


def close_window(window: EnrolmentWindow) -> None:
    """Take no further station; those in the inbox still wait, those refused are forgotten."""
    now = timezone.now()
    EnrolmentWindow.objects.filter(pk=window.pk, ends_at__gt=now).update(ends_at=now)
    window.refresh_from_db()
    window.stations.filter(admission=Station.Admission.REJECTED, sessions=None).delete()


def waiting(tenant_id: int) -> QuerySet[Station]:
    """The stations in a tenant's inbox."""
    return Station.objects.filter(tenant_id=tenant_id, admission=Station.Admission.PENDING)


def knock(
    window_id: int, identity: str, key_hash: str, security_profile: int = 1
) -> Station | None:
    """Put an unknown station into the inbox of an open window; None where it may not wait there.

    `key_hash` is that of the password that it came with, empty where it came without: who calls
    under its name later must show the same one. `security_profile` is the lowest that it may use
    from then on.
    """
    close_old_connections()
    now = timezone.now()
    with transaction.atomic():
        window = (
            EnrolmentWindow.objects.select_for_update()
            .filter(pk=window_id, opens_at__lte=now, ends_at__gt=now)
            .first()
        )
        if window is None or waiting(window.tenant_id).filter(window=window).count() >= min(
            window.capacity, MOST_WAITING
        ):
            return None
        station, is_new = Station.objects.get_or_create(
            identity=identity,
            defaults={
                "tenant_id": window.tenant_id,
                "window": window,
                "admission": Station.Admission.PENDING,
                "key_hash": key_hash,
                "security_profile": security_profile,
            },
        )
    return station if is_new else None


def adopt(station: Station, *, by: str) -> None:
    """Take a waiting station in: it boots again, and the gateway gives it a password of its own.

    Raises
    ------
    ValueError: it does not wait.
    """
    _decide(station, Station.Admission.ACCEPTED, wants_key=True)
    # 2.0.1 B02: a station that was told Pending may be asked to boot again at once
    ask(station.pk, "TriggerMessage", {"requestedMessage": "BootNotification"}, by=by)


def refuse(station: Station) -> None:
    """Turn a waiting station away: it is told Rejected for as long as its window is open.

    Raises
    ------
    ValueError: it does not wait.
    """
    _decide(station, Station.Admission.REJECTED, wants_key=False)


def renew_key(station: Station) -> None:
    """Have the gateway give a station a new password (2.0.1 A01); the old one holds until then."""
    Station.objects.filter(pk=station.pk).update(
        wants_key=True, key_note="", changed_at=timezone.now()
    )


def _decide(station: Station, admission: str, *, wants_key: bool) -> None:
    found = waiting(station.tenant_id).filter(pk=station.pk)
    n = found.update(admission=admission, wants_key=wants_key, changed_at=timezone.now())
    if not n:
        msg = f"station {station.pk} does not wait for adoption"
        raise ValueError(msg)
    station.refresh_from_db()
