"""How much longer buses take than a free road would let them: from the timetable's own trips."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.bus.distances import trip_times_s
from viavolta.engines.bus.shapes import trip_bounds
from viavolta.model.timetable import Timetable
from viavolta.model.trip import Floats
from viavolta.model.vehicle import DrivingStyle

MIN_TRIPS = 10
"""Fewer trips on known roads calibrate nothing (assumption)."""
FACTOR_BOUNDS = (1.0, 4.0)
"""Plausible range: nobody is faster than a free road (assumption)."""
_MIN_FREE_S = 120.0
"""Shorter trips say little, because timetables are rounded to minutes (assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFactor:
    """Driving time over free driving time: median and middle half of `n_trips` trips.

    `n_trips` is 0 where there were too few, and all three are the default.
    """

    factor: float
    low: float
    high: float
    n_trips: int


def time_factor(
    timetable: Timetable,
    free_s: Floats,
    length_m: Floats,
    *,
    style: DrivingStyle,
    default: float,
) -> TimeFactor:
    """Median over trips of time in motion over free driving time on the same road.

    The time at stops is taken off: what the timetable shows, at least the usual standing time at
    the served share of the stops, and braking and starting there (speed over acceleration). What is
    left is traffic, lights and bends, which ways without passengers meet too.

    Parameters
    ----------
    free_s, length_m
        (N,) free driving time and length of each trip's road, NaN where the road is not known.
    """
    start_s, end_s, dwell_s = trip_times_s(timetable)
    between = np.maximum(np.diff(trip_bounds(timetable)) - 2, 0)
    served = style.served_stops_share * between
    lasts_s = (end_s - start_s).astype(np.float64)
    standing_s = np.maximum(dwell_s, served * style.stop_time_s)
    with np.errstate(invalid="ignore", divide="ignore"):
        braking_s = served * length_m / free_s / style.acceleration_m_s2
        moving_s = lasts_s - standing_s - braking_s
        is_told = (free_s >= _MIN_FREE_S) & (moving_s > 0.0)
    if int(is_told.sum()) < MIN_TRIPS:
        return TimeFactor(factor=default, low=default, high=default, n_trips=0)
    ratio = np.clip(moving_s[is_told] / free_s[is_told], *FACTOR_BOUNDS)
    low, factor, high = (float(q) for q in np.quantile(ratio, (0.25, 0.5, 0.75)))
    return TimeFactor(factor=factor, low=low, high=high, n_trips=int(is_told.sum()))
