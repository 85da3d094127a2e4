"""Sessions end where their drivers wanted them to, whatever the station knows of limits.

Stations of OCPP 2.1 are told the limits (the gateway does so) and stop by themselves; what they
then tell may be a little more. Others are asked to stop as soon as they tell that a limit is
reached, so that between two readings of the meter more may flow.
"""

import datetime as dt

from django.db.models import Q

from viavolta.hub.drive import remote
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.billing.price import account_of
from viavolta.storage.billing import prices_of, tariff_at, use_of_session
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Command, Session

BY = "limit"
ASK_AGAIN = dt.timedelta(minutes=1)
MOST_AT_ONCE = 200

OBEYS_WITHIN = 1.05
"""A station of 2.1 that goes on beyond so much of a limit does not keep it."""

_S_PER_MIN = 60.0
_WH_PER_KWH = 1000.0


def stop_at_limits(now: dt.datetime) -> int:
    """Ask stations to stop sessions that have reached what their drivers wanted; how many."""
    limited = ~Q(most_cents=None, most_kwh=None, most_min=None)
    wishes = Wish.objects.filter(limited, session__isnull=False, session__ended_at=None)
    keys = wishes.values("session").distinct()
    sessions = Session.objects.filter(pk__in=keys).select_related("station")[:MOST_AT_ONCE]
    return sum(_stop(session, now) for session in sessions)


def _stop(session: Session, now: dt.datetime) -> bool:
    station = session.station
    wish = Wish.objects.filter(session=session, is_withdrawn=False).first()
    if wish is None or not (station.gateway and station.ocpp_version):
        return False
    knows = Version(station.ocpp_version) is Version.V21
    if knows and not session.power_w:
        return False  # it has stopped the energy by itself
    if share_used(session, wish, now) < (OBEYS_WITHIN if knows else 1.0):
        return False
    if _is_asked(session, now):
        return False
    remote.stop(session, by=BY)
    return True


def share_used(session: Session, wish: Wish, now: dt.datetime) -> float:
    """How much of the limit that comes first is used; 1.0 and more: it is reached."""
    used = [0.0]
    if wish.most_kwh:
        used.append((session.energy_wh or 0.0) / _WH_PER_KWH / wish.most_kwh)
    if wish.most_min:
        used.append((now - session.started_at).total_seconds() / _S_PER_MIN / wish.most_min)
    if wish.most_cents:
        prices = prices_of(tariff_at(session.station, session.started_at))
        cents = account_of(prices, use_of_session(session, until=now)).cents
        used.append(cents / wish.most_cents)
    return max(used)


def _is_asked(session: Session, now: dt.datetime) -> bool:
    asked = Command.objects.filter(
        station=session.station, asked_by=BY, asked_at__gt=now - ASK_AGAIN
    )
    return any(str(c.payload.get("transactionId")) == session.transaction for c in asked)
