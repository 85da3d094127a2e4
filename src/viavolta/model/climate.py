"""What the weather asks of a vehicle: a year of temperatures, and the days that stand for it."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.notices import Repair
from viavolta.model.trip import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherYear:
    """Hourly air temperature of one or more whole years; temperature_c has shape (H,), H = 24 n.

    Element 0 is the first hour of a day, in the file's own time zone, which is `utc_offset_h` ahead
    of UTC; None where the file does not say.
    """

    name: str
    source: str
    temperature_c: Floats
    repairs: tuple[Repair, ...] = ()
    utc_offset_h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignHours:
    """Temperatures of the five days by hour of local time, 00:00 first. Shapes: all (24,)."""

    winter_design_c: Floats
    summer_design_c: Floats
    winter_c: Floats
    mean_c: Floats
    summer_c: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignDays:
    """The days a plan is sized for and the three that stand for the year.

    Attributes
    ----------
    winter_design_c, summer_design_c: what fleet and chargers must cope with; for sizing only.
    winter_c, mean_c, summer_c: three days that together, `days_winter`, `days_mean` and
        `days_summer` times (365 in all), need the year's heating and cooling; for yearly figures.
    source: where the figures come from, for the reader of a study.
    hours: the temperatures of each of the five days by hour, where a year of hours is known.
    """

    winter_design_c: float
    summer_design_c: float
    winter_c: float
    mean_c: float
    summer_c: float
    days_winter: float
    days_mean: float
    days_summer: float
    source: str
    hours: "DesignHours | None" = None

    def hours_c(self, temperature_c: float) -> Floats:
        """Temperatures by hour, (24,), of the day that has this temperature.

        Of a day that is not among the five, as where a winter is made colder, the hours of the
        nearest are moved by as much. Without hours every hour has the day's temperature.
        """
        if self.hours is None:
            return np.full(24, temperature_c)
        days = (
            (self.winter_design_c, self.hours.winter_design_c),
            (self.summer_design_c, self.hours.summer_design_c),
            (self.winter_c, self.hours.winter_c),
            (self.mean_c, self.hours.mean_c),
            (self.summer_c, self.hours.summer_c),
        )
        day_c, hours_c = min(days, key=lambda day: abs(day[0] - temperature_c))
        return np.asarray(hours_c + (temperature_c - day_c), dtype=np.float64)

    def weighted(self) -> tuple[tuple[float, float], ...]:
        """(temperature in C, days per year) of winter, mean and summer day."""
        return (
            (self.winter_c, self.days_winter),
            (self.mean_c, self.days_mean),
            (self.summer_c, self.days_summer),
        )
