"""The days that the weather makes a plan for, by hour where a year of hours is given."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from viavolta.catalogue import Assumptions
from viavolta.catalogue.climates import nearest_climate
from viavolta.engines.energy.climate import design_days
from viavolta.formats.weather import read_weather
from viavolta.model.climate import DesignDays
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.timetable import Timetable
from viavolta.model.trip import PlaceTable


def weather_days(
    weather: Path | None, assumptions: Assumptions, timetable: Timetable, places: PlaceTable
) -> tuple[DesignDays, str, tuple[StudyWarning, ...]]:
    """The days, where they come from, and what to warn of.

    Raises
    ------
    UsageError, InputError: the file cannot be read.
    """
    if weather is not None:
        year = read_weather(weather)
        days = design_days(
            year.temperature_c,
            source=year.source,
            hours_ahead=_hours_ahead(timetable, year.utc_offset_h, lat=float(places.lat.mean())),
        )
        return days, year.name, ()
    days = nearest_climate(assumptions, float(places.lat.mean()), float(places.lon.mean()))
    message = text(
        "no weather file: the climate of the catalogue stands in ({source})", source=days.source
    )
    return days, days.source, (StudyWarning(code="no-weather", file=None, message=message),)


def _hours_ahead(
    timetable: Timetable, utc_offset_h: float | None, *, lat: float
) -> tuple[int, int]:
    """Hours that local time is ahead of the weather's in the cold and in the warm season.

    Weather that does not say its time is taken as local standard time.
    """
    zone = ZoneInfo(timetable.timezone)
    months = (1, 7) if lat >= 0.0 else (7, 1)
    cold, warm = (
        dt.datetime(timetable.date.year, month, 15, 12, tzinfo=zone).utcoffset() or dt.timedelta()
        for month in months
    )
    own_h = min(cold, warm) / dt.timedelta(hours=1) if utc_offset_h is None else utc_offset_h
    return (
        round(cold / dt.timedelta(hours=1) - own_h),
        round(warm / dt.timedelta(hours=1) - own_h),
    )
