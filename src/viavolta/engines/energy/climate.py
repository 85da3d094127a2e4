"""From a year of hourly temperatures to the few days a plan is made for."""

import numpy as np
from numpy.typing import NDArray

from viavolta.model.climate import DesignDays, DesignHours
from viavolta.model.trip import Floats

Flags = NDArray[np.bool_]

SERVICE_HOURS = slice(5, 24)
"""Hours of the day in which buses run, 05:00 to 24:00."""
DAYTIME_HOURS = slice(9, 21)
"""The warm half of the day, 09:00 to 21:00."""
DESIGN_QUANTILE = 0.002
"""Winter design: about the coldest day of a year; summer likewise. Files of typical years have
already lost the extreme winters, so a milder quantile would size a fleet that fails in them."""
WINTER_BELOW_C = 10.0
SUMMER_ABOVE_C = 20.0
"""Daily means that part the year into winter, mild and summer days."""
HEATING_LIMIT_C = 16.0
COOLING_LIMIT_C = 25.0
"""Where heating and cooling begin, as in catalogue/buses.csv."""
_DAYS_OF_A_SHAPE = 4
"""Days whose mean gives the hours of a design day: about a hundredth of a year."""
_HOURS_PER_DAY = 24
_DAYS_PER_YEAR = 365.0


def design_days(
    temperature_c: Floats, *, source: str = "", hours_ahead: tuple[int, int] | None = None
) -> DesignDays:
    """Design temperatures and the three representative days of a year.

    Winter design: 0.2 % quantile of the daily means over the service hours. Summer design: 99.8 %
    quantile of the daily means over the daytime. For yearly figures the days are parted by daily
    mean (below 10 C, above 20 C, between). Winter and mild days get the temperature that needs the
    group's mean heating, summer days the one that needs its mean cooling, hour by hour: a mild
    mean hides cool mornings.

    Parameters
    ----------
    temperature_c
        Hourly, shape (H,), H a multiple of 24 and at least a year; finite.
    source
        Where the temperatures come from, kept in the result.
    hours_ahead
        How many hours local time is ahead of the temperatures' in winter and in summer; with it the
        days are told by hour of local time too.

    Raises
    ------
    ValueError: the shape is wrong or a value is missing.
    """
    temperature_c = np.asarray(temperature_c, dtype=np.float64)
    whole_days = temperature_c.ndim == 1 and temperature_c.size % _HOURS_PER_DAY == 0
    if not (whole_days and temperature_c.size >= _DAYS_PER_YEAR * _HOURS_PER_DAY):
        msg = f"expected whole days of at least a year, got shape {temperature_c.shape}"
        raise ValueError(msg)
    if not np.isfinite(temperature_c).all():
        msg = "temperatures must be finite"
        raise ValueError(msg)
    days = temperature_c.reshape(-1, _HOURS_PER_DAY)
    service = days[:, SERVICE_HOURS]
    daily_mean_c = days.mean(axis=1)
    is_winter = daily_mean_c < WINTER_BELOW_C
    is_summer = daily_mean_c > SUMMER_ABOVE_C
    is_mild = ~(is_winter | is_summer)
    per_year = _DAYS_PER_YEAR / len(days)
    return DesignDays(
        winter_design_c=float(np.quantile(service.mean(axis=1), DESIGN_QUANTILE)),
        summer_design_c=float(
            np.quantile(days[:, DAYTIME_HOURS].mean(axis=1), 1.0 - DESIGN_QUANTILE)
        ),
        winter_c=_heating_day_c(service[is_winter], otherwise_c=WINTER_BELOW_C),
        mean_c=_heating_day_c(service[is_mild], otherwise_c=HEATING_LIMIT_C),
        summer_c=_cooling_day_c(service[is_summer]),
        days_winter=float(is_winter.sum() * per_year),
        days_mean=float(is_mild.sum() * per_year),
        days_summer=float(is_summer.sum() * per_year),
        source=source,
        hours=None
        if hours_ahead is None
        else _hours(days, (is_winter, is_mild, is_summer), hours_ahead),
    )


