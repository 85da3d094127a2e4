"""Months by local clocks."""

import datetime as dt
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

_EARLIEST, _LATEST = 2000, 2199
_DECEMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of a zone, `[start, end)` in UTC."""

    first: dt.date
    zone: ZoneInfo

    @classmethod
    def of(cls, moment: dt.datetime, zone: ZoneInfo) -> Self:
        """The month of a moment."""
        return cls(first=moment.astimezone(zone).date().replace(day=1), zone=zone)

    @classmethod
    def named(cls, text: str, zone: ZoneInfo) -> Self | None:
        """The month that is written as 2026-11; None where it is none."""
        try:
            first = dt.date.fromisoformat(f"{text}-01")
        except ValueError:
            return None
        return cls(first=first, zone=zone) if _EARLIEST <= first.year <= _LATEST else None

    @property
    def name(self) -> str:
        """As in 2026-11."""
        return f"{self.first:%Y-%m}"

    @property
    def start(self) -> dt.datetime:
        """Its first moment."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it."""
        return _midnight(self._next_first, self.zone)

    @property
    def before(self) -> Self:
        """The month before."""
        return type(self)(first=(self.first - dt.timedelta(days=1)).replace(day=1), zone=self.zone)

    @property
    def after(self) -> Self:
        """The month after."""
        return type(self)(first=self._next_first, zone=self.zone)

    @property
    def _next_first(self) -> dt.date:
        if self.first.month == _DECEMBER:
            return dt.date(self.first.year + 1, 1, 1)
        return self.first.replace(month=self.first.month + 1)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)
