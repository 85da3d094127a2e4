"""Time on a charge report: steps of the study on a local clock, in words and on an axis."""

import datetime as dt
import json
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from viavolta.model.arrays import Ints
from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.numbers import DAY_S, HOUR_S, long_date

_QUARTER_S = 900
_LABELS_WIDE, _LABELS_NARROW = 11, 4
_HOURS_APART = (1, 2, 3, 4, 6, 8, 12)
_DAYS_APART = (1, 2, 7, 14, 28, 56, 91, 182, 364)
_WEEK_H = 7 * 24
_BINS_S = (*(900 * n for n in (1, 2, 4, 8, 12, 16, 24, 32, 48, 96)), 7 * DAY_S, 28 * DAY_S)
"""Spans that people think in, from a quarter of an hour up."""

_LONGEST_IN_HOURS_H = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalClock:
    """Seconds since the first step, shown on the clock of a time zone.

    Attributes
    ----------
    first_s : start of the first step, seconds since 1970 in UTC.
    step_s, n_steps : length and number of steps.
    zone : the clock; `zone_name` as the page says it.
    """

    first_s: int
    step_s: int
    n_steps: int
    zone: dt.tzinfo
    zone_name: str

    @property
    def length_s(self) -> int:
        """Seconds from the start of the first to the end of the last step."""
        return self.step_s * self.n_steps

    @property
    def step_h(self) -> float:
        """Length of a step in hours."""
        return self.step_s / HOUR_S

    def local(self, second: int) -> dt.datetime:
        """Local date and time, `second` seconds after the start."""
        return dt.datetime.fromtimestamp(self.first_s + int(second), tz=self.zone)

    def moment(self, second: int) -> str:
        """Weekday, day and time."""
        at = self.local(second)
        return f"{short_day(at)} {at:%H:%M}"

    def span(self, begin_s: int, end_s: int) -> str:
        """From when to when; the day stands once where it is the same."""
        begin, end = self.local(begin_s), self.local(end_s)
        last = f"{end:%H:%M}"
        if begin.date() != end.date():
            last = f"{short_day(end)} {last}"
        return text("{begin} to {end}", begin=self.moment(begin_s), end=last)

    def steps_together(self, points: int) -> int:
        """How many steps make one point, if a picture has room for so many points."""
        least_s = -(-self.n_steps // points) * self.step_s
        whole = (s for s in _BINS_S if s >= least_s and s % self.step_s == 0)
        return (self.step_s if least_s == self.step_s else next(whole, least_s)) // self.step_s

    def times_of_day(self) -> Ints:
        """(T,) which step of the local day each step of the study is."""
        seconds = np.empty(self.n_steps, dtype=np.int64)
        for step in range(self.n_steps):
            at = self.local(step * self.step_s)
            seconds[step] = at.hour * HOUR_S + at.minute * 60 + at.second
        return seconds // self.step_s

    def period(self) -> str:
        """Name the study's length: in 24 hours, this week, in 30 days."""
        length_h = self.length_s / HOUR_S
        if length_h == _WEEK_H:
            return text("this week")
        if length_h <= _LONGEST_IN_HOURS_H:
            return text("in these {n:g} hours", n=round(length_h, 2))
        return text("in these {n:g} days", n=round(length_h / 24, 1))

    def axis(self, *, width: int, with_title: bool) -> Spec:
        """Ticks at full local hours, or at midnight where the study is long."""
        labels = self._labels(_LABELS_WIDE if width > NARROW_PX else _LABELS_NARROW)
        return {
            "title": self.title() if with_title else "",
            "values": list(labels),
            "labelExpr": f"({json.dumps(labels)})[datum.value]",
            "labelFlush": False,
            "labelOverlap": False,
        }

    def title(self) -> str:
        """Which clock the axis shows, and from which day on."""
        day = self.local(0).date()
        if self.length_s > _DAYS_APART[1] * DAY_S:
            return text("days ({zone}), from {day}", zone=self.zone_name, day=long_date(day))
        return text("time of day ({zone}), from {day}", zone=self.zone_name, day=long_date(day))

    def _labels(self, n_labels: int) -> dict[int, str | list[str]]:
        apart_h = self.length_s / HOUR_S / n_labels
        every_h = next((h for h in _HOURS_APART if h >= apart_h), None)
        if every_h is not None:
            return self._hour_labels(every_h)
        every_d = next((d for d in _DAYS_APART if 24 * d >= apart_h), _DAYS_APART[-1])
        return self._day_labels(every_d)

    def _hour_labels(self, every_h: int) -> dict[int, str | list[str]]:
        labels: dict[int, str | list[str]] = {}
        start = -self.first_s % _QUARTER_S
        for second in range(start, self.length_s + 1, _QUARTER_S):
            at = self.local(second)
            if at.minute or at.hour % every_h:
                continue
            labels[second] = [f"{at:%H:%M}", short_day(at)] if at.hour == 0 else f"{at:%H:%M}"
        return labels

    def _day_labels(self, every_d: int) -> dict[int, str | list[str]]:
        labels: dict[int, str | list[str]] = {}
        first = self.local(0).date()
        for day in range(0, self.length_s // DAY_S + 2, every_d):
            date = first + dt.timedelta(days=day)
            midnight = dt.datetime.combine(date, dt.time(), tzinfo=self.zone)
            second = int(midnight.timestamp()) - self.first_s
            if 0 <= second <= self.length_s:
                labels[second] = short_day(midnight)
        return labels


def zone_of(name: str) -> tuple[dt.tzinfo, str]:
    """The named time zone, or UTC where there is no such zone; with the name to show."""
    try:
        return ZoneInfo(name), name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC, "UTC"


def short_day(at: dt.datetime) -> str:
    """Weekday, day and month in short."""
    weekday, rest = long_date(at.date()).split(" ", 1)
    day, month, _ = rest.split(" ")
    return f"{weekday[:3]} {day} {month[:3]}"
