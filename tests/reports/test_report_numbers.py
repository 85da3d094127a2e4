"""Numbers, times and dates on the page, and what the pictures count."""

import datetime as dt
from collections.abc import Callable

import pytest

from viavolta.model.study import Study
from viavolta.reports.bus.facts import facts_of
from viavolta.reports.bus.states import STATES, fleet_day
from viavolta.reports.numbers import (
    about,
    amount,
    change,
    clock,
    long_date,
    money,
    number,
    percent,
    plain,
    power,
)
from viavolta.reports.projection import fit


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (number(1234567.4), "1,234,567"),
        (number(-0.4), "0"),
        (number(-1234.5, 1), "\N{MINUS SIGN}1,234.5"),
        (number(None), "\N{EN DASH}"),
        (number(float("nan")), "\N{EN DASH}"),
        (plain(0.0080), "0.008"),
        (plain(123456.7), "123,457"),
        (amount(3_780_000), "3.78 million"),
        (money(845_123), "845,123 EUR"),
        (about(284_499), "284,000 EUR"),
        (about(11_575_900), "11.60 million EUR"),
        (about(-0.0123456), "0 EUR"),
        (about(0), "0 EUR"),
        (about(None), "\N{EN DASH} EUR"),
        (power(864.4), "864 kW"),
        (power(1999), "2.00 MW"),
        (percent(0.125, 1), "12.5 %"),
        (change(110, 100), "+10 %"),
        (change(90, 100), "\N{MINUS SIGN}10 %"),
        (change(100, 0), "\N{EN DASH}"),
        (clock(7 * 3600 + 5 * 60), "07:05"),
        (clock(24 * 3600 + 40 * 60), "00:40 +1"),
        (clock(-600), "23:50 -1"),
        (long_date(dt.date(2025, 2, 10)), "Monday 10 February 2025"),
    ],
)
def test_words_for_numbers(words: str, expected: str) -> None:
    """Each kind of figure is written as a reader of English expects it."""
    assert words.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_map_is_true_to_scale() -> None:
    """One degree of latitude is 111.2 km; east-west and north-south have the same scale."""
    view = fit([56.9, 57.0], [24.0, 24.2], width=760, height=620)
    (_, y0), (_, y1) = view.xy(56.9, 24.0), view.xy(57.0, 24.0)
    assert view.km(y0 - y1) == pytest.approx(11.12, rel=0.01)
    (x0, _), (x1, _) = view.xy(56.95, 24.0), view.xy(56.95, 24.1)
    assert view.km(x1 - x0) == pytest.approx(6.07, rel=0.01)  # 111.32 km x cos(56.95) x 0.1


def test_map_of_one_point_does_not_divide_by_zero() -> None:
    """A network of a single place still has a map."""
    view = fit([43.7], [7.4], width=340, height=420)
    assert 0 <= view.xy(43.7, 7.4)[0] <= 340


def test_every_bus_is_in_one_state(study: Study) -> None:
    """In each step the states add up to the fleet."""
    day = fleet_day(facts_of(study))
    assert day is not None
    assert (sum(day.counts[s] for s in STATES) == study.tables["vehicles"].height).all()


def test_driving_hours_are_those_of_the_blocks(make_study: Callable[..., Study]) -> None:
    """Bus hours with passengers, summed over the steps, are those of the trips."""
    study = make_study(n_vehicles=60)
    day = fleet_day(facts_of(study))
    assert day is not None
    trips = study.tables["trips"]
    hours = float((trips["end_s"] - trips["start_s"]).sum()) / 3600
    assert day.counts["driving"].sum() * 300 / 3600 == pytest.approx(hours, rel=0.01)


def test_night_charging_is_folded_into_the_day(study: Study) -> None:
    """Buses that draw power at 02:00 of the next morning are charging at 02:00."""
    day = fleet_day(facts_of(study))
    assert day is not None
    step = (26 * 3600 - day.first_s) % 86400 // 300
    assert day.counts["charging"][step] == study.tables["vehicles"].height
