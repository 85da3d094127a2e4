"""Years drawn from diaries: what a vehicle does is its own, and comes from a recorded driver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.behaviour.diaries import Diaries, is_winter, week_of
from viavolta.engines.behaviour.draw import DrawnSessions, draw_sessions

DAY = np.timedelta64(86_400, "s")
HOUR = np.timedelta64(3600, "s")
FIRST = np.datetime64("2023-01-01T00:00:00", "s")
END = np.datetime64("2024-01-01T00:00:00", "s")


def _diaries() -> Diaries:
    """Driver 0 plugs in on Mondays at six in the evening, driver 1 every day at eight."""
    mondays = np.datetime64("2019-01-07T18:00:00", "s") + np.arange(30) * 7 * DAY
    daily = np.datetime64("2019-10-07T20:00:00", "s") + np.arange(70) * DAY
    return Diaries(
        driver=np.repeat([0, 1], [30, 70]),
        arrival=np.concatenate([mondays, daily]),
        plugged_s=np.repeat([12 * 3600, 30 * 3600], [30, 70]),
        energy_kwh=np.repeat([40.0, 8.0], [30, 70]),
    )


def _drawn(n_vehicles: int, *, seed: int = 3, order: int = 1) -> DrawnSessions:
    return draw_sessions(
        _diaries(),
        tuple(str(v) for v in range(n_vehicles))[::order],
        first=FIRST,
        end=END,
        rng=np.random.default_rng(seed),
        plug_kw=np.array([3.7, 11.0]),
        plug_share=np.array([0.5, 0.5]),
    )


def test_a_vehicle_keeps_the_weekdays_and_hours_of_its_driver() -> None:
    """Driver 0 comes on Mondays at six, once a week; driver 1 every day at eight."""
    drawn = _drawn(20)
    assert set(drawn.driver.tolist()) == {0, 1}
    for v, driver in enumerate(drawn.driver.tolist()):
        arrival = drawn.arrival[drawn.vehicle == v]
        hours = (arrival - arrival.astype("datetime64[D]")) / HOUR
        assert set(hours.tolist()) == {20.0 if driver else 18.0}
        weekdays = (arrival.astype("datetime64[D]").astype(np.int64) + 3) % 7
        assert set(weekdays.tolist()) == (set(range(7)) if driver else {0})
        assert len(arrival) == (365 if driver else 52)


def test_a_session_ends_when_the_next_begins_and_fits_the_plug() -> None:
    """Thirty hours every day are cut to 24; 40 kWh in twelve hours fit 3.7 kW, 8 kWh too."""
    drawn = _drawn(20)
    hours = (drawn.departure - drawn.arrival) / HOUR
    daily = drawn.driver[drawn.vehicle] == 1
    assert hours[daily].max() == 24.0
    assert (drawn.energy_kwh <= drawn.plug_kw[drawn.vehicle] * hours + 1e-9).all()
    assert (drawn.departure <= END).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 8), st.integers(0, 4), st.integers(0, 100))
def test_vehicles_do_not_know_of_each_other(few: int, more: int, seed: int) -> None:
    """The first vehicles of many are the same as when they are alone, in either order."""
    alone, among = _drawn(few, seed=seed), _drawn(few + more, seed=seed)
    here = among.vehicle < few
    np.testing.assert_array_equal(alone.arrival, among.arrival[here])
    np.testing.assert_array_equal(alone.energy_kwh, among.energy_kwh[here])
    np.testing.assert_array_equal(alone.plug_kw, among.plug_kw[:few])
    backwards = _drawn(few, seed=seed, order=-1)
    np.testing.assert_array_equal(alone.plug_kw, backwards.plug_kw[::-1])
    np.testing.assert_array_equal(
        alone.arrival[alone.vehicle == 0], backwards.arrival[backwards.vehicle == few - 1]
    )


def test_weeks_come_from_the_same_half_of_the_year() -> None:
    """A driver with one session in winter weeks and three or four in summer weeks keeps both."""
    winter = np.datetime64("2019-01-07T18:00:00", "s") + np.arange(10) * 7 * DAY
    summer = np.datetime64("2019-06-03T18:00:00", "s") + np.arange(30) * 2 * DAY
    arrival = np.concatenate([winter, summer])
    diaries = Diaries(
        driver=np.zeros(40, dtype=np.int64),
        arrival=arrival,
        plugged_s=np.full(40, 3600),
        energy_kwh=np.ones(40),
    )
    drawn = draw_sessions(
        diaries,
        ("one",),
        first=FIRST,
        end=END,
        rng=np.random.default_rng(1),
        plug_kw=np.array([11.0]),
        plug_share=np.array([1.0]),
    )
    assert drawn.driver.tolist() == [0]
    cold = is_winter(week_of(drawn.arrival))
    assert 0 < cold.sum() <= 27
    assert (~cold).sum() > 27


@pytest.mark.parametrize("share", [[0.5, 0.6], [1.5, -0.5]])
def test_shares_that_do_not_add_up_are_refused(share: list[float]) -> None:
    """Nothing is drawn from them."""
    with pytest.raises(ValueError, match="plug_share"):
        draw_sessions(
            _diaries(),
            ("one",),
            first=FIRST,
            end=END,
            rng=np.random.default_rng(1),
            plug_kw=np.array([3.7, 11.0]),
            plug_share=np.array(share),
        )
