"""Plug-in rate and participation: as simulations define them, adding up over periods."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.services.billing.measures import Taken, measures_of

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def taken(driver: str, start_h: float, hours: float | None, **more: object) -> Taken:
    """A session of a driver from an hour of the period on."""
    start = T0 + dt.timedelta(hours=start_h)
    ended_at = None if hours is None else start + dt.timedelta(hours=hours)
    return Taken(driver=driver, started_at=start, ended_at=ended_at, **more)  # type: ignore[arg-type] # by the test


def test_two_drivers_by_hand() -> None:
    """12 and 6 hours of 24 each: 18 / 48; one of two sessions was left to the plan."""
    found = measures_of(
        [
            taken("a", -2, 14, is_flexible=True, energy_wh=9000.0, reward_cents=20),
            taken("b", 18, None, energy_wh=1.0),
            taken("a", 30, 4),
            taken("b", 1, 0, discharged_wh=500.0),
        ],
        T0,
        T0 + DAY,
    )
    assert found.plug_in_share == pytest.approx(18 / 48)
    assert (found.sessions, found.participation) == (2, 0.5)
    assert (found.energy_kwh, found.discharged_kwh, found.reward_cents) == (9.0, 0.5, 20)


def test_nobody_has_no_rate() -> None:
    """Nothing is divided by nothing."""
    found = measures_of([], T0, T0 + DAY)
    assert (found.plug_in_share, found.participation, found.drivers) == (None, None, 0)


_SESSIONS = st.lists(
    st.builds(
        lambda driver, start, hours, cents: taken(
            driver, start, hours, energy_wh=cents * 7.0, reward_cents=cents, is_flexible=cents > 5
        ),
        st.sampled_from("abc"),
        st.integers(-30, 80),
        st.none() | st.integers(0, 40),
        st.integers(0, 10),
    ),
    max_size=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions=_SESSIONS, cut=st.integers(0, 72))
def test_periods_add_up(sessions: list[Taken], cut: int) -> None:
    """However three days are cut in two, hours, sessions, energy and rewards are the same."""
    end, middle = T0 + 3 * DAY, T0 + dt.timedelta(hours=cut)
    whole = measures_of(sessions, T0, end)
    parts = [measures_of(sessions, T0, middle), measures_of(sessions, middle, end)]
    for name in ("sessions", "flexible_sessions", "plugged_h", "energy_kwh", "reward_cents"):
        assert sum(getattr(part, name) for part in parts) == pytest.approx(getattr(whole, name))
    connected_h = sum(
        max(
            0.0,
            (min(one.ended_at or end, end) - max(one.started_at, T0)).total_seconds() / 3600,
        )
        for one in sessions
    )
    if whole.plug_in_share is not None:
        assert whole.plug_in_share == pytest.approx(connected_h / (whole.drivers * 72.0))
