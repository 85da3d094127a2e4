"""What a site asks of the grid: power now and later, its day, the flexibility it offers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats
from viavolta.model.grid import Grade
from viavolta.model.study import Study

WINDOWS_H = ((0, 6), (6, 9), (9, 12), (12, 15), (15, 18), (18, 21), (21, 24))
"""Parts of the day for which power is named, hours."""

_DAY_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class DayProfile:
    """Mean power in each step of a day, on the local clock.

    Attributes
    ----------
    start_s : (T,) seconds since midnight, rising, 0 <= start_s < 86400.
    managed_kw, unmanaged_kw : (T,) highest over all days of the study; feed-in negative.
    """

    start_s: Floats
    managed_kw: Floats
    unmanaged_kw: Floats

    def __post_init__(self) -> None:
        same = len(self.start_s) == len(self.managed_kw) == len(self.unmanaged_kw)
        inside = bool(np.all((self.start_s >= 0) & (self.start_s < _DAY_S)))
        if not same or not inside or not len(self.start_s):
            msg = "a profile has the same steps of one day in all columns"
            raise ValueError(msg)

    def highest_kw(self, first_h: float, last_h: float) -> tuple[float, float] | None:
        """Give the highest managed and unmanaged power between two hours of the day."""
        here = (self.start_s >= 3600 * first_h) & (self.start_s < 3600 * last_h)
        if not here.any():
            return None
        return float(self.managed_kw[here].max()), float(self.unmanaged_kw[here].max())


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRequest:
    """One site. What is not known is None or empty.

    Attributes
    ----------
    site : its name. node : the point of the grid, as the operator calls it. place : where it is.
    now_kw : highest load without the vehicles, which is there today. asked_kw : the connection
        that is asked for. equipment : charging points, in words.
    energy_kwh_per_day : what vehicles take on the day shown. export_kw : most power fed back.
    day : in words, which day the profile shows. grade : of the grid model used; None for none.
    """

    site: str
    node: str
    place: str
    now_kw: float | None
    asked_kw: float
    equipment: str
    energy_kwh_per_day: float | None
    export_kw: float
    profile: DayProfile
    day: str
    timezone: str
    grade: Grade | None
    study: Study

    @property
    def peak_kw(self) -> float:
        """Highest power with managed charging."""
        return float(self.profile.managed_kw.max())

    @property
    def unmanaged_peak_kw(self) -> float:
        """Highest power if every vehicle charged as soon and as fast as it could."""
        return float(self.profile.unmanaged_kw.max())


def statuses(study: Study) -> Sequence[tuple[str, int]]:
    """Count the assumptions of a study by how sure they are, surest first."""
    order = ("verified", "user", "secondary", "general-knowledge")
    counts = dict.fromkeys(order, 0)
    for one in study.assumptions:
        counts[one.status] = counts.get(one.status, 0) + 1
    return [(status, n) for status, n in counts.items() if n]
