"""Recorded diaries: what some drivers charged, session by session, in local time."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints, Times, freeze, require

WEEK_S = 7 * 86_400
_MONDAY = np.datetime64("1970-01-05T00:00:00", "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diaries:
    """Sessions of D drivers in order of driver and arrival. Shapes: all (S,).

    Attributes
    ----------
    driver : 0..D-1, every number at least once.
    arrival : datetime64[s], local wall time. plugged_s : how long the vehicle was plugged in.
    energy_kwh : taken from the plug.
    """

    driver: Ints
    arrival: Times
    plugged_s: Ints
    energy_kwh: Floats

    def __post_init__(self) -> None:
        shape = (len(self.energy_kwh),)
        freeze(self, "driver", "int64", shape)
        freeze(self, "arrival", "datetime64[s]", shape)
        freeze(self, "plugged_s", "int64", shape)
        freeze(self, "energy_kwh", "float64", shape)
        require(len(self.driver) > 0, "diaries have at least one session")
        steps = np.diff(self.driver)
        require(self.driver[0] == 0 and ((steps == 0) | (steps == 1)).all(), "drivers are 0..D-1")
        in_order = (steps == 1) | (np.diff(self.arrival).astype(np.int64) >= 0)
        require(in_order, "sessions of a driver are in order of arrival")
        require((self.plugged_s > 0) & (self.energy_kwh > 0), "plugged_s and energy_kwh > 0")

    @property
    def n_drivers(self) -> int:
        """Number of drivers D."""
        return int(self.driver[-1]) + 1

    def weeks(self) -> "DiaryWeeks":
        """All weeks from the first session of each driver to the last, empty ones included."""
        week = week_of(self.arrival)
        first_row = np.searchsorted(self.driver, np.arange(self.n_drivers + 1))
        n_weeks = week[first_row[1:] - 1] - week[first_row[:-1]] + 1
        offsets = np.concatenate(([0], np.cumsum(n_weeks)))
        monday = np.concatenate(
            [
                np.arange(week[row], week[row] + n)
                for row, n in zip(first_row, n_weeks, strict=False)
            ]
        )
        # rows of a driver are in order of weeks, so that drivers and weeks can be searched as one
        span = int(week.max()) + 2
        keys = self.driver * span + week
        wanted = np.repeat(np.arange(self.n_drivers), n_weeks) * span + monday
        return DiaryWeeks(
            offsets=offsets,
            week=monday,
            first_row=np.searchsorted(keys, wanted, side="left"),
            last_row=np.searchsorted(keys, wanted, side="right"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryWeeks:
    """Weeks of all drivers, one driver after the other. W = all weeks of all drivers.

    Attributes
    ----------
    offsets : (D + 1,) weeks of driver d are rows offsets[d] to offsets[d + 1].
    week : (W,) number of the week, as `week_of` counts. first_row, last_row : (W,) its sessions.
    """

    offsets: Ints
    week: Ints
    first_row: Ints
    last_row: Ints


def week_of(moment: Times | np.datetime64) -> Ints:
    """Count weeks from Monday to Sunday since the first Monday of 1970. Any shape."""
    seconds = (np.asarray(moment, dtype="datetime64[s]") - _MONDAY).astype(np.int64)
    return np.asarray(seconds // WEEK_S)


def is_winter(week: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether the Thursday of a week lies in October to March. Any shape."""
    thursday = _MONDAY + (week * WEEK_S + 3 * 86_400).astype("timedelta64[s]")
    month = thursday.astype("datetime64[M]").astype(np.int64) % 12 + 1
    winter: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (month <= 3) | (month >= 10)  # noqa: PLR2004 - months
    return winter
