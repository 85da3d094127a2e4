"""When a vehicle leaves: what somebody said, else a cautious forecast from the past.

The driver's wish comes first, then what the vehicle says, then her usual wish or her fleet, then
how long sessions of her token and, failing that, of the station lasted. Of those only the ones
count that were longer than this one is by now: what has not happened yet is learnt from. Without
any, a stated default holds.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from viavolta.services.live.facts import AtPlug, Giver, Past
from viavolta.services.live.figures import LiveFigures

FROM_SHARE, UNTIL_SHARE = 0.1, 0.9
"""Four of five leave between these quantiles."""


class Source(StrEnum):
    """Who or what says when a vehicle leaves."""

    DRIVER = "driver"
    VEHICLE = "vehicle"
    PREFERENCE = "preference"
    FLEET = "fleet"
    TOKEN_PAST = "token-history"  # noqa: S105 - a word
    STATION_PAST = "station-history"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A departure; `earliest` and `latest`, between which four of five leave, for a forecast."""

    at: dt.datetime
    source: Source
    earliest: dt.datetime | None = None
    latest: dt.datetime | None = None


def leaving(session: AtPlug, *, now: dt.datetime, figures: LiveFigures) -> Leaving:
    """When a session ends, as far as one knows now.

    What was said holds though it be over. A forecast is never before now, and never later than
    the quantile of past stays that is believed (`charging.believed_stay_quantile`).
    """
    return (
        _said(session)
        or _learnt(session.token_past, session, Source.TOKEN_PAST, now=now, figures=figures)
        or _learnt(session.station_past, session, Source.STATION_PAST, now=now, figures=figures)
        or Leaving(
            at=max(now, session.started_at + dt.timedelta(seconds=figures.first_stay_s)),
            source=Source.ASSUMED,
        )
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, one of them."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def _said(session: AtPlug) -> Leaving | None:
    wish, needs = session.wish, session.needs
    wished = None if wish is None else wish.ready_at
    if wish is not None and wished is not None and not wish.giver.is_usual:
        return Leaving(at=wished, source=Source.DRIVER)
    if needs is not None and needs.departure_at is not None:
        return Leaving(at=needs.departure_at, source=Source.VEHICLE)
    if wish is not None and wished is not None:
        is_fleet = wish.giver is Giver.FLEET
        return Leaving(at=wished, source=Source.FLEET if is_fleet else Source.PREFERENCE)
    return None


def _learnt(
    past: Sequence[Past],
    session: AtPlug,
    source: Source,
    *,
    now: dt.datetime,
    figures: LiveFigures,
) -> Leaving | None:
    """From past sessions that were longer than this one is; None where there are too few."""
    if len(past) < figures.min_past:
        return None
    passed_s = (now - session.started_at).total_seconds()
    longer = [one.stay_s for one in past if one.stay_s > passed_s]
    if not longer:
        return None

    def at(share: float) -> dt.datetime:
        return session.started_at + dt.timedelta(seconds=quantile(longer, share))

    return Leaving(
        at=at(figures.stay_share), source=source, earliest=at(FROM_SHARE), latest=at(UNTIL_SHARE)
    )
