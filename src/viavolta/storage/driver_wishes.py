"""What drivers want, tied to the sessions that it is for.

A visitor's session is known by its one-time token. A card that somebody tied to her preferences
brings them to every station whose operator honours them; whoever wants something at the station
itself comes before that.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef

from viavolta.storage.billing import terms_of
from viavolta.storage.tables.billing import DriverPreference, Visit
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session

TIE_WITHIN = dt.timedelta(days=1)
"""A visit whose session has not come by then never had one."""

MOST_AT_ONCE = 200


def tie_visits() -> int:
    """Tie sessions that have come to the visits that asked for them; how many."""
    same = Session.objects.filter(station=OuterRef("station"), token=OuterRef("token"))
    waiting = Visit.objects.filter(Exists(same), session=None)[:MOST_AT_ONCE]
    return sum(tie(visit) for visit in waiting)


@transaction.atomic
def tie(visit: Visit) -> bool:
    """Tie a visit, and the wishes that were given with it, to its session once that has come."""
    session = Session.objects.filter(station=visit.station_id, token=visit.token).first()
    if session is None:
        return False
    Visit.objects.filter(pk=visit.pk, session=None).update(session=session)
    Wish.objects.filter(token=visit.token, station=visit.station_id, session=None).update(
        session=session
    )
    visit.session = session
    return True


def next_time(now: dt.datetime, minute: int, zone: str) -> dt.datetime:
    """The next time that local clocks show this minute of the day, at least a quarter hour away."""
    place = ZoneInfo(zone)
    wall = dt.time(minute // 60, minute % 60)
    day = now.astimezone(place).date()
    soonest = now + dt.timedelta(minutes=15)
    moment = dt.datetime.combine(day, wall, tzinfo=place).astimezone(dt.UTC)
    while moment < soonest:
        day += dt.timedelta(days=1)
        moment = dt.datetime.combine(day, wall, tzinfo=place).astimezone(dt.UTC)
    return moment


def give_kept_wishes(now: dt.datetime) -> int:
    """Wishes from preferences for sessions that began with a driver's card; how many."""
    known = DriverPreference.objects.exclude(token="").values("token")
    fresh = Session.objects.filter(
        ended_at=None, started_at__gt=now - TIE_WITHIN, token__in=known, wishes=None
    ).select_related("station")[:MOST_AT_ONCE]
    return sum(_give(session, now) for session in fresh)


def preference_of(session: Session) -> DriverPreference | None:
    """The preference that counts for the token of a session; None where two issuers claim it."""
    kept = list(DriverPreference.objects.filter(token=session.token).exclude(token="")[:2])
    own = [p for p in kept if p.issuer_id == session.station.tenant_id]
    if own:
        return own[0]
    if len(kept) == 1 and terms_of(session.station.tenant_id).honours_preferences:
        return kept[0]
    return None


def _give(session: Session, now: dt.datetime) -> bool:
    kept = preference_of(session)
    if kept is None or session.evse is None:
        return False
    ready_at = None
    if kept.ready_min is not None:
        zone = terms_of(session.station.tenant_id).zone
        ready_at = next_time(max(now, session.started_at), kept.ready_min, zone)
    with transaction.atomic():
        Session.objects.select_for_update().get(pk=session.pk)
        if Wish.objects.filter(session=session).exists():
            return False  # somebody was faster
        Wish.objects.create(
            tenant_id=session.station.tenant_id,
            station=session.station,
            evse=session.evse,
            session=session,
            token=session.token,
            ready_at=ready_at,
            target_soc=kept.target_soc,
            min_soc=kept.min_soc,
            capacity_kwh=kept.capacity_kwh,
            mode=kept.mode,
            may_discharge=kept.may_discharge,
            given_by=Wish.Giver.PREFERENCE,
            given_at=now,
        )
        DriverPreference.objects.filter(pk=kept.pk).update(used_at=now)
    return True
