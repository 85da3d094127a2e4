"""What routes of drivers need."""

import datetime as dt

from cast import Cast
from django.utils import timezone
from matrix import HIDDEN, VISITORS, row, sample

from viavolta.hub.drive.receipt import address_of
from viavolta.hub.people.secrets import new_secret
from viavolta.storage.tables.billing import CardLink, ChargingTerms
from viavolta.storage.tables.stations import Outlet, Session, SessionEvent, Station


def _station(cast: Cast) -> Station:
    station, _ = Station.objects.get_or_create(
        tenant_id=cast.organisation.pk, identity="matrix-1", defaults={"ocpp_version": "2.0.1"}
    )
    Outlet.objects.get_or_create(
        station=station,
        evse=1,
        connector=1,
        defaults={"status": "Available", "status_at": timezone.now()},
    )
    return station


@sample("station")
def a_station(cast: Cast) -> str:
    """A station of the city."""
    return _station(cast).identity


@sample("evse")
def an_evse(cast: Cast) -> int:
    """Its first point."""
    _station(cast)
    return 1


@sample("version", route="drive-scanned")
def a_version(cast: Cast) -> str:  # noqa: ARG001 - whoever's it is
    """The algorithm of passwords in codes that change."""
    return "v1"


@sample("password", route="drive-scanned")
def a_password(cast: Cast) -> str:  # noqa: ARG001 - whoever's it is
    """One that holds no more."""
    return "CN63y502maVh"


@sample("receipt")
def a_receipt(cast: Cast) -> str:
    """The receipt of a session that ended."""
    ended_at = timezone.now()
    session, is_new = Session.objects.get_or_create(
        station=_station(cast),
        transaction="matrix",
        defaults={"started_at": ended_at - dt.timedelta(hours=1), "ended_at": ended_at},
    )
    if is_new:
        for seq, kind in enumerate(("started", "ended")):
            at = (ended_at - dt.timedelta(hours=1 - seq)).isoformat()
            SessionEvent.objects.create(
                session=session,
                key=str(seq),
                digest=str(seq),
                content={
                    "kind": kind,
                    "key": str(seq),
                    "seq": seq,
                    "at": at,
                    "received_at": at,
                    "readings": [],
                },
            )
    return address_of(session).strip("/").split("/")[-1]


@sample("secret", route="drive-card")
def a_card_link(cast: Cast) -> str:
    """A link to a card of the city."""
    secret, hashed = new_secret("vvc")
    CardLink.objects.create(
        tenant_id=cast.organisation.pk,
        token="matrix-card",
        secret_hash=hashed,
        expires_at=timezone.now() + dt.timedelta(days=1),
    )
    return secret


@sample("organisation", route="drive-statistics-of")
@sample("organisation", route="get_charging_statistics_of")
def a_publisher(cast: Cast) -> str:
    """The city, which publishes statistics."""
    ChargingTerms.objects.update_or_create(
        tenant_id=cast.organisation.pk, defaults={"publishes_statistics": True}
    )
    return cast.organisation.slug


row(
    "drive-terms-edit",
    post={
        "zone": "Europe/Vienna",
        "payment": "free",
        "keep_visits_days": 90,
        "keep_preferences_days": 365,
        "keep_cards_days": 730,
        "keep_bills_years": 10,
    },
)


@sample("station", route="add_terminal_payment")
def a_station_with_terminals(cast: Cast) -> str:
    """A station of 2.1 whose operator takes payments at terminals."""
    ChargingTerms.objects.update_or_create(
        tenant_id=cast.organisation.pk, defaults={"terminals": "station"}
    )
    station = _station(cast)
    Station.objects.filter(pk=station.pk).update(ocpp_version="2.1")
    return station.identity


row("add_terminal_payment", post={"psp_ref": "psp-1", "evse": 1, "authorised_cents": 5000})
row("drive-tariff-new", post={"kwh": "0.40", "vat_percent": "20"})

_NOBODYS = {visitor: {HIDDEN} for visitor in VISITORS}
for name in ("drive-wish", "drive-boost", "drive-stop"):
    row(name, outcomes=_NOBODYS)  # nobody of the cast has a session there
