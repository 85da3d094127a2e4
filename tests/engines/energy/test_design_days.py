"""From a year of hours to design days: cold enough to size, right in sum for the year."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.energy.climate import (
    COOLING_LIMIT_C,
    DAYTIME_HOURS,
    HEATING_LIMIT_C,
    SERVICE_HOURS,
    design_days,
)


def year(mean_c: float, swing_c: float, daily_c: float, seed: int) -> np.ndarray:
    hours = np.arange(8760)
    rng = np.random.default_rng(seed)
    return (
        mean_c
        - swing_c * np.cos(2 * np.pi * hours / 8760)
        - daily_c * np.cos(2 * np.pi * (hours % 24 - 3) / 24)
        + np.repeat(rng.normal(0, 3, 365), 24)
    )


@given(st.floats(-2, 20), st.floats(2, 15), st.floats(0, 6), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_three_days_need_the_years_heating(mean_c, swing_c, daily_c, seed):
    """Heating degrees over the service hours of the year equal those of the weighted days."""
    temperature_c = year(mean_c, swing_c, daily_c, seed)
    days = design_days(temperature_c)
    service = temperature_c.reshape(365, 24)[:, SERVICE_HOURS]
    all_k = np.maximum(HEATING_LIMIT_C - service, 0).mean(axis=1).sum()
    summer_k = np.maximum(HEATING_LIMIT_C - service[service.mean(axis=1) > 20], 0).mean(axis=1)
    weighted_k = sum(max(HEATING_LIMIT_C - t, 0) * n for t, n in days.weighted())
    assert weighted_k == pytest.approx(all_k, abs=2.0 + summer_k.sum() + 0.02 * all_k)
    assert days.days_winter + days.days_mean + days.days_summer == pytest.approx(365)


@given(st.floats(-2, 20), st.floats(2, 15), st.floats(0, 6), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_design_days_are_extreme(mean_c, swing_c, daily_c, seed):
    """Winter design is colder than all but one day's mean, summer design hotter than almost all."""
    temperature_c = year(mean_c, swing_c, daily_c, seed)
    days = design_days(temperature_c)
    service = temperature_c.reshape(365, 24)[:, SERVICE_HOURS].mean(axis=1)
    assert (service < days.winter_design_c).sum() <= 1
    if days.days_winter > 10:
        assert days.winter_design_c <= days.winter_c + 1e-9
    assert days.summer_design_c >= days.winter_design_c


def test_hot_year_needs_cooling():
    """A year of 30 C has only summer days, at 30 C."""
    days = design_days(np.full(8760, 30.0))
    assert days.days_summer == 365
    assert days.summer_c == pytest.approx(30.0)
    assert days.winter_design_c == days.summer_design_c == 30.0
    assert days.summer_c > COOLING_LIMIT_C


def test_several_years_weigh_as_one():
    """Two years of hours give the same days per year as one."""
    one = year(9.0, 9.0, 4.0, 5)
    assert design_days(np.tile(one, 2)).days_winter == pytest.approx(design_days(one).days_winter)


@pytest.mark.parametrize(
    "temperature_c", [np.zeros(8759), np.zeros(240), np.full(8760, np.nan), np.zeros((365, 24))]
)
def test_other_than_whole_years_are_refused(temperature_c):
    """Broken days, short series, missing values and wrong shapes raise."""
    with pytest.raises(ValueError, match=r"whole days|finite"):
        design_days(temperature_c)


@given(st.floats(-2, 20), st.floats(2, 15), st.floats(0, 6), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_hours_need_on_average_what_their_day_needs(mean_c, swing_c, daily_c, seed):
    """Over the service hours the hours of a day have its mean heating, or its mean temperature."""
    days = design_days(year(mean_c, swing_c, daily_c, seed), hours_ahead=(0, 0))
    hours = days.hours
    assert hours.winter_design_c[SERVICE_HOURS].mean() == pytest.approx(days.winter_design_c)
    assert hours.summer_design_c[DAYTIME_HOURS].mean() == pytest.approx(days.summer_design_c)
    for day_c, hours_c in ((days.winter_c, hours.winter_c), (days.mean_c, hours.mean_c)):
        assert hours_c[SERVICE_HOURS].mean() == pytest.approx(day_c, abs=1e-6)
    assert hours.summer_c[SERVICE_HOURS].mean() == pytest.approx(days.summer_c, abs=1e-6)
    if daily_c > 1:
        assert hours.winter_design_c[3] < hours.winter_design_c[15]


def test_hours_are_those_of_local_time_and_follow_a_colder_winter():
    """The coldest hour, 03:00 UTC, is 04:00 in winter and 05:00 in summer in central Europe."""
    temperature_c = year(10.0, 9.0, 4.0, 1)
    days = design_days(temperature_c, hours_ahead=(1, 2))
    assert int(np.argmin(days.hours.winter_design_c)) == 4
    assert int(np.argmin(days.hours.summer_design_c)) == 5
    assert days.hours_c(days.winter_c) == pytest.approx(days.hours.winter_c)
    assert days.hours_c(days.winter_c - 3.0) == pytest.approx(days.hours.winter_c - 3.0)
    without = design_days(temperature_c)
    assert without.hours_c(5.0) == pytest.approx(np.full(24, 5.0))
