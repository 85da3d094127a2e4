"""What the page at the post reads."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from viavolta.hub.drive.receipt import address_of
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.measures import Taken
from viavolta.services.billing.price import Account, account_of
from viavolta.services.billing.tariff import Tariff as Prices
from viavolta.storage.billing import prices_of, tariff_at, terms_of, use_of_session
from viavolta.storage.fleets import counting_wishes
from viavolta.storage.rewards import taken_of
from viavolta.storage.tables.billing import ChargingTerms, DriverPreference, Tariff, Visit
from viavolta.storage.tables.live import Order, SiteLimit, Wish
from viavolta.storage.tables.stations import Outlet, Session, Station

STARTING = dt.timedelta(minutes=3)
"""How long a station may take to begin what was asked of it: the cable may not be in yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An EVSE that visitors may use, with its operator, terms and tariff."""

    station: Station
    evse: int
    operator: Organisation
    terms: ChargingTerms
    tariff: Tariff | None

    @property
    def prices(self) -> Prices:
        """What is paid here."""
        return prices_of(self.tariff)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The visitor's own session, or her start that is under way, with what is known of it."""

    visit: Visit | None
    session: Session | None
    wish: Wish | None = None
    order: Order | None = None
    limit_name: str = ""
    so_far: Account | None = None


def point_at(identity: str, evse: int, now: dt.datetime) -> Point | None:
    """The EVSE behind a QR code; None where there is none that visitors may use."""
    station = Station.objects.filter(
        identity=identity, admission=Station.Admission.ACCEPTED
    ).first()
    if station is None or evse < 1:
        return None
    operator = Organisation.objects.filter(pk=station.tenant_id, hidden=False).first()
    terms = terms_of(station.tenant_id)
    is_there = Outlet.objects.filter(station=station, evse=evse).exists()
    if operator is None or not terms.takes_visitors or not is_there:
        return None
    return Point(
        station=station,
        evse=evse,
        operator=operator,
        terms=terms,
        tariff=tariff_at(station, now),
    )


def session_at(point: Point) -> Session | None:
    """The session under way at an EVSE."""
    under_way = Session.objects.filter(station=point.station, evse=point.evse, ended_at=None)
    return under_way.order_by("-started_at").first()


def visit_of(key: str, point: Point) -> Visit | None:
    """The visitor's last start at an EVSE."""
    if not key:
        return None
    mine = Visit.objects.filter(key_hash=key, station=point.station, evse=point.evse)
    return mine.select_related("session").first()


def is_starting(visit: Visit, now: dt.datetime) -> bool:
    """Whether a start is still waited for."""
    return visit.session is None and now - visit.made_at < STARTING


def others_start(point: Point, key: str, now: dt.datetime) -> bool:
    """Whether somebody else is just starting here."""
    fresh = Visit.objects.filter(
        station=point.station, evse=point.evse, session=None, made_at__gt=now - STARTING
    )
    return fresh.exclude(key_hash=key).exists()


def stay_of(key: str, point: Point, now: dt.datetime) -> Stay | None:
    """What the visitor has under way here: what she started, or began with a card of hers."""
    visit = visit_of(key, point)
    if visit is not None and (is_starting(visit, now) or _is_under_way(visit.session)):
        return _stay(visit, visit.session, now)
    session = session_at(point)
    if session is not None and session.token and _holds_card(key, session):
        return _stay(None, session, now)
    return None


def _is_under_way(session: Session | None) -> bool:
    return session is not None and session.ended_at is None


def _holds_card(key: str, session: Session) -> bool:
    """Whether the visitor tied the card of a session to her phone, and its operator honours it."""
    if not key:
        return False
    tenant = session.station.tenant_id
    mine = DriverPreference.objects.filter(key_hash=key, token=session.token).first()
    if mine is None:
        return False
    others = DriverPreference.objects.filter(token=session.token).exclude(pk=mine.pk)
    is_trusted = terms_of(tenant).honours_preferences and not others.exists()
    return mine.issuer_id == tenant or is_trusted


