"""How much drivers plug in and take part, and what it brings them.

The plug-in rate is that of simulations (`services.simulation.summary`): hours in which vehicles
were plugged in over hours in which they could have been, drivers times length of the period.
Participation is the share of sessions whose driver left the power to the plan for some of the time.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

_S_PER_H = 3600.0
_WH_PER_KWH = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A session as measures see it; `driver` is whatever tells drivers apart.

    Energy, wear and reward belong to the moment of the end; `ended_at` None while under way.
    """

    driver: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    is_flexible: bool = False
    energy_wh: float = 0.0
    flexible_wh: float = 0.0
    discharged_wh: float = 0.0
    reward_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What drivers did in a period.

    `plugged_h` counts sessions under way, energies and rewards count sessions that ended in it, so
    that those of neighbouring periods add up.
    """

    drivers: int
    sessions: int
    flexible_sessions: int
    plugged_h: float
    horizon_h: float
    energy_kwh: float
    flexible_kwh: float
    discharged_kwh: float
    reward_cents: int

    @property
    def plug_in_share(self) -> float | None:
        """Hours plugged in over drivers times hours of the period; None without drivers."""
        if not self.drivers or self.horizon_h <= 0:
            return None
        return self.plugged_h / (self.drivers * self.horizon_h)

    @property
    def participation(self) -> float | None:
        """Share of the sessions that ended in which power was left to the plan for a while."""
        return self.flexible_sessions / self.sessions if self.sessions else None


def measures_of(sessions: Iterable[Taken], start: dt.datetime, end: dt.datetime) -> Measures:
    """What drivers did in `[start, end)`; sessions that do not touch it count for nothing."""
    touching = [
        one
        for one in sessions
        if one.started_at < end and (one.ended_at is None or one.ended_at >= start)
    ]
    ended = [one for one in touching if one.ended_at is not None and one.ended_at < end]
    return Measures(
        drivers=len({one.driver for one in touching}),
        sessions=len(ended),
        flexible_sessions=sum(one.is_flexible for one in ended),
        plugged_h=sum(_hours_within(one, start, end) for one in touching),
        horizon_h=max((end - start).total_seconds(), 0.0) / _S_PER_H,
        energy_kwh=sum(one.energy_wh for one in ended) / _WH_PER_KWH,
        flexible_kwh=sum(one.flexible_wh for one in ended) / _WH_PER_KWH,
        discharged_kwh=sum(one.discharged_wh for one in ended) / _WH_PER_KWH,
        reward_cents=sum(one.reward_cents for one in ended),
    )


def _hours_within(one: Taken, start: dt.datetime, end: dt.datetime) -> float:
    until = end if one.ended_at is None else min(one.ended_at, end)
    return max((until - max(one.started_at, start)).total_seconds(), 0.0) / _S_PER_H
