"""Plans of sessions under way, and what drivers and stations are told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.model.limit import LimitTree, one_limit
from viavolta.model.signal import SignalTable, one_zone
from viavolta.protocols.ocpp.charging_profile import profile_payload, violation
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.orders import Why, orders_of
from viavolta.services.live.plan import LivePlan, LiveSession, plan_now, with_limit

T0 = np.datetime64("2026-03-01T18:00:00")
NIGHT = 12
"""Hours of the horizon."""


def prices(dear: float = 0.40, cheap: float = 0.20) -> SignalTable:
    """Dear until 22:00, cheap after."""
    buy = np.where(np.arange(NIGHT * 4) < 16, dear, cheap)
    return one_zone(T0, 900, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy * 0.9)


def site(import_kw: float) -> LimitTree:
    """One connection."""
    return one_limit("site", import_kw, n_steps=NIGHT * 4, export_kw=import_kw)


def car(name: str = "a", **more: object) -> LiveSession:
    """A car that wants 22 kWh by six in the morning."""
    fields = {
        "session_id": name,
        "limit_id": "site",
        "departure": T0 + np.timedelta64(NIGHT, "h"),
        "energy_kwh": 22.0,
        "max_kw": 11.0,
        "min_kw": 4.1,
    }
    return LiveSession(**fields | more)


def plan(*sessions: LiveSession, import_kw: float = 100.0, minutes: int = 0) -> LivePlan:
    """A plan of these cars so many minutes after six."""
    now = T0 + np.timedelta64(minutes, "m")
    return plan_now(sessions, site(import_kw), prices(), now=now)


def test_a_car_waits_for_cheaper_hours() -> None:
    """It has the night: nothing now, full from ten, what was wanted by midnight."""
    (order,) = orders_of(plan(car()))
    assert (order.power_kw, order.why) == (0, Why.CHEAPER_LATER)
    assert order.until == T0 + np.timedelta64(4, "h")
    assert order.served_at is not None
    assert order.served_at <= T0 + np.timedelta64(NIGHT, "h")
    assert order.missing_kwh == pytest.approx(0, abs=1e-6)


def test_a_driver_who_wants_power_now_gets_it() -> None:
    """Full power at once, and a time when it is done."""
    (order,) = orders_of(plan(car(is_now=True)))
    assert (order.power_kw, order.why) == (pytest.approx(11), Why.FULL_POWER)
    assert order.served_at == T0 + np.timedelta64(2, "h")


def test_a_limit_that_binds_is_named() -> None:
    """Two want power now and the connection bears one: the reason is the connection."""
    orders = orders_of(plan(car("a", is_now=True), car("b", is_now=True), import_kw=11))
    assert sum(o.power_kw for o in orders) <= 11 + 1e-6
    assert {(o.why, o.limit_id) for o in orders if o.power_kw < 10.9} == {(Why.LIMITED, "site")}


def test_a_battery_gives_back_while_energy_is_dear() -> None:
    """It sells in the evening what it buys at night, never below what the driver keeps."""
    lender = car(
        energy_kwh=0.0,
        capacity_kwh=60.0,
        soc_kwh=40.0,
        soc_min_kwh=20.0,
        max_discharge_kw=10.0,
        wear_eur_per_kwh=0.02,
    )
    found = plan(lender, minutes=180)
    (order,) = orders_of(found)
    assert order.why is Why.GIVES_BACK
    assert order.power_kw == pytest.approx(-10)
    assert found.schedule.plan.energy_kwh.min() >= 20 - 1e-6
    assert found.schedule.plan.unmet_kwh[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("version", list(Version))
def test_profiles_are_valid_in_every_version(version: Version) -> None:
    """What goes to the station passes the official schema."""
    for order in orders_of(plan(car("a"), car("b", is_now=True), minutes=7)):
        payload = profile_payload(version, order.profile)
        assert violation(version, payload) is None


def test_a_lowered_limit_is_kept_by_the_next_plan() -> None:
    """A grid event: the next plan begins with the one before and keeps below the new limit."""
    cars = [car(f"c{k}", is_now=True) for k in range(20)]
    first = plan_now(cars, site(300), prices(), now=T0)
    limits = with_limit(site(300), "site", import_kw=80)
    second = plan_now(cars, limits, prices(), now=T0, before=first)
    assert first.schedule.plan.net_kw[0, 0] > 200
    assert second.schedule.plan.net_kw.max() <= 80 + 1e-6
    with pytest.raises(ValueError, match="no limit"):
        with_limit(site(300), "other", import_kw=1)


def test_a_session_on_no_limit_is_an_error() -> None:
    """A plug that hangs on nothing cannot be planned."""
    with pytest.raises(ValueError, match="on no limit"):
        plan(car(limit_id="elsewhere"))


@settings(max_examples=25, deadline=None)
@given(
    minutes=st.integers(0, 59),
    import_kw=st.floats(5, 60),
    cars=st.lists(st.tuples(st.floats(0, 40), st.integers(1, 11), st.booleans()), max_size=6),
)
def test_profiles_keep_the_limit_at_every_moment(
    minutes: int, import_kw: float, cars: list[tuple[float, int, bool]]
) -> None:
    """The sum of all profiles stays below the connection at every second until they end."""
    sessions = [
        car(
            f"c{k}",
            energy_kwh=energy,
            departure=T0 + np.timedelta64(hours, "h"),
            is_now=is_now,
            min_kw=0.0,
        )
        for k, (energy, hours, is_now) in enumerate(cars)
    ]
    found = plan(*sessions, import_kw=import_kw, minutes=minutes)
    profiles = [order.profile for order in orders_of(found)]
    for at_s in range(0, NIGHT * 3600 - minutes * 60, 150):
        total = 0.0
        for profile in profiles:
            if at_s < profile.duration_s:
                k = max(i for i, start in enumerate(profile.start_s) if start <= at_s)
                total += profile.tenths[k] / 10_000
        assert total <= import_kw + 1e-6
