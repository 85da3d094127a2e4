"""Costs under tariffs of OCPI: the specification's own examples, and what must always hold."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.ocpi.pricing import Cost, Dimension, cost_of
from viavolta.protocols.ocpi.slices import Slice, sliced

ZONE = ZoneInfo("Europe/Berlin")
CASES = json.loads(
    (Path(__file__).parents[2] / "golden/ocpi_tariffs/cases.json").read_text("utf-8")
)
RESERVED = {"reservation": "RESERVATION", "expired": "RESERVATION_EXPIRES"}
T0 = dt.datetime(2026, 12, 7, 8, tzinfo=dt.UTC)


def periods_of(start: str, rows: list[list[Any]]) -> list[Slice]:
    at = dt.datetime.fromisoformat(start).replace(tzinfo=ZONE).astimezone(dt.UTC)
    periods = []
    for kind, minutes, kwh, *more in rows:
        power, current = (*more, None, None)[:2]
        end = at + dt.timedelta(minutes=minutes)
        periods.append(
            Slice(
                start=at,
                end=end,
                energy_kwh=Decimal(str(kwh)),
                is_charging=kind == "charging",
                power_kw=None if power is None else Decimal(power),
                current_a=None if current is None else Decimal(current),
                reservation=RESERVED.get(kind, ""),
            )
        )
        at = end
    return periods


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_examples_of_the_specification(case: dict[str, Any]) -> None:
    """What the text says a session costs, without tax and with it."""
    cost = cost_of(case["tariff"], periods_of(case["start"], case["periods"]), zone=ZONE)
    assert abs(cost.excl_vat - Decimal(case["excl_vat"])) <= Decimal("0.005")
    if case["incl_vat"] is None:
        assert cost.incl_vat is None
    else:
        assert cost.incl_vat is not None
        assert abs(cost.incl_vat - Decimal(case["incl_vat"])) <= Decimal("0.006")


def one(price: float, step: int, kind: str = "ENERGY", **rules: Any) -> dict[str, Any]:
    component = {"type": kind, "price": price, "step_size": step}
    return {"price_components": [component], "restrictions": rules}


def charging(minutes: int, kwh: str, *, start: dt.datetime = T0) -> Slice:
    return Slice(start=start, end=start + dt.timedelta(minutes=minutes), energy_kwh=Decimal(kwh))


@pytest.mark.parametrize(("step", "billed"), [(1, "0.116"), (25, "0.125"), (500, "0.5")])
def test_a_step_is_begun_as_a_whole(step: int, billed: str) -> None:
    """115.2 Wh at steps of 1, 25 and 500 Wh (mod_tariffs, step_size)."""
    (line,) = cost_of({"elements": [one(0.25, step)]}, [charging(5, "0.1152")], zone=ZONE).lines
    assert line.volume == Decimal(billed)
    assert line.rounded_up == Decimal(billed) * 1000 - Decimal("115.2")


def test_a_period_is_cut_where_energy_passes_a_threshold() -> None:
    """First kWh free, every other at 0.20: the cut lies where the first is used up."""
    tariff = {"elements": [one(0.0, 1, max_kwh=1), one(0.20, 1)]}
    cost = cost_of(tariff, [charging(120, "20")], zone=ZONE)
    assert [line.volume for line in cost.lines] == [1, 19]
    assert cost.lines[1].start == T0 + dt.timedelta(minutes=6)
    assert cost.excl_vat == Decimal("3.80")


def test_a_window_over_midnight_holds_on_both_sides() -> None:
    """From 22:00 to 06:00, local time."""
    tariff = {"elements": [one(0.1, 1, start_time="22:00", end_time="06:00"), one(0.4, 1)]}
    start = dt.datetime(2026, 12, 7, 20, tzinfo=dt.UTC)  # 21:00 in Berlin
    cost = cost_of(tariff, [charging(600, "10", start=start)], zone=ZONE)
    assert cost.excl_vat == Decimal("1.6")  # 8 kWh by night, one on either side


def test_hours_of_a_day_with_25_hours() -> None:
    """Between 02:00 and 03:00 local lie two hours when clocks go back."""
    tariff = {"elements": [one(1.0, 1, "TIME", start_time="02:00", end_time="03:00")]}
    start = dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC)
    cost = cost_of(tariff, [charging(360, "6", start=start)], zone=ZONE)
    assert cost.excl_vat == 2


def test_what_is_not_known_does_not_hold() -> None:
    """An element that asks for a current does not hold where none was measured."""
    cost = cost_of({"elements": [one(9, 1, min_current=1)]}, [charging(60, "5")], zone=ZONE)
    assert cost == Cost(lines=(), excl_vat=Decimal(0), incl_vat=None, limit="")


def test_a_price_object_has_four_decimals() -> None:
    """Costs of some dimensions, as a CDR shows them."""
    cost = cost_of({"elements": [one(0.33333, 1)]}, [charging(60, "1")], zone=ZONE)
    assert cost.of(Dimension.ENERGY) == {"excl_vat": 0.3333}


RULES = st.fixed_dictionaries(
    {},
    optional={
        "start_time": st.sampled_from(["06:00", "17:00", "22:30"]),
        "end_time": st.sampled_from(["09:00", "18:15", "23:00"]),
        "max_kwh": st.sampled_from([1, 7.5]),
        "min_duration": st.sampled_from([600, 5000]),
        "day_of_week": st.just(["MONDAY", "SUNDAY"]),
    },
)


@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 30_000)), min_size=1, max_size=4),
    st.lists(RULES, min_size=1, max_size=3),
)
def test_nothing_is_lost_by_cutting(
    rows: list[tuple[int, int]], rules: list[dict[str, Any]]
) -> None:
    """Slices follow each other, hold all time and all energy, and each stays within its rules."""
    at, periods = T0, []
    for minutes, wh in rows:
        periods.append(charging(minutes, str(Decimal(wh) / 1000), start=at))
        at += dt.timedelta(minutes=minutes)
    elements = [one(0.3, 1, **rule) for rule in rules]
    parts = list(sliced(periods, elements, zone=ZONE))
    assert [p.start for p in parts[1:]] == [p.end for p in parts[:-1]]
    assert sum(p.energy_kwh for p in parts) == sum(p.energy_kwh for p in periods)
    billed = cost_of({"elements": [*elements, one(0.3, 1)]}, periods, zone=ZONE)
    total = sum(p.energy_kwh for p in periods)
    assert 0 <= billed.excl_vat - total * Decimal("0.3") <= Decimal("0.0003")
