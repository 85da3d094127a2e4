"""What the weather asks of a vehicle: a year of temperatures, and the days that stand for it."""

from dataclasses import dataclass

from viavolta.model.notices import Repair
from viavolta.model.trip import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherYear:
    """Hourly air temperature of one or more whole years; temperature_c has shape (H,), H = 24 n.

    Element 0 is the first hour of a day (in the file's own time zone).
    """

    name: str
    source: str
    temperature_c: Floats
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignDays:
    """The days a plan is sized for and the three that stand for the year.

    Attributes
    ----------
    winter_design_c, summer_design_c: what fleet and chargers must cope with; for sizing only.
    winter_c, mean_c, summer_c: three days that together, `days_winter`, `days_mean` and
        `days_summer` times (365 in all), need the year's heating and cooling; for yearly figures.
    source: where the figures come from, for the reader of a study.
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

    def weighted(self) -> tuple[tuple[float, float], ...]:
        """(temperature in C, days per year) of winter, mean and summer day."""
        return (
            (self.winter_c, self.days_winter),
            (self.mean_c, self.days_mean),
            (self.summer_c, self.days_summer),
        )
