"""What a visitor does at the post: start, wish, boost, stop; what she keeps and deletes."""

import datetime as dt
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from viavolta.hub.drive import codes, remote
from viavolta.hub.drive.queries import (
    STARTING,
    Point,
    Stay,
    is_starting,
    others_start,
    session_at,
    visit_of,
)
from viavolta.hub.frame.refusals import RefusedError
from viavolta.services.billing.tariff import Per
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.driver_wishes import next_time
from viavolta.storage.tables.billing import DriverPreference, Visit
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Command, CommandState, Station, Token

TOKEN_HOLDS = dt.timedelta(minutes=15)
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_TOKEN_CHARS = 15
"""With its prefix 20 characters, as many as OCPP 1.6 takes; 75 bits nobody guesses."""

_WAITING = (CommandState.QUEUED, CommandState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a driver wants of a session; shares 0..1, None where she does not say.

    Charging ends at `most_cents`, `most_kwh` or `most_min` after its start, whichever comes first.
    """

    ready_min: int | None = None
    target_soc: float | None = None
    min_soc: float | None = None
    soc_arrival: float | None = None
    capacity_kwh: float | None = None
    energy_kwh: float | None = None
    mode: str = Wish.Mode.SMART
    may_discharge: bool = False
    most_cents: int | None = None
    most_kwh: float | None = None
    most_min: int | None = None


@transaction.atomic
def begin(
    key: str, point: Point, wanted: Wanted, now: dt.datetime, *, has_scanned: bool = False
) -> Visit:
    """Ask the station to start; asked again while it starts, nothing more is asked.

    `has_scanned`: by a code that changes, so that it is a payment on the web (2.1 C25).

    Raises
    ------
    RefusedError: the station is away, or somebody else charges or starts here.
    """
    Station.objects.select_for_update().get(pk=point.station.pk)
    mine = visit_of(key, point)
    if mine is not None and is_starting(mine, now):
        return mine
    if not (point.station.gateway and point.station.ocpp_version):
        raise RefusedError(_("The station is not on the line. Use a card, or another station."))
    if session_at(point) is not None:
        raise RefusedError(_("Somebody is charging here already."))
    if others_start(point, key, now):
        raise RefusedError(_("Somebody else is just starting here. Try again in three minutes."))
    if codes.is_needed(point) and not has_scanned:
        raise RefusedError(_("Scan the code that the station shows first."))
    token = VISIT_PREFIX + "".join(secrets.choice(_ALPHABET) for _n in range(_TOKEN_CHARS))
    kind = "DirectPayment" if has_scanned else "Central"
    Token.objects.create(
        tenant_id=point.station.tenant_id,
        token=token,
        kind=kind,
        expires_at=now + TOKEN_HOLDS,
        changed_at=now,
    )
    visit = Visit.objects.create(
        key_hash=key, station=point.station, evse=point.evse, token=token, made_at=now
    )
    _wish(point, Stay(visit=visit, session=None), wanted, now)
    remote.start(point.station, point.evse, token, kind=kind)
    return visit


@transaction.atomic
def wish(point: Point, stay: Stay, wanted: Wanted, now: dt.datetime) -> Wish:
    """Want something else from now on; a boost that was given stays."""
    return _wish(point, stay, wanted, now)


@transaction.atomic
def boost(point: Point, stay: Stay, now: dt.datetime) -> Wish:
    """Full power before others, at the price that the page showed.

    Raises
    ------
    RefusedError: no boost is offered here, or it was given already.
    """
    if not point.prices.of(Per.BOOST):
        raise RefusedError(_("No boost is offered here."))
    if stay.session is None:
        raise RefusedError(_("Wait until charging has begun."))
    if stay.wish is not None and stay.wish.is_boosted:
        raise RefusedError(_("You have the boost already."))
    row = stay.wish or Wish(**_place(point, stay))
    row.pk = None
    row.is_boosted, row.mode, row.given_at = True, Wish.Mode.NOW, now
    row.given_by = Wish.Giver.DRIVER
    row.save(force_insert=True)
    return row


def stop(stay: Stay) -> Command | None:
    """Ask the station to end the visitor's session; asked again, the same command is waited for.

    Raises
    ------
    RefusedError: nothing has begun yet.
    """
    if stay.session is None:
        raise RefusedError(_("Wait until charging has begun."))
    waiting = Command.objects.filter(
        station=stay.session.station,
        asked_by=remote.BY,
        state__in=_WAITING,
        action__in=("RemoteStopTransaction", "RequestStopTransaction"),
    )
    same = [c for c in waiting if str(c.payload.get("transactionId")) == stay.session.transaction]
    return same[0] if same else remote.stop(stay.session)


def last_start(visit: Visit) -> Command | None:
    """The command that a visit asked with, to tell what became of it."""
    asked = Command.objects.filter(
        station=visit.station,
        asked_by=remote.BY,
        asked_at__gte=visit.made_at,
        asked_at__lt=visit.made_at + STARTING,
        action__in=("RemoteStartTransaction", "RequestStartTransaction"),
    )
    return next((c for c in asked if visit.token in str(c.payload)), None)


@transaction.atomic
def keep(key: str, wanted: Wanted, now: dt.datetime) -> DriverPreference:
    """Remember what a visitor wants, under the secret of her phone."""
    row, _is_new = DriverPreference.objects.update_or_create(
        key_hash=key,
        defaults={
            "ready_min": wanted.ready_min,
            "target_soc": wanted.target_soc,
            "min_soc": wanted.min_soc,
            "capacity_kwh": wanted.capacity_kwh,
            "mode": wanted.mode,
            "may_discharge": wanted.may_discharge,
            "used_at": now,
        },
    )
    return row


@transaction.atomic
def forget_me(key: str, now: dt.datetime) -> int:
    """Delete what is kept of a visitor but bills; sessions that are over belong to nobody then.

    What is starting or under way stays hers until it ends: she must be able to stop it.
    """
    DriverPreference.objects.filter(key_hash=key).delete()
    under_way = Q(session__isnull=False, session__ended_at__isnull=True)
    starting = Q(session=None, made_at__gt=now - STARTING)
    over = Visit.objects.filter(key_hash=key).exclude(under_way | starting)
    n, _by_kind = over.delete()
    return n


def _place(point: Point, stay: Stay) -> dict[str, object]:
    token = stay.visit.token if stay.visit is not None else ""
    return {
        "tenant_id": point.station.tenant_id,
        "station": point.station,
        "evse": point.evse,
        "session": stay.session,
        "token": token or (stay.session.token if stay.session is not None else ""),
    }


def _wish(point: Point, stay: Stay, wanted: Wanted, now: dt.datetime) -> Wish:
    ready_at = None
    if wanted.ready_min is not None:
        ready_at = next_time(now, wanted.ready_min, point.terms.zone)
    return Wish.objects.create(
        **_place(point, stay),
        ready_at=ready_at,
        energy_kwh=wanted.energy_kwh,
        target_soc=wanted.target_soc,
        min_soc=wanted.min_soc,
        soc_arrival=wanted.soc_arrival,
        capacity_kwh=wanted.capacity_kwh,
        mode=wanted.mode,
        may_discharge=wanted.may_discharge,
        most_cents=wanted.most_cents,
        most_kwh=wanted.most_kwh,
        most_min=wanted.most_min,
        is_boosted=stay.wish is not None and stay.wish.is_boosted,
        given_by=Wish.Giver.DRIVER,
        given_at=now,
    )