def service_means_c(temperature_c: Floats) -> Floats:
    """Mean temperature over the service hours of each day (D,); hourly, shape (24 D,)."""
    days = np.asarray(temperature_c, dtype=np.float64).reshape(-1, _HOURS_PER_DAY)
    return np.asarray(days[:, SERVICE_HOURS].mean(axis=1))


def _hours(
    days: Floats, groups: tuple[Flags, Flags, Flags], hours_ahead: tuple[int, int]
) -> DesignHours:
    """The five days by hour of local time.

    A day that stands for others needs in each hour the heating or cooling that they need then on
    average. A design day has the shape of the year's coldest or hottest days.
    """
    service_c, daytime_c = days[:, SERVICE_HOURS].mean(axis=1), days[:, DAYTIME_HOURS].mean(axis=1)
    winter_design_c = float(np.quantile(service_c, DESIGN_QUANTILE))
    summer_design_c = float(np.quantile(daytime_c, 1.0 - DESIGN_QUANTILE))
    coldest = days[np.argsort(service_c, kind="stable")[:_DAYS_OF_A_SHAPE]].mean(axis=0)
    hottest = days[np.argsort(-daytime_c, kind="stable")[:_DAYS_OF_A_SHAPE]].mean(axis=0)
    winter, mild, summer = (days[group] for group in groups)
    in_winter, in_summer = hours_ahead
    return DesignHours(
        winter_design_c=np.roll(
            coldest + (winter_design_c - coldest[SERVICE_HOURS].mean()), in_winter
        ),
        summer_design_c=np.roll(
            hottest + (summer_design_c - hottest[DAYTIME_HOURS].mean()), in_summer
        ),
        winter_c=np.roll(_heating_hours_c(winter, otherwise_c=WINTER_BELOW_C), in_winter),
        mean_c=np.roll(_heating_hours_c(mild, otherwise_c=HEATING_LIMIT_C), in_winter),
        summer_c=np.roll(_cooling_hours_c(summer), in_summer),
    )


def _heating_hours_c(days_c: Floats, *, otherwise_c: float) -> Floats:
    if len(days_c) == 0:
        return np.full(_HOURS_PER_DAY, otherwise_c)
    if not (days_c[:, SERVICE_HOURS] < HEATING_LIMIT_C).any():
        return np.asarray(days_c.mean(axis=0), dtype=np.float64)
    need_k = np.maximum(HEATING_LIMIT_C - days_c, 0.0).mean(axis=0)
    return np.asarray(HEATING_LIMIT_C - need_k, dtype=np.float64)


def _cooling_hours_c(days_c: Floats) -> Floats:
    if len(days_c) == 0:
        return np.full(_HOURS_PER_DAY, COOLING_LIMIT_C)
    if not (days_c[:, SERVICE_HOURS] > COOLING_LIMIT_C).any():
        return np.asarray(days_c.mean(axis=0), dtype=np.float64)
    need_k = np.maximum(days_c - COOLING_LIMIT_C, 0.0).mean(axis=0)
    return np.asarray(COOLING_LIMIT_C + need_k, dtype=np.float64)


def _heating_day_c(hours_c: Floats, *, otherwise_c: float) -> float:
    """Find the constant temperature that needs as much heating as these days on average."""
    if hours_c.size == 0:
        return otherwise_c
    need_k = float(np.maximum(HEATING_LIMIT_C - hours_c, 0.0).mean())
    return HEATING_LIMIT_C - need_k if need_k > 0 else float(hours_c.mean())


def _cooling_day_c(hours_c: Floats) -> float:
    """Find the constant temperature that needs as much cooling as these days on average."""
    if hours_c.size == 0:
        return COOLING_LIMIT_C
    need_k = float(np.maximum(hours_c - COOLING_LIMIT_C, 0.0).mean())
    return COOLING_LIMIT_C + need_k if need_k > 0 else float(hours_c.mean())
