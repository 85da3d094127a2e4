"""Beliefs come from the past alone, prices become known day by day."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from viavolta.catalogue import Assumptions
from viavolta.formats.sessions.table import SessionTable
from viavolta.model.signal import one_zone
from viavolta.services.simulation.beliefs import beliefs_of
from viavolta.services.simulation.outlook import believed_signals
from viavolta.services.simulation.prices import known_steps

T0 = np.datetime64("2025-01-06T08:00:00")
NAN = float("nan")


def sessions(
    hours: list[float], *, energy: list[float], every_h: float = 24.0, driver: str = "d"
) -> SessionTable:
    """One driver who arrives every day, or as often as said."""
    n = len(hours)
    arrival = T0 + (np.arange(n) * every_h * 3600).astype("timedelta64[s]")
    return SessionTable(
        session_id=tuple(str(i) for i in range(n)),
        driver=(driver,) * n,
        plug=("p",) * n,
        site=("s",) * n,
        kind=("",) * n,
        arrival=arrival,
        departure=arrival + (np.array(hours) * 3600).astype("timedelta64[s]"),
        energy_kwh=np.array(energy),
        max_kw=np.array(7.2),
        stated_departure=np.full(n, np.datetime64("NaT")),
        stated_energy_kwh=np.array(NAN),
        capacity_kwh=np.array(NAN),
        max_discharge_kw=np.array(NAN),
        charge_efficiency=np.array(NAN),
    )


def test_the_first_stays_are_assumed_then_learnt() -> None:
    """Three stays of the driver must have ended before they count."""
    found = beliefs_of(sessions([5, 6, 7, 8], energy=[10, 20, 30, 40]), Assumptions(["charging"]))
    assert found.source == ("assumed", "assumed", "assumed", "driver")
    last = (found.departure[3] - (T0 + np.timedelta64(72, "h"))).astype(int) / 3600
    assert last == 5  # the shortest tenth of 5, 6 and 7
    assert found.energy_kwh[3] == 30


def test_stays_that_have_not_ended_do_not_count() -> None:
    """Who is still plugged in has taught nothing yet."""
    found = beliefs_of(sessions([200, 200, 200, 200], energy=[10] * 4), Assumptions(["charging"]))
    assert found.source == ("assumed",) * 4


def test_the_future_is_not_believed() -> None:
    """Changing a stay changes no belief about those that arrived before it ended."""
    one = beliefs_of(sessions([5] * 8, energy=[10.0] * 8), Assumptions(["charging"]))
    two = beliefs_of(
        sessions([5] * 6 + [9, 11], energy=[10.0] * 6 + [50, 60]), Assumptions(["charging"])
    )
    assert (one.departure[:7] == two.departure[:7]).all()
    assert (one.energy_kwh[:7] == two.energy_kwh[:7]).all()
    assert two.energy_kwh[7] == 50


def test_statements_count_before_the_past() -> None:
    """What the driver says is believed."""
    table = sessions([5] * 5, energy=[10.0] * 5)
    said = table.arrival + np.timedelta64(3, "h")
    stated = SessionTable(
        **{
            **{name: getattr(table, name) for name in SessionTable.__dataclass_fields__},
            "stated_departure": said,
            "stated_energy_kwh": np.full(5, 22.0),
        }
    )
    found = beliefs_of(stated, Assumptions(["charging"]))
    assert found.source == ("stated",) * 5
    assert (found.departure == said).all()
    assert (found.energy_kwh == 22).all()


@pytest.mark.parametrize(
    ("first", "hours_of_next_day"),
    [("2025-03-29T23:00:00", 23), ("2025-10-25T22:00:00", 25), ("2025-06-09T22:00:00", 24)],
)
def test_the_next_day_is_known_from_13_on(first: str, hours_of_next_day: int) -> None:
    """At midnight the day is known, from 13:00 local time the next; days of 23 and 25 hours."""
    start = np.datetime64(first)  # local midnight
    signals = one_zone(start, 3600, buy_eur_per_kwh=np.arange(72.0))
    known = known_steps(signals, zone=ZoneInfo("Europe/Amsterdam"), from_h=13)
    assert known[0] == hours_of_next_day
    at_13 = hours_of_next_day - 11  # the night was an hour shorter or longer
    assert known[at_13 - 1] == hours_of_next_day
    assert known[at_13] == hours_of_next_day + 24
    assert known[-1] == 72


def test_unknown_prices_are_those_of_the_last_known_day() -> None:
    """The same hour, one or more days before."""
    start = np.datetime64("2025-01-06T00:00:00")
    signals = one_zone(start, 3600, buy_eur_per_kwh=np.arange(96.0))
    found = believed_signals(signals, step=20, n_steps=76, n_known=48)
    np.testing.assert_array_equal(found.buy_eur_per_kwh[0, :28], np.arange(20, 48))
    np.testing.assert_array_equal(found.buy_eur_per_kwh[0, 28:52], np.arange(24, 48))
    np.testing.assert_array_equal(found.buy_eur_per_kwh[0, 52:], np.arange(24, 48))


def test_without_a_day_before_the_last_price_holds_on() -> None:
    """Five known hours and nothing before them."""
    start = np.datetime64("2025-01-06T00:00:00")
    signals = one_zone(start, 3600, buy_eur_per_kwh=np.arange(40.0))
    found = believed_signals(signals, step=0, n_steps=10, n_known=5)
    np.testing.assert_array_equal(found.buy_eur_per_kwh[0], [0, 1, 2, 3, 4, 4, 4, 4, 4, 4])
