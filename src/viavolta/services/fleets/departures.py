"""The next departures of a vehicle: usual ones by weekday, single ones in their place."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

MINUTES_PER_DAY = 24 * 60
LOOK_AHEAD_DAYS = 8
"""A usual departure, once a week, is always among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """What counts on one day in place of the usual departure; `leaves_at` None: it stays."""

    day: dt.date
    leaves_at: dt.datetime | None
    target_soc: float | None = None
    energy_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A departure: when, with what share of its battery or how much energy charged (kWh)."""

    at: dt.datetime
    target_soc: float | None
    energy_kwh: float | None
    is_usual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """All that is known of when a vehicle leaves.

    `usual` has the minute of the local day for weekdays on which it leaves (0 is Monday).
    `target_soc` counts where a departure names no need of its own.
    """

    usual: Mapping[int, int]
    singles: tuple[Single, ...]
    zone: ZoneInfo
    target_soc: float | None = None

    def __post_init__(self) -> None:
        is_day = all(0 <= day <= 6 for day in self.usual)  # noqa: PLR2004 - days of a week
        if not is_day or not all(0 <= m < MINUTES_PER_DAY for m in self.usual.values()):
            msg = "weekdays are 0 to 6, minutes those of a day"
            raise ValueError(msg)

    def between(self, start: dt.datetime, end: dt.datetime) -> list[Leaving]:
        """All departures in `[start, end)`, in order."""
        by_day: dict[dt.date, list[Single]] = {}
        for single in self.singles:
            by_day.setdefault(single.day, []).append(single)
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        found = []
        while day <= last:
            found += self._of(day, by_day.get(day, ()))
            day += dt.timedelta(days=1)
        return sorted((one for one in found if start <= one.at < end), key=lambda one: one.at)

    def next(self, now: dt.datetime) -> Leaving | None:
        """The first departure after a moment; None where none is known within eight days."""
        soon = now + dt.timedelta(days=LOOK_AHEAD_DAYS)
        return next((one for one in self.between(now, soon) if one.at > now), None)

    def last(self, now: dt.datetime, *, within: dt.timedelta) -> Leaving | None:
        """The latest departure that was due by now, at most so long ago."""
        return next(reversed(self.between(now - within, now)), None)

    def _of(self, day: dt.date, singles: Iterable[Single]) -> list[Leaving]:
        own = list(singles)
        if own:
            return [
                Leaving(
                    at=single.leaves_at,
                    target_soc=self._target(single),
                    energy_kwh=single.energy_kwh,
                    is_usual=False,
                )
                for single in own
                if single.leaves_at is not None
            ]
        minute = self.usual.get(day.weekday())
        if minute is None:
            return []
        at = moment_of(day, minute, self.zone)
        return [Leaving(at=at, target_soc=self.target_soc, energy_kwh=None, is_usual=True)]

    def _target(self, single: Single) -> float | None:
        if single.target_soc is None and single.energy_kwh is None:
            return self.target_soc
        return single.target_soc


def moment_of(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """When local clocks show this minute of a day, UTC; the first time where it comes twice.

    A time that the change of clocks leaves out is as long after midnight as it would have been.
    """
    wall = dt.time(minute // 60, minute % 60)
    return dt.datetime.combine(day, wall, tzinfo=zone).astimezone(dt.UTC)
