"""What a session used, from its events: readings of the meter, and since when it was full."""

import datetime as dt
from collections.abc import Iterable, Sequence

from viavolta.model.session import SessionEvent
from viavolta.services.billing.flexible import Said, flexible_spans
from viavolta.services.billing.price import Use
from viavolta.services.sessions.fold import in_order, session_of

TAKES = ("Charging", "SuspendedEVSE")
"""States (OCPP 2.x ChargingStateEnum) in which a vehicle takes energy, or would."""
FULL = ("SuspendedEV", "Idle")
"""The vehicle itself takes no more, or is not plugged in."""


def use_of(
    events: Iterable[SessionEvent],
    *,
    is_boosted: bool,
    said: Sequence[Said] = (),
    until: dt.datetime | None = None,
) -> Use:
    """What an ended session used; with `until`, what one under way used by then.

    `said` are its wishes in the order in which they were given.

    Raises
    ------
    ValueError: there is no event, or the session has not ended.
    """
    kept = in_order(events)
    view = session_of(kept)
    ended_at = view.ended_at or until
    if ended_at is None:
        msg = "a session under way has no account yet"
        raise ValueError(msg)
    ended_at = max(view.started_at, ended_at)
    return Use(
        started_at=view.started_at,
        ended_at=ended_at,
        registers=tuple(
            (r.at, r.import_wh) for e in kept for r in e.readings if r.import_wh is not None
        ),
        discharged_wh=view.discharged_wh or 0.0,
        full_at=_full_at(kept),
        is_boosted=is_boosted,
        flexible=flexible_spans(said, view.started_at, ended_at),
    )


def _full_at(kept: Sequence[SessionEvent]) -> dt.datetime | None:
    """Since when the vehicle took no more until the end; 1.6 tells no state here: None."""
    since: dt.datetime | None = None
    for event in kept:
        if event.state in TAKES:
            since = None
        elif event.state in FULL and since is None:
            since = event.at
    return since
