"""What a dispatcher must know of a vehicle, the worst first."""

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum

from viavolta.services.fleets.departures import Leaving
from viavolta.services.live.orders import Why

SOON = dt.timedelta(hours=8)
"""A vehicle that leaves within this time and is not plugged in is an exception."""

OVERDUE_FOR = dt.timedelta(hours=12)
"""So long a vehicle that should have left counts as late."""

WORTH_TELLING_KWH = 0.1


class State(IntEnum):
    """How it stands with a vehicle; smaller is worse, and all before WAITS are exceptions."""

    WILL_LACK = 1
    """Its plan does not reach what it needs by its departure."""
    NOT_PLUGGED = 2
    """It leaves soon and is at no plug."""
    LATE = 3
    """It should have left and is still at its plug."""
    OFF_LINE = 4
    """Its station cannot be reached: what it does is not known."""
    OTHER_WISH = 5
    """A driver asked for something that does not fit the departure."""
    NO_PLAN = 6
    """It is at a plug and has a departure, and no plan was made yet."""
    WAITS = 7
    """It is at a plug without a departure."""
    WILL_BE_READY = 8
    READY = 9
    AWAY = 10

    @property
    def is_exception(self) -> bool:
        """Whether somebody must look at it."""
        return self < State.WAITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the last plan gives a session, as far as readiness depends on it."""

    why: str
    limit_id: str
    missing_kwh: float
    served_at: dt.datetime | None
    departure_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugged:
    """A vehicle's session under way; `ready_at` is what a driver asked for at the post."""

    since: dt.datetime
    is_online: bool
    plan: Plan | None
    is_drivers_wish: bool = False
    ready_at: dt.datetime | None = None


class Cause(IntEnum):
    """Why a vehicle will lack energy."""

    LIMIT = 1
    """A limit of power binds."""
    TIME = 2
    """At full power the time does not suffice."""
    STATION = 3
    """Its station does not keep to the plan, or cannot be told."""
    UNKNOWN = 4


def state_of(
    now: dt.datetime, plugged: Plugged | None, due: Leaving | None, last: Leaving | None
) -> State:
    """How it stands with a vehicle: `due` is its next departure, `last` the one before."""
    if plugged is None:
        return State.NOT_PLUGGED if due and due.at - now <= SOON else State.AWAY
    plan = plugged.plan
    is_served = plan is not None and plan.why == Why.SERVED
    wants_later = plugged.ready_at is None or (due is not None and plugged.ready_at > due.at)
    holds = (
        (State.WILL_LACK, plan is not None and plan.missing_kwh > WORTH_TELLING_KWH),
        (State.LATE, last is not None and plugged.since < last.at <= now),
        (State.OFF_LINE, not plugged.is_online),
        (State.OTHER_WISH, due is not None and plugged.is_drivers_wish and wants_later),
        (State.NO_PLAN, due is not None and plan is None),
        (State.READY, is_served),
        (State.WILL_BE_READY, due is not None),
    )
    return next((state for state, is_so in holds if is_so), State.WAITS)


def cause_of(plan: Plan) -> Cause:
    """Why a plan leaves energy missing."""
    if plan.limit_id:
        return Cause.LIMIT
    causes = {
        Why.FULL_POWER: Cause.TIME,
        Why.BY_ITSELF: Cause.STATION,
        Why.AWAY: Cause.STATION,
    }
    return next((cause for why, cause in causes.items() if why == plan.why), Cause.UNKNOWN)