def _stay(visit: Visit | None, session: Session | None, now: dt.datetime) -> Stay:
    token = visit.token if visit is not None else ""
    same = Q(session=session) if session is not None else Q(token=token, session=None)
    wish = Wish.objects.filter(same, is_withdrawn=False).first()
    order = Order.objects.filter(session=session).first() if session is not None else None
    return Stay(
        visit=visit,
        session=session,
        wish=wish,
        order=order,
        limit_name=_limit_name(session, order),
        so_far=None if session is None else account_so_far(session, now),
    )


def _limit_name(session: Session | None, order: Order | None) -> str:
    if session is None or order is None or not order.limit_id:
        return ""
    limit = SiteLimit.objects.filter(
        tenant_id=session.station.tenant_id, limit_id=order.limit_id
    ).first()
    return limit.name if limit is not None and limit.name else order.limit_id


def account_so_far(session: Session, now: dt.datetime) -> Account | None:
    """What a session under way costs by now; None before its first event is in the tables."""
    if not session.events.exists():
        return None
    use = use_of_session(session, until=now)
    return account_of(prices_of(tariff_at(session.station, session.started_at)), use)


def preference_of_phone(key: str) -> DriverPreference | None:
    """What the visitor usually wants."""
    return DriverPreference.objects.filter(key_hash=key).first() if key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVisit:
    """A session that is kept under a visitor's secret, and until when."""

    visit: Visit
    session: Session | None
    receipt: str
    until: dt.datetime | None
    is_wish_kept: bool | None


MOST_SHOWN = 100


def kept_of(key: str) -> list[KeptVisit]:
    """The sessions that are kept of a visitor, newest first."""
    if not key:
        return []
    found = []
    mine = Visit.objects.filter(key_hash=key).select_related("station", "session__station")
    visits = list(mine[:MOST_SHOWN])
    wishes = counting_wishes(one.session for one in visits if one.session is not None)
    for visit in visits:
        session = visit.session
        ended_at = session.ended_at if session is not None else None
        days = terms_of(visit.station.tenant_id).keep_visits_days
        found.append(
            KeptVisit(
                visit=visit,
                session=session,
                receipt=address_of(session) if session is not None and ended_at else "",
                until=None if ended_at is None else ended_at + dt.timedelta(days=days),
                is_wish_kept=wishes[session.pk].is_kept
                if session is not None and session.pk in wishes
                else None,
            )
        )
    return found


LOOK_BACK = dt.timedelta(days=30)


def taken_by(key: str, since: dt.datetime) -> list[Taken]:
    """What the holder of a phone did since then: her visits, and with a card tied to the phone."""
    if not key:
        return []
    mine = Q(visit__key_hash=key)
    kept = preference_of_phone(key)
    if kept is not None and kept.token:
        mine |= Q(token=kept.token, station__tenant_id=kept.issuer_id)
    rows = Session.objects.filter(mine).filter(Q(ended_at=None) | Q(ended_at__gte=since))
    return [dataclasses.replace(one, driver=key) for one in taken_of(rows)]


def preference_days(kept: DriverPreference | None) -> int:
    """How long what a driver usually wants is kept after it was used last."""
    if kept is None or kept.issuer_id is None:
        return ChargingTerms().keep_preferences_days
    return terms_of(kept.issuer_id).keep_preferences_days


def operators_of(
    visits: Sequence[KeptVisit], kept: DriverPreference | None
) -> list[tuple[str, ChargingTerms]]:
    """Name and terms of every operator that keeps something of a visitor."""
    tenants = {one.visit.station.tenant_id for one in visits}
    if kept is not None and kept.issuer_id is not None:
        tenants.add(kept.issuer_id)
    rows = Organisation.objects.filter(pk__in=tenants, hidden=False).order_by("name")
    return [(row.name, terms_of(row.pk)) for row in rows]
