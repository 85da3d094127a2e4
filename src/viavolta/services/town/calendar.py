"""The year that is studied, and its steps."""

import numpy as np

from viavolta.model.arrays import Times

FIRST = np.datetime64("2023-01-01T00:00:00", "s")
"""Begin of the year that is studied, in UTC: the year of the load profiles."""
STEP_S = 900
N_STEPS = 35_040
WEEK_STEPS = 672
"""Steps of a week, counted from the first step."""
HOUR_S = 3600
HOUR_STEPS = HOUR_S // STEP_S
STEP_H = STEP_S / HOUR_S


def n_weeks(n_steps: int) -> int:
    """Weeks that a year is planned in; the last may be short."""
    return -(-n_steps // WEEK_STEPS)


def study_year(n_steps: int = N_STEPS) -> Times:
    """(T,) begins of the quarter hours of the year."""
    return np.asarray(FIRST + np.arange(n_steps) * np.timedelta64(STEP_S, "s"))
